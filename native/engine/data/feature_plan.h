// common/job/features.ts in the engine: the format of a log, and how its columns become the inputs of a model.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace lossmith {

struct Column {
  std::string name;  // for reasons
  size_t place;      // among the cells of a line
};

struct LogFormat {
  enum class Kind { Criteo, Delimited, Libsvm };
  Kind kind = Kind::Criteo;
  char delimiter = '\t';
  size_t columns = 0;  // cells of a line
  size_t label = 0;    // place of the label
  std::vector<Column> numbers, categories;
};

LogFormat criteoFormat();               // label, I1 … I13, C1 … C26
LogFormat libsvmFormat(size_t fields);  // categories 1 … fields

struct FeaturePlan {
  LogFormat format = criteoFormat();
  bool log_bins = true;
  std::vector<double> means, deviations;  // normalised: one a number column
  int64_t min_count = 1;
  int64_t fields = 39, width = 0;  // ids and numbers of a row
  int64_t rows = 1;
  int64_t max_line_bytes = 65536;
  int64_t classes = 1, first_class = 0;  // classes 1: clicks
};

}  // namespace lossmith
