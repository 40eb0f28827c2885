// See cpu_trainer.h.
#include "engine/cpu_trainer.h"

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

std::vector<std::unique_ptr<Table>> tablesOf(const TrainerOptions& options) {
  std::vector<std::unique_ptr<Table>> tables;
  for (const TableSpec& spec : options.tables) tables.push_back(std::make_unique<Table>(spec, options.optimizer, options.learns()));
  return tables;
}

}  // namespace

CpuTrainer::CpuTrainer(TrainerOptions options)
    : options_(std::move(options)),
      dense_(checked(options_).parameters, options_.optimizer),
      tables_(tablesOf(options_)),
      planes_(options_.parameters, options_.tables, options_.optimizer),
      team_(options_.threads),
      exchange_(exchangeShape(options_, dense_.size()), team_),
      training_(workOfLanes()),
      train_(options_.threads),
      predict_(options_.threads) {
  if (options_.controller) controller_.phi.resize(options_.controller->size);
  if (options_.learns()) {
    validation_ = workOfLanes();
    validation_exchange_.emplace(exchangeShape(options_, dense_.size()), team_);
    search_.resize(options_.lane_count);
    validate_.resize(options_.threads);
    tangent_ = AlignedFloats(dense_.size());
  }
  // Threads make their executors themselves, near their memory; a plan that does not fit is told here, before a step is lost.
  std::unique_ptr<LaneRunner> tried;
  made(tried, options_.train, "loss");
  checkLogits(made(tried = nullptr, options_.predict, "logits").binding(), options_.classes);
  if (!options_.learns()) return;
  checkEvidence(made(tried = nullptr, *options_.controller->search, "loss").binding());
  made(tried = nullptr, *options_.controller->validate, "objective");
}

CpuTrainer::Work CpuTrainer::workOfLanes() const {
  Work work{std::vector<Batch>(options_.lane_count), std::vector<LaneGradient>(options_.lane_count)};
  for (LaneGradient& gradient : work.gradients) {
    gradient.dense = AlignedFloats(dense_.size());
    for (const TableSpec& spec : options_.tables) gradient.tables.push_back({spec.width, {}, {}});
  }
  return work;
}

LaneRunner& CpuTrainer::made(std::unique_ptr<LaneRunner>& runner, const Program& program, const std::string& output) const {
  if (!runner) runner = std::make_unique<LaneRunner>(program, output, RunnerState{dense_, tables_, controller_, tangent_, options_.seed});
  return *runner;
}

void CpuTrainer::initialize() {
  dense_.initialize(options_.seed);
  for (auto& table : tables_) {
    const int64_t rows = table->spec().rows;
    team_.run(tasksOf(rows, kRowsPerTask),
              [&](int64_t task, int) { table->initialize(options_.seed, task * kRowsPerTask, std::min(rows, (task + 1) * kRowsPerTask)); });
  }
  order_.reset();
}

int64_t CpuTrainer::stateBytes() const {
  const int64_t vectors = options_.learns() ? 2 * options_.lane_count + 1 : options_.lane_count;
  int64_t bytes = dense_.bytes() + dense_.size() * int64_t(sizeof(float)) * vectors;
  for (const auto& table : tables_) bytes += table->bytes();
  return bytes;
}

Bytes CpuTrainer::readState(const std::string& name, int64_t offset, int64_t bytes) {
  const StatePlanes::Plane& from = planes_.at(name, offset, bytes);
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

void CpuTrainer::writeState(const std::string& name, int64_t offset, const Bytes& bytes) {
  const StatePlanes::Plane& to = planes_.at(name, offset, bytes.size());
  const int64_t first = offset / 4, count = bytes.size() / 4;
  const float* from = reinterpret_cast<const float*>(bytes.data());
  if (to.table >= 0) return tables_[to.table]->write(to.number, first, count, from);
  std::copy_n(from, count, dense_.plane(to.number) + dense_.offset(to.parameter) + first);
}

void CpuTrainer::setCollective(std::shared_ptr<Collective> collective, const std::vector<int>& first_lanes) {
  if (validation_exchange_) validation_exchange_->setCollective(collective, first_lanes);
  exchange_.setCollective(std::move(collective), first_lanes);
}

void CpuTrainer::setController(std::vector<float> phi, int64_t version) {
  checkController(options_, phi);
  inbox_.put(std::move(phi), version);
}

std::vector<LaneResult> CpuTrainer::compute(int64_t step, Feed& feed, bool search, float temperature) {
  if (search) checkLearns(options_);
  order_.beginCompute(search);
  inbox_.takeInto(controller_, temperature);
  std::vector<LaneResult> results(options_.lane_count);
  team_.run(options_.lane_count, [&](int64_t number, int thread) {
    LaneRunner& runner = search ? made(search_[number], *options_.controller->search, "loss") : made(train_[thread], options_.train, "loss");
    computeLane(step, feed, static_cast<int>(number), runner, training_, results[number]);
    const std::span<const float> candidates = runner.output("candidates");
    if (results[number].examples > 0) results[number].candidates.assign(candidates.begin(), candidates.end());
  });
  order_.computed();
  return results;
}

void CpuTrainer::computeLane(int64_t step, Feed& feed, int number, LaneRunner& runner, Work& work, LaneResult& result) {
  Batch& batch = work.batches[number];
  LaneGradient& gradient = work.gradients[number];
  const int lane = options_.first_lane + number;

  const auto reading = std::chrono::steady_clock::now();
  feed.next(lane, batch);
  result = laneResult(lane, batch);
  result.read_ms = millisecondsSince(reading);

  const auto computing = std::chrono::steady_clock::now();
  gradient.examples = batch.count;
  gradient.cursor = batch.after;
  gradient.loss = 0;
  gradient.finite = true;
  if (batch.count > 0) {
    gradient.loss = *runner.run(batch, step, lane, gradient.dense.data(), &gradient.tables);
    if (&work == &validation_) {
      for (size_t table = 0; table < gradient.tables.size(); table++) keepRows(gradient.tables[table], exchange_.rows(table));
    }
    gradient.finite = std::isfinite(gradient.loss) && !hasNonFinite(gradient.dense.data(), gradient.dense.size());
    for (const RowSparse& rows : gradient.tables) gradient.finite = gradient.finite && !hasNonFinite(rows.values.data(), rows.values.size());
  }
  result.compute_ms = millisecondsSince(computing);
  result.loss = gradient.loss;
}

StepSummary CpuTrainer::exchange(bool order) {
  order_.beginExchange();
  return order_.exchanged(exchange_.run(training_.gradients, order, controller_.version));
}

void CpuTrainer::update(int64_t step) {
  if (!order_.beginUpdate(step)) return;
  const OptimizerStep scalars(options_.optimizer, step, order_.summary().examples);
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
