// Softmax and its logarithm. The largest number is taken out first, so that nothing overflows.
#pragma once

#include <numfuse/formulas/builtin.hpp>

namespace numfuse::formulas {

/// exp(v) / sum(exp(v)). One division for the vector: the sum is at least 1, its reciprocal exact
/// to half a unit in the last place.
struct softmax_formula : builtin<1, compiled_for::floating> {
  static constexpr const char* name = "softmax";
  template <class V>
  NUMFUSE_INLINE auto operator()(const V& v) const {
    auto e = exp(v - max(v));
    return e * (1 / sum(e));
  }
};

/// v - log(sum(exp(v))).
struct log_softmax_formula : builtin<1, compiled_for::floating> {
  static constexpr const char* name = "log_softmax";
  template <class V>
  NUMFUSE_INLINE auto operator()(const V& v) const {
    auto d = v - max(v);
    return d - log(sum(exp(d)));
  }
};

}  // namespace numfuse::formulas
