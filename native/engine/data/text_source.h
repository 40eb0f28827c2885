// The text of a log, inflated where it is gzip, from some offset on, as a stream.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "engine/data/gzip_points.h"

namespace lossmith {

class TextSource {
 public:
  virtual ~TextSource() = default;
  // The next bytes of the text, at least one; 0 at its end.
  virtual size_t read(char* to, size_t capacity) = 0;
};

// `points` is null for plain text. Throws Error(Config, "file-changed") when a gzip file has not the size it was indexed with.
std::unique_ptr<TextSource> openText(const std::string& path, const GzipPoints* points, int64_t offset);

}  // namespace lossmith
