// The logs of a run as every reader of them sees it: files, their access points, the features, the vocabulary, the split by fraction.
// Shared by lanes, evaluation and counting, on any thread; what must be read from disk is read at its first use.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "engine/data/feature_encoder.h"
#include "engine/data/feed.h"
#include "engine/data/row_parser.h"
#include "engine/data/text_source.h"
#include "engine/philox.h"

namespace lossmith {

enum class Split { Train, Validation, Test };
Split splitNamed(const std::string& name);  // throws Error(Config, "split")

struct Fraction {
  uint64_t seed;
  double validation, test;
};

struct SourceOptions {
  std::vector<std::string> paths, points_paths;  // by file; no points: plain text
  std::string vocabulary_path;                   // empty: every value is kept
  FeaturePlan features;
  std::optional<Fraction> fraction;  // absent: a row's split is its piece's
};

class LogSource {
 public:
  explicit LogSource(SourceOptions options);

  const FeaturePlan& features() const { return options_.features; }
  const std::string& path(int64_t file) const;
  std::unique_ptr<TextSource> open(int64_t file, int64_t text_offset);  // which the source must outlive
  const FeatureEncoder& encoder();
  const RowParser& parser() const { return *parser_; }

  uint64_t progress() const { return reads_; }  // grows while anything can be read

  bool drawsSplits() const { return options_.fraction.has_value(); }
  // The split of a row: uniform < test: test; < test + validation: validation; else train. Philox key (seed, "split"), counter (line
  // low, line high, file, 0), word 0; `line` counts from 1.
  Split drawSplit(int64_t file, int64_t line) const;

 private:
  SourceOptions options_;
  std::unique_ptr<const RowParser> parser_;
  PhiloxKey split_key_{};
  std::atomic<uint64_t> reads_ = 0;
  std::mutex mutex_;
  std::vector<std::unique_ptr<const GzipPoints>> points_;
  std::unique_ptr<const FeatureEncoder> encoder_;
};

}  // namespace lossmith
