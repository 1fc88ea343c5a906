// The reference, element by element.
#include <cmath>
#include <type_traits>

#include "loops.hpp"

namespace numfuse::reference {
namespace {

using real = long double;

bool is_nan(double x) { return std::isnan(x); }
bool is_nan(std::int64_t) { return false; }

// Whole numbers are added and multiplied modulo 2^64, real ones in long double.
template <class T>
using arithmetic = std::conditional_t<std::is_same_v<T, double>, real, std::uint64_t>;

template <class T>
T cut(arithmetic<T> x) {
  return static_cast<T>(x);
}

std::int64_t integer_power(std::int64_t a, std::int64_t b) {
  if (b < 0) {
    if (a == 1 || (a == -1 && b % 2 == 0)) return 1;
    return a == -1 ? -1 : 0;
  }
  std::uint64_t product = 1;
  for (std::int64_t i = 0; i < b; ++i) product *= static_cast<std::uint64_t>(a);
  return static_cast<std::int64_t>(product);
}

}  // namespace

array exp(const array& x) {
  return map<double>(x, [](real v) { return std::exp(v); });
}

array log(const array& x) {
  return map<double>(x, [](real v) { return std::log(v); });
}

array log1p(const array& x) {
  return map<double>(x, [](real v) { return std::log1p(v); });
}

array expm1(const array& x) {
  return map<double>(x, [](real v) { return std::expm1(v); });
}

array sqrt(const array& x) {
  return map<double>(x, [](real v) { return std::sqrt(v); });
}

array rsqrt(const array& x) {
  return map<double>(x, [](real v) { return 1 / std::sqrt(v); });
}

array tanh(const array& x) {
  return map<double>(x, [](real v) { return std::tanh(v); });
}

array sigmoid(const array& x) {
  return map<double>(x, [](real v) { return 1 / (1 + std::exp(-v)); });
}

array sigmoid_derivative(const array& x) {
  // 1 - sigmoid(x) is sigmoid(-x), without the cancellation.
  return map<double>(x, [](real v) { return 1 / (1 + std::exp(-v)) / (1 + std::exp(v)); });
}

template <number T>
host_tensor<T> negative(const host_tensor<T>& x) {
  return map<T>(x, [](T v) { return cut<T>(-static_cast<arithmetic<T>>(v)); });
}

template <number T>
host_tensor<T> square(const host_tensor<T>& x) {
  return multiply(x, x);
}

template <number T>
host_tensor<T> abs(const host_tensor<T>& x) {
  return map<T>(x, [](T v) { return v < 0 ? cut<T>(-static_cast<arithmetic<T>>(v)) : v; });
}

template <number T>
host_tensor<T> sign(const host_tensor<T>& x) {
  return map<T>(x, [](T v) { return is_nan(v) ? v : v > 0 ? T(1) : v < 0 ? T(-1) : T(0); });
}

template <number T>
host_tensor<T> add(const host_tensor<T>& a, const host_tensor<T>& b) {
  return map<T>(a, b, [](arithmetic<T> v, arithmetic<T> w) { return cut<T>(v + w); });
}

template <number T>
host_tensor<T> subtract(const host_tensor<T>& a, const host_tensor<T>& b) {
  return map<T>(a, b, [](arithmetic<T> v, arithmetic<T> w) { return cut<T>(v - w); });
}

template <number T>
host_tensor<T> multiply(const host_tensor<T>& a, const host_tensor<T>& b) {
  return map<T>(a, b, [](arithmetic<T> v, arithmetic<T> w) { return cut<T>(v * w); });
}

array divide(const array& a, const array& b) {
  return map<double>(a, b, [](real v, real w) { return v / w; });
}

template <number T>
host_tensor<T> pow(const host_tensor<T>& a, const host_tensor<T>& b) {
  if constexpr (std::same_as<T, double>) {
    return map<T>(a, b, [](real v, real w) { return std::pow(v, w); });
  } else {
    return map<T>(a, b, integer_power);
  }
}

template <number T>
host_tensor<T> maximum(const host_tensor<T>& a, const host_tensor<T>& b) {
  return map<T>(a, b, [](T v, T w) {
    if (is_nan(v)) return v;
    if (is_nan(w)) return w;
    return v < w ? w : v;
  });
}

template <number T>
host_tensor<T> minimum(const host_tensor<T>& a, const host_tensor<T>& b) {
  return map<T>(a, b, [](T v, T w) {
    if (is_nan(v)) return v;
    if (is_nan(w)) return w;
    return w < v ? w : v;
  });
}

template <number T>
host_tensor<T> clip(const host_tensor<T>& x, const host_tensor<T>& low,
                    const host_tensor<T>& high) {
  return minimum(maximum(x, low), high);
}

template <number T>
host_tensor<T> where(const bool_array& condition, const host_tensor<T>& a,
                     const host_tensor<T>& b) {
  host_tensor<T> result(common_shape(condition.shape(), common_shape(a.shape(), b.shape())));
  T* to = result.data();
  for_each_index(result.shape(), [&](const extents& i) {
    *to++ = condition.data()[offset(condition.shape(), i)] ? a.data()[offset(a.shape(), i)]
                                                           : b.data()[offset(b.shape(), i)];
  });
  return result;
}

template <number T>
bool_array equal(const host_tensor<T>& a, const host_tensor<T>& b) {
  return map<bool>(a, b, [](T v, T w) { return v == w; });
}

template <number T>
bool_array not_equal(const host_tensor<T>& a, const host_tensor<T>& b) {
  return map<bool>(a, b, [](T v, T w) { return !(v == w); });
}

template <number T>
bool_array less(const host_tensor<T>& a, const host_tensor<T>& b) {
  return map<bool>(a, b, [](T v, T w) { return v < w; });
}

template <number T>
bool_array less_equal(const host_tensor<T>& a, const host_tensor<T>& b) {
  return map<bool>(a, b, [](T v, T w) { return v < w || v == w; });
}

template <number T>
bool_array greater(const host_tensor<T>& a, const host_tensor<T>& b) {
  return map<bool>(a, b, [](T v, T w) { return w < v; });
}

template <number T>
bool_array greater_equal(const host_tensor<T>& a, const host_tensor<T>& b) {
  return map<bool>(a, b, [](T v, T w) { return w < v || v == w; });
}

template <number T>
bool_array logical_and(const host_tensor<T>& a, const host_tensor<T>& b) {
  return map<bool>(a, b, [](T v, T w) { return v != 0 && w != 0; });
}

template <number T>
bool_array logical_or(const host_tensor<T>& a, const host_tensor<T>& b) {
  return map<bool>(a, b, [](T v, T w) { return v != 0 || w != 0; });
}

template <number T>
bool_array logical_not(const host_tensor<T>& x) {
  return map<bool>(x, [](T v) { return v == 0; });
}

bool_array to_bool(const array& x) {
  return map<bool>(x, [](double v) { return v != 0; });
}

int_array to_int(const array& x) {
  return map<std::int64_t>(x, [](double v) { return std::trunc(v); });
}

// clang-format off
#define NUMFUSE_UNARY(R, name, T) template R name(const host_tensor<T>&);
#define NUMFUSE_BINARY(R, name, T) template R name(const host_tensor<T>&, const host_tensor<T>&);
#define NUMFUSE_INSTANTIATE(T)                                                                  \
  NUMFUSE_UNARY(host_tensor<T>, negative, T) NUMFUSE_UNARY(host_tensor<T>, square, T)           \
  NUMFUSE_UNARY(host_tensor<T>, abs, T) NUMFUSE_UNARY(host_tensor<T>, sign, T)                  \
  NUMFUSE_BINARY(host_tensor<T>, add, T) NUMFUSE_BINARY(host_tensor<T>, subtract, T)            \
  NUMFUSE_BINARY(host_tensor<T>, multiply, T) NUMFUSE_BINARY(host_tensor<T>, pow, T)            \
  NUMFUSE_BINARY(host_tensor<T>, maximum, T) NUMFUSE_BINARY(host_tensor<T>, minimum, T)         \
  NUMFUSE_BINARY(bool_array, equal, T) NUMFUSE_BINARY(bool_array, not_equal, T)                 \
  NUMFUSE_BINARY(bool_array, less, T) NUMFUSE_BINARY(bool_array, less_equal, T)                 \
  NUMFUSE_BINARY(bool_array, greater, T) NUMFUSE_BINARY(bool_array, greater_equal, T)           \
  NUMFUSE_BINARY(bool_array, logical_and, T) NUMFUSE_BINARY(bool_array, logical_or, T)          \
  NUMFUSE_UNARY(bool_array, logical_not, T)                                                     \
  template host_tensor<T> clip(const host_tensor<T>&, const host_tensor<T>&,                    \
                               const host_tensor<T>&);                                          \
  template host_tensor<T> where(const bool_array&, const host_tensor<T>&, const host_tensor<T>&);
NUMFUSE_INSTANTIATE(double)
NUMFUSE_INSTANTIATE(std::int64_t)
// clang-format on

}  // namespace numfuse::reference
