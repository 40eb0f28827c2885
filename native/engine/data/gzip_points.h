// Access points of a gzip file: places where inflating can start without what lies before. A point is a deflate block's first bit and
// the 32 KiB of text before it (the window). The file of points, little-endian, offsets in bytes unless said:
//   header   8 bytes "LSMGZP02" · u64 size of the gzip file · u64 size of the text · u64 number of points P · u64 XXH64 of the three
//            numbers and all records, seed 0
//   records  P × { u64 text offset · u64 offset in the gzip file in bits · u64 offset of the window in this file · u32 deflated bytes
//            of the window · u32 its bytes }, ascending by text offset; the first stands at or before the first block
//   windows  deflated in zlib's format, whose checksum guards them, one behind the other
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/data/input_file.h"
#include "engine/data/output_file.h"

namespace lossmith {

struct GzipPoint {
  uint64_t text_offset, bit_offset, window_offset;
  uint32_t window_deflated, window_bytes;
};

class GzipPoints {
 public:
  // Throws Error(Config, "points-corrupt") when the file is not one of ours.
  explicit GzipPoints(const std::string& path);

  uint64_t gzipBytes() const { return gzip_bytes_; }
  uint64_t textBytes() const { return text_bytes_; }
  const GzipPoint& before(uint64_t text_offset) const;              // the last point at or before it
  std::vector<unsigned char> window(const GzipPoint& point) const;  // inflated

 private:
  InputFile file_;
  uint64_t gzip_bytes_ = 0, text_bytes_ = 0;
  std::vector<GzipPoint> points_;
};

// Collects points in text order. Windows wait in `path`.windows, so that memory does not grow with the log; finish() writes `path`
// with the windows that are still wanted, aside and renamed.
class GzipPointsWriter {
 public:
  explicit GzipPointsWriter(const std::string& path);

  void add(uint64_t text_offset, uint64_t bit_offset, const unsigned char* window, uint32_t window_bytes);
  bool empty() const { return points_.empty(); }
  uint64_t lastTextOffset() const { return points_.back().text_offset; }
  // Keeps, of the points so far, the last one at or before each of the ascending text offsets, and the newest.
  void keepFor(const std::vector<int64_t>& text_offsets);
  void finish(uint64_t gzip_bytes, uint64_t text_bytes);

 private:
  std::string path_;
  OutputFile windows_;  // never committed
  uint64_t windows_end_ = 0;
  std::vector<GzipPoint> points_;
};

}  // namespace lossmith
