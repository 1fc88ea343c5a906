// Dtypes: what operands of two dtypes give, plain numbers as operands, where.
#include <cmath>
#include <tuple>

#include "support/check.hpp"

namespace numfuse::tests {
namespace {

template <class Case>
class Promotion : public typed_test<Case> {};
TYPED_TEST_SUITE(Promotion, all_cases, case_names);

TYPED_TEST(Promotion, AddsInTheCommonDtype) {
  using A = typename TypeParam::dtype;
  const auto x = random_input<A>({33}, {0, 100}, next_seed());
  const auto at_x = to_space<TypeParam>(x);
  for_each_dtype([&]<class B>() {
    const auto y = random_input<B>({33}, {0, 100}, next_seed());
    const auto result = back<TypeParam>(at_x + to_space<TypeParam>(y));
    using T = promote_t<A, B>;
    static_assert(std::same_as<element_t<decltype(result)>, T>);
    const trial tried{std::string("add ") + name_of(dtype_of<B>), "(33,)"};
    const auto expected = reference::add(widened<double>(x), widened<double>(y));
    if constexpr (std::same_as<T, bool>) {
      expect_equal(result, reference::to_bool(expected), tried);
    } else if constexpr (integral_dtype<T>) {
      expect_equal(result, reference::to_int(expected), tried);
    } else {
      // Each operand may be rounded to the common dtype before.
      expect_close(result, expected, {2, "operands and sum rounded"}, tried);
    }
  });
}

// NumPy 2: a number takes on the dtype of the tensor, and changes only its kind.
TYPED_TEST(Promotion, NumbersAreWeak) {
  using T = typename TypeParam::dtype;
  const auto x = random_input<T>({17, 3}, {0, 100}, next_seed());
  const auto at = to_space<TypeParam>(x);
  static_assert(std::same_as<element_t<decltype(at + 0.5)>, floating_t<T>>);
  static_assert(std::same_as<element_t<decltype(2 * at)>,
                             std::conditional_t<std::same_as<T, bool>, std::int64_t, T>>);
  const trial tried{"a number", "(17, 3)"};
  const auto real = widened<double>(x);
  const auto number = [](double v) { return reference::array(shape{}, &v, &v + 1); };
  const auto near = [&](const auto& result, const reference::array& expected) {
    using R = element_t<decltype(result)>;
    const auto here = back<TypeParam>(result);
    if constexpr (integral_dtype<R>) {
      expect_equal(here, reference::to_int(expected), tried);
    } else {
      expect_close(here, expected, {4, "the number and the result rounded"}, tried);
    }
  };
  near(at + 1, reference::add(real, number(1)));
  near(at + 0.5, reference::add(real, number(0.5)));
  near(0.5 - at, reference::subtract(number(0.5), real));
  near(3 * at, reference::multiply(number(3), real));
  near(at / 4, reference::divide(real, number(4)));
  near(1 / at, reference::divide(number(1), real));
  near(maximum(at, 50), reference::maximum(real, number(50)));
  near(minimum(50, at), reference::minimum(number(50), real));
  near(pow(astype<double>(at), 2), reference::square(real));
  near(clip(at, 20, 60), reference::clip(real, number(20), number(60)));
  expect_equal(back<TypeParam>(at > 50), reference::greater(real, number(50)), tried);
  expect_equal(back<TypeParam>(50 <= at), reference::less_equal(number(50), real), tried);
}

TYPED_TEST(Promotion, OperatorsAreTheFunctions) {
  using T = typename TypeParam::dtype;
  const auto a = to_space<TypeParam>(random_input<T>({5, 17}, {1, 9}, next_seed()));
  const auto b = to_space<TypeParam>(random_input<T>({17}, {1, 9}, next_seed()));
  EXPECT_TRUE(array_equal(a + b, add(a, b)));
  EXPECT_TRUE(array_equal(a * b, multiply(a, b)));
  EXPECT_TRUE(array_equal(a / b, divide(a, b)));
  if constexpr (!std::same_as<T, bool>) {
    EXPECT_TRUE(array_equal(a - b, subtract(a, b)));
    EXPECT_TRUE(array_equal(-a, negative(a)));
  }
}

TYPED_TEST(Promotion, Where) {
  using T = typename TypeParam::dtype;
  const auto condition = random_input<bool>({17, 33}, {0, 1}, next_seed());
  const auto x = random_input<T>({33}, {0, 100}, next_seed());
  const auto y = random_input<T>({17, 1}, {0, 100}, next_seed());
  const auto at = to_space<TypeParam>(condition);
  const auto at_x = to_space<TypeParam>(x);
  const auto at_y = to_space<TypeParam>(y);
  const auto wide_x = for_reference(x);
  const auto wide_y = for_reference(y);
  const trial tried{"where", "(17, 33)"};
  const auto check = [&](const auto& result, const auto& expected) {
    static_assert(std::same_as<element_t<decltype(result)>, T>);
    expect_close(back<TypeParam>(result), expected, expected, exact, tried);
  };
  const auto zero = for_reference(zeros<T>({1}));
  check(where(at, at_x, at_y), reference::where(condition, wide_x, wide_y));
  check(where(at, at_y, at_x), reference::where(condition, wide_y, wide_x));
  if constexpr (!std::same_as<T, bool>) {
    check(where(at, at_x, 0), reference::where(condition, wide_x, zero));
    check(where(at, 0, at_x), reference::where(condition, zero, wide_x));
  }
  static_assert(std::same_as<element_t<decltype(where(at, 1.0, 0))>, double>);
  static_assert(std::same_as<element_t<decltype(where(at, 1, 0))>, std::int64_t>);
}

// The table of NumPy's promotion: np.result_type(a, b)
TEST(PromotionTable, AsInNumPy) {
  static_assert(std::same_as<promote_t<float, double>, double>);
  static_assert(std::same_as<promote_t<float, std::int32_t>, double>);
  static_assert(std::same_as<promote_t<float, std::int64_t>, double>);
  static_assert(std::same_as<promote_t<float, std::uint8_t>, float>);
  static_assert(std::same_as<promote_t<float, bool>, float>);
  static_assert(std::same_as<promote_t<std::int32_t, std::int64_t>, std::int64_t>);
  static_assert(std::same_as<promote_t<std::int32_t, std::uint8_t>, std::int32_t>);
  static_assert(std::same_as<promote_t<std::uint8_t, bool>, std::uint8_t>);
  static_assert(std::same_as<promote_t<bool, bool>, bool>);
#if NUMFUSE_HAS_CUDA
  static_assert(std::same_as<promote_t<half, float>, float>);
  static_assert(std::same_as<promote_t<half, std::uint8_t>, half>);
  static_assert(std::same_as<promote_t<half, bfloat16>, float>);
  static_assert(std::same_as<promote_t<half, std::int32_t>, double>);
#endif
}

TEST(PromotionTable, IntegersBecomeFloat64) {
  const host_tensor<std::int32_t> x{1, 2, 3};
  static_assert(std::same_as<element_t<decltype(exp(x))>, double>);
  static_assert(std::same_as<element_t<decltype(x / x)>, double>);
  static_assert(std::same_as<element_t<decltype(softmax(x))>, double>);
  EXPECT_DOUBLE_EQ(exp(x).data()[1], std::exp(2.0));
}

}  // namespace
}  // namespace numfuse::tests
