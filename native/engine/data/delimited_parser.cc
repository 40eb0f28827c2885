// See delimited_parser.h.
#include "engine/data/delimited_parser.h"

#include <emmintrin.h>

#include <algorithm>
#include <bit>

#include "engine/data/cell.h"

namespace lossmith {
namespace {

struct Found {
  size_t delimiters;
  bool quote;
};

// Places of the first `most` delimiters; how many there are in all, and whether there is a quote.
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
    quotes = _mm_or_si128(quotes, _mm_cmpeq_epi8(bytes, quote));
    note(static_cast<uint32_t>(_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, mark))), at);
  }
  found.quote = _mm_movemask_epi8(quotes) != 0;
  for (; at < line.size(); at++) {
    found.quote |= line[at] == '"';
    if (line[at] == delimiter) note(1, at);
  }
  return found;
}

std::string wantedColumns(size_t wanted, size_t got) { return "wanted " + std::to_string(wanted) + " columns, got " + std::to_string(got); }

}  // namespace

bool DelimitedParser::parse(std::string_view line, Row& row, std::string& reason) const {
  const size_t columns = plan_.format.columns;
  row.ends.resize(columns);
  const Found found = findDelimiters(line, plan_.format.delimiter, columns - 1, row.ends.data());
  if (found.quote && !plain_) {
    if (!splitQuoted(line, row, reason)) return false;
    return fill([&](size_t place) { return row.cells[place]; }, row, reason);
  }
  if (found.delimiters != columns - 1) {
    reason = wantedColumns(columns, found.delimiters + 1);
    return false;
  }
  row.ends[columns - 1] = static_cast<uint32_t>(line.size());
  const uint32_t* const ends = row.ends.data();
  const auto cellAt = [&](size_t place) {
    const uint32_t from = place == 0 ? 0 : ends[place - 1] + 1;
    return std::string_view(line.data() + from, ends[place] - from);
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
      row.unquoted.append(line, at, end - at);
      row.cells.push_back(std::string_view(row.unquoted).substr(from));
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
  const LogFormat& format = plan_.format;
  if (!parseLabel(cellAt(format.label), plan_, row.label, reason)) return false;

  const size_t numbers = format.numbers.size(), categories = format.categories.size();
  row.missing.resize(numbers);
  row.wholes.resize(numbers);
  row.decimals.resize(numbers);
  row.whole = true;
  for (size_t j = 0; j < numbers; j++) {
    const std::string_view cell = cellAt(format.numbers[j].place);
    row.missing[j] = cell.empty();
    if (!cell.empty() && !parseNumber(format.numbers[j], cell, j, row, reason)) return false;
  }
  row.categories.resize(categories);
  for (size_t j = 0; j < categories; j++) row.categories[j] = cellAt(format.categories[j].place);
  return true;
}

bool DelimitedParser::parseNumber(const Column& column, std::string_view cell, size_t j, Row& row, std::string& reason) const {
  const Parsed got = plain_ ? parseInteger(cell, row.wholes[j]) : parseDecimal(cell, row.wholes[j], row.decimals[j]);
  if (got == Parsed::Good) {
    if (!plain_) row.whole &= row.decimals[j] == static_cast<double>(row.wholes[j]);
    return true;
  }
  const char* const what = plain_ ? "an integer" : "a number";
  reason = column.name;
  reason.append(": wanted ")
      .append(what)
      .append(got == Parsed::NotOne ? ", got "
              : plain_              ? " of 64 bits, got "
                                    : " below 2^63, got ")
      .append(quoted(cell));
  return false;
}

}  // namespace lossmith
