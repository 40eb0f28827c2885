// Cuts a text into lines. A line ends at LF or CRLF or the text's end; it is handed out without its ending, in place, valid until the next
// call. A line longer than maxLineBytes is skipped while it streams by: only its first bytes are kept, so memory stays bounded.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/data/text_source.h"

namespace lossmith {

constexpr size_t kExcerptBytes = 200;  // of a rejected line, in reports

struct Line {
  std::string_view text;  // of a line too long: its first kExcerptBytes
  bool too_long;
  int64_t bytes;  // with its ending
};

class LineReader {
 public:
  // Reads `limit` bytes of the source at most.
  LineReader(std::unique_ptr<TextSource> source, int64_t max_line_bytes, int64_t limit);
  // False at the text's end.
  bool next(Line& line);

 private:
  bool fill();
  void skipLong(Line& line);

  std::unique_ptr<TextSource> source_;
  size_t max_line_bytes_;
  int64_t limit_;
  std::vector<char> buffer_;
  size_t begin_ = 0, end_ = 0;
  std::string excerpt_;
};

}  // namespace lossmith
