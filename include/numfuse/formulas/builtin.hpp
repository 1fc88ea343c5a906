// What makes a formula a built-in one: the library carries its compiled kernels.
#pragma once

#include <numfuse/dtype.hpp>
#include <numfuse/formula.hpp>

namespace numfuse::formulas {

/// The dtypes for which the library compiles a formula.
enum class compiled_for { floating, numeric, all, boolean };

template <class T>
constexpr bool is_in(compiled_for set) {
  switch (set) {
    case compiled_for::floating:
      return floating_dtype<T>;
    case compiled_for::numeric:
      return !std::same_as<T, bool>;
    case compiled_for::all:
      return true;
    case compiled_for::boolean:
      return std::same_as<T, bool>;
  }
  return false;
}

/// Base of the built-in formulas of `Arity` vectors of one dtype out of `Set`.
template <int Arity, compiled_for Set>
struct builtin {
  static constexpr int arity = Arity;
  template <class T, class... Rest>
  static constexpr bool compiled = sizeof...(Rest) + 1 == Arity&& is_in<T>(Set) &&
                                   (std::same_as<T, Rest> && ...);
};

}  // namespace numfuse::formulas

namespace numfuse::detail {

/// True where the library holds the kernels of F for inputs In: they are called, not compiled
/// again.
template <class F, class... In>
concept compiled_formula = requires {
  requires F::template compiled<In...>;
};

}  // namespace numfuse::detail
