// The reference: losses.
#include <cmath>

#include "loops.hpp"

namespace numfuse::reference {
namespace {

/// f(y_i - yhat_i), added up over the shape to which both broadcast.
template <class F>
array sum_of_differences(const array& yhat, const array& y, F f) {
  exact_sum total;
  for_each_index(common_shape(yhat.shape(), y.shape()), [&](const extents& i) {
    const long double predicted = yhat.data()[offset(yhat.shape(), i)];
    const long double wanted = y.data()[offset(y.shape(), i)];
    total.add(f(wanted - predicted));
  });
  array result{shape{}};
  *result.data() = static_cast<double>(total.value());
  return result;
}

}  // namespace

array l1_loss(const array& yhat, const array& y) {
  return sum_of_differences(yhat, y, [](long double d) { return std::fabs(d); });
}

array l2_loss(const array& yhat, const array& y) {
  return sum_of_differences(yhat, y, [](long double d) { return d * d; });
}

}  // namespace numfuse::reference
