// Tensors made from positions: ranges and random numbers. Each number depends on its position
// alone, so any number of threads makes the same tensor.
#pragma once

#include <numfuse/formulas/builtin.hpp>
#include <numfuse/formulas/philox.hpp>

namespace numfuse::formulas {

/// start + step * i, computed in double with one rounding, or in int64 for integers.
template <class T>
struct arange_formula : builtin<1, compiled_for::all> {
  static constexpr const char* name = "arange";
  using number = std::conditional_t<floating_dtype<T>, double, std::int64_t>;
  number start;
  number step;
  template <class V>
  NUMFUSE_INLINE auto operator()(const V& v) const {
    return numfuse::detail::map(at{start, step}, index(v));
  }

 private:
  struct at {
    template <class>
    using operand = std::int64_t;
    template <class>
    using result = T;
    number start;
    number step;
    NUMFUSE_INLINE compute_t<T> operator()(std::int64_t i) const {
      if constexpr (floating_dtype<T>) {
        return ops::cast<T>{}(std::fma(static_cast<double>(i), step, start));
      } else {
        return convert<compute_t<T>>(ops::add{}(start, ops::multiply{}(i, step)));
      }
    }
  };
};

/// Evenly distributed over [low, high).
template <class T>
struct random_uniform_formula : builtin<1, compiled_for::floating> {
  static constexpr const char* name = "random_uniform";
  std::uint64_t seed;
  double low;
  double high;
  template <class V>
  NUMFUSE_INLINE auto operator()(const V& v) const {
    return numfuse::detail::map(philox_uniform<T>{seed, low, high}, index(v));
  }
};

/// Normally distributed.
template <class T>
struct random_normal_formula : builtin<1, compiled_for::floating> {
  static constexpr const char* name = "random_normal";
  std::uint64_t seed;
  double mean;
  double deviation;
  template <class V>
  NUMFUSE_INLINE auto operator()(const V& v) const {
    return numfuse::detail::map(philox_normal<T>{seed, mean, deviation}, index(v));
  }
};

}  // namespace numfuse::formulas
