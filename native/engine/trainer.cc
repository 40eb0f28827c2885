// See trainer.h.
#include "engine/trainer.h"

#include <algorithm>
#include <chrono>
#include <cmath>

#include "engine/errors.h"

namespace lossmith {
namespace {

constexpr int64_t kRowsPerTask = 8192;
constexpr int64_t kFloatsPerTask = 1 << 15;

double millisecondsSince(std::chrono::steady_clock::time_point begin) {
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count();
}

int64_t tasksOf(int64_t size, int64_t task) { return (size + task - 1) / task; }

ExchangeShape exchangeShape(const TrainerOptions& options, const DenseState& dense) {
  ExchangeShape shape{options.lanes, options.first_lane, options.lane_count, dense.size(), {}};
  for (const TableSpec& table : options.tables) shape.tables.emplace_back(table.rows, table.width);
  return shape;
}

void wantBatch(const Program& program, int64_t batch) {
  if (program.max_batch >= batch) return;
  throw configError(
      "plan", "[" + program.name + "] wanted a program for " + std::to_string(batch) + " examples, got one for " + std::to_string(program.max_batch));
}

const TrainerOptions& checked(const TrainerOptions& options) {
  const bool lanes = options.first_lane >= 0 && options.lane_count >= 1 && options.lane_count <= options.lanes - options.first_lane;
  if (!lanes || options.threads < 1 || options.lane_batch < 1) {
    throw configError("lanes", "[trainer] wanted lanes within 0.." + std::to_string(options.lanes) + ", a thread and a lane batch, got " +
                                   std::to_string(options.lane_count) + " lanes from " + std::to_string(options.first_lane) + ", " +
                                   std::to_string(options.threads) + " threads, lane batch " + std::to_string(options.lane_batch));
  }
  wantBatch(options.train, options.lane_batch);
  wantBatch(options.predict, options.lane_batch);
  if (options.classes < 1) throw configError("plan", "[trainer] wanted at least one class, got " + std::to_string(options.classes));
  if (!options.controller) return options;
  const ControllerOptions& controller = *options.controller;
  if (controller.size < 0 || controller.lane_batch < 1 || controller.search.has_value() != controller.validate.has_value()) {
    throw configError("plan", "[controller] wanted a size, a lane batch, and programs search and validate or neither");
  }
  if (!controller.search) return options;
  wantBatch(*controller.search, options.lane_batch);
  wantBatch(*controller.validate, controller.lane_batch);
  return options;
}

}  // namespace

Trainer::Trainer(TrainerOptions options)
    : options_(std::move(options)),
      dense_(checked(options_).parameters, options_.optimizer),
      team_(options_.threads),
      exchange_(exchangeShape(options_, dense_), team_),
      training_(workOfLanes()),
      train_(options_.threads),
      predict_(options_.threads) {
  for (const TableSpec& spec : options_.tables) tables_.push_back(std::make_unique<Table>(spec, options_.optimizer, learns()));
  if (options_.controller) controller_.phi.resize(options_.controller->size);
  if (learns()) {
    validation_ = workOfLanes();
    validation_exchange_.emplace(exchangeShape(options_, dense_), team_);
    search_.resize(options_.lane_count);
    validate_.resize(options_.threads);
    tangent_ = AlignedFloats(dense_.size());
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
  std::unique_ptr<LaneRunner> tried;
  made(tried, options_.train, "loss");
  const int64_t logits = made(tried = nullptr, options_.predict, "logits").output("logits").size() / options_.predict.max_batch;
  if (logits != options_.classes) {
    throw configError(
        "plan", "[" + options_.predict.name + "] wanted " + std::to_string(options_.classes) + " logits an example, got " + std::to_string(logits));
  }
  if (!learns()) return;
  const LaneRunner& search = made(tried = nullptr, *options_.controller->search, "loss");
  if (search.output("evidence").empty()) throw configError("plan", "[" + options_.controller->search->name + "] wanted an output evidence, got none");
  made(tried = nullptr, *options_.controller->validate, "objective");
}

Trainer::Work Trainer::workOfLanes() const {
  Work work{std::vector<Batch>(options_.lane_count), std::vector<LaneGradient>(options_.lane_count)};
  for (LaneGradient& gradient : work.gradients) {
    gradient.dense = AlignedFloats(dense_.size());
    for (const TableSpec& spec : options_.tables) gradient.tables.push_back({spec.width, {}, {}});
  }
  return work;
}

LaneRunner& Trainer::made(std::unique_ptr<LaneRunner>& runner, const Program& program, const std::string& output) const {
  if (!runner) runner = std::make_unique<LaneRunner>(program, output, RunnerState{dense_, tables_, controller_, tangent_, options_.seed});
  return *runner;
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
  const int64_t vectors = learns() ? 2 * options_.lane_count + 1 : options_.lane_count;
  int64_t bytes = dense_.bytes() + dense_.size() * int64_t(sizeof(float)) * vectors;
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
  if (validation_exchange_) validation_exchange_->setCollective(collective, first_lanes);
  exchange_.setCollective(std::move(collective), first_lanes);
}

void Trainer::setController(std::vector<float> phi, int64_t version) {
  const int64_t wanted = options_.controller ? options_.controller->size : 0;
  if (static_cast<int64_t>(phi.size()) != wanted || !options_.controller) {
    throw configError("controller-size",
                      "[setController] wanted a controller of " + std::to_string(wanted) + " floats, got " + std::to_string(phi.size()));
  }
  const std::lock_guard lock(pending_mutex_);
  pending_ = ControllerState{std::move(phi), version};
}

void Trainer::takeController() {
  const std::lock_guard lock(pending_mutex_);
  if (pending_) controller_ = *std::exchange(pending_, std::nullopt);
}

std::vector<LaneResult> Trainer::compute(int64_t step, Feed& feed, bool search, float temperature) {
  if (search && !learns()) throw configError("plan", "[compute] wanted a plan with a program search, got none");
  phase_ = Phase::None;
  searched_ = search;
  takeController();
  controller_.temperature = temperature;
  std::vector<LaneResult> results(options_.lane_count);
  team_.run(options_.lane_count, [&](int64_t number, int thread) {
    LaneRunner& runner = search ? made(search_[number], *options_.controller->search, "loss") : made(train_[thread], options_.train, "loss");
    computeLane(step, feed, static_cast<int>(number), runner, training_, results[number]);
    const std::span<const float> candidates = runner.output("candidates");
    if (results[number].examples > 0) results[number].candidates.assign(candidates.begin(), candidates.end());
  });
  phase_ = Phase::Computed;
  return results;
}

void Trainer::computeLane(int64_t step, Feed& feed, int number, LaneRunner& runner, Work& work, LaneResult& result) {
  Batch& batch = work.batches[number];
  LaneGradient& gradient = work.gradients[number];
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
    if (&work == &validation_) {
      for (size_t table = 0; table < gradient.tables.size(); table++) keepRows(gradient.tables[table], exchange_.rows(table));
    }
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
  summary_ = exchange_.run(training_.gradients, order, controller_.version);
  phase_ = Phase::Exchanged;
  return summary_;
}

void Trainer::update(int64_t step) {
  if (phase_ < Phase::Exchanged) throw brokenError("update-without-exchange", "[update] wanted an exchange of this step, got none");
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

}  // namespace lossmith
