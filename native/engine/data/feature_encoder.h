// From a row's cells to the model's inputs: row ids and numbers (common/job/features.ts). Fields are numbered: number columns, then categories.
//   key(field, value) = XXH64(bytes of the value, seed = field); row = key mod rows
//   category          its cell's bytes, a missing one the empty bytes; one that the vocabulary lacks: "\tRARE"
//   number, log-bins  "<floor(ln(v)²)>" for v > 2, "S<v>" for v ≤ 2, rounded down to a tenth, "NA" missing
//           (of integers the tokens of criteo_quality_torch.py)
//   number, normalised (ln(1 + max(v, 0)) − mean) / deviation in float64, then rounded; 0 where missing or where the deviation is 0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/data/feature_plan.h"
#include "engine/data/key_set.h"
#include "engine/data/row.h"
#include "engine/data/xxh64.h"

namespace lossmith {

inline uint64_t categoryKey(const LogFormat& format, size_t category, std::string_view value) {
  return xxh64(value, format.numbers.size() + category);
}

class FeatureEncoder {
 public:
  // A null vocabulary keeps every value. Throws Error(Config, "features") when the plan contradicts itself.
  FeatureEncoder(const FeaturePlan& plan, std::unique_ptr<const KeySet> vocabulary);

  // ids: [fields], numbers: [width].
  void encode(const Row& row, int64_t* ids, float* numbers) const;
  // What stands behind an id, for people: the cell, the token of a binned number, "(rare)" for a value that the vocabulary lacks.
  void appendValue(const Row& row, int64_t field, std::string& text) const;

 private:
  int64_t rowOf(uint64_t key) const { return static_cast<int64_t>(power_of_two_ ? key & (rows_ - 1) : key % rows_); }
  bool known(uint64_t key) const { return vocabulary_ == nullptr || vocabulary_->contains(key); }
  int64_t binnedRow(size_t column, const Row& row) const;
  float normalised(size_t column, double value) const;
  float normalisedNumber(size_t column, const Row& row) const;

  std::unique_ptr<const KeySet> vocabulary_;
  bool log_bins_;
  size_t numbers_, categories_;  // columns
  std::vector<double> means_, deviations_;
  uint64_t rows_;
  bool power_of_two_;
  std::vector<int64_t> rare_rows_;  // by category
  // Answers made beforehand: rows of tokens by column, tokens of small values, normalised small values by column.
  std::vector<int64_t> token_rows_;
  std::vector<uint16_t> small_tokens_;
  std::vector<float> small_numbers_;
};

}  // namespace lossmith
