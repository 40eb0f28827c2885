// From cells to the model's inputs: row ids and numbers (common/job/features.ts).
//   key(field, value) = XXH64(bytes of the value, seed = field), field 0..12 a number column, 13..38 a category; row = key mod rows
//   category          its cell's bytes, a missing one the empty bytes; one that the vocabulary lacks: "\tRARE" (no cell holds a tab)
//   number, log-bins  "<floor(ln(v)²)>" for v > 2, "S<v>" for v ≤ 2, "NA" missing: the tokens of criteo_quality_torch.py
//   number, normalised (ln(1 + max(v, 0)) − mean) / deviation in float64, then rounded; 0 where missing or where the deviation is 0
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "engine/data/criteo_line.h"
#include "engine/data/key_set.h"
#include "engine/data/xxh64.h"

namespace lossmith {

struct FeaturePlan {
  bool log_bins = true;
  std::vector<double> means, deviations;  // normalised: 13 each
  int64_t min_count = 1;
  int64_t fields = 39, width = 0;  // ids and numbers of a row
  int64_t rows = 1;
  int64_t max_line_bytes = 65536;
};

inline uint64_t categoryKey(int category, std::string_view value) { return xxh64(value, static_cast<uint64_t>(kCriteoNumbers + category)); }

class FeatureEncoder {
 public:
  // A null vocabulary keeps every value. Throws Error(Config, "features") when the plan contradicts itself.
  FeatureEncoder(const FeaturePlan& plan, std::unique_ptr<const KeySet> vocabulary);

  // ids: [fields], numbers: [width].
  void encode(const CriteoLine& line, int64_t* ids, float* numbers) const;

 private:
  int64_t row(uint64_t key) const { return static_cast<int64_t>(power_of_two_ ? key & (rows_ - 1) : key % rows_); }
  int64_t binnedRow(int column, int64_t value) const;
  float normalised(int column, int64_t value) const;

  std::unique_ptr<const KeySet> vocabulary_;
  bool log_bins_;
  std::vector<double> means_, deviations_;
  uint64_t rows_;
  bool power_of_two_;
  int64_t rare_rows_[kCriteoCategories];
  // Answers made beforehand: rows of tokens by column, tokens of small values, normalised small values by column.
  std::vector<int64_t> token_rows_;
  std::vector<uint16_t> small_tokens_;
  std::vector<float> small_numbers_;
};

}  // namespace lossmith
