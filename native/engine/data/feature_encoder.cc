// See feature_encoder.h.
#include "engine/data/feature_encoder.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdlib>

#include "engine/errors.h"

namespace lossmith {
namespace {

constexpr int64_t kSmall = 1024;  // values below are looked up, from kLeast on
constexpr int64_t kLeast = -2;
constexpr int64_t kBins = 1908;  // ln(2⁶³)² < 1907
// Tokens by number: the bins, then S-2 … S2, then NA.
constexpr int64_t kPlainTokens = kBins - kLeast, kMissingToken = kBins + 5, kTokens = kMissingToken + 1;
constexpr std::string_view kRare = "\tRARE";

std::string plainToken(int64_t value) {
  std::string token("S");
  return token.append(std::to_string(value));
}

// Of a number that is no integer, at most 2: the tenth below it.
std::string tenthToken(double value) {
  const auto tenths = static_cast<int64_t>(std::floor(value * 10));
  if (tenths % 10 == 0) return plainToken(tenths / 10);
  std::string token(tenths < 0 ? "S-" : "S");
  return token.append(std::to_string(std::abs(tenths / 10))).append(".").append(std::to_string(std::abs(tenths % 10)));
}

std::string tokenNumbered(int64_t token) {
  if (token == kMissingToken) return "NA";
  return token < kBins ? std::to_string(token) : plainToken(token - kPlainTokens);
}

int64_t logBin(double value) {
  const double logarithm = std::log(value);
  return static_cast<int64_t>(logarithm * logarithm);
}

std::string tokenOf(const Row& row, size_t column) {
  if (row.missing[column]) return tokenNumbered(kMissingToken);
  const double value = row.number(column);
  if (value > 2) return std::to_string(logBin(value));
  return row.isWhole(column) ? plainToken(row.wholes[column]) : tenthToken(value);
}

void check(const FeaturePlan& plan) {
  const size_t numbers = plan.format.numbers.size(), categories = plan.format.categories.size();
  const auto fields = static_cast<int64_t>(categories + (plan.log_bins ? numbers : 0));
  const auto width = static_cast<int64_t>(plan.log_bins ? 0 : numbers);
  if (plan.fields != fields || plan.width != width) {
    throw configError("features", "[features] wanted " + std::to_string(fields) + " fields and width " + std::to_string(width) + ", got " +
                                      std::to_string(plan.fields) + " and " + std::to_string(plan.width));
  }
  if (plan.rows < 1) throw configError("features", "[features] wanted rows of at least 1, got " + std::to_string(plan.rows));
  if (!plan.log_bins && (plan.means.size() != numbers || plan.deviations.size() != numbers)) {
    throw configError("features", "[features] normalised numbers want " + std::to_string(numbers) + " means and deviations, got " +
                                      std::to_string(plan.means.size()) + " and " + std::to_string(plan.deviations.size()));
  }
}

}  // namespace

FeatureEncoder::FeatureEncoder(const FeaturePlan& plan, std::unique_ptr<const KeySet> vocabulary)
    : vocabulary_(std::move(vocabulary)),
      log_bins_(plan.log_bins),
      numbers_(plan.format.numbers.size()),
      categories_(plan.format.categories.size()),
      means_(plan.means),
      deviations_(plan.deviations),
      rows_(static_cast<uint64_t>(plan.rows)),
      power_of_two_(std::has_single_bit(rows_)) {
  check(plan);
  for (size_t j = 0; j < categories_; j++) rare_rows_.push_back(rowOf(xxh64(kRare, numbers_ + j)));
  if (log_bins_) {
    for (int64_t value = kLeast; value < kSmall; value++)
      small_tokens_.push_back(static_cast<uint16_t>(value > 2 ? logBin(static_cast<double>(value)) : kPlainTokens + value));
  }
  for (size_t j = 0; j < numbers_; j++) {
    for (int64_t token = 0; log_bins_ && token < kTokens; token++) token_rows_.push_back(rowOf(xxh64(tokenNumbered(token), j)));
    for (int64_t value = 0; !log_bins_ && value < kSmall; value++) small_numbers_.push_back(normalised(j, static_cast<double>(value)));
  }
}

int64_t FeatureEncoder::binnedRow(size_t column, const Row& row) const {
  const int64_t* const rows = token_rows_.data() + column * kTokens;
  if (row.missing[column]) return rows[kMissingToken];
  const int64_t whole = row.wholes[column];
  if (!row.isWhole(column)) {
    const double value = row.number(column);
    return value > 2 ? rows[logBin(value)] : rowOf(xxh64(tenthToken(value), column));
  }
  if (whole < kLeast) return rowOf(xxh64(plainToken(whole), column));
  return rows[whole < kSmall ? small_tokens_[static_cast<size_t>(whole - kLeast)] : logBin(static_cast<double>(whole))];
}

float FeatureEncoder::normalised(size_t column, double value) const {
  const double x = std::log1p(std::max(value, 0.0));
  return deviations_[column] > 0 ? static_cast<float>((x - means_[column]) / deviations_[column]) : 0.0f;
}

float FeatureEncoder::normalisedNumber(size_t column, const Row& row) const {
  if (row.missing[column]) return 0;
  if (!row.isWhole(column)) return normalised(column, row.number(column));
  const int64_t floored = std::max<int64_t>(row.wholes[column], 0);
  return floored < kSmall ? small_numbers_[column * kSmall + static_cast<size_t>(floored)] : normalised(column, static_cast<double>(floored));
}

void FeatureEncoder::encode(const Row& row, int64_t* ids, float* numbers) const {
  for (size_t j = 0; j < numbers_; j++) {
    if (log_bins_) {
      *ids++ = binnedRow(j, row);
    } else {
      numbers[j] = normalisedNumber(j, row);
    }
  }
  for (size_t j = 0; j < categories_; j++) {
    const uint64_t key = xxh64(row.categories[j], numbers_ + j);
    *ids++ = known(key) ? rowOf(key) : rare_rows_[j];
  }
}

void FeatureEncoder::appendValue(const Row& row, int64_t field, std::string& text) const {
  const auto column = static_cast<size_t>(field);
  const size_t binned = log_bins_ ? numbers_ : 0;
  if (column < binned) {
    text.append(tokenOf(row, column));
  } else if (const std::string_view value = row.categories[column - binned]; known(xxh64(value, numbers_ + column - binned))) {
    text.append(value);
  } else {
    text.append("(rare)");
  }
}

}  // namespace lossmith
