// Entries on the device grouped by a key: a stable sort, then where each key begins. The engine below RowGrouper and RowTreeOnDevice.
// On a GPU CUB's radix sort, on keys of 32 bits where that is enough; emulated std::stable_sort: the same result.
#pragma once

#include <cstdint>

#include "engine/cuda/device.h"

namespace lossmith {

// Where keys are put; of the two widths one is there.
struct KeyArray {
  uint32_t* narrow;
  uint64_t* wide;

  __host__ __device__ void put(int64_t i, uint64_t key) const {
    if (narrow != nullptr) narrow[i] = static_cast<uint32_t>(key);
    else wide[i] = key;
  }
  __host__ __device__ uint64_t get(int64_t i) const { return narrow != nullptr ? narrow[i] : wide[i]; }
};

class KeyGroups {
 public:
  // Throws Error(Config, "too-many-ids") for 2^31 entries and more.
  KeyGroups(Device& device, int64_t capacity);

  int64_t capacity() const { return capacity_; }
  // Entry i's key is put at i before group(n, limit), and is below `limit`, or `limit`: then the entry is in no group. No key is above `most`: the
  // sort looks at as many bits as that has.
  KeyArray keys(uint64_t limit) const { return arrayOf(unsorted_, limit); }
  void group(Stream& stream, int64_t n, uint64_t limit, uint64_t most);

  int64_t* count() const { return count_.as<int64_t>(); }                 // groups
  int64_t* groupKeys() const { return group_keys_.as<int64_t>(); }        // [capacity]
  uint32_t* begins() const { return begins_.as<uint32_t>(); }             // [capacity + 1] in `entries`; the last group's end is there, too
  const uint32_t* entries() const { return entries_.as<uint32_t>(); }     // [capacity] by group, then ascending
  const uint32_t* groupsOf() const { return groups_of_.as<uint32_t>(); }  // [capacity] by place in `entries`

 private:
  static KeyArray arrayOf(const DeviceMemory& memory, uint64_t limit) {
    const bool narrow = limit <= UINT32_MAX;
    return {narrow ? memory.as<uint32_t>() : nullptr, narrow ? nullptr : memory.as<uint64_t>()};
  }
  void sort(Stream& stream, int64_t n, uint64_t limit, uint64_t most);
  void addUp(Stream& stream, int64_t n);

  int64_t capacity_;
  DeviceMemory unsorted_, sorted_, numbers_, entries_, groups_of_, begins_, group_keys_, count_, temporary_;
};

}  // namespace lossmith
