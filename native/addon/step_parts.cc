// See step_parts.h.
#include "addon/step_parts.h"

#include <string>

#include "addon/errors_to_js.h"
#include "addon/from_js.h"
#include "addon/trainer_options.h"
#include "engine/step_parts.h"

namespace lossmith {
namespace {

std::unique_ptr<StepParts> partsFromJs(const Napi::Object& options) {
  return textFromJs(options, "device") == "cpu" ? cpuStepParts() : deviceStepParts();
}

std::vector<float> floatsFromJs(const Napi::Value& value) {
  if (!value.IsTypedArray() || value.As<Napi::TypedArray>().TypedArrayType() != napi_float32_array) {
    throw configError("native-argument", "[native] wanted a Float32Array, got another value");
  }
  const auto array = value.As<Napi::Float32Array>();
  return {array.Data(), array.Data() + array.ElementLength()};
}

RowSparse rowsFromJs(const Napi::Object& object) {
  RowSparse out{integerFromJs(object, "width"), {}, floatsFromJs(object.Get("values"))};
  const Napi::Array rows = arrayFromJs(object, "rows");
  for (uint32_t i = 0; i < rows.Length(); i++) out.rows.push_back(rows.Get(i).ToNumber().Int64Value());
  if (out.values.size() == out.rows.size() * out.width) return out;
  throw configError("native-argument", "[native] wanted values of rows × width, got " + std::to_string(out.values.size()));
}

Napi::Value floatsToJs(Napi::Env env, const std::vector<float>& values) {
  Napi::Float32Array array = Napi::Float32Array::New(env, values.size());
  std::copy(values.begin(), values.end(), array.Data());
  return array;
}

Napi::Value rowsToJs(Napi::Env env, const RowSparse& rows) {
  Napi::Object out = Napi::Object::New(env);
  Napi::Array numbers = Napi::Array::New(env, rows.rows.size());
  for (uint32_t i = 0; i < rows.rows.size(); i++) numbers.Set(i, static_cast<double>(rows.rows[i]));
  out.Set("width", static_cast<double>(rows.width));
  out.Set("rows", numbers);
  out.Set("values", floatsToJs(env, rows.values));
  return out;
}

Napi::Value planesToJs(Napi::Env env, const Planes& planes) {
  Napi::Array out = Napi::Array::New(env, planes.size());
  for (uint32_t i = 0; i < planes.size(); i++) out.Set(i, floatsToJs(env, planes[i]));
  return out;
}

StepScalarsOf scalarsFromJs(const Napi::Object& options) {
  return {optimizerFromJs(objectFromJs(options, "optimizer")), lookaheadFromJs(options), integerFromJs(options, "step"),
          integerFromJs(options, "examples"), integerFromJs(options, "validationExamples")};
}

template <class Leaf, class Read>
std::vector<Leaf> leavesFromJs(const Napi::Object& options, const Read& read) {
  const Napi::Array array = arrayFromJs(options, "leaves");
  std::vector<Leaf> leaves;
  for (uint32_t i = 0; i < array.Length(); i++) leaves.push_back(read(array.Get(i).As<Napi::Object>()));
  if (leaves.empty()) throw configError("native-argument", "[native] wanted one leaf or more, got none");
  return leaves;
}

Napi::Value addDense(Napi::Env env, const Napi::Object& options) {
  const auto leaves = leavesFromJs<DenseLeafValues>(options, [](const Napi::Object& leaf) {
    return DenseLeafValues{intFromJs(leaf, "lane"), floatsFromJs(leaf.Get("values"))};
  });
  return floatsToJs(env, partsFromJs(options)->addDense(intFromJs(options, "lanes"), leaves));
}

Napi::Value addRows(Napi::Env env, const Napi::Object& options) {
  const auto leaves = leavesFromJs<RowLeafValues>(options, [](const Napi::Object& leaf) {
    return RowLeafValues{intFromJs(leaf, "lane"), rowsFromJs(objectFromJs(leaf, "first")), rowsFromJs(objectFromJs(leaf, "second"))};
  });
  const TwoRowSums sums = partsFromJs(options)->addRows(intFromJs(options, "lanes"), integerFromJs(options, "rows"), leaves);
  Napi::Object out = Napi::Object::New(env);
  out.Set("first", rowsToJs(env, sums.first));
  out.Set("second", rowsToJs(env, sums.second));
  return out;
}

Napi::Value stepDense(Napi::Env env, const Napi::Object& options) {
  const Napi::Array planes = arrayFromJs(options, "state");
  Planes state;
  for (uint32_t i = 0; i < planes.Length(); i++) state.push_back(floatsFromJs(planes.Get(i)));
  return planesToJs(env, partsFromJs(options)->stepDense(scalarsFromJs(options), state, floatsFromJs(options.Get("gradient")),
                                                         floatsFromJs(options.Get("validation"))));
}

Napi::Value stepTable(Napi::Env env, const Napi::Object& options) {
  return planesToJs(
      env, partsFromJs(options)->stepTable(scalarsFromJs(options), tableFromJs(objectFromJs(options, "table")),
                                           static_cast<uint64_t>(integerFromJs(options, "seed")), rowsFromJs(objectFromJs(options, "gradient")),
                                           rowsFromJs(objectFromJs(options, "validation"))));
}

template <Napi::Value (*kPart)(Napi::Env, const Napi::Object&)>
Napi::Value call(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  return throwingToJs(env, [&]() -> Napi::Value {
    if (info.Length() < 1 || !info[0].IsObject()) throw configError("native-argument", "[native] wanted options, got none");
    return kPart(env, info[0].As<Napi::Object>());
  });
}

}  // namespace

void registerStepParts(Napi::Env env, Napi::Object exports) {
  Napi::Object parts = Napi::Object::New(env);
  parts.Set("addDense", Napi::Function::New<call<addDense>>(env, "addDense"));
  parts.Set("addRows", Napi::Function::New<call<addRows>>(env, "addRows"));
  parts.Set("stepDense", Napi::Function::New<call<stepDense>>(env, "stepDense"));
  parts.Set("stepTable", Napi::Function::New<call<stepTable>>(env, "stepTable"));
  exports.Set("stepParts", parts);
}

}  // namespace lossmith
