// See count_values.h.
#include "engine/data/count_values.h"

#include <algorithm>
#include <cmath>

#include "engine/data/key_counter.h"
#include "engine/data/output_file.h"
#include "engine/data/piece_stream.h"

namespace lossmith {
namespace {

struct Moments {
  double count = 0, sum = 0, squares = 0;

  void add(double value) {
    const double x = std::log1p(std::max(value, 0.0));
    count += 1;
    sum += std::round(x * 0x1p16) * 0x1p-16;
    squares += std::round(x * x * 0x1p12) * 0x1p-12;
  }
};

void write(const std::string& path, const std::vector<Moments>& moments, const std::vector<KeyCount>& counts) {
  OutputFile out(path);
  const uint64_t columns = moments.size(), keys = counts.size();
  out.write(&columns, sizeof columns);
  out.write(moments.data(), moments.size() * sizeof(Moments));
  out.write(&keys, sizeof keys);
  std::vector<uint64_t> words;
  for (uint64_t KeyCount::*part : {&KeyCount::key, &KeyCount::count}) {
    for (size_t i = 0; i < counts.size(); i++) {
      words.push_back(counts[i].*part);
      if (words.size() < 8192 && i + 1 < counts.size()) continue;
      out.write(words.data(), words.size() * sizeof(uint64_t));
      words.clear();
    }
  }
  out.commit();
}

}  // namespace

void countValues(const std::shared_ptr<LogSource>& source, const std::vector<Piece>& pieces, const std::string& out_path) {
  static_assert(sizeof(Moments) == 24);
  const LogFormat& format = source->features().format;
  std::vector<Moments> moments(format.numbers.size());
  KeyCounter counter;
  const bool count_keys = source->features().min_count > 1;
  Row row;
  for (const Piece& piece : pieces) {
    PieceStream rows(source, piece);
    Tally tally;  // malformed lines are reported when they are trained on or evaluated
    while (rows.next(row, tally)) {
      for (size_t j = 0; j < moments.size(); j++) {
        if (!row.missing[j]) moments[j].add(row.number(j));
      }
      for (size_t j = 0; count_keys && j < row.categories.size(); j++) counter.add(categoryKey(format, j, row.categories[j]));
    }
  }
  write(out_path, moments, counter.take());
}

}  // namespace lossmith
