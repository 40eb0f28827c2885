// The counting pass over training pieces: how often each categorical value occurs, where minCount > 1 asks for it, and count, sum and sum
// of squares of x = ln(1 + max(v, 0)) of each number column. x is rounded to 2⁻¹⁶ and its square to 2⁻¹² before they are added, so that float64
// sums are exact and do not depend on how pieces are dealt to workers (up to 2³⁰ rows; an error of the mean below 10⁻⁵).
// Layout of the result: docs/architecture.md, "counts".
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/data/log_source.h"

namespace lossmith {

void countValues(const std::shared_ptr<LogSource>& source, const std::vector<Piece>& pieces, const std::string& out_path);

}  // namespace lossmith
