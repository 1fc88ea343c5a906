// The reference: every function of numfuse once more, as plain loops from its definition.
//
// It is what results are checked against, so it shares no code with formulas and executors, knows
// only host tensors, and is slow on purpose. Real numbers are doubles; each value is computed in
// long double and rounded once at the end. Whole numbers are int64 and wrap around, so that cutting
// a result to a narrower type gives what that type would have given. NaN and infinities follow
// NumPy. Nothing here is asynchronous. Where shapes or axes do not fit: shape_error, axis_error.
#pragma once

#include <concepts>
#include <cstdint>
#include <optional>

#include <numfuse/tensor.hpp>

namespace numfuse::reference {

using array = host_tensor<double>;
using int_array = host_tensor<std::int64_t>;
using bool_array = host_tensor<bool>;

template <class T>
concept number = std::same_as<T, double> || std::same_as<T, std::int64_t>;

/// The axis along which vectors lie, negative from the end; `whole` makes all elements one vector.
using axis_choice = std::optional<int>;
inline constexpr std::nullopt_t whole = std::nullopt;

// --- elementwise.cpp: element by element, with NumPy's broadcasting.

array exp(const array& x);                 ///< e^x
array log(const array& x);                 ///< ln x; -inf at 0, NaN below
array log1p(const array& x);               ///< ln(1 + x)
array expm1(const array& x);               ///< e^x - 1
array sqrt(const array& x);                ///< x^(1/2); NaN below 0
array rsqrt(const array& x);               ///< 1 / x^(1/2)
array tanh(const array& x);                ///< (e^2x - 1) / (e^2x + 1)
array sigmoid(const array& x);             ///< 1 / (1 + e^-x)
array sigmoid_derivative(const array& x);  ///< s (1 - s) with s = sigmoid(x)

template <number T>
host_tensor<T> negative(const host_tensor<T>& x);  ///< -x
template <number T>
host_tensor<T> square(const host_tensor<T>& x);  ///< x x
template <number T>
host_tensor<T> abs(const host_tensor<T>& x);  ///< |x|
template <number T>
host_tensor<T> sign(const host_tensor<T>& x);  ///< -1, 0 or 1; NaN stays NaN

template <number T>
host_tensor<T> add(const host_tensor<T>& a, const host_tensor<T>& b);  ///< a + b
template <number T>
host_tensor<T> subtract(const host_tensor<T>& a, const host_tensor<T>& b);  ///< a - b
template <number T>
host_tensor<T> multiply(const host_tensor<T>& a, const host_tensor<T>& b);  ///< a b
array divide(const array& a, const array& b);                               ///< a / b
/// a^b. Whole numbers: b factors a, modulo 2^64; the integer part of a^b where b is negative.
template <number T>
host_tensor<T> pow(const host_tensor<T>& a, const host_tensor<T>& b);
/// The larger of a and b; NaN where either is NaN.
template <number T>
host_tensor<T> maximum(const host_tensor<T>& a, const host_tensor<T>& b);
/// The smaller of a and b; NaN where either is NaN.
template <number T>
host_tensor<T> minimum(const host_tensor<T>& a, const host_tensor<T>& b);
/// minimum(maximum(x, low), high)
template <number T>
host_tensor<T> clip(const host_tensor<T>& x, const host_tensor<T>& low, const host_tensor<T>& high);
/// a where the condition holds, else b.
template <number T>
host_tensor<T> where(const bool_array& condition, const host_tensor<T>& a, const host_tensor<T>& b);

// Every comparison with NaN is false, but for not_equal, which is true.
template <number T>
bool_array equal(const host_tensor<T>& a, const host_tensor<T>& b);  ///< a == b
template <number T>
bool_array not_equal(const host_tensor<T>& a, const host_tensor<T>& b);  ///< a != b
template <number T>
bool_array less(const host_tensor<T>& a, const host_tensor<T>& b);  ///< a < b
template <number T>
bool_array less_equal(const host_tensor<T>& a, const host_tensor<T>& b);  ///< a <= b
template <number T>
bool_array greater(const host_tensor<T>& a, const host_tensor<T>& b);  ///< a > b
template <number T>
bool_array greater_equal(const host_tensor<T>& a, const host_tensor<T>& b);  ///< a >= b

// Whatever is not zero is true, NaN too.
template <number T>
bool_array logical_and(const host_tensor<T>& a, const host_tensor<T>& b);  ///< a != 0 and b != 0
template <number T>
bool_array logical_or(const host_tensor<T>& a, const host_tensor<T>& b);  ///< a != 0 or b != 0
template <number T>
bool_array logical_not(const host_tensor<T>& x);  ///< x == 0

bool_array to_bool(const array& x);  ///< x != 0: astype<bool>
int_array to_int(const array& x);  ///< x without its fraction: astype of a floating dtype to int64

// --- reductions.cpp: each vector v along the axis becomes one number; n is its length.

/// v_1 + ... + v_n; 0 for n = 0
template <number T>
host_tensor<T> sum(const host_tensor<T>& x, axis_choice axis, bool keepdims);
/// v_1 ... v_n; 1 for n = 0
template <number T>
host_tensor<T> prod(const host_tensor<T>& x, axis_choice axis, bool keepdims);
/// The largest v_i; NaN where any is NaN. Throws value_error for n = 0.
template <number T>
host_tensor<T> max(const host_tensor<T>& x, axis_choice axis, bool keepdims);
/// The smallest v_i; NaN where any is NaN. Throws value_error for n = 0.
template <number T>
host_tensor<T> min(const host_tensor<T>& x, axis_choice axis, bool keepdims);
/// The first i, from 0, of the largest v_i or of a NaN. Throws value_error for n = 0.
template <number T>
int_array argmax(const host_tensor<T>& x, axis_choice axis, bool keepdims);
/// The first i, from 0, of the smallest v_i or of a NaN. Throws value_error for n = 0.
template <number T>
int_array argmin(const host_tensor<T>& x, axis_choice axis, bool keepdims);
/// v_i != 0 for some i; false for n = 0
template <number T>
bool_array any(const host_tensor<T>& x, axis_choice axis, bool keepdims);
/// v_i != 0 for every i; true for n = 0
template <number T>
bool_array all(const host_tensor<T>& x, axis_choice axis, bool keepdims);
/// sum(v) / n; NaN for n = 0
array mean(const array& x, axis_choice axis, bool keepdims);
/// sum((v_i - mean(v))^2) / max(n - ddof, 0)
array var(const array& x, axis_choice axis, bool keepdims, double ddof);
/// var(v)^(1/2)
array std(const array& x, axis_choice axis, bool keepdims, double ddof);
/// ln(e^v_1 + ... + e^v_n), with the largest v_i taken out of the sum. Throws value_error for n =
/// 0.
array logsumexp(const array& x, axis_choice axis, bool keepdims);

// --- norms.cpp

/// (|v_1|^p + ... + |v_n|^p)^(1/p) for the order p; the largest |v_i| for infinity, the smallest
/// for -infinity, the number of v_i != 0 for 0. Throws value_error for n = 0 where p is infinite.
array norm(const array& x, double order, axis_choice axis, bool keepdims);
/// The Frobenius norm: sum(|x_i|^2)^(1/2) over all elements, a scalar.
array norm_fro(const array& x);

// --- softmax.cpp: each vector v along the axis becomes a vector.

/// e^v_i / (e^v_1 + ... + e^v_n), with the largest v taken out of every exponent.
array softmax(const array& x, int axis = -1);
/// v_i - logsumexp(v)
array log_softmax(const array& x, int axis = -1);

// --- normalize.cpp

/// v_i / (v_1^2 + ... + v_n^2)^(1/2); 0 / 0 is NaN
array normalize_rows(const array& x, int axis = -1);
/// All elements in C order as one column, (n, 1).
template <number T>
host_tensor<T> image2vector(const host_tensor<T>& x);

// --- losses.cpp: of two tensors that broadcast to n numbers each, a scalar.

/// |y_1 - yhat_1| + ... + |y_n - yhat_n|
array l1_loss(const array& yhat, const array& y);
/// (y_1 - yhat_1)^2 + ... + (y_n - yhat_n)^2
array l2_loss(const array& yhat, const array& y);

// --- linalg.cpp

/// c[i.., j.., l] = sum over k of a[i.., k] b[j.., k, l]; the last index of b where it has one
/// only.
template <number T>
host_tensor<T> dot(const host_tensor<T>& a, const host_tensor<T>& b);
/// c[i, j] = a_i b_j over all elements of a and of b.
template <number T>
host_tensor<T> outer(const host_tensor<T>& a, const host_tensor<T>& b);
/// c[.., i, j] = sum over k of a[.., i, k] b[.., k, j]; the axes before the last two broadcast. A
/// tensor of rank 1 stands for a row on the left, a column on the right, and that axis is dropped.
template <number T>
host_tensor<T> matmul(const host_tensor<T>& a, const host_tensor<T>& b);

}  // namespace numfuse::reference
