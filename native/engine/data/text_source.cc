// See text_source.h.
#include "engine/data/text_source.h"

#include <algorithm>

#include "engine/data/gzip_stream.h"
#include "engine/errors.h"

namespace lossmith {
namespace {

class PlainText : public TextSource {
 public:
  PlainText(const std::string& path, int64_t offset) : file_(path), offset_(offset) {}
  size_t read(char* to, size_t capacity) override {
    const size_t bytes = file_.readAt(offset_, to, capacity);
    offset_ += static_cast<int64_t>(bytes);
    return bytes;
  }

 private:
  InputFile file_;
  int64_t offset_;
};

class GzipText : public TextSource {
 public:
  GzipText(const std::string& path, const GzipPoints& points, int64_t offset) : file_(path), stream_(file_) {
    if (static_cast<uint64_t>(file_.size()) != points.gzipBytes()) {
      throw configError("file-changed", "wanted " + path + " as it was indexed, " + std::to_string(points.gzipBytes()) + " bytes, got " +
                                            std::to_string(file_.size()));
    }
    const GzipPoint& point = points.before(static_cast<uint64_t>(offset));
    stream_.enter(point, points.window(point));
    discard(static_cast<uint64_t>(offset) - point.text_offset);
  }
  size_t read(char* to, size_t capacity) override { return stream_.read(to, capacity); }

 private:
  void discard(uint64_t bytes) {
    char scratch[16 * 1024];
    while (bytes > 0) {
      const size_t got = stream_.read(scratch, std::min<uint64_t>(bytes, sizeof scratch));
      if (got == 0) return;
      bytes -= got;
    }
  }

  InputFile file_;
  GzipStream stream_;
};

}  // namespace

std::unique_ptr<TextSource> openText(const std::string& path, const GzipPoints* points, int64_t offset) {
  if (points == nullptr) return std::make_unique<PlainText>(path, offset);
  return std::make_unique<GzipText>(path, *points, offset);
}

}  // namespace lossmith
