// The numbers that the tests feed to functions.
#include "inputs.hpp"

#include <algorithm>
#include <random>

namespace numfuse::tests {
namespace {

/// The range of whole numbers that a random input of T may have; int64 stays within doubles.
template <any_dtype T>
double lowest_of() {
  if constexpr (floating_dtype<T>) return -std::numeric_limits<double>::infinity();
  return std::max(-0x1p53, static_cast<double>(std::numeric_limits<T>::lowest()));
}
template <any_dtype T>
double highest_of() {
  if constexpr (floating_dtype<T>) return std::numeric_limits<double>::infinity();
  return std::min(0x1p53, static_cast<double>(std::numeric_limits<T>::max()));
}

}  // namespace

template <any_dtype T>
host_tensor<T> random_input(const shape& s, const domain& d, std::uint64_t seed) {
  std::mt19937_64 engine(seed);
  const double low = std::max(d.low, lowest_of<T>());
  const double high = std::min(d.high, highest_of<T>());
  const auto uniform = [&] { return static_cast<double>(engine() >> 11) * 0x1p-53; };
  host_tensor<T> x(s);
  for (T& value : x) {
    const double position = uniform();
    double v = low + (high - low) * position;
    if (d.smallest > 0) {
      const double end = uniform() < 0.5 ? low : high;
      v = std::copysign(d.smallest + (std::fabs(end) - d.smallest) * position, end);
      if (integral_dtype<T>)
        v = end < 0 ? -3 + 2 * std::floor(2 * position) : 1 + 2 * std::floor(2 * position);
    } else if (uniform() < 0.5 && floating_dtype<T>) {
      v = (uniform() < 0.5 ? low : high) * std::exp2(-16 * position);
    }
    // Each whole number of the range as often as the others.
    if (integral_dtype<T> && d.smallest == 0) {
      v = std::min(std::floor(low + (high + 1 - low) * position), high);
    }
    value = from_double<T>(v);
    if constexpr (floating_dtype<T>) {
      if (d.special > 0 && uniform() < d.special) {
        const float_format f = format_of<T>();
        const double inf = std::numeric_limits<double>::infinity();
        const double choices[] = {
            std::nan(""), inf,          -inf,          0.0,
            -0.0,         f.smallest(), -f.smallest(), f.smallest_normal() - f.smallest()};
        value = from_double<T>(
            choices[engine() % (d.subnormals && d.smallest == 0 ? std::size(choices) : 5)]);
      }
    }
  }
  return x;
}

template <any_dtype T>
host_tensor<T> exact_input(const shape& s, std::uint64_t seed) {
  std::mt19937_64 engine(seed);
  host_tensor<T> x(s);
  for (T& value : x) {
    const std::uint64_t k = engine() % 3;
    if constexpr (floating_dtype<T>) {
      value = from_double<T>(k == 0 ? 0.5 : static_cast<double>(k));
    } else {
      value = static_cast<T>(k);
    }
  }
  return x;
}

template <any_dtype To, any_dtype T>
host_tensor<To> widened(const host_tensor<T>& x) {
  host_tensor<To> result(x.shape());
  for (std::int64_t i = 0; i < x.size(); ++i) {
    if constexpr (sizeof(T) == 2) {
      result.data()[i] = static_cast<To>(static_cast<float>(x.data()[i]));
    } else {
      result.data()[i] = static_cast<To>(x.data()[i]);
    }
  }
  return result;
}

#define NUMFUSE_INPUTS_OF(T)                                                        \
  template host_tensor<T> random_input(const shape&, const domain&, std::uint64_t); \
  template host_tensor<T> exact_input(const shape&, std::uint64_t);                 \
  template host_tensor<double> widened(const host_tensor<T>&);                      \
  template host_tensor<std::int64_t> widened(const host_tensor<T>&);
NUMFUSE_FOR_EACH_DTYPE(NUMFUSE_INPUTS_OF)
#undef NUMFUSE_INPUTS_OF

}  // namespace numfuse::tests
