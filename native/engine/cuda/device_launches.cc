// See device_launches.h.
#include "engine/cuda/device_launches.h"

#include <algorithm>
#include <map>
#include <utility>

#include "engine/cuda/device_rows.h"
#include "engine/cuda/instruction_buffers.h"
#include "engine/cuda/instruction_text.h"
#include "engine/cuda/kernel_cache.h"
#include "engine/cuda/ops.h"

namespace lossmith {
namespace {

// Groups a buffer of ids by row.
class GroupIds : public DeviceKernel {
 public:
  // `tables`: those whose rows the ids are.
  GroupIds(Device& device, int64_t max_batch, int64_t fields, int ids, std::set<int> tables)
      : grouper_(device, max_batch * fields), fields_(fields), ids_(ids), tables_(std::move(tables)) {}

  void enqueue(DeviceFrame& frame) override {
    int64_t rows = INT64_MAX;
    for (const int table : tables_) rows = std::min(rows, frame.tables[table].rows);
    grouper_.group(*frame.stream, frame.ids(ids_), frame.batch * fields_, rows, frame.bad_row);
    frame.groups[ids_] = grouper_.groups();
  }

 private:
  RowGrouper grouper_;
  const int64_t fields_;
  const int ids_;
  const std::set<int> tables_;
};

class Maker {
 public:
  Maker(const Program& program, const DeviceProgram& code, DeviceSetup& setup) : program_(program), code_(code), setup_(setup) {}

  DeviceLaunches run() {
    const auto cut = static_cast<size_t>(code_.program.cut);
    makePhase(0, cut, made_.phases[0]);
    makePhase(cut, code_.code.size(), made_.phases[1]);
    setup_.kernels.load();
    return std::move(made_);
  }

 private:
  void makePhase(size_t begin, size_t end, std::vector<DeviceLaunch>& launches) {
    std::vector<Lookup> lookups;
    size_t first = end;  // where the lookups' launch stands among the others
    std::string text;
    for (size_t i = begin; i < end; i++) {
      const auto* lookup = std::get_if<Lookup>(&code_.code[i]);
      const bool together = lookup != nullptr && (lookups.empty() || standsBy(begin, i));
      if (together) {
        if (lookups.empty()) first = launches.size();
        else if (code_.program.buffers[lookup->out].place == Place::Arena) made_.apart.insert(lookup->out);
        lookups.push_back(*lookup);
        text += (text.empty() ? "" : ", ") + textOf(code_.code[i]);
        continue;
      }
      if (const auto* gradient = std::get_if<LookupGrad>(&code_.code[i])) groupIdsOnce(*gradient, launches);
      launches.push_back({textOf(code_.code[i]), std::visit([&](const auto& op) { return make(op, i); }, code_.code[i])});
    }
    if (!lookups.empty()) launches.insert(launches.begin() + first, DeviceLaunch{text, makeDeviceLookups(std::move(lookups))});
  }

  // Whether nothing before lookup `at` of the phase touches what it writes. What it reads, no instruction writes.
  bool standsBy(size_t begin, size_t at) const {
    const int out = std::get<Lookup>(code_.code[at]).out;
    for (size_t i = begin; i < at; i++) {
      const auto [reads, writes] = buffersOf(code_.code[i]);
      if (std::count(reads.begin(), reads.end(), out) + std::count(writes.begin(), writes.end(), out) > 0) return false;
    }
    return true;
  }

  void groupIdsOnce(const LookupGrad& gradient, std::vector<DeviceLaunch>& launches) {
    if (!grouped_.insert(gradient.ids).second) return;
    std::set<int> tables;
    int64_t fields = 0;
    for (const Instruction& instruction : program_.code) {
      const auto* other = std::get_if<LookupGrad>(&instruction);
      if (other == nullptr || other->ids != gradient.ids) continue;
      tables.insert(other->table);
      fields = std::max(fields, other->fields);
    }
    launches.push_back({"group ids of B×" + std::to_string(fields),
                        std::make_unique<GroupIds>(setup_.device, program_.max_batch, fields, gradient.ids, std::move(tables))});
  }

  std::unique_ptr<DeviceKernel> make(const Matmul& op, size_t) { return makeDeviceMatmul(op, setup_); }
  std::unique_ptr<DeviceKernel> make(const FusedMatmul& op, size_t) { return makeDeviceFusedMatmul(op, setup_); }
  std::unique_ptr<DeviceKernel> make(const RoundToHalf& op, size_t) { return makeDeviceRoundToHalf(op); }
  std::unique_ptr<DeviceKernel> make(const Elementwise& op, size_t) { return makeDeviceElementwise(op, setup_); }
  std::unique_ptr<DeviceKernel> make(const ReduceSum& op, size_t) { return makeDeviceReduceSum(op); }
  std::unique_ptr<DeviceKernel> make(const ReduceMax& op, size_t) { return makeDeviceReduceMax(op); }
  std::unique_ptr<DeviceKernel> make(const Lookup& op, size_t) { return makeDeviceLookups({op}); }
  std::unique_ptr<DeviceKernel> make(const LookupGrad&, size_t i) { return makeDeviceLookupGrad(program_, code_.origins[i], setup_.device); }
  std::unique_ptr<DeviceKernel> make(const Concat& op, size_t) { return makeDeviceConcat(op); }
  std::unique_ptr<DeviceKernel> make(const Slice& op, size_t) { return makeDeviceSlice(op); }
  std::unique_ptr<DeviceKernel> make(const Transpose& op, size_t) { return makeDeviceTranspose(op); }
  std::unique_ptr<DeviceKernel> make(const DropoutMask& op, size_t) { return makeDeviceDropoutMask(op); }
  std::unique_ptr<DeviceKernel> make(const Uniform& op, size_t) { return makeDeviceUniform(op); }
  std::unique_ptr<DeviceKernel> make(const OneHot& op, size_t) { return makeDeviceOneHot(op, setup_.device); }
  std::unique_ptr<DeviceKernel> make(const PairDots& op, size_t) { return makeDevicePairDots(op); }
  std::unique_ptr<DeviceKernel> make(const PairDotsCross& op, size_t) { return makeDevicePairDotsCross(op); }
  std::unique_ptr<DeviceKernel> make(const PairDotsGrad& op, size_t) { return makeDevicePairDotsGrad(op); }
  std::unique_ptr<DeviceKernel> make(const PairwiseAuc& op, size_t) { return makeDevicePairwiseAuc(op); }
  std::unique_ptr<DeviceKernel> make(const PairwiseAucGrad& op, size_t) { return makeDevicePairwiseAucGrad(op); }

  const Program& program_;
  const DeviceProgram& code_;
  DeviceSetup& setup_;
  std::set<int> grouped_;
  DeviceLaunches made_;
};

}  // namespace

DeviceLaunches makeLaunches(const Program& program, const DeviceProgram& code, DeviceSetup& setup) { return Maker(program, code, setup).run(); }

}  // namespace lossmith
