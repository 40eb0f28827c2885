// See line_reader.h.
#include "engine/data/line_reader.h"

#include <algorithm>
#include <cstring>

namespace lossmith {
namespace {

constexpr size_t kReadBytes = 64 * 1024;

}  // namespace

LineReader::LineReader(std::unique_ptr<TextSource> source, int64_t max_line_bytes, int64_t limit)
    : source_(std::move(source)), max_line_bytes_(static_cast<size_t>(max_line_bytes)), limit_(limit) {
  buffer_.resize(std::max<int64_t>(1, std::min<int64_t>(limit, 2 * kReadBytes)));
}

bool LineReader::next(Line& line) {
  size_t scanned = 0;
  for (;;) {
    const char* start = buffer_.data() + begin_;
    const char* newline = static_cast<const char*>(std::memchr(start + scanned, '\n', end_ - begin_ - scanned));
    scanned = end_ - begin_;
    if (newline == nullptr && scanned > max_line_bytes_ + 1) {
      skipLong(line);
      return true;
    }
    if (newline == nullptr && fill()) continue;
    if (newline == nullptr && scanned == 0) return false;

    start = buffer_.data() + begin_;
    size_t length = newline != nullptr ? static_cast<size_t>(newline - start) : scanned;
    line.bytes = static_cast<int64_t>(length + (newline != nullptr));
    begin_ += static_cast<size_t>(line.bytes);
    if (length > 0 && start[length - 1] == '\r') length--;
    line.too_long = length > max_line_bytes_;
    line.text = {start, line.too_long ? std::min(length, kExcerptBytes) : length};
    return true;
  }
}

// Reads more behind what is there; false at the end. Makes room by moving the unread bytes to the front, then by growing.
bool LineReader::fill() {
  if (limit_ == 0) return false;
  if (begin_ > 0) {
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    end_ -= begin_, begin_ = 0;
  }
  if (end_ == buffer_.size()) buffer_.resize(std::min(2 * buffer_.size(), max_line_bytes_ + 2 + kReadBytes));
  const size_t room = std::min<uint64_t>(std::min(buffer_.size() - end_, kReadBytes), static_cast<uint64_t>(limit_));
  const size_t got = source_->read(buffer_.data() + end_, room);
  end_ += got, limit_ -= static_cast<int64_t>(got);
  return got > 0;
}

void LineReader::skipLong(Line& line) {
  excerpt_.assign(buffer_.data() + begin_, std::min(end_ - begin_, kExcerptBytes));
  line.bytes = 0, line.too_long = true;
  const char* newline = nullptr;
  do {
    newline = static_cast<const char*>(std::memchr(buffer_.data() + begin_, '\n', end_ - begin_));
    const size_t taken = newline != nullptr ? static_cast<size_t>(newline + 1 - buffer_.data()) - begin_ : end_ - begin_;
    line.bytes += static_cast<int64_t>(taken);
    begin_ += taken;
  } while (newline == nullptr && fill());
  line.text = excerpt_;
}

}  // namespace lossmith
