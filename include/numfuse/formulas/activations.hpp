// The logistic function and its derivative.
#pragma once

#include <numfuse/formulas/builtin.hpp>

namespace numfuse::formulas {

/// 1 / (1 + exp(-x)).
struct sigmoid_formula : builtin<1, compiled_for::floating> {
  static constexpr const char* name = "sigmoid";
  template <class X>
  NUMFUSE_INLINE auto operator()(const X& x) const {
    return numfuse::sigmoid(x);
  }
};

/// s (1 - s) for s = sigmoid(x).
struct sigmoid_derivative_formula : builtin<1, compiled_for::floating> {
  static constexpr const char* name = "sigmoid_derivative";
  template <class X>
  NUMFUSE_INLINE auto operator()(const X& x) const {
    return numfuse::sigmoid_derivative(x);
  }
};

}  // namespace numfuse::formulas
