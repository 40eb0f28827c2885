// See device_draft.h.
#include "engine/cuda/device_draft.h"

#include <algorithm>

namespace lossmith {
namespace {

constexpr int64_t kAlignment = 256;

struct Placed {
  int buffer;
  int64_t bytes;
  int born, dies;
  int64_t offset = 0;
};

// Largest first, each at the lowest offset where nothing alive at the same time lies.
int64_t pack(std::vector<Placed>& all) {
  std::stable_sort(all.begin(), all.end(), [](const Placed& a, const Placed& b) { return a.bytes > b.bytes; });
  int64_t end = 0;
  for (size_t i = 0; i < all.size(); i++) {
    Placed& next = all[i];
    std::vector<const Placed*> alive;
    for (size_t j = 0; j < i; j++) {
      if (all[j].born <= next.dies && next.born <= all[j].dies) alive.push_back(&all[j]);
    }
    std::sort(alive.begin(), alive.end(), [](const Placed* a, const Placed* b) { return a->offset < b->offset; });
    for (const Placed* other : alive) {
      if (other->offset < next.offset + next.bytes && next.offset < other->offset + other->bytes) next.offset = other->offset + other->bytes;
    }
    end = std::max(end, next.offset + next.bytes);
  }
  return end;
}

}  // namespace

DeviceDraft::Uses DeviceDraft::uses() const {
  Uses uses;
  uses.readers.resize(program.buffers.size());
  uses.writers.resize(program.buffers.size());
  for (size_t i = 0; i < code.size(); i++) {
    if (!code[i].op) continue;
    const InstructionBuffers buffers = buffersOf(*code[i].op);
    for (const int buffer : buffers.reads) uses.readers[buffer].push_back(static_cast<int>(i));
    for (const int buffer : buffers.writes) uses.writers[buffer].push_back(static_cast<int>(i));
  }
  return uses;
}

int DeviceDraft::addBuffer(bool batch, int64_t floats) {
  Buffer buffer{};
  buffer.place = Place::Arena;
  buffer.dtype = Dtype::F32;
  buffer.batch = batch;
  buffer.inner = floats;
  program.buffers.push_back(buffer);
  return static_cast<int>(program.buffers.size()) - 1;
}

DeviceDraft draftOf(const Program& program) {
  DeviceDraft draft{program, {}};
  draft.program.code.clear();
  for (size_t i = 0; i < program.code.size(); i++) {
    DraftInstruction made;
    if (const auto* matmul = std::get_if<Matmul>(&program.code[i])) made.op = FusedMatmul{*matmul};
    else std::visit([&](const auto& op) { made.op = op; }, program.code[i]);
    made.origin = static_cast<int>(i);
    made.second = static_cast<int64_t>(i) >= program.cut;
    draft.code.push_back(std::move(made));
  }
  return draft;
}

DeviceProgram finishDraft(DeviceDraft draft) {
  std::erase_if(draft.code, [](const DraftInstruction& instruction) { return !instruction.op; });
  const DeviceDraft::Uses uses = draft.uses();
  Program& program = draft.program;
  std::vector<Placed> placed;
  for (size_t i = 0; i < program.buffers.size(); i++) {
    const Buffer& buffer = program.buffers[i];
    if (buffer.place != Place::Arena || (uses.readers[i].empty() && uses.writers[i].empty())) continue;
    std::vector<int> mentions = uses.readers[i];
    mentions.insert(mentions.end(), uses.writers[i].begin(), uses.writers[i].end());
    const auto [born, dies] = std::minmax_element(mentions.begin(), mentions.end());
    const int64_t bytes = buffer.inner * (buffer.batch ? program.max_batch : 1) * static_cast<int64_t>(sizeof(float));
    placed.push_back({static_cast<int>(i), (bytes + kAlignment - 1) / kAlignment * kAlignment, *born, *dies});
  }
  program.arena_bytes = pack(placed);
  for (Buffer& buffer : program.buffers) {
    if (buffer.place == Place::Arena) buffer.offset = 0;
  }
  for (const Placed& one : placed) program.buffers[one.buffer].offset = one.offset;

  DeviceProgram made;
  program.cut = std::count_if(draft.code.begin(), draft.code.end(), [](const DraftInstruction& instruction) { return !instruction.second; });
  for (DraftInstruction& instruction : draft.code) {
    made.code.push_back(std::move(*instruction.op));
    made.origins.push_back(instruction.origin);
  }
  made.program = std::move(program);
  return made;
}

bool isMatrixProduct(const FusedMatmul& op) {
  const auto big = [](int64_t size) { return size < 0 || size > 1; };
  return big(op.product.m) && big(op.product.n) && big(op.product.k);
}

}  // namespace lossmith
