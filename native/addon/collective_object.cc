// See collective_object.h. A collective has a thread of its own for what JavaScript asks of it; a trainer uses it from its own thread.
#include "addon/collective_object.h"

#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "addon/errors_to_js.h"
#include "addon/from_js.h"
#include "addon/promise.h"
#include "engine/collective/gloo_collective.h"
#include "engine/collective/local_collective.h"
#include "engine/collective/nccl/nccl_collective.h"

namespace lossmith {
namespace {

constexpr napi_type_tag kCollectiveTag = {0x6c6f73736d697468, 0x636f6c6c6563};  // "lossmith", "collec"

Bytes bytesFromJs(Napi::Value value) {
  if (!value.IsTypedArray()) throw configError("native-argument", "[collective] wanted bytes (Uint8Array)");
  const auto array = value.As<Napi::Uint8Array>();
  const char* data = reinterpret_cast<const char*>(array.Data());
  return Bytes(data, data + array.ByteLength());
}

std::vector<Bytes> listOfBytesFromJs(Napi::Value value, int world) {
  if (!value.IsArray() || static_cast<int>(value.As<Napi::Array>().Length()) != world) {
    throw configError("native-argument", "[collective] wanted bytes for each of " + std::to_string(world) + " ranks");
  }
  const auto array = value.As<Napi::Array>();
  std::vector<Bytes> list;
  for (int rank = 0; rank < world; rank++) list.push_back(bytesFromJs(array.Get(rank)));
  return list;
}

Napi::Value bytesToJs(Napi::Env env, const Bytes& bytes) {
  Napi::Uint8Array array = Napi::Uint8Array::New(env, bytes.size());
  if (!bytes.empty()) std::memcpy(array.Data(), bytes.data(), bytes.size());
  return array;
}

Napi::Value listOfBytesToJs(Napi::Env env, std::vector<Bytes>& list) {
  Napi::Array array = Napi::Array::New(env, list.size());
  for (size_t i = 0; i < list.size(); i++) array.Set(static_cast<uint32_t>(i), bytesToJs(env, list[i]));
  return array;
}

std::vector<Bytes> allToAll(Collective& collective, const std::vector<Bytes>& send) {
  const size_t world = send.size();
  std::vector<uint64_t> mine, sizes(world * world);
  for (const Bytes& bytes : send) mine.push_back(bytes.size());
  collective.allGather(mine.data(), world * sizeof(uint64_t), sizes.data());
  std::vector<Bytes> received(world);
  std::vector<std::pair<const void*, size_t>> from;
  std::vector<std::pair<void*, size_t>> to;
  for (size_t rank = 0; rank < world; rank++) {
    received[rank].resize(sizes[rank * world + collective.rank()]);
    from.emplace_back(send[rank].data(), send[rank].size());
    to.emplace_back(received[rank].data(), received[rank].size());
  }
  collective.allToAll(from, to);
  return received;
}

std::vector<Bytes> allGather(Collective& collective, const Bytes& mine) {
  std::vector<uint64_t> counts(collective.world());
  const uint64_t size = mine.size();
  collective.allGather(&size, sizeof size, counts.data());
  const std::vector<size_t> sizes(counts.begin(), counts.end());
  size_t total = 0;
  for (size_t each : sizes) total += each;
  Bytes all(total);
  collective.allGatherV(mine.data(), sizes, all.data());
  std::vector<Bytes> received;
  size_t at = 0;
  for (size_t each : sizes) {
    received.emplace_back(all.begin() + at, all.begin() + at + each);
    at += each;
  }
  return received;
}

class CollectiveObject : public Napi::ObjectWrap<CollectiveObject> {
 public:
  static Napi::Function define(Napi::Env env) {
    return DefineClass(env, "Collective",
                       {InstanceMethod<&CollectiveObject::prepare>("prepare"), InstanceMethod<&CollectiveObject::connect>("connect"),
                        InstanceMethod<&CollectiveObject::abort>("abort"), InstanceMethod<&CollectiveObject::close>("close"),
                        InstanceMethod<&CollectiveObject::gather>("allGather"), InstanceMethod<&CollectiveObject::exchange>("allToAll")});
  }

  explicit CollectiveObject(const Napi::CallbackInfo& info) : Napi::ObjectWrap<CollectiveObject>(info) {
    collective_ = *info[0].As<Napi::External<std::shared_ptr<Collective>>>().Data();
    info.This().As<Napi::Object>().TypeTag(&kCollectiveTag);
  }

  std::shared_ptr<Collective> open() const {
    if (!collective_) throw brokenError("closed", "[collective] wanted an open collective, got a closed one");
    return collective_;
  }

 private:
  Napi::Value prepare(const Napi::CallbackInfo& info) {
    return throwingToJs(info.Env(), [&] { return bytesToJs(info.Env(), open()->prepare()); });
  }

  Napi::Value connect(const Napi::CallbackInfo& info) {
    return throwingToJs(info.Env(), [&] {
      auto collective = open();
      return promiseOn(
          thread_, info.Env(),
          [collective, addresses = listOfBytesFromJs(info[0], collective->world())] {
            collective->connect(addresses);
            return Done{};
          },
          undefinedToJs, calls_.claim("connect"));
    });
  }

  Napi::Value gather(const Napi::CallbackInfo& info) {
    return throwingToJs(info.Env(), [&] {
      return promiseOn(
          thread_, info.Env(), [collective = open(), mine = bytesFromJs(info[0])] { return allGather(*collective, mine); }, listOfBytesToJs,
          calls_.claim("allGather"));
    });
  }

  Napi::Value exchange(const Napi::CallbackInfo& info) {
    return throwingToJs(info.Env(), [&] {
      auto collective = open();
      return promiseOn(
          thread_, info.Env(), [collective, send = listOfBytesFromJs(info[0], collective->world())] { return allToAll(*collective, send); },
          listOfBytesToJs, calls_.claim("allToAll"));
    });
  }

  void abort(const Napi::CallbackInfo& info) {
    throwingToJs(info.Env(), [&] {
      if (collective_) collective_->abort();
    });
  }

  void close(const Napi::CallbackInfo& info) {
    throwingToJs(info.Env(), [&] {
      if (collective_) collective_->close();
      collective_.reset();
    });
  }

  std::shared_ptr<Collective> collective_;
  EngineThread thread_;
  OneAtATime calls_;
};

Napi::Object wrap(Napi::Env env, const Napi::FunctionReference& constructor, std::unique_ptr<Collective> made) {
  std::shared_ptr<Collective> collective = std::move(made);
  return constructor.New({Napi::External<std::shared_ptr<Collective>>::New(env, &collective)});
}

std::chrono::milliseconds timeoutFromJs(double milliseconds) {
  if (!(milliseconds >= 1 && milliseconds < 1e9)) {
    throw configError("native-argument", "[collective] wanted a timeoutMs of at least 1, got " + std::to_string(milliseconds));
  }
  return std::chrono::milliseconds(static_cast<int64_t>(milliseconds));
}

}  // namespace

void registerCollective(Napi::Env env, Napi::Object exports) {
  auto constructor = std::make_shared<Napi::FunctionReference>(Napi::Persistent(CollectiveObject::define(env)));
  constructor->SuppressDestruct();
  exports.Set("createCollective", Napi::Function::New(
                                      env,
                                      [constructor](const Napi::CallbackInfo& info) {
                                        return throwingToJs(info.Env(), [&] {
                                          const auto options = info[0].As<Napi::Object>();
                                          return wrap(
                                              info.Env(), *constructor,
                                              createGlooCollective(textFromJs(options, "host"), intFromJs(options, "rank"),
                                                                   intFromJs(options, "world"), timeoutFromJs(numberFromJs(options, "timeoutMs"))));
                                        });
                                      },
                                      "createCollective"));
  exports.Set("createNcclCollective",
              Napi::Function::New(
                  env,
                  [constructor](const Napi::CallbackInfo& info) {
                    return throwingToJs(info.Env(), [&] {
                      const auto options = info[0].As<Napi::Object>();
                      return wrap(info.Env(), *constructor,
                                  createNcclCollective(intFromJs(options, "gpu"), intFromJs(options, "rank"), intFromJs(options, "world"),
                                                       timeoutFromJs(numberFromJs(options, "timeoutMs"))));
                    });
                  },
                  "createNcclCollective"));
  exports.Set("createLocalCollectives", Napi::Function::New(
                                            env,
                                            [constructor](const Napi::CallbackInfo& info) {
                                              return throwingToJs(info.Env(), [&] {
                                                auto ranks = createLocalCollectives(info[0].ToNumber().Int32Value(),
                                                                                    timeoutFromJs(info[1].ToNumber().DoubleValue()));
                                                Napi::Array array = Napi::Array::New(info.Env(), ranks.size());
                                                for (size_t i = 0; i < ranks.size(); i++) {
                                                  array.Set(static_cast<uint32_t>(i), wrap(info.Env(), *constructor, std::move(ranks[i])));
                                                }
                                                return array;
                                              });
                                            },
                                            "createLocalCollectives"));
}

std::shared_ptr<Collective> collectiveFromJs(Napi::Value value) {
  if (!value.IsObject() || !value.As<Napi::Object>().CheckTypeTag(&kCollectiveTag)) {
    throw configError("native-argument", "[native] wanted a collective of createCollective or createLocalCollectives");
  }
  return Napi::ObjectWrap<CollectiveObject>::Unwrap(value.As<Napi::Object>())->open();
}

}  // namespace lossmith
