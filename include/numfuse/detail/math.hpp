// exp, log, pow and their kin on the host, for compilers to make vector instructions of.
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
  static constexpr float exp_is_0 = -104, exp_is_infinity = 89, expm1_is_minus_1 = -18,
                         tanh_is_1 = 10, sigmoid_is_1 = 20;
  // exp(r) for |r| <= ln(2) / 2. The first term is 1, exactly.
  static constexpr float exp_terms[] = {
      1, 1, 0x1.fffffcp-2f, 0x1.555492p-3f, 0x1.5558f4p-5f, 0x1.123a20p-7f, 0x1.6a23c6p-10f};
  // (exp(r) - 1 - r) / r^2 for |r| <= ln(2) / 2.
  static constexpr float exp_tail[] = {0x1.fffffep-2f, 0x1.5554aap-3f, 0x1.55579ap-5f,
                                       0x1.122c38p-7f, 0x1.6ac04cp-10f};
  // (log(1 + d) - d + d^2 / 2) / d^3 for 1 + d between sqrt(1/2) and sqrt(2).
  static constexpr float log_terms[] = {0x1.555554p-2f,  -0x1.000228p-2f, 0x1.99a00ap-3f,
                                        -0x1.547228p-3f, 0x1.22d9e8p-3f,  -0x1.0d8636p-3f,
                                        0x1.055d70p-3f,  -0x1.38b56ap-4f};
  // (3 log((1 + s) / (1 - s)) / (2 s) - 3 - s^2) / s^4, of s^2.
  static constexpr float log_pair_terms[] = {0x1.333338p-1f, 0x1.b67bbap-2f, 0x1.67b9c0p-2f};
};

template <>
struct format<double> {
  using bits = std::uint64_t;
  static constexpr int mantissa = 52;
  static constexpr bits bias = 1023;
  static constexpr double ln2_high = 0x1.62e42fefa3p-1;  // 40 bits
  static constexpr double ln2_low = 0x1.3de6af278ece6p-42;
  static constexpr double exp_is_0 = -746, exp_is_infinity = 710, expm1_is_minus_1 = -38,
                          tanh_is_1 = 20, sigmoid_is_1 = 40;
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
  // (3 log((1 + s) / (1 - s)) / (2 s) - 3 - s^2) / s^4, of s^2.
  static constexpr double log_pair_terms[] = {
      0x1.3333333333464p-1, 0x1.b6db6db683bdap-2, 0x1.555555a211066p-2, 0x1.1745af687b210p-2,
      0x1.d8ae62f9d330fp-3, 0x1.973fc59637a34p-3, 0x1.95650643a767fp-3,
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

/// The coefficients factor * c[i] * ratio^i, exact for powers of two.
template <class T, int Count>
struct coefficients {
  T c[Count];
};
template <class T, int Count>
constexpr coefficients<T, Count> scaled(const T (&c)[Count], T factor, T ratio) {
  coefficients<T, Count> result{};
  for (int i = 0; i < Count; ++i, factor *= ratio) result.c[i] = factor * c[i];
  return result;
}

/// A number so large that adding it rounds to whole numbers, which stand in the sum's lowest bits.
template <class T>
inline constexpr T rounding = T(3) * T(std::uint64_t{1} << (format<T>::mantissa - 1));

template <class T>
inline constexpr T log2_e = T(1.44269504088896340736);

/// 2^n, of the sum of n and `rounding` + bias; n from -bias + 1 to bias.
template <class T>
NUMFUSE_INLINE constexpr T power_of_two(T sum) {
  using bits = typename format<T>::bits;
  return std::bit_cast<T>(static_cast<bits>(std::bit_cast<bits>(sum) << format<T>::mantissa));
}

/// x = n ln(2) + r with |r| <= ln(2) / 2; `sum` is that of Sign * n + Offset for power_of_two.
template <class T>
struct reduced {
  T sum, n, r;
};
template <int Sign, int Offset, class T>
NUMFUSE_INLINE reduced<T> reduce(T x) {
  using f = format<T>;
  constexpr T base = rounding<T> + (T(f::bias) + T(Offset));
  const T sum = x * (T(Sign) * log2_e<T>)+base;
  const T n = Sign > 0 ? sum - base : base - sum;
  return {sum, n, (x - n * f::ln2_high) - n * f::ln2_low};
}

/// (1 + r * terms) * 2^n, of the sums for power_of_two of n + bias and of about n / 2. In two
/// steps: 2^n itself may be too large, or subnormal. Nothing waits for the first one.
template <class T>
NUMFUSE_INLINE T times_power_of_two(T r, T terms, T sum, T sum_of_half) {
  using bits = typename format<T>::bits;
  const T first = power_of_two(sum_of_half);
  const bits rest = std::bit_cast<bits>(sum) - std::bit_cast<bits>(sum_of_half);
  return (terms * (r * first) + first) * power_of_two(std::bit_cast<T>(rest));
}

// Where a function's value is a limit, or too large, is asked last: what was computed there does
// not count, and until then nothing waits for the answer.

template <class T>
NUMFUSE_INLINE T exp(T x) {
  using f = format<T>;
  const auto [sum, n, r] = reduce<1, f::bias>(x);
  const T half = x * (log2_e<T> / 2) + (rounding<T> + T(f::bias));
  const T value = times_power_of_two(r, terms_from<1>(r, r * r, f::exp_terms), sum, half);
  const T limited_below = x < f::exp_is_0 ? T(0) : value;
  return x > f::exp_is_infinity ? std::numeric_limits<T>::infinity() : limited_below;
}

template <class T>
NUMFUSE_INLINE T expm1(T x) {
  using f = format<T>;
  const auto [sum, n, r] = reduce<1, -1>(x);
  const T e = r * r * polynomial(r, f::exp_tail) + r;  // exp(r) - 1
  const T half = power_of_two(sum);
  const T value = T(2) * (half * e + (half - T(0.5)));
  const T close = x == T(0) ? x : e;  // keeps the sign of zero
  const T finite = n == T(0) ? close : value;
  const T limited_below = x < f::expm1_is_minus_1 ? T(-1) : finite;
  return x > f::exp_is_infinity ? std::numeric_limits<T>::infinity() : limited_below;
}

/// exp(x) = power / unit, where the unit is a power of two. Both are times a constant, so that the
/// unit is not subnormal where exp(-x) is: a small value is rounded by the last quotient alone.
template <class T>
struct exp_quotient {
  T power, unit;
};
template <class T>
NUMFUSE_INLINE exp_quotient<T> quotient_of_exp(T x) {
  using f = format<T>;
  constexpr int exponent = 8 * sizeof(T);
  constexpr T constant = power_of_two(rounding<T> + (T(f::bias) + T(exponent)));
  constexpr auto terms = scaled(f::exp_terms, constant, T(1));
  const auto [sum, n, r] = reduce<-1, exponent>(x);
  return {polynomial(r, terms.c), power_of_two(sum)};
}

/// 1 / (1 + exp(-x))
template <class T>
NUMFUSE_INLINE T sigmoid(T x) {
  using f = format<T>;
  const auto [power, unit] = quotient_of_exp(-x);
  const T value = unit / (power + unit);
  const T limited_below = x < f::exp_is_0 ? T(0) : value;
  return x > f::sigmoid_is_1 ? T(1) : limited_below;
}

/// exp(x) / (1 + exp(x))^2
template <class T>
NUMFUSE_INLINE T sigmoid_derivative(T x) {
  const T size = std::fabs(x);
  const auto [power, unit] = quotient_of_exp(size);
  const T sum = power + unit;
  const T value = power * unit / (sum * sum);
  return size > -format<T>::exp_is_0 ? T(0) : value;
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

/// u = m 2^k with m between sqrt(1/2) and sqrt(2), for normal and subnormal u > 0.
template <class T>
struct scaled_number {
  T k, m;
};
template <class T>
NUMFUSE_INLINE scaled_number<T> scale_down(T u) {
  using f = format<T>;
  using bits = typename f::bits;
  constexpr bits one = f::bias << f::mantissa;
  constexpr bits root = std::bit_cast<bits>(T(0.70710678118654752440));
  constexpr T whole = T(bits{1} << f::mantissa);
  // A subnormal number is made a normal one; what that adds to its exponent is taken off again.
  const bool subnormal = u < std::numeric_limits<T>::min();
  constexpr int positive = 64;  // no exponent is below 0 with so much more
  constexpr bits offset = (bits{positive} << f::mantissa) + (one - root);
  constexpr bits added = std::bit_cast<bits>(whole) - one;
  const bits shifted =
      std::bit_cast<bits>(u * (subnormal ? whole : T(1))) + (subnormal ? offset - added : offset);
  const T exponent = std::bit_cast<T>((shifted >> f::mantissa) | std::bit_cast<bits>(whole));
  const T k = exponent - (whole + T(f::bias + positive));
  return {k, std::bit_cast<T>((shifted & ((bits{1} << f::mantissa) - 1)) + root)};
}

/// log(u) + correction / u for normal and subnormal u > 0.
template <class T>
NUMFUSE_INLINE T log_of_positive(T u, T correction) {
  using f = format<T>;
  const auto [k, m] = scale_down(u);
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
  // 2 |x| = n ln(2) + 2 r; ln(2) in one part will do: where n is large, r counts for little.
  const T size = std::fabs(x);
  constexpr T base = rounding<T> + T(f::bias);
  const T sum = size * (-2 * log2_e<T>)+base;
  const T r = size - (base - sum) * T(0.5 * 0.693147180559945309417);
  // e = (exp(2 r) - 1) / 2
  constexpr auto tail = scaled(f::exp_tail, T(2), T(2));
  const T e = r * r * polynomial(r, tail.c) + r;
  const T unit = power_of_two(sum);  // 2^-n
  const T above = e + (T(0.5) - T(0.5) * unit);
  const T value = above / (above + unit);
  return std::copysign(size > f::tanh_is_1 ? T(1) : value, x);
}

/// x without the lower half of its digits: the product of two such numbers is exact.
template <class T>
NUMFUSE_INLINE constexpr T upper_half(T x) {
  using bits = typename format<T>::bits;
  constexpr bits lower = (bits{1} << (format<T>::mantissa / 2 + 1)) - 1;
  return std::bit_cast<T>(static_cast<bits>(std::bit_cast<bits>(x) & ~lower));
}

/// A number of one and a half times the digits of T: the upper half of them, and the rest.
template <class T>
struct pair {
  T high, low;
};

/// log2(u) for normal and subnormal u > 0. The upper halves are those of values that are there
/// early: what they leave is small all the same, and nothing waits for the lower ones.
template <class T>
NUMFUSE_INLINE pair<T> log2_of_positive(T u) {
  using f = format<T>;
  const auto [k, m] = scale_down(u);
  // s = (m - 1) / (m + 1)
  const T d = m - T(1), q = m + T(1);
  const T q_high = upper_half(q), q_low = m - (q_high - T(1));
  const T inverse = T(1) / q;
  const T s = d * inverse;
  const T s_high = upper_half(s);
  const T s_low = inverse * ((d - s_high * q_high) - s_high * q_low);
  // log(m) = 2 s / 3 * (3 + s^2 + s^4 * terms(s^2))
  const T z = s * s;
  const T tail = z * z * polynomial(z, f::log_pair_terms);
  const T t_high = upper_half(T(3) + (z + tail));
  const T t_low = ((T(3) - t_high) + s_high * s_high) + (s_low * (s_high + s) + tail);
  const T product = s_high * t_high;
  const T high = upper_half(product);
  const T low = (product - high) + (s_low * t_high + s * t_low);
  // log2(m) = 2 / (3 ln(2)) * (high + low)
  constexpr long double factor = 0.96179669392597560490661645400126L;
  constexpr T c = T(factor), c_high = upper_half(c), c_low = T(factor - c_high);
  const T log2_m = c_high * high;
  const T sum = upper_half(k + log2_m);
  return {sum, ((k - sum) + log2_m) + (c_low * high + c * low)};
}

/// base ^ exponent = 2^(exponent * log2(|base|)), with the sign of an odd power of a negative base.
/// The logarithm has half as many digits again: as many as the product has before its point, and
/// more, so that none are missing behind it.
template <class T>
NUMFUSE_INLINE T power(T base, T exponent) {
  using f = format<T>;
  using bits = typename f::bits;
  constexpr T infinity = std::numeric_limits<T>::infinity();
  const T size = std::fabs(base);
  const auto [log_high, log_low] = log2_of_positive(size);
  const T not_zero = size == T(0) ? -infinity : log_high;
  const T log = size == infinity ? infinity : not_zero;
  // Beyond this exponent no power is finite but of 1.
  constexpr T largest = T(std::uint64_t{1} << 63);
  const T below = largest < exponent ? largest : exponent;
  const T y = -largest > below ? -largest : below;
  const T y_high = upper_half(y);
  const T high = y_high * log_high;
  const T low = (y - y_high) * log_high + y * log_low;
  // 2^(high + low), as in exp.
  constexpr T base_of_half = rounding<T> + T(f::bias), base_of_sum = base_of_half + T(f::bias);
  const T all = high + low, sum = all + base_of_sum, sum_of_half = T(0.5) * all + base_of_half;
  const T r = (high - (sum - base_of_sum)) + low;
  constexpr auto terms = scaled(f::exp_terms, T(1), T(0.693147180559945309417));
  const T value = times_power_of_two(r, terms_from<1>(r, r * r, terms.c), sum, sum_of_half);
  const T about = y * log;  // the sum, but for the lower half of its digits
  const T limited_below = about < -T(f::bias + f::mantissa + 2) ? T(0) : value;
  const T limited = about > T(f::bias + 2) ? infinity : limited_below;
  // The distance from a multiple of 2, or of more where there are only such: less than 1 between
  // whole numbers, 1 of odd ones.
  constexpr T to_even = T(bits{2} << f::mantissa);
  const T of_exponent = std::fabs(exponent);
  const T rest = std::fabs(of_exponent - ((of_exponent + to_even) - to_even));
  const bool odd = rest == T(1);
  const bool between = (rest > T(0)) & (rest < T(1));
  constexpr bits sign = bits{1} << (8 * sizeof(T) - 1);
  const bits sign_of_odd = odd ? std::bit_cast<bits>(base) & sign : 0;
  const T signed_value = std::bit_cast<T>(std::bit_cast<bits>(limited) | sign_of_odd);
  const bool no_value = ((base < T(0)) & (size < infinity) & between) | (base != base);
  const T real = no_value ? std::numeric_limits<T>::quiet_NaN() : signed_value;
  return (exponent == T(0)) | (base == T(1)) ? T(1) : real;
}

template <class T>
NUMFUSE_INLINE T pow(T base, T exponent) {
#if defined(__AVX2__)
  return power(base, exponent);
#else
  return std::pow(base, exponent);  // vectors of 16 bytes take twice as long, with so many steps
#endif
}

}  // namespace numfuse::detail::math
