// What a call moves, and which caches hold it.
#pragma once

#include <algorithm>
#include <cstdint>
#include <type_traits>

#include <numfuse/detail/past_caches.hpp>
#include <numfuse/detail/processor.hpp>
#include <numfuse/host/transfer.hpp>
#include <numfuse/threads.hpp>

namespace numfuse::detail::host_executor::inline NUMFUSE_HOST_ISA {

/// Neighbouring vectors that a formula of several steps goes through together: so much of them, and
/// of what it keeps beside them, the second-level cache holds.
inline constexpr std::int64_t tile_bytes = 1 << 20;

/// Longer ones are held, too, up to this: a last-level cache that is near has room for it, and runs
/// of their rows are long enough for the processor to fetch ahead. From one that is far they come
/// no faster than longer runs come from memory.
inline std::int64_t held_tile_bytes() { return last_cache_is_far() ? tile_bytes : 4 * tile_bytes; }

/// True where every number is read once.
template <class Call>
inline constexpr bool in_one_pass = Call::info::levels == 1 && !Call::info::any_vector;

/// True where every input stands in memory, in the type in which it is computed, and lies(k) holds.
template <class Call, class Fn>
bool all_in_memory(const Call& c, const Fn& lies) {
  bool all = true;
  c.each_input([&](auto k, const auto& in) NUMFUSE_INLINE_BODY {
    using T = typename std::remove_cvref_t<decltype(in)>::dtype;
    all &= std::is_same_v<T, compute_t<T>> && in.data != nullptr && lies(k);
  });
  return all;
}

/// True where every input's numbers are read where they lie: a part takes no memory.
template <class Call>
bool reads_in_place(const Call& c) {
  return all_in_memory(c, [&](int k) NUMFUSE_INLINE_BODY { return in_a_row(c.where, k); });
}

/// True where columns that are no whole group are read where they lie, as column_part::reads_on.
template <class Call>
bool goes_on(const Call& c) {
  if (Call::info::any_vector) return false;
  return all_in_memory(c, [&](int k) NUMFUSE_INLINE_BODY { return rows_go_on(c.where, k); });
}

/// True where the elements of every operand are one run, read where they lie: the layout has merged
/// all dimensions then. Every small call asks: all_in_memory would take it a nanosecond.
template <class Call>
bool is_one_run(const Call& c) {
  const int rank = c.where.vector_rank;
  bool all = rank <= 1;
  c.each_input([&](auto k, const auto& in) NUMFUSE_INLINE_BODY {
    using T = typename std::remove_cvref_t<decltype(in)>::dtype;
    all &= std::is_same_v<T, compute_t<T>> && in.data != nullptr;
    all &= rank == 0 || c.where.strides[k][0] == 1;
  });
  c.each_output([&](auto o, const auto&) NUMFUSE_INLINE_BODY {
    all &= rank == 0 || c.where.strides[Call::inputs_count + decltype(o)::value][0] == 1;
  });
  return all;
}

/// The bytes of the vectors of a call, of the operand whose numbers are the widest.
template <class Call>
std::int64_t bytes_of(const Call& c) {
  return c.where.count * c.where.length * Call::item_bytes;
}

/// What a tile takes of a cache for so many numbers of each input: theirs, and as much for results.
template <class Call>
constexpr std::int64_t bytes_in_tile(std::int64_t numbers) {
  const int kept = Call::info::any_vector ? 2 : 1;
  return numbers * kept * Call::inputs_count * Call::compute_bytes;
}

/// True where no input stands where a result goes.
template <class Call>
bool is_apart(const Call& c, const void* result) {
  bool apart = true;
  c.each_input([&](auto, const auto& in) { apart &= in.data != result; });
  return apart;
}

/// True where vectors are written that are too large for the caches, and none of them is an input,
/// too, whose lines have been read when they are written.
template <class Call>
bool writes_past_caches(const Call& c) {
  std::int64_t bytes = 0;
  bool apart = true;
  c.each_output([&](auto o, const auto& out) {
    if (!Call::info::is_vector[decltype(o)::value]) return;
    bytes += c.where.count * c.where.length * static_cast<std::int64_t>(sizeof(*out.data));
    apart &= is_apart(c, out.data);
  });
  return apart && exceeds_caches(bytes);
}

/// So many numbers, of so many, make a task where results are written past the caches, which is
/// waited for at its end: many, but enough tasks for all threads.
inline std::int64_t numbers_past_caches(std::int64_t numbers) {
  return std::min(4 * block_elements, numbers / (8 * num_threads()));
}

/// How far ahead lines are worth fetching, in bytes; 0 where they are not. The processor fetches
/// ahead itself, some of them not from one page to the next, nor soon enough where they wait for
/// the last steps of a row. Measured on such: one pass over what the third-level cache holds, and
/// floats in memory, where they are one stream.
template <class Call>
std::int64_t bytes_ahead(const Call& c) {
  constexpr std::int64_t second_level = 1 << 20, third_level = 1 << 23;
  constexpr std::int64_t shortest_row = 2048;
  const std::int64_t row = c.where.length * Call::compute_bytes;
  const std::int64_t bytes = row * c.where.count * Call::inputs_count;
  if (bytes <= second_level || !fetches_ahead()) return 0;
  if (bytes <= third_level) return in_one_pass<Call> && row >= shortest_row ? 2048 : 0;
  constexpr bool one_of_floats = Call::inputs_count == 1 && Call::compute_bytes == 4;
  return one_of_floats && exceeds_caches(bytes) ? 8192 : 0;
}

}  // namespace numfuse::detail::host_executor::inline NUMFUSE_HOST_ISA
