// Every elementwise function of floating dtypes against the reference.
#include "support/check.hpp"

namespace numfuse::tests {
namespace {

template <class Case>
class Elementwise : public typed_test<Case> {};
TYPED_TEST_SUITE(Elementwise, floating_cases, case_names);

TYPED_TEST(Elementwise, AgreesAtEverySize) { check_elementwise_sizes<TypeParam>(); }
TYPED_TEST(Elementwise, AgreesOnSpecialValues) { check_elementwise_specials<TypeParam>(); }

}  // namespace
}  // namespace numfuse::tests
