// See run_program.h. The program runs twice: with guard zones around every buffer, and in the arena as the compiler planned it. Both
// must give the same bytes; if they do not, the plan lets two living buffers share memory. On a device: engine/cuda/run_on_device.h.
#include "addon/run_program.h"

#include <cstring>
#include <map>
#include <string>

#include "addon/errors_to_js.h"
#include "addon/from_js.h"
#include "addon/program_from_js.h"
#include "engine/cuda/run_on_device.h"
#include "engine/errors.h"
#include "engine/executor.h"
#include "engine/guarded_memory.h"
#include "engine/program_check.h"

namespace lossmith {
namespace {

Error invalid(const std::string& wanted, const std::string& got) {
  return configError("values-invalid", "[run_program] wanted " + wanted + ", got " + got);
}

Napi::Object objectAt(const Napi::Object& object, const char* name) {
  const Napi::Value value = object.Get(name);
  if (!value.IsObject()) throw invalid("an object at values." + std::string(name), value.ToString().Utf8Value());
  return value.As<Napi::Object>();
}

int64_t integerAt(const Napi::Object& object, const char* name) {
  const Napi::Value value = object.Get(name);
  if (!value.IsNumber()) throw invalid("a number at values." + std::string(name), value.ToString().Utf8Value());
  return value.As<Napi::Number>().Int64Value();
}

// Values of a run in memory of their own. Inputs and weights are copied between guard zones, too: nothing may write there either.
class Values {
 public:
  Values(const Program& program, int64_t batch, const Napi::Object& values) : program_(program), batch_(batch) {
    context_.batch = batch;
    context_.seed = static_cast<uint64_t>(integerAt(values, "seed"));
    context_.step = integerAt(values, "step");
    context_.lane = static_cast<int>(integerAt(values, "lane"));
    const Napi::Object inputs = objectAt(values, "inputs"), parameters = objectAt(values, "parameters"), tables = objectAt(values, "tables");
    for (size_t i = 0; i < program.inputs.size(); i++) {
      const Buffer* buffer = bufferOf(Place::Input, static_cast<int>(i));
      const bool ids = buffer != nullptr && buffer->dtype == Dtype::I64;
      context_.inputs.push_back(copyIn(inputs, program.inputs[i], ids ? napi_bigint64_array : napi_float32_array, elementsOf(buffer)));
    }
    for (size_t i = 0; i < program.parameters.size(); i++) {
      const int64_t count = elementsOf(parameterBuffer(static_cast<int>(i)));
      context_.parameters.push_back(static_cast<float*>(copyIn(parameters, program.parameters[i], napi_float32_array, count)));
      context_.gradients.push_back(fresh("gradient of " + program.parameters[i], count));
      context_.tangents.push_back(tangentOf(values, static_cast<int>(i)));
    }
    for (size_t i = 0; i < program.tables.size(); i++) addTable(tables, program.tables[i]);
    for (RowSparse& gradient : table_gradients_) context_.table_gradients.push_back(&gradient);
    for (size_t i = 0; i < program.outputs.size(); i++) {
      context_.outputs.push_back(fresh("output " + program.outputs[i], elementsOf(bufferOf(Place::Output, static_cast<int>(i)))));
    }
  }

  const RunContext& context() const { return context_; }

  // Everything a run wrote, for a comparison by bytes.
  std::string written() const {
    std::string bytes;
    for (const auto& [name, memory] : memory_) bytes.append(static_cast<const char*>(memory.values.data()), memory.bytes);
    for (const RowSparse& gradient : table_gradients_) {
      bytes.append(reinterpret_cast<const char*>(gradient.rows.data()), gradient.rows.size() * sizeof(int64_t));
      bytes.append(reinterpret_cast<const char*>(gradient.values.data()), gradient.values.size() * sizeof(float));
    }
    return bytes;
  }

  Napi::Object result(Napi::Env env, const std::vector<std::string>& other_overruns) const {
    Napi::Object outputs = Napi::Object::New(env), gradients = Napi::Object::New(env), table_gradients = Napi::Object::New(env);
    for (const std::string& name : program_.outputs) outputs.Set(name, copyOut(env, "output " + name));
    for (size_t i = 0; i < program_.parameters.size(); i++) {
      if (bufferOf(Place::Gradient, static_cast<int>(i)) == nullptr) continue;
      gradients.Set(program_.parameters[i], copyOut(env, "gradient of " + program_.parameters[i]));
    }
    for (size_t i = 0; i < program_.tables.size(); i++) {
      const RowSparse& gradient = table_gradients_[i];
      Napi::Array rows = Napi::Array::New(env, gradient.rows.size());
      for (size_t r = 0; r < gradient.rows.size(); r++) rows.Set(static_cast<uint32_t>(r), static_cast<double>(gradient.rows[r]));
      Napi::Object table = Napi::Object::New(env);
      table.Set("rows", rows);
      table.Set("values", floats(env, gradient.values.data(), gradient.values.size()));
      table_gradients.Set(program_.tables[i], table);
    }
    Napi::Array overruns = Napi::Array::New(env);
    for (const std::string& name : other_overruns) overruns.Set(overruns.Length(), name);
    for (const auto& [name, memory] : memory_) {
      if (memory.values.overrun()) overruns.Set(overruns.Length(), name);
    }
    Napi::Object result = Napi::Object::New(env);
    result.Set("outputs", outputs);
    result.Set("gradients", gradients);
    result.Set("tableGradients", table_gradients);
    result.Set("overruns", overruns);
    return result;
  }

 private:
  struct Memory {
    GuardedMemory values;
    size_t bytes = 0;
  };

  const Buffer* bufferOf(Place place, int index) const {
    for (const Buffer& buffer : program_.buffers) {
      if (buffer.place == place && buffer.index == index) return &buffer;
    }
    return nullptr;
  }
  // A parameter may be known by what belongs to it only.
  const Buffer* parameterBuffer(int index) const {
    for (const Place place : {Place::Gradient, Place::Tangent}) {
      if (const Buffer* buffer = bufferOf(place, index)) return buffer;
    }
    return bufferOf(Place::Parameter, index);
  }
  const float* tangentOf(const Napi::Object& values, int index) {
    const Buffer* buffer = bufferOf(Place::Tangent, index);
    if (buffer == nullptr) return nullptr;
    const Napi::Object tangents = objectAt(values, "tangents");
    return static_cast<float*>(copyIn(tangents, program_.parameters[index], napi_float32_array, elementsOf(buffer), "tangent "));
  }
  // Names without a buffer are of no use to the program and need no values.
  int64_t elementsOf(const Buffer* buffer) const { return buffer == nullptr ? 0 : buffer->inner * (buffer->batch ? batch_ : 1); }

  void* reserve(const std::string& name, size_t bytes) {
    Memory& memory = memory_[name];
    memory.bytes = bytes;
    return memory.values.reset(bytes);
  }
  float* fresh(const std::string& name, int64_t count) { return static_cast<float*>(reserve(name, count * sizeof(float))); }

  void* copyIn(const Napi::Object& from, const std::string& name, napi_typedarray_type type, int64_t count, const char* kind = "value ") {
    if (count == 0) return reserve(kind + name, 0);
    const char* wanted = type == napi_float32_array ? "a Float32Array" : "a BigInt64Array";
    const Napi::Value value = from.Get(name);
    const std::string what = std::string(wanted) + " of " + std::to_string(count) + " for \"" + name + "\"";
    if (!value.IsTypedArray() || value.As<Napi::TypedArray>().TypedArrayType() != type) throw invalid(what, value.ToString().Utf8Value());
    const auto array = value.As<Napi::TypedArray>();
    if (static_cast<int64_t>(array.ElementLength()) != count) throw invalid(what, std::to_string(array.ElementLength()));
    void* to = reserve(kind + name, array.ByteLength());
    std::memcpy(to, static_cast<const std::byte*>(array.ArrayBuffer().Data()) + array.ByteOffset(), array.ByteLength());
    return to;
  }

  // Rows lie apart as they do in training, where weight, m, v and tangent of a row are neighbours: what is between them is the guard pattern.
  void addTable(const Napi::Object& tables, const std::string& name) {
    const Napi::Object table = objectAt(tables, name.c_str());
    const int64_t rows = integerAt(table, "rows"), width = integerAt(table, "width"), stride = 5 * width;
    if (rows < 0 || width < 1) throw invalid("rows and a width for table \"" + name + "\"", "others");
    float* to = fresh("table " + name, rows * stride);
    auto copyPlane = [&](const char* key, int64_t offset) {
      const Napi::Value values = table.Get(key);
      const bool fits = values.IsTypedArray() && values.As<Napi::TypedArray>().TypedArrayType() == napi_float32_array &&
                        static_cast<int64_t>(values.As<Napi::TypedArray>().ElementLength()) == rows * width;
      if (!fits) throw invalid("a Float32Array of rows × width for " + std::string(key) + " of table \"" + name + "\"", "another");
      const float* from = values.As<Napi::Float32Array>().Data();
      for (int64_t r = 0; r < rows; r++) std::memcpy(to + r * stride + offset, from + r * width, width * sizeof(float));
    };
    copyPlane("values", 0);
    const bool tangent = !table.Get("tangent").IsUndefined();
    if (tangent) copyPlane("tangent", 3 * width);
    context_.tables.push_back({to, rows, width, stride, tangent ? 3 * width : -1});
    table_gradients_.emplace_back();
  }

  static Napi::Value floats(Napi::Env env, const float* values, size_t count) {
    Napi::Float32Array array = Napi::Float32Array::New(env, count);
    if (count > 0) std::memcpy(array.Data(), values, count * sizeof(float));
    return array;
  }
  Napi::Value copyOut(Napi::Env env, const std::string& name) const {
    const Memory& memory = memory_.at(name);
    return floats(env, static_cast<const float*>(memory.values.data()), memory.bytes / sizeof(float));
  }

  const Program& program_;
  const int64_t batch_;
  RunContext context_;
  std::map<std::string, Memory> memory_;
  std::vector<RowSparse> table_gradients_;
};

Napi::Value runOnCpu(Napi::Env env, const Program& program, int64_t batch, const Napi::Object& given) {
  Executor guarded(program), planned(program);
  guarded.enableGuards();
  Values apart(program, batch, given), together(program, batch, given);
  for (const ProgramPhase phase : {ProgramPhase::First, ProgramPhase::Second}) {
    guarded.run(apart.context(), phase);
    planned.run(together.context(), phase);
  }
  std::vector<std::string> overruns;
  for (const int buffer : guarded.overruns()) overruns.push_back("buffer " + std::to_string(buffer));
  if (overruns.empty() && apart.written() != together.written()) {
    throw brokenError("arena-overlap", "[run_program] wanted the same result with and without sharing of memory in program \"" + program.name +
                                           "\", got different ones: the arena plan lets living buffers overlap, or one is read before it is written");
  }
  return apart.result(env, overruns);
}

enum class Where { Cpu, Cuda, Emulated };

// (program, batch, values, options), read and checked.
struct Call {
  explicit Call(const Napi::CallbackInfo& info) {
    if (info.Length() < 3 || !info[0].IsObject() || !info[1].IsNumber() || !info[2].IsObject()) throw invalid("(program, batch, values)", "others");
    program = programFromJs(info[0].As<Napi::Object>());
    checkProgram(program);
    batch = info[1].As<Napi::Number>().Int64Value();
    if (batch < 0 || batch > program.max_batch) throw invalid("a batch from 0 to " + std::to_string(program.max_batch), std::to_string(batch));
    values = info[2].As<Napi::Object>();
    if (info.Length() < 4 || !info[3].IsObject()) return;
    options = info[3].As<Napi::Object>();
    where = choiceFromJs<Where>(options, "device", {"cpu", "cuda", "emulated"});
    device.emulated = where == Where::Emulated;
    device.precision = choiceFromJs<Precision>(options, "precision", {"float32", "tf32", "bf16"});
    if (options.Get("fuse").IsBoolean()) device.fuse = options.Get("fuse").As<Napi::Boolean>().Value();
  }

  Program program;
  int64_t batch;
  Napi::Object values, options;
  Where where = Where::Cpu;
  RunOnDevice device;
};

Napi::Value runProgram(const Napi::CallbackInfo& info) {
  return throwingToJs(info.Env(), [&]() -> Napi::Value {
    const Call call(info);
    if (call.where == Where::Cpu) return runOnCpu(info.Env(), call.program, call.batch, call.values);
    Values values(call.program, call.batch, call.values);
    const std::vector<std::string> overruns = runOnDevice(call.program, values.context(), call.device);
    return values.result(info.Env(), overruns);
  });
}

Napi::Value profileProgram(const Napi::CallbackInfo& info) {
  return throwingToJs(info.Env(), [&]() -> Napi::Value {
    const Napi::Env env = info.Env();
    const Call call(info);
    if (call.where == Where::Cpu) throw invalid("a device that is cuda or emulated", "cpu");
    Values values(call.program, call.batch, call.values);
    const DeviceProfile profile = profileOnDevice(call.program, values.context(), call.device, intFromJs(call.options, "repeats"));
    Napi::Array launches = Napi::Array::New(env);
    for (const InstructionTime& time : profile.launches) {
      Napi::Object launch = Napi::Object::New(env);
      launch.Set("instruction", time.instruction);
      launch.Set("milliseconds", time.milliseconds);
      launches.Set(launches.Length(), launch);
    }
    Napi::Object result = Napi::Object::New(env);
    result.Set("launches", launches);
    result.Set("graphMilliseconds", profile.graph_milliseconds);
    return result;
  });
}

}  // namespace

void registerRunProgram(Napi::Env env, Napi::Object exports) {
  exports.Set("runProgram", Napi::Function::New<runProgram>(env, "runProgram"));
  exports.Set("profileProgram", Napi::Function::New<profileProgram>(env, "profileProgram"));
}

}  // namespace lossmith
