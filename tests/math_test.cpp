// exp, log, pow and their kin on the host over their whole range: every sign and exponent, with
// many mantissas, against the C library's long double functions; on each instruction set.
#include <cmath>
#include <cstring>
#include <iostream>

#include <gtest/gtest.h>

#include <numfuse/numfuse.hpp>

namespace numfuse::tests {
namespace {

// The distance of x from the true value, in units in the last place of T there.
template <class T>
double ulps(T x, long double truth) {
  if (std::isnan(truth) || std::isnan(x)) return std::isnan(truth) && std::isnan(x) ? 0 : 1e9;
  if (static_cast<T>(truth) == x) return 0;  // infinities too
  if (std::isinf(x) || std::isinf(static_cast<T>(truth))) return 1e9;
  using limits = std::numeric_limits<T>;
  int exponent = 0;
  std::frexp(truth, &exponent);
  exponent = std::max(exponent, limits::min_exponent) - limits::digits;
  return static_cast<double>(std::fabs(static_cast<long double>(x) - truth) /
                             std::ldexp(1.0L, exponent));
}

// Numbers of every exponent, evenly spread bit patterns, and more where functions change course.
template <class T>
host_tensor<T> whole_range() {
  using bits = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;
  constexpr int count = 300000;
  std::vector<T> x = {T(0), -T(0), T(1), T(-1)};
  using limits = std::numeric_limits<T>;
  for (T v : {limits::infinity(), limits::max(), limits::min(), limits::denorm_min()}) {
    x.push_back(v);
    x.push_back(-v);
  }
  x.push_back(limits::quiet_NaN());
  constexpr bits step = static_cast<bits>(~bits{0}) / count;
  for (int i = 0; i < count; ++i) {
    const bits pattern = static_cast<bits>(i) * step;
    T v;
    std::memcpy(&v, &pattern, sizeof v);
    x.push_back(v);
  }
  const T edge = sizeof(T) == 4 ? T(110) : T(760);
  for (int i = -count; i <= count; ++i) {
    x.push_back(edge * static_cast<T>(i) / count);
    x.push_back(2 * static_cast<T>(i) / count);
  }
  host_tensor<T> result(shape{static_cast<std::int64_t>(x.size())});
  std::copy(x.begin(), x.end(), result.data());
  return result;
}

long double true_sigmoid(long double x) { return 1 / (1 + std::exp(-x)); }
long double true_sigmoid_derivative(long double x) {
  const long double t = std::exp(-std::fabs(x));
  return t / ((1 + t) * (1 + t));
}

template <class T>
class math : public ::testing::Test {
 protected:
  void check(const char* name, const host_tensor<T>& y, long double (*truth)(long double),
             double bound) const {
    double worst = 0;
    T where = 0;
    for (std::int64_t i = 0; i < x_.size(); ++i) {
      const T x = x_.data()[i];
      const long double exact = truth(static_cast<long double>(x));
      const double error = ulps(y.data()[i], exact);
      if (error > worst) {
        worst = error;
        where = x;
      }
      if (x == 0) {
        EXPECT_EQ(std::signbit(y.data()[i]), std::signbit(exact)) << name << " of a zero";
      }
    }
    std::cout << name << ' ' << name_of(dtype_of<T>) << ' ' << instruction_set() << ": at most "
              << worst << " ULP, at " << where << '\n';
    EXPECT_LE(worst, bound) << name << " at " << where;
  }

  host_tensor<T> x_ = whole_range<T>();
};

using dtypes = ::testing::Types<float, double>;
TYPED_TEST_SUITE(math, dtypes);

// The bounds of docs/numerics.md, those of the host: with 2 ULP log could lose its last term.
TYPED_TEST(math, Exp) { this->check("exp", exp(this->x_), expl, 2); }
TYPED_TEST(math, Expm1) { this->check("expm1", expm1(this->x_), expm1l, 2); }
TYPED_TEST(math, Log) { this->check("log", log(this->x_), logl, 1); }
TYPED_TEST(math, Log1p) { this->check("log1p", log1p(this->x_), log1pl, 1); }
TYPED_TEST(math, Tanh) { this->check("tanh", tanh(this->x_), tanhl, 3); }
TYPED_TEST(math, Sigmoid) { this->check("sigmoid", sigmoid(this->x_), true_sigmoid, 4); }
TYPED_TEST(math, SigmoidDerivative) {
  this->check("sigmoid_derivative", sigmoid_derivative(this->x_), true_sigmoid_derivative, 6);
}

// Bases and exponents: all pairs of those at which the power changes course, and many whose power
// is anywhere in the range of T, or beyond its ends.
template <class T>
std::pair<std::vector<T>, std::vector<T>> powers() {
  using limits = std::numeric_limits<T>;
  const T whole = std::ldexp(T(1), limits::digits - 1);  // all numbers above it are, twice it even
  std::vector<T> special = {0,
                            1,
                            2,
                            3,
                            0.5,
                            1.5,
                            2.5,
                            whole,
                            whole + 1,
                            whole - T(0.5),
                            2 * whole,
                            2 * whole + 2,
                            T(1e19),
                            limits::infinity(),
                            limits::max(),
                            limits::min(),
                            limits::denorm_min(),
                            std::nextafter(T(1), T(2)),
                            std::nextafter(T(1), T(0)),
                            limits::quiet_NaN()};
  for (std::size_t i = 0, count = special.size(); i < count; ++i) special.push_back(-special[i]);
  std::pair<std::vector<T>, std::vector<T>> result;
  auto& [base, exponent] = result;
  const auto add = [&](T b, T e) {
    base.push_back(b);
    exponent.push_back(e);
  };
  for (T b : special) {
    for (T e : special) add(b, e);
  }
  constexpr int count = 200000;
  const host_tensor<double> u = random_uniform<double>({6, count}, 3);
  const double largest = limits::max_exponent + 1;
  const double smallest = limits::min_exponent - limits::digits - 1;
  for (int i = 0; i < count; ++i) {
    const auto uniform = [&](int row, double low, double high) {
      return low + (high - low) * u.data()[row * count + i];
    };
    const auto add_within = [&](double b) {
      add(static_cast<T>(b), static_cast<T>(uniform(0, smallest, largest) / std::log2(b)));
    };
    add_within(std::exp2(uniform(1, smallest + 3, largest - 2)));
    add_within(uniform(2, 0.5, 2));
    add_within(1 + uniform(3, -1, 1) * std::exp2(-uniform(4, 2, limits::digits - 1)));
    add(static_cast<T>(uniform(5, -20, 20)), static_cast<T>(std::round(uniform(4, -20, 20))));
  }
  return result;
}

TYPED_TEST(math, Pow) {
  using T = TypeParam;
  const auto [base, exponent] = powers<T>();
  const shape all{static_cast<std::int64_t>(base.size())};
  const host_tensor<T> y = pow(host_tensor<T>(all, base.begin(), base.end()),
                               host_tensor<T>(all, exponent.begin(), exponent.end()));
  double worst = 0;
  for (std::size_t i = 0; i < base.size(); ++i) {
    const auto b = static_cast<long double>(base[i]), e = static_cast<long double>(exponent[i]);
    const long double exact = std::pow(b, e);
    const T value = y.data()[i];
    const double error = ulps(value, exact);
    worst = std::max(worst, error);
    ASSERT_LE(error, 4) << b << " ** " << e << " = " << value;
    if (!std::isnan(exact)) {
      ASSERT_EQ(std::signbit(value), std::signbit(exact)) << b << " ** " << e << " = " << value;
    }
  }
  std::cout << "pow " << name_of(dtype_of<T>) << ' ' << instruction_set() << ": at most " << worst
            << " ULP\n";
}

// A power of 2 is a square, whichever number says so, and whatever the dtype; true is 1.
TEST(pow, ByANumber) {
  const host_tensor<float> x{-3, 0.1f, 5};
  EXPECT_TRUE(array_equal(pow(x, 2), x * x));
  EXPECT_TRUE(array_equal(pow(x, 2.0f), pow(x, full<float>({3}, 2))));
  EXPECT_TRUE(array_equal(pow(x, true), x));
  const host_tensor<std::int32_t> n{-3, 0, 70000};
  static_assert(std::is_same_v<decltype(pow(n, 2)), host_tensor<std::int32_t>>);
  static_assert(std::is_same_v<decltype(pow(n, 2.0)), host_tensor<double>>);
  EXPECT_TRUE(array_equal(pow(n, 2), n * n));
  EXPECT_TRUE(array_equal(pow(n, 2.0), host_tensor<double>{9, 0, 4.9e9}));
  EXPECT_TRUE(array_equal(pow(n == 0, 2), host_tensor<std::int64_t>{0, 1, 0}));
}

}  // namespace
}  // namespace numfuse::tests
