// The language of formulas: vectors and scalars, and the functions between them.
//
// A formula is written for one vector. What runs it hands it vectors of a context: the part of the
// vector that one thread holds, and the knowledge of how that thread joins the others in a
// reduction. A formula knows no executor; an executor provides a context and knows no formula.
//
// A context C has
//   width, lanes        a thread holds `width` numbers of `lanes` vectors side by side: number j
//                       belongs to vector j % lanes. A scalar is one number for each lane.
//                       A context that holds fewer than it has room for brings along
//                       each_number(f), which calls f(j, lane), and each_lane(f);
//   length()            of the vector;
//   whole()             true where all numbers are known to lie inside the vector;
//   valid(j), index(j)  whether number j does, and where;
//   holds_bool_as_byte  where there is one, true: a vector of bool holds bytes, 0 or 1, of which
//                       compilers for CPUs make vector instructions;
//   knows(level)        false while values of that level are not known yet (see below);
//   reduce<R>(r, v)     a scalar, one level up;
//   keep_costly(v)      where there is one: v, whose numbers take many instructions, kept where
//                       that saves some;
//   divides_by_reciprocal  where there is one, true: so many numbers belong to a scalar that a
//                       division for each of them takes longer than the scalar's reciprocal,
//                       which is reciprocal_of_scalar<T>(d), a detail::reciprocal of scalars.
// Its values need not hold their numbers. A context with is_lazy has values of its own, which have
//   number(j, lane)     computes one;
// and brings along
//   make_later<T, level, vector>(f)
//                       a value whose numbers f(j, lane) gives; f holds its operands.
//
// The level of a value is the number of reductions that must be complete before it is known: in
// softmax, v has level 0, exp(v - max(v)) level 1, the result level 2. It is part of the type.
#pragma once

#include <cstdint>
#include <type_traits>

#include <numfuse/detail/values.hpp>
#include <numfuse/norms.hpp>
#include <numfuse/ops.hpp>
#include <numfuse/reductions.hpp>

namespace numfuse {

// --- Element by element.

#define NUMFUSE_UNARY(name)              \
  template <formula_value X>             \
  NUMFUSE_INLINE auto name(const X& x) { \
    return detail::map(ops::name{}, x);  \
  }
#define NUMFUSE_BINARY(name, op)                                                     \
  template <class X, class Y>                                                        \
  requires formula_operands<X, Y> NUMFUSE_INLINE auto name(const X& x, const Y& y) { \
    return detail::map(ops::op{}, x, y);                                             \
  }
// clang-format off
NUMFUSE_UNARY(exp) NUMFUSE_UNARY(log) NUMFUSE_UNARY(log1p) NUMFUSE_UNARY(expm1) NUMFUSE_UNARY(sqrt)
NUMFUSE_UNARY(rsqrt) NUMFUSE_UNARY(square) NUMFUSE_UNARY(abs) NUMFUSE_UNARY(sign)
NUMFUSE_UNARY(tanh) NUMFUSE_UNARY(sigmoid) NUMFUSE_UNARY(sigmoid_derivative)
NUMFUSE_UNARY(logical_not)
NUMFUSE_BINARY(operator+, add) NUMFUSE_BINARY(operator-, subtract)
NUMFUSE_BINARY(operator*, multiply)
NUMFUSE_BINARY(operator==, equal) NUMFUSE_BINARY(operator!=, not_equal)
NUMFUSE_BINARY(operator<, less) NUMFUSE_BINARY(operator<=, less_equal)
NUMFUSE_BINARY(operator>, greater) NUMFUSE_BINARY(operator>=, greater_equal)
NUMFUSE_BINARY(operator&&, logical_and) NUMFUSE_BINARY(operator||, logical_or)
NUMFUSE_BINARY(multiply, multiply) NUMFUSE_BINARY(pow, pow)
NUMFUSE_BINARY(maximum, maximum) NUMFUSE_BINARY(minimum, minimum)

template <formula_value X>
NUMFUSE_INLINE auto operator-(const X& x) {
  return detail::map(ops::negative{}, x);
}
// clang-format on
#undef NUMFUSE_UNARY
#undef NUMFUSE_BINARY

template <class X, class Y>
requires formula_operands<X, Y> NUMFUSE_INLINE auto operator/(const X& x, const Y& y) {
  if constexpr (detail::by_reciprocal<X, Y>) {
    using dtype = floating_t<detail::operands_dtype<X, Y>>;
    return detail::divide_by_scalar<dtype>(x, astype<dtype>(y));
  } else {
    return detail::map(ops::divide{}, x, y);
  }
}

template <formula_value X>
NUMFUSE_INLINE auto operator!(const X& x) {
  return detail::map(ops::logical_not{}, x);
}

/// min(max(x, low), high).
template <class X, class Low, class High>
requires formula_operands<X, Low, High> NUMFUSE_INLINE auto clip(const X& x, const Low& low,
                                                                 const High& high) {
  return detail::map(ops::clip{}, x, low, high);
}

/// x where the condition holds, else y.
template <formula_value Condition, class X, class Y>
requires formula_operands<Condition, X, Y> NUMFUSE_INLINE auto where(const Condition& condition,
                                                                     const X& x, const Y& y) {
  using dtype = typename decltype([] {
    if constexpr (formula_operands<X, Y>) {
      return std::type_identity<detail::operands_dtype<X, Y>>{};
    } else {  // two plain numbers: what NumPy makes of them
      return std::type_identity<std::conditional_t<
          std::is_floating_point_v<X> || std::is_floating_point_v<Y>, double, std::int64_t>>{};
    }
  }())::type;
  using compute = compute_t<dtype>;
  using context = typename Condition::context_type;
  return detail::make_value<dtype, Condition, X, Y>(
      condition.context,
      [c = detail::operand<Condition, context>{condition}, a = detail::operand<X, context>{x},
       b = detail::operand<Y, context>{y}](auto j, int lane) NUMFUSE_INLINE_BODY {
        const compute chosen = detail::number_of<compute>(a.value, j, lane);
        const compute other = detail::number_of<compute>(b.value, j, lane);
        return detail::choose<Condition>(detail::number_of<bool>(c.value, j, lane), chosen, other);
      });
}

/// The same numbers as dtype To.
template <any_dtype To, formula_value X>
NUMFUSE_INLINE auto astype(const X& x) {
  return detail::map(ops::cast<To>{}, x);
}

/// The position of each number in its vector: 0, 1, 2, ... as int64.
template <formula_vector V>
NUMFUSE_INLINE auto index(const V& v) {
  return detail::make_value<std::int64_t, vector_value<std::int64_t, 0, typename V::context_type>>(
      v.context,
      [context = v.context](auto j, int) NUMFUSE_INLINE_BODY { return context->index(j); });
}

/// The number of elements of the vector.
template <formula_vector V>
NUMFUSE_INLINE double length(const V& v) {
  return static_cast<double>(v.context->length());
}

// --- Over the vector.

template <formula_vector V>
NUMFUSE_INLINE auto sum(const V& v) {
  return detail::reduce(reductions::sum{}, v);
}
template <formula_vector V>
NUMFUSE_INLINE auto prod(const V& v) {
  return detail::reduce(reductions::prod{}, v);
}
/// NaN where any number is NaN, as in NumPy.
template <formula_vector V>
NUMFUSE_INLINE auto max(const V& v) {
  return detail::reduce(reductions::max{}, v);
}
template <formula_vector V>
NUMFUSE_INLINE auto min(const V& v) {
  return detail::reduce(reductions::min{}, v);
}
/// The first position of the largest number, or of the first NaN.
template <formula_vector V>
NUMFUSE_INLINE auto argmax(const V& v) {
  return detail::reduce(reductions::argmax{}, v);
}
template <formula_vector V>
NUMFUSE_INLINE auto argmin(const V& v) {
  return detail::reduce(reductions::argmin{}, v);
}
template <formula_vector V>
NUMFUSE_INLINE auto any(const V& v) {
  return detail::reduce(reductions::any{}, v);
}
template <formula_vector V>
NUMFUSE_INLINE auto all(const V& v) {
  return detail::reduce(reductions::all{}, v);
}
template <formula_vector V>
NUMFUSE_INLINE auto mean(const V& v) {
  return detail::reduce(reductions::mean{{}, length(v)}, v);
}
/// The mean squared distance from the mean, over n - ddof. Two steps: exact where one would cancel.
/// What the rounding of the mean adds to the squares is known from the distances, whose sum would
/// be 0. (Means of 16-bit numbers are computed in float32: what that rounds they cannot show.)
template <formula_vector V>
NUMFUSE_INLINE auto var(const V& v, double ddof = 0) {
  auto distance = v - mean(v);
  auto squares = sum(square(distance));
  const double degrees = ops::maximum{}(length(v) - ddof, 0.0);
  if constexpr (detail::is_narrow<typename V::dtype>) {
    return squares / degrees;
  } else {
    auto rest = sum(distance);
    auto added = rest * (rest / length(v));
    auto exact = where(added < std::numeric_limits<double>::infinity(), maximum(squares - added, 0),
                       squares);
    return exact / degrees;
  }
}
template <formula_vector V>
NUMFUSE_INLINE auto std(const V& v, double ddof = 0) {
  return sqrt(var(v, ddof));
}
/// sum(a * b).
template <formula_vector V, formula_vector W>
NUMFUSE_INLINE auto dot(const V& v, const W& w) {
  return sum(v * w);
}
/// The Euclidean norm, sqrt(sum(v^2)).
template <formula_vector V>
NUMFUSE_INLINE auto norm(const V& v) {
  return detail::reduce(reductions::euclidean_norm{}, v);
}
/// The norm of any order: sum(|v|^order)^(1/order); infinity, -infinity and 0 as in NumPy.
template <formula_vector V>
NUMFUSE_INLINE auto norm(const V& v, double order) {
  return detail::reduce(reductions::norm{order}, v);
}
/// log(sum(exp(v))) without overflow: the largest number is taken out of the sum.
template <formula_vector V>
NUMFUSE_INLINE auto logsumexp(const V& v) {
  if constexpr (!floating_dtype<typename V::dtype>) {
    return logsumexp(astype<double>(v));  // a difference of whole numbers may not fit them
  } else {
    auto m = max(v);
    auto shift = where(abs(m) < std::numeric_limits<double>::infinity(), m, 0);
    return log(sum(exp(v - shift))) + shift;
  }
}

}  // namespace numfuse
