// Inflates a gzip file of one or more members, from its start or from an access point. From the start, checksums and lengths are checked;
// from a point the first member's cannot be. Zero bytes after a member are padding. Throws Error(Config, "gzip-truncated" | "gzip-corrupt")
// with path and byte.
#pragma once

#include <zlib.h>

#include <cstdint>
#include <string>
#include <vector>

#include "engine/data/gzip_points.h"
#include "engine/data/input_file.h"

namespace lossmith {

class GzipStream {
 public:
  explicit GzipStream(const InputFile& file);  // which must outlive it
  ~GzipStream();
  GzipStream(const GzipStream&) = delete;
  GzipStream& operator=(const GzipStream&) = delete;

  // Goes on at `point` instead of the file's start.
  void enter(const GzipPoint& point, const std::vector<unsigned char>& window);

  // The next bytes of the text, at least one; 0 at its end.
  size_t read(char* to, size_t capacity);

  // The same, but stops at every boundary of deflate blocks, where `boundary` says that entering is possible; `bytes` may be 0 then.
  struct Step {
    size_t bytes;
    bool boundary, end;
  };
  Step step(char* to, size_t capacity);
  // At a boundary: its place, and the text before it, at most 32 KiB; its size.
  uint64_t bitOffset() const { return position() * 8 - (zlib_.data_type & 7); }
  uint32_t window(unsigned char* to);

 private:
  uint64_t position() const { return next_ - zlib_.avail_in; }  // of the next byte that zlib has not taken
  void refill();
  bool startMember();  // false at the end of the file
  void endMember();
  Step inflateSome(char* to, size_t capacity, int flush);
  [[noreturn]] void truncated() const;
  [[noreturn]] void corrupt(const std::string& what) const;

  const InputFile& file_;
  z_stream zlib_{};
  std::vector<unsigned char> input_;
  uint64_t next_ = 0;  // offset in the file of the byte behind input_
  bool in_member_ = false, raw_ = false;
};

}  // namespace lossmith
