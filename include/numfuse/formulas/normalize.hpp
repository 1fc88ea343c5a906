// Normalisation of vectors.
#pragma once

#include <numfuse/formulas/builtin.hpp>

namespace numfuse::formulas {

/// v / norm(v): each vector gets the Euclidean length 1. A vector of zeros gives NaN, as in NumPy.
struct normalize_rows_formula : builtin<1, compiled_for::floating> {
  static constexpr const char* name = "normalize_rows";
  template <class V>
  NUMFUSE_INLINE auto operator()(const V& v) const {
    using T = typename V::dtype;
    // The norm of the smallest numbers has few digits as a float, and all of them as a double,
    // whose reciprocal always exists.
    const auto length = numfuse::detail::reduce(reductions::euclidean_norm_in_double{}, v);
    if constexpr (std::is_same_v<T, double>) {
      return v / length;
    } else if constexpr (numfuse::detail::by_reciprocal<V, decltype(length)>) {
      return numfuse::detail::divide_by_scalar<T>(v, length);
    } else {
      return numfuse::astype<T>(v * (1.0 / length));
    }
  }
};

}  // namespace numfuse::formulas
