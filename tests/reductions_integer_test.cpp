// Every reduction of integers and bool against the reference: sums and products are int64 and wrap
// around, means float64.
#include "support/check.hpp"

namespace numfuse::tests {
namespace {

template <class Case>
class ReductionsInteger : public typed_test<Case> {};
TYPED_TEST_SUITE(ReductionsInteger, whole_number_cases, case_names);

TYPED_TEST(ReductionsInteger, AgreeInEveryLayout) { check_reductions<TypeParam>(edge_layouts()); }

TYPED_TEST(ReductionsInteger, ReachEveryPosition) {
  using T = typename TypeParam::dtype;
  if constexpr (std::same_as<T, bool>) {
    check_reductions_at_every_position<TypeParam>({false, true});
  } else {
    check_reductions_at_every_position<TypeParam>(
        {T(0), T(3), std::numeric_limits<T>::lowest(), std::numeric_limits<T>::max()});
  }
}

TYPED_TEST(ReductionsInteger, DtypesAsInNumPy) {
  using T = typename TypeParam::dtype;
  const auto x = to_space<TypeParam>(random_input<T>({2, 3}, {}, 1));
  static_assert(std::same_as<element_t<decltype(sum(x))>, std::int64_t>);
  static_assert(std::same_as<element_t<decltype(prod(x))>, std::int64_t>);
  static_assert(std::same_as<element_t<decltype(max(x))>, T>);
  static_assert(std::same_as<element_t<decltype(argmin(x))>, std::int64_t>);
  static_assert(std::same_as<element_t<decltype(all(x))>, bool>);
  static_assert(std::same_as<element_t<decltype(mean(x))>, double>);
  static_assert(std::same_as<element_t<decltype(numfuse::std(x))>, double>);
  static_assert(std::same_as<element_t<decltype(logsumexp(x))>, double>);
  EXPECT_EQ(sum(x, 0).shape(), shape{3});
}

}  // namespace
}  // namespace numfuse::tests
