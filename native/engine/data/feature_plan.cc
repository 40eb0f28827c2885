// See feature_plan.h.
#include "engine/data/feature_plan.h"

namespace lossmith {

LogFormat criteoFormat() {
  LogFormat format{.kind = LogFormat::Kind::Criteo, .delimiter = '\t', .columns = 40, .label = 0, .numbers = {}, .categories = {}};
  for (size_t j = 1; j <= 13; j++) format.numbers.push_back({std::string("I").append(std::to_string(j)), j});
  for (size_t j = 1; j <= 26; j++) format.categories.push_back({std::string("C").append(std::to_string(j)), 13 + j});
  return format;
}

LogFormat libsvmFormat(size_t fields) {
  LogFormat format{.kind = LogFormat::Kind::Libsvm, .delimiter = ' ', .columns = fields + 1, .label = 0, .numbers = {}, .categories = {}};
  for (size_t j = 1; j <= fields; j++) format.categories.push_back({std::to_string(j), j});
  return format;
}

}  // namespace lossmith
