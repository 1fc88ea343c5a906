// Vectors divided by a scalar: on processors with fused products by its reciprocal, to the digits
// and special values of a division. Compiled for the baseline and for AVX2.
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <random>

#include <gtest/gtest.h>

#include <numfuse/numfuse.hpp>

namespace numfuse::tests {
namespace {

/// x / d as T by the executor's steps.
template <class T, class D>
T by_reciprocal(T x, D d) {
  const auto by = detail::reciprocal_of<T>(d);
  return detail::quotient_by_reciprocal{}(x, by.scale, by.high, by.low);
}

/// The distance of q from x / d, in units in the last place of T there.
template <class T, class D>
double error_of(T q, T x, D d) {
  using limits = std::numeric_limits<T>;
  const T expected = static_cast<T>(x / d);
  const long double truth = static_cast<long double>(x) / static_cast<long double>(d);
  if (std::isnan(expected) || std::isnan(q)) return std::isnan(expected) && std::isnan(q) ? 0 : 1e9;
  if (std::isinf(expected) || expected == 0) {
    if (q == expected && std::signbit(q) == std::signbit(expected)) return 0;
    // Next to a limit either side of it may be right.
    const bool next = std::nextafter(q, expected) == expected;
    return std::fabs(truth) > 0 && !std::isinf(truth) && next ? 1 : 1e9;
  }
  int exponent = 0;
  std::frexp(truth, &exponent);
  const int last = std::max(exponent, limits::min_exponent) - limits::digits;
  return static_cast<double>(std::fabs(static_cast<long double>(q) - truth) /
                             std::ldexp(1.0L, last));
}

/// Half a unit, and 3 / 2^11 for the three roundings of x * low, at most 2^-11 of a quotient. The
/// smallest quotients have another half, for the product with `low`, and a third one by the largest
/// divisors, where x is scaled down.
template <class T, class D>
double bound_of(T x, D d) {
  return std::fabs(x / d) >= 0x1p10 * std::numeric_limits<T>::min() ? 0.502 : 1.5;
}

template <class T>
std::vector<T> special_numbers() {
  using limits = std::numeric_limits<T>;
  const T one_below = std::nextafter(T(1), T(0)), edge = sizeof(T) == 4 ? T(0x1p112) : T(0x1p1000);
  std::vector<T> numbers{limits::quiet_NaN()};
  for (T x : {T(0), T(1), T(3), one_below, std::nextafter(T(1), T(2)), T(0.1), edge, 1 / edge,
              std::nextafter(edge, T(0)), std::nextafter(1 / edge, T(0)), limits::max(),
              std::nextafter(limits::max(), T(0)), limits::min(), limits::denorm_min(),
              3 * limits::denorm_min(), limits::min() / 8, limits::infinity()}) {
    numbers.push_back(x);
    numbers.push_back(-x);
  }
  return numbers;
}

template <class T>
class Division : public ::testing::Test {
 protected:
  // Every exponent and sign.
  T any_number() {
    using bits = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;
    const bits pattern = static_cast<bits>(random_());
    T x;
    std::memcpy(&x, &pattern, sizeof x);
    return x;
  }

 private:
  std::mt19937_64 random_{1};
};
using types = ::testing::Types<float, double>;
TYPED_TEST_SUITE(Division, types);

TYPED_TEST(Division, OfAllPairsOfSpecialNumbers) {
  using T = TypeParam;
  for (T x : special_numbers<T>()) {
    for (T d : special_numbers<T>()) {
      EXPECT_LE(error_of(by_reciprocal(x, d), x, d), bound_of(x, d)) << x << " / " << d;
    }
  }
}

TYPED_TEST(Division, IsRoundedOnce) {
  using T = TypeParam;
  double worst = 0;
  for (int i = 0; i < 1000000; ++i) {
    const T x = this->any_number(), d = this->any_number();
    const double error = error_of(by_reciprocal(x, d), x, d);
    const double bound = bound_of(x, d);
    ASSERT_LE(error, bound) << x << " / " << d;
    if (bound < 1) worst = std::max(worst, error);
  }
  EXPECT_GT(worst, 0.49);  // the measure measures
}

TYPED_TEST(Division, IsExactWhereItCanBe) {
  using T = TypeParam;
  for (int d = 1; d < 300; ++d) {
    for (int q = -300; q < 300; ++q) {
      ASSERT_EQ(by_reciprocal(static_cast<T>(q * d), static_cast<T>(d)), static_cast<T>(q));
    }
  }
}

// The norms of float vectors are doubles, larger and smaller than any float.
TEST(DivisionOfFloats, ByDoubles) {
  std::mt19937_64 random(2);
  std::uniform_real_distribution<double> mantissa(1, 2), exponent(-149, 130);
  for (int i = 0; i < 300000; ++i) {
    const double d = std::ldexp(mantissa(random), static_cast<int>(exponent(random)));
    const float x =
        static_cast<float>(std::ldexp(mantissa(random), static_cast<int>(exponent(random))));
    ASSERT_LE(error_of(by_reciprocal(x, d), x, d), bound_of(x, d)) << x << " / " << d;
  }
  EXPECT_EQ(by_reciprocal(0x1p-149f, 0x1p-148), 0.5f);
  EXPECT_TRUE(std::isnan(by_reciprocal(0.0f, 0.0)));
  const double infinity = std::numeric_limits<double>::infinity();
  EXPECT_EQ(by_reciprocal(1.0f, infinity), 0);
  EXPECT_TRUE(std::signbit(by_reciprocal(1.0f, -infinity)));
}

/// A vector by a scalar of another one.
struct over_largest {
  template <class V, class W>
  NUMFUSE_HD auto operator()(const V& v, const W& w) const {
    return v / max(w);
  }
};

TYPED_TEST(Division, InFormulas) {
  using T = TypeParam;
  const std::vector<T> special = special_numbers<T>();
  for (const auto& [rows, length] :
       {std::pair<int, int>{35, 3}, {35, 40}, {35, 100}, {3, 1500}, {2, 5000}, {1, 70000}}) {
    for (const bool columns : {false, true}) {
      host_tensor<T> x(columns ? shape{length, rows} : shape{rows, length}), y(x.shape());
      const int row_step = columns ? 1 : length, step = columns ? rows : 1;
      for (int i = 0; i < rows; ++i) {
        for (int j = 0; j < length; ++j) {
          const bool is_special = j % 2 == 0;
          x.data()[i * row_step + j * step] =
              is_special ? special[static_cast<std::size_t>(j / 2 + i) % special.size()]
                         : this->any_number();
          y.data()[i * row_step + j * step] = special[static_cast<std::size_t>(i)];
        }
      }
      const auto q = fuse(over_largest{}).along(columns ? 0 : 1)(x, y);
      for (std::int64_t i = 0; i < x.size(); ++i) {
        ASSERT_LE(error_of(q.data()[i], x.data()[i], y.data()[i]),
                  bound_of(x.data()[i], y.data()[i]))
            << x.data()[i] << " / " << y.data()[i] << ", " << rows << " of " << length
            << (columns ? ", columns" : ", rows");
      }
    }
  }
}

// What promotes: whole numbers by whole numbers are float64, and so are floats by doubles.
TEST(DivisionInFormulas, Promotes) {
  const host_tensor<std::int32_t> i{{7, 2}, {-9, 3}};
  const host_tensor<double> d{{8, 1}, {0.1, 0.3}};
  const auto q = fuse(over_largest{})(i, i);
  static_assert(std::same_as<element_t<decltype(q)>, double>);
  EXPECT_TRUE(array_equal(q, host_tensor<double>{{1, 2.0 / 7}, {-3, 1}}));
  const auto mixed = fuse(over_largest{})(astype<float>(i), d);
  static_assert(std::same_as<element_t<decltype(mixed)>, double>);
  EXPECT_TRUE(array_equal(mixed, host_tensor<double>{{7.0 / 8, 0.25}, {-9 / 0.3, 3 / 0.3}}));
}

}  // namespace
}  // namespace numfuse::tests
