// Vector norms of every order against the reference.
#include <cmath>
#include <limits>

#include "support/check.hpp"

namespace numfuse::tests {
namespace {

constexpr double inf = std::numeric_limits<double>::infinity();

template <class Case>
class Norms : public typed_test<Case> {};
TYPED_TEST_SUITE(Norms, floating_cases, case_names);

const tolerance& allowed_for(double order) {
  return order == 2 ? row_norm.allowed : row_norm_of_order.allowed;
}

template <class Case, any_dtype T>
bool check_norm(const host_tensor<T>& x, double order, std::optional<int> axis, bool keep,
                std::uint64_t seed) {
  const auto result = back<Case>(norm(to_space<Case>(x), order, selected(axis), keep));
  const bool is_exact = std::isinf(order) || order == 0;
  return expect_close(
      result, reference::norm(widened<double>(x), order, axis, keep),
      is_exact && sizeof(T) > 2 ? exact : allowed_for(order),
      {"norm of order " + std::to_string(order), to_string(layout_case{x.shape(), axis}), seed,
       length_of({x.shape(), axis})});
}

constexpr double orders[] = {2, 1, 0, inf, -inf, 3, 0.5, -1, -2.5};

TYPED_TEST(Norms, AgreeInEveryLayout) {
  using T = typename TypeParam::dtype;
  bool keep = false;
  for (double order : orders) {
    for (const layout_case& c : edge_layouts()) {
      if (!c.axis && c.sizes.rank() > 1) continue;              // a norm of matrices
      if (std::isinf(order) && has_empty_vectors(c)) continue;  // of no value
      // The reference's powers are slow: three orders at the largest size.
      if (c.sizes.size() > 50000 && order != 2 && order != 1 && order != 3) continue;
      const std::uint64_t seed = next_seed();
      keep = !keep;
      const auto x = random_input<T>(c.sizes, row_norm.inputs, seed);
      if (!check_norm<TypeParam>(x, order, c.axis, keep, seed)) break;
    }
  }
}

TYPED_TEST(Norms, AgreeOnSpecialValues) {
  using T = typename TypeParam::dtype;
  for (double share : {0.002, 0.05, 0.6}) {
    for (double order : orders) {
      for (const layout_case& c : short_layouts()) {
        if (!c.axis) continue;
        const std::uint64_t seed = next_seed();
        // The powers of subnormals leave float64, as in NumPy.
        const domain d{-4, 4, share, sizeof(T) < 8};
        const auto x = random_input<T>(c.sizes, d, seed);
        if (!check_norm<TypeParam>(x, order, c.axis, true, seed)) break;
      }
    }
  }
}

TYPED_TEST(Norms, OfTheWholeTensor) {
  using T = typename TypeParam::dtype;
  for (const shape& s : {shape{1025}, shape{17, 33}, shape{3, 5, 129}, shape{0}, shape{0, 3}}) {
    const std::uint64_t seed = next_seed();
    const auto x = random_input<T>(s, {-4, 4}, seed);
    const auto at = to_space<TypeParam>(x);
    const auto expected = reference::norm_fro(widened<double>(x));
    const trial tried{"norm", "shape " + to_string(s), seed, s.size()};
    expect_close(back<TypeParam>(norm(at)), expected, row_norm.allowed, tried);
    expect_close(back<TypeParam>(norm(at, fro)), expected, row_norm.allowed, tried);
  }
}

// Squares leave a float's range long before a norm does, and lose digits before they leave it;
// those of equal numbers all round alike.
TYPED_TEST(Norms, OfLargeAndSmallNumbers) {
  using T = typename TypeParam::dtype;
  const int largest = format_of<T>().max_exponent;
  for (int exponent : {-110, -75, -63, -50, -40, -10, 10, 62, 110}) {
    if (std::abs(exponent) >= largest - 4) continue;
    const double scale = std::ldexp(1.0, exponent);
    for (const shape& s : {shape{1500}, shape{20, 100}, shape{3, 4000}, shape{100, 20}}) {
      const std::uint64_t seed = next_seed();
      const int axis = s.rank() - 1;
      check_norm<TypeParam>(random_input<T>(s, {-scale, scale}, seed), 2, axis, false, seed);
      for (double x : {1.1, 1.4, 1.9}) {
        check_norm<TypeParam>(full<T>(s, from_double<T>(x * scale)), 2, axis, false, 0);
      }
    }
  }
}

// The recipe: np.linalg.norm([3, -4, 0], p)
TYPED_TEST(Norms, OfASmallVector) {
  using T = typename TypeParam::dtype;
  const auto x = to_space<TypeParam>(host_tensor<T>{3, -4, 0});
  const auto value = [&](double order) { return to_double(norm(x, order).item()); };
  EXPECT_EQ(value(2), 5);
  EXPECT_EQ(value(1), 7);
  EXPECT_EQ(value(0), 2);
  EXPECT_EQ(value(inf), 4);
  EXPECT_EQ(value(-inf), 0);
  EXPECT_EQ(value(-1), 0);
  EXPECT_NEAR(value(3), std::cbrt(91.0), std::cbrt(91.0) * format_of<T>().spacing(1.0));
}

}  // namespace
}  // namespace numfuse::tests
