// useHalfOperands (device_draft.h): which values of a program are stored in bf16, and where others are rounded to it.
#include <algorithm>
#include <map>
#include <utility>

#include "engine/cuda/device_draft.h"

namespace lossmith {
namespace {

// A matrix as it is stored.
struct Stored {
  int64_t rows, columns;
};

Stored storedA(const Matmul& op) { return op.transpose_a ? Stored{op.k, op.m} : Stored{op.m, op.k}; }
Stored storedB(const Matmul& op) { return op.transpose_b ? Stored{op.n, op.k} : Stored{op.k, op.n}; }

class HalfOperands {
 public:
  explicit HalfOperands(DeviceDraft& draft) : draft_(draft), uses_(draft.uses()) {
    for (size_t i = 0; i < draft.code.size(); i++) taken_.push_back(takes(static_cast<int>(i)));
    const size_t buffers = draft.program.buffers.size();
    for (size_t i = 0; i < buffers; i++) half_.push_back(onlyOfProducts(static_cast<int>(i)));
  }

  void run() {
    for (size_t i = 0; i < half_.size(); i++) {
      Buffer& buffer = draft_.program.buffers[i];
      if (half_[i] > 0) buffer.inner = buffer.inner / half_[i] * halfStride(half_[i]) / 2;
    }
    std::vector<DraftInstruction> before = std::move(draft_.code);
    draft_.code.clear();
    for (size_t i = 0; i < before.size(); i++) {
      if (taken_[i]) rewrite(*before[i].as<FusedMatmul>(), before[i].second);
      draft_.code.push_back(std::move(before[i]));
    }
  }

 private:
  bool takes(int at) {
    const auto* op = draft_.code[at].as<FusedMatmul>();
    if (op == nullptr || !isMatrixProduct(*op)) return false;
    const bool fixed = storedA(op->product).columns > 0 && storedB(op->product).columns > 0 && op->product.n > 0;
    const auto written = [&](int buffer) { return uses_.writers[buffer].empty() || uses_.writers[buffer].back() < at; };
    return fixed && written(op->product.a) && written(op->product.b);
  }

  // The columns of a value that none but matrix products write and read, all alike; else 0.
  int64_t onlyOfProducts(int buffer) {
    if (!draft_.inArena(buffer) || uses_.writers[buffer].empty()) return 0;
    const auto* maker = draft_.code[uses_.writers[buffer][0]].as<FusedMatmul>();
    const int64_t columns = maker == nullptr ? 0 : maker->product.n;
    if (columns <= 0) return 0;
    for (const int writer : uses_.writers[buffer]) {
      const auto* op = draft_.code[writer].as<FusedMatmul>();
      if (!taken_[writer] || op->product.out != buffer || op->product.n != columns || (op->added >= 0 && op->added != buffer)) return 0;
    }
    for (const int reader : uses_.readers[buffer]) {
      const auto* op = draft_.code[reader].as<FusedMatmul>();
      if (!taken_[reader] || op->product.bias == buffer) return 0;
      if (op->product.a == buffer && storedA(op->product).columns != columns) return 0;
      if (op->product.b == buffer && storedB(op->product).columns != columns) return 0;
      if (op->gate == buffer && op->product.n != columns) return 0;
      if (op->added == buffer && op->product.out != buffer) return 0;
    }
    return columns;
  }

  void rewrite(FusedMatmul& op, bool second) {
    op.half_out = half_[op.product.out] > 0;
    op.half_gate = op.gate >= 0 && half_[op.gate] > 0;
    op.half_a = op.half_b = true;
    op.product.a = rounded(op.product.a, storedA(op.product), second);
    op.product.b = rounded(op.product.b, storedB(op.product), second);
    if (op.half_out && op.product.bias >= 0) {
      op.product.bias = rounded(op.product.bias, {1, op.product.n}, second);
      op.half_bias = true;
    }
  }

  // The value in bf16: as it is, or a copy that is made before the first product that wants it.
  int rounded(int buffer, Stored stored, bool second) {
    if (half_[buffer] > 0) return buffer;
    const auto [known, fresh] = copies_.try_emplace({buffer, stored.columns}, 0);
    if (!fresh) return known->second;
    const bool batch = stored.rows < 0;
    known->second = draft_.addBuffer(batch, (batch ? -stored.rows : stored.rows) * halfStride(stored.columns) / 2);
    DraftInstruction made;
    made.op = RoundToHalf{buffer, known->second, stored.rows, stored.columns};
    made.second = second;
    draft_.code.push_back(std::move(made));
    return known->second;
  }

  DeviceDraft& draft_;
  const DeviceDraft::Uses uses_;
  std::vector<bool> taken_;    // by instruction: a product in bf16
  std::vector<int64_t> half_;  // by buffer: its columns when it is stored in bf16, else 0
  std::map<std::pair<int, int64_t>, int> copies_;
};

}  // namespace

void useHalfOperands(DeviceDraft& draft) {
  std::erase_if(draft.code, [](const DraftInstruction& instruction) { return !instruction.op; });
  HalfOperands(draft).run();
}

}  // namespace lossmith
