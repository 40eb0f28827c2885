// See features_from_js.h.
#include "addon/features_from_js.h"

#include <algorithm>
#include <string>
#include <vector>

#include "addon/from_js.h"

namespace lossmith {
namespace {

std::vector<std::string> texts(const Napi::Array& from) {
  std::vector<std::string> out;
  for (uint32_t i = 0; i < from.Length(); i++) out.push_back(from.Get(i).ToString().Utf8Value());
  return out;
}

std::vector<double> numbers(const Napi::Object& from, const char* key) {
  std::vector<double> out;
  const Napi::Value value = from.Get(key);
  if (!value.IsArray()) return out;
  const auto array = value.As<Napi::Array>();
  for (uint32_t i = 0; i < array.Length(); i++) out.push_back(array.Get(i).ToNumber().DoubleValue());
  return out;
}

Column columnNamed(const std::string& name, const std::vector<std::string>& columns) {
  const auto found = std::find(columns.begin(), columns.end(), name);
  if (found == columns.end()) throw configError("features", "[features] wanted a column of the header, got \"" + name + "\"");
  return {name, static_cast<size_t>(found - columns.begin())};
}

LogFormat delimitedFromJs(const Napi::Object& from) {
  const std::vector<std::string> columns = texts(arrayFromJs(from, "columns"));
  const std::string delimiter = textFromJs(from, "delimiter");
  if (delimiter.size() != 1) throw configError("features", "[features] wanted a delimiter of one byte, got \"" + delimiter + "\"");
  LogFormat format{.kind = LogFormat::Kind::Delimited,
                   .delimiter = delimiter[0],
                   .columns = columns.size(),
                   .label = columnNamed(textFromJs(from, "label"), columns).place,
                   .numbers = {},
                   .categories = {}};
  for (const std::string& name : texts(arrayFromJs(from, "numbers"))) format.numbers.push_back(columnNamed(name, columns));
  for (const std::string& name : texts(arrayFromJs(from, "categories"))) format.categories.push_back(columnNamed(name, columns));
  return format;
}

LogFormat formatFromJs(const Napi::Object& from) {
  const std::string kind = textFromJs(from, "kind");
  if (kind == "criteo") return criteoFormat();
  if (kind == "delimited") return delimitedFromJs(from);
  if (kind == "libsvm") return libsvmFormat(static_cast<size_t>(integerFromJs(from, "fields")));
  throw configError("features", "[features] wanted a format of criteo, delimited or libsvm, got \"" + kind + "\"");
}

}  // namespace

FeaturePlan featuresFromJs(const Napi::Object& from) {
  const Napi::Object number_feature = objectFromJs(from, "numbers");
  FeaturePlan plan;
  plan.format = formatFromJs(objectFromJs(from, "format"));
  plan.log_bins = textFromJs(number_feature, "as") == "log-bins";
  plan.means = numbers(number_feature, "means");
  plan.deviations = numbers(number_feature, "deviations");
  plan.min_count = integerFromJs(objectFromJs(from, "categories"), "minCount");
  plan.fields = integerFromJs(from, "fields");
  plan.width = integerFromJs(from, "width");
  plan.rows = integerFromJs(from, "rows");
  plan.max_line_bytes = integerFromJs(from, "maxLineBytes");
  plan.classes = integerFromJs(from, "classes");
  plan.first_class = integerFromJs(from, "firstClass");
  return plan;
}

}  // namespace lossmith
