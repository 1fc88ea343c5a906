// astype between all dtypes.
#include "support/check.hpp"

namespace numfuse::tests {
namespace {

template <class Case>
class Astype : public typed_test<Case> {};
TYPED_TEST_SUITE(Astype, all_cases, case_names);

// Numbers that every dtype but bool has; bool makes true of them.
TYPED_TEST(Astype, KeepsNumbers) {
  using From = typename TypeParam::dtype;
  const auto x = random_input<From>({129}, {0, 100}, next_seed());
  const auto at = to_space<TypeParam>(x);
  for_each_dtype([&]<class To>() {
    const auto result = back<TypeParam>(astype<To>(at));
    static_assert(std::same_as<element_t<decltype(result)>, To>);
    const trial tried{std::string("astype ") + name_of(dtype_of<To>), "(129,)"};
    const auto real = widened<double>(x);
    if constexpr (std::same_as<To, bool>) {
      expect_equal(result, reference::to_bool(real), tried);
    } else if constexpr (integral_dtype<To>) {
      expect_equal(result, reference::to_int(real), tried);
    } else {
      expect_close(result, real, {0.5, "one rounding"}, tried);
    }
  });
}

#if NUMFUSE_HAS_CUDA
TEST(AstypeHost, DoubleToHalfRoundsOnce) {
  // Through float these would become ties, and round to even.
  const host_tensor<double> x{1 + 0x1p-11 + 0x1p-40, 1 + 3 * 0x1p-11 - 0x1p-40};
  const auto y = astype<half>(x);
  EXPECT_EQ(to_double(y.data()[0]), 1 + 0x1p-10);
  EXPECT_EQ(to_double(y.data()[1]), 1 + 0x1p-10);
}
#endif

}  // namespace
}  // namespace numfuse::tests
