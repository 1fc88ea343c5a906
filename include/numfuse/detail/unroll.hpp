// Loops over a thread's own numbers.
#pragma once

#include <numfuse/detail/macros.hpp>

namespace numfuse::detail {

/// Calls f(0), ..., f(Count - 1). On a GPU the numbers are registers, which have no index: the loop
/// is unrolled whole. A CPU's compiler makes vector instructions of it.
template <int Count, class Fn>
NUMFUSE_INLINE void each(const Fn& f) {
#if defined(__CUDACC__)
#pragma unroll
#endif
  for (int i = 0; i < Count; ++i) f(i);
}

}  // namespace numfuse::detail
