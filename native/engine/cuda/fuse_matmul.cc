// See fuse_matmul.h. Where relu's argument is exactly 0, where it has no derivative, cuBLASLt's masks may take another side than step(h).
#include "engine/cuda/fuse_matmul.h"

#include <optional>

#include "engine/cuda/device_draft.h"

namespace lossmith {
namespace {

bool isDense(const Elementwise& chain, int input) {
  int64_t expected = 1;
  for (size_t d = chain.dims.size(); d-- > 0;) {
    if (chain.dims[d] == 1) continue;
    if (chain.strides[input][d] != expected) return false;
    if (chain.dims[d] < 0) {  // what is outside of the batch has no fixed stride
      for (size_t outer = 0; outer < d; outer++) {
        if (chain.dims[outer] != 1) return false;
      }
    }
    expected *= chain.dims[d] < 0 ? -chain.dims[d] : chain.dims[d];
  }
  return true;
}

// The last step before `at` that writes a register, or -1: it holds an input.
int writerOf(const Elementwise& chain, int reg, int at) {
  for (int i = at - 1; i >= 0; i--) {
    if (chain.steps[i].to == reg) return i;
  }
  return -1;
}

// What a step's operand is: an input's number when it is one that is read densely.
std::optional<int> inputAt(const Elementwise& chain, int reg, int at) {
  if (writerOf(chain, reg, at) >= 0 || reg >= static_cast<int>(chain.inputs.size()) || !isDense(chain, reg)) return std::nullopt;
  return chain.inputs[reg];
}

// h = relu(x) or relu(x + y), and where `step` ≥ 0 also its derivative step(h).
struct ReluChain {
  int x, y = -1, h = -1, step = -1;
};

std::optional<ReluChain> asRelu(const Elementwise& chain) {
  const auto& steps = chain.steps;
  size_t at = 0;
  ReluChain found{};
  int sum = -1;
  if (at < steps.size() && steps[at].f == Function::Add) {
    const auto x = inputAt(chain, steps[at].a, 0), y = inputAt(chain, steps[at].b, 0);
    if (!x || !y || *x == *y) return std::nullopt;
    found.x = *x;
    found.y = *y;
    sum = steps[at++].to;
  }
  if (at == steps.size() || steps[at].f != Function::Relu) return std::nullopt;
  if (sum < 0) {
    const auto x = inputAt(chain, steps[at].a, 0);
    if (!x) return std::nullopt;
    found.x = *x;
  } else if (steps[at].a != sum) {
    return std::nullopt;
  }
  const int relu = steps[at++].to;
  int step = -1;
  if (at < steps.size() && steps[at].f == Function::Step && steps[at].a == relu && steps[at].to != relu) step = steps[at++].to;
  const size_t results = step < 0 ? 1 : 2;
  if (at != steps.size() || chain.outputs.size() != results || chain.inputs.size() != (sum < 0 ? 1u : 2u)) return std::nullopt;
  for (const ElementwiseOutput& output : chain.outputs) {
    if (output.reg == relu) found.h = output.buffer;
    else if (output.reg == step) found.step = output.buffer;
  }
  if (found.h < 0 || (step >= 0) != (found.step >= 0)) return std::nullopt;
  return found;
}

// out = step(x).
std::optional<std::pair<int, int>> asStep(const Elementwise& chain) {
  if (chain.steps.size() != 1 || chain.steps[0].f != Function::Step || chain.outputs.size() != 1 || chain.outputs[0].reg != chain.steps[0].to) {
    return std::nullopt;
  }
  const auto x = inputAt(chain, chain.steps[0].a, 0);
  if (!x) return std::nullopt;
  return std::pair{*x, chain.outputs[0].buffer};
}

// out = d · factor, or d · step(factor) where `step`.
struct GateChain {
  int d, factor, out;
  bool step;
};

std::vector<GateChain> asGate(const Elementwise& chain) {
  const auto& steps = chain.steps;
  const int last = static_cast<int>(steps.size()) - 1;
  if (last < 0 || last > 1 || steps[last].f != Function::Mul || chain.inputs.size() != 2 || chain.outputs.size() != 1) return {};
  if (chain.outputs[0].reg != steps[last].to || (last == 1 && steps[0].f != Function::Step)) return {};
  std::vector<GateChain> ways;
  for (const auto& [d, factor] : {std::pair{steps[last].a, steps[last].b}, std::pair{steps[last].b, steps[last].a}}) {
    const bool step = last == 1 && factor == steps[0].to;
    if (step != (last == 1)) continue;
    const auto value = inputAt(chain, d, last), other = step ? inputAt(chain, steps[0].a, 0) : inputAt(chain, factor, last);
    if (value && other && *value != *other) ways.push_back({*value, *other, chain.outputs[0].buffer, step});
  }
  return ways;
}

class Fuser {
 public:
  explicit Fuser(DeviceDraft& draft) : draft_(draft), uses_(draft.uses()) {}

  void run() {
    forEachChain(&Fuser::takeRelu);
    forEachChain(&Fuser::noteStep);
    forEachChain(&Fuser::takeGate);
    dropUnread();
    for (int i = 0; i < size(); i++) {
      if (const auto* sum = draft_.code[i].as<ReduceSum>()) takeSum(i, *sum);
    }
  }

 private:
  int size() const { return static_cast<int>(draft_.code.size()); }
  const Buffer& buffer(int number) const { return draft_.program.buffers[number]; }
  bool sameExtent(int a, int b) const { return buffer(a).inner == buffer(b).inner && buffer(a).batch == buffer(b).batch; }

  void forEachChain(void (Fuser::*take)(int, const Elementwise&)) {
    for (int i = 0; i < size(); i++) {
      if (const auto* chain = draft_.code[i].as<Elementwise>()) (this->*take)(i, Elementwise(*chain));
    }
    uses_ = draft_.uses();
  }

  // The matrix product that alone writes a buffer of the arena.
  FusedMatmul* productOf(int value, int* where = nullptr) {
    if (value < 0 || !draft_.inArena(value) || uses_.writers[value].size() != 1) return nullptr;
    auto* product = draft_.code[uses_.writers[value][0]].as<FusedMatmul>();
    if (product == nullptr || !isMatrixProduct(*product) || product->product.n < 0) return nullptr;
    if (where != nullptr) *where = uses_.writers[value][0];
    return product;
  }

  // The same where instruction `at`, of the same phase, is the only one that reads the buffer, and nothing was fused to it yet.
  FusedMatmul* productFor(int value, int at, int* where) {
    FusedMatmul* product = productOf(value, where);
    if (product == nullptr || uses_.readers[value].size() != 1 || draft_.code[*where].second != draft_.code[at].second) return nullptr;
    const bool plain = product->product.activation == Activation::None && product->added < 0 && product->gate < 0;
    return plain && *where < at ? product : nullptr;
  }

  bool writtenOnce(int value) const { return uses_.writers[value].size() == 1; }

  // relu(a·b + bias), relu((a·b + bias) + (c·d + bias)): the later product takes all.
  void takeRelu(int at, const Elementwise& chain) {
    const auto relu = asRelu(chain);
    if (!relu || !draft_.inArena(relu->h) || !writtenOnce(relu->h) || (relu->step >= 0 && !writtenOnce(relu->step))) return;
    int first_at = -1, last_at = -1;
    FusedMatmul* last = productFor(relu->x, at, &last_at);
    FusedMatmul* first = relu->y < 0 ? nullptr : productFor(relu->y, at, &first_at);
    if (last == nullptr || !sameExtent(relu->x, relu->h)) return;
    if (relu->y >= 0) {
      const bool fits =
          first != nullptr && sameExtent(relu->y, relu->h) && first->product.m == last->product.m && first->product.n == last->product.n;
      if (!fits) return;
      if (first_at > last_at) {
        std::swap(first, last);
        std::swap(first_at, last_at);
      }
      first->product.out = last->added = relu->h;
    }
    last->product.out = relu->h;
    last->product.activation = Activation::Relu;
    draft_.code[at].op.reset();
    if (relu->step >= 0) draft_.code[at].op = stepOf(chain, relu->h, relu->step);
  }

  static Elementwise stepOf(const Elementwise& chain, int h, int out) {
    Elementwise made;
    made.dims = chain.dims;
    made.inputs = {h};
    made.strides = {chain.strides[0]};  // dense
    made.steps = {{Function::Step, 1, 0, 0, 0}};
    made.registers = 2;
    made.outputs = {{out, 1}};
    return made;
  }

  void noteStep(int, const Elementwise& chain) {
    if (const auto step = asStep(chain); step && writtenOnce(step->second)) step_of_.push_back(*step);
  }

  // d·step(h) with d from a product and h from one with relu.
  void takeGate(int at, const Elementwise& chain) {
    for (const GateChain& gate : asGate(chain)) {
      int h = gate.step ? gate.factor : -1;
      for (const auto& [x, step] : step_of_) {
        if (!gate.step && step == gate.factor) h = x;
      }
      int where = -1;
      FusedMatmul* product = productFor(gate.d, at, &where);
      if (h < 0 || product == nullptr || product->product.bias >= 0 || !writtenOnce(gate.out)) continue;
      if (!sameExtent(gate.d, gate.out) || !sameExtent(h, gate.out)) continue;
      const int mask = maskOf(h, *product, where);
      if (mask < 0) continue;
      product->product.out = gate.out;
      product->gate = h;
      product->mask = mask;
      draft_.code[at].op.reset();
      return;
    }
  }

  // The mask that the product of h writes; -1 where h has none to give to instruction `at`.
  int maskOf(int h, const FusedMatmul& reader, int at) {
    FusedMatmul* relu = nullptr;
    for (const int writer : uses_.writers[h]) {  // a sum of products is written twice, at last with relu
      if (writer >= at) return -1;
      relu = draft_.code[writer].as<FusedMatmul>();
    }
    if (relu == nullptr || relu->product.activation != Activation::Relu || !isMatrixProduct(*relu)) return -1;
    if (relu->product.m != reader.product.m || relu->product.n != reader.product.n) return -1;
    const int64_t m = relu->product.m;
    if (relu->mask < 0) relu->mask = draft_.addBuffer(m < 0, (m < 0 ? -m : m) * maskStride(relu->product.n) / static_cast<int64_t>(sizeof(float)));
    return relu->mask;
  }

  // Chains that are left without a reader.
  void dropUnread() {
    for (auto& instruction : draft_.code) {
      const auto* chain = instruction.as<Elementwise>();
      if (chain == nullptr) continue;
      bool read = false;
      for (const ElementwiseOutput& output : chain->outputs) read = read || !draft_.inArena(output.buffer) || !uses_.readers[output.buffer].empty();
      if (!read) instruction.op.reset();
    }
    uses_ = draft_.uses();
  }

  // Σ over rows of a gradient, by the product that makes it or by the one that multiplies with it.
  void takeSum(int at, const ReduceSum sum) {
    if (sum.outer != 1 || !writtenOnce(sum.out)) return;
    int where = -1;
    FusedMatmul* maker = productOf(sum.x, &where);
    const bool made =
        maker != nullptr && maker->gate >= 0 && maker->column_sums < 0 && maker->product.m == sum.length && maker->product.n == sum.inner;
    if (made && draft_.code[where].second == draft_.code[at].second) {
      maker->column_sums = sum.out;
      draft_.code[at].op.reset();
      return;
    }
    for (const int reader : uses_.readers[sum.x]) {
      auto* user = draft_.code[reader].as<FusedMatmul>();
      if (user == nullptr || user->product.b != sum.x || user->product.transpose_b || user->product.a == sum.x || !isMatrixProduct(*user)) continue;
      const bool plain = user->product.bias < 0 && user->product.activation == Activation::None && user->gate < 0 && user->sums_of_b < 0;
      if (!plain || user->product.k != sum.length || user->product.n != sum.inner || draft_.code[reader].second != draft_.code[at].second) continue;
      if (!uses_.readers[sum.out].empty() && uses_.readers[sum.out][0] <= reader) continue;
      user->sums_of_b = sum.out;
      draft_.code[at].op.reset();
      return;
    }
  }

  DeviceDraft& draft_;
  DeviceDraft::Uses uses_;
  std::vector<std::pair<int, int>> step_of_;  // (x, step(x))
};

}  // namespace

DeviceProgram fuseMatmuls(const Program& program, Precision precision) {
  DeviceDraft draft = draftOf(program);
  Fuser(draft).run();
  if (precision == Precision::Bf16) useHalfOperands(draft);
  return finishDraft(std::move(draft));
}

DeviceProgram unfused(const Program& program) {
  DeviceProgram made{program, {}, {}};
  for (const Instruction& instruction : program.code) {
    std::visit([&](const auto& op) { made.code.emplace_back(op); }, instruction);
    made.origins.push_back(static_cast<int>(made.origins.size()));
  }
  made.program.code.clear();
  return made;
}

}  // namespace lossmith
