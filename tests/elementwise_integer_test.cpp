// Every elementwise function of integers and bool against the reference: integers wrap around, and
// functions whose value is a real number give float64.
#include "support/check.hpp"

namespace numfuse::tests {
namespace {

template <class Case>
class ElementwiseInteger : public typed_test<Case> {};
TYPED_TEST_SUITE(ElementwiseInteger, whole_number_cases, case_names);

TYPED_TEST(ElementwiseInteger, AgreesAtEverySize) { check_elementwise_sizes<TypeParam>(); }
TYPED_TEST(ElementwiseInteger, AgreesOnSpecialValues) { check_elementwise_specials<TypeParam>(); }

}  // namespace
}  // namespace numfuse::tests
