// See kernel_source.h.
#include "addon/kernel_source.h"

#include <string>
#include <variant>

#include "addon/errors_to_js.h"
#include "addon/program_from_js.h"
#include "engine/cuda/elementwise_source.h"
#include "engine/cuda/kernel_compiler.h"
#include "engine/errors.h"
#include "engine/program_check.h"

namespace lossmith {
namespace {

Napi::Value chainSources(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  return throwingToJs(env, [&]() -> Napi::Value {
    if (info.Length() < 1 || !info[0].IsObject()) throw configError("program-invalid", "[chain_sources] wanted (program), got others");
    const Program program = programFromJs(info[0].As<Napi::Object>());
    checkProgram(program);
    Napi::Array sources = Napi::Array::New(env);
    for (const Instruction& instruction : program.code) {
      const auto* chain = std::get_if<Elementwise>(&instruction);
      if (chain == nullptr) continue;
      const ElementwiseSource made = elementwiseSource(*chain);
      Napi::Object source = Napi::Object::New(env);
      source.Set("name", made.name);
      source.Set("text", made.text);
      sources.Set(sources.Length(), source);
    }
    return sources;
  });
}

Napi::Value compileKernel(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  return throwingToJs(env, [&]() -> Napi::Value {
    if (info.Length() < 3 || !info[0].IsObject() || !info[1].IsNumber() || !info[2].IsString()) {
      throw configError("values-invalid", "[compile_kernel] wanted (source, architecture, folder), got others");
    }
    const auto source = info[0].As<Napi::Object>();
    const KernelCompiler compiler(info[1].As<Napi::Number>().Int32Value(), info[2].As<Napi::String>());
    const std::string code = compiler.compile({source.Get("name").ToString(), source.Get("text").ToString()});
    return Napi::Buffer<char>::Copy(env, code.data(), code.size());
  });
}

}  // namespace

void registerKernelSource(Napi::Env env, Napi::Object exports) {
  exports.Set("chainSources", Napi::Function::New<chainSources>(env, "chainSources"));
  exports.Set("compileKernel", Napi::Function::New<compileKernel>(env, "compileKernel"));
}

}  // namespace lossmith
