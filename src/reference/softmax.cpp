// The reference: softmax and its logarithm.
#include <cmath>

#include "loops.hpp"

namespace numfuse::reference {
namespace {

/// The largest number; NaN where any is NaN.
long double top_of(const std::vector<double>& v) {
  long double top = -HUGE_VALL;
  for (double x : v) {
    if (std::isnan(x)) return x;
    if (x > top) top = x;
  }
  return top;
}

}  // namespace

array softmax(const array& x, int axis) {
  return map_vectors(x, axis, [](const std::vector<double>& v) {
    const long double top = top_of(v);
    const long double total = sum_of(v, [&](long double n) { return std::exp(n - top); });
    std::vector<long double> result;
    for (long double n : v) result.push_back(std::exp(n - top) / total);
    return result;
  });
}

array log_softmax(const array& x, int axis) {
  return map_vectors(x, axis, [](const std::vector<double>& v) {
    const long double top = top_of(v);
    const long double total = sum_of(v, [&](long double n) { return std::exp(n - top); });
    std::vector<long double> result;
    for (long double n : v) result.push_back(n - top - std::log(total));
    return result;
  });
}

}  // namespace numfuse::reference
