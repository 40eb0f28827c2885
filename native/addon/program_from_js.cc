// See program_from_js.h.
#include "addon/program_from_js.h"

#include <cmath>
#include <limits>
#include <string>
#include <string_view>
#include <utility>

#include "engine/errors.h"

namespace lossmith {
namespace {

constexpr double kMaxExact = 9007199254740992.0;  // 2^53

Error invalid(const std::string& wanted, const std::string& got) {
  return configError("program-invalid", "[program] wanted " + wanted + ", got " + got);
}

std::string shown(const Napi::Value& value) { return value.IsSymbol() ? "a symbol" : value.ToString().Utf8Value(); }

// One object of the program and the path to it: reads its fields by name.
class Fields {
 public:
  Fields(const Napi::Value& value, std::string path) : path_(std::move(path)) {
    if (!value.IsObject()) throw invalid("an object at " + path_, shown(value));
    object_ = value.As<Napi::Object>();
  }

  bool has(const char* name) const { return !object_.Get(name).IsUndefined(); }

  std::string string(const char* name) const {
    const Napi::Value value = object_.Get(name);
    if (!value.IsString()) throw invalid("a string at " + at(name), shown(value));
    return value.As<Napi::String>();
  }

  bool boolean(const char* name) const {
    const Napi::Value value = object_.Get(name);
    if (!value.IsBoolean()) throw invalid("true or false at " + at(name), shown(value));
    return value.As<Napi::Boolean>();
  }

  double number(const char* name) const { return number(object_.Get(name), at(name)); }
  int64_t integer(const char* name) const { return integer(object_.Get(name), at(name)); }
  int index(const char* name) const { return index(object_.Get(name), at(name)); }

  std::vector<int64_t> integers(const char* name) const {
    return list<int64_t>(name, [](const Napi::Value& value, const std::string& path) { return integer(value, path); });
  }
  std::vector<int> indices(const char* name) const {
    return list<int>(name, [](const Napi::Value& value, const std::string& path) { return index(value, path); });
  }
  std::vector<float> floats(const char* name) const {
    return list<float>(name, [](const Napi::Value& value, const std::string& path) { return static_cast<float>(number(value, path)); });
  }
  std::vector<std::string> strings(const char* name) const {
    return list<std::string>(name, [](const Napi::Value& value, const std::string& path) -> std::string {
      if (!value.IsString()) throw invalid("a string at " + path, shown(value));
      return value.As<Napi::String>();
    });
  }
  std::vector<std::vector<int64_t>> integerLists(const char* name) const {
    return list<std::vector<int64_t>>(name, [](const Napi::Value& value, const std::string& path) {
      return elements<int64_t>(value, path, [](const Napi::Value& v, const std::string& p) { return integer(v, p); });
    });
  }
  template <class Element, class Read>
  std::vector<Element> list(const char* name, Read read) const {
    return elements<Element>(object_.Get(name), at(name), read);
  }

  // The value whose name the field holds.
  template <class Value, size_t N>
  Value oneOf(const char* name, const std::pair<std::string_view, Value> (&known)[N]) const {
    const std::string got = string(name);
    std::string names;
    for (const auto& [text, value] : known) {
      if (got == text) return value;
      names += (names.empty() ? "" : ", ") + std::string(text);
    }
    throw invalid("one of " + names + " at " + at(name), "\"" + got + "\"");
  }

 private:
  std::string at(const char* name) const { return path_ + "." + name; }

  static double number(const Napi::Value& value, const std::string& path) {
    if (!value.IsNumber()) throw invalid("a number at " + path, shown(value));
    return value.As<Napi::Number>().DoubleValue();
  }
  static int64_t integer(const Napi::Value& value, const std::string& path) {
    const double got = number(value, path);
    if (!(std::fabs(got) <= kMaxExact) || std::trunc(got) != got) throw invalid("a whole number at " + path, shown(value));
    return static_cast<int64_t>(got);
  }
  static int index(const Napi::Value& value, const std::string& path) {
    const int64_t got = integer(value, path);
    if (got < -1 || got > std::numeric_limits<int>::max()) throw invalid("an index at " + path, shown(value));
    return static_cast<int>(got);
  }
  template <class Element, class Read>
  static std::vector<Element> elements(const Napi::Value& value, const std::string& path, Read read) {
    if (!value.IsArray()) throw invalid("an array at " + path, shown(value));
    const auto array = value.As<Napi::Array>();
    std::vector<Element> read_elements;
    read_elements.reserve(array.Length());
    for (uint32_t i = 0; i < array.Length(); i++) {
      const Napi::HandleScope scope(array.Env());
      read_elements.push_back(read(array.Get(i), path + "[" + std::to_string(i) + "]"));
    }
    return read_elements;
  }

  Napi::Object object_;
  std::string path_;
};

constexpr std::pair<std::string_view, Place> kPlaces[] = {
    {"arena", Place::Arena},       {"input", Place::Input},   {"parameter", Place::Parameter}, {"tangent", Place::Tangent},
    {"gradient", Place::Gradient}, {"output", Place::Output}, {"constant", Place::Constant}};
constexpr std::pair<std::string_view, TablePlane> kPlanes[] = {{"weight", TablePlane::Weight}, {"tangent", TablePlane::Tangent}};
constexpr std::pair<std::string_view, Dtype> kDtypes[] = {{"f32", Dtype::F32}, {"i64", Dtype::I64}};
constexpr std::pair<std::string_view, Activation> kActivations[] = {{"none", Activation::None}, {"relu", Activation::Relu}};
constexpr std::pair<std::string_view, Function> kFunctions[] = {{"add", Function::Add},
                                                                {"sub", Function::Sub},
                                                                {"mul", Function::Mul},
                                                                {"div", Function::Div},
                                                                {"max", Function::Max},
                                                                {"min", Function::Min},
                                                                {"add_constant", Function::AddConstant},
                                                                {"mul_constant", Function::MulConstant},
                                                                {"max_constant", Function::MaxConstant},
                                                                {"min_constant", Function::MinConstant},
                                                                {"constant", Function::Constant},
                                                                {"neg", Function::Neg},
                                                                {"exp", Function::Exp},
                                                                {"log", Function::Log},
                                                                {"log1p", Function::Log1p},
                                                                {"sqrt", Function::Sqrt},
                                                                {"reciprocal", Function::Reciprocal},
                                                                {"square", Function::Square},
                                                                {"abs", Function::Abs},
                                                                {"sign", Function::Sign},
                                                                {"sigmoid", Function::Sigmoid},
                                                                {"tanh", Function::Tanh},
                                                                {"softplus", Function::Softplus},
                                                                {"relu", Function::Relu},
                                                                {"step", Function::Step},
                                                                {"greater", Function::Greater},
                                                                {"pow_constant", Function::PowConstant}};

Buffer bufferFromJs(const Fields& fields) {
  Buffer buffer{.place = fields.oneOf("place", kPlaces),
                .dtype = fields.oneOf("dtype", kDtypes),
                .batch = fields.boolean("batch"),
                .inner = fields.integer("inner"),
                .values = {}};
  if (fields.has("index")) buffer.index = fields.index("index");
  if (fields.has("offset")) buffer.offset = fields.integer("offset");
  if (fields.has("values")) buffer.values = fields.floats("values");
  return buffer;
}

Matmul matmulFromJs(const Fields& fields) {
  return {.a = fields.index("a"),
          .b = fields.index("b"),
          .bias = fields.index("bias"),
          .out = fields.index("out"),
          .m = fields.integer("m"),
          .n = fields.integer("n"),
          .k = fields.integer("k"),
          .transpose_a = fields.boolean("transposeA"),
          .transpose_b = fields.boolean("transposeB"),
          .activation = fields.oneOf("activation", kActivations)};
}

Elementwise elementwiseFromJs(const Fields& fields) {
  return {.dims = fields.integers("dims"),
          .inputs = fields.indices("inputs"),
          .strides = fields.integerLists("strides"),
          .steps = fields.list<ElementwiseStep>("steps",
                                                [](const Napi::Value& value, const std::string& path) -> ElementwiseStep {
                                                  const Fields step(value, path);
                                                  return {.f = step.oneOf("f", kFunctions),
                                                          .to = step.index("to"),
                                                          .a = step.index("a"),
                                                          .b = step.index("b"),
                                                          .value = static_cast<float>(step.number("value"))};
                                                }),
          .registers = fields.index("registers"),
          .outputs = fields.list<ElementwiseOutput>("outputs", [](const Napi::Value& value, const std::string& path) -> ElementwiseOutput {
            const Fields output(value, path);
            return {.buffer = output.index("buffer"), .reg = output.index("register")};
          })};
}

Instruction instructionFromJs(const Napi::Value& value, const std::string& path) {
  const Fields fields(value, path);
  const std::string op = fields.string("op");
  if (op == "matmul") return matmulFromJs(fields);
  if (op == "elementwise") return elementwiseFromJs(fields);
  if (op == "reduce_sum") {
    return ReduceSum{fields.index("x"), fields.index("out"), fields.integer("outer"), fields.integer("length"), fields.integer("inner")};
  }
  if (op == "reduce_max") {
    return ReduceMax{fields.index("x"), fields.index("out"), fields.integer("outer"), fields.integer("length"), fields.integer("inner")};
  }
  if (op == "lookup") {
    return Lookup{fields.index("table"),          fields.index("ids"),      fields.index("out"),
                  fields.oneOf("plane", kPlanes), fields.integer("fields"), fields.integer("width")};
  }
  if (op == "lookup_grad") {
    return LookupGrad{fields.index("table"), fields.index("ids"), fields.index("d"), fields.integer("fields"), fields.integer("width")};
  }
  if (op == "concat") return Concat{fields.indices("inputs"), fields.integers("widths"), fields.index("out"), fields.integer("outer")};
  if (op == "slice") {
    return Slice{fields.index("x"),      fields.index("out"),     fields.integer("outer"),
                 fields.integer("from"), fields.integer("width"), fields.integer("total")};
  }
  if (op == "transpose") {
    return Transpose{fields.index("x"), fields.index("out"), fields.integer("outer"), fields.integer("rows"), fields.integer("columns")};
  }
  if (op == "dropout_mask") return DropoutMask{fields.index("out"), fields.integer("width"), fields.number("rate"), fields.string("purpose")};
  if (op == "uniform") return Uniform{fields.index("out"), fields.integer("width"), fields.string("purpose")};
  if (op == "one_hot") {
    return OneHot{fields.index("ids"), fields.index("out"), fields.integer("fields"), fields.integer("column"), fields.integers("rows")};
  }
  if (op == "pair_dots") return PairDots{fields.index("x"), fields.index("out"), fields.integer("fields"), fields.integer("width")};
  if (op == "pair_dots_cross") {
    return PairDotsCross{fields.index("a"), fields.index("b"), fields.index("out"), fields.integer("fields"), fields.integer("width")};
  }
  if (op == "pair_dots_grad") {
    return PairDotsGrad{fields.index("x"), fields.index("d"), fields.index("out"), fields.integer("fields"), fields.integer("width")};
  }
  if (op == "pairwise_auc") return PairwiseAuc{fields.index("z"), fields.index("y"), fields.index("out")};
  if (op == "pairwise_auc_grad") return PairwiseAucGrad{fields.index("z"), fields.index("y"), fields.index("d"), fields.index("out")};
  throw invalid("an instruction the engine knows at " + path + ".op", "\"" + op + "\"");
}

}  // namespace

Program programFromJs(const Napi::Object& object) {
  const Fields fields(object, "program");
  return {
      .name = fields.string("name"),
      .max_batch = fields.integer("maxBatch"),
      .arena_bytes = fields.integer("arenaBytes"),
      .buffers = fields.list<Buffer>("buffers", [](const Napi::Value& value, const std::string& path) { return bufferFromJs(Fields(value, path)); }),
      .code = fields.list<Instruction>("code", instructionFromJs),
      .cut = fields.integer("cut"),
      .inputs = fields.strings("inputs"),
      .parameters = fields.strings("parameters"),
      .tables = fields.strings("tables"),
      .outputs = fields.strings("outputs")};
}

}  // namespace lossmith
