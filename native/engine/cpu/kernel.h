// One instruction, prepared once and run many times. `make<Op>` of cpu/<op>.cc turns an instruction into its kernel; the executor
// calls them in order on one thread. A kernel allocates only when a batch size is new to it.
#pragma once

#include <memory>
#include <vector>

#include "engine/cpu/aligned_memory.h"
#include "engine/cpu/row_groups.h"
#include "engine/executor.h"
#include "engine/program.h"

namespace lossmith {

// What kernels see of one run: where every buffer lies, and what they share.
struct Frame {
  const RunContext* context = nullptr;
  std::vector<void*> bases;       // by buffer
  std::vector<RowGroups> groups;  // by buffer; filled on first use in a run, for buffers of ids
  std::vector<bool> grouped;      // by buffer
  AlignedMemory scratch;          // oneDNN's working memory

  int64_t batch() const { return context->batch; }
  int64_t size(int64_t size) const { return resolveSize(size, context->batch); }
  float* floats(int buffer) const { return static_cast<float*>(bases[buffer]); }
  const int64_t* ids(int buffer) const { return static_cast<const int64_t*>(bases[buffer]); }
  // The `count` ids of a buffer grouped by row: computed once a run, whoever asks first.
  const RowGroups& groupsOf(int buffer, int64_t count) {
    if (!grouped[buffer]) groups[buffer].group(ids(buffer), count);
    grouped[buffer] = true;
    return groups[buffer];
  }
};

class Kernel {
 public:
  virtual ~Kernel() = default;
  virtual void run(Frame& frame) = 0;
};

std::unique_ptr<Kernel> makeMatmul(const Matmul& instruction);
std::unique_ptr<Kernel> makeElementwise(const Elementwise& instruction);
std::unique_ptr<Kernel> makeReduceSum(const ReduceSum& instruction);
std::unique_ptr<Kernel> makeReduceMax(const ReduceMax& instruction);
std::unique_ptr<Kernel> makeLookup(const Lookup& instruction, const std::string& table);
// `first`: no earlier instruction of the program appends to this table's gradient.
std::unique_ptr<Kernel> makeLookupGrad(const LookupGrad& instruction, const std::string& table, bool first);
std::unique_ptr<Kernel> makeConcat(const Concat& instruction);
std::unique_ptr<Kernel> makeSlice(const Slice& instruction);
std::unique_ptr<Kernel> makeTranspose(const Transpose& instruction);
std::unique_ptr<Kernel> makeDropoutMask(const DropoutMask& instruction);
std::unique_ptr<Kernel> makeUniform(const Uniform& instruction);
std::unique_ptr<Kernel> makeOneHot(const OneHot& instruction);
std::unique_ptr<Kernel> makePairDots(const PairDots& instruction);
std::unique_ptr<Kernel> makePairDotsCross(const PairDotsCross& instruction);
std::unique_ptr<Kernel> makePairDotsGrad(const PairDotsGrad& instruction);
std::unique_ptr<Kernel> makePairwiseAuc(const PairwiseAuc& instruction);
std::unique_ptr<Kernel> makePairwiseAucGrad(const PairwiseAucGrad& instruction);

}  // namespace lossmith
