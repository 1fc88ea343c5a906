// Every reduction of floating dtypes against the reference.
#include <cmath>
#include <limits>

#include "support/check.hpp"

namespace numfuse::tests {
namespace {

template <class Case>
class Reductions : public typed_test<Case> {};
TYPED_TEST_SUITE(Reductions, floating_cases, case_names);

TYPED_TEST(Reductions, AgreeInEveryLayout) { check_reductions<TypeParam>(edge_layouts()); }

TYPED_TEST(Reductions, AgreeOnSpecialValues) {
  for (double share : {0.002, 0.05, 0.6}) check_reductions<TypeParam>(short_layouts(), share);
}

// What a reduction starts from never shows.
TYPED_TEST(Reductions, OfInfinitiesAlone) {
  using T = typename TypeParam::dtype;
  const double inf = std::numeric_limits<double>::infinity();
  for (double value : {inf, -inf}) {
    for (const layout_case& c : short_layouts()) {
      host_tensor<T> x(c.sizes);
      std::fill(x.begin(), x.end(), from_double<T>(value));
      for_each_row<family::reductions>(
          [&](const auto& row) { check_reduction<TypeParam>(row, x, c.axis, false, 0); });
    }
  }
}

TYPED_TEST(Reductions, ReachEveryPosition) {
  using T = typename TypeParam::dtype;
  check_reductions_at_every_position<TypeParam>(
      {from_double<T>(3), from_double<T>(-3), from_double<T>(0), from_double<T>(std::nan(""))});
}

// The second pass of var is what keeps the digits of numbers far from zero.
TYPED_TEST(Reductions, VarianceOfNumbersFarFromZero) {
  using T = typename TypeParam::dtype;
  const double far = 100 / std::sqrt(format_of<T>().spacing(1.0));
  for (std::int64_t n : {2, 17, 1025, 100003}) {
    const std::uint64_t seed = next_seed();
    const auto x = random_input<T>({n}, {far, far + far / 50}, seed);
    check_reduction<TypeParam>(row_var, x, 0, false, seed);
    check_reduction<TypeParam>(row_std, x, 0, false, seed);
  }
}

TYPED_TEST(Reductions, DegreesOfFreedom) {
  using T = typename TypeParam::dtype;
  for (double ddof : {0.0, 1.0, 2.0, 2.5, 16.0, 17.0, 18.0}) {
    const auto x = random_input<T>({5, 17}, {-4, 4}, next_seed());
    const auto at = to_space<TypeParam>(x);
    const trial tried{"var, ddof " + std::to_string(ddof), "(5, 17), axis 1", 0, 17};
    const auto wide = for_reference(x);
    expect_close(back<TypeParam>(var(at, 1, false, ddof)), reference::var(wide, 1, false, ddof),
                 row_var.allowed, tried);
    expect_close(back<TypeParam>(numfuse::std(at, 1, true, ddof)),
                 reference::std(wide, 1, true, ddof), row_std.allowed, tried);
    expect_close(back<TypeParam>(var(at, all, keepdims, ddof)),
                 reference::var(wide, reference::whole, true, ddof), row_var.allowed, tried);
  }
}

// What fits the result may not overflow on the way there.
TYPED_TEST(Reductions, StayFinite) {
  using T = typename TypeParam::dtype;
  const auto close = [](const auto& result, double expected) {
    expect_close(back<TypeParam>(result), reference::array(shape{}, &expected, &expected + 1),
                 {2, "one rounding and a logarithm"}, {"logsumexp, mean or norm", "large numbers"});
  };
  const auto whole = [](double value, std::int64_t n) {
    return full<T, typename TypeParam::space>({n}, from_double<T>(value));
  };
  close(logsumexp(whole(1000, 2)), 1000 + std::log(2.0));
  close(logsumexp(whole(-1000, 2)), -1000 + std::log(2.0));
  if (sizeof(T) < 8) {  // which compute in something wider
    const double large = std::ldexp(1.0, format_of<T>().max_exponent);
    close(norm(whole(large / 2, 4)), large);
    close(norm(whole(large / 2, 8), 3.0), large);
    for (std::int64_t n : {100, 3000}) close(mean(whole(large, n)), large);
  }
  if (sizeof(T) == 2) close(mean(whole(8192, 100003)), 8192);
}

TYPED_TEST(Reductions, AddManySmallNumbersWithoutLoss) {
  using T = typename TypeParam::dtype;
  // No memory: one number, repeated. In float alone the sum would stop at 2^24.
  const std::int64_t n = (std::int64_t{1} << 25) + 2;
  const auto one = to_space<TypeParam>(host_tensor<T>{from_double<T>(1)});
  const double expected = static_cast<double>(n);
  expect_close(back<TypeParam>(sum(one.broadcast_to({n}))),
               reference::array(shape{}, &expected, &expected + 1), {0.5, "exact but for the end"},
               {"sum", "2^25 + 2 ones"});
}

// Where all numbers are the same all roundings go the same way.
TYPED_TEST(Reductions, AddEqualNumbersWithoutLoss) {
  using T = typename TypeParam::dtype;
  const auto check = [](const shape& s, int axis) {
    const auto x = full<T>(s, from_double<T>(0.1));
    check_reduction<TypeParam>(row_sum, x, axis, false, 0);
    check_reduction<TypeParam>(row_mean, x, axis, false, 0);
  };
  for (std::int64_t n : {63, 200, 8192}) {
    check({n}, 0);
    check({n, 8}, 0);
    check({20, n}, 1);
  }
  check({60, 300}, 0);
  check({2100, 300}, 0);
}

// The recipe: np.sum([[1, 2, 3], [4, 5, 6]], axis, keepdims=...)
TYPED_TEST(Reductions, ShapesAsInNumPy) {
  using T = typename TypeParam::dtype;
  const auto x = to_space<TypeParam>(random_input<T>({2, 3, 4}, {}, 1));
  EXPECT_EQ(sum(x).shape(), shape{});
  EXPECT_EQ(sum(x, 0).shape(), (shape{3, 4}));
  EXPECT_EQ(sum(x, 1, keepdims).shape(), (shape{2, 1, 4}));
  EXPECT_EQ(sum(x, -1).shape(), (shape{2, 3}));
  EXPECT_EQ(sum(x, all).shape(), shape{});
  EXPECT_EQ(sum(x, all, keepdims).shape(), (shape{1, 1, 1}));
  EXPECT_EQ(max(x, 2, false).shape(), (shape{2, 3}));
  EXPECT_EQ(argmax(x, 2, true).shape(), (shape{2, 3, 1}));
  static_assert(std::same_as<element_t<decltype(sum(x))>, T>);
  static_assert(std::same_as<element_t<decltype(mean(x))>, T>);
  static_assert(std::same_as<element_t<decltype(var(x))>, T>);
  static_assert(std::same_as<element_t<decltype(argmax(x))>, std::int64_t>);
  static_assert(std::same_as<element_t<decltype(any(x))>, bool>);
}

}  // namespace
}  // namespace numfuse::tests
