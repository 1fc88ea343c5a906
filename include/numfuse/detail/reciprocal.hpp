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

/// x / d = x * scale * (high + low). `high` and `low` have one sign, and neither is 0 where the
/// other is not: infinite and zero numbers, and those by infinity and zero, give what a division
/// gives. C is a type of numbers, or of a formula's scalars.
template <class C>
struct reciprocal {
  C scale;  // a power of two that keeps 1 / (d * scale) far from the ends of C, whatever d is
  C high;   // the first digits of 1 / (d * scale), half of C's
  C low;    // the rest of them
};

/// For numbers of type C, by a d of C or a wider type.
template <class C, class D>
NUMFUSE_INLINE reciprocal<C> reciprocal_of(D d) {
  constexpr D far = sizeof(C) == sizeof(float) ? D(0x1p112) : D(0x1p1000);
  const D size = std::fabs(d);
  const D of_large = size > far ? D(1) / far : D(1);
  const D scale = size < D(1) / far ? far : of_large;
  const D scaled = d * scale, inverse = D(1) / scaled;
  // A little less than it is, so that there is a rest.
  constexpr C less = C(1) - C(1) / C(1 << (math::format<C>::mantissa / 2 + 2));
  const C high = math::upper_half(static_cast<C>(inverse) * less);
  const D first = high;
  D rest;
  if constexpr (std::is_same_v<C, D>) {
    rest = std::fma(-first, scaled, D(1)) * inverse;
  } else {
    rest = inverse - first;
  }
  // What 1 / infinity and 1 / 0 leave is 0 or NaN: they are their own rest.
  const C low = static_cast<C>((rest < D(0)) | (rest > D(0)) ? rest : first);
  return {static_cast<C>(scale), high, low};
}

struct quotient_by_reciprocal {
  template <class C>
  NUMFUSE_INLINE C operator()(C x, C scale, C high, C low) const {
    const C scaled = x * scale;
    return std::fma(scaled, high, scaled * low);
  }
};

}  // namespace numfuse::detail
