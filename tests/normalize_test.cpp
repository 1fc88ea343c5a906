// normalize_rows and image2vector against the reference.
#include <cmath>
#include <limits>

#include "support/check.hpp"

namespace numfuse::tests {
namespace {

template <class Case>
class Normalize : public typed_test<Case> {};
TYPED_TEST_SUITE(Normalize, floating_cases, case_names);

TYPED_TEST(Normalize, AgreesInEveryLayout) {
  for_each_row<family::normalize>(
      [](const auto& row) { check_vectors<TypeParam>(row, edge_layouts()); });
}

TYPED_TEST(Normalize, AgreesOnSpecialValues) {
  using T = typename TypeParam::dtype;
  for_each_row<family::normalize>([](auto row) {
    row.inputs.subnormals = sizeof(T) < 8;  // their squares leave float64, as in NumPy
    for (double share : {0.002, 0.05, 0.6}) check_vectors<TypeParam>(row, short_layouts(), share);
  });
}

// A row of zeros has no direction; squares of large and small numbers leave the dtype, not double.
TYPED_TEST(Normalize, AgreesOnExtremeRows) {
  using T = typename TypeParam::dtype;
  const double large = sizeof(T) == 8 ? 1e150 : std::ldexp(1.0, format_of<T>().max_exponent - 1);
  const double small = sizeof(T) == 8                ? 1e-150
                       : format_of<T>().digits == 11 ? 8 * format_of<T>().smallest()
                                                     : 1e-30;
  const double inf = std::numeric_limits<double>::infinity();
  host_tensor<T> x(shape{6, 3});
  const double rows[6][3] = {{0, 0, 0},    {large, large, -large}, {small, 2 * small, 0},
                             {inf, 1, -1}, {std::nan(""), 1, 2},   {large, small, 0}};
  for (int i = 0; i < 18; ++i) x.data()[i] = from_double<T>(rows[i / 3][i % 3]);
  check_vector<TypeParam>(row_normalize_rows, x, 1, 0);
  check_vector<TypeParam>(row_normalize_rows, host_tensor<T>(x.transpose()), 0, 0);
}

// The recipe, from the notebook: x / np.linalg.norm(x, ord=2, axis=1, keepdims=True)
TYPED_TEST(Normalize, OfTheNotebook) {
  using T = typename TypeParam::dtype;
  const auto x = to_space<TypeParam>(host_tensor<T>{{0, 3, 4}, {1, 6, 4}});
  const reference::array expected{{0, 0.6, 0.8}, {0.13736056, 0.82416338, 0.54944226}};
  const double rtol = std::max(5e-8, format_of<T>().spacing(1.0));
  EXPECT_TRUE(allclose(astype<double>(back<TypeParam>(normalize_rows(x))), expected, rtol, 0));
}

template <class Case>
class ImageToVector : public typed_test<Case> {};
TYPED_TEST_SUITE(ImageToVector, all_cases, case_names);

TYPED_TEST(ImageToVector, IsAColumnInCOrder) {
  using T = typename TypeParam::dtype;
  for (const shape& s : {shape{3, 3, 2}, shape{17, 33, 3}, shape{5}, shape{}, shape{0, 3}}) {
    const auto x = random_input<T>(s, {-100, 100}, next_seed());
    const auto result = back<TypeParam>(image2vector(to_space<TypeParam>(x)));
    const auto expected = reference::image2vector(for_reference(x));
    expect_close(result, expected, expected, exact, {"image2vector", "shape " + to_string(s)});
  }
  const auto x = random_input<T>({4, 5, 3}, {-100, 100}, next_seed());
  const auto at = to_space<TypeParam>(x);
  const auto of_view = back<TypeParam>(image2vector(at.transpose()));
  const auto expected = reference::image2vector(for_reference(host_tensor<T>(x.transpose())));
  expect_close(of_view, expected, expected, exact, {"image2vector", "of a transposed view"});
}

}  // namespace
}  // namespace numfuse::tests
