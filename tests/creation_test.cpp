// New tensors: constants, sequences, random numbers.
#include <algorithm>
#include <functional>
#include <cmath>

#include <numfuse/formulas/philox.hpp>

#include "support/check.hpp"

namespace numfuse::tests {
namespace {

template <class Case>
class Creation : public typed_test<Case> {};
TYPED_TEST_SUITE(Creation, all_cases, case_names);

template <class T>
std::vector<double> numbers(const host_tensor<T>& x) {
  std::vector<double> result;
  for (T value : x) result.push_back(to_double(value));
  return result;
}

using list = std::vector<double>;

TYPED_TEST(Creation, Constants) {
  using T = typename TypeParam::dtype;
  using Space = typename TypeParam::space;
  for (const shape& s : {shape{}, shape{0}, shape{129}, shape{3, 0}, shape{17, 33}}) {
    const auto n = static_cast<std::size_t>(s.size());
    EXPECT_EQ((zeros<T, Space>(s).shape()), s);
    EXPECT_EQ((numbers(back<TypeParam>(zeros<T, Space>(s)))), list(n, 0));
    EXPECT_EQ((numbers(back<TypeParam>(ones<T, Space>(s)))), list(n, 1));
    const double value = std::same_as<T, bool> ? 1 : 7;
    EXPECT_EQ((numbers(back<TypeParam>(full<T, Space>(s, from_double<T>(value))))), list(n, value));
    EXPECT_EQ((empty<T, Space>(s).shape()), s);
  }
  EXPECT_EQ((numbers(back<TypeParam>(eye<T, Space>(3)))), (list{1, 0, 0, 0, 1, 0, 0, 0, 1}));
  EXPECT_EQ((eye<T, Space>(0).shape()), (shape{0, 0}));
}

TYPED_TEST(Creation, Arange) {
  using T = typename TypeParam::dtype;
  using Space = typename TypeParam::space;
  const auto of = [](double start, double stop, double step) {
    return numbers(back<TypeParam>(arange<T, Space>(start, stop, step)));
  };
  if constexpr (!std::same_as<T, bool>) {
    EXPECT_EQ((numbers(back<TypeParam>(arange<T, Space>(5)))), (list{0, 1, 2, 3, 4}));
    EXPECT_EQ(of(2, 9, 3), (list{2, 5, 8}));
    EXPECT_EQ(of(2, 8, 3), (list{2, 5}));
    EXPECT_EQ(of(9, 2, -3), (list{9, 6, 3}));
    EXPECT_EQ(of(2, 2, 1), list{});
    EXPECT_EQ(of(3, 2, 1), list{});
  }
  if constexpr (floating_dtype<T>) {
    EXPECT_EQ(of(0, 1, 0.25), (list{0, 0.25, 0.5, 0.75}));
  }
  if constexpr (std::same_as<T, std::int64_t>) {
    const auto large = back<TypeParam>(arange<T, Space>(100003));
    EXPECT_EQ(large.data()[100002], 100002);
    // Between numbers that a double does not hold.
    const std::int64_t beyond = (std::int64_t{1} << 53) + 1;
    const auto exact = back<TypeParam>(arange<T, Space>(beyond, beyond + 3));
    EXPECT_EQ(std::vector<T>(exact.begin(), exact.end()),
              (std::vector<T>{beyond, beyond + 1, beyond + 2}));
    const auto down = back<TypeParam>(arange<T, Space>(beyond + 3, beyond, -2));
    EXPECT_EQ(std::vector<T>(down.begin(), down.end()), (std::vector<T>{beyond + 3, beyond + 1}));
  }
}

template <class Case>
class CreationFloating : public typed_test<Case> {};
TYPED_TEST_SUITE(CreationFloating, floating_cases, case_names);

TYPED_TEST(CreationFloating, Linspace) {
  using T = typename TypeParam::dtype;
  using Space = typename TypeParam::space;
  const auto of = [](double start, double stop, std::int64_t n) {
    return numbers(back<TypeParam>(linspace<T, Space>(start, stop, n)));
  };
  EXPECT_EQ(of(0, 1, 5), (list{0, 0.25, 0.5, 0.75, 1}));
  EXPECT_EQ(of(1, -1, 3), (list{1, 0, -1}));
  EXPECT_EQ(of(3, 9, 1), list{3});
  EXPECT_EQ(of(3, 9, 0), list{});
  EXPECT_EQ((linspace<T, Space>(0, 1).shape()), shape{50});
  // np.linspace(0.1, 0.7, 1001): both ends exactly
  const auto fine = of(0.1, 0.7, 1001);
  EXPECT_EQ(fine.front(), to_double(from_double<T>(0.1)));
  EXPECT_EQ(fine.back(), to_double(from_double<T>(0.7)));
  for (int i = 0; i <= 1000; ++i) {
    EXPECT_NEAR(fine[static_cast<std::size_t>(i)], 0.1 + 0.0006 * i, format_of<T>().spacing(0.7));
  }
}

TYPED_TEST(CreationFloating, RandomNumbersRepeat) {
  using T = typename TypeParam::dtype;
  using Space = typename TypeParam::space;
  const auto uniform = [](const shape& s, std::uint64_t seed) {
    return numbers(back<TypeParam>(random_uniform<T, Space>(s, seed)));
  };
  const auto normal = [](const shape& s, std::uint64_t seed) {
    return numbers(back<TypeParam>(random_normal<T, Space>(s, seed)));
  };
  for (const auto& draw : {std::function(uniform), std::function(normal)}) {
    const auto x = draw({1000}, 42);
    EXPECT_EQ(x, draw({1000}, 42));
    EXPECT_EQ(x, draw({10, 100}, 42));
    EXPECT_NE(x, draw({1000}, 43));
    EXPECT_NE(x, draw({1000}, 42 + (std::uint64_t{1} << 32)));
    // A number depends on its seed and its position alone.
    const auto more = draw({100003}, 42);
    EXPECT_TRUE(std::equal(x.begin(), x.end(), more.begin()));
  }
  // The host's numbers, in every space.
  EXPECT_EQ(uniform({4097}, 7), numbers(random_uniform<T>({4097}, 7)));
  EXPECT_EQ(normal({4097}, 7), numbers(random_normal<T>({4097}, 7)));
}

/// Mean, variance and neighbours' correlation within five standard deviations of what is expected.
void expect_statistics(const list& x, double mean, double variance, double kurtosis) {
  const double n = static_cast<double>(x.size());
  double sum = 0, squares = 0, products = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    sum += x[i] - mean;
    squares += (x[i] - mean) * (x[i] - mean);
    if (i > 0) products += (x[i] - mean) * (x[i - 1] - mean);
  }
  EXPECT_NEAR(sum / n, 0, 5 * std::sqrt(variance / n));
  EXPECT_NEAR(squares / n, variance, 5 * variance * std::sqrt((kurtosis - 1) / n));
  EXPECT_NEAR(products / n, 0, 5 * variance / std::sqrt(n));
}

TYPED_TEST(CreationFloating, RandomNumbersAreDistributedAsTheySay) {
  using T = typename TypeParam::dtype;
  using Space = typename TypeParam::space;
  for (std::uint64_t seed : {0, 1, 12345}) {
    const auto u = numbers(back<TypeParam>(random_uniform<T, Space>({100003}, seed)));
    expect_statistics(u, 0.5, 1.0 / 12, 1.8);
    EXPECT_GE(*std::min_element(u.begin(), u.end()), 0);
    EXPECT_LT(*std::max_element(u.begin(), u.end()), 1);
    const auto shifted = numbers(back<TypeParam>(random_uniform<T, Space>({100003}, seed, -3, 5)));
    expect_statistics(shifted, 1, 64.0 / 12, 1.8);
    EXPECT_GE(*std::min_element(shifted.begin(), shifted.end()), -3);
    EXPECT_LT(*std::max_element(shifted.begin(), shifted.end()), 5);
    const auto z = numbers(back<TypeParam>(random_normal<T, Space>({100003}, seed)));
    expect_statistics(z, 0, 1, 3);
    // The share beyond two standard deviations: 0.0455, with a deviation of 0.00066.
    EXPECT_NEAR(
        std::count_if(z.begin(), z.end(), [](double v) { return std::fabs(v) > 2; }) / 100003.0,
        0.0455, 0.0035);
    const auto scaled = numbers(back<TypeParam>(random_normal<T, Space>({100003}, seed, 10, 0.5)));
    expect_statistics(
        scaled, 10, 0.25 + (sizeof(T) == 2 ? std::pow(format_of<T>().spacing(10), 2) / 12 : 0), 3);
  }
}

// The known answer of Random123, kat_vectors: philox4x32 10 of counter 0 and key 0 is
// 6627e8d5 e169c58d bc57ac4c 9b00dbd8
TEST(CreationHost, PhiloxGivesItsKnownAnswer) {
  EXPECT_EQ(formulas::philox_bits(0, 0), 0xe169c58d6627e8d5u);
  EXPECT_EQ(formulas::philox_bits(0, 1), 0x9b00dbd8bc57ac4cu);
}

// The recipe: scipy.special.ndtri(p)
TEST(CreationHost, NormalQuantiles) {
  const auto near = [](double p, double x) {
    EXPECT_NEAR(formulas::normal_quantile(p), x, 4e-15 * std::fabs(x));
  };
  near(0.5, 0);
  near(0.975, 1.959963984540054);
  near(0.025, -1.959963984540054);
  near(1e-10, -6.361340902404056);
  near(0.7, 0.5244005127080407);
}

// --- array_equal and allclose: np.array_equal, np.allclose.

template <class Case>
class Comparison : public typed_test<Case> {};
TYPED_TEST_SUITE(Comparison, all_cases, case_names);

TYPED_TEST(Comparison, ArrayEqual) {
  using T = typename TypeParam::dtype;
  for (std::int64_t n : {0, 1, 17, 1025, 100003}) {
    const auto here = random_input<T>({n}, row_array_equal.inputs, next_seed());
    const auto x = to_space<TypeParam>(here);
    EXPECT_TRUE(array_equal(x, x));
    EXPECT_FALSE(array_equal(x, x.reshape({n, 1})));
    for (std::int64_t i : {std::int64_t{0}, n / 2, n - 1}) {
      if (i < 0 || i >= n) continue;
      auto other = here;
      other.data()[i] = from_double<T>(to_double(here.data()[i]) == 0 ? 1 : 0);
      EXPECT_FALSE(array_equal(x, to_space<TypeParam>(other))) << n << ", " << i;
      EXPECT_FALSE(allclose(x, to_space<TypeParam>(other))) << n << ", " << i;
    }
  }
}

TYPED_TEST(CreationFloating, AllcloseAndItsTolerances) {
  using T = typename TypeParam::dtype;
  const auto of = [](std::initializer_list<double> values) {
    host_tensor<T> x(shape{static_cast<std::int64_t>(values.size())});
    std::transform(values.begin(), values.end(), x.begin(), from_double<T>);
    return to_space<TypeParam>(x);
  };
  const double inf = std::numeric_limits<double>::infinity();
  const double nan = std::nan("");
  EXPECT_TRUE(allclose(of({100}), of({101}), 0.01, 0));  // |a - b| <= rtol |b|
  EXPECT_FALSE(allclose(of({100}), of({102}), 0.01, 0));
  EXPECT_FALSE(allclose(of({104}), of({100}), 0.03125, 0));
  EXPECT_TRUE(allclose(of({100}), of({104}), 0.0390625, 0));
  EXPECT_TRUE(allclose(of({0}), of({0.5}), 0, 0.5));
  EXPECT_FALSE(allclose(of({0}), of({0.5}), 0, 0.25));
  EXPECT_TRUE(allclose(of({inf, -inf}), of({inf, -inf})));
  EXPECT_FALSE(allclose(of({inf}), of({-inf})));
  EXPECT_FALSE(allclose(of({1}), of({inf})));
  EXPECT_FALSE(allclose(of({inf}), of({1})));
  EXPECT_FALSE(allclose(of({nan}), of({nan})));
  EXPECT_TRUE(allclose(of({nan, 1}), of({nan, 1}), 0, 0, true));
  EXPECT_FALSE(allclose(of({nan, 1}), of({1, nan}), 0, 0, true));
  EXPECT_FALSE(array_equal(of({nan}), of({nan})));
  EXPECT_TRUE(allclose(of({1, 1, 1}), of({1})));
}

}  // namespace
}  // namespace numfuse::tests
