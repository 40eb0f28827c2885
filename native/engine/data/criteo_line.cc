// See criteo_line.h.
#include "engine/data/criteo_line.h"

#include <emmintrin.h>

#include <algorithm>
#include <bit>

namespace lossmith {
namespace {

constexpr size_t kTabs = kCriteoNumbers + kCriteoCategories;

// Places of the first kTabs tabs; returns how many there are in all.
size_t findTabs(std::string_view line, uint32_t* tabs) {
  size_t count = 0;
  const auto note = [&](uint32_t mask, size_t base) {
    for (; mask != 0; mask &= mask - 1, count++) {
      if (count < kTabs) tabs[count] = static_cast<uint32_t>(base) + static_cast<uint32_t>(std::countr_zero(mask));
    }
  };
  const __m128i tab = _mm_set1_epi8('\t');
  size_t at = 0;
  for (; at + 16 <= line.size(); at += 16) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(line.data() + at));
    note(static_cast<uint32_t>(_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, tab))), at);
  }
  for (; at < line.size(); at++) {
    if (line[at] == '\t') note(1, at);
  }
  return count;
}

enum class Integer { Good, NotOne, TooBig };

Integer parseInteger(std::string_view text, int64_t& value) {
  const bool negative = text[0] == '-';
  if (negative) text.remove_prefix(1);
  if (text.empty()) return Integer::NotOne;
  const uint64_t most = (uint64_t{1} << 63) - 1 + negative;
  uint64_t sum = 0;
  bool too_big = false;
  for (char c : text) {
    const uint64_t digit = static_cast<uint64_t>(c) - '0';
    if (digit > 9) return Integer::NotOne;
    too_big |= sum > (most - digit) / 10;
    sum = sum * 10 + digit;
  }
  value = static_cast<int64_t>(negative ? 0 - sum : sum);
  return too_big ? Integer::TooBig : Integer::Good;
}

std::string quoted(std::string_view cell) {
  constexpr size_t kMost = 40;
  std::string out("\"");
  return out.append(cell.substr(0, kMost)).append(cell.size() > kMost ? "…\"" : "\"");
}

std::string columnPrefix(int number) {
  std::string out("I");
  return out.append(std::to_string(number + 1)).append(": ");
}

}  // namespace

bool parseCriteoLine(std::string_view line, CriteoLine& row, std::string& reason) {
  uint32_t tabs[kTabs + 1];
  const size_t found = findTabs(line, tabs);
  if (found != kTabs) {
    reason = "wanted " + std::to_string(kTabs + 1) + " columns, got " + std::to_string(found + 1);
    return false;
  }
  tabs[kTabs] = static_cast<uint32_t>(line.size());

  if (tabs[0] != 1 || (line[0] != '0' && line[0] != '1')) {
    reason = "label: wanted 0 or 1, got " + quoted(line.substr(0, tabs[0]));
    return false;
  }
  row.label = line[0] == '1' ? 1.0f : 0.0f;

  row.missing = 0;
  for (int j = 0; j < kCriteoNumbers; j++) {
    const std::string_view cell(line.data() + tabs[j] + 1, tabs[j + 1] - tabs[j] - 1);
    row.numbers[j] = 0;
    if (cell.empty()) {
      row.missing |= 1u << j;
      continue;
    }
    const Integer got = parseInteger(cell, row.numbers[j]);
    if (got == Integer::Good) continue;
    reason = got == Integer::TooBig ? "wanted an integer of 64 bits, got " : "wanted an integer, got ";
    reason.append(quoted(cell)).insert(0, columnPrefix(j));
    return false;
  }
  for (int j = 0; j < kCriteoCategories; j++) {
    const uint32_t from = tabs[kCriteoNumbers + j] + 1;
    row.categories[j] = {line.data() + from, tabs[kCriteoNumbers + j + 1] - from};
  }
  return true;
}

}  // namespace lossmith
