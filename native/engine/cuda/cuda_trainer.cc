// See cuda_trainer.h.
#include "engine/cuda/cuda_trainer.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstring>

#include "engine/cuda/device_exchange_nccl.h"
#include "engine/cuda/device_rows.h"
#include "engine/errors.h"
#include "engine/state/dense_state.h"

namespace lossmith {
namespace {

size_t padded(size_t bytes) { return (bytes + 255) / 256 * 256; }

const TrainerOptions& checkedForDevice(const TrainerOptions& options) {
  laneBounds(exchangeShape(checked(options), 0), nullptr, {0});
  return options;
}

std::vector<TableOnDevice> tablesOf(const TrainerOptions& options, Device& device) {
  std::vector<TableOnDevice> tables;
  for (const TableSpec& spec : options.tables) tables.emplace_back(device, spec, options.optimizer, options.learns());
  return tables;
}

}  // namespace

std::unique_ptr<Trainer> createCudaTrainer(TrainerOptions options) { return std::make_unique<CudaTrainer>(std::move(options)); }

CudaTrainer::StepInputs::StepInputs(Device& device, int lanes, int64_t controller_size)
    : controller_size(controller_size),
      temperature_at(padded(lanes * sizeof(StepScalars))),
      phi_at(temperature_at + padded(sizeof(float))),
      optimizer_at(phi_at + padded(controller_size * sizeof(float))),
      lookahead_at(optimizer_at + padded(sizeof(OptimizerStep))),
      bytes(lookahead_at + padded(sizeof(LookaheadStep))),
      host(device, bytes),
      memory(device, bytes),
      sent{Event(device), Event(device), Event(device)} {}

void CudaTrainer::StepInputs::send(Stream& stream, size_t from, size_t to) {
  stream.copyIn(memory.as<char>() + from, host.as<char>() + from, to - from);
  sentOf(from).record(stream);
}

CudaTrainer::CudaTrainer(TrainerOptions options)
    : options_(std::move(options)),
      device_(Device::open(checkedForDevice(options_).gpu)),
      products_(*device_, options_.precision),
      kernels_(*device_),
      layout_(options_.parameters),
      dense_(*device_, layout_.size() * sizeof(float) * options_.optimizer.states()),
      tangent_(*device_, options_.learns() ? layout_.size() * sizeof(float) : 0),
      tables_(tablesOf(options_, *device_)),
      planes_(options_.parameters, options_.tables, options_.optimizer),
      team_(options_.threads),
      transfer_(*device_),
      inputs_(*device_, options_.lane_count, options_.controller ? options_.controller->size : 0) {
  // State that nobody has written is zeros, as the CPU's; tables are written whole before they are used.
  stream().fill(dense_.data(), 0, dense_.bytes());
  stream().fill(tangent_.data(), 0, tangent_.bytes());
  controller_.phi.resize(inputs_.controller_size);
  train_ = makeRunner(options_.train, "loss");
  predict_ = makeRunner(options_.predict, "logits");
  checkLogits(predict_->binding(), options_.classes);
  std::vector<const DeviceRunner*> runners{train_.get()};
  if (options_.learns()) {
    for (int lane = 0; lane < options_.lane_count; lane++) search_.push_back(makeRunner(*options_.controller->search, "loss"));
    checkEvidence(search_[0]->binding());
    runners.push_back(search_[0].get());
    validate_ = makeRunner(*options_.controller->validate, "objective");
    validation_ = makeWork({validate_.get()}, options_.controller->lane_batch);
  }
  training_ = makeWork(runners, options_.lane_batch);
  kernels_.load();
  stream().synchronize();
}

CudaTrainer::~CudaTrainer() {
  try {
    device_->use();
    device_->copying().synchronize();
    stream().synchronize();
  } catch (...) {
    // What went wrong was told, or nobody is left to tell.
  }
}

std::unique_ptr<DeviceRunner> CudaTrainer::makeRunner(const Program& program, const std::string& output) {
  const DeviceRunnerState state{.dense = layout_,
                                .tables = tables_,
                                .weight = plane(0),
                                .tangent = tangent_.as<float>(),
                                .phi = inputs_.onDevice<float>(inputs_.phi_at),
                                .temperature = inputs_.onDevice<float>(inputs_.temperature_at),
                                .controller_size = inputs_.controller_size,
                                .seed = options_.seed};
  return std::make_unique<DeviceRunner>(program, output, state, DeviceSetup{*device_, products_, kernels_});
}

std::unique_ptr<CudaTrainer::Work> CudaTrainer::makeWork(const std::vector<const DeviceRunner*>& runners, int64_t lane_batch) {
  std::vector<const ProgramBinding*> bindings;
  int64_t output_floats = 0;
  for (const DeviceRunner* runner : runners) {
    bindings.push_back(&runner->binding());
    output_floats = std::max(output_floats, runner->outputFloats());
  }
  const GradientRows rows = gradientRows(bindings, options_.tables);
  const int lanes = options_.lane_count;
  return std::unique_ptr<Work>(new Work{
      .lane_batch = lane_batch,
      .rows = rows,
      .input = DeviceInput(*device_, team_, options_.first_lane, lanes, bindings, lane_batch),
      .lanes = DeviceLanes(*device_, {lanes, layout_.size(), options_.tables, rows.most, output_floats}),
      .gradients = std::vector<DeviceLaneGradient>(lanes),
      .exchange = nullptr,
  });
}

DenseOnDevice CudaTrainer::denseState() const {
  const OptimizerSpec& optimizer = options_.optimizer;
  return {.n = layout_.size(),
          .weight = plane(0),
          .m = optimizer.hasM() ? plane(1) : nullptr,
          .v = optimizer.hasV() ? plane(optimizer.states() - 1) : nullptr};
}

void CudaTrainer::initialize() {
  device_->use();
  // Dense parameters are few: drawn by the same code as the CPU's.
  DenseState drawn(options_.parameters, options_.optimizer);
  drawn.initialize(options_.seed);
  for (int number = 0; number < options_.optimizer.states(); number++) {
    stream().copyIn(plane(number), drawn.plane(number), layout_.size() * sizeof(float));
  }
  for (TableOnDevice& table : tables_) table.initialize(stream(), transfer_, options_.seed);
  stream().synchronize();
  order_.reset();
}

int64_t CudaTrainer::stateBytes() const {
  return static_cast<int64_t>(device_->emulated() ? dense_.bytes() : 0) + transfer_.floats * static_cast<int64_t>(sizeof(float));
}

Bytes CudaTrainer::readState(const std::string& name, int64_t offset, int64_t bytes) {
  const StatePlanes::Plane& from = planes_.at(name, offset, bytes);
  device_->use();
  Bytes out(bytes);
  const int64_t first = offset / 4, count = bytes / 4;
  float* to = reinterpret_cast<float*>(out.data());
  if (from.table >= 0) {
    tables_[from.table].read(stream(), transfer_, from.number, first, count, to);
  } else {
    stream().copyOut(to, plane(from.number) + layout_.offset(from.parameter) + first, bytes);
    stream().synchronize();
  }
  return out;
}

void CudaTrainer::writeState(const std::string& name, int64_t offset, const Bytes& bytes) {
  const StatePlanes::Plane& to = planes_.at(name, offset, bytes.size());
  device_->use();
  const int64_t first = offset / 4, count = bytes.size() / 4;
  const float* from = reinterpret_cast<const float*>(bytes.data());
  if (to.table >= 0) return tables_[to.table].write(stream(), transfer_, to.number, first, count, from);
  stream().copyIn(plane(to.number) + layout_.offset(to.parameter) + first, from, bytes.size());
  stream().synchronize();
}

void CudaTrainer::setCollective(std::shared_ptr<Collective> collective, const std::vector<int>& first_lanes) {
  laneBounds(exchangeShape(options_, layout_.size()), collective.get(), first_lanes);
  device_->use();  // memory of the last world is given back
  collective_ = collective && collective->world() > 1 ? std::move(collective) : nullptr;
  first_lanes_ = first_lanes;
  training_->exchange = nullptr;
  if (validation_) validation_->exchange = nullptr;
  nccl_world_ = collective_ ? std::make_shared<NcclWorld>(*collective_, *device_) : nullptr;
}

DeviceExchange& CudaTrainer::exchangeOf(Work& work) {
  if (work.exchange) return *work.exchange;
  const DeviceExchangeOptions options{exchangeShape(options_, layout_.size()), work.rows.most, work.rows.same, collective_, first_lanes_};
  work.exchange = collective_ ? makeNcclExchange(options, *device_, team_, options_.exchange, nccl_world_) : makeLocalExchange(options, *device_);
  return *work.exchange;
}

void CudaTrainer::setController(std::vector<float> phi, int64_t version) {
  checkController(options_, phi);
  inbox_.put(std::move(phi), version);
}

std::vector<LaneResult> CudaTrainer::compute(int64_t step, Feed& feed, bool search, float temperature) {
  if (search) checkLearns(options_);
  device_->use();
  order_.beginCompute(search);
  inbox_.takeInto(controller_, temperature);
  sendStep(step);
  std::vector<LaneResult> results = runLanes(*training_, feed, [&](int lane) -> DeviceRunner& { return search ? *search_[lane] : *train_; });
  order_.computed();
  return results;
}

void CudaTrainer::sendStep(int64_t step) {
  StepScalars* scalars = inputs_.onHost<StepScalars>(0);
  for (int lane = 0; lane < options_.lane_count; lane++) scalars[lane] = {step, options_.first_lane + lane};
  *inputs_.onHost<float>(inputs_.temperature_at) = controller_.temperature;
  std::copy(controller_.phi.begin(), controller_.phi.end(), inputs_.onHost<float>(inputs_.phi_at));
  inputs_.send(stream(), 0, inputs_.optimizer_at);
}

std::vector<LaneResult> CudaTrainer::runLanes(Work& work, Feed& feed, const RunnerOfLane& runner) {
  const std::vector<DeviceInput::Lane>& inputs = work.input.next(feed);
  const auto begin = std::chrono::steady_clock::now();
  work.lanes.clear(stream());
  int present = 0;
  for (int lane = 0; lane < options_.lane_count; lane++) {
    if (inputs[lane].batch.count == 0) continue;
    enqueueLane(work, lane, runner(lane), inputs[lane].batch);
    present++;
  }
  work.lanes.report(stream());
  work.input.readAhead(feed);
  work.lanes.wait();
  const double milliseconds = std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count();

  std::vector<LaneResult> results;
  for (int lane = 0; lane < options_.lane_count; lane++) {
    results.push_back(inputs[lane].result);
    takeReport(work, lane, runner(lane), results.back());
    if (results.back().examples > 0) results.back().compute_ms = milliseconds / present;  // lanes share the device
  }
  return results;
}

void CudaTrainer::enqueueLane(Work& work, int lane, DeviceRunner& runner, const DeviceBatch& batch) {
  DeviceLanes& lanes = work.lanes;
  runner.bind(batch, {.scalars = inputs_.onDevice<StepScalars>(0) + lane,
                      .bad_row = lanes.badRow(lane),
                      .not_finite = lanes.notFinite(lane),
                      .outputs = lanes.outputs(lane),
                      .dense = lanes.dense(lane),
                      .tables = &lanes.tables(lane)});
  enqueueOrReplay(runner, work.input.place(), lane, ProgramPhase::First, batch.count == work.lane_batch, [&] {
    runner.enqueue();
    markNonFinite(stream(), lanes.dense(lane), layout_.size(), lanes.notFinite(lane));
  });
}

// Full batches come again and again at the same places: the first run loads what libraries load late, the second one is captured.
void CudaTrainer::enqueueOrReplay(const DeviceRunner& runner, int place, int lane, ProgramPhase phase, bool full,
                                  const std::function<void()>& enqueue) {
  if (!full) return enqueue();
  LaneGraph& known = graphs_[{&runner, place, lane, phase}];
  if (known.runs++ == 0) return enqueue();
  if (!known.graph) known.graph = std::make_unique<Graph>(stream(), enqueue);
  known.graph->replay(stream());
}

void CudaTrainer::takeReport(Work& work, int lane, const DeviceRunner& runner, LaneResult& result) const {
  const DeviceLanes& lanes = work.lanes;
  DeviceLaneGradient& gradient = work.gradients[lane];
  gradient = {
      .examples = result.examples, .loss = 0, .cursor = result.cursor, .finite = true, .dense = lanes.dense(lane), .tables = {}, .row_counts = {}};
  if (result.examples == 0) return;
  if (const int64_t row = lanes.reportedBadRow(lane); row != -1) throw runner.badRowError(row);
  const float* outputs = lanes.reportedOutputs(lane);
  result.loss = gradient.loss = *runner.output(outputs);
  gradient.finite = std::isfinite(gradient.loss) && lanes.reportedFinite(lane);
  gradient.tables = lanes.tables(lane);
  for (size_t table = 0; table < gradient.tables.size(); table++) {
    gradient.row_counts.push_back(lanes.reportedRows(lane, table));
    gradient.tables[table].capacity = gradient.row_counts[table];  // no work for rows that are not there
  }
  const std::span<const float> candidates = runner.output(outputs, "candidates");
  result.candidates.assign(candidates.begin(), candidates.end());
}

StepSummary CudaTrainer::exchange(bool order) {
  device_->use();
  order_.beginExchange();
  return order_.exchanged(exchangeOf(*training_).run(training_->gradients, order, controller_.version));
}

void CudaTrainer::update(int64_t step) {
  if (!order_.beginUpdate(step)) return;
  device_->use();
  const DeviceExchange& sums = *training_->exchange;
  *inputs_.onHost<OptimizerStep>(inputs_.optimizer_at) = OptimizerStep(options_.optimizer, step, order_.summary().examples);
  inputs_.send(stream(), inputs_.optimizer_at, inputs_.lookahead_at);
  const auto* scalars = inputs_.onDevice<OptimizerStep>(inputs_.optimizer_at);
  updateDenseOnDevice(stream(), scalars, denseState(), sums.dense());
  std::vector<TableStep> steps;
  for (size_t table = 0; table < tables_.size(); table++) steps.push_back({tables_[table].view(), sums.rows(table)});
  updateTablesOnDevice(stream(), scalars, steps);
}

}  // namespace lossmith
