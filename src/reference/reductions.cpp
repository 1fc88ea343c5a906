// The reference, one number for each vector.
#include <cmath>

#include "loops.hpp"

namespace numfuse::reference {
namespace {

bool is_nan(double x) { return std::isnan(x); }
bool is_nan(std::int64_t) { return false; }

/// The first position of a NaN, or of the number that no other one is before.
template <class T, class Before>
std::int64_t first_position(const std::vector<T>& v, const char* function, Before before) {
  if (v.empty()) throw value_error(std::string("reference: ") + function + " of no elements");
  std::size_t best = 0;
  for (std::size_t i = 0; i < v.size(); ++i) {
    if (is_nan(v[i])) return static_cast<std::int64_t>(i);
    if (before(v[i], v[best])) best = i;
  }
  return static_cast<std::int64_t>(best);
}

template <class T>
std::int64_t largest(const std::vector<T>& v, const char* function) {
  return first_position(v, function, [](T a, T b) { return a > b; });
}

template <class T>
std::int64_t smallest(const std::vector<T>& v, const char* function) {
  return first_position(v, function, [](T a, T b) { return a < b; });
}

long double identity(long double x) { return x; }

long double mean_of(const std::vector<double>& v) {
  return sum_of(v, identity) / static_cast<long double>(v.size());
}

long double variance_of(const std::vector<double>& v, double ddof) {
  const long double center = mean_of(v);
  const long double count = static_cast<long double>(v.size()) - ddof;
  return sum_of(v, [&](long double x) { return (x - center) * (x - center); }) /
         (count > 0 ? count : 0);
}

}  // namespace

template <number T>
host_tensor<T> sum(const host_tensor<T>& x, axis_choice axis, bool keepdims) {
  return reduce_vectors<T>(x, axis, keepdims, [](const std::vector<T>& v) {
    if constexpr (std::same_as<T, double>) {
      return sum_of(v, identity);
    } else {
      std::uint64_t total = 0;
      for (T n : v) total += static_cast<std::uint64_t>(n);
      return total;
    }
  });
}

template <number T>
host_tensor<T> prod(const host_tensor<T>& x, axis_choice axis, bool keepdims) {
  using wide = std::conditional_t<std::same_as<T, double>, long double, std::uint64_t>;
  return reduce_vectors<T>(x, axis, keepdims, [](const std::vector<T>& v) {
    wide product = 1;
    for (T n : v) product *= static_cast<wide>(n);
    return product;
  });
}

template <number T>
host_tensor<T> max(const host_tensor<T>& x, axis_choice axis, bool keepdims) {
  return reduce_vectors<T>(x, axis, keepdims, [](const std::vector<T>& v) {
    return v[static_cast<std::size_t>(largest(v, "max"))];
  });
}

template <number T>
host_tensor<T> min(const host_tensor<T>& x, axis_choice axis, bool keepdims) {
  return reduce_vectors<T>(x, axis, keepdims, [](const std::vector<T>& v) {
    return v[static_cast<std::size_t>(smallest(v, "min"))];
  });
}

template <number T>
int_array argmax(const host_tensor<T>& x, axis_choice axis, bool keepdims) {
  return reduce_vectors<std::int64_t>(x, axis, keepdims,
                                      [](const std::vector<T>& v) { return largest(v, "argmax"); });
}

template <number T>
int_array argmin(const host_tensor<T>& x, axis_choice axis, bool keepdims) {
  return reduce_vectors<std::int64_t>(
      x, axis, keepdims, [](const std::vector<T>& v) { return smallest(v, "argmin"); });
}

template <number T>
bool_array any(const host_tensor<T>& x, axis_choice axis, bool keepdims) {
  return reduce_vectors<bool>(x, axis, keepdims, [](const std::vector<T>& v) {
    bool found = false;
    for (T n : v) found = found || n != 0;
    return found;
  });
}

template <number T>
bool_array all(const host_tensor<T>& x, axis_choice axis, bool keepdims) {
  return reduce_vectors<bool>(x, axis, keepdims, [](const std::vector<T>& v) {
    bool zero = false;
    for (T n : v) zero = zero || n == 0;
    return !zero;
  });
}

array mean(const array& x, axis_choice axis, bool keepdims) {
  return reduce_vectors<double>(x, axis, keepdims, mean_of);
}

array var(const array& x, axis_choice axis, bool keepdims, double ddof) {
  return reduce_vectors<double>(x, axis, keepdims,
                                [&](const std::vector<double>& v) { return variance_of(v, ddof); });
}

array std(const array& x, axis_choice axis, bool keepdims, double ddof) {
  return reduce_vectors<double>(x, axis, keepdims, [&](const std::vector<double>& v) {
    return std::sqrt(variance_of(v, ddof));
  });
}

array logsumexp(const array& x, axis_choice axis, bool keepdims) {
  return reduce_vectors<double>(x, axis, keepdims, [](const std::vector<double>& v) {
    const long double top = v[static_cast<std::size_t>(largest(v, "logsumexp"))];
    // Infinities and NaN stand for themselves: e^(inf - inf) has no meaning.
    if (!std::isfinite(top)) return top;
    return top + std::log(sum_of(v, [&](long double n) { return std::exp(n - top); }));
  });
}

// clang-format off
#define NUMFUSE_REDUCTION(R, name, T) template R name(const host_tensor<T>&, axis_choice, bool);
#define NUMFUSE_INSTANTIATE(T)                                                           \
  NUMFUSE_REDUCTION(host_tensor<T>, sum, T) NUMFUSE_REDUCTION(host_tensor<T>, prod, T)   \
  NUMFUSE_REDUCTION(host_tensor<T>, max, T) NUMFUSE_REDUCTION(host_tensor<T>, min, T)    \
  NUMFUSE_REDUCTION(int_array, argmax, T) NUMFUSE_REDUCTION(int_array, argmin, T)        \
  NUMFUSE_REDUCTION(bool_array, any, T) NUMFUSE_REDUCTION(bool_array, all, T)
NUMFUSE_INSTANTIATE(double)
NUMFUSE_INSTANTIATE(std::int64_t)
// clang-format on

}  // namespace numfuse::reference
