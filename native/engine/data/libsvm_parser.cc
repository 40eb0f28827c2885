// See libsvm_parser.h.
#include "engine/data/libsvm_parser.h"

#include "engine/data/cell.h"

namespace lossmith {
namespace {

// Takes the next word off the line; empty at its end.
std::string_view nextWord(std::string_view& line) {
  size_t from = 0;
  while (from < line.size() && (line[from] == ' ' || line[from] == '\t')) from++;
  size_t end = from;
  while (end < line.size() && line[end] != ' ' && line[end] != '\t') end++;
  const std::string_view word = line.substr(from, end - from);
  line.remove_prefix(end);
  return word;
}

size_t digitsOf(std::string_view text) {
  size_t count = 0;
  while (count < text.size() && text[count] >= '0' && text[count] <= '9') count++;
  return count;
}

// "1", "1.0", "1.00"
bool isOne(std::string_view value) {
  if (value.empty() || value[0] != '1') return false;
  if (value.size() == 1) return true;
  return value[1] == '.' && value.find_first_not_of('0', 2) == value.npos;
}

}  // namespace

bool LibsvmParser::parse(std::string_view line, Row& row, std::string& reason) const {
  if (!parseLabel(nextWord(line), plan_, row.label, reason)) return false;
  const size_t fields = plan_.format.categories.size();
  row.categories.resize(fields);
  size_t entries = 0;
  for (std::string_view entry = nextWord(line); !entry.empty(); entry = nextWord(line), entries++) {
    if (entries >= fields) continue;
    const size_t digits = digitsOf(entry);
    if (digits == 0 || digits == entry.size() || entry[digits] != ':') {
      reason = "entry " + std::to_string(entries + 1) + ": wanted index:1, got " + quoted(entry);
      return false;
    }
    if (!isOne(entry.substr(digits + 1))) {
      reason = "entry " + std::to_string(entries + 1) + ": wanted the value 1 (features are one-hot), got " + quoted(entry);
      return false;
    }
    row.categories[entries] = entry.substr(0, digits);
  }
  if (entries == fields) return true;
  reason = "wanted " + std::to_string(fields) + " entries index:1 (data.fields), got " + std::to_string(entries);
  return false;
}

}  // namespace lossmith
