// See lane_tree.h.
#include "engine/lanes/lane_tree.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "engine/cpu/isa.h"

namespace lossmith {
namespace {

LOSSMITH_CLONES void add(const float* a, const float* b, float* out, int64_t n) {
#pragma GCC ivdep
  for (int64_t i = 0; i < n; i++) out[i] = a[i] + b[i];
}

LOSSMITH_CLONES bool anyNonFinite(const uint32_t* bits, int64_t n) {
  uint32_t found = 0;
  for (int64_t i = 0; i < n; i++) found |= static_cast<uint32_t>((bits[i] & 0x7f800000u) == 0x7f800000u);
  return found != 0;
}

// The sum of leaves[0..count), all within lanes first..first+lanes: a leaf's own values when it is alone, else written to `out`, for
// which scratch[0], scratch[n], … hold the right halves on the way down.
const float* addNode(const TreeLeaf* leaves, int count, int first, int lanes, int64_t n, float* out, float* scratch) {
  if (count == 1) return leaves[0].values;
  const int half = lanes / 2, middle = first + half;
  int left = 0;
  while (left < count && leaves[left].lane < middle) left++;
  if (left == 0) return addNode(leaves, count, middle, half, n, out, scratch);
  if (left == count) return addNode(leaves, count, first, half, n, out, scratch);
  const float* b = addNode(leaves + left, count - left, middle, half, n, scratch, scratch + n);
  const float* a = addNode(leaves, left, first, half, n, out, scratch + n);
  add(a, b, out, n);
  return out;
}

double addScalars(const std::vector<double>& values, const std::vector<bool>& present, size_t first, size_t lanes, bool& some) {
  if (lanes == 1) {
    some = present[first];
    return some ? values[first] : 0;
  }
  bool left = false, right = false;
  const double a = addScalars(values, present, first, lanes / 2, left), b = addScalars(values, present, first + lanes / 2, lanes / 2, right);
  some = left || right;
  return left && right ? a + b : left ? a : b;
}

}  // namespace

void addTree(const TreeLeaf* leaves, int count, int lanes, int64_t n, float* out, std::vector<float>& scratch) {
  const size_t depth = std::bit_width(static_cast<unsigned>(lanes));
  if (scratch.size() < depth * n) scratch.resize(depth * n);
  const float* sum = addNode(leaves, count, 0, lanes, n, out, scratch.data());
  if (sum != out) std::memcpy(out, sum, n * sizeof(float));
}

std::vector<int> alignedSubtrees(int first, int count) {
  std::vector<int> subtrees;
  for (int end = first + count; first < end;) {
    subtrees.push_back(first);
    int size = first == 0 ? static_cast<int>(std::bit_floor(static_cast<unsigned>(end))) : first & -first;
    while (first + size > end) size /= 2;
    first += size;
  }
  return subtrees;
}

double addScalarTree(const std::vector<double>& values, const std::vector<bool>& present) {
  bool some = false;
  return addScalars(values, present, 0, values.size(), some);
}

bool hasNonFinite(const float* values, int64_t n) {
  constexpr int64_t kSpan = 4096;  // an early end for large vectors, and few of them need it
  for (int64_t i = 0; i < n; i += kSpan)
    if (anyNonFinite(reinterpret_cast<const uint32_t*>(values + i), std::min(kSpan, n - i))) return true;
  return false;
}

}  // namespace lossmith
