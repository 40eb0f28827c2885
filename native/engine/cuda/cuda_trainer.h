// The trainer on a GPU, or on its emulation. State, gradients and sums lie in device memory; what the host sees of a step is one report behind
// the lanes' runs: losses, flags, bad ids, counts of rows. Lanes run one after the other, each as one captured graph where its batch is full, while
// the host reads the next batches. Sums over lanes go by the lane tree, so neither their number nor ranks change a bit on one kind of GPU.
// cuda_trainer.cc: state and steps; cuda_trainer_search.cc: what teaches the controller; cuda_trainer_evaluate.cc: scores.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <tuple>
#include <vector>

#include "engine/cuda/device_exchange.h"
#include "engine/cuda/device_input.h"
#include "engine/cuda/device_lanes.h"
#include "engine/cuda/device_optimizer.h"
#include "engine/cuda/device_predictor.h"
#include "engine/cuda/device_runner.h"
#include "engine/cuda/gradient_rows.h"
#include "engine/cuda/kernel_cache.h"
#include "engine/cuda/products.h"
#include "engine/state/controller_state.h"
#include "engine/state/state_planes.h"
#include "engine/step_order.h"
#include "engine/trainer.h"

namespace lossmith {

class NcclWorld;

// Throws Error(Config, "no-gpu") where there is none, also where the engine was built without CUDA.
std::unique_ptr<Trainer> createCudaTrainer(TrainerOptions options);

class CudaTrainer : public Trainer {
 public:
  explicit CudaTrainer(TrainerOptions options);
  ~CudaTrainer() override;

  void initialize() override;
  std::vector<StateTensor> stateTensors() const override { return planes_.tensors(); }
  Bytes readState(const std::string& name, int64_t offset, int64_t bytes) override;
  void writeState(const std::string& name, int64_t offset, const Bytes& bytes) override;
  int64_t stateBytes() const override;

  void setCollective(std::shared_ptr<Collective> collective, const std::vector<int>& first_lanes) override;
  void setController(std::vector<float> phi, int64_t version) override;
  std::vector<LaneResult> compute(int64_t step, Feed& feed, bool search, float temperature) override;
  StepSummary exchange(bool order) override;
  std::vector<LaneResult> validate(int64_t step, Feed& feed) override;
  StepSummary exchangeValidation() override;
  std::vector<LaneEvidence> tangents(int64_t step) override;
  void update(int64_t step) override;
  std::vector<PieceScores> evaluate(Feed& feed, const std::vector<Piece>& pieces, const std::string& scores_path) override;

 private:
  using RunnerOfLane = std::function<DeviceRunner&(int lane)>;
  // Of one kind of batch, training or validation: what the own lanes read and make of it, and the sums.
  struct Work {
    int64_t lane_batch;
    GradientRows rows;
    DeviceInput input;
    DeviceLanes lanes;
    std::vector<DeviceLaneGradient> gradients;
    std::unique_ptr<DeviceExchange> exchange;  // made when it is first wanted in a world
  };
  // What a step reads of the host's: written before each step, at the same place each time.
  struct StepInputs {
    StepInputs(Device& device, int lanes, int64_t controller_size);

    int64_t controller_size;
    size_t temperature_at, phi_at, optimizer_at, lookahead_at, bytes;
    PinnedMemory host;
    DeviceMemory memory;
    Event sent[3];  // by part: of the lanes, of the optimizer, of the look-ahead. One for all would make a step wait for the end of the last one

    template <class T>
    T* onDevice(size_t at) const {
      return reinterpret_cast<T*>(memory.as<char>() + at);
    }
    // To be written; what was sent before has left.
    template <class T>
    T* onHost(size_t at) {
      sentOf(at).synchronize();
      return reinterpret_cast<T*>(host.as<char>() + at);
    }
    Event& sentOf(size_t at) { return sent[(at >= optimizer_at) + (at >= lookahead_at)]; }
    void send(Stream& stream, size_t from, size_t to);
  };
  struct LaneGraph {
    int runs = 0;
    std::unique_ptr<Graph> graph;
  };

  Stream& stream() const { return device_->stream(); }
  std::unique_ptr<DeviceRunner> makeRunner(const Program& program, const std::string& output);
  std::unique_ptr<Work> makeWork(const std::vector<const DeviceRunner*>& runners, int64_t lane_batch);
  float* plane(int number) const { return dense_.as<float>() + number * layout_.size(); }
  DenseOnDevice denseState() const;
  void sendStep(int64_t step);
  std::vector<LaneResult> runLanes(Work& work, Feed& feed, const RunnerOfLane& runner);
  void enqueueLane(Work& work, int lane, DeviceRunner& runner, const DeviceBatch& batch);
  void takeReport(Work& work, int lane, const DeviceRunner& runner, LaneResult& result) const;
  void enqueueOrReplay(const DeviceRunner& runner, int place, int lane, ProgramPhase phase, bool full, const std::function<void()>& enqueue);
  DeviceExchange& exchangeOf(Work& work);

  const TrainerOptions options_;
  const std::unique_ptr<Device> device_;
  Products products_;
  KernelCache kernels_;
  const DenseLayout layout_;
  DeviceMemory dense_;    // planes one behind the other: weight, then the optimizer's states in their order
  DeviceMemory tangent_;  // of the dense parameters, where a controller learns
  std::vector<TableOnDevice> tables_;
  StatePlanes planes_;
  ThreadTeam team_;
  TransferBuffer transfer_;
  StepInputs inputs_;
  std::unique_ptr<DeviceRunner> train_, predict_;
  std::unique_ptr<Work> training_;
  std::unique_ptr<DevicePredictor> predictor_;                                           // made by the first evaluation
  std::map<std::tuple<const DeviceRunner*, int, int, ProgramPhase>, LaneGraph> graphs_;  // by runner, place of the input, own lane

  std::shared_ptr<Collective> collective_;  // null: a world of one
  std::shared_ptr<NcclWorld> nccl_world_;   // of the collective
  std::vector<int> first_lanes_{0};         // by rank
  StepOrder order_;
  ControllerInbox inbox_;
  ControllerState controller_;

  // Of a controller that learns:
  std::vector<std::unique_ptr<DeviceRunner>> search_;  // by own lane: the second phase finds what the first one computed
  std::unique_ptr<DeviceRunner> validate_;
  std::unique_ptr<Work> validation_;
};

}  // namespace lossmith
