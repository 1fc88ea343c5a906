// Whether a result is its reference's: compiled once, and fast, for all tests.
#include "compare.hpp"

namespace numfuse::tests {
namespace {

template <floating_dtype T>
double bound(double reference, double scale, const tolerance& t, std::int64_t length) {
  if (!std::isfinite(reference) || (t.ulps == 0 && t.growth == 0)) return 0;
  if (!std::isfinite(scale)) scale = std::fabs(reference);
  const double own = sizeof(T) == 2 ? format_of<T>().spacing(reference) / 2 : 0;
  const double unit = format_of<compute_t<T>>().spacing(scale);
  const double sum_unit = t.adds_in_double ? format_of<double>().spacing(scale) : unit;
  return own + t.ulps * unit + t.of_length(length) * sum_unit;
}

/// Asks for the bound only where it matters: it takes long.
template <floating_dtype T, class Bound>
bool is_close(double result, double reference, const Bound& bound) {
  if (std::isnan(result) || std::isnan(reference))
    return std::isnan(result) == std::isnan(reference);
  if (result == reference) return true;
  if (std::isinf(reference)) return false;
  if (std::isinf(result)) {
    // The reference knows no overflow of T: an infinity stands for all that rounds to it.
    constexpr float_format f = format_of<T>();
    const long double limit = f.largest() + static_cast<long double>(f.spacing(f.largest())) / 2;
    return std::signbit(result) == std::signbit(reference) &&
           std::fabs(reference) + static_cast<long double>(bound()) >= limit;
  }
  return std::fabs(static_cast<long double>(result) - reference) <= bound();
}

}  // namespace

std::string position(std::int64_t i, const shape& s) {
  strides index = contiguous_strides(s);
  for (int d = 0; d < s.rank(); ++d) {
    const std::int64_t stride = index[d];
    index[d] = i / stride;
    i %= stride;
  }
  return to_string(index);
}

template <floating_dtype T>
bool expect_close(const host_tensor<T>& result, const reference::array& expected,
                  const reference::array& scale, const tolerance& allowed, const trial& tried) {
  const auto bound_at = [&](std::int64_t i) {
    return bound<T>(expected.data()[i], std::fabs(scale.data()[i]), allowed, tried.length);
  };
  return compare(
      result, expected.shape(), tried,
      [&](std::int64_t i) {
        return is_close<T>(to_double(result.data()[i]), expected.data()[i],
                           [&] { return bound_at(i); });
      },
      [&](std::ostream& out, std::int64_t i) {
        out << to_double(result.data()[i]) << " instead of " << expected.data()[i] << ", allowed "
            << bound_at(i) << " (" << allowed.ulps << " ULP of " << std::fabs(scale.data()[i])
            << ": " << allowed.reason << ")";
      });
}

#define NUMFUSE_EXPECT_CLOSE(T)                                                 \
  template bool expect_close<T>(const host_tensor<T>&, const reference::array&, \
                                const reference::array&, const tolerance&, const trial&);
NUMFUSE_FOR_EACH_FLOATING(NUMFUSE_EXPECT_CLOSE)
#undef NUMFUSE_EXPECT_CLOSE

}  // namespace numfuse::tests
