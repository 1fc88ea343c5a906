// Loops of which the compiler knows the length: over a thread's own numbers, over constants.
#pragma once

#include <type_traits>
#include <utility>

#include <numfuse/detail/macros.hpp>

namespace numfuse::detail {

/// Calls f(0), ..., f(Count - 1). On a GPU the numbers are registers, which have no index: the loop
/// is unrolled whole. A CPU's compiler makes vector instructions of it, where they would be full.
template <int Count, class Fn>
NUMFUSE_INLINE void each(const Fn& f) {
#if defined(__CUDACC__)
#pragma unroll
  for (int i = 0; i < Count; ++i) f(i);
#else
  if constexpr (Count >= 8) {
    NUMFUSE_KEEP_LOOP
    for (int i = 0; i < Count; ++i) f(i);
  } else {
    for (int i = 0; i < Count; ++i) f(i);
  }
#endif
}

/// Calls f(0), ..., f(Count - 1), each number as a constant of a type of its own.
template <int Count, class Fn>
NUMFUSE_INLINE void each_constant(const Fn& f) {
  [&]<int... I>(std::integer_sequence<int, I...>) NUMFUSE_INLINE_BODY {
    (f(std::integral_constant<int, I>{}), ...);
  }
  (std::make_integer_sequence<int, Count>{});
}

}  // namespace numfuse::detail
