// See gzip_stream.h.
#include "engine/data/gzip_stream.h"

#include "engine/errors.h"

namespace lossmith {
namespace {

constexpr size_t kInputBytes = 32 * 1024;
constexpr int kGzip = 15 + 16, kRaw = -15;  // zlib's windowBits
constexpr size_t kTrailerBytes = 8;         // CRC-32 and length behind a member's deflate blocks

}  // namespace

GzipStream::GzipStream(const InputFile& file) : file_(file), input_(kInputBytes) {
  if (inflateInit2(&zlib_, kGzip) != Z_OK) throw brokenError("out-of-memory", "zlib has no memory to inflate " + file.path());
}

GzipStream::~GzipStream() { inflateEnd(&zlib_); }

void GzipStream::enter(const GzipPoint& point, const std::vector<unsigned char>& window) {
  inflateReset2(&zlib_, kRaw);
  raw_ = in_member_ = true;
  zlib_.avail_in = 0;
  next_ = point.bit_offset / 8;
  const int used = static_cast<int>(point.bit_offset % 8);
  if (used > 0) {
    unsigned char byte;
    if (file_.readAt(static_cast<int64_t>(next_), &byte, 1) != 1) truncated();
    inflatePrime(&zlib_, 8 - used, byte >> used);
    next_++;
  }
  if (!window.empty()) inflateSetDictionary(&zlib_, window.data(), static_cast<uInt>(window.size()));
}

size_t GzipStream::read(char* to, size_t capacity) {
  for (;;) {
    const Step step = inflateSome(to, capacity, Z_NO_FLUSH);
    if (step.bytes > 0 || step.end) return step.bytes;
  }
}

GzipStream::Step GzipStream::step(char* to, size_t capacity) {
  for (;;) {
    const Step step = inflateSome(to, capacity, Z_BLOCK);
    if (step.bytes > 0 || step.boundary || step.end) return step;
  }
}

uint32_t GzipStream::window(unsigned char* to) {
  uInt bytes = 0;
  inflateGetDictionary(&zlib_, to, &bytes);
  return bytes;
}

void GzipStream::refill() {
  zlib_.next_in = input_.data();
  zlib_.avail_in = static_cast<uInt>(file_.readAt(static_cast<int64_t>(next_), input_.data(), input_.size()));
  next_ += zlib_.avail_in;
}

bool GzipStream::startMember() {
  for (;;) {
    if (zlib_.avail_in == 0) refill();
    if (zlib_.avail_in == 0) return false;
    if (*zlib_.next_in != 0) break;
    zlib_.next_in++, zlib_.avail_in--;
  }
  unsigned char magic[2] = {0, 0};
  const size_t got = file_.readAt(static_cast<int64_t>(position()), magic, 2);
  if (got == 1 && magic[0] == 0x1f) truncated();
  if (magic[0] != 0x1f || magic[1] != 0x8b) corrupt("something else than a gzip member or zero bytes behind a member");
  inflateReset2(&zlib_, kGzip);
  in_member_ = true, raw_ = false;
  return true;
}

void GzipStream::endMember() {
  in_member_ = false;
  if (!raw_) return;
  unsigned char trailer[kTrailerBytes];
  const uint64_t behind = position() + kTrailerBytes;
  if (file_.readAt(static_cast<int64_t>(position()), trailer, kTrailerBytes) != kTrailerBytes) truncated();
  zlib_.avail_in = 0;
  next_ = behind;
}

GzipStream::Step GzipStream::inflateSome(char* to, size_t capacity, int flush) {
  if (!in_member_ && !startMember()) return {0, false, true};
  if (zlib_.avail_in == 0) refill();
  const bool starved = zlib_.avail_in == 0;
  zlib_.next_out = reinterpret_cast<Bytef*>(to);
  zlib_.avail_out = static_cast<uInt>(capacity);
  const int result = inflate(&zlib_, flush);
  const size_t bytes = capacity - zlib_.avail_out;
  if (result == Z_STREAM_END) {
    endMember();
    return {bytes, false, false};
  }
  if (result == Z_MEM_ERROR) throw brokenError("out-of-memory", "zlib has no memory to inflate " + file_.path());
  if (result != Z_OK && result != Z_BUF_ERROR) corrupt(zlib_.msg != nullptr ? zlib_.msg : "a preset dictionary");
  if (starved && bytes == 0) truncated();
  return {bytes, (zlib_.data_type & 128) != 0 && (zlib_.data_type & 64) == 0, false};
}

void GzipStream::truncated() const {
  throw configError("gzip-truncated", "wanted the rest of a gzip member at byte " + std::to_string(file_.size()) + " of " + file_.path() +
                                          ", the file ends there: it was cut off while it was written or copied");
}

void GzipStream::corrupt(const std::string& what) const {
  throw configError("gzip-corrupt", "wanted gzip data at byte " + std::to_string(position()) + " of " + file_.path() + ", got: " + what);
}

}  // namespace lossmith
