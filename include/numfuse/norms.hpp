// Vector norms as reductions.
#pragma once

#include <numfuse/reductions.hpp>

namespace numfuse::reductions {

/// The root of the sum of squares. The square of a float always fits a double: the norm overflows
/// and underflows only where its value does.
struct euclidean_norm : sum {
  template <class T>
  using result = floating_t<T>;
  template <class C>
  using state = double;
  template <class S, class C>
  NUMFUSE_INLINE static S lift(C x, std::int64_t) {
    const S w = static_cast<S>(x);
    return w * w;
  }
  /// Two roundings more than a square's own, each of half a ULP of the sum, which the root halves.
  template <class S, class C>
  requires(std::is_same_v<C, float>) NUMFUSE_INLINE static S lift_four(C a, C b, C c, C d) {
    return static_cast<S>((a * a + b * b) + (c * c + d * d));
  }
  /// In sums above this limit what squares lose that are too small for a float counts for nothing.
  template <class S>
  NUMFUSE_INLINE static bool fours_hold(S s) {
    return s >= S(0x1p-100) && s <= std::numeric_limits<S>::max();
  }
  template <class C, class S>
  NUMFUSE_INLINE static C finish(S s) {
    return static_cast<C>(std::sqrt(s));
  }
};

/// The same, rounded to double only.
struct euclidean_norm_in_double : euclidean_norm {
  template <class T>
  using result = double;
};

/// The vector norm of order `order`: sum(|x|^p)^(1/p), the largest |x| for infinity, the smallest
/// for -infinity, the number of x != 0 for 0. In double whatever the dtype, so that powers fit.
struct norm {
  double order = 2;

  NUMFUSE_INLINE bool needs_elements() const { return is_min(); }

  template <class T>
  using result = floating_t<T>;
  template <class C>
  using state = double;

  template <class S>
  NUMFUSE_INLINE S identity() const {
    return is_min() ? detail::highest<S>() : S(0);
  }
  template <class S, class C>
  NUMFUSE_INLINE S lift(C x, std::int64_t) const {
    const S a = std::fabs(static_cast<S>(x));
    if (order == 2) return a * a;
    if (order == 1 || is_max() || is_min()) return a;
    if (order == 0) return a != S(0);
    return ops::detail::math::pow(a, order);
  }
  template <class S>
  NUMFUSE_INLINE S combine(S a, S b) const {
    if (is_max()) return ops::maximum{}(a, b);
    if (is_min()) return ops::minimum{}(a, b);
    return a + b;
  }
  template <class C>
  NUMFUSE_INLINE C finish(double s) const {
    if (order == 2) return static_cast<C>(std::sqrt(s));
    if (order == 1 || order == 0 || is_max() || is_min()) return static_cast<C>(s);
    return static_cast<C>(std::pow(s, 1 / order));
  }

  /// Calls f with the reduction of this order, a type of its own for the common ones: what the
  /// order decides is not decided for each number.
  template <class Fn>
  void specialized(const Fn& f) const {
    if (is_max()) return f(extreme<ops::maximum>{0});
    if (is_min()) return f(extreme<ops::minimum>{detail::highest<double>()});
    if (order == 0) return f(sum_of_powers<0>{});
    if (order == 1) return f(sum_of_powers<1>{});
    if (order == 2) return f(sum_of_powers<2>{});
    if (order == 3) return f(sum_of_powers<3>{});
    f(*this);
  }

 private:
  NUMFUSE_INLINE bool is_max() const { return order == detail::highest<double>(); }
  NUMFUSE_INLINE bool is_min() const { return order == detail::lowest<double>(); }

  template <int Power>
  struct sum_of_powers {
    template <class S>
    NUMFUSE_INLINE static S identity() {
      return S(0);
    }
    template <class S, class C>
    NUMFUSE_INLINE static S lift(C x, std::int64_t) {
      const S a = std::fabs(static_cast<S>(x));
      if constexpr (Power == 0) return a != S(0) ? S(1) : S(0);
      if constexpr (Power == 1) return a;
      if constexpr (Power == 2) return a * a;
      return a * a * a;
    }
    template <class S>
    NUMFUSE_INLINE static S combine(S a, S b) {
      return a + b;
    }
  };

  template <class Better>
  struct extreme {
    double none;
    template <class S>
    NUMFUSE_INLINE S identity() const {
      return none;
    }
    template <class S, class C>
    NUMFUSE_INLINE static S lift(C x, std::int64_t) {
      return std::fabs(static_cast<S>(x));
    }
    template <class S>
    NUMFUSE_INLINE static S combine(S a, S b) {
      return Better{}(a, b);
    }
  };
};

}  // namespace numfuse::reductions
