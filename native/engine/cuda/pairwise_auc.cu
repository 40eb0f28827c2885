// The smooth pairwise objective and its gradient: with c = n / (n+ n-), a positive i has c * the sum over negatives j of softplus(z_j - z_i),
// others 0. A team has one example, which meets all others; how many there are of each kind is counted on the device first.
#include "engine/cuda/launch.cuh"
#include "engine/cuda/ops.h"
#include "engine/scalar_functions.h"

namespace lossmith {
namespace {

constexpr int kThreads = 256;
constexpr int kCountThreads = 1024;

__host__ __device__ inline bool positive(float y) { return y > 0.5f; }

struct ScaleOf {
  const float* y;
  int64_t batch;
  float* scale;
  __host__ __device__ void operator()(int64_t, const Team& team) const {
    int64_t positives = 0;
    for (int64_t i = team.rank(); i < batch; i += team.size()) positives += positive(y[i]) ? 1 : 0;
    positives = team.sum(positives);
    const double pairs = static_cast<double>(positives) * static_cast<double>(batch - positives);
    if (team.rank() == 0) *scale = pairs > 0 ? static_cast<float>(static_cast<double>(batch) / pairs) : 0.0f;
  }
};

struct LossOfExample {
  const float* z;
  const float* y;
  const float* scale;
  float* out;
  int64_t batch;
  __host__ __device__ void operator()(int64_t i, const Team& team) const {
    float sum = 0;
    if (positive(y[i])) {
      for (int64_t j = team.rank(); j < batch; j += team.size()) sum += positive(y[j]) ? 0.0f : softplusOf(z[j] - z[i]);
    }
    sum = team.sum(sum);
    if (team.rank() == 0) out[i] = positive(y[i]) ? *scale * sum : 0.0f;
  }
};

// Of a positive i, -c d_i times the sum over negatives of sigmoid(z_j - z_i); of a negative, the sum over positives of c d_i sigmoid(z_j - z_i).
struct SlopeOfExample {
  const float* z;
  const float* y;
  const float* d;
  const float* scale;
  float* out;
  int64_t batch;
  __host__ __device__ void operator()(int64_t i, const Team& team) const {
    const bool above = positive(y[i]);
    float sum = 0;
    for (int64_t j = team.rank(); j < batch; j += team.size()) {
      if (positive(y[j]) == above) continue;
      sum += above ? sigmoidOf(z[j] - z[i]) : *scale * d[j] * sigmoidOf(z[i] - z[j]);
    }
    sum = team.sum(sum);
    if (team.rank() == 0) out[i] = above ? -(*scale * d[i]) * sum : sum;
  }
};

class PairwiseAucKernel : public DeviceKernel {
 public:
  explicit PairwiseAucKernel(const PairwiseAuc& instruction) : op_(instruction) {}

  void enqueue(DeviceFrame& frame) override {
    if (frame.batch == 0) return;
    const float* y = frame.floats(op_.y);
    auto* scale = static_cast<float*>(frame.workspace);
    forEachTeam(*frame.stream, 1, kCountThreads, ScaleOf{y, frame.batch, scale});
    forEachTeam(*frame.stream, frame.batch, kThreads, LossOfExample{frame.floats(op_.z), y, scale, frame.floats(op_.out), frame.batch});
  }

 private:
  const PairwiseAuc op_;
};

class PairwiseAucGradKernel : public DeviceKernel {
 public:
  explicit PairwiseAucGradKernel(const PairwiseAucGrad& instruction) : op_(instruction) {}

  void enqueue(DeviceFrame& frame) override {
    if (frame.batch == 0) return;
    const float* y = frame.floats(op_.y);
    auto* scale = static_cast<float*>(frame.workspace);
    forEachTeam(*frame.stream, 1, kCountThreads, ScaleOf{y, frame.batch, scale});
    forEachTeam(*frame.stream, frame.batch, kThreads,
                SlopeOfExample{frame.floats(op_.z), y, frame.floats(op_.d), scale, frame.floats(op_.out), frame.batch});
  }

 private:
  const PairwiseAucGrad op_;
};

}  // namespace

std::unique_ptr<DeviceKernel> makeDevicePairwiseAuc(const PairwiseAuc& instruction) { return std::make_unique<PairwiseAucKernel>(instruction); }
std::unique_ptr<DeviceKernel> makeDevicePairwiseAucGrad(const PairwiseAucGrad& instruction) {
  return std::make_unique<PairwiseAucGradKernel>(instruction);
}

}  // namespace lossmith
