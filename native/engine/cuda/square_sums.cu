// sum[outer, inner] = Σ over length of x[outer, length, inner], and squares the same of x², in one pass over x: what factorization machines are made
// of. In the order of reduce.cuh; a thread has some neighbouring columns.
#include "engine/cuda/fast_division.cuh"
#include "engine/cuda/launch.cuh"
#include "engine/cuda/ops.h"

namespace lossmith {
namespace {

template <int kColumns>
struct alignas(kColumns * sizeof(float)) Columns {
  float of[kColumns];
};

constexpr int kParts = 4;  // side by side, so that four reads are under way

template <int kColumns>
struct SumBoth {
  using Few = Columns<kColumns>;
  const float* x;
  float* sum;  // may be null
  float* squares;
  int64_t length, inner;
  FastDivision groups;  // of columns
  __host__ __device__ void operator()(int64_t i) const {
    const auto [outer, group] = groups(i);
    const float* at = x + outer * length * inner + group * kColumns;
    Few sums[kParts] = {}, squared[kParts] = {};
    int64_t left = length;
    for (; left >= kParts; left -= kParts, at += kParts * inner) {
      for (int p = 0; p < kParts; p++) add(*reinterpret_cast<const Few*>(at + p * inner), sums[p], squared[p]);
    }
    for (int p = 0; p < kParts; p++) {  // places known to the compiler keep the parts in registers
      if (p < left) add(*reinterpret_cast<const Few*>(at + p * inner), sums[p], squared[p]);
    }
    const int64_t to = outer * inner + group * kColumns;
    if (sum != nullptr) *reinterpret_cast<Few*>(sum + to) = together(sums);
    *reinterpret_cast<Few*>(squares + to) = together(squared);
  }

  __host__ __device__ static void add(const Few& part, Few& sums, Few& squared) {
    for (int c = 0; c < kColumns; c++) {
      sums.of[c] += part.of[c];
      squared.of[c] += part.of[c] * part.of[c];
    }
  }
  __host__ __device__ static Few together(const Few (&parts)[kParts]) {
    Few all;
    for (int c = 0; c < kColumns; c++) all.of[c] = (parts[0].of[c] + parts[1].of[c]) + (parts[2].of[c] + parts[3].of[c]);
    return all;
  }
};

class SquareSumsKernel : public DeviceKernel {
 public:
  explicit SquareSumsKernel(const SquareSums& instruction) : op_(instruction) {}

  void enqueue(DeviceFrame& frame) override {
    if (op_.inner % 4 == 0) enqueueColumns<4>(frame);
    else enqueueColumns<1>(frame);
  }

 private:
  template <int kColumns>
  void enqueueColumns(DeviceFrame& frame) const {
    const int64_t groups = op_.inner / kColumns, n = frame.size(op_.outer) * groups;
    float* sum = op_.sum < 0 ? nullptr : frame.floats(op_.sum);
    forEach(*frame.stream, n, SumBoth<kColumns>{frame.floats(op_.x), sum, frame.floats(op_.squares), op_.length, op_.inner, FastDivision(groups, n)});
  }

  const SquareSums op_;
};

}  // namespace

std::unique_ptr<DeviceKernel> makeDeviceSquareSums(const SquareSums& instruction) { return std::make_unique<SquareSumsKernel>(instruction); }

}  // namespace lossmith
