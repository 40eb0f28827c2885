// See trainer.h.
#include "engine/trainer.h"

#include <algorithm>
#include <chrono>
#include <cmath>

#include "engine/errors.h"
#include "engine/score_runs.h"

namespace lossmith {
namespace {

constexpr int64_t kRowsPerTask = 8192;
constexpr int64_t kFloatsPerTask = 1 << 15;
constexpr size_t kKeptRejects = 100;

double millisecondsSince(std::chrono::steady_clock::time_point begin) {
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count();
}

int64_t tasksOf(int64_t size, int64_t task) { return (size + task - 1) / task; }

ExchangeShape exchangeShape(const TrainerOptions& options, const DenseState& dense) {
  ExchangeShape shape{options.lanes, options.first_lane, options.lane_count, dense.size(), {}};
  for (const TableSpec& table : options.tables) shape.tables.emplace_back(table.rows, table.width);
  return shape;
}

const TrainerOptions& checked(const TrainerOptions& options) {
  const bool lanes = options.first_lane >= 0 && options.lane_count >= 1 && options.lane_count <= options.lanes - options.first_lane;
  if (!lanes || options.threads < 1 || options.lane_batch < 1) {
    throw configError("lanes", "[trainer] wanted lanes within 0.." + std::to_string(options.lanes) + ", a thread and a lane batch, got " +
                                   std::to_string(options.lane_count) + " lanes from " + std::to_string(options.first_lane) + ", " +
                                   std::to_string(options.threads) + " threads, lane batch " + std::to_string(options.lane_batch));
  }
  for (const Program* program : {&options.train, &options.predict}) {
    if (program->max_batch >= options.lane_batch) continue;
    throw configError("plan", "[" + program->name + "] wanted a program for " + std::to_string(options.lane_batch) + " examples, got one for " +
                                  std::to_string(program->max_batch));
  }
  return options;
}

}  // namespace

Trainer::Trainer(TrainerOptions options)
    : options_(std::move(options)),
      dense_(checked(options_).parameters, options_.optimizer),
      team_(options_.threads),
      exchange_(exchangeShape(options_, dense_), team_),
      batches_(options_.lane_count),
      gradients_(options_.lane_count),
      train_(options_.threads),
      predict_(options_.threads) {
  for (const TableSpec& spec : options_.tables) tables_.push_back(std::make_unique<Table>(spec, options_.optimizer));
  for (LaneGradient& gradient : gradients_) {
    gradient.dense = AlignedFloats(dense_.size());
    for (const TableSpec& spec : options_.tables) gradient.tables.push_back({spec.width, {}, {}});
  }
  const std::vector<std::string> planes = options_.optimizer.hasM()   ? std::vector<std::string>{"", ".m", ".v"}
                                          : options_.optimizer.hasV() ? std::vector<std::string>{"", ".v"}
                                                                      : std::vector<std::string>{""};
  for (int number = 0; number < static_cast<int>(planes.size()); number++) {
    for (size_t i = 0; i < options_.parameters.size(); i++) {
      const ParameterSpec& spec = options_.parameters[i];
      planes_.push_back({static_cast<int>(i), -1, number, {spec.name + planes[number], spec.shape, dense_.elements(i) * int64_t(sizeof(float))}});
    }
    for (size_t i = 0; i < options_.tables.size(); i++) {
      const TableSpec& spec = options_.tables[i];
      planes_.push_back(
          {-1, static_cast<int>(i), number, {spec.name + planes[number], {spec.rows, spec.width}, spec.rows * spec.width * int64_t(sizeof(float))}});
    }
  }
  // Threads make their executors themselves, near their memory; a plan that does not fit is told here, before a step is lost.
  LaneRunner(options_.train, "loss", dense_, tables_, options_.seed);
  LaneRunner(options_.predict, "logits", dense_, tables_, options_.seed);
}

void Trainer::initialize() {
  dense_.initialize(options_.seed);
  for (auto& table : tables_) {
    const int64_t rows = table->spec().rows;
    team_.run(tasksOf(rows, kRowsPerTask),
              [&](int64_t task, int) { table->initialize(options_.seed, task * kRowsPerTask, std::min(rows, (task + 1) * kRowsPerTask)); });
  }
  phase_ = Phase::None;
}

std::vector<StateTensor> Trainer::stateTensors() const {
  std::vector<StateTensor> tensors;
  for (const Plane& plane : planes_) tensors.push_back(plane.tensor);
  return tensors;
}

int64_t Trainer::stateBytes() const {
  int64_t bytes = dense_.bytes() + dense_.size() * int64_t(sizeof(float)) * options_.lane_count;
  for (const auto& table : tables_) bytes += table->bytes();
  return bytes;
}

const Trainer::Plane& Trainer::plane(const std::string& name, int64_t offset, int64_t bytes) const {
  const auto found = std::find_if(planes_.begin(), planes_.end(), [&](const Plane& plane) { return plane.tensor.name == name; });
  if (found == planes_.end()) throw configError("state-name", "[state] wanted a tensor of the plan, got " + name);
  const bool whole = offset % 4 == 0 && bytes % 4 == 0;
  if (!whole || offset < 0 || bytes < 0 || offset > found->tensor.bytes || bytes > found->tensor.bytes - offset) {
    throw configError("state-range", "[state] wanted whole floats within the " + std::to_string(found->tensor.bytes) + " bytes of " + name +
                                         ", got " + std::to_string(bytes) + " bytes from " + std::to_string(offset));
  }
  return *found;
}

Bytes Trainer::readState(const std::string& name, int64_t offset, int64_t bytes) {
  const Plane& from = plane(name, offset, bytes);
  Bytes out(bytes);
  const int64_t first = offset / 4, count = bytes / 4;
  float* to = reinterpret_cast<float*>(out.data());
  if (from.table >= 0) {
    tables_[from.table]->read(from.number, first, count, to);
  } else {
    std::copy_n(dense_.plane(from.number) + dense_.offset(from.parameter) + first, count, to);
  }
  return out;
}

void Trainer::writeState(const std::string& name, int64_t offset, const Bytes& bytes) {
  const Plane& to = plane(name, offset, bytes.size());
  const int64_t first = offset / 4, count = bytes.size() / 4;
  const float* from = reinterpret_cast<const float*>(bytes.data());
  if (to.table >= 0) return tables_[to.table]->write(to.number, first, count, from);
  std::copy_n(from, count, dense_.plane(to.number) + dense_.offset(to.parameter) + first);
}

void Trainer::setCollective(std::shared_ptr<Collective> collective, const std::vector<int>& first_lanes) {
  exchange_.setCollective(std::move(collective), first_lanes);
}

std::vector<LaneResult> Trainer::compute(int64_t step, Feed& feed) {
  phase_ = Phase::None;
  std::vector<LaneResult> results(options_.lane_count);
  team_.run(options_.lane_count, [&](int64_t number, int thread) {
    if (!train_[thread]) train_[thread] = std::make_unique<LaneRunner>(options_.train, "loss", dense_, tables_, options_.seed);
    computeLane(step, feed, static_cast<int>(number), *train_[thread], results[number]);
  });
  phase_ = Phase::Computed;
  return results;
}

void Trainer::computeLane(int64_t step, Feed& feed, int number, LaneRunner& runner, LaneResult& result) {
  Batch& batch = batches_[number];
  LaneGradient& gradient = gradients_[number];
  result.lane = options_.first_lane + number;

  const auto reading = std::chrono::steady_clock::now();
  feed.next(result.lane, batch);
  result.read_ms = millisecondsSince(reading);

  const auto computing = std::chrono::steady_clock::now();
  gradient.examples = batch.count;
  gradient.cursor = batch.after;
  gradient.loss = 0;
  gradient.finite = true;
  if (batch.count > 0) {
    gradient.loss = *runner.run(batch, step, result.lane, gradient.dense.data(), &gradient.tables);
    gradient.finite = std::isfinite(gradient.loss) && !hasNonFinite(gradient.dense.data(), gradient.dense.size());
    for (const RowSparse& rows : gradient.tables) gradient.finite = gradient.finite && !hasNonFinite(rows.values.data(), rows.values.size());
  }
  result.compute_ms = millisecondsSince(computing);
  result.examples = batch.count;
  result.loss = gradient.loss;
  result.cursor = batch.after;
  result.rejected = batch.rejected;
  result.held_out = batch.held_out;
  result.held_out_test = batch.held_out_test;
  result.rejects = batch.rejects;
}

StepSummary Trainer::exchange(bool order) {
  if (phase_ != Phase::Computed) throw brokenError("exchange-without-compute", "[exchange] wanted gradients of a new step, got none");
  phase_ = Phase::None;
  summary_ = exchange_.run(gradients_, order);
  phase_ = Phase::Exchanged;
  return summary_;
}

void Trainer::update(int64_t step) {
  if (phase_ != Phase::Exchanged) throw brokenError("update-without-exchange", "[update] wanted an exchange of this step, got none");
  if (step < 1) throw configError("step", "[update] wanted a step of at least 1, got " + std::to_string(step));
  if (!summary_.not_finite.empty()) {
    std::string lanes;
    for (int lane : summary_.not_finite) lanes.append(" ").append(std::to_string(lane));
    throw brokenError("not-finite", "[update] wanted finite losses and gradients, got others in step " + std::to_string(step) + ", lanes" + lanes);
  }
  phase_ = Phase::None;
  if (summary_.examples == 0) return;
  const OptimizerStep scalars(options_.optimizer, step, summary_.examples);
  team_.run(tasksOf(dense_.size(), kFloatsPerTask), [&](int64_t task, int) {
    dense_.update(scalars, task * kFloatsPerTask, std::min(dense_.size(), (task + 1) * kFloatsPerTask), exchange_.dense());
  });
  constexpr int64_t kTouchedPerTask = 1024;
  for (size_t i = 0; i < tables_.size(); i++) {
    Table& table = *tables_[i];
    const int64_t width = table.spec().width;
    for (const RowSpan& span : exchange_.rows(i)) {
      team_.run(tasksOf(span.count, kTouchedPerTask), [&](int64_t task, int) {
        const int64_t from = task * kTouchedPerTask, count = std::min(kTouchedPerTask, span.count - from);
        updateRows(scalars, table.base(), table.stride(), width, span.rows + from, span.values + from * width, count);
      });
    }
  }
}

std::vector<PieceScores> Trainer::evaluate(Feed& feed, const std::vector<Piece>& pieces, const std::string& scores_path) {
  ScoreRuns scores(scores_path, team_.size());
  std::vector<PieceScores> results(pieces.size());
  team_.run(pieces.size(), [&](int64_t number, int thread) {
    if (!predict_[thread]) predict_[thread] = std::make_unique<LaneRunner>(options_.predict, "logits", dense_, tables_, options_.seed);
    results[number] = scorePiece(feed, pieces[number], *predict_[thread], thread, scores);
  });
  scores.finish();
  return results;
}

PieceScores Trainer::scorePiece(Feed& feed, const Piece& piece, LaneRunner& runner, int thread, ScoreRuns& scores) {
  PieceScores result;
  result.piece = piece.id;
  const auto reader = feed.openPiece(piece);
  Batch batch;
  while (reader->next(batch, options_.lane_batch)) {
    result.rejected += batch.rejected;
    for (Reject& reject : batch.rejects)
      if (result.rejects.size() < kKeptRejects) result.rejects.push_back(std::move(reject));
    if (batch.count == 0) continue;
    const float* logits = runner.run(batch, 0, 0, nullptr, nullptr);
    for (int64_t i = 0; i < batch.count; i++) {
      const double x = logits[i];
      const bool positive = batch.labels[i] > 0.5f;
      if (!std::isfinite(x)) {
        throw brokenError("not-finite", "[evaluate] wanted finite logits, got " + std::to_string(x) + " in piece " + std::to_string(piece.id) +
                                            ", example " + std::to_string(result.count + i));
      }
      // −log p(label) = softplus(x) − label·x, written so that no exponential overflows.
      const double tail = std::exp(-std::abs(x));
      result.logloss += std::max(x, 0.0) - (positive ? x : 0.0) + std::log1p(tail);
      result.predicted += x >= 0 ? 1 / (1 + tail) : tail / (1 + tail);
      result.positives += positive;
      scores.add(thread, logits[i], positive);
    }
    result.count += batch.count;
  }
  return result;
}

}  // namespace lossmith
