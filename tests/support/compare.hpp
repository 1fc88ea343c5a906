// How the tests compare a result with its reference, and what they print when the two differ.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <sstream>
#include <string>
#include <type_traits>

#include "inputs.hpp"

namespace numfuse::tests {

/// How far a result may be from its reference, in units in the last place (ULP) of the scale, and
/// why. The scale is |reference| unless the row of the operation says otherwise. Types of 16 bits
/// compute in float and round at the end: for them it is ULP of float and half a ULP of their own.
/// None at all is exact.
struct tolerance {
  double ulps;
  const char* reason;
  /// ULP more for every root of the vectors' length n, of the type in which it is added up:
  /// float64, or that in which the formula computes. n rounding errors do not all point one way
  /// (Higham and Mary, A new approach to probabilistic rounding error analysis, 2019).
  double growth = 0;
  bool adds_in_double = true;

  double of_length(std::int64_t n) const { return growth * std::sqrt(static_cast<double>(n)); }
};
inline constexpr tolerance exact{0, "no rounding"};

/// What was tried: printed when it fails.
struct trial {
  std::string operation;
  std::string layout;
  std::uint64_t seed = 0;
  std::int64_t length = 1;  // of the vectors
};

inline std::ostream& operator<<(std::ostream& out, const trial& t) {
  return out << t.operation << ", " << t.layout << ", seed " << t.seed;
}

template <class T>
double to_double(T x) {
  if constexpr (sizeof(T) == 2) {
    return static_cast<float>(x);
  } else {
    return static_cast<double>(x);
  }
}

/// The index of element i, counted in C order.
std::string position(std::int64_t i, const shape& s);

template <class T, class Compare, class Describe>
bool compare(const host_tensor<T>& result, const shape& expected, const trial& tried,
             Compare is_right, Describe describe) {
  if (result.shape() != expected) {
    ADD_FAILURE() << tried << ": the result has shape " << numfuse::to_string(result.shape())
                  << ", the reference " << numfuse::to_string(expected);
    return false;
  }
  std::int64_t wrong = 0;
  std::int64_t first = -1;
  for (std::int64_t i = 0; i < result.size(); ++i) {
    if (is_right(i)) continue;
    if (wrong++ == 0) first = i;
  }
  if (wrong == 0) return true;
  std::ostringstream text;
  text.precision(17);
  describe(text, first);
  ADD_FAILURE() << tried << ": " << wrong << " of " << result.size() << " differ, the first at "
                << position(first, expected) << ": " << text.str();
  return false;
}

/// Real numbers within a tolerance of the scale. NaN and infinities agree exactly. Reports a
/// failure and returns false where the result is wrong.
template <floating_dtype T>
bool expect_close(const host_tensor<T>& result, const reference::array& expected,
                  const reference::array& scale, const tolerance& allowed, const trial& tried);

template <floating_dtype T>
bool expect_close(const host_tensor<T>& result, const reference::array& expected,
                  const tolerance& allowed, const trial& tried) {
  return expect_close(result, expected, expected, allowed, tried);
}

/// Whole numbers and truth values: equal, the reference cut to the dtype of the result.
template <integral_dtype T, class R>
bool expect_equal(const host_tensor<T>& result, const host_tensor<R>& expected,
                  const trial& tried) {
  static_assert(integral_dtype<R>);
  return compare(
      result, expected.shape(), tried,
      [&](std::int64_t i) { return result.data()[i] == static_cast<T>(expected.data()[i]); },
      [&](std::ostream& out, std::int64_t i) {
        out << +result.data()[i] << " instead of " << +static_cast<T>(expected.data()[i]);
      });
}

/// Either of the two, as the dtypes ask for it.
template <any_dtype T, class R, class Scale>
bool expect_close(const host_tensor<T>& result, const host_tensor<R>& expected,
                  const host_tensor<Scale>& scale, const tolerance& allowed, const trial& tried) {
  if constexpr (floating_dtype<T>) {
    if constexpr (floating_dtype<R>) {
      return expect_close<T>(result, expected, widened<double>(scale), allowed, tried);
    } else {
      return expect_close<T>(result, widened<double>(expected), widened<double>(scale), allowed,
                             tried);
    }
  } else {
    return expect_equal(result, expected, tried);
  }
}

}  // namespace numfuse::tests
