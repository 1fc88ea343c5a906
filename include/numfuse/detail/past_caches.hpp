// Results that no cache holds until somebody reads them: they are written past the caches.
//
// An ordinary store reads a line of memory before it changes it. One past the caches does not,
// which saves a third of what an elementwise function moves.
#pragma once

#include <cstdint>

namespace numfuse::detail {

/// True where a result of so many bytes is too large for the last-level cache, of which no more
/// than 32 MiB count.
bool exceeds_last_cache(std::int64_t bytes);
inline bool exceeds_caches(std::int64_t bytes) {
  constexpr std::int64_t smallest = 1 << 20;  // small calls need not ask what this machine has
  return bytes > smallest && exceeds_last_cache(bytes);
}

/// True where that cache is larger: dozens of cores share it, and on its way to one of them a line
/// takes nearly as long as from memory.
bool last_cache_is_far();

/// Copies numbers that a cache holds to memory that none needs to hold. `to` and `from` lie apart.
void copy_past_caches(void* to, const void* from, std::int64_t bytes);

/// What this thread copied past the caches so far comes before what it writes from now on, for
/// other threads too.
void finish_past_caches();

/// Neighbours on their way past the caches, which are collected until they are whole lines of
/// memory: a line in two parts takes several times as long.
class lines_past_caches {
 public:
  static constexpr std::int64_t most = 1024;  // bytes that are added at a time

  /// The first ones belong at `to`, all others behind.
  void begin(void* to);

  /// Where the next ones are put before `add` says how many bytes they are.
  void* next() { return memory_ + used_; }
  void add(std::int64_t bytes);

  /// What is left goes where it belongs.
  void finish();

 private:
  // A store that crosses from one page to the next takes several times as long, too.
  alignas(2 * most) unsigned char memory_[2 * most];
  unsigned char* to_;   // the line where memory_ belongs
  std::int64_t first_;  // the bytes of memory_ that are results: first_ to used_ - 1
  std::int64_t used_;
};

}  // namespace numfuse::detail
