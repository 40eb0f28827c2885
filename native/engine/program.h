// The program as the engine runs it: the same structure as model/program.ts, where every field is explained.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace lossmith {

constexpr int64_t kBatch = -1;  // a Size that stands for the number of examples; -k stands for k times that many
constexpr int64_t resolveSize(int64_t size, int64_t batch) { return size < 0 ? -size * batch : size; }

enum class Place { Arena, Input, Parameter, Tangent, Gradient, Output, Constant };
enum class Dtype { F32, I64 };

struct Buffer {
  Place place;
  Dtype dtype;
  bool batch;
  int64_t inner;
  int index = -1;
  int64_t offset = 0;
  std::vector<float> values;
};

enum class Activation { None, Relu };

struct Matmul {
  int a, b, bias, out;
  int64_t m, n, k;
  bool transpose_a, transpose_b;
  Activation activation;
};

enum class Function {
  Add,
  Sub,
  Mul,
  Div,
  Max,
  Min,
  AddConstant,
  MulConstant,
  MaxConstant,
  MinConstant,
  Constant,
  Neg,
  Exp,
  Log,
  Log1p,
  Sqrt,
  Reciprocal,
  Square,
  Abs,
  Sign,
  Sigmoid,
  Tanh,
  Softplus,
  Relu,
  Step,
  Greater,
  PowConstant
};
struct ElementwiseStep {
  Function f;
  int to, a, b;
  float value;
};
struct ElementwiseOutput {
  int buffer, reg;
};
struct Elementwise {
  std::vector<int64_t> dims;
  std::vector<int> inputs;
  std::vector<std::vector<int64_t>> strides;
  std::vector<ElementwiseStep> steps;
  int registers;
  std::vector<ElementwiseOutput> outputs;
};
struct ReduceSum {
  int x, out;
  int64_t outer, length, inner;
};
struct ReduceMax {
  int x, out;
  int64_t outer, length, inner;
};
enum class TablePlane { Weight, Tangent };
struct Lookup {
  int table, ids, out;
  TablePlane plane;
  int64_t fields, width;
};
struct LookupGrad {
  int table, ids, d;
  int64_t fields, width;
};
struct Concat {
  std::vector<int> inputs;
  std::vector<int64_t> widths;
  int out;
  int64_t outer;
};
struct Slice {
  int x, out;
  int64_t outer, from, width, total;
};
struct Transpose {
  int x, out;
  int64_t outer, rows, columns;
};
struct DropoutMask {
  int out;
  int64_t width;
  double rate;
  std::string purpose;
};
struct Uniform {
  int out;
  int64_t width;
  std::string purpose;
};
struct OneHot {
  int ids, out;
  int64_t fields, column;
  std::vector<int64_t> rows;
};
struct PairDots {
  int x, out;
  int64_t fields, width;
};
struct PairDotsCross {
  int a, b, out;
  int64_t fields, width;
};
struct PairDotsGrad {
  int x, d, out;
  int64_t fields, width;
};
struct PairwiseAuc {
  int z, y, out;
};
struct PairwiseAucGrad {
  int z, y, d, out;
};

using Instruction = std::variant<Matmul, Elementwise, ReduceSum, ReduceMax, Lookup, LookupGrad, Concat, Slice, Transpose, DropoutMask, Uniform,
                                 OneHot, PairDots, PairDotsCross, PairDotsGrad, PairwiseAuc, PairwiseAucGrad>;

struct Program {
  std::string name;
  int64_t max_batch = 0;
  int64_t arena_bytes = 0;
  std::vector<Buffer> buffers;
  std::vector<Instruction> code;
  int64_t cut = 0;
  std::vector<std::string> inputs, parameters, tables, outputs;
};

}  // namespace lossmith
