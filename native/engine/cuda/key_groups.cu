// See key_groups.cuh.
#include <algorithm>
#include <bit>
#include <cub/device/device_radix_sort.cuh>
#include <cub/device/device_scan.cuh>
#include <numeric>
#include <string>

#include "engine/cuda/key_groups.cuh"
#include "engine/cuda/launch.cuh"

namespace lossmith {
namespace {

struct Number {
  uint32_t* numbers;
  __host__ __device__ void operator()(int64_t i) const { numbers[i] = static_cast<uint32_t>(i); }
};

// 1 where a key is not the one before.
struct MarkHeads {
  KeyArray sorted;
  uint32_t* heads;
  __host__ __device__ void operator()(int64_t i) const { heads[i] = i == 0 || sorted.get(i) != sorted.get(i - 1); }
};

// groups_of[i] is the number of heads up to i, and becomes the number of i's group.
struct CloseGroups {
  KeyArray sorted;
  int64_t n;
  uint64_t limit;
  uint32_t* groups_of;
  uint32_t* begins;
  int64_t* group_keys;
  int64_t* count;

  __host__ __device__ void operator()(int64_t i) const {
    const uint32_t group = groups_of[i] - 1;
    const uint64_t key = sorted.get(i);
    groups_of[i] = group;
    if (i == 0 || key != sorted.get(i - 1)) {
      begins[group] = static_cast<uint32_t>(i);
      group_keys[group] = static_cast<int64_t>(key);
    }
    if (i + 1 < n) return;
    begins[group + 1] = static_cast<uint32_t>(n);
    *count = key < limit ? group + 1 : group;
  }
};

struct NoGroups {
  uint32_t* begins;
  int64_t* count;
  __host__ __device__ void operator()(int64_t) const {
    begins[0] = 0;
    *count = 0;
  }
};

template <class Key>
size_t sortBytes(int64_t capacity) {
  size_t bytes = 0;
  checkCuda(cub::DeviceRadixSort::SortPairs(nullptr, bytes, static_cast<const Key*>(nullptr), static_cast<Key*>(nullptr),
                                            static_cast<const uint32_t*>(nullptr), static_cast<uint32_t*>(nullptr), static_cast<int>(capacity)),
            "cub::DeviceRadixSort::SortPairs");
  return bytes;
}

size_t scanBytes(int64_t capacity) {
  size_t bytes = 0;
  checkCuda(
      cub::DeviceScan::InclusiveSum(nullptr, bytes, static_cast<uint32_t*>(nullptr), static_cast<uint32_t*>(nullptr), static_cast<int>(capacity)),
      "cub::DeviceScan::InclusiveSum");
  return bytes;
}

int64_t checked(int64_t capacity) {
  if (capacity >= 0 && capacity < INT32_MAX) return capacity;
  throw configError("too-many-ids", "[cuda] wanted fewer than 2^31 ids of one table in a lane's batch, got " + std::to_string(capacity));
}

}  // namespace

KeyGroups::KeyGroups(Device& device, int64_t capacity)
    : capacity_(checked(capacity)),
      unsorted_(device, capacity * sizeof(uint64_t)),
      sorted_(device, capacity * sizeof(uint64_t)),
      numbers_(device, capacity * sizeof(uint32_t)),
      entries_(device, capacity * sizeof(uint32_t)),
      groups_of_(device, capacity * sizeof(uint32_t)),
      begins_(device, (capacity + 1) * sizeof(uint32_t)),
      group_keys_(device, capacity * sizeof(int64_t)),
      count_(device, sizeof(int64_t)) {
  if (device.emulated()) return;
  temporary_ = DeviceMemory(device, std::max({sortBytes<uint32_t>(capacity), sortBytes<uint64_t>(capacity), scanBytes(capacity), size_t{1}}));
  forEach(device.stream(), capacity, Number{numbers_.as<uint32_t>()});
  device.stream().synchronize();  // whatever stream it is used in
}

void KeyGroups::sort(Stream& stream, int64_t n, uint64_t limit, uint64_t most) {
  const KeyArray from = arrayOf(unsorted_, limit), to = arrayOf(sorted_, limit);
  uint32_t* const entries = entries_.as<uint32_t>();
  const int bits = std::max(1, static_cast<int>(std::bit_width(most)));
  if (stream.device().emulated()) {
    const uint64_t mask = ~uint64_t{0} >> (64 - bits);
    return stream.emulate([=] {
      std::iota(entries, entries + n, 0u);
      std::stable_sort(entries, entries + n, [&](uint32_t a, uint32_t b) { return (from.get(a) & mask) < (from.get(b) & mask); });
      for (int64_t i = 0; i < n; i++) to.put(i, from.get(entries[i]));
    });
  }
  size_t bytes = temporary_.bytes();
  const uint32_t* numbers = numbers_.as<uint32_t>();
  const cudaStream_t queue = cudaStreamOf(stream);
  const cudaError_t result =
      from.narrow != nullptr
          ? cub::DeviceRadixSort::SortPairs(temporary_.data(), bytes, from.narrow, to.narrow, numbers, entries, static_cast<int>(n), 0, bits, queue)
          : cub::DeviceRadixSort::SortPairs(temporary_.data(), bytes, from.wide, to.wide, numbers, entries, static_cast<int>(n), 0, bits, queue);
  checkCuda(result, "cub::DeviceRadixSort::SortPairs");
}

void KeyGroups::addUp(Stream& stream, int64_t n) {
  uint32_t* const counts = groups_of_.as<uint32_t>();
  if (stream.device().emulated()) return stream.emulate([=] { std::partial_sum(counts, counts + n, counts); });
  size_t bytes = temporary_.bytes();
  checkCuda(cub::DeviceScan::InclusiveSum(temporary_.data(), bytes, counts, counts, static_cast<int>(n), cudaStreamOf(stream)),
            "cub::DeviceScan::InclusiveSum");
}

void KeyGroups::group(Stream& stream, int64_t n, uint64_t limit, uint64_t most) {
  if (n == 0) return forEach(stream, 1, NoGroups{begins(), count()});
  sort(stream, n, limit, most);
  const KeyArray sorted = arrayOf(sorted_, limit);
  forEach(stream, n, MarkHeads{sorted, groups_of_.as<uint32_t>()});
  addUp(stream, n);
  forEach(stream, n, CloseGroups{sorted, n, limit, groups_of_.as<uint32_t>(), begins(), groupKeys(), count()});
}

}  // namespace lossmith
