// dot, outer and matmul of every dtype against the reference.
#include "support/check.hpp"

namespace numfuse::tests {
namespace {

template <class Case>
class Linalg : public typed_test<Case> {};
TYPED_TEST_SUITE(Linalg, all_cases, case_names);

constexpr auto product = [](const auto& a, const auto& b) { return dot(a, b); };
constexpr auto matrix_product = [](const auto& a, const auto& b) { return matmul(a, b); };
constexpr auto reference_dot = [](const auto& a, const auto& b) { return reference::dot(a, b); };
constexpr auto reference_matmul = [](const auto& a, const auto& b) {
  return reference::matmul(a, b);
};

/// Measured against the product of |a| and |b|.
template <class Case, class F, class R, any_dtype T>
bool check_product(const char* name, F f, R r, const host_tensor<T>& a, const host_tensor<T>& b,
                   std::uint64_t seed) {
  const auto wide_a = for_reference(a);
  const auto wide_b = for_reference(b);
  const auto result = back<Case>(f(to_space<Case>(a), to_space<Case>(b)));
  static_assert(std::same_as<element_t<decltype(result)>, T>);
  return expect_close(result, r(wide_a, wide_b), r(reference::abs(wide_a), reference::abs(wide_b)),
                      row_dot.allowed,
                      {name, to_string(a.shape()) + " and " + to_string(b.shape()), seed,
                       a.rank() == 0 ? 1 : a.shape().back()});
}

template <class Case, class F, class R>
bool check_shapes(const char* name, F f, R r, const shape& a, const shape& b) {
  using T = typename Case::dtype;
  const std::uint64_t seed = next_seed();
  return check_product<Case>(name, f, r, random_input<T>(a, row_dot.inputs, seed),
                             random_input<T>(b, row_dot.inputs, seed + 1), seed);
}

TYPED_TEST(Linalg, DotOfVectors) {
  for (std::int64_t n : edge_sizes) {
    check_shapes<TypeParam>("dot", product, reference_dot, {n}, {n});
    check_shapes<TypeParam>("matmul", matrix_product, reference_matmul, {n}, {n});
  }
}

TYPED_TEST(Linalg, DotOfMatrices) {
  const auto check = [](const shape& a, const shape& b) {
    return check_shapes<TypeParam>("dot", product, reference_dot, a, b);
  };
  for (std::int64_t n : edge_sizes) {
    check({n, 3}, {3, 2});
    check({2, n}, {n, 3});
    check({3, 2}, {2, n});
    check({3, n}, {n});
    check({n}, {n, 3});
    check({n, 3}, {3});
  }
  check({33, 129}, {129, 65});
  check({129, 17}, {17, 129});
  check({}, {3, 4});
  check({5}, {});
}

TYPED_TEST(Linalg, MatmulOfBatches) {
  const auto check = [](const shape& a, const shape& b) {
    return check_shapes<TypeParam>("matmul", matrix_product, reference_matmul, a, b);
  };
  check({4, 5, 6}, {4, 6, 3});
  check({4, 5, 6}, {6, 3});
  check({5, 6}, {4, 6, 3});
  check({4, 1, 5, 6}, {3, 6, 2});
  check({2, 1, 5, 6}, {1, 3, 6, 2});
  check({4, 5, 6}, {6});
  check({6}, {4, 6, 3});
  check({1, 5, 6}, {7, 6, 1});
  check({17, 1, 33}, {17, 33, 1});
  check({0, 5, 6}, {6, 3});
  check({3, 5, 0}, {3, 0, 2});
  check({3, 0, 4}, {4, 2});
  check({2, 1, 2, 1, 1, 3, 4, 5}, {3, 1, 2, 1, 1, 5, 2});
  check({129, 2, 3}, {129, 3, 2});
}

// Operands as they come: transposed, with gaps, backwards in their axes, repeated.
TYPED_TEST(Linalg, ViewsAsOperands) {
  using T = typename TypeParam::dtype;
  const std::uint64_t seed = next_seed();
  const auto a = random_input<T>({17, 33}, row_dot.inputs, seed);
  const auto b = random_input<T>({17, 33}, row_dot.inputs, seed + 1);
  const auto at_a = to_space<TypeParam>(a);
  const auto at_b = to_space<TypeParam>(b);
  const auto check = [&](const char* name, const auto& view_a, const auto& view_b) {
    const auto dense_a = for_reference(back<TypeParam>(copy(view_a)));
    const auto dense_b = for_reference(back<TypeParam>(copy(view_b)));
    expect_close(back<TypeParam>(matmul(view_a, view_b)), reference::matmul(dense_a, dense_b),
                 reference::matmul(reference::abs(dense_a), reference::abs(dense_b)),
                 row_dot.allowed, {name, to_string(view_a.shape()), seed, view_a.shape().back()});
    if (view_a.rank() > 2 || view_b.rank() > 2) return;
    expect_close(back<TypeParam>(dot(view_a, view_b)), reference::dot(dense_a, dense_b),
                 reference::dot(reference::abs(dense_a), reference::abs(dense_b)), row_dot.allowed,
                 {name, to_string(view_a.shape()), seed, view_a.shape().back()});
  };
  const slice odd{1, slice::end, 2};
  check("a bT", at_a, at_b.transpose());
  check("aT b", at_a.transpose(), at_b);
  check("aT b with gaps", at_a(slice{}, slice{3, 20}).transpose(), at_b(slice{}, slice{1, 9}));
  check("every other column", at_a(slice{}, odd), at_b(slice{}, odd).transpose());
  check("every other row", at_a(odd), at_b(odd).transpose());
  check("columns", at_a(slice{}, 3), at_b(slice{}, 30));
  const tensor_view<const T, typename TypeParam::space> backwards(at_a.data() + at_a.size() - 1,
                                                                  shape{at_a.size()}, strides{-1});
  check("a vector backwards", backwards, at_b.reshape({-1}));
  check("two of them", backwards, backwards);
  check("a column and a matrix", at_a(slice{}, 3), at_b);
  check("one column of a matrix", at_a(slice{}, slice{5, 6}).transpose(),
        at_b(slice{}, slice{8, 9}));
  check("every other number", at_a(2, odd), at_b(7, odd));
  check("one number repeated", at_a(slice{0, 1}, slice{0, 1}).broadcast_to({4, 17}), at_b);
  check("one matrix repeated", at_a.broadcast_to({3, 17, 33}), at_b.transpose());
  check("one row repeated", at_a(0).broadcast_to({5, 33}), at_b.transpose());
}

TYPED_TEST(Linalg, Outer) {
  const auto check = [](const shape& a, const shape& b) {
    return check_shapes<TypeParam>(
        "outer", [](const auto& x, const auto& y) { return outer(x, y); },
        [](const auto& x, const auto& y) { return reference::outer(x, y); }, a, b);
  };
  for (std::int64_t n : edge_sizes) {
    check({n}, {3});
    check({2}, {n});
  }
  check({129}, {129});
  check({3, 4}, {5});
  check({}, {7});
}

// Whole numbers wrap around as in the dtype itself.
template <class Case>
class LinalgOverflow : public typed_test<Case> {};
TYPED_TEST_SUITE(LinalgOverflow, integer_cases, case_names);

TYPED_TEST(LinalgOverflow, WrapsAround) {
  using T = typename TypeParam::dtype;
  const domain all_numbers{-1e30, 1e30};
  for (std::int64_t n : {1, 2, 33, 1025}) {
    const std::uint64_t seed = next_seed();
    const auto a = random_input<T>({3, n}, all_numbers, seed);
    const auto b = random_input<T>({n, 2}, all_numbers, seed + 1);
    check_product<TypeParam>("dot", product, reference_dot, a, b, seed);
    check_product<TypeParam>("matmul", matrix_product, reference_matmul, a, b, seed);
  }
}

// 1 + 2^-12 is a float32, and 1 in TF32.
TEST(LinalgDevice, RoundsToTf32OnlyWhereThatIsAllowed) {
  EXPECT_FALSE(tf32_allowed());
  if (!device_available()) GTEST_SKIP() << device_description();
  const float x = 1 + 0x1p-12f;
  const auto a = full<float, device>({256, 256}, x);
  const auto exact = full<float>({256, 256}, 256 * x * x);
  EXPECT_TRUE(allclose(matmul(a, a).to<host>(), exact, 1e-6));
  allow_tf32(true);
  EXPECT_TRUE(allclose(matmul(a, a).to<host>(), exact, 0x1p-9));
  allow_tf32(false);
  EXPECT_TRUE(allclose(matmul(a, a).to<host>(), exact, 1e-6));
}

// The recipe, from the notebook: np.dot(x1, x2)
TEST(LinalgHost, OfTheNotebook) {
  const host_tensor<double> x1{9, 2, 5, 0, 0, 7, 5, 0, 0, 0, 9, 2, 5, 0, 0};
  const host_tensor<double> x2{9, 2, 2, 9, 0, 9, 2, 5, 0, 0, 9, 2, 5, 0, 0};
  EXPECT_EQ(dot(x1, x2).item(), 278);
  EXPECT_EQ(reference::dot(x1, x2).item(), 278);
  const auto products = outer(x1, x2);
  EXPECT_EQ(*products(0, 3).data(), 81);
  EXPECT_EQ(*products(14, 0).data(), 0);
}

}  // namespace
}  // namespace numfuse::tests
