// See device_optimizer.h. A thread has one float of each vector, or four; the arithmetic is state/optimizer_arithmetic.h.
#include <algorithm>

#include "engine/cuda/device_optimizer.h"
#include "engine/cuda/floats.cuh"
#include "engine/state/optimizer_arithmetic.h"

namespace lossmith {
namespace {

constexpr int kTablesPerLaunch = 16;

// Weight and states of some neighbouring elements; m and v null where the optimizer has none.
struct Elements {
  float *w, *m, *v;
};

template <int V>
__host__ __device__ Floats<V> loadOrZero(const float* from) {
  return from != nullptr ? Floats<V>::load(from) : Floats<V>{};
}

template <int V, bool kTable>
__host__ __device__ void update(const OptimizerStep& s, const Elements& at, const Floats<V>& g) {
  Floats<V> w = Floats<V>::load(at.w), m = loadOrZero<V>(at.m), v = loadOrZero<V>(at.v);
  for (int i = 0; i < V; i++) {
    if (s.kind == OptimizerKind::Sgd) sgdStep(s, g.at[i], w.at[i]);
    else if (s.kind == OptimizerKind::Adagrad) adagradStep(s, g.at[i], w.at[i], v.at[i]);
    else if constexpr (kTable) adamRowStep(s, g.at[i], w.at[i], m.at[i], v.at[i]);
    else adamDenseStep(s, g.at[i], w.at[i], m.at[i], v.at[i]);
  }
  w.store(at.w);
  if (at.m != nullptr) m.store(at.m);
  if (at.v != nullptr) v.store(at.v);
}

template <int V>
__host__ __device__ Floats<V> direction(const LookaheadStep& s, const Elements& at, const Floats<V>& g, const Floats<V>& h, float epsilon) {
  const Floats<V> w = Floats<V>::load(at.w), m = loadOrZero<V>(at.m), v = loadOrZero<V>(at.v);
  const bool exact = s.kind == Lookahead::Exact, adagrad = s.step.kind == OptimizerKind::Adagrad;
  Floats<V> out;
  for (int i = 0; i < V; i++) {
    const float gi = g.at[i], hi = h.at[i], wi = w.at[i], mi = m.at[i], vi = v.at[i];
    if (s.kind == Lookahead::Sgd) out.at[i] = plainDirection(s, hi);
    else if (adagrad) out.at[i] = exact ? adagradDirection<true>(s, gi, hi, wi, vi, epsilon) : adagradDirection<false>(s, gi, hi, wi, vi, epsilon);
    else out.at[i] = exact ? adamDirection<true>(s, gi, hi, wi, mi, vi, epsilon) : adamDirection<false>(s, gi, hi, wi, mi, vi, epsilon);
  }
  return out;
}

__host__ __device__ Elements elementsOf(const DenseOnDevice& state, int64_t i) {
  return {state.weight + i, state.m != nullptr ? state.m + i : nullptr, state.v != nullptr ? state.v + i : nullptr};
}

// Of a row, as the optimizer has them side by side.
__host__ __device__ Elements elementsOf(const DeviceTable& table, OptimizerKind kind, int64_t row, int64_t column) {
  float* w = table.data + row * table.stride + column;
  if (kind == OptimizerKind::Sgd) return {w, nullptr, nullptr};
  if (kind == OptimizerKind::Adagrad) return {w, nullptr, w + table.width};
  return {w, w + table.width, w + 2 * table.width};
}

template <int V>
struct UpdateDense {
  const OptimizerStep* step;
  DenseOnDevice state;
  const float* gradient;
  __host__ __device__ void operator()(int64_t i) const { update<V, false>(*step, elementsOf(state, i * V), Floats<V>::load(gradient + i * V)); }
};

template <int V>
struct LookaheadDense {
  const LookaheadStep* step;
  DenseOnDevice state;
  const float *gradient, *validation;
  float* out;
  __host__ __device__ void operator()(int64_t i) const {
    const Floats<V> g = Floats<V>::load(gradient + i * V), h = Floats<V>::load(validation + i * V);
    direction(*step, elementsOf(state, i * V), g, h, step->step.epsilon).store(out + i * V);
  }
};

// One table of a launch; `end` of its items among all.
struct TableItems {
  DeviceTable table;
  DeviceRows gradient, validation;
  RowParts parts;
  int64_t end;
  bool fours;
};

template <class Work>
struct ForTables {
  TableItems tables[kTablesPerLaunch];
  int count;
  Work work;

  __host__ __device__ void operator()(int64_t i) const {
    const int number = firstEndAbove(i, count, [this](int k) { return tables[k].end; });
    const TableItems& items = tables[number];
    const RowPart at = items.parts.of(number == 0 ? i : i - tables[number - 1].end);
    if (at.row >= *items.gradient.count) return;
    if (items.fours) work.template row<4>(items, at.row, at.part * 4);
    else work.template row<1>(items, at.row, at.part);
  }
};

struct UpdateRow {
  const OptimizerStep* step;

  template <int V>
  __host__ __device__ void row(const TableItems& items, int64_t at, int64_t column) const {
    const Floats<V> g = Floats<V>::load(items.gradient.values + at * items.table.width + column);
    update<V, true>(*step, elementsOf(items.table, step->kind, items.gradient.rows[at], column), g);
  }
};

struct LookaheadRow {
  const LookaheadStep* step;

  template <int V>
  __host__ __device__ void row(const TableItems& items, int64_t at, int64_t column) const {
    const int64_t row = items.gradient.rows[at], width = items.table.width;
    const Elements elements = elementsOf(items.table, step->step.kind, row, column);
    float* const out = elements.w + items.table.tangent;
    int64_t low = 0, high = *items.validation.count;
    while (low < high) {
      const int64_t middle = (low + high) / 2;
      if (items.validation.rows[middle] < row) low = middle + 1;
      else high = middle;
    }
    if (low == *items.validation.count || items.validation.rows[low] != row) return Floats<V>{}.store(out);
    const Floats<V> g = Floats<V>::load(items.gradient.values + at * width + column);
    const Floats<V> h = Floats<V>::load(items.validation.values + low * width + column);
    const float epsilon = step->step.kind == OptimizerKind::Adam ? step->table_epsilon : step->step.epsilon;
    direction(*step, elements, g, h, epsilon).store(out);
  }
};

template <class Work>
void forTables(Stream& stream, const std::vector<TableLookahead>& tables, const Work& work) {
  for (size_t first = 0; first < tables.size(); first += kTablesPerLaunch) {
    ForTables<Work> all{{}, 0, work};
    int64_t end = 0;
    for (size_t i = first; i < std::min(tables.size(), first + kTablesPerLaunch); i++) {
      const auto& [table, gradient, validation] = tables[i];
      const bool fours =
          inFours(table.width) && inFours(table.stride) && inFours(table.data) && inFours(gradient.values) && inFours(validation.values);
      const int64_t parts = fours ? table.width / 4 : table.width;
      end += gradient.capacity * parts;
      all.tables[all.count++] = {table, gradient, validation, RowParts(parts), end, fours};
    }
    forEach(stream, end, all);
  }
}

bool allInFours(const DenseOnDevice& state, const float* gradient) {
  return inFours(state.n) && inFours(state.weight) && inFours(state.m) && inFours(state.v) && inFours(gradient);
}

}  // namespace

void updateDenseOnDevice(Stream& stream, const OptimizerStep* step, const DenseOnDevice& state, const float* gradient) {
  if (allInFours(state, gradient)) forEach(stream, state.n / 4, UpdateDense<4>{step, state, gradient});
  else forEach(stream, state.n, UpdateDense<1>{step, state, gradient});
}

void updateTablesOnDevice(Stream& stream, const OptimizerStep* step, const std::vector<TableStep>& tables) {
  std::vector<TableLookahead> all;
  for (const auto& [table, gradient] : tables) all.push_back({table, gradient, {}});
  forTables(stream, all, UpdateRow{step});
}

void lookaheadDenseOnDevice(Stream& stream, const LookaheadStep* step, const DenseOnDevice& state, const float* gradient, const float* validation,
                            float* out) {
  if (allInFours(state, gradient) && inFours(validation) && inFours(out)) {
    forEach(stream, state.n / 4, LookaheadDense<4>{step, state, gradient, validation, out});
  } else {
    forEach(stream, state.n, LookaheadDense<1>{step, state, gradient, validation, out});
  }
}

void lookaheadTablesOnDevice(Stream& stream, const LookaheadStep* step, const std::vector<TableLookahead>& tables) {
  forTables(stream, tables, LookaheadRow{step});
}

}  // namespace lossmith
