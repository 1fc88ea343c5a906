// The functions of tensors: each built-in formula under its NumPy name, one call at a time.
//
// All of them take tensors and views of either space, of any dtype, and return a new tensor in that
// space. Shapes broadcast by NumPy's rules, dtypes promote by them: integers become float64 where
// the function's value is a real number. Accuracy: docs/numerics.md. Stream: on the device
// asynchronous on the default stream; fuse(formula).on(stream) for another. Throws shape_error,
// axis_error, value_error; device_error where there is no GPU.
#pragma once

#include <numfuse/operations.hpp>

namespace numfuse {

namespace detail {

/// x itself where its dtype is T, else a copy as T; a number as it is.
template <class T, argument X>
decltype(auto) as_dtype(const X& x, const stream& on = {}) {
  if constexpr (number<X>) {
    return x;
  } else if constexpr (std::same_as<element_t<X>, T>) {
    return (x);
  } else {
    return fuse(formulas::astype_formula<T>{}).on(on)(x);
  }
}

/// The dtype to which the arguments promote.
template <class... X>
using arguments_dtype = promote_t<typename argument_dtype<X, X...>::type...>;

/// The smallest dtype of formula F that holds T: T itself, float64, or bool.
template <class F, class T>
constexpr auto dtype_for() {
  if constexpr (is_compiled<F, T>()) {
    return std::type_identity<T>{};
  } else if constexpr (is_compiled<F, bool>()) {
    return std::type_identity<bool>{};
  } else if constexpr (std::same_as<T, bool> && is_compiled<F, std::int64_t>()) {
    return std::type_identity<std::int64_t>{};
  } else {
    return std::type_identity<double>{};
  }
}

/// Applies a built-in formula along an axis, its arguments brought to a dtype that it is compiled
/// for.
template <class F, argument... X>
auto apply(const F& formula, axis_selector axis, keepdims_t keep, const X&... x) {
  using T = typename decltype(dtype_for<F, arguments_dtype<X...>>())::type;
  return fuse(formula).along(axis).keepdims(keep)(as_dtype<T>(x)...);
}

template <class F, argument... X>
auto apply_elementwise(const F& formula, const X&... x) {
  return apply(formula, numfuse::all, false, x...);
}

/// The dtype of a choice between x and y, one of which may be a number, or both.
template <class X, class Y>
constexpr auto choose_dtype() {
  if constexpr (tensor_like<X> || tensor_like<Y>) {
    return std::type_identity<promote_t<typename argument_dtype<X, X, Y>::type,
                                        typename argument_dtype<Y, X, Y>::type>>{};
  } else if constexpr (std::is_floating_point_v<X> || std::is_floating_point_v<Y>) {
    return std::type_identity<double>{};
  } else {
    return std::type_identity<std::int64_t>{};
  }
}
template <class X, class Y>
using choice_dtype = typename decltype(choose_dtype<X, Y>())::type;

template <class... X>
concept arguments = (argument<X> && ...) && (tensor_like<X> || ...);

}  // namespace detail

// --- Element by element.

#define NUMFUSE_UNARY(name)                                          \
  template <tensor_like X>                                           \
  auto name(const X& x) {                                            \
    return detail::apply_elementwise(formulas::name##_formula{}, x); \
  }
#define NUMFUSE_BINARY(function, formula)                                  \
  template <class X, class Y>                                              \
  requires detail::arguments<X, Y>                                         \
  auto function(const X& x, const Y& y) {                                  \
    return detail::apply_elementwise(formulas::formula##_formula{}, x, y); \
  }
// clang-format off
NUMFUSE_UNARY(exp) NUMFUSE_UNARY(log) NUMFUSE_UNARY(log1p) NUMFUSE_UNARY(expm1) NUMFUSE_UNARY(sqrt)
NUMFUSE_UNARY(rsqrt) NUMFUSE_UNARY(tanh) NUMFUSE_UNARY(sigmoid) NUMFUSE_UNARY(sigmoid_derivative)
NUMFUSE_UNARY(negative) NUMFUSE_UNARY(square) NUMFUSE_UNARY(abs) NUMFUSE_UNARY(sign)
NUMFUSE_UNARY(logical_not) NUMFUSE_UNARY(copy)
NUMFUSE_BINARY(add, add) NUMFUSE_BINARY(operator+, add)
NUMFUSE_BINARY(subtract, subtract) NUMFUSE_BINARY(operator-, subtract)
NUMFUSE_BINARY(multiply, multiply) NUMFUSE_BINARY(operator*, multiply)
NUMFUSE_BINARY(divide, divide) NUMFUSE_BINARY(operator/, divide)
NUMFUSE_BINARY(maximum, maximum) NUMFUSE_BINARY(minimum, minimum)
NUMFUSE_BINARY(operator==, equal) NUMFUSE_BINARY(operator!=, not_equal)
NUMFUSE_BINARY(operator<, less) NUMFUSE_BINARY(operator<=, less_equal)
NUMFUSE_BINARY(operator>, greater) NUMFUSE_BINARY(operator>=, greater_equal)
NUMFUSE_BINARY(logical_and, logical_and) NUMFUSE_BINARY(logical_or, logical_or)
#undef NUMFUSE_UNARY
#undef NUMFUSE_BINARY

template <tensor_like X>
auto operator-(const X& x) {
  return negative(x);
}
// clang-format on

/// x ** y; the square, which many formulas have, by a multiplication.
template <class X, class Y>
requires detail::arguments<X, Y>
auto pow(const X& x, const Y& y) {
  if constexpr (detail::number<Y> && !std::same_as<Y, bool>) {
    using T = typename decltype(detail::dtype_for<formulas::pow_formula,
                                                  detail::arguments_dtype<X, Y>>())::type;
    if (y == 2) {
      return fuse(formulas::square_formula{}).along(all).named("pow")(detail::as_dtype<T>(x));
    }
  }
  return detail::apply_elementwise(formulas::pow_formula{}, x, y);
}

/// min(max(x, low), high).
template <class X, class L, class H>
requires detail::arguments<X, L, H>
auto clip(const X& x, const L& low, const H& high) {
  return detail::apply_elementwise(formulas::clip_formula{}, x, low, high);
}

/// x where the condition holds, else y. The condition is a bool tensor.
template <tensor_like C, class X, class Y>
requires detail::arguments<C, X, Y>
auto where(const C& condition, const X& x, const Y& y) {
  using T = detail::choice_dtype<X, Y>;
  const auto operand = [](const auto& v) -> decltype(auto) {
    if constexpr (detail::number<decltype(v)>) {
      detail::check_number<T>(v, "where");
      return detail::repeated<T, space_t<C>>{{}, convert<T>(v)};
    } else {
      return detail::as_dtype<T>(v);
    }
  };
  return fuse(formulas::where_formula{})
      .along(all)(detail::as_dtype<bool>(condition), operand(x), operand(y));
}

/// The elements as dtype To, as C++ converts them.
template <any_dtype To, tensor_like X>
auto astype(const X& x) {
  return fuse(formulas::astype_formula<To>{}).along(all)(x);
}

/// to[...] = x: writes the elements of x, broadcast and converted, into a tensor or a view; of a
/// plain number, that number everywhere. x may share memory with `to` in any way. Throws
/// shape_error where x does not broadcast to it.
template <class To, detail::argument X>
requires tensor_like<To>
void copyto(To&& to, const X& x, const stream& on = {}) {
  static_assert(detail::is_writable<To>,
                "numfuse: copyto: a const tensor, a temporary one, or a view that is read only");
  using T = element_t<To>;
  if constexpr (detail::number<X>) {
    detail::check_number<T>(x, "copyto");
    const detail::repeated<T, space_t<To>> everywhere{to.shape(), convert<T>(x)};
    fuse(formulas::copy_formula{}).along(all).named("copyto").on(on).into(to, everywhere);
  } else {
    using formula = std::conditional_t<std::same_as<element_t<X>, T>, formulas::copy_formula,
                                       formulas::astype_formula<T>>;
    const tensor_view<const element_t<X>, space_t<X>> from(
        x.data(), to.shape(), broadcast_strides(x.shape(), x.strides(), to.shape(), "copyto"));
    fuse(formula{}).along(all).named("copyto").on(on).into(to, from);
  }
}

// --- Over an axis, over several, as sum(x, {0, 2}), or over the whole tensor where none is given.

#define NUMFUSE_REDUCTION(name)                                              \
  template <tensor_like X>                                                   \
  auto name(const X& x, axis_selector axis = all, keepdims_t keep = false) { \
    return detail::apply(formulas::name##_formula{}, axis, keep, x);         \
  }
NUMFUSE_REDUCTION(sum)
NUMFUSE_REDUCTION(prod)
NUMFUSE_REDUCTION(max)
NUMFUSE_REDUCTION(min)
NUMFUSE_REDUCTION(argmax)
NUMFUSE_REDUCTION(argmin)
NUMFUSE_REDUCTION(any)
NUMFUSE_REDUCTION(all)
NUMFUSE_REDUCTION(mean)
NUMFUSE_REDUCTION(logsumexp)
#undef NUMFUSE_REDUCTION

/// sum((x - mean(x))^2) / (n - ddof).
template <tensor_like X>
auto var(const X& x, axis_selector axis = all, keepdims_t keep = false, double ddof = 0) {
  return detail::apply(formulas::var_formula{{}, ddof}, axis, keep, x);
}

/// sqrt(var(x)). Written numfuse::std(x): the name alone is that of the standard's namespace.
template <tensor_like X>
auto std(const X& x, axis_selector axis = all, keepdims_t keep = false, double ddof = 0) {
  return detail::apply(formulas::std_formula{{}, ddof}, axis, keep, x);
}

/// The order of a vector norm: any number, infinity and -infinity included.
struct norm_order {
  double value;
  bool frobenius = false;
  constexpr norm_order(double v) : value(v) {}
  constexpr norm_order(double v, bool f) : value(v), frobenius(f) {}
};
/// The norm of a whole matrix as a vector.
inline constexpr norm_order fro{2, true};

/// sqrt(sum(x^2)) of the whole tensor.
template <tensor_like X>
auto norm(const X& x) {
  return detail::apply(formulas::norm_formula{}, all, false, x);
}

/// The vector norm of an order along an axis: sum(|x|^order)^(1/order); the largest |x| for
/// infinity, the smallest for -infinity, the number of x != 0 for 0. Without an axis x has one
/// dimension, or the order is `fro`, as it is along several axes. Throws value_error for a matrix
/// norm: numfuse has vector norms.
template <tensor_like X>
auto norm(const X& x, norm_order order, axis_selector axis = all, keepdims_t keep = false) {
  const bool of_matrices = axis.is_list() || (axis.is_all() && x.rank() > 1);
  if (of_matrices && !order.frobenius) {
    throw value_error("norm: order " + std::to_string(order.value) + " of shape " +
                      to_string(x.shape()) +
                      (axis.is_list() ? " along several axes" : " without an axis") +
                      " is a matrix norm; give an axis");
  }
  return order.value == 2
             ? detail::apply(formulas::norm_formula{}, axis, keep, x)
             : detail::apply(formulas::norm_of_order_formula{{}, order.value}, axis, keep, x);
}

// --- Formulas of deep learning.

/// exp(x) / sum(exp(x)) along the axis.
template <tensor_like X>
auto softmax(const X& x, axis_selector axis = -1) {
  return detail::apply(formulas::softmax_formula{}, axis, false, x);
}

/// x - log(sum(exp(x))) along the axis.
template <tensor_like X>
auto log_softmax(const X& x, axis_selector axis = -1) {
  return detail::apply(formulas::log_softmax_formula{}, axis, false, x);
}

/// x / norm(x) along the axis: each row of a matrix gets the Euclidean length 1.
template <tensor_like X>
auto normalize_rows(const X& x, axis_selector axis = -1) {
  return detail::apply(formulas::normalize_rows_formula{}, axis, false, x);
}

/// sum(|y - yhat|) over all elements: a tensor of rank 0.
template <tensor_like P, tensor_like Y>
auto l1_loss(const P& yhat, const Y& y) {
  return detail::apply(formulas::l1_loss_formula{}, all, false, yhat, y);
}

/// sum((y - yhat)^2) over all elements: a tensor of rank 0.
template <tensor_like P, tensor_like Y>
auto l2_loss(const P& yhat, const Y& y) {
  return detail::apply(formulas::l2_loss_formula{}, all, false, yhat, y);
}

// --- Shapes.

/// The elements with another shape, one size of which may be -1: a view of an lvalue, the tensor
/// itself for a temporary. No copy.
template <tensor_like X>
auto reshape(X&& x, const extents& sizes) {
  return std::forward<X>(x).reshape(sizes);
}

/// The axes in reverse order, or in the given one: a view of an lvalue. No copy.
template <tensor_like X>
auto transpose(X&& x) {
  return std::forward<X>(x).transpose();
}
template <tensor_like X>
auto transpose(X&& x, const extents& axes) {
  return std::forward<X>(x).transpose(axes);
}

/// The elements repeated to a larger shape by NumPy's rules: a view of an lvalue. No copy.
template <tensor_like X>
auto broadcast_to(X&& x, const shape& s) {
  return std::forward<X>(x).broadcast_to(s);
}

/// (length, height, depth) to (length * height * depth, 1), as a new tensor.
template <tensor_like X>
auto image2vector(const X& image) {
  return copy(image).reshape({-1, 1});
}

// --- Comparison.

/// True where both have the same shape and the same elements; NaN equals nothing. Waits for the
/// result.
template <tensor_like X, tensor_like Y>
bool array_equal(const X& x, const Y& y) {
  return x.shape() == y.shape() &&
         detail::apply(formulas::array_equal_formula{}, all, false, x, y).item();
}

/// True where |x - y| <= atol + rtol |y| everywhere, with broadcasting. Waits for the result.
template <tensor_like X, tensor_like Y>
bool allclose(const X& x, const Y& y, double rtol = 1e-5, double atol = 1e-8,
              bool equal_nan = false) {
  return detail::apply(formulas::allclose_formula{{}, rtol, atol, equal_nan}, all, false, x, y)
      .item();
}

}  // namespace numfuse
