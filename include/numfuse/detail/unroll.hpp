// Loops over a thread's own numbers.
#pragma once

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

}  // namespace numfuse::detail
