// See gzip_points.h.
#include "engine/data/gzip_points.h"

#include <zlib.h>

#include <algorithm>
#include <cstring>

#include "engine/data/xxh64.h"
#include "engine/errors.h"

namespace lossmith {
namespace {

constexpr char kMagic[8] = {'L', 'S', 'M', 'G', 'Z', 'P', '0', '2'};
struct Header {
  char magic[8];
  uint64_t gzip_bytes, text_bytes, points, check;
};
static_assert(sizeof(Header) == 40 && sizeof(GzipPoint) == 32);

uint64_t checkOf(const Header& header, const std::vector<GzipPoint>& points) {
  std::string bytes(reinterpret_cast<const char*>(&header.gzip_bytes), 3 * sizeof(uint64_t));
  bytes.append(reinterpret_cast<const char*>(points.data()), points.size() * sizeof(GzipPoint));
  return xxh64(bytes, 0);
}

Error corrupt(const std::string& path, const std::string& what) {
  return configError("points-corrupt", "wanted gzip access points in " + path + ", got " + what);
}

}  // namespace

GzipPoints::GzipPoints(const std::string& path) : file_(path) {
  Header header;
  if (file_.readAt(0, &header, sizeof header) != sizeof header || std::memcmp(header.magic, kMagic, sizeof kMagic) != 0) {
    throw corrupt(path, "another kind of file");
  }
  if (header.points == 0 || header.points > static_cast<uint64_t>(file_.size()) / sizeof(GzipPoint)) {
    throw corrupt(path, std::to_string(header.points) + " points in " + std::to_string(file_.size()) + " bytes");
  }
  gzip_bytes_ = header.gzip_bytes, text_bytes_ = header.text_bytes;
  points_.resize(header.points);
  if (file_.readAt(sizeof header, points_.data(), points_.size() * sizeof(GzipPoint)) != points_.size() * sizeof(GzipPoint)) {
    throw corrupt(path, "a truncated file");
  }
  if (checkOf(header, points_) != header.check) throw corrupt(path, "numbers that do not fit their checksum");
}

const GzipPoint& GzipPoints::before(uint64_t text_offset) const {
  const auto after = std::upper_bound(points_.begin(), points_.end(), text_offset,
                                      [](uint64_t offset, const GzipPoint& point) { return offset < point.text_offset; });
  return *(after - 1);
}

std::vector<unsigned char> GzipPoints::window(const GzipPoint& point) const {
  std::vector<unsigned char> window(point.window_bytes);
  if (point.window_bytes == 0) return window;
  std::vector<unsigned char> deflated(point.window_deflated);
  if (file_.readAt(static_cast<int64_t>(point.window_offset), deflated.data(), deflated.size()) != deflated.size()) {
    throw corrupt(file_.path(), "a truncated file");
  }
  z_stream stream{};
  stream.next_in = deflated.data(), stream.avail_in = point.window_deflated;
  stream.next_out = window.data(), stream.avail_out = point.window_bytes;
  if (inflateInit2(&stream, 15) != Z_OK) throw brokenError("out-of-memory", "zlib has no memory for a window");
  const int result = inflate(&stream, Z_FINISH);
  inflateEnd(&stream);
  if (result != Z_STREAM_END || stream.avail_out != 0) throw corrupt(file_.path(), "a damaged window");
  return window;
}

GzipPointsWriter::GzipPointsWriter(const std::string& path) : path_(path), windows_(path + ".windows") {}

void GzipPointsWriter::add(uint64_t text_offset, uint64_t bit_offset, const unsigned char* window, uint32_t window_bytes) {
  unsigned char deflated[33 * 1024];  // compressBound(32 KiB) is less
  uint32_t deflated_bytes = 0;
  if (window_bytes > 0) {
    z_stream stream{};
    stream.next_in = const_cast<unsigned char*>(window), stream.avail_in = window_bytes;
    stream.next_out = deflated, stream.avail_out = sizeof deflated;
    if (deflateInit2(&stream, 1, Z_DEFLATED, 15, 8, Z_DEFAULT_STRATEGY) != Z_OK)
      throw brokenError("out-of-memory", "zlib has no memory for a window");
    deflate(&stream, Z_FINISH);
    deflated_bytes = static_cast<uint32_t>(stream.total_out);
    deflateEnd(&stream);
    windows_.write(deflated, deflated_bytes);
  }
  points_.push_back({text_offset, bit_offset, windows_end_, deflated_bytes, window_bytes});
  windows_end_ += deflated_bytes;
}

void GzipPointsWriter::keepFor(const std::vector<int64_t>& text_offsets) {
  std::vector<GzipPoint> kept;
  size_t block = 0;
  for (size_t i = 0; i < points_.size(); i++) {
    const bool newest = i + 1 == points_.size();
    const size_t first = block;
    while (block < text_offsets.size() && (newest || static_cast<uint64_t>(text_offsets[block]) < points_[i + 1].text_offset)) block++;
    if (newest || block > first) kept.push_back(points_[i]);
  }
  points_ = std::move(kept);
}

void GzipPointsWriter::finish(uint64_t gzip_bytes, uint64_t text_bytes) {
  OutputFile out(path_);
  Header header{{}, gzip_bytes, text_bytes, points_.size(), 0};
  std::memcpy(header.magic, kMagic, sizeof kMagic);
  std::vector<GzipPoint> records = points_;
  uint64_t end = sizeof header + records.size() * sizeof(GzipPoint);
  for (GzipPoint& record : records) record.window_offset = end, end += record.window_deflated;
  header.check = checkOf(header, records);
  out.write(&header, sizeof header);
  out.write(records.data(), records.size() * sizeof(GzipPoint));
  const InputFile windows(windows_.asidePath());
  std::vector<char> window;
  for (const GzipPoint& point : points_) {
    window.resize(point.window_deflated);
    windows.readAt(static_cast<int64_t>(point.window_offset), window.data(), window.size());
    out.write(window.data(), window.size());
  }
  out.commit();
}

}  // namespace lossmith
