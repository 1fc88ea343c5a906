// Quotients of many numbers by one on the host, without a division for each.
//
// 1 / d is known to half as many digits again as a number has, as high + low. A quotient is then a
// product and a fused product: right to 0.502 ULP, subnormal ones to 1.5, and exact where its type
// has it, in a third of the time of a division.
#pragma once

#include <cmath>
#include <type_traits>

#include <numfuse/detail/math.hpp>
#include <numfuse/host/isa.hpp>

namespace numfuse::detail {

inline namespace NUMFUSE_HOST_ISA {
/// True where a product and a sum are one instruction.
inline constexpr bool fuses_products =
#if defined(__FMA__)
    true;
#else
    false;
#endif
}  // namespace NUMFUSE_HOST_ISA

// x / d = x * scale * (high + low), for numbers of type C by a d of C or a wider type D. `high` and
// `low` have one sign, and neither is 0 where the other is not: infinite and zero numbers, and
// those by infinity and zero, give what a division gives.

/// A power of two that keeps 1 / (d * scale) far from the ends of C, whatever d is.
template <class C>
struct reciprocal_scale {
  template <class D>
  NUMFUSE_INLINE D operator()(D d) const {
    constexpr D far = sizeof(C) == sizeof(float) ? D(0x1p112) : D(0x1p1000);
    const D size = std::fabs(d);
    const D of_large = size > far ? D(1) / far : D(1);
    return size < D(1) / far ? far : of_large;
  }
};

/// The first digits of 1 / scaled, half of C's: a little less than it is, so that there is a rest.
template <class C>
struct reciprocal_high {
  template <class D>
  NUMFUSE_INLINE C operator()(D inverse) const {
    constexpr C less = C(1) - C(1) / C(1 << (math::format<C>::mantissa / 2 + 2));
    return math::upper_half(static_cast<C>(inverse) * less);
  }
};

/// The rest of them.
template <class C>
struct reciprocal_low {
  template <class D>
  NUMFUSE_INLINE C operator()(D scaled, D inverse, D high) const {
    D rest;
    if constexpr (std::is_same_v<C, D>) {
      rest = std::fma(-high, scaled, D(1)) * inverse;
    } else {
      rest = inverse - high;
    }
    // What 1 / infinity and 1 / 0 leave is 0 or NaN: they are their own rest.
    return static_cast<C>((rest < D(0)) | (rest > D(0)) ? rest : high);
  }
};

struct quotient_by_reciprocal {
  template <class C>
  NUMFUSE_INLINE C operator()(C x, C scale, C high, C low) const {
    const C scaled = x * scale;
    return std::fma(scaled, high, scaled * low);
  }
};

}  // namespace numfuse::detail
