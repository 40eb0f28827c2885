// Whether a declaration of ours can stand for the real one: sizes and kinds of everything that a call passes. Enumerations are compared by size
// (their values one by one elsewhere), pointers by what they point to, unless it is opaque in ours. For test/cuda-headers.test.ts.
#pragma once

#include <cstddef>
#include <type_traits>

template <class T, class = void>
struct Complete : std::false_type {};
template <class T>
struct Complete<T, std::void_t<decltype(sizeof(T))>> : std::true_type {};

template <class Ours, class Real>
constexpr bool sameAbi();

template <class Ours, class Real>
struct SameFunction : std::false_type {};
template <class Ours, class... OurArguments, class Real, class... RealArguments>
struct SameFunction<Ours(OurArguments...), Real(RealArguments...)> {
  static constexpr bool all() {
    if constexpr (sizeof...(OurArguments) != sizeof...(RealArguments)) return false;
    else return sameAbi<Ours, Real>() && (sameAbi<OurArguments, RealArguments>() && ...);
  }
  static constexpr bool value = all();
};

template <class Ours, class Real>
constexpr bool sameAbi() {
  if constexpr (std::is_void_v<Ours> || std::is_void_v<Real>) return std::is_void_v<Ours> && std::is_void_v<Real>;
  else if constexpr (std::is_function_v<Ours>) return SameFunction<Ours, Real>::value;
  else if constexpr (std::is_enum_v<Real> || std::is_enum_v<Ours>) {
    return std::is_enum_v<Ours> && std::is_enum_v<Real> && sizeof(Ours) == sizeof(Real);
  } else if constexpr (std::is_pointer_v<Real> && std::is_pointer_v<Ours>) {
    using OurTarget = std::remove_pointer_t<Ours>;
    using RealTarget = std::remove_pointer_t<Real>;
    if constexpr (std::is_const_v<OurTarget> != std::is_const_v<RealTarget>) return false;
    else if constexpr (std::is_class_v<std::remove_cv_t<OurTarget>> && !Complete<std::remove_cv_t<OurTarget>>::value) {
      return std::is_class_v<std::remove_cv_t<RealTarget>>;
    } else return sameAbi<std::remove_cv_t<OurTarget>, std::remove_cv_t<RealTarget>>();
  } else if constexpr (std::is_class_v<Real> && std::is_class_v<Ours>) {
    return sizeof(Ours) <= sizeof(Real);  // layouts are compared one by one
  } else return std::is_same_v<Ours, Real>;
}
