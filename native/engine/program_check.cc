// See program_check.h.
#include "engine/program_check.h"

#include <algorithm>
#include <limits>
#include <string>

#include "engine/errors.h"

namespace lossmith {
namespace {

constexpr int64_t kMaxElements = int64_t{1} << 48;
constexpr int64_t kMaxFields = int64_t{1} << 20;
constexpr int64_t kAlignment = 64;

Error invalid(const std::string& op, const std::string& wanted, const std::string& got) {
  return configError("program-invalid", "[" + op + "] wanted " + wanted + ", got " + got);
}

// A number of elements: `factor`, times the batch when `batch`.
struct Count {
  int64_t factor;
  bool batch;
  std::string text() const { return std::to_string(factor) + (batch ? "·B" : ""); }
};

class Checker {
 public:
  explicit Checker(const Program& program) : program_(program) {}

  void run() {
    if (program_.max_batch < 1) throw invalid("program", "maxBatch of at least 1", std::to_string(program_.max_batch));
    for (size_t i = 0; i < program_.buffers.size(); i++) checkBuffer(static_cast<int>(i));
    const auto code = static_cast<int64_t>(program_.code.size());
    if (program_.cut < 0 || program_.cut > code) throw invalid("program", "a cut from 0 to " + std::to_string(code), std::to_string(program_.cut));
    for (at_ = 0; at_ < code; at_++) {
      std::visit([&](const auto& op) { check(op); }, program_.code[at_]);
    }
  }

 private:
  void checkBuffer(int number) {
    op_ = "buffer " + std::to_string(number);
    const Buffer& buffer = program_.buffers[number];
    if (buffer.inner < 0 || buffer.inner > kMaxElements / program_.max_batch) fail("inner from 0 to 2^48 / maxBatch", std::to_string(buffer.inner));
    const int64_t bytes = buffer.inner * (buffer.batch ? program_.max_batch : 1) * (buffer.dtype == Dtype::F32 ? 4 : 8);
    if (buffer.place == Place::Arena) {
      if (buffer.offset < 0 || buffer.offset % kAlignment != 0 || buffer.offset > program_.arena_bytes - bytes) {
        fail(std::to_string(bytes) + " bytes at a multiple of 64 inside the arena of " + std::to_string(program_.arena_bytes),
             "offset " + std::to_string(buffer.offset));
      }
    } else if (buffer.place == Place::Constant) {
      if (buffer.batch || static_cast<int64_t>(buffer.values.size()) != buffer.inner) {
        fail(std::to_string(buffer.inner) + " values, none by batch", std::to_string(buffer.values.size()));
      }
    } else if (buffer.index < 0 || buffer.index >= static_cast<int>(names(buffer.place).size())) {
      fail("an index below " + std::to_string(names(buffer.place).size()), std::to_string(buffer.index));
    } else {
      checkSameSize(buffer);
    }
    if (buffer.place != Place::Input && buffer.dtype != Dtype::F32) fail("i64 for inputs only", "i64");
    if (whose(buffer.place) == Place::Parameter && buffer.batch) fail("parameters without a batch", "batch");
  }

  static Place whose(Place place) { return place == Place::Gradient || place == Place::Tangent ? Place::Parameter : place; }

  // Several buffers may name one input, parameter or output; a gradient or tangent is as large as its parameter.
  void checkSameSize(const Buffer& buffer) const {
    for (const Buffer& other : program_.buffers) {
      if (whose(other.place) != whose(buffer.place) || other.index != buffer.index) continue;
      if (other.inner == buffer.inner && other.batch == buffer.batch && other.dtype == buffer.dtype) continue;
      fail(Count{other.inner, other.batch}.text() + " elements as another buffer of its name", Count{buffer.inner, buffer.batch}.text());
    }
  }

  const std::vector<std::string>& names(Place place) const {
    if (place == Place::Input) return program_.inputs;
    return place == Place::Output ? program_.outputs : program_.parameters;
  }

  void check(const Matmul& op) {
    op_ = "matmul";
    reads("a", op.a, product({op.m, op.k}));
    reads("b", op.b, product({op.k, op.n}));
    if (op.bias >= 0) reads("bias", op.bias, product({op.n}));
    writes(op.out, product({op.m, op.n}));
  }

  void check(const Elementwise& op) {
    op_ = "elementwise";
    if (op.dims.size() > 4) fail("at most 4 dims", std::to_string(op.dims.size()));
    if (op.inputs.size() != op.strides.size()) fail("strides for every input", std::to_string(op.strides.size()));
    if (op.registers < static_cast<int>(op.inputs.size()) || op.registers > 4096) {
      fail("a register for every input and at most 4096", std::to_string(op.registers));
    }
    for (size_t i = 0; i < op.inputs.size(); i++) reads("input " + std::to_string(i), op.inputs[i], extent(op.dims, op.strides[i]));
    auto needsRegister = [&](int number) {
      if (number < 0 || number >= op.registers) fail("registers below " + std::to_string(op.registers), std::to_string(number));
    };
    for (const ElementwiseStep& step : op.steps) {
      needsRegister(step.to);
      needsRegister(step.a);
      needsRegister(step.b);
    }
    for (const ElementwiseOutput& output : op.outputs) {
      needsRegister(output.reg);
      writes(output.buffer, product(op.dims));
    }
  }

  void check(const ReduceSum& op) {
    op_ = "reduce_sum";
    reads("x", op.x, product({op.outer, op.length, op.inner}));
    writes(op.out, product({op.outer, op.inner}));
  }

  void check(const ReduceMax& op) {
    op_ = "reduce_max";
    reads("x", op.x, product({op.outer, op.length, op.inner}));
    writes(op.out, product({op.outer, op.inner}));
  }

  void check(const Lookup& op) {
    op_ = "lookup";
    checkTable(op.table);
    if (op.plane == TablePlane::Tangent) wantsSecondPhase();
    reads("ids", op.ids, product({kBatch, op.fields}), Dtype::I64);
    writes(op.out, product({kBatch, op.fields, op.width}));
  }

  void check(const LookupGrad& op) {
    op_ = "lookup_grad";
    checkTable(op.table);
    if (at_ >= program_.cut) fail("gradients in the first phase", "one behind the cut");
    reads("ids", op.ids, product({kBatch, op.fields}), Dtype::I64);
    reads("d", op.d, product({kBatch, op.fields, op.width}));
    if (program_.max_batch * op.fields > std::numeric_limits<uint32_t>::max()) fail("fewer than 2^32 ids a run", "more");
  }

  void check(const Concat& op) {
    op_ = "concat";
    if (op.inputs.size() != op.widths.size()) fail("a width for every input", std::to_string(op.widths.size()));
    int64_t total = 0;
    for (size_t i = 0; i < op.inputs.size(); i++) {
      reads("input " + std::to_string(i), op.inputs[i], product({op.outer, notNegative(op.widths[i])}));
      total += op.widths[i];
    }
    writes(op.out, product({op.outer, total}));
  }

  void check(const Slice& op) {
    op_ = "slice";
    if (op.from < 0 || op.width < 0 || op.from > op.total - op.width) {
      fail("columns inside rows of " + std::to_string(op.total), std::to_string(op.from) + " .. " + std::to_string(op.from + op.width));
    }
    reads("x", op.x, product({op.outer, op.total}));
    writes(op.out, product({op.outer, op.width}));
  }

  void check(const Transpose& op) {
    op_ = "transpose";
    reads("x", op.x, product({op.outer, op.rows, op.columns}));
    writes(op.out, product({op.outer, op.rows, op.columns}));
  }

  void check(const DropoutMask& op) {
    op_ = "dropout_mask";
    if (!(op.rate >= 0 && op.rate < 1)) fail("a rate from 0 to below 1", std::to_string(op.rate));
    writes(op.out, product({kBatch, notNegative(op.width)}));
  }

  void check(const Uniform& op) {
    op_ = "uniform";
    writes(op.out, product({kBatch, notNegative(op.width)}));
  }

  void check(const OneHot& op) {
    op_ = "one_hot";
    if (op.column < 0 || op.column >= op.fields) fail("a column below " + std::to_string(op.fields), std::to_string(op.column));
    for (size_t i = 1; i < op.rows.size(); i++) {
      if (op.rows[i] <= op.rows[i - 1]) fail("ascending rows", std::to_string(op.rows[i]) + " after " + std::to_string(op.rows[i - 1]));
    }
    reads("ids", op.ids, product({kBatch, op.fields}), Dtype::I64);
    writes(op.out, product({kBatch, static_cast<int64_t>(op.rows.size())}));
  }

  void check(const PairDots& op) {
    op_ = "pair_dots";
    reads("x", op.x, product({kBatch, op.fields, notNegative(op.width)}));
    writes(op.out, product({kBatch, pairs(op.fields)}));
  }

  void check(const PairDotsCross& op) {
    op_ = "pair_dots_cross";
    for (const int rows : {op.a, op.b}) reads("a and b", rows, product({kBatch, op.fields, notNegative(op.width)}));
    writes(op.out, product({kBatch, pairs(op.fields)}));
  }

  void check(const PairDotsGrad& op) {
    op_ = "pair_dots_grad";
    reads("x", op.x, product({kBatch, op.fields, notNegative(op.width)}));
    reads("d", op.d, product({kBatch, pairs(op.fields)}));
    writes(op.out, product({kBatch, op.fields, op.width}));
  }

  void check(const PairwiseAuc& op) {
    op_ = "pairwise_auc";
    reads("z", op.z, product({kBatch}));
    reads("y", op.y, product({kBatch}));
    writes(op.out, product({kBatch}));
  }

  void check(const PairwiseAucGrad& op) {
    op_ = "pairwise_auc_grad";
    reads("z", op.z, product({kBatch}));
    reads("y", op.y, product({kBatch}));
    reads("d", op.d, product({kBatch}));
    writes(op.out, product({kBatch}));
  }

  // Pairs of different fields.
  int64_t pairs(int64_t fields) const {
    if (fields < 2 || fields > kMaxFields) fail("from 2 fields to " + std::to_string(kMaxFields), std::to_string(fields));
    return fields * (fields - 1) / 2;
  }

  void wantsSecondPhase() const {
    if (at_ < program_.cut) fail("tangents to be read in the second phase", "one before the cut");
  }

  void checkTable(int table) const {
    if (table < 0 || table >= static_cast<int>(program_.tables.size())) {
      fail("a table below " + std::to_string(program_.tables.size()), std::to_string(table));
    }
  }

  int64_t notNegative(int64_t width) const {
    if (width < 0) fail("widths that are not the batch", std::to_string(width));
    return width;
  }

  // Sizes multiplied; at most one may be the batch.
  Count product(const std::vector<int64_t>& sizes) const {
    Count count{1, false};
    for (const int64_t size : sizes) {
      if (size < 0 && count.batch) fail("one size that is the batch", "two");
      if (size < -kMaxElements || size > kMaxElements) fail("sizes below 2^48", std::to_string(size));
      count.batch = count.batch || size < 0;
      const int64_t factor = size < 0 ? -size : size;
      if (factor != 0 && count.factor > kMaxElements / factor) fail("fewer than 2^48 elements", "more");
      count.factor *= factor;
    }
    return count;
  }

  // Elements from the first to the last that an index space over `dims` reads.
  Count extent(const std::vector<int64_t>& dims, const std::vector<int64_t>& strides) const {
    if (strides.size() != dims.size()) fail("a stride for every dim", std::to_string(strides.size()));
    const Count whole = product(dims);
    int64_t last = 0, batch_step = 0;  // the last index is last + batch_step · (B - 1)
    for (size_t d = 0; d < dims.size(); d++) {
      if (strides[d] < 0 || strides[d] > kMaxElements) fail("strides from 0 to 2^48", std::to_string(strides[d]));
      const int64_t size = dims[d] < 0 ? -dims[d] : dims[d];
      if (size > 0 && strides[d] > kMaxElements / size) fail("fewer than 2^48 elements", "more");
      if (dims[d] < 0) batch_step = size * strides[d];
      last += (size - 1) * strides[d];
    }
    if (whole.factor == 0) return {0, false};
    if (batch_step == 0) return {last + 1, false};
    return {std::max(batch_step, last + 1), true};
  }

  const Buffer& buffer(const std::string& role, int number) const {
    if (number < 0 || number >= static_cast<int>(program_.buffers.size())) {
      fail(role + " to be one of " + std::to_string(program_.buffers.size()) + " buffers", std::to_string(number));
    }
    return program_.buffers[number];
  }

  void reads(const std::string& role, int number, const Count& count, Dtype dtype = Dtype::F32) const {
    const Buffer& source = buffer(role, number);
    if (source.place == Place::Tangent) wantsSecondPhase();
    if (source.dtype != dtype) fail(role + (dtype == Dtype::F32 ? " of f32" : " of i64"), "buffer " + std::to_string(number));
    // What does not grow with the batch may not be read from what does: the batch may be 0.
    const bool fits = count.factor == 0 || (count.batch == source.batch && count.factor <= source.inner);
    if (!fits) fail(role + " of " + count.text(), "buffer " + std::to_string(number) + " of " + Count{source.inner, source.batch}.text());
  }

  void writes(int number, const Count& count) const {
    reads("out", number, count);
    const Buffer& target = program_.buffers[number];
    if (target.place != Place::Arena && target.place != Place::Gradient && target.place != Place::Output) {
      fail("out in the arena, a gradient or an output", "buffer " + std::to_string(number));
    }
    if (target.place == Place::Gradient && at_ >= program_.cut) fail("gradients in the first phase", "one behind the cut");
    if (target.place != Place::Arena && (count.factor != target.inner || count.batch != target.batch)) {
      fail("a gradient or output to be written whole", count.text() + " of " + Count{target.inner, target.batch}.text());
    }
  }

  [[noreturn]] void fail(const std::string& wanted, const std::string& got) const { throw invalid(op_, wanted, got); }

  const Program& program_;
  std::string op_;
  int64_t at_ = 0;  // the instruction's number
};

}  // namespace

void checkProgram(const Program& program) { Checker(program).run(); }

}  // namespace lossmith
