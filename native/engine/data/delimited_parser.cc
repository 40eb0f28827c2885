// See delimited_parser.h.
#include "engine/data/delimited_parser.h"

#include <emmintrin.h>

#include <algorithm>
#include <bit>

namespace lossmith {
namespace {

struct Found {
  size_t delimiters;
  bool quote;
};

// Places of the first `most` delimiters; how many there are in all, and whether there is a quote, if that is asked.
template <bool asks_quote>
Found findDelimiters(std::string_view line, char delimiter, size_t most, uint32_t* places) {
  Found found{0, false};
  const auto note = [&](uint32_t mask, size_t base) {
    for (; mask != 0; mask &= mask - 1, found.delimiters++) {
      if (found.delimiters < most) places[found.delimiters] = static_cast<uint32_t>(base) + static_cast<uint32_t>(std::countr_zero(mask));
    }
  };
  const __m128i mark = _mm_set1_epi8(delimiter), quote = _mm_set1_epi8('"');
  __m128i quotes = _mm_setzero_si128();
  size_t at = 0;
  for (; at + 16 <= line.size(); at += 16) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(line.data() + at));
    if constexpr (asks_quote) quotes = _mm_or_si128(quotes, _mm_cmpeq_epi8(bytes, quote));
    note(static_cast<uint32_t>(_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, mark))), at);
  }
  found.quote = _mm_movemask_epi8(quotes) != 0;
  for (; at < line.size(); at++) {
    found.quote |= asks_quote && line[at] == '"';
    if (line[at] == delimiter) note(1, at);
  }
  return found;
}

std::string wantedColumns(size_t wanted, size_t got) { return "wanted " + std::to_string(wanted) + " columns, got " + std::to_string(got); }

}  // namespace

DelimitedParser::DelimitedParser(const FeaturePlan& plan) : plan_(plan), plain_(plan.format.kind == LogFormat::Kind::Criteo) {
  for (const Column& column : plan.format.numbers) numbers_.push_back(column.place);
  for (const Column& column : plan.format.categories) categories_.push_back(column.place);
}

bool DelimitedParser::parse(std::string_view line, Row& row, std::string& reason) const {
  const size_t columns = plan_.format.columns;
  row.ends.resize(columns + 1);
  uint32_t* const ends = row.ends.data();  // of the cell before the first, then of each
  const char delimiter = plan_.format.delimiter;
  const Found found =
      plain_ ? findDelimiters<false>(line, delimiter, columns - 1, ends + 1) : findDelimiters<true>(line, delimiter, columns - 1, ends + 1);
  if (found.quote) {
    if (!splitQuoted(line, row, reason)) return false;
    return fill([&](size_t place) { return row.cells[place]; }, row, reason);
  }
  if (found.delimiters != columns - 1) {
    reason = wantedColumns(columns, found.delimiters + 1);
    return false;
  }
  ends[0] = static_cast<uint32_t>(-1), ends[columns] = static_cast<uint32_t>(line.size());
  const auto cellAt = [text = line.data(), ends](size_t place) {
    const uint32_t from = ends[place] + 1;
    return std::string_view(text + from, ends[place + 1] - from);
  };
  return fill(cellAt, row, reason);
}

// A cell that begins with a quote ends with one; two quotes inside it are one.
bool DelimitedParser::splitQuoted(std::string_view line, Row& row, std::string& reason) const {
  const char delimiter = plan_.format.delimiter;
  row.cells.clear();
  row.unquoted.clear();
  row.unquoted.reserve(line.size());  // views into it stay good
  for (size_t at = 0;;) {
    if (at == line.size() || line[at] != '"') {
      const size_t end = std::min(line.find(delimiter, at), line.size());
      row.cells.push_back(line.substr(at, end - at));
      at = end;
    } else {
      const size_t from = row.unquoted.size();
      size_t end = line.find('"', ++at);
      for (; end != line.npos && end + 1 < line.size() && line[end + 1] == '"'; end = line.find('"', at)) {
        row.unquoted.append(line, at, end + 1 - at);
        at = end + 2;
      }
      if (end == line.npos || (end + 1 < line.size() && line[end + 1] != delimiter)) {
        reason = "cell " + std::to_string(row.cells.size() + 1) + ": wanted " +
                 (end == line.npos ? "a closing quote, got the line's end"
                                   : "the cell's end after its closing quote, got " + quoted(line.substr(end + 1)));
        return false;
      }
      if (row.unquoted.size() == from) {
        row.cells.push_back(line.substr(at, end - at));
      } else {
        row.unquoted.append(line, at, end - at);
        row.cells.push_back(std::string_view(row.unquoted).substr(from));
      }
      at = end + 1;
    }
    if (at == line.size()) break;
    at++;  // over the delimiter
  }
  if (row.cells.size() == plan_.format.columns) return true;
  reason = wantedColumns(plan_.format.columns, row.cells.size());
  return false;
}

template <class CellAt>
bool DelimitedParser::fill(const CellAt& cellAt, Row& row, std::string& reason) const {
  if (!parseLabel(cellAt(plan_.format.label), plan_, row.label, reason)) return false;
  const size_t numbers = numbers_.size(), categories = categories_.size();
  row.missing.resize(numbers);
  row.wholes.resize(numbers);
  row.decimals.resize(numbers);
  row.categories.resize(categories);
  // Locals: a write through uint8_t* may change any member, for all that the compiler knows.
  uint8_t* const missing = row.missing.data();
  int64_t* const wholes = row.wholes.data();
  double* const decimals = row.decimals.data();
  const size_t *const number_places = numbers_.data(), *const category_places = categories_.data();
  bool whole = true;
  for (size_t j = 0; j < numbers; j++) {
    const std::string_view cell = cellAt(number_places[j]);
    missing[j] = cell.empty();
    if (cell.empty()) continue;
    const Parsed got = parseNumber(cell, wholes[j], decimals[j]);
    if (got != Parsed::Good) {
      reason = wantedNumber(got, j, cell);
      return false;
    }
    whole &= plain_ || decimals[j] == static_cast<double>(wholes[j]);
  }
  row.whole = whole;
  std::string_view* const cells = row.categories.data();
  for (size_t j = 0; j < categories; j++) cells[j] = cellAt(category_places[j]);
  return true;
}

std::string DelimitedParser::wantedNumber(Parsed got, size_t column, std::string_view cell) const {
  std::string reason = plan_.format.numbers[column].name;
  reason.append(plain_ ? ": wanted an integer" : ": wanted a number");
  if (got == Parsed::TooBig) reason.append(plain_ ? " of 64 bits" : " below 2^63");
  return reason.append(", got ").append(quoted(cell));
}

}  // namespace lossmith
