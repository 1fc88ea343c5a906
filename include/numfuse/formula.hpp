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
//                       division for each of them takes longer than the scalar's reciprocal.
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
#include <tuple>
#include <type_traits>

#include <numfuse/detail/operands.hpp>
#include <numfuse/detail/reciprocal.hpp>
#include <numfuse/detail/unroll.hpp>
#include <numfuse/norms.hpp>
#include <numfuse/ops.hpp>
#include <numfuse/reductions.hpp>

namespace numfuse {

/// Base of an executor's own value: its functions are found in this namespace. One for each of
/// them, as two of one type would not both begin where a value does that holds another one.
template <class Value>
struct value_base {};

namespace detail {

/// What a vector holds a number of T in.
template <any_dtype T, class Context>
struct held_number {
  using type = compute_t<T>;
};
template <class Context>
requires(Context::holds_bool_as_byte) struct held_number<bool, Context> {
  using type = std::uint8_t;
};

}  // namespace detail

/// A vector of T, as far as one thread holds it.
template <any_dtype T, int Level, class Context>
struct vector_value {
  using dtype = T;
  using context_type = Context;
  static constexpr int level = Level;
  static constexpr bool is_vector = true;

  typename detail::held_number<T, Context>::type data[Context::width];
  Context* context;
};

/// A number that belongs to the whole vector: the value of a reduction, and what follows from it.
template <any_dtype T, int Level, class Context>
struct scalar_value {
  using dtype = T;
  using context_type = Context;
  static constexpr int level = Level;
  static constexpr bool is_vector = false;

  compute_t<T> data[Context::lanes];
  Context* context;
};

/// Several results of one formula: return outputs(loss, gradient). Each is a vector or a scalar.
template <class... X>
struct formula_outputs {};
template <class X, class... Rest>
struct formula_outputs<X, Rest...> {
  X first;
  formula_outputs<Rest...> rest;
};

NUMFUSE_INLINE formula_outputs<> outputs() { return {}; }
template <formula_value X, formula_value... Rest>
NUMFUSE_INLINE formula_outputs<X, Rest...> outputs(const X& first, const Rest&... rest) {
  return {first, outputs(rest...)};
}

namespace detail {

/// Calls f(j, lane) for every number that a thread holds of a vector.
template <class Context, class Fn>
NUMFUSE_INLINE void each_number(const Context& c, const Fn& f) {
  if constexpr (requires { c.each_number(f); }) {
    c.each_number(f);
  } else {
    each<Context::width>([&](int j) NUMFUSE_INLINE_BODY { f(j, j % Context::lanes); });
  }
}

/// Calls f(lane) for each of the vectors side by side.
template <class Context, class Fn>
NUMFUSE_INLINE void each_lane(const Context& c, const Fn& f) {
  if constexpr (requires { c.each_lane(f); }) {
    c.each_lane(f);
  } else {
    each<Context::lanes>(f);
  }
}

template <class Context>
inline constexpr bool is_lazy = requires {
  Context::is_lazy;
};

/// What a function of numbers holds of an operand: a lazy value's is called when the operands are
/// gone.
template <class X, class Context>
struct operand {
  std::conditional_t<is_lazy<Context>, X, const X&> value;
};

/// The value whose numbers f(j, lane) gives, of the kind, level and context that operands X have
/// together. Where the context does not know values of that level yet, nothing is computed.
template <class T, class... X, class Context, class Fn>
NUMFUSE_INLINE auto make_value(Context* context, const Fn& f) {
  using types = operand_types<X...>;
  if constexpr (is_lazy<Context>) {
    return context->template make_later<T, types::level, types::vector>(f);
  } else {
    std::conditional_t<types::vector, vector_value<T, types::level, Context>,
                       scalar_value<T, types::level, Context>>
        result;  // not in a block of its own: there compilers would make a copy to return it
    result.context = context;
    if constexpr (!Context::knows(types::level)) return result;
    if constexpr (types::vector) {
      each_number(*context,
                  [&](auto j, int lane) NUMFUSE_INLINE_BODY { result.data[j] = f(j, lane); });
    } else {
      each_lane(*context, [&](int lane) NUMFUSE_INLINE_BODY { result.data[lane] = f(lane, lane); });
    }
    return result;
  }
}

/// An operation as a function of numbers: f(j, lane). One without members is not held: the byte
/// that it would take belongs to none of them, and compilers would leave in memory what they copy
/// it with.
template <class Op, class... X>
NUMFUSE_INLINE auto function_of_numbers(const Op& op, const X&... x) {
  using compute = compute_t<typename Op::template operand<operands_dtype<X...>>>;
  using context = typename operand_types<X...>::context;
  if constexpr (std::is_empty_v<Op>) {
    return [... held = operand<X, context>{x}](auto j, int lane)
               NUMFUSE_INLINE_BODY { return Op{}(number_of<compute>(held.value, j, lane)...); };
  } else {
    return [op, ... held = operand<X, context>{x}](auto j, int lane)
               NUMFUSE_INLINE_BODY { return op(number_of<compute>(held.value, j, lane)...); };
  }
}

/// Applies an operation number by number.
template <class Op, class... X>
NUMFUSE_INLINE auto map(const Op& op, const X&... x) {
  using result_dtype = typename Op::template result<operands_dtype<X...>>;
  // Not const: GCC would leave it in memory, too.
  auto number = function_of_numbers(op, x...);
  auto* const at = first_context(x...);
  using value = decltype(make_value<result_dtype, X...>(at, number));
  if constexpr (value::is_vector && requires(const value& v) {
                  Op::is_costly;
                  at->keep_costly(v);
                }) {
    return at->keep_costly(make_value<result_dtype, X...>(at, number));
  } else {
    return make_value<result_dtype, X...>(at, number);
  }
}

/// Reduces a vector to a scalar one level up.
template <class R, formula_vector V>
NUMFUSE_INLINE auto reduce(const R& r, const V& v) {
  return v.context->reduce(r, v);
}

/// Function Fn of operands of one type as an operation with a result of type T.
template <any_dtype T, class Fn>
struct operation : Fn {
  template <class D>
  using operand = D;
  template <class D>
  using result = T;
};

/// True where vector X is divided by scalar Y without a division for each number.
template <class X, class Y>
inline constexpr bool by_reciprocal = [] {
  if constexpr (fuses_products && formula_vector<X> && formula_value<Y> && !formula_vector<Y>) {
    return requires { requires X::context_type::divides_by_reciprocal; };
  } else {
    return false;
  }
}();

/// x / d as T, where d is a scalar of T or a wider type: rounded once.
template <any_dtype T, formula_value X, formula_value D>
NUMFUSE_INLINE auto divide_by_scalar(const X& x, const D& d) {
  using wide = typename D::dtype;
  using C = compute_t<T>;
  const auto scale = map(operation<wide, reciprocal_scale<C>>{}, d);
  const auto scaled = map(ops::multiply{}, d, scale);
  const auto inverse = map(ops::divide{}, 1, scaled);
  // Not const: see map.
  auto high = map(operation<T, reciprocal_high<C>>{}, inverse);
  auto low = map(operation<T, reciprocal_low<C>>{}, scaled, inverse, high);
  return map(operation<T, quotient_by_reciprocal>{}, astype<T>(x), astype<T>(scale), high, low);
}

}  // namespace detail

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
