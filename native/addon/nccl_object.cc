// See nccl_object.h. A rank has a thread of its own; calls on it run one after the other.
#include "addon/nccl_object.h"

#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "addon/errors_to_js.h"
#include "addon/from_js.h"
#include "addon/promise.h"
#include "engine/collective/nccl/nccl_communicator.h"
#include "engine/collective/nccl/nccl_session.h"

namespace lossmith {
namespace {

constexpr napi_type_tag kBufferTag = {0x6c6f73736d697468, 0x6e63636c627566};  // "lossmith", "ncclbuf"

// A name out of a fixed list.
template <class Value>
Value named(const Napi::Object& object, const char* key, const std::map<std::string, Value>& values) {
  const std::string name = textFromJs(object, key);
  const auto found = values.find(name);
  if (found != values.end()) return found->second;
  std::string known;
  for (const auto& [each, value] : values) known += known.empty() ? each : ", " + each;
  throw configError("native-argument", std::string("[nccl] wanted a ") + key + " of " + known + ", got " + name);
}

size_t sizeFromJs(const Napi::Object& object, const char* key) {
  const int64_t value = integerFromJs(object, key);
  if (value < 0) throw configError("native-argument", std::string("[nccl] wanted ") + key + " of at least 0, got " + std::to_string(value));
  return static_cast<size_t>(value);
}

Bytes bytesOf(const Napi::Object& object, const char* key) {
  const Napi::Value value = valueFromJs(object, key);
  if (!value.IsTypedArray()) throw configError("native-argument", std::string("[nccl] wanted bytes (Uint8Array) ") + key);
  const auto array = value.As<Napi::Uint8Array>();
  const char* data = reinterpret_cast<const char*>(array.Data());
  return Bytes(data, data + array.ByteLength());
}

Napi::Value bytesToJs(Napi::Env env, const Bytes& bytes) {
  Napi::Uint8Array array = Napi::Uint8Array::New(env, bytes.size());
  if (!bytes.empty()) std::memcpy(array.Data(), bytes.data(), bytes.size());
  return array;
}

class NcclBufferObject : public Napi::ObjectWrap<NcclBufferObject> {
 public:
  static Napi::Function define(Napi::Env env) { return DefineClass(env, "NcclBuffer", {InstanceMethod<&NcclBufferObject::free>("free")}); }

  explicit NcclBufferObject(const Napi::CallbackInfo& info) : Napi::ObjectWrap<NcclBufferObject>(info) {
    buffer_ = *info[0].As<Napi::External<std::shared_ptr<NcclBuffer>>>().Data();
    info.This().As<Napi::Object>().TypeTag(&kBufferTag);
  }

  static std::shared_ptr<NcclBuffer> from(Napi::Value value) {
    if (!value.IsObject() || !value.As<Napi::Object>().CheckTypeTag(&kBufferTag)) {
      throw configError("native-argument", "[nccl] wanted a buffer of allocate");
    }
    auto buffer = Unwrap(value.As<Napi::Object>())->buffer_;
    if (!buffer) throw brokenError("closed", "[nccl] wanted memory, got a buffer that was freed");
    return buffer;
  }

 private:
  void free(const Napi::CallbackInfo&) { buffer_.reset(); }

  std::shared_ptr<NcclBuffer> buffer_;
};

NcclPlace placeFromJs(const Napi::Object& object, const char* key) {
  const Napi::Object place = objectFromJs(object, key);
  return {NcclBufferObject::from(place.Get("buffer")), sizeFromJs(place, "offset")};
}

NcclCall callFromJs(const Napi::Object& object) {
  static const std::map<std::string, NcclCallKind> kinds = {
      {"allReduce", NcclCallKind::AllReduce}, {"reduce", NcclCallKind::Reduce},       {"reduceScatter", NcclCallKind::ReduceScatter},
      {"broadcast", NcclCallKind::Broadcast}, {"allGather", NcclCallKind::AllGather}, {"send", NcclCallKind::Send},
      {"receive", NcclCallKind::Receive}};
  static const std::map<std::string, nccl::ncclDataType_t> types = {
      {"int8", nccl::ncclInt8},       {"uint8", nccl::ncclUint8},    {"int32", nccl::ncclInt32},     {"uint32", nccl::ncclUint32},
      {"int64", nccl::ncclInt64},     {"uint64", nccl::ncclUint64},  {"float16", nccl::ncclFloat16}, {"bfloat16", nccl::ncclBfloat16},
      {"float32", nccl::ncclFloat32}, {"float64", nccl::ncclFloat64}};
  static const std::map<std::string, nccl::ncclRedOp_t> operations = {
      {"sum", nccl::ncclSum}, {"product", nccl::ncclProd}, {"max", nccl::ncclMax}, {"min", nccl::ncclMin}, {"average", nccl::ncclAvg}};
  NcclCall call;
  call.kind = named(object, "call", kinds);
  call.type = named(object, "type", types);
  call.count = sizeFromJs(object, "count");
  if (object.Has("op")) call.op = named(object, "op", operations);
  if (object.Has("peer")) call.peer = intFromJs(object, "peer");
  if (object.Has("from")) call.from = placeFromJs(object, "from");
  if (object.Has("to")) call.to = placeFromJs(object, "to");
  return call;
}

class NcclRankObject : public Napi::ObjectWrap<NcclRankObject> {
 public:
  static Napi::Function define(Napi::Env env, Napi::Function buffers) {
    auto* constructor = new Napi::FunctionReference(Napi::Persistent(buffers));
    constructor->SuppressDestruct();
    return DefineClass(
        env, "NcclRank",
        {InstanceMethod<&NcclRankObject::connect>("connect"), InstanceMethod<&NcclRankObject::allocate>("allocate", napi_default_method, constructor),
         InstanceMethod<&NcclRankObject::write>("write"), InstanceMethod<&NcclRankObject::read>("read"), InstanceMethod<&NcclRankObject::run>("run"),
         InstanceMethod<&NcclRankObject::close>("close"), InstanceMethod<&NcclRankObject::abort>("abort"),
         InstanceAccessor<&NcclRankObject::device>("device")});
  }

  explicit NcclRankObject(const Napi::CallbackInfo& info) : Napi::ObjectWrap<NcclRankObject>(info) {
    throwingToJs(info.Env(), [&] { session_ = createNcclSession(intFromJs(info[0].As<Napi::Object>(), "gpu")); });
  }

 private:
  Napi::Value device(const Napi::CallbackInfo& info) { return Napi::String::New(info.Env(), session_->deviceName()); }

  Napi::Value connect(const Napi::CallbackInfo& info) {
    return throwingToJs(info.Env(), [&] {
      const auto options = info[0].As<Napi::Object>();
      const Bytes bytes = bytesOf(options, "id");
      nccl::ncclUniqueId id;
      if (bytes.size() != sizeof id) {
        throw configError("native-argument",
                          "[nccl] wanted a unique id of " + std::to_string(sizeof id) + " bytes, got " + std::to_string(bytes.size()));
      }
      std::memcpy(&id, bytes.data(), sizeof id);
      const double milliseconds = numberFromJs(options, "timeoutMs");
      if (!(milliseconds >= 1 && milliseconds < 1e9)) throw configError("native-argument", "[nccl] wanted a timeoutMs of at least 1");
      const std::chrono::milliseconds timeout(static_cast<int64_t>(milliseconds));
      return start(info, "connect", [session = session_, id, rank = intFromJs(options, "rank"), world = intFromJs(options, "world"), timeout] {
        session->connect(id, rank, world, timeout);
        return Done{};
      });
    });
  }

  Napi::Value allocate(const Napi::CallbackInfo& info) {
    return throwingToJs(info.Env(), [&] {
      auto buffer = session_->allocate(sizeFromJs(info[0].As<Napi::Object>(), "bytes"));
      return static_cast<Napi::FunctionReference*>(info.Data())->New({Napi::External<std::shared_ptr<NcclBuffer>>::New(info.Env(), &buffer)});
    });
  }

  Napi::Value write(const Napi::CallbackInfo& info) {
    return throwingToJs(info.Env(), [&] {
      const auto options = info[0].As<Napi::Object>();
      return start(info, "write", [session = session_, to = placeFromJs(options, "to"), bytes = bytesOf(options, "bytes")] {
        session->write(to, bytes);
        return Done{};
      });
    });
  }

  Napi::Value read(const Napi::CallbackInfo& info) {
    return throwingToJs(info.Env(), [&] {
      const auto options = info[0].As<Napi::Object>();
      return promiseOn(
          thread_, info.Env(),
          [session = session_, from = placeFromJs(options, "from"), bytes = sizeFromJs(options, "bytes")] { return session->read(from, bytes); },
          bytesToJs, calls_.claim("read"));
    });
  }

  Napi::Value run(const Napi::CallbackInfo& info) {
    return throwingToJs(info.Env(), [&] {
      const auto list = info[0].As<Napi::Array>();
      std::vector<NcclCall> calls;
      for (uint32_t i = 0; i < list.Length(); i++) calls.push_back(callFromJs(list.Get(i).As<Napi::Object>()));
      return start(info, "run", [session = session_, calls = std::move(calls)] {
        session->run(calls);
        return Done{};
      });
    });
  }

  Napi::Value close(const Napi::CallbackInfo& info) {
    return throwingToJs(info.Env(), [&] {
      return start(info, "close", [session = session_] {
        session->close();
        return Done{};
      });
    });
  }

  void abort(const Napi::CallbackInfo& info) {
    throwingToJs(info.Env(), [&] { session_->abort(); });
  }

  template <class Work>
  Napi::Value start(const Napi::CallbackInfo& info, const char* name, Work work) {
    return promiseOn(thread_, info.Env(), std::move(work), undefinedToJs, calls_.claim(name));
  }

  std::shared_ptr<NcclSession> session_;
  EngineThread thread_;
  OneAtATime calls_;
};

Napi::Value createId(const Napi::CallbackInfo& info) {
  return throwingToJs(info.Env(), [&] {
    const nccl::ncclUniqueId id = createNcclId();
    return bytesToJs(info.Env(), Bytes(id.internal, id.internal + sizeof id.internal));
  });
}

Napi::Value library(const Napi::CallbackInfo& info) {
  return throwingToJs(info.Env(), [&] {
    Napi::Object found = Napi::Object::New(info.Env());
    found.Set("path", nccl::api().path);
    found.Set("version", nccl::api().version);
    return found;
  });
}

}  // namespace

void registerNccl(Napi::Env env, Napi::Object exports) {
  exports.Set("ncclLibrary", Napi::Function::New<library>(env, "ncclLibrary"));
  exports.Set("createNcclId", Napi::Function::New<createId>(env, "createNcclId"));
  exports.Set("NcclRank", NcclRankObject::define(env, NcclBufferObject::define(env)));
}

}  // namespace lossmith
