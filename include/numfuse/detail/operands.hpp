// What the functions of formulas take: values of a context and plain numbers, and the dtype, level
// and context that several of them have together.
#pragma once

#include <bit>
#include <cstdint>
#include <type_traits>

#include <numfuse/dtype.hpp>

namespace numfuse {

/// What a formula computes with.
template <class X>
concept formula_value = requires {
  typename std::remove_cvref_t<X>::dtype;
  typename std::remove_cvref_t<X>::context_type;
  std::remove_cvref_t<X>::level;
  std::remove_cvref_t<X>::is_vector;
};
template <class X>
concept formula_vector = formula_value<X> && std::remove_cvref_t<X>::is_vector;
/// A formula value, or a plain C++ number, which takes the dtype of what it meets.
template <class X>
concept formula_operand = formula_value<X> || detail::plain_number<std::remove_cvref_t<X>>;
template <class... X>
concept formula_operands = (formula_operand<X> && ...) && (formula_value<X> || ...);

namespace detail {

/// The context that operands have together, the highest of their levels, and whether one is a
/// vector.
template <class... X>
struct operand_types;
template <>
struct operand_types<> {
  using context = void;
  static constexpr int level = 0;
  static constexpr bool vector = false;
};
template <class X, class... Rest>
struct operand_types<X, Rest...> {
  using rest = operand_types<Rest...>;
  static constexpr auto pick() {
    if constexpr (formula_value<X>) {
      return std::type_identity<typename X::context_type>{};
    } else {
      return std::type_identity<typename rest::context>{};
    }
  }
  using context = typename decltype(pick())::type;
  static constexpr int own_level = [] {
    if constexpr (formula_value<X>) {
      return X::level;
    } else {
      return 0;
    }
  }();
  static constexpr int level = own_level > rest::level ? own_level : rest::level;
  static constexpr bool vector = formula_vector<X> || rest::vector;
};

// A plain number is weak: it changes the kind of a dtype (int32 + 0.5 is float64), never its width.
template <class T, class Number>
using with_number = std::conditional_t<
    std::is_floating_point_v<Number> || is_narrow<Number>, floating_t<T>,
    std::conditional_t<std::is_same_v<T, bool> && !std::is_same_v<Number, bool>, std::int64_t, T>>;

template <class T, class... X>
struct fold_dtypes {
  using type = T;  // void while only plain numbers were met
};
template <class T, class X, class... Rest>
struct fold_dtypes<T, X, Rest...> {
  static constexpr auto next() {
    if constexpr (formula_value<X>) {
      if constexpr (std::is_void_v<T>) {
        return std::type_identity<typename X::dtype>{};
      } else {
        return std::type_identity<promote_t<T, typename X::dtype>>{};
      }
    } else {
      return std::type_identity<T>{};
    }
  }
  using type = typename fold_dtypes<typename decltype(next())::type, Rest...>::type;
};
template <class T, class... X>
struct fold_numbers {
  using type = T;
};
template <class T, class X, class... Rest>
struct fold_numbers<T, X, Rest...> {
  static constexpr auto next() {
    if constexpr (formula_value<X>) {
      return std::type_identity<T>{};
    } else {
      return std::type_identity<with_number<T, X>>{};
    }
  }
  using type = typename fold_numbers<typename decltype(next())::type, Rest...>::type;
};

/// The dtype to which operands promote.
template <class... X>
using operands_dtype = typename fold_numbers<typename fold_dtypes<void, X...>::type, X...>::type;

/// The context of the first operand that has one.
template <class X, class... Rest>
NUMFUSE_INLINE auto first_context(const X& x, const Rest&... rest) {
  if constexpr (formula_value<X>) {
    return x.context;
  } else {
    return first_context(rest...);
  }
}

/// True for a lazy vector that is an input: its numbers stand in memory as they were given, none of
/// them was rounded.
template <class V>
inline constexpr bool is_input = requires(const V& v) {
  requires std::is_const_v<std::remove_pointer_t<decltype(v.numbers.data)>>;
};

/// Number j of an operand, of one vector of several side by side, as a C.
template <class C, class X, class Index>
NUMFUSE_INLINE C number_of(const X& x, [[maybe_unused]] Index j, [[maybe_unused]] int lane) {
  if constexpr (requires { x.number(j, lane); }) {
    return convert<C>(x.number(j, lane));
  } else if constexpr (formula_vector<X>) {
    return convert<C>(x.data[j]);
  } else if constexpr (formula_value<X>) {
    return convert<C>(x.data[lane]);
  } else {
    return convert<C>(x);
  }
}

/// a where the condition holds, else b. Of a condition that is read from memory compilers for CPUs
/// make branches, and no vector instructions: there it picks the bits of a number.
template <class Condition, class C>
NUMFUSE_INLINE C choose(bool condition, C a, C b) {
  if constexpr (is_input<Condition>) {
    using bits = as_wide_as<C>;
    const bits of_a = std::bit_cast<bits>(a), of_b = std::bit_cast<bits>(b);
    const bits mask = static_cast<bits>(-static_cast<bits>(condition));
    return std::bit_cast<C>(static_cast<bits>(of_b ^ ((of_a ^ of_b) & mask)));
  } else {
    return condition ? a : b;
  }
}

}  // namespace detail
}  // namespace numfuse
