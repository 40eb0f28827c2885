// What a run brings must fit its program: RunContext and DeviceRun alike.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "engine/errors.h"
#include "engine/program.h"

namespace lossmith {

template <class Pointers>
void wantPointers(const char* what, const Pointers& got, const std::vector<std::string>& names) {
  if (got.size() != names.size()) {
    throw brokenError("run-context", "[executor] wanted " + std::to_string(names.size()) + " " + what + ", got " + std::to_string(got.size()));
  }
}

template <class Run>
void checkRun(const Program& program, const Run& run) {
  if (run.batch < 0 || run.batch > program.max_batch) {
    throw configError("batch-too-large",
                      "[executor] wanted a batch from 0 to " + std::to_string(program.max_batch) + ", got " + std::to_string(run.batch));
  }
  wantPointers("inputs", run.inputs, program.inputs);
  wantPointers("parameters", run.parameters, program.parameters);
  wantPointers("tables", run.tables, program.tables);
  wantPointers("outputs", run.outputs, program.outputs);
  if (!run.table_gradients.empty()) wantPointers("table gradients", run.table_gradients, program.tables);
  auto wantWidth = [&](int table, int64_t width) {
    const auto& view = run.tables[table];
    if (view.width != width || view.stride < width) {
      throw brokenError("run-context", "[executor] wanted table \"" + program.tables[table] + "\" of width " + std::to_string(width) + ", got " +
                                           std::to_string(view.width) + " at a stride of " + std::to_string(view.stride));
    }
  };
  for (const Instruction& instruction : program.code) {
    if (const auto* lookup = std::get_if<Lookup>(&instruction)) {
      wantWidth(lookup->table, lookup->width);
      if (lookup->plane == TablePlane::Tangent && run.tables[lookup->table].tangent < 0) {
        throw brokenError("run-context", "[executor] wanted tangents of table \"" + program.tables[lookup->table] + "\", got none");
      }
    }
    if (const auto* gradient = std::get_if<LookupGrad>(&instruction)) {
      wantWidth(gradient->table, gradient->width);
      wantPointers("table gradients", run.table_gradients, program.tables);
    }
  }
  auto has = [&](Place place) {
    return std::any_of(program.buffers.begin(), program.buffers.end(), [&](const Buffer& buffer) { return buffer.place == place; });
  };
  if (has(Place::Gradient)) wantPointers("gradients", run.gradients, program.parameters);
  if (has(Place::Tangent)) wantPointers("tangents", run.tangents, program.parameters);
}

}  // namespace lossmith
