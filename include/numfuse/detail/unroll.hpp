// Loops over a thread's own numbers.
#pragma once

#include <utility>

#include <numfuse/detail/macros.hpp>

namespace numfuse::detail {

/// Calls f(0), ..., f(Count - 1). On a GPU the numbers are registers, which have no index: the
/// calls are written out before the optimiser starts, so that it sees every index as a constant. A
/// CPU's compiler makes vector instructions of the loop.
template <int Count, class Fn>
NUMFUSE_INLINE void each(const Fn& f) {
#if defined(__CUDACC__)
  [&]<int... I>(std::integer_sequence<int, I...>) __attribute__((always_inline)) { (f(I), ...); }
  (std::make_integer_sequence<int, Count>{});
#else
  for (int i = 0; i < Count; ++i) f(i);
#endif
}

}  // namespace numfuse::detail
