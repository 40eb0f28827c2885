// What a cell of a log can hold, and how a reason shows it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "engine/data/feature_plan.h"

namespace lossmith {

enum class Parsed { Good, NotOne, TooBig };

// -?[0-9]+ of 64 bits. The text is not empty.
inline Parsed parseInteger(std::string_view text, int64_t& value) {
  const bool negative = text[0] == '-';
  if (negative) text.remove_prefix(1);
  if (text.empty()) return Parsed::NotOne;
  const uint64_t most = (uint64_t{1} << 63) - 1 + negative;
  uint64_t sum = 0;
  bool too_big = false;
  for (char c : text) {
    const uint64_t digit = static_cast<uint64_t>(c) - '0';
    if (digit > 9) return Parsed::NotOne;
    too_big |= sum > (most - digit) / 10;
    sum = sum * 10 + digit;
  }
  value = static_cast<int64_t>(negative ? 0 - sum : sum);
  return too_big ? Parsed::TooBig : Parsed::Good;
}

// A decimal number, with or without an exponent, of magnitude below 2^63, and the whole number below it. The text is not empty.
Parsed parseDecimal(std::string_view text, int64_t& whole, double& decimal);

// The class of a label: 0 or 1 of a click log (libsvm also -1 and +1), else label - first_class. False with a reason.
bool parseLabel(std::string_view cell, const FeaturePlan& plan, float& label, std::string& reason);

std::string quoted(std::string_view cell);  // its beginning in quotes

}  // namespace lossmith
