// See index_task.h.
#include "addon/index_task.h"

#include "addon/feed_object.h"
#include "addon/promise.h"
#include "engine/data/count_values.h"
#include "engine/data/index_file.h"
#include "engine/data/survey.h"

namespace lossmith {
namespace {

Napi::Object indexToJs(Napi::Env env, const FileIndex& index) {
  auto blocks = Napi::Array::New(env, index.blocks.size());
  for (size_t i = 0; i < index.blocks.size(); i++) {
    const Block& block = index.blocks[i];
    auto out = Napi::Object::New(env);
    out["file"] = Napi::Number::New(env, 0);
    out["offset"] = Napi::Number::New(env, static_cast<double>(block.offset));
    out["bytes"] = Napi::Number::New(env, static_cast<double>(block.bytes));
    out["firstLine"] = Napi::Number::New(env, static_cast<double>(block.first_line));
    out["lines"] = Napi::Number::New(env, static_cast<double>(block.lines));
    blocks[static_cast<uint32_t>(i)] = out;
  }
  auto out = Napi::Object::New(env);
  out["textBytes"] = Napi::Number::New(env, static_cast<double>(index.text_bytes));
  out["lines"] = Napi::Number::New(env, static_cast<double>(index.lines));
  out["gzip"] = Napi::Boolean::New(env, index.gzip);
  out["blocks"] = blocks;
  out["header"] = Napi::String::New(env, index.header);
  return out;
}

Napi::Value startIndexFile(const Napi::CallbackInfo& info) {
  return throwingToJs(info.Env(), [&] {
    const auto options = info[0].As<Napi::Object>();
    return promiseOnNewThread(
        info.Env(),
        [path = options.Get("path").ToString().Utf8Value(), lanes = options.Get("lanes").ToNumber().Int64Value(),
         most = options.Get("maxBlockBytes").ToNumber().Int64Value(), header = options.Get("header").ToBoolean().Value(),
         points_path = options.Get("pointsPath").ToString().Utf8Value()] { return indexFile(path, lanes, most, header, points_path); },
        [](Napi::Env env, FileIndex& index) -> Napi::Value { return indexToJs(env, index); });
  });
}

Napi::Value startCountValues(const Napi::CallbackInfo& info) {
  return throwingToJs(info.Env(), [&]() -> Napi::Value {
    const auto options = info[0].As<Napi::Object>();
    return promiseOnNewThread(
        info.Env(),
        [source = sourceFromJs(options.Get("source")), pieces = piecesFromJs(options.Get("pieces")),
         out_path = options.Get("outPath").ToString().Utf8Value()] {
          countValues(source, pieces, out_path);
          return Done{};
        },
        undefinedToJs);
  });
}

Napi::Object fieldToJs(Napi::Env env, const SurveyedField& field) {
  auto values = Napi::Array::New(env, field.values.size());
  for (size_t i = 0; i < field.values.size(); i++) {
    auto value = Napi::Object::New(env);
    value["text"] = Napi::String::New(env, field.values[i].text);
    value["row"] = Napi::Number::New(env, static_cast<double>(field.values[i].row));
    value["count"] = Napi::Number::New(env, static_cast<double>(field.values[i].count));
    values[static_cast<uint32_t>(i)] = value;
  }
  auto out = Napi::Object::New(env);
  out["field"] = Napi::Number::New(env, static_cast<double>(field.field));
  out["values"] = values;
  out["more"] = Napi::Boolean::New(env, field.more);
  return out;
}

Napi::Value surveyToJs(Napi::Env env, const Survey& survey) {
  auto counts = Napi::Array::New(env, survey.class_counts.size());
  for (size_t i = 0; i < survey.class_counts.size(); i++) {
    counts[static_cast<uint32_t>(i)] = Napi::Number::New(env, static_cast<double>(survey.class_counts[i]));
  }
  auto fields = Napi::Array::New(env, survey.fields.size());
  for (size_t i = 0; i < survey.fields.size(); i++) fields[static_cast<uint32_t>(i)] = fieldToJs(env, survey.fields[i]);
  auto out = Napi::Object::New(env);
  out["examples"] = Napi::Number::New(env, static_cast<double>(survey.examples));
  out["classCounts"] = counts;
  out["fields"] = fields;
  return out;
}

Napi::Value startSurvey(const Napi::CallbackInfo& info) {
  return throwingToJs(info.Env(), [&]() -> Napi::Value {
    const auto options = info[0].As<Napi::Object>();
    const auto list = options.Get("fields").As<Napi::Array>();
    std::vector<int64_t> fields;
    for (uint32_t i = 0; i < list.Length(); i++) fields.push_back(list.Get(i).ToNumber().Int64Value());
    return promiseOnNewThread(
        info.Env(),
        [source = sourceFromJs(options.Get("source")), pieces = piecesFromJs(options.Get("pieces")), fields = std::move(fields),
         limit = options.Get("limit").ToNumber().Int64Value()] { return survey(source, pieces, fields, limit); },
        [](Napi::Env env, Survey& result) -> Napi::Value { return surveyToJs(env, result); });
  });
}

}  // namespace

void registerIndexTasks(Napi::Env env, Napi::Object exports) {
  exports["indexFile"] = Napi::Function::New(env, startIndexFile, "indexFile");
  exports["countValues"] = Napi::Function::New(env, startCountValues, "countValues");
  exports["survey"] = Napi::Function::New(env, startSurvey, "survey");
}

}  // namespace lossmith
