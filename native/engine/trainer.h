// One rank's training state and steps: weights, optimizer state, lanes, threads. A step is compute, exchange, update (DESIGN.md §4); one that
// teaches the controller is compute with search, exchange, validate, exchangeValidation, tangents, update (docs/autoloss.md).
// Threads take whole lanes, a lane is computed by one thread alone, and every sum over lanes goes through exchange.h; so neither threads
// nor ranks change a bit. Not thread-safe but for setController: one caller at a time.
// trainer.cc: state and steps; trainer_search.cc: what teaches the controller; trainer_evaluate.cc: scores.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "engine/data/feed.h"
#include "engine/exchange.h"
#include "engine/lanes/lane_runner.h"
#include "engine/program.h"
#include "engine/state/controller_state.h"
#include "engine/state/dense_state.h"
#include "engine/state/lookahead.h"
#include "engine/state/table.h"

namespace lossmith {

// What learns the weights of candidate losses. Without `search` it is frozen: its weights are used, nothing is learned.
struct ControllerOptions {
  int64_t size = 0;
  std::optional<Program> search, validate;
  Lookahead lookahead = Lookahead::Exact;
  int64_t lane_batch = 1;
};

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
  // Throws Error(Config) for a plan that does not fit together.
  explicit Trainer(TrainerOptions options);

  void initialize();
  std::vector<StateTensor> stateTensors() const;
  // Offsets and sizes are in bytes, multiples of 4, within the tensor: else Error(Config, "state-range"). Unknown name: "state-name".
  Bytes readState(const std::string& name, int64_t offset, int64_t bytes);
  void writeState(const std::string& name, int64_t offset, const Bytes& bytes);
  int64_t stateBytes() const;

  void setCollective(std::shared_ptr<Collective> collective, const std::vector<int>& first_lanes);
  // From the next compute on. Throws Error(Config, "controller-size").
  void setController(std::vector<float> phi, int64_t version);
  std::vector<LaneResult> compute(int64_t step, Feed& feed, bool search, float temperature);
  StepSummary exchange(bool order);

  // These three in this order, between the exchange of a step computed with search and its update.
  // Throw Error(Broken, "search-order") otherwise, and where there are no examples or no finite gradients to go on with.
  std::vector<LaneResult> validate(int64_t step, Feed& feed);
  StepSummary exchangeValidation();
  std::vector<LaneEvidence> tangents(int64_t step);

  // Throws Error(Broken, "update-without-exchange") unless an exchange went before, and Error(Broken, "not-finite") when it was not finite.
  // Steps count from 1: Error(Config, "step").
  void update(int64_t step);
  std::vector<PieceScores> evaluate(Feed& feed, const std::vector<Piece>& pieces, const std::string& scores_path);

 private:
  struct Plane {
    int parameter, table, number;  // one of parameter and table is −1
    StateTensor tensor;
  };
  enum class Phase { None, Computed, Exchanged, Validated, ValidationExchanged, Taught };
  // By own lane: what it reads and what it makes of it.
  struct Work {
    std::vector<Batch> batches;
    std::vector<LaneGradient> gradients;
  };

  const Plane& plane(const std::string& name, int64_t offset, int64_t bytes) const;
  bool learns() const { return options_.controller && options_.controller->search; }
  Work workOfLanes() const;
  LaneRunner& made(std::unique_ptr<LaneRunner>& runner, const Program& program, const std::string& output) const;
  void takeController();
  void computeLane(int64_t step, Feed& feed, int number, LaneRunner& runner, Work& work, LaneResult& result);
  void wantSearch(const char* call, Phase wanted, const StepSummary& summary) const;
  void tangentsOfTable(size_t number, const LookaheadStep& scalars);
  PieceScores scorePiece(Feed& feed, const Piece& piece, LaneRunner& runner, int thread, class ScoreRuns& scores);

  const TrainerOptions options_;
  DenseState dense_;
  std::vector<std::unique_ptr<Table>> tables_;
  std::vector<Plane> planes_;
  ThreadTeam team_;
  Exchange exchange_;
  Work training_;
  std::vector<std::unique_ptr<LaneRunner>> train_, predict_;  // by thread
  StepSummary summary_;
  Phase phase_ = Phase::None;

  ControllerState controller_;
  std::mutex pending_mutex_;
  std::optional<ControllerState> pending_;  // of setController, until the next compute

  // Of a controller that learns:
  Work validation_;
  std::optional<Exchange> validation_exchange_;
  std::vector<std::unique_ptr<LaneRunner>> search_;    // by own lane: the second phase finds what the first one computed
  std::vector<std::unique_ptr<LaneRunner>> validate_;  // by thread
  AlignedFloats tangent_;                              // of the dense parameters
  StepSummary validation_summary_;
  bool searched_ = false;
};

}  // namespace lossmith
