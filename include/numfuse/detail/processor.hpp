// What depends on the make of a processor, not on its instruction set.
#pragma once

namespace numfuse::detail {

/// True where formulas are faster if they fetch lines of memory ahead themselves, on processors of
/// which that was measured: reductions, and formulas whose results go past the caches. The
/// environment variable NUMFUSE_FETCH_AHEAD, 0 or 1, decides otherwise. No result depends on it.
bool fetches_ahead();
bool fetches_past_caches();

/// True where results are to go past the caches a few lines at a time: the processor has buffers
/// for some, which it empties while it computes the next.
bool empties_few_lines();

}  // namespace numfuse::detail
