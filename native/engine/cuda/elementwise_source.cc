// See elementwise_source.h.
#include "engine/cuda/elementwise_source.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstdio>

#include "engine/function_table.h"

namespace lossmith {
namespace {

constexpr size_t kNameMost = 60;

// How four neighbours of an input are read.
enum class Reading {
  Dense,  // it lies as the outputs do
  Row,    // side by side within a row of the innermost dimension
  Same,   // one number for all four
  Apart,  // a stride apart within a row
  Each    // wherever each lies: rows are no multiple of four
};

std::string number(int64_t n) { return std::to_string(n); }

// As large as dims with strides that step through all elements in order.
bool liesDense(const Elementwise& chain, const std::vector<int64_t>& strides) {
  int64_t expected = 1;
  for (size_t d = chain.dims.size(); d-- > 0;) {
    if (chain.dims[d] == 1) continue;
    if (expected < 0 || strides[d] != expected) return false;
    expected = chain.dims[d] < 0 ? -1 : expected * chain.dims[d];  // outside the batch no stride is known
  }
  return true;
}

Reading readingOf(const Elementwise& chain, const std::vector<int64_t>& strides) {
  if (liesDense(chain, strides)) return Reading::Dense;
  bool constant = true, aligned = true;
  for (size_t d = 0; d < strides.size(); d++) {
    constant = constant && (strides[d] == 0 || chain.dims[d] == 1);
    if (d + 1 < strides.size()) aligned = aligned && strides[d] % 4 == 0;
  }
  if (constant) return Reading::Same;
  if (chain.dims.back() < 0 || chain.dims.back() % 4 != 0) return Reading::Each;
  if (strides.back() == 0) return Reading::Same;
  return strides.back() == 1 && aligned ? Reading::Row : Reading::Apart;
}

// From the index of an element to its index in every dimension that an input of `chosen` walks: `unsigned i0 = ...`.
std::string indexLines(const Elementwise& chain, const std::vector<bool>& wanted, const std::string& indent) {
  size_t first = 0;
  while (first < wanted.size() && !wanted[first]) first++;
  std::string text;
  for (size_t d = chain.dims.size(); d-- > first;) {
    if (chain.dims[d] == 1) continue;
    const std::string size = chain.dims[d] < 0 ? "at.sizes[" + number(d) + "]" : number(chain.dims[d]) + "u", index = "i" + number(d);
    if (d == 0) {
      text += indent + "const unsigned i0 = rest;\n";
      continue;
    }
    if (wanted[d]) text += indent + "const unsigned " + index + " = rest % " + size + ";\n";
    if (d > first) text += indent + "rest /= " + size + ";\n";
  }
  return text;
}

std::string offsetOf(const Elementwise& chain, const std::vector<int64_t>& strides) {
  std::string text;
  for (size_t d = 0; d < strides.size(); d++) {
    if (strides[d] == 0 || chain.dims[d] == 1) continue;
    const std::string index = "i" + number(d);
    text += (text.empty() ? "" : " + ") + (strides[d] == 1 ? index : number(strides[d]) + "ll * " + index);
  }
  return text.empty() ? "0" : text;
}

class Writer {
 public:
  explicit Writer(const Elementwise& chain) : chain_(chain) {
    for (const std::vector<int64_t>& strides : chain.strides) readings_.push_back(readingOf(chain, strides));
  }

  ElementwiseSource write() {
    ElementwiseSource source;
    source.name = name();
    source.text = "#include \"engine/cuda/elementwise_pieces.h\"\n\nnamespace lossmith {\n\n" + argumentsText() + stepsText() + pieceText() +
                  kernelText(source.name) + "\n}  // namespace lossmith\n";
    for (const Reading reading : readings_) source.aligned.push_back(reading == Reading::Dense || reading == Reading::Row);
    return source;
  }

 private:
  // Of the functions, as profilers show it.
  std::string name() const {
    std::string name = "elementwise";
    for (const ElementwiseStep& step : chain_.steps) {
      const std::string function = functionOf(step.f);
      if (name.size() + function.size() > kNameMost) break;
      name += "_" + function.substr(0, function.size() - 2);  // expOf -> exp
    }
    return name;
  }

  static const char* functionOf(Function f) {
    switch (f) {
#define NAME(name, function, arguments) \
  case Function::name:                  \
    return #function;
      LOSSMITH_FUNCTIONS(NAME)
#undef NAME
    }
    return "";
  }

  static const char* argumentsOf(Function f) {
    switch (f) {
#define ARGUMENTS(name, function, arguments) \
  case Function::name:                       \
    return #arguments;
      LOSSMITH_FUNCTIONS(ARGUMENTS)
#undef ARGUMENTS
    }
    return "";
  }

  std::string argumentsText() const {
    const size_t inputs = std::max<size_t>(1, chain_.inputs.size()), outputs = std::max<size_t>(1, chain_.outputs.size());
    return "struct Arguments {\n  const float* in[" + number(inputs) + "];\n  float* out[" + number(outputs) +
           "];\n  unsigned total, quads, sizes[4];\n};\n\n";
  }

  // The exact value.
  static std::string literal(float value) {
    if (std::isnan(value)) return "kNan";
    if (std::isinf(value)) return value > 0 ? "kInfinity" : "-kInfinity";
    char text[64];
    std::snprintf(text, sizeof text, "%af", static_cast<double>(value));
    return text;
  }

  // `r2 = addOf(r0, 0x1p+0f);`, from the arguments as the table has them: (a, value).
  static std::string stepText(const ElementwiseStep& step) {
    std::string text = "  r" + number(step.to) + " = " + functionOf(step.f), word;
    for (const char* c = argumentsOf(step.f); *c != '\0'; c++) {
      if (std::isalpha(static_cast<unsigned char>(*c))) {
        word += *c;
        continue;
      }
      if (word == "a" || word == "b") text += "r" + number(word == "a" ? step.a : step.b);
      if (word == "value") text += literal(step.value);
      if (word == "whole") text += isWhole(step.value) ? "true" : "false";
      if (word == "odd") text += isOdd(step.value) ? "true" : "false";
      word.clear();
      text += *c;
    }
    return text + ";\n";
  }

  std::string stepsText() const {
    const int inputs = static_cast<int>(chain_.inputs.size());
    std::string text = "// y from x, of one element.\ntemplate <int N>\nLOSSMITH_INLINE void takeSteps(const float (&x)[" +
                       number(std::max(1, inputs)) + "][N], float (&y)[" + number(std::max<size_t>(1, chain_.outputs.size())) + "][N], int k) {\n";
    for (int r = 0; r < chain_.registers; r++) {
      text += "  float r" + number(r) + " = " + (r < inputs ? "x[" + number(r) + "][k]" : "0.0f") + ";\n";
    }
    for (const ElementwiseStep& step : chain_.steps) text += stepText(step);
    for (size_t o = 0; o < chain_.outputs.size(); o++) text += "  y[" + number(o) + "][k] = r" + number(chain_.outputs[o].reg) + ";\n";
    return text + "}\n\n";
  }

  // The dimensions that inputs of these readings walk.
  std::vector<bool> walked(bool each) const {
    std::vector<bool> walked(chain_.dims.size(), false);
    for (size_t i = 0; i < readings_.size(); i++) {
      if (readings_[i] == Reading::Dense || (readings_[i] == Reading::Each) != each) continue;
      for (size_t d = 0; d < walked.size(); d++) walked[d] = walked[d] || (chain_.strides[i][d] != 0 && chain_.dims[d] != 1);
    }
    return walked;
  }

  std::string loadText(size_t i) const {
    const std::string x = "x[" + number(i) + "]", from = "at.in[" + number(i) + "] + ", offset = offsetOf(chain_, chain_.strides[i]);
    switch (readings_[i]) {
      case Reading::Dense:
        return "  loadNext(" + x + ", " + from + "e);\n";
      case Reading::Row:
        return "  loadNext(" + x + ", " + from + offset + ");\n";
      case Reading::Same:
        return "  loadSame(" + x + ", " + from + offset + ");\n";
      case Reading::Apart:
        return "  loadApart(" + x + ", " + from + offset + ", " + number(chain_.strides[i].back()) + ");\n";
      case Reading::Each:
        return "    " + x + "[k] = at.in[" + number(i) + "][" + offset + "];\n";
    }
    return "";
  }

  std::string pieceText() const {
    std::string text = "// N elements from e on.\ntemplate <int N>\nLOSSMITH_INLINE void takePiece(const Arguments& at, unsigned e) {\n";
    text += "  float x[" + number(std::max<size_t>(1, chain_.inputs.size())) + "][N], y[" + number(std::max<size_t>(1, chain_.outputs.size())) +
            "][N];\n";
    const auto any = [](const std::vector<bool>& of) { return std::find(of.begin(), of.end(), true) != of.end(); };
    const std::vector<bool> rows = walked(false), each = walked(true);
    if (any(rows)) text += "  unsigned rest = e;\n" + indexLines(chain_, rows, "  ");
    for (size_t i = 0; i < readings_.size(); i++) {
      if (readings_[i] != Reading::Each) text += loadText(i);
    }
    if (any(each)) {
      text += "#pragma unroll\n  for (int k = 0; k < N; k++) {\n    unsigned rest = e + k;\n" + indexLines(chain_, each, "    ");
      for (size_t i = 0; i < readings_.size(); i++) {
        if (readings_[i] == Reading::Each) text += loadText(i);
      }
      text += "  }\n";
    }
    text += "#pragma unroll\n  for (int k = 0; k < N; k++) takeSteps(x, y, k);\n";
    for (size_t o = 0; o < chain_.outputs.size(); o++) text += "  storeNext(at.out[" + number(o) + "] + e, y[" + number(o) + "]);\n";
    return text + "}\n\n";
  }

  static std::string kernelText(const std::string& name) {
    return "extern \"C\" __global__ void __launch_bounds__(" + number(kElementwiseThreads) + ") " + name +
           "(const Arguments at) {\n"
           "  const unsigned first = blockIdx.x * blockDim.x + threadIdx.x, stride = gridDim.x * blockDim.x;\n"
           "  for (unsigned q = first; q < at.quads; q += stride) takePiece<4>(at, 4 * q);\n"
           "  for (unsigned e = 4 * at.quads + first; e < at.total; e += stride) takePiece<1>(at, e);\n"
           "}\n";
  }

  const Elementwise& chain_;
  std::vector<Reading> readings_;
};

}  // namespace

ElementwiseSource elementwiseSource(const Elementwise& chain) { return Writer(chain).write(); }

}  // namespace lossmith
