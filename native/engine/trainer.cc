// See trainer.h.
#include "engine/trainer.h"

#include <algorithm>

#include "engine/cpu_trainer.h"
#include "engine/cuda/cuda_trainer.h"
#include "engine/errors.h"

namespace lossmith {
namespace {

void wantBatch(const Program& program, int64_t batch) {
  if (program.max_batch >= batch) return;
  throw configError(
      "plan", "[" + program.name + "] wanted a program for " + std::to_string(batch) + " examples, got one for " + std::to_string(program.max_batch));
}

}  // namespace

std::unique_ptr<Trainer> createTrainer(TrainerOptions options) {
  if (options.device == DeviceKind::Cuda) return createCudaTrainer(std::move(options));
  if (options.precision != Precision::Float32 || options.exchange != ExchangeKind::Tree) {
    throw configError("plan", "[trainer] wanted precision float32 and the exchange tree on a CPU, got others");
  }
  return std::make_unique<CpuTrainer>(std::move(options));
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

ExchangeShape exchangeShape(const TrainerOptions& options, int64_t dense_size) {
  ExchangeShape shape{options.lanes, options.first_lane, options.lane_count, dense_size, {}};
  for (const TableSpec& table : options.tables) shape.tables.emplace_back(table.rows, table.width);
  return shape;
}

void checkLogits(const ProgramBinding& predict, int classes) {
  const int64_t logits = predict.output_sizes[predict.output] / predict.program->max_batch;
  if (logits == classes) return;
  throw configError("plan",
                    "[" + predict.program->name + "] wanted " + std::to_string(classes) + " logits an example, got " + std::to_string(logits));
}

void checkEvidence(const ProgramBinding& search) {
  const std::vector<std::string>& outputs = search.program->outputs;
  if (std::find(outputs.begin(), outputs.end(), "evidence") != outputs.end()) return;
  throw configError("plan", "[" + search.program->name + "] wanted an output evidence, got none");
}

void checkLearns(const TrainerOptions& options) {
  if (!options.learns()) throw configError("plan", "[compute] wanted a plan with a program search, got none");
}

void checkController(const TrainerOptions& options, const std::vector<float>& phi) {
  const int64_t wanted = options.controller ? options.controller->size : 0;
  if (static_cast<int64_t>(phi.size()) == wanted && options.controller) return;
  throw configError("controller-size",
                    "[setController] wanted a controller of " + std::to_string(wanted) + " floats, got " + std::to_string(phi.size()));
}

LaneResult laneResult(int lane, const Batch& batch) {
  LaneResult result;
  result.lane = lane;
  result.examples = batch.count;
  result.cursor = batch.after;
  result.rejected = batch.rejected;
  result.held_out = batch.held_out;
  result.held_out_test = batch.held_out_test;
  result.rejects = batch.rejects;
  return result;
}

}  // namespace lossmith
