// Sums, extremes and moments of a vector.
#pragma once

#include <numfuse/formulas/builtin.hpp>

namespace numfuse::formulas {

#define NUMFUSE_REDUCTION(name_, set)                      \
  struct name_##_formula : builtin<1, compiled_for::set> { \
    static constexpr const char* name = #name_;            \
    template <class V>                                     \
    NUMFUSE_INLINE auto operator()(const V& v) const {     \
      return numfuse::name_(v);                            \
    }                                                      \
  };

NUMFUSE_REDUCTION(sum, all)
NUMFUSE_REDUCTION(prod, all)
NUMFUSE_REDUCTION(max, all)
NUMFUSE_REDUCTION(min, all)
NUMFUSE_REDUCTION(argmax, all)
NUMFUSE_REDUCTION(argmin, all)
NUMFUSE_REDUCTION(any, all)
NUMFUSE_REDUCTION(all, all)
NUMFUSE_REDUCTION(mean, floating)
NUMFUSE_REDUCTION(logsumexp, floating)

#undef NUMFUSE_REDUCTION

/// True where all v == w.
struct array_equal_formula : builtin<2, compiled_for::all> {
  static constexpr const char* name = "array_equal";
  template <class V, class W>
  NUMFUSE_INLINE auto operator()(const V& v, const W& w) const {
    return numfuse::all(v == w);
  }
};

/// True where all |v - w| <= atol + rtol |w|; infinities must be equal.
struct allclose_formula : builtin<2, compiled_for::floating> {
  static constexpr const char* name = "allclose";
  double rtol;
  double atol;
  bool equal_nan;
  template <class V, class W>
  NUMFUSE_INLINE auto operator()(const V& v, const W& w) const {
    auto a = numfuse::astype<double>(v);
    auto b = numfuse::astype<double>(w);
    auto near =
        abs(a - b) <= atol + rtol * abs(b) && abs(b) < std::numeric_limits<double>::infinity();
    return numfuse::all(near || a == b || (a != a && b != b && equal_nan));
  }
};

/// sum((v - mean(v))^2) / (n - ddof).
struct var_formula : builtin<1, compiled_for::floating> {
  static constexpr const char* name = "var";
  double ddof = 0;
  template <class V>
  NUMFUSE_INLINE auto operator()(const V& v) const {
    return numfuse::var(v, ddof);
  }
};

/// sqrt(var(v)).
struct std_formula : builtin<1, compiled_for::floating> {
  static constexpr const char* name = "std";
  double ddof = 0;
  template <class V>
  NUMFUSE_INLINE auto operator()(const V& v) const {
    return numfuse::std(v, ddof);
  }
};

}  // namespace numfuse::formulas
