// Losses of a prediction, and the dot product on which L2 stands.
#pragma once

#include <numfuse/formulas/builtin.hpp>

namespace numfuse::formulas {

/// sum(|y - yhat|).
struct l1_loss_formula : builtin<2, compiled_for::floating> {
  static constexpr const char* name = "l1_loss";
  template <class P, class Y>
  NUMFUSE_INLINE auto operator()(const P& yhat, const Y& y) const {
    return sum(abs(y - yhat));
  }
};

/// sum((y - yhat)^2): the dot product of the difference with itself.
struct l2_loss_formula : builtin<2, compiled_for::floating> {
  static constexpr const char* name = "l2_loss";
  template <class P, class Y>
  NUMFUSE_INLINE auto operator()(const P& yhat, const Y& y) const {
    auto d = y - yhat;
    return numfuse::dot(d, d);
  }
};

/// sum(v w), in the operands' own dtype as NumPy's dot: used where no BLAS has the dtype.
struct dot_formula : builtin<2, compiled_for::all> {
  static constexpr const char* name = "dot";
  template <class V, class W>
  NUMFUSE_INLINE auto operator()(const V& v, const W& w) const {
    return numfuse::astype<typename V::dtype>(numfuse::dot(v, w));
  }
};

}  // namespace numfuse::formulas
