// See trainer_options.h.
#include "addon/trainer_options.h"

#include <algorithm>
#include <initializer_list>
#include <string>

#include "addon/from_js.h"
#include "addon/program_from_js.h"

namespace lossmith {
namespace {

Init initFromJs(const Napi::Object& init) {
  const std::string kind = textFromJs(init, "kind");
  if (kind == "zeros") return {InitKind::Zeros, 0};
  if (kind == "constant") return {InitKind::Constant, numberFromJs(init, "value")};
  if (kind == "normal") return {InitKind::Normal, numberFromJs(init, "deviation")};
  if (kind == "uniform") return {InitKind::Uniform, numberFromJs(init, "bound")};
  throw configError("native-argument", "[init] wanted zeros, constant, normal or uniform, got " + kind);
}

ParameterSpec parameterFromJs(const Napi::Object& parameter) {
  ParameterSpec spec{textFromJs(parameter, "name"), {}, initFromJs(objectFromJs(parameter, "init"))};
  const Napi::Array shape = arrayFromJs(parameter, "shape");
  for (uint32_t i = 0; i < shape.Length(); i++) {
    const int64_t dimension = shape.Get(i).ToNumber().Int64Value();
    if (dimension < 1) {
      throw configError("native-argument", "[parameter " + spec.name + "] wanted dimensions of at least 1, got " + std::to_string(dimension));
    }
    spec.shape.push_back(dimension);
  }
  return spec;
}

}  // namespace

TableSpec tableFromJs(const Napi::Object& table) {
  return {textFromJs(table, "name"), integerFromJs(table, "rows"), integerFromJs(table, "width"), initFromJs(objectFromJs(table, "init"))};
}

OptimizerSpec optimizerFromJs(const Napi::Object& optimizer) {
  const std::string kind = textFromJs(optimizer, "kind");
  OptimizerSpec spec;
  spec.rate = numberFromJs(optimizer, "rate");
  spec.weight_decay = numberFromJs(optimizer, "weightDecay");
  if (kind == "sgd") return spec;
  spec.epsilon = numberFromJs(optimizer, "epsilon");
  if (kind == "adagrad") {
    spec.kind = OptimizerKind::Adagrad;
    spec.initial = numberFromJs(optimizer, "initial");
  } else if (kind == "adam") {
    spec.kind = OptimizerKind::Adam;
    spec.beta1 = numberFromJs(optimizer, "beta1");
    spec.beta2 = numberFromJs(optimizer, "beta2");
  } else {
    throw configError("native-argument", "[optimizer] wanted sgd, adagrad or adam, got " + kind);
  }
  return spec;
}

Lookahead lookaheadFromJs(const Napi::Object& object) {
  const std::string lookahead = textFromJs(object, "lookahead");
  if (lookahead == "exact") return Lookahead::Exact;
  if (lookahead == "preconditioned") return Lookahead::Preconditioned;
  if (lookahead == "sgd") return Lookahead::Sgd;
  throw configError("native-argument", "[controller] wanted lookahead exact, preconditioned or sgd, got " + lookahead);
}

namespace {

std::optional<Program> programOrNone(const Napi::Object& object, const char* key) {
  const Napi::Value value = object.Get(key);
  if (value.IsNull() || value.IsUndefined()) return std::nullopt;
  return programFromJs(objectFromJs(object, key));
}

ControllerOptions controllerFromJs(const Napi::Object& controller) {
  ControllerOptions out;
  out.size = integerFromJs(controller, "size");
  out.search = programOrNone(controller, "search");
  out.validate = programOrNone(controller, "validate");
  out.lane_batch = integerFromJs(controller, "laneBatch");
  out.lookahead = lookaheadFromJs(controller);
  return out;
}

}  // namespace

TrainerOptions trainerOptionsFromJs(const Napi::Object& options) {
  TrainerOptions out;
  const Napi::Array parameters = arrayFromJs(options, "parameters"), tables = arrayFromJs(options, "tables");
  for (uint32_t i = 0; i < parameters.Length(); i++) out.parameters.push_back(parameterFromJs(parameters.Get(i).As<Napi::Object>()));
  for (uint32_t i = 0; i < tables.Length(); i++) out.tables.push_back(tableFromJs(tables.Get(i).As<Napi::Object>()));
  out.optimizer = optimizerFromJs(objectFromJs(options, "optimizer"));
  out.classes = intFromJs(options, "classes");
  out.train = programFromJs(objectFromJs(options, "train"));
  out.predict = programFromJs(objectFromJs(options, "predict"));
  if (options.Get("controller").IsObject()) out.controller = controllerFromJs(objectFromJs(options, "controller"));
  out.seed = static_cast<uint64_t>(integerFromJs(options, "seed"));
  out.lanes = intFromJs(options, "lanes");
  out.lane_batch = integerFromJs(options, "laneBatch");
  out.threads = intFromJs(options, "threads");
  out.first_lane = intFromJs(options, "firstLane");
  out.lane_count = intFromJs(options, "laneCount");
  out.device = choiceFromJs<DeviceKind>(options, "device", {"cpu", "cuda"});
  if (!options.Get("gpu").IsUndefined()) out.gpu = intFromJs(options, "gpu");
  out.precision = choiceFromJs<Precision>(options, "precision", {"float32", "tf32", "bf16"});
  out.exchange = choiceFromJs<ExchangeKind>(options, "exchange", {"tree", "allreduce"});
  return out;
}

}  // namespace lossmith
