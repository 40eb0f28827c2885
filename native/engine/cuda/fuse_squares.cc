// See fuse_squares.h.
#include "engine/cuda/fuse_squares.h"

#include <algorithm>

#include "engine/cuda/instruction_buffers.h"

namespace lossmith {
namespace {

class Finder {
 public:
  explicit Finder(const DeviceProgram& code) : code_(code), size_(static_cast<int>(code.code.size())) {}

  std::vector<FusedSquares> run() const {
    std::vector<FusedSquares> found;
    for (int at = 0; at < size_; at++) {
      const auto* squares = std::get_if<ReduceSum>(&code_.code[at]);
      // Examples are summed one by one: long sums of few columns are another kernel's.
      if (squares == nullptr || squares->outer >= 0 || squares->length < 0 || squares->inner <= 1) continue;
      const int square = squareBefore(at, *squares);
      if (square < 0) continue;
      const int x = std::get<Elementwise>(code_.code[square]).inputs[0];
      FusedSquares fused{{x, -1, squares->out, squares->outer, squares->length, squares->inner}, at, {square}};
      const int sum = sumBefore(at, fused.sums);
      if (sum >= 0) {
        fused.sums.sum = std::get<ReduceSum>(code_.code[sum]).out;
        fused.spare.push_back(sum);
      }
      found.push_back(fused);
    }
    return found;
  }

 private:
  // The chain that is nothing but the square of one buffer, for this sum alone; -1: none.
  int squareBefore(int at, const ReduceSum& squares) const {
    for (int i = at - 1; i >= beginOf(at); i--) {
      const auto* chain = std::get_if<Elementwise>(&code_.code[i]);
      if (chain == nullptr || chain->outputs.size() != 1 || chain->outputs[0].buffer != squares.x) continue;
      const bool square = chain->inputs.size() == 1 && chain->steps.size() == 1 && chain->steps[0].f == Function::Square && chain->steps[0].a == 0 &&
                          chain->outputs[0].reg == chain->steps[0].to;
      const bool whole = chain->dims.size() == 1 && chain->strides[0][0] == 1 && chain->dims[0] == squares.outer * squares.length * squares.inner;
      const bool alone = code_.program.buffers[squares.x].place == Place::Arena && readersOf(squares.x) == 1;
      return square && whole && alone && keeps(chain->inputs[0], i, at) ? i : -1;
    }
    return -1;
  }

  // The sum of x itself, whose result nothing reads before `at`; -1: none.
  int sumBefore(int at, const SquareSums& sums) const {
    for (int i = at - 1; i >= beginOf(at); i--) {
      const auto* sum = std::get_if<ReduceSum>(&code_.code[i]);
      if (sum != nullptr && sum->x == sums.x && sum->outer == sums.outer && sum->length == sums.length && sum->inner == sums.inner) {
        return keeps(sums.x, i, at) && keeps(sum->out, i, at) && readersBetween(sum->out, i, at) == 0 ? i : -1;
      }
    }
    return -1;
  }

  int beginOf(int at) const { return at < code_.program.cut ? 0 : static_cast<int>(code_.program.cut); }

  // Whether no instruction behind `from`, up to `at`, writes where the buffer lies.
  bool keeps(int buffer, int from, int at) const {
    for (int i = from + 1; i <= at; i++) {
      for (const int written : buffersOf(code_.code[i]).writes) {
        if (overlap(buffer, written)) return false;
      }
    }
    return true;
  }

  bool overlap(int one, int other) const {
    const Buffer &a = code_.program.buffers[one], &b = code_.program.buffers[other];
    if (one == other) return true;
    if (a.place != b.place) return false;
    if (a.place != Place::Arena) return a.index == b.index;
    return a.offset < endOf(b) && b.offset < endOf(a);
  }
  int64_t endOf(const Buffer& buffer) const {
    return buffer.offset + buffer.inner * (buffer.batch ? code_.program.max_batch : 1) * static_cast<int64_t>(sizeof(float));
  }

  int readersBetween(int buffer, int from, int at) const {
    int readers = 0;
    for (int i = from + 1; i < at; i++) {
      const std::vector<int> reads = buffersOf(code_.code[i]).reads;
      readers += std::count(reads.begin(), reads.end(), buffer) > 0 ? 1 : 0;
    }
    return readers;
  }
  int readersOf(int buffer) const { return readersBetween(buffer, -1, size_); }

  const DeviceProgram& code_;
  const int size_;
};

}  // namespace

std::vector<FusedSquares> fuseSquares(const DeviceProgram& code) { return Finder(code).run(); }

}  // namespace lossmith
