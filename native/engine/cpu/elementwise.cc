// A chain of elementwise functions in one pass over memory: tiles of 512 elements go through all steps while they are in the first
// cache. Inputs that are dense are read in place, others are laid out tile by tile. A tile's last vector may hold leftovers past the
// end; they are computed and never stored, so that every element goes through the same instructions.
#include <algorithm>
#include <array>
#include <cstring>

#include "engine/cpu/elementwise_tiles.h"
#include "engine/cpu/float_lanes.h"
#include "engine/cpu/isa.h"
#include "engine/cpu/kernel.h"

namespace lossmith {
namespace {

constexpr int64_t kTile = 512;

// Reads one input in the order of the index space, `count` elements at a time.
class InputWalker {
 public:
  void start(const float* base, const std::vector<int64_t>& sizes, const std::vector<int64_t>& strides);
  // The next `count` elements: in place, or laid out in `tile`. Readable up to the next multiple of kTileStep.
  float* next(int64_t count, float* tile, bool in_place);

 private:
  void layOut(int64_t count, float* to);
  void carry(int d);

  const float* base_ = nullptr;
  int dims_ = 0;
  std::array<int64_t, 4> sizes_{}, strides_{}, index_{};
  int64_t offset_ = 0;
};

// Neighbouring dimensions that are one walk become one.
void InputWalker::start(const float* base, const std::vector<int64_t>& sizes, const std::vector<int64_t>& strides) {
  base_ = base;
  dims_ = 0;
  offset_ = 0;
  index_ = {};
  for (size_t d = 0; d < sizes.size(); d++) {
    if (sizes[d] == 1) continue;
    if (dims_ > 0 && strides_[dims_ - 1] == strides[d] * sizes[d]) {
      sizes_[dims_ - 1] *= sizes[d];
      strides_[dims_ - 1] = strides[d];
    } else {
      sizes_[dims_] = sizes[d];
      strides_[dims_++] = strides[d];
    }
  }
  if (dims_ == 0) {
    sizes_[0] = 1;
    strides_[0] = 0;
    dims_ = 1;
  }
}

float* InputWalker::next(int64_t count, float* tile, bool in_place) {
  const bool dense = dims_ == 1 && strides_[0] == 1;
  const bool scalar = dims_ == 1 && strides_[0] == 0;
  if (in_place && dense && count % kTileStep == 0) {
    const float* here = base_ + offset_;
    offset_ += count;
    return const_cast<float*>(here);  // no step writes a register that is read in place
  }
  if (in_place && scalar && index_[0] > 0) {  // laid out by an earlier, full tile
    index_[0] += count;
    return tile;
  }
  layOut(count, tile);
  return tile;
}

// `runs` rows of `length` elements: row r, element i is from[r · row_stride + i · stride]. Widths of embeddings, 16 and its multiples, go
// by whole vectors.
LOSSMITH_CLONES void layOutRuns(const float* from, int64_t runs, int64_t length, int64_t row_stride, int64_t stride, float* to) {
  const bool whole = length % kLanes == 0 && (stride == 0 || stride == 1);
  for (int64_t r = 0; r < runs; r++, from += row_stride, to += length) {
    if (whole) {
      Lanes lanes = *from - Lanes{};  // not + 0, which would turn -0 into 0
      for (int64_t i = 0; i < length; i += kLanes) {
        if (stride == 1) load(lanes, from + i);
        store(to + i, lanes);
      }
    } else {
      for (int64_t i = 0; i < length; i++) to[i] = from[i * stride];
    }
  }
}

// Runs of the innermost dimension that are whole go together, as many as the dimension above has left.
void InputWalker::layOut(int64_t count, float* to) {
  const int last = dims_ - 1;
  const int64_t length = sizes_[last], stride = strides_[last];
  while (count > 0) {
    const float* from = base_ + offset_;
    if (last > 0 && index_[last] == 0 && count >= length) {
      const int64_t runs = std::min(count / length, sizes_[last - 1] - index_[last - 1]);
      layOutRuns(from, runs, length, strides_[last - 1], stride, to);
      index_[last - 1] += runs;
      offset_ += runs * strides_[last - 1];
      carry(last - 1);
      to += runs * length;
      count -= runs * length;
    } else {
      const int64_t part = std::min(count, length - index_[last]);
      layOutRuns(from, 1, part, 0, stride, to);
      index_[last] += part;
      offset_ += part * stride;
      carry(last);
      to += part;
      count -= part;
    }
  }
}

// Dimensions from `d` outwards that have come to their end start again, and the one outside takes a step.
void InputWalker::carry(int d) {
  for (; d > 0 && index_[d] == sizes_[d]; d--) {
    offset_ += strides_[d - 1] - sizes_[d] * strides_[d];
    index_[d] = 0;
    index_[d - 1]++;
  }
}

class ElementwiseKernel : public Kernel {
 public:
  explicit ElementwiseKernel(const Elementwise& instruction)
      : op_(instruction),
        walkers_(op_.inputs.size()),
        in_place_(op_.inputs.size(), true),
        sizes_(op_.dims.size()),
        tiles_(op_.registers * kTile * sizeof(float)),
        registers_(op_.registers) {
    for (const ElementwiseStep& step : op_.steps) {
      functions_.push_back(tileFunction(step.f));
      if (step.to < static_cast<int>(in_place_.size())) in_place_[step.to] = false;
    }
  }

  void run(Frame& frame) override {
    int64_t total = 1;
    for (size_t d = 0; d < sizes_.size(); d++) total *= sizes_[d] = frame.size(op_.dims[d]);
    for (size_t i = 0; i < walkers_.size(); i++) walkers_[i].start(frame.floats(op_.inputs[i]), sizes_, op_.strides[i]);
    for (int64_t done = 0; done < total; done += kTile) runTile(frame, done, std::min(kTile, total - done));
  }

 private:
  float* tile(int reg) const { return tiles_.floats() + reg * kTile; }

  void runTile(Frame& frame, int64_t done, int64_t count) {
    const int64_t padded = (count + kTileStep - 1) / kTileStep * kTileStep;
    for (size_t i = 0; i < walkers_.size(); i++) registers_[i] = walkers_[i].next(count, tile(i), in_place_[i]);
    for (size_t s = 0; s < functions_.size(); s++) {
      const ElementwiseStep& step = op_.steps[s];
      float* to = tile(step.to);
      if (s + 1 == functions_.size() && padded == count) to = destination(frame, step.to, done);
      functions_[s](to, registers_[step.a], registers_[step.b], step.value, padded);
      registers_[step.to] = to;
    }
    for (const ElementwiseOutput& output : op_.outputs) {
      float* out = frame.floats(output.buffer) + done;
      if (registers_[output.reg] != out) std::memcpy(out, registers_[output.reg], count * sizeof(float));
    }
  }

  // The last step may write to memory at once: nothing reads this tile after it.
  float* destination(Frame& frame, int reg, int64_t done) const {
    for (const ElementwiseOutput& output : op_.outputs) {
      if (output.reg == reg) return frame.floats(output.buffer) + done;
    }
    return tile(reg);
  }

  const Elementwise op_;
  std::vector<TileFunction> functions_;
  std::vector<InputWalker> walkers_;
  std::vector<bool> in_place_;  // no step writes the input's register
  std::vector<int64_t> sizes_;
  AlignedMemory tiles_;
  std::vector<float*> registers_;
};

}  // namespace

std::unique_ptr<Kernel> makeElementwise(const Elementwise& instruction) { return std::make_unique<ElementwiseKernel>(instruction); }

}  // namespace lossmith
