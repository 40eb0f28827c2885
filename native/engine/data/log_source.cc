// See log_source.h.
#include "engine/data/log_source.h"

#include "engine/errors.h"

namespace lossmith {
namespace {

// Counts reads, so that a slow file system is told from one that hangs.
class CountedText : public TextSource {
 public:
  CountedText(std::unique_ptr<TextSource> text, std::atomic<uint64_t>& reads) : text_(std::move(text)), reads_(reads) {}
  size_t read(char* to, size_t capacity) override {
    reads_++;
    return text_->read(to, capacity);
  }

 private:
  std::unique_ptr<TextSource> text_;
  std::atomic<uint64_t>& reads_;
};

}  // namespace

Split splitNamed(const std::string& name) {
  if (name == "train") return Split::Train;
  if (name == "validation") return Split::Validation;
  if (name == "test") return Split::Test;
  throw configError("split", "wanted a piece of train, validation or test, got \"" + name + "\"");
}

LogSource::LogSource(SourceOptions options) : options_(std::move(options)), parser_(rowParserOf(options_.features)), points_(options_.paths.size()) {
  if (options_.points_paths.size() != options_.paths.size()) {
    throw configError("source", "[source] wanted as many pointsPaths as paths, got " + std::to_string(options_.points_paths.size()) + " and " +
                                    std::to_string(options_.paths.size()));
  }
  if (options_.features.max_line_bytes < 1) {
    throw configError("source", "[source] wanted maxLineBytes of at least 1, got " + std::to_string(options_.features.max_line_bytes));
  }
  if (options_.fraction) split_key_ = philoxKey(options_.fraction->seed, "split");
}

const std::string& LogSource::path(int64_t file) const {
  if (file < 0 || file >= static_cast<int64_t>(options_.paths.size())) {
    throw configError("source", "[source] wanted a file below " + std::to_string(options_.paths.size()) + ", got " + std::to_string(file));
  }
  return options_.paths[static_cast<size_t>(file)];
}

std::unique_ptr<TextSource> LogSource::open(int64_t file, int64_t text_offset) {
  const std::string& from = path(file);
  const std::string& points_path = options_.points_paths[static_cast<size_t>(file)];
  const GzipPoints* points = nullptr;
  if (!points_path.empty()) {
    const std::lock_guard lock(mutex_);
    auto& slot = points_[static_cast<size_t>(file)];
    if (slot == nullptr) slot = std::make_unique<const GzipPoints>(points_path);
    points = slot.get();
  }
  return std::make_unique<CountedText>(openText(from, points, text_offset), reads_);
}

const FeatureEncoder& LogSource::encoder() {
  const std::lock_guard lock(mutex_);
  if (encoder_ == nullptr) {
    const std::string& path = options_.vocabulary_path;
    encoder_ = std::make_unique<const FeatureEncoder>(options_.features, path.empty() ? nullptr : std::make_unique<const KeySet>(path));
  }
  return *encoder_;
}

Split LogSource::drawSplit(int64_t file, int64_t line) const {
  const auto number = static_cast<uint64_t>(line);
  const PhiloxWords words = philox({static_cast<uint32_t>(number), static_cast<uint32_t>(number >> 32), static_cast<uint32_t>(file), 0}, split_key_);
  const double uniform = philoxUniform(words[0]);
  const Fraction& fraction = *options_.fraction;
  if (uniform < fraction.test) return Split::Test;
  return uniform < fraction.test + fraction.validation ? Split::Validation : Split::Train;
}

}  // namespace lossmith
