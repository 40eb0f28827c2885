// Reads plain values out of JavaScript options, with an error that names the key when it is missing or of another type.
#pragma once

#include <napi.h>

#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <vector>

#include "engine/errors.h"

namespace lossmith {

inline Napi::Value valueFromJs(const Napi::Object& object, const char* key) {
  const Napi::Value value = object.Get(key);
  if (value.IsUndefined() || value.IsNull()) throw configError("native-argument", std::string("[native] wanted ") + key + ", got none");
  return value;
}

inline double numberFromJs(const Napi::Object& object, const char* key) {
  const Napi::Value value = valueFromJs(object, key);
  if (!value.IsNumber()) throw configError("native-argument", std::string("[native] wanted a number ") + key);
  return value.As<Napi::Number>().DoubleValue();
}

// Whole numbers up to 2^53.
inline int64_t integerFromJs(const Napi::Object& object, const char* key) {
  const double value = numberFromJs(object, key);
  if (!(value >= -9007199254740992.0 && value <= 9007199254740992.0) || value != static_cast<double>(static_cast<int64_t>(value))) {
    throw configError("native-argument", std::string("[native] wanted a whole number ") + key + " up to 2^53, got " + std::to_string(value));
  }
  return static_cast<int64_t>(value);
}

inline int intFromJs(const Napi::Object& object, const char* key) {
  const int64_t value = integerFromJs(object, key);
  if (value != static_cast<int32_t>(value)) {
    throw configError("native-argument", std::string("[native] wanted ") + key + " below 2^31, got " + std::to_string(value));
  }
  return static_cast<int>(value);
}

inline std::string textFromJs(const Napi::Object& object, const char* key) {
  const Napi::Value value = valueFromJs(object, key);
  if (!value.IsString()) throw configError("native-argument", std::string("[native] wanted a text ") + key);
  return value.As<Napi::String>().Utf8Value();
}

inline Napi::Object objectFromJs(const Napi::Object& object, const char* key) {
  const Napi::Value value = valueFromJs(object, key);
  if (!value.IsObject()) throw configError("native-argument", std::string("[native] wanted an object ") + key);
  return value.As<Napi::Object>();
}

inline Napi::Array arrayFromJs(const Napi::Object& object, const char* key) {
  const Napi::Value value = valueFromJs(object, key);
  if (!value.IsArray()) throw configError("native-argument", std::string("[native] wanted a list ") + key);
  return value.As<Napi::Array>();
}

// One of `words`, by its place; absent: the first.
template <class Choice>
inline Choice choiceFromJs(const Napi::Object& object, const char* key, std::initializer_list<const char*> words) {
  if (object.Get(key).IsUndefined()) return Choice{};
  const std::string got = textFromJs(object, key);
  const auto found = std::find(words.begin(), words.end(), got);
  if (found == words.end()) {
    std::string wanted;
    for (const char* word : words) wanted += (wanted.empty() ? "" : ", ") + std::string(word);
    throw configError("native-argument", std::string("[native] wanted ") + key + " one of " + wanted + ", got " + got);
  }
  return static_cast<Choice>(found - words.begin());
}

}  // namespace lossmith
