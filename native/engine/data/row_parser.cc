// See row_parser.h.
#include "engine/data/row_parser.h"

#include "engine/data/delimited_parser.h"
#include "engine/data/libsvm_parser.h"

namespace lossmith {

std::unique_ptr<const RowParser> rowParserOf(const FeaturePlan& plan) {
  if (plan.format.kind == LogFormat::Kind::Libsvm) return std::make_unique<const LibsvmParser>(plan);
  return std::make_unique<const DelimitedParser>(plan);
}

}  // namespace lossmith
