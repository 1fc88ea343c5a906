// The reference: vectors of length one, and an image as a column.
#include <cmath>

#include "loops.hpp"

namespace numfuse::reference {

array normalize_rows(const array& x, int axis) {
  return map_vectors(x, axis, [](const std::vector<double>& v) {
    const long double length = std::sqrt(sum_of(v, [](long double n) { return n * n; }));
    std::vector<long double> result;
    for (long double n : v) result.push_back(n / length);
    return result;
  });
}

template <number T>
host_tensor<T> image2vector(const host_tensor<T>& x) {
  host_tensor<T> result(shape{x.size(), 1});
  for (std::int64_t n = 0; n < x.size(); ++n) result.data()[n] = x.data()[n];
  return result;
}

template array image2vector(const array&);
template int_array image2vector(const int_array&);

}  // namespace numfuse::reference
