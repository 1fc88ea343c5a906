// Results that no cache holds until somebody reads them: they are written past the caches.
//
// An ordinary store reads a line of memory before it changes it. One past the caches does not,
// which saves a third of what an elementwise function moves.
#pragma once

#include <cstdint>

namespace numfuse::detail {

/// True where a result of so many bytes is too large for the last-level cache.
bool exceeds_last_cache(std::int64_t bytes);
inline bool exceeds_caches(std::int64_t bytes) {
  constexpr std::int64_t smallest = 1 << 20;  // small calls need not ask what this machine has
  return bytes > smallest && exceeds_last_cache(bytes);
}

/// Copies numbers that a cache holds to memory that none needs to hold. `to` and `from` lie apart.
void copy_past_caches(void* to, const void* from, std::int64_t bytes);

/// What this thread copied past the caches so far comes before what it writes from now on, for
/// other threads too.
void finish_past_caches();

}  // namespace numfuse::detail
