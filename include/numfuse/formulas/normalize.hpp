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
    if constexpr (std::is_same_v<T, double>) {
      return v / norm(v);
    } else {
      // The norm of the smallest numbers has few digits as a float, and all of them as a double,
      // whose reciprocal always exists.
      return numfuse::astype<T>(v * (1.0 / norm(numfuse::astype<double>(v))));
    }
  }
};

}  // namespace numfuse::formulas
