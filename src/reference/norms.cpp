// The reference: vector norms.
#include <cmath>

#include "loops.hpp"

namespace numfuse::reference {
namespace {

/// The largest (direction 1) or smallest (-1) |v_i|.
long double extreme(const std::vector<double>& v, int direction) {
  if (v.empty()) throw value_error("reference: norm of no elements");
  long double best = std::fabs(v[0]);
  for (double x : v) {
    if (std::isnan(x)) return x;
    if (direction * std::fabs(x) > direction * best) best = std::fabs(x);
  }
  return best;
}

long double norm_of(const std::vector<double>& v, double order) {
  if (std::isinf(order)) return extreme(v, order > 0 ? 1 : -1);
  if (order == 0) return sum_of(v, [](long double x) { return x != 0 ? 1.0L : 0.0L; });
  if (order == 1) return sum_of(v, [](long double x) { return std::fabs(x); });
  if (order == 2) return std::sqrt(sum_of(v, [](long double x) { return x * x; }));
  const long double p = order;
  return std::pow(sum_of(v, [&](long double x) { return std::pow(std::fabs(x), p); }), 1 / p);
}

}  // namespace

array norm(const array& x, double order, axis_choice axis, bool keepdims) {
  return reduce_vectors<double>(x, axis, keepdims,
                                [&](const std::vector<double>& v) { return norm_of(v, order); });
}

array norm_fro(const array& x) { return norm(x, 2, whole, false); }

}  // namespace numfuse::reference
