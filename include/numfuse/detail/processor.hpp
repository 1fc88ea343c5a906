// What depends on the make of a processor, not on its instruction set.
#pragma once

namespace numfuse::detail {

/// True where reductions are faster if they fetch lines of memory ahead themselves: on processors
/// of which that was measured. The environment variable NUMFUSE_FETCH_AHEAD, 0 or 1, decides
/// otherwise. No result depends on it.
bool fetches_ahead();

}  // namespace numfuse::detail
