// Many copies within device memory as one launch: parts of gradients on their way into a message and out of it.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/cuda/device.h"

namespace lossmith {

// `rows` rows of `words` 4-byte words each, or only *count of them where that is fewer and `count` (device memory) is not null.
struct Segment {
  const void* from;
  void* to;
  int64_t rows, words;
  const int64_t* count;
};

// Where rows of a table begin for each of `owners` even ranges of its rows: out[o] for o = 0..owners, the last is *count.
struct SplitRows {
  const int64_t* rows;
  const int64_t* count;
  int64_t table_rows;
};

// The rows of a table that came in `parts` parts, each with its count before it: put one behind the other.
struct JoinRows {
  const char* base;             // of the messages
  const int64_t* part_offsets;  // [parts] of each message, in bytes
  const int64_t* row_offsets;   // [parts] of the table's rows in the message
  const int64_t* value_offsets;
  int64_t table, width;
  int64_t* count;
  int64_t* rows;
  float* values;
};

// Lists that kernels read, copied with the stream. Memory grows only; a list must not change before the stream has done its copy.
template <class T>
class DeviceList {
 public:
  const T* put(Stream& stream, const std::vector<T>& list) {
    const size_t bytes = list.size() * sizeof(T);
    if (bytes > device_.bytes()) {
      stream.synchronize();
      host_ = PinnedMemory(stream.device(), 2 * bytes);
      device_ = DeviceMemory(stream.device(), 2 * bytes);
    }
    std::copy(list.begin(), list.end(), host_.template as<T>());
    stream.copyIn(device_.data(), host_.template as<T>(), bytes);
    return device_.template as<T>();
  }

 private:
  PinnedMemory host_;
  DeviceMemory device_;
};

// Lists are in device memory.
void copySegments(Stream& stream, const Segment* segments, int64_t count);
void splitRows(Stream& stream, const SplitRows* tables, int64_t count, int owners, int64_t* out);
void joinRows(Stream& stream, const JoinRows* tables, int64_t count, int parts);

}  // namespace lossmith
