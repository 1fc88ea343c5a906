// Vector norms.
#pragma once

#include <numfuse/formulas/builtin.hpp>

namespace numfuse::formulas {

/// sqrt(sum(v^2)), the Euclidean norm.
struct norm_formula : builtin<1, compiled_for::floating> {
  static constexpr const char* name = "norm";
  template <class V>
  NUMFUSE_INLINE auto operator()(const V& v) const {
    return numfuse::norm(v);
  }
};

/// sum(|v|^order)^(1/order), and NumPy's meaning of 0, infinity and -infinity.
struct norm_of_order_formula : builtin<1, compiled_for::floating> {
  static constexpr const char* name = "norm";
  double order = 2;
  template <class V>
  NUMFUSE_INLINE auto operator()(const V& v) const {
    return numfuse::norm(v, order);
  }
};

}  // namespace numfuse::formulas
