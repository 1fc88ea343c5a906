// The reductions over one vector: how numbers combine into one, in both spaces.
//
// A reduction R over compute type C has
//   R::result<T>     the dtype of its value for a vector of dtype T,
//   R::state<C>      what numbers combine into: sums of floats are doubles,
//   identity<S>()    the state S of no numbers,
//   lift<S>(x, i)    the state of the one number x at position i,
//   combine(a, b)    commutative up to rounding; NaN stays NaN,
//   finish<C>(s)     its value, of the result's compute type,
//   needs_elements() true where no numbers have no value: max.
// Some, which a number decides as the formula runs, have specialized(f), which calls f with a
// reduction of the same state that is known to the compiler, for the host.
// Some have lift_four<S>(a, b, c, d), the state of four numbers at less cost than by combine, where
// zeros count as no numbers; what became of such is right where fours_hold(s) says so of their
// state.
#pragma once

#include <numfuse/host/isa.hpp>
#include <numfuse/ops.hpp>

namespace numfuse::reductions {

namespace detail {

template <class C>
using sum_number = std::conditional_t<std::is_floating_point_v<C>, double,
                                      std::conditional_t<std::is_integral_v<C>, std::int64_t, C>>;

struct sum_base {
  NUMFUSE_INLINE static bool needs_elements() { return false; }
  template <class T>
  using result = accumulate_t<T>;
  template <class C>
  using state = sum_number<C>;
  template <class C, class S>
  NUMFUSE_INLINE static C finish(S s) {
    return static_cast<C>(s);
  }
};

}  // namespace detail

struct sum : detail::sum_base {
  template <class S>
  NUMFUSE_INLINE static S identity() {
    return S(0);
  }
  template <class S, class C>
  NUMFUSE_INLINE static S lift(C x, std::int64_t) {
    return static_cast<S>(x);
  }
  template <class S>
  NUMFUSE_INLINE static S combine(S a, S b) {
    return ops::add{}(a, b);
  }
  /// The state of four numbers: a quarter of the conversions, for two roundings more, of half a ULP
  /// of their sums each. Not finite where one of those is too large for a float.
  template <class S, class C>
  requires(std::is_same_v<C, float>&& std::is_same_v<S, double>) NUMFUSE_INLINE static S
      lift_four(C a, C b, C c, C d) {
    return static_cast<S>((a + b) + (c + d));
  }
  template <class S>
  NUMFUSE_INLINE static bool fours_hold(S s) {
    return s - s == S(0);
  }
};

struct prod : detail::sum_base {
  template <class S>
  NUMFUSE_INLINE static S identity() {
    return S(1);
  }
  template <class S, class C>
  NUMFUSE_INLINE static S lift(C x, std::int64_t) {
    return static_cast<S>(x);
  }
  template <class S>
  NUMFUSE_INLINE static S combine(S a, S b) {
    return ops::multiply{}(a, b);
  }
};

/// sum / n. The quotient is taken before the result is rounded: the sum itself may not fit. Whole
/// numbers are summed in double, as in NumPy.
struct mean : sum {
  double length;

  template <class C>
  using state = std::conditional_t<std::is_floating_point_v<C>, detail::sum_number<C>, double>;

  template <class T>
  using result = floating_t<T>;
  template <class C, class S>
  NUMFUSE_INLINE C finish(S s) const {
    return static_cast<C>(static_cast<double>(s) / length);
  }
};

namespace detail {

// Base of reductions whose state is one number of the vector's own type.
struct keep_base {
  template <class T>
  using result = T;
  template <class C>
  using state = C;
  template <class C, class S>
  NUMFUSE_INLINE static C finish(S s) {
    return s;
  }
  template <class S, class C>
  NUMFUSE_INLINE static S lift(C x, std::int64_t) {
    return x;
  }
};

template <class S>
NUMFUSE_INLINE S lowest() {
  if constexpr (std::is_floating_point_v<S>) {
    return -std::numeric_limits<S>::infinity();
  } else {
    return std::numeric_limits<S>::lowest();
  }
}

template <class S>
NUMFUSE_INLINE S highest() {
  if constexpr (std::is_floating_point_v<S>) {
    return std::numeric_limits<S>::infinity();
  } else {
    return std::numeric_limits<S>::max();
  }
}

}  // namespace detail

struct max : detail::keep_base {
  NUMFUSE_INLINE static bool needs_elements() { return true; }
  template <class S>
  NUMFUSE_INLINE static S identity() {
    return detail::lowest<S>();
  }
  template <class S>
  NUMFUSE_INLINE static S combine(S a, S b) {
    return ops::maximum{}(b, a);  // whether b is NaN is known before a is
  }
};

struct min : detail::keep_base {
  NUMFUSE_INLINE static bool needs_elements() { return true; }
  template <class S>
  NUMFUSE_INLINE static S identity() {
    return detail::highest<S>();
  }
  template <class S>
  NUMFUSE_INLINE static S combine(S a, S b) {
    return ops::minimum{}(b, a);
  }
};

namespace detail {

// Base of any and all. The state is 0 or 1 in a whole number of the vector's width, which compilers
// for CPUs make vector instructions of, as they do not of a bool.
struct bool_base {
  NUMFUSE_INLINE static bool needs_elements() { return false; }
  template <class T>
  using result = bool;
  template <class C>
  using state = numfuse::detail::as_wide_as<C>;
  template <class C, class S>
  NUMFUSE_INLINE static C finish(S s) {
    return s != S(0);
  }
  template <class S, class C>
  NUMFUSE_INLINE static S lift(C x, std::int64_t) {
    return x != C(0) ? S(1) : S(0);
  }
};

}  // namespace detail

struct any : detail::bool_base {
  template <class S>
  NUMFUSE_INLINE static S identity() {
    return S(0);
  }
  template <class S>
  NUMFUSE_INLINE static S combine(S a, S b) {
    return static_cast<S>(a | b);
  }
};

struct all : detail::bool_base {
  template <class S>
  NUMFUSE_INLINE static S identity() {
    return S(1);
  }
  template <class S>
  NUMFUSE_INLINE static S combine(S a, S b) {
    return static_cast<S>(a & b);
  }
};

/// A number and where it stood; position -1 is no number at all.
template <class C>
struct located {
  C value;
  std::int64_t position;
};

namespace detail {

// What follows runs on the host alone, and there is one for each instruction set in a program.
inline namespace NUMFUSE_HOST_ISA {

// The best of `count` > 0 numbers, or a NaN, in several chains that compilers make vector
// instructions of.
template <class Better, class C>
C best_of(const C* x, int count) {
  constexpr int group = 16, chains = sizeof(C) > 4 ? 2 * group : 4 * group;
  const auto better = [](C a, C b) {
    return static_cast<bool>(Better{}(b, a)) | ops::detail::is_nan(b) ? b : a;
  };
  C best[chains];
  for (int k = 0; k < chains; ++k) best[k] = x[0];
  int j = 0;
  for (; j + chains <= count; j += chains) {
    for (int k = 0; k < chains; ++k) best[k] = better(best[k], x[j + k]);
  }
  for (; j + group <= count; j += group) {
    NUMFUSE_KEEP_LOOP
    for (int k = 0; k < group; ++k) best[k] = better(best[k], x[j + k]);
  }
  for (; j < count; ++j) best[0] = better(best[0], x[j]);
  for (int half = chains / 2; half > 0; half /= 2) {
    for (int k = 0; k < half; ++k) best[k] = better(best[k], best[k + half]);
  }
  return best[0];
}

// The place of the first number that is wanted, which is there.
template <class C, class Wanted>
int first_place(const C* x, int count, const Wanted& wanted) {
  constexpr int several = 64;  // a search that vector instructions make
  int place = 0;
  for (; place + several <= count; place += several) {
    std::uint32_t found = 0;
    NUMFUSE_KEEP_LOOP
    for (int k = 0; k < several; ++k) found |= wanted(x[place + k]) ? 1u : 0u;
    if (found != 0) break;
  }
  while (!wanted(x[place])) ++place;
  return place;
}

}  // namespace NUMFUSE_HOST_ISA

// Base of argmax and argmin: the first position of the best number, or of the first NaN.
template <class Better>
struct arg_base {
  NUMFUSE_INLINE static bool needs_elements() { return true; }
  template <class T>
  using result = std::int64_t;
  template <class C>
  using state = located<C>;
  template <class S>
  NUMFUSE_INLINE static S identity() {
    return {{}, -1};
  }
  template <class S, class C>
  NUMFUSE_INLINE static S lift(C x, std::int64_t i) {
    return {x, i};
  }
  template <class S>
  NUMFUSE_INLINE static S combine(S a, S b) {
    if (a.position < 0) return b;
    if (b.position < 0) return a;
    const bool a_nan = ops::detail::is_nan(a.value);
    const bool b_nan = ops::detail::is_nan(b.value);
    if (a_nan != b_nan) return a_nan ? a : b;
    if (!a_nan && Better{}(a.value, b.value)) return a;
    if (!a_nan && Better{}(b.value, a.value)) return b;
    return a.position < b.position ? a : b;
  }
  template <class C, class S>
  NUMFUSE_INLINE static C finish(S s) {
    return s.position;
  }

  /// True where x takes the place of the best number so far, which stood before it. Without a
  /// branch: compilers make vector instructions of it.
  template <class C>
  NUMFUSE_INLINE static bool replaces(C x, C best) {
    using ops::detail::is_nan;
    return static_cast<bool>(Better{}(x, best)) | (is_nan(x) & !is_nan(best));
  }

  /// The state of `count` > 0 neighbours, of which the first stands at `first`: the best number,
  /// and then its position.
  template <class S, class C>
  __attribute__((always_inline)) static S of_run(const C* x, int count, std::int64_t first) {
    const C best = best_of<Better>(x, count);
    const int place = ops::detail::is_nan(best)
                          ? first_place(x, count, [](C y) { return ops::detail::is_nan(y); })
                          : first_place(x, count, [=](C y) { return y == best; });
    return {best, first + place};
  }
};

}  // namespace detail

struct argmax : detail::arg_base<ops::greater> {};
struct argmin : detail::arg_base<ops::less> {};

}  // namespace numfuse::reductions
