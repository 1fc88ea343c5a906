// exp, log and their kin on the host, for compilers to make vector instructions of.
//
// Each is one straight line of arithmetic without branches, calls or tables: a loop over numbers
// becomes a loop over vectors of whatever instruction set it is compiled for. The C library's
// functions are calls, which no loop survives. Special values are those of the C library; errno
// and the floating-point flags are left alone.
//
// Method: arguments are reduced to a short interval around 0 (Cody and Waite, in two parts of
// ln 2); there a polynomial, fitted by Remez's algorithm, is correct beyond the last digit. Bounds:
// docs/numerics.md.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <iterator>
#include <limits>

#include <numfuse/detail/macros.hpp>

namespace numfuse::detail::math {

/// What the functions know of a floating-point type.
template <class T>
struct format;

template <>
struct format<float> {
  using bits = std::uint32_t;
  static constexpr int mantissa = 23;
  static constexpr bits bias = 127;
  static constexpr float ln2_high = 0x1.62e4p-1f;  // 15 bits: times an exponent, exact
  static constexpr float ln2_low = 0x1.7f7d1cp-20f;
  static constexpr float exp_is_0 = -104, exp_is_tiny = -86.5f, exp_is_infinity = 89,
                         expm1_is_minus_1 = -18, tanh_is_1 = 10;
  // exp(r) for |r| <= ln(2) / 2.
  static constexpr float exp_terms[] = {
      1, 1, 0x1.fffffcp-2f, 0x1.555492p-3f, 0x1.5558f4p-5f, 0x1.123a20p-7f, 0x1.6a23c6p-10f};
  // (exp(r) - 1 - r) / r^2 for |r| <= ln(2) / 2.
  static constexpr float exp_tail[] = {0x1.0p-1f,     0x1.555556p-3f,  0x1.5554aep-5f,
                                       0x1.11109p-7f, 0x1.6d7486p-10f, 0x1.a1a13p-13f};
  // (log(1 + d) - d + d^2 / 2) / d^3 for 1 + d between sqrt(1/2) and sqrt(2).
  static constexpr float log_terms[] = {0x1.555554p-2f,  -0x1.000228p-2f, 0x1.99a00ap-3f,
                                        -0x1.547228p-3f, 0x1.22d9e8p-3f,  -0x1.0d8636p-3f,
                                        0x1.055d70p-3f,  -0x1.38b56ap-4f};
};

template <>
struct format<double> {
  using bits = std::uint64_t;
  static constexpr int mantissa = 52;
  static constexpr bits bias = 1023;
  static constexpr double ln2_high = 0x1.62e42fefa3p-1;  // 40 bits
  static constexpr double ln2_low = 0x1.3de6af278ece6p-42;
  static constexpr double exp_is_0 = -746, exp_is_tiny = -707.5, exp_is_infinity = 710,
                          expm1_is_minus_1 = -38, tanh_is_1 = 20;
  static constexpr double exp_terms[] = {1,
                                         1,
                                         0x1.000000000000ap-1,
                                         0x1.55555555554fap-3,
                                         0x1.555555555083bp-5,
                                         0x1.1111111127c20p-7,
                                         0x1.6c16c18439318p-10,
                                         0x1.a01a012a63bf6p-13,
                                         0x1.a01999e1572abp-16,
                                         0x1.71df24efa53aap-19,
                                         0x1.28ad9c41f9732p-22,
                                         0x1.ad807cdc5210bp-26};
  static constexpr double exp_tail[] = {
      0x1.0p-1,
      0x1.5555555555559p-3,
      0x1.555555555555ap-5,
      0x1.111111110f6afp-7,
      0x1.6c16c16c1446ap-10,
      0x1.a01a01afe52c4p-13,
      0x1.a01a01b0b12eap-16,
      0x1.71ddf8538a660p-19,
      0x1.27e4c5aaa7e75p-22,
      0x1.af5ebf38fb0f2p-26,
      0x1.1f9556db5c3efp-29,
  };
  // (log((1 + s) / (1 - s)) - 2 s) / s^3, of s^2.
  static constexpr double log_terms[] = {
      0x1.5555555555593p-1, 0x1.999999997fb0fp-2, 0x1.249249421929bp-2, 0x1.c71c51e6edc5bp-3,
      0x1.7466465b4b7b6p-3, 0x1.39a0f0e2029a4p-3, 0x1.2f0db3939113cp-3,
  };
};

/// c[First] + c[First + 1] x + c[First + 2] x^2 + ..., two terms at a time: half of the steps need
/// not wait for the one before. Written out: compilers look for vectors in the innermost loop.
template <int First, class T, int Count>
NUMFUSE_INLINE T terms_from(T x, T square, const T (&c)[Count]) {
  if constexpr (First == Count - 1) {
    return c[First];
  } else if constexpr (First == Count - 2) {
    return c[First + 1] * x + c[First];
  } else {
    return terms_from<First + 2>(x, square, c) * square + (c[First + 1] * x + c[First]);
  }
}

/// c[0] + c[1] x + c[2] x^2 + ... The first term comes last: the largest, it is rounded once.
template <class T, int Count>
NUMFUSE_INLINE T polynomial(T x, const T (&c)[Count]) {
  return terms_from<1>(x, x * x, c) * x + c[0];
}

/// A number so large that adding it rounds to whole numbers, which stand in the sum's lowest bits.
template <class T>
inline constexpr T rounding = T(3) * T(std::uint64_t{1} << (format<T>::mantissa - 1));

template <class T>
NUMFUSE_INLINE T nearest_whole(T x) {
  return (x + rounding<T>)-rounding<T>;
}

/// 2^n for a whole n from -bias + 1 to bias.
template <class T>
NUMFUSE_INLINE T power_of_two(T n) {
  using f = format<T>;
  using bits = typename f::bits;
  return std::bit_cast<T>(
      static_cast<bits>(std::bit_cast<bits>(n + (rounding<T> + T(f::bias))) << f::mantissa));
}

template <class T>
NUMFUSE_INLINE T limited(T x, T low, T high) {  // NaN stays NaN
  x = x < low ? low : x;
  return x > high ? high : x;
}

/// x = n ln(2) + r. The value is r + r^2 tail(r) = exp(r) - 1.
template <class T>
NUMFUSE_INLINE T reduced_expm1(T x, T& n) {
  using f = format<T>;
  n = nearest_whole(x * T(1.44269504088896340736));
  const T r = (x - n * f::ln2_high) - n * f::ln2_low;
  return r * r * polynomial(r, f::exp_tail) + r;
}

/// (exp(2 r) - 1 - 2 r) / (2 r^2) for |r| <= ln(2) / 4, of r.
template <class T>
struct doubled_terms {
  T terms[std::size(format<T>::exp_tail)];
};
template <class T>
inline constexpr doubled_terms<T> tail_of_double = [] {
  doubled_terms<T> result{};
  T power = 2;
  for (std::size_t i = 0; i < std::size(result.terms); ++i, power *= 2) {
    result.terms[i] = power * format<T>::exp_tail[i];
  }
  return result;
}();

template <class T>
NUMFUSE_INLINE T exp(T x) {
  using f = format<T>;
  using bits = typename f::bits;
  constexpr T base = rounding<T> + T(f::bias - 1);
  // x = n ln(2) + r; the lowest bits of `shifted` are the exponent of 2^(n - 1).
  const T shifted = x * T(1.44269504088896340736) + base;
  const T n = shifted - base;
  const T r = (x - n * f::ln2_high) - n * f::ln2_low;
  // In two steps: 2^n itself may be too large, or subnormal.
  const bool tiny = x < f::exp_is_tiny;
  const bits exponent = std::bit_cast<bits>(shifted) + (tiny ? bits{64} : bits{0});
  const T scale = std::bit_cast<T>(static_cast<bits>(exponent << f::mantissa));
  const T value = polynomial(r, f::exp_terms) * scale * (tiny ? T(0x1p-63) : T(2));
  const T limited_below = x < f::exp_is_0 ? T(0) : value;
  return x > f::exp_is_infinity ? std::numeric_limits<T>::infinity() : limited_below;
}

template <class T>
NUMFUSE_INLINE T expm1(T x) {
  using f = format<T>;
  T n;
  const T e = reduced_expm1(limited(x, f::expm1_is_minus_1, f::exp_is_infinity), n);
  const T half = power_of_two(n - T(1));
  const T value = T(2) * (half * e + (half - T(0.5)));
  const T close = x == T(0) ? x : e;  // keeps the sign of zero
  return n == T(0) ? close : value;
}

/// log(1 + d) - d + d^2 / 2 for 1 + d between sqrt(1/2) and sqrt(2).
NUMFUSE_INLINE float log_tail(float d) {
  const float square = d * d;
  return d * square * terms_from<0>(d, square, format<float>::log_terms);
}
// With s = d / (2 + d), |s| < 0.172, half as many terms will do. For float the other half takes
// less time than the division.
NUMFUSE_INLINE double log_tail(double d) {
  const double s = d / (2 + d);
  const double z = s * s;
  return s * (0.5 * d * d + z * polynomial(z, format<double>::log_terms));
}

/// log(u) + correction / u for normal and subnormal u > 0.
template <class T>
NUMFUSE_INLINE T log_of_positive(T u, T correction) {
  using f = format<T>;
  using bits = typename f::bits;
  constexpr bits one = f::bias << f::mantissa;
  constexpr bits root = std::bit_cast<bits>(T(0.70710678118654752440));
  constexpr T to_normal = T(bits{1} << f::mantissa);
  const bool subnormal = u < std::numeric_limits<T>::min();
  const bits shifted = std::bit_cast<bits>(u * (subnormal ? to_normal : T(1))) + (one - root);
  // u = m 2^k with m between sqrt(1/2) and sqrt(2).
  constexpr T whole = to_normal;
  const T biased = std::bit_cast<T>((shifted >> f::mantissa) | std::bit_cast<bits>(whole)) - whole;
  const T k = biased - (subnormal ? T(f::bias + f::mantissa) : T(f::bias));
  const T m = std::bit_cast<T>((shifted & ((bits{1} << f::mantissa) - 1)) + root);
  const T d = m - T(1);
  const T half_square = T(0.5) * d * d;
  return k * f::ln2_high - ((half_square - (log_tail(d) + (k * f::ln2_low + correction))) - d);
}

template <class T>
NUMFUSE_INLINE T log(T x) {
  constexpr T infinity = std::numeric_limits<T>::infinity();
  const T value = log_of_positive(x, T(0));
  const T outside = x == T(0) ? -infinity : std::numeric_limits<T>::quiet_NaN();
  const T positive = x == infinity ? x : value;
  return x > T(0) ? positive : outside;
}

template <class T>
NUMFUSE_INLINE T log1p(T x) {
  constexpr T infinity = std::numeric_limits<T>::infinity();
  const T u = T(1) + x;
  const T lost = x >= T(1) ? T(1) - (u - x) : x - (u - T(1));  // u + lost = 1 + x, exactly
  const T value = x < infinity ? log_of_positive(u, lost / u) : x;
  const T outside = u == T(0) ? -infinity : std::numeric_limits<T>::quiet_NaN();
  const T right = u > T(0) ? value : outside;
  return x == T(0) ? x : right;  // keeps the sign of zero
}

template <class T>
NUMFUSE_INLINE T tanh(T x) {
  using f = format<T>;
  const T size = std::fabs(x);
  const T a = size > f::tanh_is_1 ? f::tanh_is_1 : size;
  // 2 a = n ln(2) + 2 r; e = (exp(2 r) - 1) / 2.
  const T n = nearest_whole(a * T(2 * 1.44269504088896340736));
  const T r = (a - n * (f::ln2_high / 2)) - n * (f::ln2_low / 2);
  const T e = r * r * polynomial(r, tail_of_double<T>.terms) + r;
  const T scale = power_of_two(n);  // from 1 on: exact, and so is scale - 1 where it matters
  const T value = scale * e + (scale * T(0.5) - T(0.5));  // (exp(2 |x|) - 1) / 2
  return std::copysign(value / (value + T(1)), x);
}

}  // namespace numfuse::detail::math
