// The elementwise operations on single numbers: what `exp`, `+`, `maximum`, ... mean in both
// spaces.
//
// An operation is a function object. `operand<T>` is the dtype to which its operands convert, given
// the dtype T to which they promote; `result<T>` is the dtype of its value. The call operator works
// on compute types (float for half and bfloat16).
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <type_traits>

#include <numfuse/detail/math.hpp>
#include <numfuse/dtype.hpp>

namespace numfuse::ops {

/// Base of operations that keep the dtype: add, maximum, abs.
struct same_dtype {
  template <class T>
  using operand = T;
  template <class T>
  using result = T;
};

/// Base of operations whose value is a real number: exp, true division. Integers become float64.
struct to_floating {
  template <class T>
  using operand = floating_t<T>;
  template <class T>
  using result = floating_t<T>;
};

/// Base of those that take many instructions: a value that is asked for twice is better kept.
struct transcendental : to_floating {
  static constexpr bool is_costly = true;
};

/// Base of comparisons.
struct to_bool {
  template <class T>
  using operand = T;
  template <class T>
  using result = bool;
};

/// Base of logical operations.
struct of_bool {
  template <class T>
  using operand = bool;
  template <class T>
  using result = bool;
};

namespace detail {

// Integers wrap around, as in NumPy; in C++ only the unsigned ones may.
template <class C>
using wrapping = typename std::conditional_t<std::is_integral_v<C> && sizeof(C) >= 4,
                                             std::make_unsigned<C>, std::type_identity<C>>::type;

template <class C>
NUMFUSE_INLINE constexpr bool is_nan(C x) {
  return x != x;
}

// The functions of a GPU are CUDA's; on a CPU, a loop over calls of the C library is no match for
// code that compilers make vector instructions of.
#if defined(__CUDA_ARCH__)
namespace math = ::std;
#else
namespace math = ::numfuse::detail::math;
#endif

}  // namespace detail

// clang-format off
struct negative : same_dtype { template <class C> NUMFUSE_INLINE C operator()(C x) const { if constexpr (std::is_floating_point_v<C>) { return -x; } else { using W = detail::wrapping<C>; return static_cast<C>(W(0) - W(x)); } } };
struct square : same_dtype { template <class C> NUMFUSE_INLINE C operator()(C x) const { using W = detail::wrapping<C>; return static_cast<C>(W(x) * W(x)); } };
struct exp : transcendental { template <class C> NUMFUSE_INLINE C operator()(C x) const { return detail::math::exp(x); } };
struct log : transcendental { template <class C> NUMFUSE_INLINE C operator()(C x) const { return detail::math::log(x); } };
struct log1p : transcendental { template <class C> NUMFUSE_INLINE C operator()(C x) const { return detail::math::log1p(x); } };
struct expm1 : transcendental { template <class C> NUMFUSE_INLINE C operator()(C x) const { return detail::math::expm1(x); } };
struct sqrt : to_floating { template <class C> NUMFUSE_INLINE C operator()(C x) const { return std::sqrt(x); } };
struct tanh : transcendental { template <class C> NUMFUSE_INLINE C operator()(C x) const { return detail::math::tanh(x); } };

struct add : same_dtype { template <class C> NUMFUSE_INLINE C operator()(C a, C b) const { using W = detail::wrapping<C>; return static_cast<C>(W(a) + W(b)); } };
struct subtract : same_dtype { template <class C> NUMFUSE_INLINE C operator()(C a, C b) const { using W = detail::wrapping<C>; return static_cast<C>(W(a) - W(b)); } };
struct multiply : same_dtype { template <class C> NUMFUSE_INLINE C operator()(C a, C b) const { using W = detail::wrapping<C>; return static_cast<C>(W(a) * W(b)); } };
struct divide : to_floating { template <class C> NUMFUSE_INLINE C operator()(C a, C b) const { return a / b; } };

struct equal : to_bool { template <class C> NUMFUSE_INLINE bool operator()(C a, C b) const { return a == b; } };
struct not_equal : to_bool { template <class C> NUMFUSE_INLINE bool operator()(C a, C b) const { return a != b; } };
struct less : to_bool { template <class C> NUMFUSE_INLINE bool operator()(C a, C b) const { return a < b; } };
struct less_equal : to_bool { template <class C> NUMFUSE_INLINE bool operator()(C a, C b) const { return a <= b; } };
struct greater : to_bool { template <class C> NUMFUSE_INLINE bool operator()(C a, C b) const { return a > b; } };
struct greater_equal : to_bool { template <class C> NUMFUSE_INLINE bool operator()(C a, C b) const { return a >= b; } };

struct logical_and : of_bool { NUMFUSE_INLINE bool operator()(bool a, bool b) const { return a && b; } };
struct logical_or : of_bool { NUMFUSE_INLINE bool operator()(bool a, bool b) const { return a || b; } };
struct logical_not : of_bool { NUMFUSE_INLINE bool operator()(bool a) const { return !a; } };
// clang-format on

/// 1 / sqrt(x).
struct rsqrt : to_floating {
  template <class C>
  NUMFUSE_INLINE C operator()(C x) const {
#if defined(__CUDA_ARCH__)
    return ::rsqrt(x);
#else
    return C(1) / std::sqrt(x);
#endif
  }
};

struct abs : same_dtype {
  template <class C>
  NUMFUSE_INLINE C operator()(C x) const {
    if constexpr (std::is_floating_point_v<C>) {
      return std::fabs(x);  // also clears the sign of -0 and NaN
    } else if constexpr (std::is_signed_v<C>) {
      return x < 0 ? negative{}(x) : x;
    } else {
      return x;
    }
  }
};

/// -1, 0 or 1; NaN stays NaN.
struct sign : same_dtype {
  template <class C>
  NUMFUSE_INLINE C operator()(C x) const {
    if constexpr (std::is_unsigned_v<C>) {
      return x != C(0);
    } else {
      if (detail::is_nan(x)) return x;
      return static_cast<C>(static_cast<int>(x > C(0)) - static_cast<int>(x < C(0)));
    }
  }
};

/// The larger operand; NaN where either is NaN. A processor's own instruction gives b where one is.
struct maximum : same_dtype {
  template <class C>
  NUMFUSE_INLINE C operator()(C a, C b) const {
    const C larger = a > b ? a : b;
    return detail::is_nan(a) ? a : larger;
  }
};

/// The smaller operand; NaN where either is NaN.
struct minimum : same_dtype {
  template <class C>
  NUMFUSE_INLINE C operator()(C a, C b) const {
    const C smaller = a < b ? a : b;
    return detail::is_nan(a) ? a : smaller;
  }
};

/// min(max(x, low), high), as NumPy defines it; NaN where one of them is. Each comparison keeps the
/// NaN of a number before it, so that only the limits are asked.
struct clip : same_dtype {
  template <class C>
  NUMFUSE_INLINE C operator()(C x, C low, C high) const {
    const C above = x < low ? low : x;
    const C within = above > high ? high : above;
    const C known = detail::is_nan(low) ? low : within;
    return detail::is_nan(high) ? high : known;
  }
};

/// base ** exponent; the commonest one, 2, needs no logarithm. Integers: by squaring, wrapping
/// around; a negative exponent gives the integer part of the true value (NumPy raises an exception
/// there, which no kernel can).
struct pow : same_dtype {
  static constexpr bool is_costly = true;
  template <class C>
  NUMFUSE_INLINE C operator()(C base, C exponent) const {
    if constexpr (std::is_floating_point_v<C>) {
      return exponent == C(2) ? base * base : detail::math::pow(base, exponent);
    } else {
      using W = detail::wrapping<C>;
      if constexpr (std::is_signed_v<C>) {
        if (exponent < 0) {
          if (base == 1) return 1;
          return base == -1 ? (exponent % 2 == 0 ? C(1) : C(-1)) : C(0);
        }
      }
      W result = 1;
      W factor = static_cast<W>(base);
      for (W left = static_cast<W>(exponent); left != 0; left = static_cast<W>(left / 2)) {
        if (left % 2 == 1) result = static_cast<W>(result * factor);
        factor = static_cast<W>(factor * factor);
      }
      return static_cast<C>(result);
    }
  }
};

/// 1 / (1 + exp(-x)). On a GPU with the exponential of a number that is never positive: nothing
/// overflows, and small values keep all their digits.
struct sigmoid : transcendental {
  template <class C>
  NUMFUSE_INLINE C operator()(C x) const {
#if defined(__CUDA_ARCH__)
    const C t = std::exp(-std::fabs(x));
    return (x < C(0) ? t : C(1)) / (C(1) + t);
#else
    return detail::math::sigmoid(x);
#endif
  }
};

/// s (1 - s) for s = sigmoid(x). Not written so: the difference 1 - s would lose the digits of a
/// large x. On a GPU with t = exp(-|x|) as t / (1 + t)^2.
struct sigmoid_derivative : transcendental {
  template <class C>
  NUMFUSE_INLINE C operator()(C x) const {
#if defined(__CUDA_ARCH__)
    const C t = std::exp(-std::fabs(x));
    const C u = C(1) + t;
    return t / (u * u);
#else
    return detail::math::sigmoid_derivative(x);
#endif
  }
};

/// Converts to the dtype To.
template <class To>
struct cast {
  template <class T>
  using operand = T;
  template <class T>
  using result = To;
  template <class C>
  NUMFUSE_INLINE compute_t<To> operator()(C x) const {
    // Through To itself, so that a double becomes a half by one rounding, not by way of a float.
    return convert<compute_t<To>>(convert<To>(x));
  }
};

}  // namespace numfuse::ops
