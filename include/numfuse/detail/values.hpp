// The values of formulas, and what the functions of formulas are made of: operations number by
// number and reductions. What a context is stands in formula.hpp.
#pragma once

#include <cstdint>
#include <type_traits>

#include <numfuse/detail/operands.hpp>
#include <numfuse/detail/reciprocal.hpp>
#include <numfuse/detail/unroll.hpp>
#include <numfuse/ops.hpp>

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
  // Not const: see map.
  auto by = d.context->template reciprocal_of_scalar<T>(d);
  return map(operation<T, quotient_by_reciprocal>{}, astype<T>(x), by.scale, by.high, by.low);
}

}  // namespace detail

}  // namespace numfuse
