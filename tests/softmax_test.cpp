// softmax and log_softmax against the reference.
#include <cmath>
#include <limits>

#include "support/check.hpp"

namespace numfuse::tests {
namespace {

constexpr double inf = std::numeric_limits<double>::infinity();

template <class Case>
class Softmax : public typed_test<Case> {};
TYPED_TEST_SUITE(Softmax, floating_cases, case_names);

TYPED_TEST(Softmax, AgreesInEveryLayout) {
  for_each_row<family::softmax>(
      [](const auto& row) { check_vectors<TypeParam>(row, edge_layouts()); });
}

TYPED_TEST(Softmax, AgreesOnSpecialValues) {
  for_each_row<family::softmax>([](const auto& row) {
    for (double share : {0.002, 0.05, 0.6}) check_vectors<TypeParam>(row, short_layouts(), share);
  });
}

// Rows in which a careless softmax overflows, divides by zero or loses a NaN.
TYPED_TEST(Softmax, AgreesOnExtremeRows) {
  using T = typename TypeParam::dtype;
  const double large = format_of<T>().largest();
  const double nan = std::nan("");
  host_tensor<T> x(shape{9, 4});
  const double rows[9][4] = {{1000, 1001, 1002, 1003},
                             {-1000, -1001, -1002, -1003},
                             {large, -large, 0, large},
                             {-inf, -inf, -inf, -inf},
                             {-inf, 0, -inf, 1},
                             {inf, 0, 1, 2},
                             {inf, inf, -inf, 0},
                             {nan, 0, 1, 2},
                             {0, 0, 0, 0}};
  for (int i = 0; i < 36; ++i) x.data()[i] = from_double<T>(rows[i / 4][i % 4]);
  for_each_row<family::softmax>([&](const auto& row) {
    check_vector<TypeParam>(row, x, 1, 0);
    check_vector<TypeParam>(row, host_tensor<T>(x.transpose()), 0, 0);
  });
}

TYPED_TEST(Softmax, OfTheWholeTensor) {
  using T = typename TypeParam::dtype;
  const auto x = random_input<T>({7, 5, 9}, {-5, 5}, 1);
  const auto at = to_space<TypeParam>(x);
  const auto flat = softmax(to_space<TypeParam>(host_tensor<T>(x).reshape({-1})));
  EXPECT_TRUE(array_equal(softmax(at, all), flat.reshape({7, 5, 9})));
}

// The recipe, from the notebook: x_exp / np.sum(x_exp, axis=1, keepdims=True)
TYPED_TEST(Softmax, OfTheNotebook) {
  using T = typename TypeParam::dtype;
  const auto x = to_space<TypeParam>(host_tensor<T>{{9, 2, 5, 0, 0}, {7, 5, 0, 0, 0}});
  const reference::array expected{
      {9.80897665e-01, 8.94462891e-04, 1.79657674e-02, 1.21052389e-04, 1.21052389e-04},
      {8.78679856e-01, 1.18916387e-01, 8.01252314e-04, 8.01252314e-04, 8.01252314e-04}};
  const double rtol = std::max(1e-8, format_of<T>().spacing(2.0));
  EXPECT_TRUE(allclose(astype<double>(back<TypeParam>(softmax(x))), expected, rtol, 0));
  EXPECT_TRUE(allclose(reference::softmax(astype<double>(back<TypeParam>(x))), expected, 1e-8, 0));
}

}  // namespace
}  // namespace numfuse::tests
