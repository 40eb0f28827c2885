// See run_on_device.h.
#include "engine/cuda/run_on_device.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <memory>
#include <mutex>
#include <utility>

#include "engine/cuda/device_executor.h"
#include "engine/cuda/device_rows.h"
#include "engine/cuda/guarded_device_memory.h"
#include "engine/cuda/kernel_cache.h"
#include "engine/cuda/products.h"
#include "engine/errors.h"

namespace lossmith {
namespace {

// What executors share.
struct Bench {
  explicit Bench(const RunOnDevice& options)
      : device(options.emulated ? Device::emulate() : Device::open(0)), products(*device, options.precision), kernels(*device) {}
  DeviceSetup setup() { return {*device, products, kernels}; }

  std::unique_ptr<Device> device;
  Products products;
  KernelCache kernels;
};

// A device is used by one thread at a time.
std::mutex& oneAtATime() {
  static std::mutex mutex;
  return mutex;
}

// Kept from call to call on a GPU, which takes its time to begin.
std::shared_ptr<Bench> benchOf(const RunOnDevice& options) {
  if (options.emulated) return std::make_shared<Bench>(options);
  static auto& benches = *new std::map<Precision, std::shared_ptr<Bench>>();  // not destroyed: the driver may be gone by then
  std::shared_ptr<Bench>& bench = benches[options.precision];
  if (bench == nullptr) bench = std::make_shared<Bench>(options);
  bench->device->use();
  return bench;
}

// A run's values on the device, between guard zones.
class ValuesOnDevice {
 public:
  ValuesOnDevice(const Program& program, const RunContext& host, Stream& stream) : program_(program), host_(host), stream_(stream) {
    run_.batch = host.batch;
    run_.seed = host.seed;
    for (size_t i = 0; i < program.inputs.size(); i++)
      run_.inputs.push_back(copyIn("input " + program.inputs[i], host.inputs[i], bytesOf(Place::Input, i)));
    for (size_t i = 0; i < program.parameters.size(); i++) {
      const std::string& name = program.parameters[i];
      run_.parameters.push_back(floats(copyIn("parameter " + name, host.parameters[i], bytesOf(Place::Parameter, i))));
      run_.tangents.push_back(floats(copyIn("tangent of " + name, host.tangents[i], bytesOf(Place::Tangent, i))));
    }
    for (size_t i = 0; i < program.tables.size(); i++) {
      const TableView& view = host.tables[i];
      const size_t bytes = view.rows * view.stride * sizeof(float);
      run_.tables.push_back({floats(copyIn("table " + program.tables[i], view.data, bytes)), view.rows, view.width, view.stride, view.tangent});
    }
    clear();
  }

  const DeviceRun& run() const { return run_; }

  // What a run writes, as if there had been none; and the step it is for.
  void clear(int64_t step_from_now = 0) {
    const StepScalars scalars{host_.step + step_from_now, host_.lane};
    const int64_t none = -1;
    run_.scalars = static_cast<const StepScalars*>(copyIn("scalars", &scalars, sizeof scalars));
    run_.bad_row = static_cast<int64_t*>(copyIn("bad row", &none, sizeof none));
    run_.gradients.clear();
    run_.outputs.clear();
    run_.table_gradients.clear();
    for (size_t i = 0; i < program_.parameters.size(); i++) {
      run_.gradients.push_back(floats(fresh("gradient of " + program_.parameters[i], bytesOf(Place::Gradient, i))));
    }
    for (size_t i = 0; i < program_.outputs.size(); i++)
      run_.outputs.push_back(floats(fresh("output " + program_.outputs[i], bytesOf(Place::Output, i))));
    for (size_t i = 0; i < program_.tables.size(); i++) {
      const std::string of = " of the gradient of " + program_.tables[i];
      DeviceRows rows;
      rows.width = host_.tables[i].width;
      rows.capacity = rowCapacity(program_, static_cast<int>(i), host_.tables[i].rows);
      rows.count = static_cast<int64_t*>(fresh("count" + of, sizeof(int64_t)));
      rows.rows = static_cast<int64_t*>(fresh("rows" + of, rows.capacity * sizeof(int64_t)));
      rows.values = floats(fresh("values" + of, rows.capacity * rows.width * sizeof(float)));
      run_.table_gradients.push_back(rows);
    }
  }

  // What a run wrote, for a comparison by bytes. Throws what it left in bad_row.
  std::string fetch() {
    for (auto& [name, memory] : memory_) memory.fetch(stream_);
    const int64_t bad = *static_cast<const int64_t*>(of("bad row").host());
    if (bad != -1) throw badRow(program_, run_.tables, bad);
    std::string bytes;
    const auto add = [&](const GuardedDeviceMemory& memory, size_t count) { bytes.append(static_cast<const char*>(memory.host()), count); };
    for (const std::string& name : program_.parameters) add(of("gradient of " + name), of("gradient of " + name).bytes());
    for (const std::string& name : program_.outputs) add(of("output " + name), of("output " + name).bytes());
    for (size_t i = 0; i < program_.tables.size(); i++) {
      const std::string name = " of the gradient of " + program_.tables[i];
      add(of("count" + name), sizeof(int64_t));
      add(of("rows" + name), countOf(i) * sizeof(int64_t));
      add(of("values" + name), countOf(i) * run_.table_gradients[i].width * sizeof(float));
    }
    return bytes;
  }

  // What was fetched, to the run's memory.
  void copyOut() const {
    for (size_t i = 0; i < program_.parameters.size(); i++) copyTo(host_.gradients[i], of("gradient of " + program_.parameters[i]));
    for (size_t i = 0; i < program_.outputs.size(); i++) copyTo(host_.outputs[i], of("output " + program_.outputs[i]));
    for (size_t i = 0; i < program_.tables.size(); i++) {
      const std::string name = " of the gradient of " + program_.tables[i];
      const auto* rows = static_cast<const int64_t*>(of("rows" + name).host());
      const auto* values = static_cast<const float*>(of("values" + name).host());
      RowSparse& gradient = *host_.table_gradients[i];
      gradient.width = run_.table_gradients[i].width;
      gradient.rows.assign(rows, rows + countOf(i));
      gradient.values.assign(values, values + countOf(i) * gradient.width);
    }
  }

  void addOverruns(std::vector<std::string>& names) const {
    for (const auto& [name, memory] : memory_) {
      if (memory.overrun()) names.push_back(name);
    }
  }

 private:
  size_t bytesOf(Place place, size_t index) const {
    for (const Buffer& buffer : program_.buffers) {
      if (buffer.place != place || buffer.index != static_cast<int>(index)) continue;
      return buffer.inner * (buffer.batch ? host_.batch : 1) * (buffer.dtype == Dtype::I64 ? sizeof(int64_t) : sizeof(float));
    }
    return 0;  // of no use to the program
  }

  int64_t countOf(size_t table) const {
    const int64_t count = *static_cast<const int64_t*>(of("count of the gradient of " + program_.tables[table]).host());
    const int64_t capacity = run_.table_gradients[table].capacity;
    if (count < 0 || count > capacity) {
      throw brokenError("run-context",
                        "[run_on_device] wanted at most " + std::to_string(capacity) + " rows of a gradient, got " + std::to_string(count));
    }
    return count;
  }

  const GuardedDeviceMemory& of(const std::string& name) const { return memory_.at(name); }
  void* copyIn(const std::string& name, const void* from, size_t bytes) { return memory_[name].reset(stream_, bytes, bytes == 0 ? nullptr : from); }
  void* fresh(const std::string& name, size_t bytes) { return memory_[name].reset(stream_, bytes); }
  static float* floats(void* memory) { return static_cast<float*>(memory); }
  static void copyTo(float* to, const GuardedDeviceMemory& memory) {
    if (memory.bytes() > 0) std::memcpy(to, memory.host(), memory.bytes());
  }

  const Program& program_;
  const RunContext& host_;
  Stream& stream_;
  DeviceRun run_;
  std::map<std::string, GuardedDeviceMemory> memory_;
};

void wantSame(const Program& program, const char* what, const std::string& one, const std::string& other) {
  if (one == other) return;
  throw brokenError("arena-overlap", "[run_on_device] wanted the same result " + std::string(what) + " in program \"" + program.name +
                                         "\", got different ones: the arena plan lets living buffers overlap, one is read before it is written, or "
                                         "a graph holds what changes from run to run");
}

constexpr ProgramPhase kPhases[] = {ProgramPhase::First, ProgramPhase::Second};

}  // namespace

std::vector<std::string> runOnDevice(const Program& program, const RunContext& run, const RunOnDevice& options) {
  const std::lock_guard<std::mutex> lock(oneAtATime());
  const std::shared_ptr<Bench> kept = benchOf(options);
  Bench& bench = *kept;
  const DeviceSetup setup = bench.setup();

  DeviceExecutor guarded(program, setup, options.fuse);
  guarded.enableGuards();
  ValuesOnDevice values(program, run, bench.device->stream());
  for (const ProgramPhase phase : kPhases) guarded.enqueue(values.run(), phase);
  const std::string wanted = values.fetch();
  values.copyOut();
  std::vector<std::string> overruns;
  for (const int buffer : guarded.overruns()) overruns.push_back("buffer " + std::to_string(buffer));
  values.addOverruns(overruns);
  if (!overruns.empty()) return overruns;

  DeviceExecutor planned(program, setup, options.fuse);
  const auto rerun = [&](int64_t step_from_now) {
    values.clear(step_from_now);
    for (const ProgramPhase phase : kPhases) planned.replay(values.run(), phase);
    return values.fetch();
  };
  wantSame(program, "with and without sharing of memory", rerun(0), wanted);
  rerun(1);  // a full batch is captured, for another step
  wantSame(program, "from a graph", rerun(0), wanted);
  return overruns;
}

DeviceProfile profileOnDevice(const Program& program, const RunContext& run, const RunOnDevice& options, int repeats) {
  const std::lock_guard<std::mutex> lock(oneAtATime());
  const std::shared_ptr<Bench> kept = benchOf(options);
  Bench& bench = *kept;
  Stream& stream = bench.device->stream();
  DeviceExecutor executor(program, bench.setup(), options.fuse);
  ValuesOnDevice values(program, run, stream);
  const auto replay = [&] {
    for (const ProgramPhase phase : kPhases) executor.replay(values.run(), phase);
  };
  for (int i = 0; i < 3; i++) replay();  // what is made by the first runs, and the graphs
  values.fetch();

  DeviceProfile profile;
  Event begun(*bench.device, true), done(*bench.device, true);
  begun.record(stream);
  for (int i = 0; i < repeats; i++) replay();
  done.record(stream);
  stream.synchronize();
  profile.graph_milliseconds = done.since(begun) / repeats;
  for (const ProgramPhase phase : kPhases) {
    for (InstructionTime& time : executor.profile(values.run(), repeats, phase)) profile.launches.push_back(std::move(time));
  }
  return profile;
}

}  // namespace lossmith
