// See gradient_rows.h.
#include "engine/cuda/gradient_rows.h"

#include <algorithm>
#include <utility>

#include "engine/cuda/device_rows.h"

namespace lossmith {
namespace {

// Where a program's gradient of a table of the plan takes its ids from: buffer and fields of each lookup_grad.
std::vector<std::pair<int, int64_t>> idsOf(const ProgramBinding& binding, size_t table) {
  std::vector<std::pair<int, int64_t>> ids;
  for (const Instruction& instruction : binding.program->code) {
    const auto* gradient = std::get_if<LookupGrad>(&instruction);
    if (gradient != nullptr && binding.tables[gradient->table] == table) ids.emplace_back(gradient->ids, gradient->fields);
  }
  std::sort(ids.begin(), ids.end());
  return ids;
}

int64_t mostRows(const ProgramBinding& binding, size_t table, int64_t rows) {
  const auto found = std::find(binding.tables.begin(), binding.tables.end(), table);
  if (found == binding.tables.end()) return 0;
  return rowCapacity(*binding.program, static_cast<int>(found - binding.tables.begin()), rows);
}

}  // namespace

GradientRows gradientRows(const std::vector<const ProgramBinding*>& programs, const std::vector<TableSpec>& tables) {
  GradientRows result;
  for (size_t table = 0; table < tables.size(); table++) {
    int64_t most = 1;  // no memory of no bytes
    for (const ProgramBinding* binding : programs) most = std::max(most, mostRows(*binding, table, tables[table].rows));
    result.most.push_back(most);
    const auto same = [&](size_t other) {
      return tables[other].rows == tables[table].rows && std::all_of(programs.begin(), programs.end(), [&](const ProgramBinding* binding) {
               return idsOf(*binding, other) == idsOf(*binding, table);
             });
    };
    int found = -1;
    for (size_t other = 0; other < table && found < 0; other++) found = same(other) ? static_cast<int>(other) : -1;
    result.same.push_back(found);
  }
  return result;
}

}  // namespace lossmith
