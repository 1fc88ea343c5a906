// The host executor: runs a formula on the CPU's vector units and cores.
//
// Vectors that fit a part are held: the formula runs once, a sweep over numbers in the first-level
// cache for each of its reductions and one for its results. Longer ones are replayed part by part.
// Short vectors go through each sweep several at a time. Where neighbours lie side by side in
// memory, or are very short, a tile of them is worked through together. Long vectors are cut into
// blocks that go to different threads; blocks do not depend on the number of threads, so results do
// not either.
#pragma once

#include <algorithm>
#include <cstdint>
#include <type_traits>

#include <numfuse/detail/parallel.hpp>
#include <numfuse/host/elementwise.hpp>
#include <numfuse/host/tile_run.hpp>

namespace numfuse::detail::host_executor::inline NUMFUSE_HOST_ISA {

/// Vectors shorter than this are worked on a tile at a time, even where each is one run in memory:
/// of a few groups, they would leave the vector units idle. Whole groups do so less, and rows that
/// no cache holds come faster from memory one after the other.
inline constexpr std::int64_t short_vector = 4 * group;
inline constexpr std::int64_t short_whole_groups_bytes = 192;
inline constexpr std::int64_t short_vector_in_memory_bytes = 128;

/// Rows up to this long are worked on several at a time: in longer ones the waits between the steps
/// of a formula are few. Where no vectors are written, memory waits between two rows, too.
inline constexpr std::int64_t short_row_bytes = 4096;
inline constexpr std::int64_t past_caches_row_bytes = 2048;  // that are written past the caches
inline constexpr std::int64_t read_row_bytes = 1 << 13;      // of formulas that write no vectors
inline constexpr std::int64_t passed_row_bytes = 1 << 18;    // of those that read every number once

/// Rows that are worked on together, of which several sweeps find the numbers in the first-level
/// cache; half as many where results stand there beside them, to be written past the caches.
inline constexpr std::int64_t held_rows_bytes = 1 << 14;

/// Tiles of short vectors that no second-level cache holds: memory would rest between larger ones.
inline constexpr std::int64_t short_tile_bytes = 1 << 12;

/// Results of so many bytes go past the caches together: the first-level cache holds them until
/// then.
inline constexpr std::int64_t past_caches_bytes = 1 << 15;

/// Of a row of a tile: were it less, runs would be too short for the processor to fetch ahead.
inline constexpr std::int64_t fewest_lanes_bytes = 1024;

/// True where vectors are so short.
template <class Call>
bool is_short(const Call& c) {
  const std::int64_t length = c.where.length, bytes = length * Call::compute_bytes;
  if (length >= short_vector) return false;
  if (exceeds_caches(bytes_of(c))) return bytes < short_vector_in_memory_bytes;
  return bytes < short_whole_groups_bytes || length % group != 0;
}

/// True where neighbouring vectors are worked on together: their elements lie side by side while
/// those of a vector lie apart, or the vectors are short.
template <class Call>
bool in_tiles(const Call& c) {
  const layout& where = c.where;
  if (where.batch_rank == 0 || where.vector_rank > 1) return false;
  if (where.sizes[where.batch_rank - 1] < group / 2) return false;
  if (is_short(c)) return true;
  for (int k = 0; k < Call::inputs_count; ++k) {
    if (where.vector_stride(k) != 1 && distance_across(where, k) == 1) return true;
  }
  return false;
}

/// Calls fn(i) for every i in [0, count), in tasks of `together`, each of them on one thread where
/// there are enough for all; otherwise one after the other, each on all threads. What goes past the
/// caches is waited for at the end of a task.
template <class Fn>
void each_task(std::int64_t count, std::int64_t together, std::int64_t work, bool past_caches,
               Fn fn) {
  const std::int64_t tasks = ceil_div(count, together);
  parallel_for(tasks, one_thread_each(tasks) ? work : 0, [&](std::int64_t task) {
    const std::int64_t last = std::min(count, (task + 1) * together);
    for (std::int64_t i = task * together; i < last; ++i) fn(i);
    if (past_caches) finish_past_caches();
  });
}

/// True where the vectors of tiles are rows that are transposed into them.
template <class Call>
bool is_transposed(const Call& c) {
  return c.where.length < short_vector && c.where.vector_stride(0) == 1;
}

/// How many neighbouring vectors are worked on together.
template <class Call>
std::int64_t lanes_of(const Call& c) {
  const std::int64_t length = std::max<std::int64_t>(1, c.where.length);
  std::int64_t most = most_lanes;
  if (is_transposed(c)) {  // held in one part
    most = part_numbers / length;
    if (Call::info::any_vector && bytes_of(c) > tile_bytes) {
      most = std::max<std::int64_t>(2 * group, short_tile_bytes / Call::compute_bytes / length);
    }
  } else if (!in_one_pass<Call>) {
    constexpr std::int64_t number = bytes_in_tile<Call>(1);
    constexpr std::int64_t fewest = fewest_lanes_bytes / number;
    // Longer vectors come from memory in each pass, the sooner the longer the runs of their rows.
    if (length * fewest * number <= held_tile_bytes()) {
      const std::int64_t eighth = c.where.count * length / 8;  // tiles for some threads
      const std::int64_t numbers = std::min(tile_bytes / number, std::max(eighth, block_elements));
      most = std::max(fewest, numbers / length);
    }
  }
  return std::clamp<std::int64_t>(most / group * group, group, most_lanes);
}

/// So many vectors make a task where results are written past the caches.
inline std::int64_t vectors_past_caches(const layout& where) {
  const std::int64_t length = std::max<std::int64_t>(1, where.length);
  return numbers_past_caches(where.count * length) / length;
}

/// Runs the formula on `most` neighbouring vectors at a time, of several. Columns that are no whole
/// group are left for a tile of their own: only of whole ones are numbers read where they lie.
template <class Part, class Call>
void run_tiles(const Call& c, std::int64_t most, bool past_caches = false) {
  constexpr int unit = std::is_same_v<Part, column_part> ? group : 1;
  const layout& where = c.where;
  const std::int64_t across = where.sizes[where.batch_rank - 1], whole = across / unit * unit;
  const std::int64_t tiles = ceil_div(whole, most) + (whole < across ? 1 : 0);
  const std::int64_t all = where.count / across * tiles;
  std::int64_t together = 1;
  if (past_caches) together = std::max(together, vectors_past_caches(where) / most);
  each_task(all, together, where.count * where.length, past_caches, [&](std::int64_t i) {
    const std::int64_t first = std::min(i % tiles * most, whole);
    const std::int64_t active = std::min(most, (first < whole ? whole : across) - first);
    const std::int64_t vector = i / tiles * across + first;
    tile_run<Call, Part>(c, vector, static_cast<int>(active), past_caches).run();
  });
}

/// True where rows are read where they lie, to their last number.
template <class Call>
bool reads_whole_rows(const Call& c) {
  return reads_in_place(c) && (loads_parts<float> || c.where.length % group == 0);
}

/// The longest rows of which several are worked on together. Where a row of several blocks goes to
/// all threads instead, its blocks are reduced and joined in the same order.
template <class Call>
std::int64_t most_row_bytes(const Call& c) {
  if (Call::info::any_vector || !reads_whole_rows(c)) {
    return writes_past_caches(c) ? past_caches_row_bytes : short_row_bytes;
  }
  if (!in_one_pass<Call>) return read_row_bytes;
  return one_thread_each(c.where.count) ? passed_row_bytes : block_elements * Call::compute_bytes;
}

template <class Call>
void run_several_rows(const Call& c) {
  const layout& where = c.where;
  const std::int64_t row_bytes = std::max<std::int64_t>(1, where.length) * Call::compute_bytes;
  const bool passes = in_one_pass<Call> && reads_whole_rows(c);
  const bool past = writes_past_caches(c);
  const std::int64_t held = past ? held_rows_bytes / 2 : held_rows_bytes;
  std::int64_t most = (passes ? passed_row_bytes : held) / row_bytes;
  if (where.count * where.length >= worth_threads) {  // tiles for all threads
    most = std::min(most, where.count / (2 * num_threads()));
  }
  most = std::clamp<std::int64_t>(most, 1, most_rows);
  using part = std::conditional_t<in_one_pass<Call>, rows_read_once, rows_part>;
  run_tiles<part>(c, most, past);
}

template <class Part, class Call>
void run_rows(const Call& c) {
  const layout& where = c.where;
  if (where.count == 1) return tile_run<Call, Part>(c, 0, 1).run();
  const std::int64_t length = std::max<std::int64_t>(1, where.length);
  const bool past = length * Call::item_bytes <= past_caches_bytes && writes_past_caches(c);
  std::int64_t together = std::max<std::int64_t>(1, block_elements / 4 / length);
  if (past) together = std::max(together, vectors_past_caches(where));
  each_task(where.count, together, where.count * where.length, past,
            [&](std::int64_t v) { tile_run<Call, Part>(c, v, 1, past).run(); });
}

template <class Call>
void run(const Call& c) {
  if constexpr (Call::info::levels == 0) {
    run_elementwise(c);
  } else if (in_tiles(c)) {
    run_tiles<column_part>(c, lanes_of(c), !is_transposed(c) && writes_past_caches(c));
  } else if (c.where.count > 1 && c.where.length * Call::compute_bytes <= most_row_bytes(c)) {
    run_several_rows(c);
  } else if constexpr (!in_one_pass<Call>) {
    run_rows<long_row_part>(c);
  } else {
    run_rows<row_part>(c);
  }
}

}  // namespace numfuse::detail::host_executor::inline NUMFUSE_HOST_ISA
