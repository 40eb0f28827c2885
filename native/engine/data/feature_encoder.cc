// See feature_encoder.h.
#include "engine/data/feature_encoder.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "engine/errors.h"

namespace lossmith {
namespace {

constexpr int64_t kSmall = 1024;  // values below are looked up, from kLeast on
constexpr int64_t kLeast = -2;
constexpr int64_t kBins = 1908;  // ln(2⁶³)² < 1907
// Tokens by number: the bins, then S-2 … S2, then NA.
constexpr int64_t kPlainTokens = kBins - kLeast, kMissingToken = kBins + 5, kTokens = kMissingToken + 1;
constexpr std::string_view kRare = "\tRARE";

uint64_t numberKey(int column, std::string_view token) { return xxh64(token, static_cast<uint64_t>(column)); }

std::string plainToken(int64_t value) {
  std::string token("S");
  return token.append(std::to_string(value));
}

std::string tokenNumbered(int64_t token) {
  if (token == kMissingToken) return "NA";
  return token < kBins ? std::to_string(token) : plainToken(token - kPlainTokens);
}

int64_t logBin(int64_t value) {
  const double logarithm = std::log(static_cast<double>(value));
  return static_cast<int64_t>(logarithm * logarithm);
}

void check(const FeaturePlan& plan) {
  const int64_t fields = plan.log_bins ? kCriteoNumbers + kCriteoCategories : kCriteoCategories;
  const int64_t width = plan.log_bins ? 0 : kCriteoNumbers;
  if (plan.fields != fields || plan.width != width) {
    throw configError("features", "[features] wanted " + std::to_string(fields) + " fields and width " + std::to_string(width) + ", got " +
                                      std::to_string(plan.fields) + " and " + std::to_string(plan.width));
  }
  if (plan.rows < 1) throw configError("features", "[features] wanted rows of at least 1, got " + std::to_string(plan.rows));
  if (!plan.log_bins && (plan.means.size() != kCriteoNumbers || plan.deviations.size() != kCriteoNumbers)) {
    throw configError("features", "[features] normalised numbers want 13 means and 13 deviations, got " + std::to_string(plan.means.size()) +
                                      " and " + std::to_string(plan.deviations.size()));
  }
}

}  // namespace

FeatureEncoder::FeatureEncoder(const FeaturePlan& plan, std::unique_ptr<const KeySet> vocabulary)
    : vocabulary_(std::move(vocabulary)),
      log_bins_(plan.log_bins),
      means_(plan.means),
      deviations_(plan.deviations),
      rows_(static_cast<uint64_t>(plan.rows)),
      power_of_two_(std::has_single_bit(rows_)) {
  check(plan);
  for (int j = 0; j < kCriteoCategories; j++) rare_rows_[j] = row(categoryKey(j, kRare));
  if (log_bins_) {
    for (int64_t value = kLeast; value < kSmall; value++)
      small_tokens_.push_back(static_cast<uint16_t>(value > 2 ? logBin(value) : kPlainTokens + value));
  }
  for (int j = 0; j < kCriteoNumbers; j++) {
    for (int64_t token = 0; log_bins_ && token < kTokens; token++) token_rows_.push_back(row(numberKey(j, tokenNumbered(token))));
    for (int64_t value = 0; !log_bins_ && value < kSmall; value++) small_numbers_.push_back(normalised(j, value));
  }
}

int64_t FeatureEncoder::binnedRow(int column, int64_t value) const {
  if (value < kLeast) return row(numberKey(column, plainToken(value)));
  const int64_t token = value < kSmall ? small_tokens_[static_cast<size_t>(value - kLeast)] : logBin(value);
  return token_rows_[static_cast<size_t>(column * kTokens + token)];
}

float FeatureEncoder::normalised(int column, int64_t value) const {
  const auto j = static_cast<size_t>(column);
  const double x = std::log1p(static_cast<double>(std::max<int64_t>(value, 0)));
  return deviations_[j] > 0 ? static_cast<float>((x - means_[j]) / deviations_[j]) : 0.0f;
}

void FeatureEncoder::encode(const CriteoLine& line, int64_t* ids, float* numbers) const {
  for (int j = 0; j < kCriteoNumbers; j++) {
    const bool missing = (line.missing >> j & 1) != 0;
    const int64_t value = line.numbers[j];
    if (log_bins_) {
      *ids++ = missing ? token_rows_[static_cast<size_t>(j * kTokens + kMissingToken)] : binnedRow(j, value);
    } else if (missing) {
      numbers[j] = 0;
    } else {
      const int64_t floored = std::max<int64_t>(value, 0);
      numbers[j] = floored < kSmall ? small_numbers_[static_cast<size_t>(j * kSmall + floored)] : normalised(j, floored);
    }
  }
  for (int j = 0; j < kCriteoCategories; j++) {
    const uint64_t key = categoryKey(j, line.categories[j]);
    *ids++ = vocabulary_ == nullptr || vocabulary_->contains(key) ? row(key) : rare_rows_[j];
  }
}

}  // namespace lossmith
