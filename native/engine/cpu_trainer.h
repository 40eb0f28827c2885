// The trainer on CPU threads: threads take whole lanes, a lane is computed by one thread alone, and every sum over lanes goes through
// exchange.h; so neither threads nor ranks change a bit.
// cpu_trainer.cc: state and steps; cpu_trainer_search.cc: what teaches the controller; cpu_trainer_evaluate.cc: scores.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/lanes/lane_runner.h"
#include "engine/state/controller_state.h"
#include "engine/state/dense_state.h"
#include "engine/state/state_planes.h"
#include "engine/state/table.h"
#include "engine/step_order.h"
#include "engine/trainer.h"

namespace lossmith {

class CpuTrainer : public Trainer {
 public:
  explicit CpuTrainer(TrainerOptions options);

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
  // By own lane: what it reads and what it makes of it.
  struct Work {
    std::vector<Batch> batches;
    std::vector<LaneGradient> gradients;
  };

  Work workOfLanes() const;
  LaneRunner& made(std::unique_ptr<LaneRunner>& runner, const Program& program, const std::string& output) const;
  void computeLane(int64_t step, Feed& feed, int number, LaneRunner& runner, Work& work, LaneResult& result);
  void tangentsOfTable(size_t number, const LookaheadStep& scalars);
  PieceScores scorePiece(Feed& feed, const Piece& piece, LaneRunner& runner, int thread, class ScoreRuns& scores);

  const TrainerOptions options_;
  DenseState dense_;
  std::vector<std::unique_ptr<Table>> tables_;
  StatePlanes planes_;
  ThreadTeam team_;
  Exchange exchange_;
  Work training_;
  std::vector<std::unique_ptr<LaneRunner>> train_, predict_;  // by thread
  StepOrder order_;
  ControllerInbox inbox_;
  ControllerState controller_;

  // Of a controller that learns:
  Work validation_;
  std::optional<Exchange> validation_exchange_;
  std::vector<std::unique_ptr<LaneRunner>> search_;    // by own lane: the second phase finds what the first one computed
  std::vector<std::unique_ptr<LaneRunner>> validate_;  // by thread
  AlignedFloats tangent_;                              // of the dense parameters
};

}  // namespace lossmith
