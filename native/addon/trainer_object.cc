// See trainer_object.h. All work runs on the trainer's own thread, one call at a time; the JavaScript thread only converts.
#include "addon/trainer_object.h"

#include <cmath>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "addon/collective_object.h"
#include "addon/errors_to_js.h"
#include "addon/feed_object.h"
#include "addon/from_js.h"
#include "addon/promise.h"
#include "addon/trainer_options.h"
#include "engine/trainer.h"

namespace lossmith {
namespace {

Napi::Float32Array floatsToJs(Napi::Env env, const std::vector<float>& values) {
  auto array = Napi::Float32Array::New(env, values.size());
  if (!values.empty()) std::memcpy(array.Data(), values.data(), values.size() * sizeof(float));
  return array;
}

Napi::Value lanesToJs(Napi::Env env, const std::vector<LaneResult>& lanes) {
  Napi::Array array = Napi::Array::New(env, lanes.size());
  for (size_t i = 0; i < lanes.size(); i++) {
    const LaneResult& lane = lanes[i];
    Napi::Object object = Napi::Object::New(env);
    object.Set("lane", lane.lane);
    object.Set("examples", static_cast<double>(lane.examples));
    object.Set("lossSum", lane.loss);
    object.Set("cursor", cursorToJs(env, lane.cursor));
    object.Set("rejected", static_cast<double>(lane.rejected));
    object.Set("heldOut", static_cast<double>(lane.held_out));
    object.Set("heldOutTest", static_cast<double>(lane.held_out_test));
    object.Set("rejects", rejectsToJs(env, lane.rejects));
    object.Set("readMs", lane.read_ms);
    object.Set("computeMs", lane.compute_ms);
    object.Set("candidates", floatsToJs(env, lane.candidates));
    array.Set(static_cast<uint32_t>(i), object);
  }
  return array;
}

Napi::Value summaryToJs(Napi::Env env, const StepSummary& summary) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("examples", static_cast<double>(summary.examples));
  object.Set("lossSum", summary.loss);
  object.Set("exhausted", summary.exhausted);
  object.Set("order", summary.order);
  Napi::Array lanes = Napi::Array::New(env, summary.not_finite.size());
  for (size_t i = 0; i < summary.not_finite.size(); i++) lanes.Set(static_cast<uint32_t>(i), summary.not_finite[i]);
  object.Set("notFinite", lanes);
  Napi::Array cursors = Napi::Array::New(env, summary.cursors.size());
  for (size_t i = 0; i < summary.cursors.size(); i++) cursors.Set(static_cast<uint32_t>(i), cursorToJs(env, summary.cursors[i]));
  object.Set("cursors", cursors);
  return object;
}

Napi::Value evidenceToJs(Napi::Env env, const std::vector<LaneEvidence>& lanes) {
  Napi::Array array = Napi::Array::New(env, lanes.size());
  for (size_t i = 0; i < lanes.size(); i++) {
    Napi::Object object = Napi::Object::New(env);
    object.Set("lane", lanes[i].lane);
    object.Set("examples", static_cast<double>(lanes[i].examples));
    object.Set("evidence", floatsToJs(env, lanes[i].evidence));
    array.Set(static_cast<uint32_t>(i), object);
  }
  return array;
}

Napi::Value scoresToJs(Napi::Env env, const std::vector<PieceScores>& pieces) {
  Napi::Array array = Napi::Array::New(env, pieces.size());
  for (size_t i = 0; i < pieces.size(); i++) {
    const PieceScores& piece = pieces[i];
    Napi::Object object = Napi::Object::New(env);
    object.Set("piece", static_cast<double>(piece.piece));
    object.Set("count", static_cast<double>(piece.count));
    object.Set("positives", static_cast<double>(piece.positives));
    object.Set("logloss", piece.logloss);
    object.Set("predicted", piece.predicted);
    object.Set("correct", static_cast<double>(piece.correct));
    object.Set("rejected", static_cast<double>(piece.rejected));
    object.Set("rejects", rejectsToJs(env, piece.rejects));
    array.Set(static_cast<uint32_t>(i), object);
  }
  return array;
}

int64_t wholeNumber(Napi::Value value, const char* what) {
  const double number = value.IsNumber() ? value.As<Napi::Number>().DoubleValue() : NAN;
  if (!(std::abs(number) <= 9007199254740992.0) || number != std::floor(number)) {
    throw configError("native-argument", std::string("[trainer] wanted a whole number ") + what);
  }
  return static_cast<int64_t>(number);
}

class TrainerObject : public Napi::ObjectWrap<TrainerObject> {
 public:
  static Napi::Function define(Napi::Env env) {
    return DefineClass(
        env, "Trainer",
        {InstanceMethod<&TrainerObject::initialize>("initialize"), InstanceMethod<&TrainerObject::stateTensors>("stateTensors"),
         InstanceMethod<&TrainerObject::readState>("readState"), InstanceMethod<&TrainerObject::writeState>("writeState"),
         InstanceMethod<&TrainerObject::setCollective>("setCollective"), InstanceMethod<&TrainerObject::setController>("setController"),
         InstanceMethod<&TrainerObject::compute>("compute"), InstanceMethod<&TrainerObject::exchange>("exchange"),
         InstanceMethod<&TrainerObject::validate>("validate"), InstanceMethod<&TrainerObject::exchangeValidation>("exchangeValidation"),
         InstanceMethod<&TrainerObject::tangents>("tangents"), InstanceMethod<&TrainerObject::update>("update"),
         InstanceMethod<&TrainerObject::evaluate>("evaluate"), InstanceMethod<&TrainerObject::close>("close")});
  }

  explicit TrainerObject(const Napi::CallbackInfo& info) : Napi::ObjectWrap<TrainerObject>(info) {
    throwingToJs(info.Env(), [&] {
      trainer_ = createTrainer(trainerOptionsFromJs(info[0].As<Napi::Object>()));
      reportMemory(info.Env(), trainer_->stateBytes());
    });
  }
  void Finalize(Napi::Env env) override { reportMemory(env, 0); }

 private:
  // The garbage collector sees a handle of a few bytes: tell it what hangs on it.
  void reportMemory(Napi::Env env, int64_t bytes) {
    Napi::MemoryManagement::AdjustExternalMemory(env, bytes - reported_);
    reported_ = bytes;
  }

  std::shared_ptr<Trainer> open(const char* call) const {
    if (!trainer_) throw brokenError("closed", std::string("[trainer.") + call + "] wanted an open trainer, got a closed one");
    return trainer_;
  }

  // `work(Trainer&)` on the trainer's thread.
  template <class Work, class ToJs>
  Napi::Value call(const Napi::CallbackInfo& info, const char* name, Work work, ToJs toJs) {
    auto trainer = open(name);
    auto claim = calls_.claim(name);
    return promiseOn(
        thread_, info.Env(), [trainer, work = std::move(work)]() mutable { return work(*trainer); }, toJs, claim);
  }

  Napi::Value initialize(const Napi::CallbackInfo& info) {
    return throwingToJs(info.Env(), [&] {
      return call(
          info, "initialize",
          [](Trainer& trainer) {
            trainer.initialize();
            return Done{};
          },
          undefinedToJs);
    });
  }

  Napi::Value stateTensors(const Napi::CallbackInfo& info) {
    return throwingToJs(info.Env(), [&] {
      const std::vector<StateTensor> tensors = open("stateTensors")->stateTensors();
      Napi::Array array = Napi::Array::New(info.Env(), tensors.size());
      for (size_t i = 0; i < tensors.size(); i++) {
        Napi::Object object = Napi::Object::New(info.Env());
        Napi::Array shape = Napi::Array::New(info.Env(), tensors[i].shape.size());
        for (size_t d = 0; d < tensors[i].shape.size(); d++) shape.Set(static_cast<uint32_t>(d), static_cast<double>(tensors[i].shape[d]));
        object.Set("name", tensors[i].name);
        object.Set("shape", shape);
        object.Set("bytes", static_cast<double>(tensors[i].bytes));
        array.Set(static_cast<uint32_t>(i), object);
      }
      return array;
    });
  }

  Napi::Value readState(const Napi::CallbackInfo& info) {
    return throwingToJs(info.Env(), [&] {
      const std::string name = info[0].ToString().Utf8Value();
      const int64_t offset = wholeNumber(info[1], "offset"), bytes = wholeNumber(info[2], "bytes");
      return call(
          info, "readState", [name, offset, bytes](Trainer& trainer) { return trainer.readState(name, offset, bytes); },
          [](Napi::Env env, Bytes& read) -> Napi::Value {
            Napi::Uint8Array array = Napi::Uint8Array::New(env, read.size());
            if (!read.empty()) std::memcpy(array.Data(), read.data(), read.size());
            return array;
          });
    });
  }

  Napi::Value writeState(const Napi::CallbackInfo& info) {
    return throwingToJs(info.Env(), [&] {
      const std::string name = info[0].ToString().Utf8Value();
      const int64_t offset = wholeNumber(info[1], "offset");
      if (!info[2].IsTypedArray()) throw configError("native-argument", "[trainer.writeState] wanted bytes (Uint8Array)");
      const auto array = info[2].As<Napi::Uint8Array>();
      const char* data = reinterpret_cast<const char*>(array.Data());
      return call(
          info, "writeState",
          [name, offset, bytes = Bytes(data, data + array.ByteLength())](Trainer& trainer) {
            trainer.writeState(name, offset, bytes);
            return Done{};
          },
          undefinedToJs);
    });
  }

  void setCollective(const Napi::CallbackInfo& info) {
    throwingToJs(info.Env(), [&] {
      const auto trainer = open("setCollective");
      const auto claim = calls_.claim("setCollective");
      if (!info[1].IsArray()) throw configError("native-argument", "[trainer.setCollective] wanted the first lane of every rank");
      const auto array = info[1].As<Napi::Array>();
      std::vector<int> first_lanes;
      for (uint32_t i = 0; i < array.Length(); i++) first_lanes.push_back(array.Get(i).ToNumber().Int32Value());
      trainer->setCollective(collectiveFromJs(info[0]), first_lanes);
    });
  }

  // Beside other calls: the trainer takes it over with its next compute.
  void setController(const Napi::CallbackInfo& info) {
    throwingToJs(info.Env(), [&] {
      if (!info[0].IsTypedArray() || info[0].As<Napi::TypedArray>().TypedArrayType() != napi_float32_array) {
        throw configError("native-argument", "[trainer.setController] wanted a Float32Array");
      }
      const auto array = info[0].As<Napi::Float32Array>();
      open("setController")->setController({array.Data(), array.Data() + array.ElementLength()}, wholeNumber(info[1], "version"));
    });
  }

  Napi::Value compute(const Napi::CallbackInfo& info) {
    return throwingToJs(info.Env(), [&] {
      const int64_t step = wholeNumber(info[0], "step");
      const bool given = info[2].IsObject();
      const bool search = given && info[2].As<Napi::Object>().Get("search").ToBoolean();
      const float temperature = given ? static_cast<float>(numberFromJs(info[2].As<Napi::Object>(), "temperature")) : 1;
      return call(
          info, "compute",
          [step, search, temperature, feed = feedFromJs(info[1])](Trainer& trainer) { return trainer.compute(step, *feed, search, temperature); },
          lanesToJs);
    });
  }

  Napi::Value validate(const Napi::CallbackInfo& info) {
    return throwingToJs(info.Env(), [&] {
      return call(
          info, "validate",
          [step = wholeNumber(info[0], "step"), feed = feedFromJs(info[1])](Trainer& trainer) { return trainer.validate(step, *feed); }, lanesToJs);
    });
  }

  Napi::Value exchangeValidation(const Napi::CallbackInfo& info) {
    return throwingToJs(info.Env(), [&] {
      return call(
          info, "exchangeValidation", [](Trainer& trainer) { return trainer.exchangeValidation(); }, summaryToJs);
    });
  }

  Napi::Value tangents(const Napi::CallbackInfo& info) {
    return throwingToJs(info.Env(), [&] {
      return call(
          info, "tangents", [step = wholeNumber(info[0], "step")](Trainer& trainer) { return trainer.tangents(step); }, evidenceToJs);
    });
  }

  Napi::Value exchange(const Napi::CallbackInfo& info) {
    return throwingToJs(info.Env(), [&] {
      return call(
          info, "exchange", [order = info[0].ToBoolean().Value()](Trainer& trainer) { return trainer.exchange(order); }, summaryToJs);
    });
  }

  Napi::Value update(const Napi::CallbackInfo& info) {
    return throwingToJs(info.Env(), [&] {
      return call(
          info, "update",
          [step = wholeNumber(info[0], "step")](Trainer& trainer) {
            trainer.update(step);
            return Done{};
          },
          undefinedToJs);
    });
  }

  Napi::Value evaluate(const Napi::CallbackInfo& info) {
    return throwingToJs(info.Env(), [&] {
      return call(
          info, "evaluate",
          [feed = feedFromJs(info[0]), pieces = piecesFromJs(info[1]), path = info[2].ToString().Utf8Value()](Trainer& trainer) {
            return trainer.evaluate(*feed, pieces, path);
          },
          scoresToJs);
    });
  }

  void close(const Napi::CallbackInfo& info) {
    if (trainer_) reportMemory(info.Env(), 0);
    trainer_.reset();
  }

  std::shared_ptr<Trainer> trainer_;
  int64_t reported_ = 0;
  EngineThread thread_;
  OneAtATime calls_;
};

}  // namespace

void registerTrainer(Napi::Env env, Napi::Object exports) {
  auto constructor = std::make_shared<Napi::FunctionReference>(Napi::Persistent(TrainerObject::define(env)));
  constructor->SuppressDestruct();
  exports.Set("createTrainer", Napi::Function::New(
                                   env, [constructor](const Napi::CallbackInfo& info) { return constructor->New({info[0]}); }, "createTrainer"));
}

}  // namespace lossmith
