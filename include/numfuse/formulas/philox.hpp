// Random numbers by position: Philox4x32-10, a counter-based generator.
//
// The numbers are the same in both spaces, to the last bit: they are made with integers, with
// additions, multiplications and divisions that round once, and with explicit fused multiply-adds,
// so that no compiler's choice of contraction shows.
//
// Source: J. Salmon et al., "Parallel Random Numbers: As Easy as 1, 2, 3", SC 2011.
#pragma once

#include <cmath>
#include <cstdint>

#include <numfuse/detail/unroll.hpp>
#include <numfuse/ops.hpp>

namespace numfuse::formulas {

/// 64 random bits for position i of stream `seed`.
NUMFUSE_INLINE std::uint64_t philox_bits(std::uint64_t seed, std::uint64_t i) {
  constexpr std::uint32_t multiplier_0 = 0xD2511F53u, multiplier_1 = 0xCD9E8D57u;
  constexpr std::uint32_t weyl_0 = 0x9E3779B9u, weyl_1 = 0xBB67AE85u;
  // Two positions share a counter of 128 bits and take one half of its 128 random bits each.
  std::uint32_t c0 = static_cast<std::uint32_t>(i >> 1), c1 = static_cast<std::uint32_t>(i >> 33);
  std::uint32_t c2 = 0, c3 = 0;
  std::uint32_t k0 = static_cast<std::uint32_t>(seed), k1 = static_cast<std::uint32_t>(seed >> 32);
  numfuse::detail::each_constant<10>([&](auto) NUMFUSE_INLINE_BODY {
    const std::uint64_t p0 = std::uint64_t{multiplier_0} * c0;
    const std::uint64_t p1 = std::uint64_t{multiplier_1} * c2;
    c0 = static_cast<std::uint32_t>(p1 >> 32) ^ c1 ^ k0;
    c1 = static_cast<std::uint32_t>(p1);
    c2 = static_cast<std::uint32_t>(p0 >> 32) ^ c3 ^ k1;
    c3 = static_cast<std::uint32_t>(p0);
    k0 += weyl_0;
    k1 += weyl_1;
  });
  return i & 1 ? std::uint64_t{c3} << 32 | c2 : std::uint64_t{c1} << 32 | c0;
}

/// Base of operations that take a position and give a T.
template <class T>
struct position_to {
  template <class>
  using operand = std::int64_t;
  template <class>
  using result = T;
};

/// low + (high - low) u for u evenly distributed over [0, 1), of as many random bits as T holds.
template <class T>
struct philox_uniform : position_to<T> {
  std::uint64_t seed;
  double low;
  double high;

  NUMFUSE_HD philox_uniform(std::uint64_t s, double l, double h) : seed(s), low(l), high(h) {}

  NUMFUSE_INLINE compute_t<T> operator()(std::int64_t i) const {
    constexpr int bits = std::is_same_v<T, double>       ? 53
                         : std::is_same_v<T, float>      ? 24
                         : dtype_of<T> == dtype::float16 ? 11
                                                         : 8;
    const std::uint64_t random = philox_bits(seed, static_cast<std::uint64_t>(i)) >> (64 - bits);
    const double u = static_cast<double>(random) / static_cast<double>(std::uint64_t{1} << bits);
    const auto x = ops::cast<T>{}(std::fma(high - low, u, low));
    // Rounding may reach the open end of the interval.
    return low < high && !(static_cast<double>(x) < high) ? ops::cast<T>{}(low) : x;
  }
};

/// log(x) for a normal positive x, to about 1e-15: x = m 2^e with m near 1, then the series of
/// 2 atanh((m - 1) / (m + 1)). The C library's log may differ between CPU and GPU in the last bit.
NUMFUSE_INLINE double reproducible_log(double x) {
  int exponent = 0;
  double m = std::frexp(x, &exponent);  // in [1/2, 1)
  if (m < 0.70710678118654752) {
    m *= 2;
    --exponent;
  }
  const double z = (m - 1) / (m + 1);  // at most 0.172 in magnitude
  const double z2 = z * z;
  double series = 0;
  for (int k = 21; k >= 3; k -= 2) series = std::fma(series, z2, 1.0 / k);
  const double two_z = 2 * z;
  const double log_m = std::fma(two_z * z2, series, two_z);
  return std::fma(static_cast<double>(exponent), 0.69314718055994531, log_m);
}

/// The x with P(X < x) = p for a standard normal X, 0 < p < 1.
/// Source: M. J. Wichura, "Algorithm AS 241", Applied Statistics 37 (1988); relative error 1e-16.
NUMFUSE_INLINE double normal_quantile(double p) {
  struct horner {
    NUMFUSE_INLINE static double of(double x, const double (&c)[8]) {
      double y = c[7];
      for (int k = 6; k >= 0; --k) y = std::fma(y, x, c[k]);
      return y;
    }
  };
  const double q = p - 0.5;
  if (std::fabs(q) <= 0.425) {
    constexpr double a[8] = {3.3871328727963666080e0,  1.3314166789178437745e+2,
                             1.9715909503065514427e+3, 1.3731693765509461125e+4,
                             4.5921953931549871457e+4, 6.7265770927008700853e+4,
                             3.3430575583588128105e+4, 2.5090809287301226727e+3};
    constexpr double b[8] = {1.0,
                             4.2313330701600911252e+1,
                             6.8718700749205790830e+2,
                             5.3941960214247511077e+3,
                             2.1213794301586595867e+4,
                             3.9307895800092710610e+4,
                             2.8729085735721942674e+4,
                             5.2264952788528545610e+3};
    const double r = std::fma(-q, q, 0.180625);
    return q * horner::of(r, a) / horner::of(r, b);
  }
  const double tail = q < 0 ? p : 1 - p;
  double r = std::sqrt(-reproducible_log(tail));
  double x;
  if (r <= 5) {
    constexpr double c[8] = {1.42343711074968357734e0,  4.63033784615654529590e0,
                             5.76949722146069140550e0,  3.64784832476320460504e0,
                             1.27045825245236838258e0,  2.41780725177450611770e-1,
                             2.27238449892691845833e-2, 7.74545014278341407640e-4};
    constexpr double d[8] = {1.0,
                             2.05319162663775882187e0,
                             1.67638483018380384940e0,
                             6.89767334985100004550e-1,
                             1.48103976427480074590e-1,
                             1.51986665636164571966e-2,
                             5.47593808499534494600e-4,
                             1.05075007164441684324e-9};
    r -= 1.6;
    x = horner::of(r, c) / horner::of(r, d);
  } else {
    constexpr double e[8] = {6.65790464350110377720e0,  5.46378491116411436990e0,
                             1.78482653991729133580e0,  2.96560571828504891230e-1,
                             2.65321895265761230930e-2, 1.24266094738807843860e-3,
                             2.71155556874348757815e-5, 2.01033439929228813265e-7};
    constexpr double f[8] = {1.0,
                             5.99832206555887937690e-1,
                             1.36929880922735805310e-1,
                             1.48753612908506148525e-2,
                             7.86869131145613259100e-4,
                             1.84631831751005468180e-5,
                             1.42151175831644588870e-7,
                             2.04426310338993978564e-15};
    r -= 5;
    x = horner::of(r, e) / horner::of(r, f);
  }
  return q < 0 ? -x : x;
}

/// mean + deviation * z for a standard normal z.
template <class T>
struct philox_normal : position_to<T> {
  std::uint64_t seed;
  double mean;
  double deviation;

  NUMFUSE_HD philox_normal(std::uint64_t s, double m, double d) : seed(s), mean(m), deviation(d) {}

  NUMFUSE_INLINE compute_t<T> operator()(std::int64_t i) const {
    // 52 bits and half a step, exactly: never 0 nor 1, whose quantiles are infinite.
    const std::uint64_t random = philox_bits(seed, static_cast<std::uint64_t>(i)) >> 12;
    const double p = (static_cast<double>(random) + 0.5) / 4503599627370496.0;
    return ops::cast<T>{}(std::fma(deviation, normal_quantile(p), mean));
  }
};

}  // namespace numfuse::formulas
