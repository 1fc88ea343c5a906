// l1_loss and l2_loss against the reference.
#include "support/check.hpp"

namespace numfuse::tests {
namespace {

template <class Case>
class Losses : public typed_test<Case> {};
TYPED_TEST_SUITE(Losses, floating_cases, case_names);

template <class Case, class Row, any_dtype T>
bool check_loss(const Row& row, const host_tensor<T>& yhat, const host_tensor<T>& y,
                std::uint64_t seed) {
  const auto result = back<Case>(row.function(to_space<Case>(yhat), to_space<Case>(y)));
  return expect_close(result, row.reference(yhat, y), row.allowed,
                      {row.name, to_string(yhat.shape()) + " and " + to_string(y.shape()), seed,
                       std::max(yhat.size(), y.size())});
}

TYPED_TEST(Losses, AgreeAtEverySize) {
  using T = typename TypeParam::dtype;
  for_each_row<family::losses>([](const auto& row) {
    for (const shape& s : edge_shapes()) {
      const std::uint64_t seed = next_seed();
      const auto yhat = random_input<T>(s, row.inputs, seed);
      const auto y = random_input<T>(s, row.inputs, seed + 1);
      if (!check_loss<TypeParam>(row, yhat, y, seed)) return;
    }
  });
}

TYPED_TEST(Losses, Broadcast) {
  using T = typename TypeParam::dtype;
  const std::pair<shape, shape> pairs[] = {
      {{17, 33}, {33}}, {{17, 1}, {17, 33}}, {{}, {129}}, {{5, 1, 7}, {3, 1}}};
  for_each_row<family::losses>([&](const auto& row) {
    for (const auto& [a, b] : pairs) {
      const std::uint64_t seed = next_seed();
      const auto yhat = random_input<T>(a, row.inputs, seed);
      const auto y = random_input<T>(b, row.inputs, seed + 1);
      if (!check_loss<TypeParam>(row, yhat, y, seed)) return;
    }
  });
}

TYPED_TEST(Losses, AgreeOnSpecialValues) {
  using T = typename TypeParam::dtype;
  for_each_row<family::losses>([](const auto& row) {
    const std::vector<T> values = special_values<T>();
    for (T a : values) {
      for (T b : values) {
        if (!check_loss<TypeParam>(row, host_tensor<T>(shape{1}, &a, &a + 1),
                                   host_tensor<T>(shape{1}, &b, &b + 1), 0)) {
          return;
        }
      }
    }
  });
}

// The recipe, from the notebook: np.sum(np.abs(y - yhat)); np.dot(y - yhat, y - yhat)
TYPED_TEST(Losses, OfTheNotebook) {
  using T = typename TypeParam::dtype;
  const auto vector_of = [](auto... x) {
    return to_space<TypeParam>(host_tensor<T>{from_double<T>(x)...});
  };
  const auto yhat = vector_of(.9, .2, .1, .4, .9);
  const auto y = vector_of(1, 0, 0, 1, 1);
  const double near = 4 * std::max(6e-8, format_of<T>().spacing(1.0));
  EXPECT_NEAR(to_double(l1_loss(yhat, y).item()), 1.1, near);
  EXPECT_NEAR(to_double(l2_loss(yhat, y).item()), 0.43, near);
  EXPECT_EQ(l1_loss(yhat, y).shape(), shape{});
}

}  // namespace
}  // namespace numfuse::tests
