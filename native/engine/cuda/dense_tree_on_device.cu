// See dense_tree_on_device.h.
#include "engine/cuda/dense_tree_on_device.h"
#include "engine/cuda/lane_order.cuh"

namespace lossmith {
namespace {

constexpr int kLeaves = 128;      // of a launch: a kernel's arguments end at 4 KiB
constexpr int kBlockLanes = 128;  // more leaves are added in aligned blocks of lanes first; 4096 lanes are 32 blocks
constexpr int kBlocks = 4096 / kBlockLanes;

template <int V>
struct AddLeaves {
  const float* leaves[kLeaves];
  int8_t partings[kLeaves];
  int count;
  float* out;

  __host__ __device__ void operator()(int64_t i) const {
    const auto valueAt = [&](int64_t k) { return Floats<V>::load(leaves[k] + i * V); };
    const auto partingAt = [&](int64_t k) { return partings[k]; };
    addInLaneOrder<V>(count, partingAt, valueAt).store(out + i * V);
  }
};

template <int V>
void addLeaves(Stream& stream, const TreeLeaf* leaves, int count, int64_t n, float* out) {
  AddLeaves<V> body{};
  body.count = count;
  body.out = out;
  for (int k = 0; k < count; k++) {
    body.leaves[k] = leaves[k].values;
    if (k > 0) body.partings[k] = static_cast<int8_t>(parting(leaves[k - 1].lane, leaves[k].lane));
  }
  forEach(stream, n / V, body);
}

void addFew(Stream& stream, const TreeLeaf* leaves, int count, int64_t n, float* out) {
  if (count == 1) return stream.copyWithin(out, leaves[0].values, n * sizeof(float));
  bool fours = inFours(n) && inFours(out);
  for (int k = 0; k < count; k++) fours = fours && inFours(leaves[k].values);
  if (fours) addLeaves<4>(stream, leaves, count, n, out);
  else addLeaves<1>(stream, leaves, count, n, out);
}

}  // namespace

DenseTreeOnDevice::DenseTreeOnDevice(Device& device, int leaves, int64_t most)
    : most_(most), partial_(device, leaves > kLeaves ? kBlocks * most * sizeof(float) : 0) {}

void DenseTreeOnDevice::add(Stream& stream, const std::vector<TreeLeaf>& leaves, int64_t n, float* out) {
  if (leaves.size() <= kLeaves) return addFew(stream, leaves.data(), static_cast<int>(leaves.size()), n, out);
  std::vector<TreeLeaf> blocks;
  for (size_t from = 0, to = 0; from < leaves.size(); from = to) {
    while (to < leaves.size() && leaves[to].lane / kBlockLanes == leaves[from].lane / kBlockLanes) to++;
    float* sum = partial_.as<float>() + static_cast<int64_t>(blocks.size()) * most_;
    if (to - from > 1) addFew(stream, leaves.data() + from, static_cast<int>(to - from), n, sum);
    blocks.push_back({leaves[from].lane, to - from > 1 ? sum : leaves[from].values});
  }
  addFew(stream, blocks.data(), static_cast<int>(blocks.size()), n, out);
}

}  // namespace lossmith
