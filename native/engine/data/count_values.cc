// See count_values.h.
#include "engine/data/count_values.h"

#include <cmath>

#include "engine/data/key_counter.h"
#include "engine/data/output_file.h"
#include "engine/data/piece_stream.h"

namespace lossmith {
namespace {

struct Moments {
  double count = 0, sum = 0, squares = 0;

  void add(int64_t value) {
    const double x = std::log1p(static_cast<double>(std::max<int64_t>(value, 0)));
    count += 1;
    sum += std::round(x * 0x1p16) * 0x1p-16;
    squares += std::round(x * x * 0x1p12) * 0x1p-12;
  }
};

void write(const std::string& path, const Moments* moments, const std::vector<KeyCount>& counts) {
  OutputFile out(path);
  const uint64_t columns = kCriteoNumbers, keys = counts.size();
  out.write(&columns, sizeof columns);
  out.write(moments, kCriteoNumbers * sizeof(Moments));
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
  Moments moments[kCriteoNumbers];
  KeyCounter counter;
  const bool count_keys = source->features().min_count > 1;
  for (const Piece& piece : pieces) {
    PieceStream rows(source, piece);
    CriteoLine row;
    Tally tally;  // malformed lines are reported when they are trained on or evaluated
    while (rows.next(row, tally)) {
      for (int j = 0; j < kCriteoNumbers; j++) {
        if ((row.missing >> j & 1) == 0) moments[j].add(row.numbers[j]);
      }
      for (int j = 0; count_keys && j < kCriteoCategories; j++) counter.add(categoryKey(j, row.categories[j]));
    }
  }
  write(out_path, moments, counter.take());
}

}  // namespace lossmith
