// See device_launches.h.
#include "engine/cuda/device_launches.h"

#include <algorithm>
#include <map>
#include <utility>

#include "engine/cuda/device_rows.h"
#include "engine/cuda/fuse_squares.h"
#include "engine/cuda/instruction_buffers.h"
#include "engine/cuda/instruction_text.h"
#include "engine/cuda/kernel_cache.h"
#include "engine/cuda/ops.h"

namespace lossmith {
namespace {

// Ids of one buffer that are grouped by row.
struct GroupedIds {
  RowGrouper grouper;
  int buffer;
  int64_t fields;
  std::set<int> tables;  // whose rows the ids are
};

// Groups all ids, beside the launches that follow: nothing needs the groups before the first lookup_grad.
class GroupIds : public DeviceKernel {
 public:
  explicit GroupIds(SideStream* side) : side_(side) {}

  void add(GroupedIds&& ids) { ids_.push_back(std::move(ids)); }

  void enqueue(DeviceFrame& frame) override {
    Stream* stream = frame.stream;
    if (side_ != nullptr && side_->used) {
      side_->begun.record(*stream);
      stream = &side_->stream;
      side_->begun.makeWait(*stream);
    }
    for (GroupedIds& ids : ids_) {
      int64_t rows = INT64_MAX;
      for (const int table : ids.tables) rows = std::min(rows, frame.tables[table].rows);
      ids.grouper.group(*stream, frame.ids(ids.buffer), frame.batch * ids.fields, rows, frame.bad_row);
      frame.groups[ids.buffer] = ids.grouper.groups();
    }
    if (stream != frame.stream) side_->done.record(*stream);
  }

 private:
  SideStream* const side_;
  std::vector<GroupedIds> ids_;
};

class AwaitGroups : public DeviceKernel {
 public:
  explicit AwaitGroups(SideStream& side) : side_(side) {}
  void enqueue(DeviceFrame& frame) override {
    if (side_.used) side_.done.makeWait(*frame.stream);
  }

 private:
  SideStream& side_;
};

class Maker {
 public:
  Maker(const Program& program, const DeviceProgram& code, DeviceSetup& setup) : program_(program), code_(code), setup_(setup) {}

  DeviceLaunches run(bool fuse) {
    if (fuse) {
      for (FusedSquares& fused : fuseSquares(code_)) {
        for (const int spare : fused.spare) spare_.insert(spare);
        squares_.emplace(fused.at, fused.sums);
      }
    }
    const auto cut = static_cast<size_t>(code_.program.cut);
    groupIds();
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
      if (spare_.count(static_cast<int>(i)) > 0) continue;
      if (const auto squares = squares_.find(static_cast<int>(i)); squares != squares_.end()) {
        launches.push_back(
            {textOf(code_.code[i]) + (squares->second.sum >= 0 ? ", itself and squared" : " squared"), makeDeviceSquareSums(squares->second)});
        continue;
      }
      const auto* lookup = std::get_if<Lookup>(&code_.code[i]);
      const bool together = lookup != nullptr && (lookups.empty() || standsBy(begin, i));
      if (together) {
        if (lookups.empty()) first = launches.size();
        else if (code_.program.buffers[lookup->out].place == Place::Arena) made_.apart.insert(lookup->out);
        lookups.push_back(*lookup);
        text += (text.empty() ? "" : ", ") + textOf(code_.code[i]);
        continue;
      }
      if (std::holds_alternative<LookupGrad>(code_.code[i]) && made_.side != nullptr && !awaited_) {
        launches.push_back({"wait for groups", std::make_unique<AwaitGroups>(*made_.side)});
        awaited_ = true;
      }
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

  // Of all lookup_grads, which are in the first phase only.
  void groupIds() {
    std::map<int, std::pair<int64_t, std::set<int>>> found;  // by buffer of ids: fields, tables
    for (const Instruction& instruction : program_.code) {
      const auto* gradient = std::get_if<LookupGrad>(&instruction);
      if (gradient == nullptr) continue;
      auto& [fields, tables] = found[gradient->ids];
      fields = std::max(fields, gradient->fields);
      tables.insert(gradient->table);
    }
    if (found.empty()) return;
    if (!setup_.device.emulated()) made_.side = std::make_unique<SideStream>(setup_.device);
    auto kernel = std::make_unique<GroupIds>(made_.side.get());
    std::string text = "group ids";
    for (auto& [buffer, of] : found) {
      kernel->add({RowGrouper(setup_.device, program_.max_batch * of.first), buffer, of.first, of.second});
      text += " B×" + std::to_string(of.first);
    }
    made_.phases[0].push_back({text, std::move(kernel)});
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
  std::set<int> spare_;                // instructions whose work another one does
  std::map<int, SquareSums> squares_;  // by instruction: what is done instead
  bool awaited_ = false;
  DeviceLaunches made_;
};

}  // namespace

DeviceLaunches makeLaunches(const Program& program, const DeviceProgram& code, DeviceSetup& setup, bool fuse) {
  return Maker(program, code, setup).run(fuse);
}

}  // namespace lossmith
