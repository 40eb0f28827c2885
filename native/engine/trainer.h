// One rank's training state and steps: weights, optimizer state, lanes. A step is compute, exchange, update (DESIGN.md §4); one that
// teaches the controller is compute with search, exchange, validate, exchangeValidation, tangents, update (docs/autoloss.md).
// Every sum over lanes is added by the lane tree, so neither threads nor ranks change a bit. Not thread-safe but for setController: one
// caller at a time. On the CPU: cpu_trainer.h. On a GPU: cuda/cuda_trainer.h.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/collective/collective.h"
#include "engine/data/feed.h"
#include "engine/exchange.h"
#include "engine/lanes/program_binding.h"
#include "engine/precision.h"
#include "engine/program.h"
#include "engine/state/lookahead.h"
#include "engine/state/optimizer.h"
#include "engine/state/state_spec.h"

namespace lossmith {

// What learns the weights of candidate losses. Without `search` it is frozen: its weights are used, nothing is learned.
struct ControllerOptions {
  int64_t size = 0;
  std::optional<Program> search, validate;
  Lookahead lookahead = Lookahead::Exact;
  int64_t lane_batch = 1;
};

enum class DeviceKind { Cpu, Cuda };

// Tree: the fixed lane tree, the same bits for any number of ranks. AllReduce: NCCL's own order, the same bits for equal worlds only.
enum class ExchangeKind { Tree, AllReduce };

struct TrainerOptions {
  std::vector<ParameterSpec> parameters;
  std::vector<TableSpec> tables;
  OptimizerSpec optimizer;
  int classes = 1;
  Program train, predict;
  std::optional<ControllerOptions> controller;
  uint64_t seed = 0;
  int lanes = 1;
  int64_t lane_batch = 1;
  int threads = 1, first_lane = 0, lane_count = 1;
  DeviceKind device = DeviceKind::Cpu;
  int gpu = 0;                                 // ordinal
  Precision precision = Precision::Float32;    // of a GPU
  ExchangeKind exchange = ExchangeKind::Tree;  // between GPUs

  bool learns() const { return controller && controller->search; }
};

struct LaneResult {
  int lane = 0;
  int64_t examples = 0;
  double loss = 0;
  Cursor cursor;
  int64_t rejected = 0, held_out = 0, held_out_test = 0;
  std::vector<Reject> rejects;
  double read_ms = 0, compute_ms = 0;
  std::vector<float> candidates;  // the program's output of that name
};

// A lane without examples has none.
struct LaneEvidence {
  int lane = 0;
  int64_t examples = 0;
  std::vector<float> evidence;
};

struct PieceScores {
  int64_t piece = 0, count = 0, positives = 0, correct = 0, rejected = 0;
  double logloss = 0, predicted = 0;  // float64 sums in the piece's order; predicted is the sum of probabilities
  std::vector<Reject> rejects;        // the first 100
};

class Trainer {
 public:
  virtual ~Trainer() = default;

  virtual void initialize() = 0;
  virtual std::vector<StateTensor> stateTensors() const = 0;
  // Offsets and sizes are in bytes, multiples of 4, within the tensor: else Error(Config, "state-range"). Unknown name: "state-name".
  virtual Bytes readState(const std::string& name, int64_t offset, int64_t bytes) = 0;
  virtual void writeState(const std::string& name, int64_t offset, const Bytes& bytes) = 0;
  // Of this process: what lies in a GPU's memory is not counted.
  virtual int64_t stateBytes() const = 0;

  virtual void setCollective(std::shared_ptr<Collective> collective, const std::vector<int>& first_lanes) = 0;
  // From the next compute on. Throws Error(Config, "controller-size").
  virtual void setController(std::vector<float> phi, int64_t version) = 0;
  virtual std::vector<LaneResult> compute(int64_t step, Feed& feed, bool search, float temperature) = 0;
  virtual StepSummary exchange(bool order) = 0;

  // These three in this order, between the exchange of a step computed with search and its update.
  // Throw Error(Broken, "search-order") otherwise, and where there are no examples or no finite gradients to go on with.
  virtual std::vector<LaneResult> validate(int64_t step, Feed& feed) = 0;
  virtual StepSummary exchangeValidation() = 0;
  virtual std::vector<LaneEvidence> tangents(int64_t step) = 0;

  // Throws Error(Broken, "update-without-exchange") unless an exchange went before, and Error(Broken, "not-finite") when it was not finite.
  // Steps count from 1: Error(Config, "step").
  virtual void update(int64_t step) = 0;
  virtual std::vector<PieceScores> evaluate(Feed& feed, const std::vector<Piece>& pieces, const std::string& scores_path) = 0;
};

// Throws Error(Config) for a plan that does not fit together, and for a device that is not there.
std::unique_ptr<Trainer> createTrainer(TrainerOptions options);

// What any trainer checks first and derives alike.
const TrainerOptions& checked(const TrainerOptions& options);
ExchangeShape exchangeShape(const TrainerOptions& options, int64_t dense_size);
void checkLogits(const ProgramBinding& predict, int classes);
void checkEvidence(const ProgramBinding& search);
void checkLearns(const TrainerOptions& options);
void checkController(const TrainerOptions& options, const std::vector<float>& phi);
// Of what a batch says; nothing that was computed.
LaneResult laneResult(int lane, const Batch& batch);

}  // namespace lossmith
