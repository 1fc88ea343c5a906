// Normalisation of vectors.
#pragma once

#include <numfuse/formulas/builtin.hpp>

namespace numfuse::formulas {

/// v / norm(v): each vector gets the Euclidean length 1. A vector of zeros gives NaN, as in NumPy.
struct normalize_rows_formula : builtin<1, compiled_for::floating> {
  static constexpr const char* name = "normalize_rows";
  template <class V>
  NUMFUSE_INLINE auto operator()(const V& v) const {
    return v / norm(v);
  }
};

}  // namespace numfuse::formulas
