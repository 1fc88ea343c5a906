// The elementwise functions and operators, as formulas of one operation each.
#pragma once

#include <numfuse/formulas/builtin.hpp>

namespace numfuse::formulas {

#define NUMFUSE_ELEMENTWISE_1(name_, set)                  \
  struct name_##_formula : builtin<1, compiled_for::set> { \
    static constexpr const char* name = #name_;            \
    template <class X>                                     \
    NUMFUSE_INLINE auto operator()(const X& x) const {     \
      return numfuse::detail::map(ops::name_{}, x);        \
    }                                                      \
  };
#define NUMFUSE_ELEMENTWISE_2(name_, set)                          \
  struct name_##_formula : builtin<2, compiled_for::set> {         \
    static constexpr const char* name = #name_;                    \
    template <class X, class Y>                                    \
    NUMFUSE_INLINE auto operator()(const X& x, const Y& y) const { \
      return numfuse::detail::map(ops::name_{}, x, y);             \
    }                                                              \
  };

NUMFUSE_ELEMENTWISE_1(exp, floating)
NUMFUSE_ELEMENTWISE_1(log, floating)
NUMFUSE_ELEMENTWISE_1(log1p, floating)
NUMFUSE_ELEMENTWISE_1(expm1, floating)
NUMFUSE_ELEMENTWISE_1(sqrt, floating)
NUMFUSE_ELEMENTWISE_1(rsqrt, floating)
NUMFUSE_ELEMENTWISE_1(tanh, floating)
NUMFUSE_ELEMENTWISE_1(negative, numeric)
NUMFUSE_ELEMENTWISE_1(square, numeric)
NUMFUSE_ELEMENTWISE_1(abs, all)
NUMFUSE_ELEMENTWISE_1(sign, numeric)
NUMFUSE_ELEMENTWISE_1(logical_not, boolean)

NUMFUSE_ELEMENTWISE_2(add, all)
NUMFUSE_ELEMENTWISE_2(subtract, numeric)
NUMFUSE_ELEMENTWISE_2(multiply, all)
NUMFUSE_ELEMENTWISE_2(divide, floating)
NUMFUSE_ELEMENTWISE_2(pow, numeric)
NUMFUSE_ELEMENTWISE_2(maximum, all)
NUMFUSE_ELEMENTWISE_2(minimum, all)
NUMFUSE_ELEMENTWISE_2(equal, all)
NUMFUSE_ELEMENTWISE_2(not_equal, all)
NUMFUSE_ELEMENTWISE_2(less, all)
NUMFUSE_ELEMENTWISE_2(less_equal, all)
NUMFUSE_ELEMENTWISE_2(greater, all)
NUMFUSE_ELEMENTWISE_2(greater_equal, all)
NUMFUSE_ELEMENTWISE_2(logical_and, boolean)
NUMFUSE_ELEMENTWISE_2(logical_or, boolean)

#undef NUMFUSE_ELEMENTWISE_1
#undef NUMFUSE_ELEMENTWISE_2

/// min(max(x, low), high).
struct clip_formula : builtin<3, compiled_for::numeric> {
  static constexpr const char* name = "clip";
  template <class X, class L, class H>
  NUMFUSE_INLINE auto operator()(const X& x, const L& low, const H& high) const {
    return numfuse::clip(x, low, high);
  }
};

/// x where the condition holds, else y.
struct where_formula {
  static constexpr const char* name = "where";
  template <class C, class T, class U>
  static constexpr bool compiled = std::same_as<C, bool>&& std::same_as<T, U>;
  template <class C, class X, class Y>
  NUMFUSE_INLINE auto operator()(const C& condition, const X& x, const Y& y) const {
    return numfuse::where(condition, x, y);
  }
};

/// The elements as they are: a copy in C order.
struct copy_formula : builtin<1, compiled_for::all> {
  static constexpr const char* name = "copy";
  static constexpr bool copies = true;  // for plans: what comes out is what went in
  template <class X>
  NUMFUSE_INLINE auto operator()(const X& x) const {
    return x;
  }
};

/// The elements as dtype To.
template <class To>
struct astype_formula : builtin<1, compiled_for::all> {
  static constexpr const char* name = "astype";
  template <class X>
  NUMFUSE_INLINE auto operator()(const X& x) const {
    return numfuse::astype<To>(x);
  }
};

}  // namespace numfuse::formulas
