// Lets g++ compile the CUDA C of elementwise chains (native/engine/cuda/elementwise_source.h) and runs it: what it uses of CUDA, stood in for, and
// `answer`, which reads runs from a file and writes what came out. compiled-chains.test.ts puts the chains between.
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

struct alignas(16) float4 {
  float x, y, z, w;
};
struct Place {
  unsigned x;
};
inline Place blockIdx, threadIdx;
constexpr Place gridDim{3}, blockDim{2};
#define __global__
#define __launch_bounds__(threads)

// A launch as CompiledChain of elementwise.cu makes it: `words` are the bytes of the kernel's struct.
using Launch = void (*)(const std::vector<uint64_t>& words);
template <class Arguments>
void launch(const std::vector<uint64_t>& words, void (*kernel)(const Arguments)) {
  Arguments arguments;
  if (sizeof arguments != words.size() * sizeof words[0]) std::abort();
  std::memcpy(&arguments, words.data(), sizeof arguments);
  for (blockIdx.x = 0; blockIdx.x < gridDim.x; blockIdx.x++) {
    for (threadIdx.x = 0; threadIdx.x < blockDim.x; threadIdx.x++) kernel(arguments);
  }
}

// Floats at a multiple of 16 bytes, or a float behind one; what lies behind them must stay.
class Floats {
 public:
  Floats(size_t count, bool apart) : count_(count), memory_(count / 4 + 4) {
    first_ = &memory_[1].x + (apart ? 1 : 0);
    std::memset(memory_.data(), 0xa5, memory_.size() * sizeof memory_[0]);
  }
  float* data() { return first_; }
  size_t count() const { return count_; }
  bool overrun() const {
    const auto* begin = reinterpret_cast<const unsigned char*>(memory_.data());
    const auto* first = reinterpret_cast<const unsigned char*>(first_);
    for (const unsigned char* byte = begin; byte < begin + memory_.size() * sizeof memory_[0]; byte++) {
      const bool inside = byte >= first && byte < first + count_ * sizeof(float);
      if (!inside && *byte != 0xa5) return true;
    }
    return false;
  }

 private:
  size_t count_;
  std::vector<float4> memory_;
  float* first_;
};

inline bool runOne(FILE* in, FILE* out, const std::vector<Launch>& chains) {
  uint32_t head[10];  // chain, inputs, outputs, elements, whether addresses are odd, 1 + the input whose place output 0 takes, four sizes
  if (std::fread(head, sizeof head, 1, in) != 1) return false;
  const bool apart = head[4] != 0;
  std::vector<Floats> inputs, outputs;
  for (uint32_t i = 0; i < head[1]; i++) {
    uint32_t count = 0;
    if (std::fread(&count, sizeof count, 1, in) != 1) std::abort();
    inputs.emplace_back(count, apart);
    if (std::fread(inputs.back().data(), sizeof(float), count, in) != count) std::abort();
  }
  for (uint32_t o = 0; o < head[2]; o++) outputs.emplace_back(head[3], apart);
  if (head[5] > 0) std::swap(outputs[0], inputs[head[5] - 1]);
  std::vector<uint64_t> words;
  for (uint32_t i = 0; i < head[1]; i++) words.push_back(reinterpret_cast<uint64_t>((head[5] == i + 1 ? outputs[0] : inputs[i]).data()));
  if (inputs.empty()) words.push_back(0);
  for (Floats& output : outputs) words.push_back(reinterpret_cast<uint64_t>(output.data()));
  const auto pair = [](uint64_t low, uint64_t high) { return low | high << 32; };
  words.push_back(pair(head[3], apart ? 0 : head[3] / 4));
  words.push_back(pair(head[6], head[7]));
  words.push_back(pair(head[8], head[9]));
  chains[head[0]](words);
  for (Floats& output : outputs) {
    if (output.overrun()) std::fprintf(stderr, "chain %u wrote out of bounds\n", head[0]), std::exit(1);
    std::fwrite(output.data(), sizeof(float), output.count(), out);
  }
  return true;
}

inline int answer(int argc, char** argv, const std::vector<Launch>& chains) {
  FILE* in = argc == 3 ? std::fopen(argv[1], "rb") : nullptr;
  FILE* out = argc == 3 ? std::fopen(argv[2], "wb") : nullptr;
  if (in == nullptr || out == nullptr) return 2;
  while (runOne(in, out, chains)) {
  }
  return std::fclose(out);
}
