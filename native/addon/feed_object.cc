// See feed_object.h.
#include "addon/feed_object.h"

#include <cstring>

#include "addon/errors_to_js.h"
#include "addon/features_from_js.h"
#include "addon/promise.h"

namespace lossmith {
namespace {

constexpr napi_type_tag kFeedTag = {0x6c6f73736d697468, 0x66656564};  // "lossmith", "feed"
constexpr int64_t kPieceBatch = 4096;

int64_t integer(const Napi::Object& from, const char* name) { return from.Get(name).ToNumber().Int64Value(); }
std::string text(const Napi::Object& from, const char* name) { return from.Get(name).ToString().Utf8Value(); }

std::vector<std::string> texts(const Napi::Object& from, const char* name) {
  const auto array = from.Get(name).As<Napi::Array>();
  std::vector<std::string> out;
  for (uint32_t i = 0; i < array.Length(); i++) out.push_back(array.Get(i).ToString().Utf8Value());
  return out;
}

template <class Array, class Element>
Array typedArray(Napi::Env env, const std::vector<Element>& from) {
  auto array = Array::New(env, from.size());
  if (!from.empty()) std::memcpy(array.Data(), from.data(), from.size() * sizeof(Element));
  return array;
}

template <class Element>
std::vector<Element> elements(const Napi::Object& from, const char* name, napi_typedarray_type type) {
  const Napi::Value value = from.Get(name);
  if (!value.IsTypedArray() || value.As<Napi::TypedArray>().TypedArrayType() != type) {
    throw configError("feed", std::string("[setMemory] wanted ids of int64, labels and numbers of float32, got other ") + name);
  }
  const auto array = value.As<Napi::TypedArray>();
  std::vector<Element> out(array.ElementLength());
  if (!out.empty()) std::memcpy(out.data(), static_cast<const char*>(array.ArrayBuffer().Data()) + array.ByteOffset(), array.ByteLength());
  return out;
}

Napi::Object batchToJs(Napi::Env env, const Batch& batch) {
  auto out = Napi::Object::New(env);
  out["labels"] = typedArray<Napi::Float32Array>(env, batch.labels);
  out["ids"] = typedArray<Napi::BigInt64Array>(env, batch.ids);
  out["numbers"] = typedArray<Napi::Float32Array>(env, batch.numbers);
  out["cursor"] = cursorToJs(env, batch.after);
  out["rejected"] = Napi::Number::New(env, static_cast<double>(batch.rejected));
  out["heldOut"] = Napi::Number::New(env, static_cast<double>(batch.held_out));
  out["heldOutTest"] = Napi::Number::New(env, static_cast<double>(batch.held_out_test));
  out["rejects"] = rejectsToJs(env, batch.rejects);
  return out;
}

Batch readWhole(Feed::PieceReader& reader) {
  Batch whole, batch;
  while (reader.next(batch, kPieceBatch)) {
    whole.count += batch.count;
    whole.labels.insert(whole.labels.end(), batch.labels.begin(), batch.labels.end());
    whole.ids.insert(whole.ids.end(), batch.ids.begin(), batch.ids.end());
    whole.numbers.insert(whole.numbers.end(), batch.numbers.begin(), batch.numbers.end());
    whole.rejected += batch.rejected;
    whole.held_out += batch.held_out;
    whole.held_out_test += batch.held_out_test;
    whole.after = batch.after;
    whole.rejects.insert(whole.rejects.end(), batch.rejects.begin(), batch.rejects.end());
  }
  return whole;
}

class FeedObject : public Napi::ObjectWrap<FeedObject> {
 public:
  static Napi::Function define(Napi::Env env) {
    return DefineClass(env, "Feed",
                       {InstanceMethod<&FeedObject::startEpoch>("startEpoch"), InstanceMethod<&FeedObject::setMemory>("setMemory"),
                        InstanceMethod<&FeedObject::nextBatch>("nextBatch"), InstanceMethod<&FeedObject::readPiece>("readPiece"),
                        InstanceMethod<&FeedObject::close>("close")});
  }

  explicit FeedObject(const Napi::CallbackInfo& info) : Napi::ObjectWrap<FeedObject>(info) {
    throwingToJs(info.Env(), [&] {
      const auto options = info[0].As<Napi::Object>();
      lane_batch_ = integer(options, "laneBatch");
      feed_ = std::make_shared<LogFeed>(sourceFromJs(options.Get("source")), static_cast<uint64_t>(integer(options, "seed")), lane_batch_,
                                        integer(options, "shuffleRows"));
    });
    info.This().As<Napi::Object>().TypeTag(&kFeedTag);
  }

  std::shared_ptr<Feed> feed() const { return feed_; }

 private:
  void startEpoch(const Napi::CallbackInfo& info) {
    throwingToJs(info.Env(), [&] {
      const auto array = info[1].As<Napi::Array>();
      std::vector<FeedLane> lanes;
      for (uint32_t i = 0; i < array.Length(); i++) {
        const auto lane = array.Get(i).As<Napi::Object>();
        lanes.push_back({static_cast<int>(integer(lane, "lane")), piecesFromJs(lane.Get("pieces")), cursorFromJs(lane.Get("cursor"))});
      }
      feed_->startEpoch(info[0].ToNumber().Int64Value(), std::move(lanes), info[2].ToBoolean());
    });
  }

  void setMemory(const Napi::CallbackInfo& info) {
    throwingToJs(info.Env(), [&] {
      const auto array = info[1].As<Napi::Array>();
      std::vector<Batch> batches;
      for (uint32_t i = 0; i < array.Length(); i++) batches.push_back(memoryBatch(array.Get(i).As<Napi::Object>()));
      feed_->setMemory(info[0].ToNumber().Int32Value(), std::move(batches), info[2].ToBoolean());
    });
  }

  Batch memoryBatch(const Napi::Object& from) const {
    Batch batch;
    batch.labels = elements<float>(from, "labels", napi_float32_array);
    batch.ids = elements<int64_t>(from, "ids", napi_bigint64_array);
    batch.numbers = elements<float>(from, "numbers", napi_float32_array);
    batch.count = static_cast<int64_t>(batch.labels.size());
    const FeaturePlan& plan = feed_->source()->features();
    const auto ids = static_cast<size_t>(batch.count * plan.fields), width = static_cast<size_t>(batch.count * plan.width);
    if (batch.count > lane_batch_ || batch.ids.size() != ids || batch.numbers.size() != width) {
      throw configError("feed", "[setMemory] wanted at most " + std::to_string(lane_batch_) + " labels, " + std::to_string(plan.fields) +
                                    " ids and " + std::to_string(plan.width) + " numbers each, got " + std::to_string(batch.count) + " labels, " +
                                    std::to_string(batch.ids.size()) + " ids, " + std::to_string(batch.numbers.size()) + " numbers");
    }
    return batch;
  }

  Napi::Value nextBatch(const Napi::CallbackInfo& info) {
    return throwingToJs(info.Env(), [&] {
      return promiseOnNewThread(
          info.Env(),
          [feed = feed_, lane = info[0].ToNumber().Int32Value()] {
            Batch batch;
            feed->next(lane, batch);
            return batch;
          },
          [](Napi::Env env, Batch& batch) -> Napi::Value { return batchToJs(env, batch); });
    });
  }

  Napi::Value readPiece(const Napi::CallbackInfo& info) {
    return throwingToJs(info.Env(), [&] {
      return promiseOnNewThread(
          info.Env(), [source = feed_->source(), piece = pieceFromJs(info[0])] { return readWhole(*openPieceOf(source, piece)); },
          [](Napi::Env env, Batch& whole) -> Napi::Value { return batchToJs(env, whole); });
    });
  }

  void close(const Napi::CallbackInfo&) { feed_->close(); }

  int64_t lane_batch_ = 0;
  std::shared_ptr<LogFeed> feed_;  // shared with batches that are being read
};

}  // namespace

std::shared_ptr<Feed> feedFromJs(Napi::Value value) {
  if (!value.IsObject() || !value.As<Napi::Object>().CheckTypeTag(&kFeedTag)) {
    throw Napi::TypeError::New(value.Env(), "wanted a feed of createFeed, got something else");
  }
  return FeedObject::Unwrap(value.As<Napi::Object>())->feed();
}

std::shared_ptr<LogSource> sourceFromJs(Napi::Value value) {
  const auto from = value.As<Napi::Object>();
  SourceOptions options;
  options.paths = texts(from, "paths");
  options.points_paths = texts(from, "pointsPaths");
  options.vocabulary_path = text(from, "vocabularyPath");
  options.features = featuresFromJs(from.Get("features").As<Napi::Object>());
  const Napi::Value fraction = from.Get("fraction");
  if (fraction.IsObject()) {
    const auto draw = fraction.As<Napi::Object>();
    options.fraction = Fraction{static_cast<uint64_t>(integer(draw, "seed")), draw.Get("validation").ToNumber().DoubleValue(),
                                draw.Get("test").ToNumber().DoubleValue()};
  }
  return std::make_shared<LogSource>(std::move(options));
}

Piece pieceFromJs(Napi::Value value) {
  const auto from = value.As<Napi::Object>();
  return {.id = integer(from, "id"),
          .file = integer(from, "file"),
          .offset = integer(from, "offset"),
          .bytes = integer(from, "bytes"),
          .first_line = integer(from, "firstLine"),
          .lines = integer(from, "lines"),
          .skip = integer(from, "skip"),
          .take = integer(from, "take"),
          .split = text(from, "split")};
}

std::vector<Piece> piecesFromJs(Napi::Value value) {
  const auto array = value.As<Napi::Array>();
  std::vector<Piece> pieces;
  for (uint32_t i = 0; i < array.Length(); i++) pieces.push_back(pieceFromJs(array.Get(i)));
  return pieces;
}

Cursor cursorFromJs(Napi::Value value) {
  if (!value.IsObject()) return {};
  const auto from = value.As<Napi::Object>();
  return {integer(from, "piece"),   integer(from, "offset"),           integer(from, "line"),
          integer(from, "emitted"), from.Get("exhausted").ToBoolean(), integer(from, "pass")};
}

Napi::Object cursorToJs(Napi::Env env, const Cursor& cursor) {
  auto out = Napi::Object::New(env);
  out["piece"] = Napi::Number::New(env, static_cast<double>(cursor.piece));
  out["offset"] = Napi::Number::New(env, static_cast<double>(cursor.offset));
  out["line"] = Napi::Number::New(env, static_cast<double>(cursor.line));
  out["emitted"] = Napi::Number::New(env, static_cast<double>(cursor.emitted));
  out["exhausted"] = Napi::Boolean::New(env, cursor.exhausted != 0);
  out["pass"] = Napi::Number::New(env, static_cast<double>(cursor.pass));
  return out;
}

Napi::Array rejectsToJs(Napi::Env env, const std::vector<Reject>& rejects) {
  auto out = Napi::Array::New(env, rejects.size());
  for (size_t i = 0; i < rejects.size(); i++) {
    auto reject = Napi::Object::New(env);
    reject["file"] = Napi::Number::New(env, static_cast<double>(rejects[i].file));
    reject["line"] = Napi::Number::New(env, static_cast<double>(rejects[i].line));
    reject["reason"] = Napi::String::New(env, rejects[i].reason);
    reject["text"] = Napi::String::New(env, rejects[i].text);
    out[static_cast<uint32_t>(i)] = reject;
  }
  return out;
}

void registerFeed(Napi::Env env, Napi::Object exports) {
  auto* constructor = new Napi::FunctionReference(Napi::Persistent(FeedObject::define(env)));
  env.AddCleanupHook([constructor] { delete constructor; });
  exports["createFeed"] = Napi::Function::New(
      env, [constructor](const Napi::CallbackInfo& info) -> Napi::Value { return constructor->New({info[0]}); }, "createFeed");
}

}  // namespace lossmith
