// Between memory and the parts that the host works on.
#pragma once

#include <algorithm>
#include <cstdint>

#include <numfuse/detail/call.hpp>
#include <numfuse/detail/past_caches.hpp>
#include <numfuse/detail/transpose.hpp>
#include <numfuse/host/column_part.hpp>
#include <numfuse/host/contexts.hpp>

namespace numfuse::detail::host_executor::inline NUMFUSE_HOST_ISA {

/// to[j] = from[j * stride]
template <class C, class T>
NUMFUSE_INLINE void gather(C* to, const T* from, std::int64_t stride, int count) {
  if (stride == 1) {
    for (int j = 0; j < count; ++j) to[j] = convert<C>(from[j]);
  } else if (stride == 0) {
    const C x = convert<C>(*from);
    for (int j = 0; j < count; ++j) to[j] = x;
  } else {
    for (int j = 0; j < count; ++j) to[j] = convert<C>(from[j * stride]);
  }
}

/// to[j * stride] = from[j]
template <class T, class C>
NUMFUSE_INLINE void scatter(T* to, std::int64_t stride, const C* from, int count) {
  if (stride == 1) {
    for (int j = 0; j < count; ++j) to[j] = convert<T>(from[j]);
  } else {
    for (int j = 0; j < count; ++j) to[j * stride] = convert<T>(from[j]);
  }
}

/// Fills up a part: 1 is a number that every function takes without trouble.
template <class C>
NUMFUSE_INLINE void fill_up(C* to, int first, int last) {
  for (int j = first; j < last; ++j) to[j] = C(1);
}

/// Walks through `count` elements of operand k from element `first` on, in runs along its innermost
/// dimension: f(j, offset, stride, length of the run).
template <class Fn>
NUMFUSE_INLINE void each_run(const layout& where, int k, std::int64_t first, int count,
                             const Fn& f) {
  if (where.vector_rank <= 1) {
    const std::int64_t stride = where.vector_stride(k);
    f(0, first * stride, stride, count);
    return;
  }
  const int last = where.batch_rank + where.vector_rank - 1;
  const auto& sizes = where.sizes;
  const auto& strides = where.strides[k];
  std::int64_t place[max_rank];
  std::int64_t offset = 0;
  for (int d = last; d >= where.batch_rank; --d) {
    const std::int64_t outer = d > where.batch_rank ? layout::quotient(first, sizes[d]) : 0;
    place[d] = first - outer * sizes[d];
    offset += place[d] * strides[d];
    first = outer;
  }
  for (int j = 0; j < count;) {
    const int run = static_cast<int>(std::min<std::int64_t>(sizes[last] - place[last], count - j));
    f(j, offset, strides[last], run);
    j += run;
    place[last] += run;
    offset += run * strides[last];
    for (int d = last; d > where.batch_rank && place[d] == sizes[d]; --d) {
      place[d] = 0;
      ++place[d - 1];
      offset += strides[d - 1] - sizes[d] * strides[d];
    }
  }
}

/// After so many elements those of operand k repeat: the length of a row that is broadcast, or that
/// of the vector.
NUMFUSE_INLINE std::int64_t period(const layout& where, int k) {
  const int last = where.batch_rank + where.vector_rank - 1;
  for (int d = where.batch_rank; d < last; ++d) {
    if (where.strides[k][d] != 0) return where.length;
  }
  return last > where.batch_rank ? where.sizes[last] : where.length;
}

/// Elements `first` to `first + count - 1` of operand k, wherever they are, to a run, and back.
/// These are functions of their own, which all formulas share.
template <class C, class T>
NUMFUSE_OUTLINE void gather_elements(const layout& where, int k, std::int64_t first, int count,
                                     C* to, const T* from) {
  int made = static_cast<int>(std::min<std::int64_t>(count, period(where, k)));
  each_run(where, k, first, made,
           [&](int j, std::int64_t offset, std::int64_t stride, int run)
               NUMFUSE_INLINE_BODY { gather(to + j, from + offset, stride, run); });
  while (made < count) {
    const int more = std::min(made, count - made);
    std::copy(to, to + more, to + made);
    made += more;
  }
}
template <class T, class C>
NUMFUSE_OUTLINE void scatter_elements(const layout& where, int k, std::int64_t first, int count,
                                      const C* from, T* to) {
  each_run(where, k, first, count,
           [&](int j, std::int64_t offset, std::int64_t stride, int run)
               NUMFUSE_INLINE_BODY { scatter(to + offset, stride, from + j, run); });
}

/// The same for elements of vectors side by side.
#if defined(__CUDACC__)
#pragma nv_exec_check_disable
#endif
template <class C, class T>
NUMFUSE_OUTLINE void gather_columns(column_part part, int k, C* data, const T* from) {
  const column_part::run<C> to{data, part.columns};
  const std::int64_t along = part.where->vector_stride(k);
  const std::int64_t across = distance_across(*part.where, k);
  if constexpr (std::is_same_v<C, T> && is_transposable<T>) {
    if (along == 1) {  // rows of their own
      transpose(sizeof(T), data, part.columns, from + part.first, across, part.active, part.rows);
      for (int i = 0; i < part.rows; ++i) fill_up(to.row(i), part.active, part.columns);
      return;
    }
  }
  for (int i = 0; i < part.rows; ++i) {
    gather(to.row(i), from + (part.first + i) * along, across, part.active);
    fill_up(to.row(i), part.active, part.columns);
  }
}
#if defined(__CUDACC__)
#pragma nv_exec_check_disable
#endif
template <class T>
NUMFUSE_OUTLINE void scatter_columns(column_part part, int k, const T* data, T* to) {
  const column_part::run<const T> from{data, part.columns};
  const std::int64_t along = part.where->vector_stride(k);
  const std::int64_t across = distance_across(*part.where, k);
  to += part.first * along;
  if (across == 1) {
    for (int i = 0; i < part.rows; ++i) scatter(to + i * along, 1, from.row(i), part.active);
  } else if (is_transposable<T> && along == 1) {  // rows of their own
    transpose(sizeof(T), to, across, data, part.columns, part.rows, part.active);
  } else {  // each row is written in one go
    for (int lane = 0; lane < part.active; ++lane) {
      for (int i = 0; i < part.rows; ++i) to[lane * across + i * along] = from(i, lane);
    }
  }
}

/// True where the numbers of a vector stand side by side.
NUMFUSE_INLINE bool in_a_row(const layout& where, int k) {
  return where.vector_rank == 1 && where.vector_stride(k) == 1;
}

/// The same for those of a part.
NUMFUSE_INLINE bool in_a_row(const row_part& part, int k) {
  const layout& where = *part.where;
  return in_a_row(where, k) || (part.in_run && where.inner_stride(k) == 1);
}

/// How far from the start of its vector such a part begins.
NUMFUSE_INLINE std::int64_t start_of(const row_part& part, int k) {
  return part.in_run ? part.where->element_offset(k, part.first) : part.first;
}

/// A part of rows: one, or several.
template <class Part>
concept part_of_rows = std::is_base_of_v<row_part, Part>;

/// Operand k's numbers: where they are if they stand side by side there, else gathered.
template <class C, part_of_rows Part, class T>
NUMFUSE_INLINE row_part::run<const C> load(const Part& part, int k, const T* from) {
  const std::int64_t across = part.across(k);
  if constexpr (std::is_same_v<C, T>) {
    if (in_a_row(part, k)) {
      const T* const data = from + start_of(part, k);
      if (loads_parts<C> || part.tail_at() == part.count) {
        return {data, across, nullptr, 0, part.count};
      }
      C* const tails = part.memory->template take<C>(part.filled() * group);
      part.each_lane([&](int lane) NUMFUSE_INLINE_BODY {
        load_tail(part, data + lane * across, tails + lane * group);
      });
      return {data, across, tails, group, part.count};
    }
  }
  const row_part::run<C> to = part.template take<C>();
  part.each_lane([&](int lane) NUMFUSE_INLINE_BODY {
    gather_elements(*part.where, k, part.first, part.count, to.row(lane), from + lane * across);
    fill_up(to.row(lane), part.count, static_cast<int>(to.pitch));
  });
  return row_part::read_only(to);
}

/// True where the rows across vectors side by side follow one another in memory without gaps.
NUMFUSE_INLINE bool rows_go_on(const layout& where, int k) {
  return distance_across(where, k) == 1 &&
         where.vector_stride(k) == where.sizes[where.batch_rank - 1];
}

/// True where operand k has numbers behind each row of the part to fill it up to a whole group:
/// the first ones of the next row.
NUMFUSE_INLINE bool goes_on(const column_part& part, int k) {
  const std::int64_t rows_behind = part.where->length - part.first - part.rows;
  return part.reads_on && rows_go_on(*part.where, k) &&
         rows_behind * part.where->vector_stride(k) >= part.columns - part.active;
}

template <class C, class T>
NUMFUSE_INLINE column_part::run<const C> load(const column_part& part, int k, const T* from) {
  if constexpr (std::is_same_v<C, T>) {
    if (distance_across(*part.where, k) == 1 && (part.active == part.columns || goes_on(part, k))) {
      const std::int64_t along = part.where->vector_stride(k);
      return {from + part.first * along, along};
    }
  }
  const column_part::run<C> to = part.template take<C>();
  gather_columns(part, k, to.data, from);
  return column_part::read_only(to);
}

/// True where the results of a tile stand in one run.
NUMFUSE_INLINE bool without_gaps(const column_part& part, int k) {
  return part.where->vector_stride(k) == part.active && part.active == part.columns;
}

/// True where they stand in runs that are long enough to be written past the caches.
template <class T>
NUMFUSE_INLINE bool goes_past_caches(const column_part& part, int k) {
  constexpr int shortest = 256 / sizeof(T);
  if (!part.past_caches || distance_across(*part.where, k) != 1) return false;
  return part.active >= shortest || without_gaps(part, k);
}

/// Where operand k's numbers go: where they belong if they stand side by side there, else into
/// memory of which `unload` takes them there.
template <part_of_rows Part, class T>
NUMFUSE_INLINE row_part::run<T> target_of(const Part& part, int k, T* to) {
  if (!in_a_row(part, k)) return part.template take<T>();
  if (part.past_caches) return part.template take_rows<T>(part.filled(), part.count);
  T* const tails = part.memory->template take<T>(part.filled() * group);
  return {to + start_of(part, k), part.across(k), tails, group, part.count};
}
template <class T>
NUMFUSE_INLINE column_part::run<T> target_of(const column_part& part, int k, T* to) {
  if (goes_past_caches<T>(part, k) || distance_across(*part.where, k) != 1 ||
      part.active != part.columns) {
    return part.template take<T>();
  }
  const std::int64_t along = part.where->vector_stride(k);
  return {to + part.first * along, along};
}

/// What `target_of` put elsewhere goes where it belongs.
#if defined(__CUDACC__)
#pragma nv_exec_check_disable
#endif
template <part_of_rows Part, class T>
NUMFUSE_INLINE void unload(const Part& part, int k, const row_part::run<T>& from, T* to) {
  const bool side_by_side = in_a_row(part, k);
  const auto bytes = part.count * static_cast<std::int64_t>(sizeof(T));
  if (side_by_side && part.past_caches && part.across(k) == part.count) {
    return copy_past_caches(to + start_of(part, k), from.row(0), part.filled() * bytes);
  }
  for (int lane = 0; lane < part.filled(); ++lane) {
    T* const row = to + lane * part.across(k);
    if (side_by_side && !part.past_caches) {  // in place
      unload_tail(part, from.tail(lane), from.row(lane));
    } else if (side_by_side) {
      copy_past_caches(row + start_of(part, k), from.row(lane), bytes);
    } else {
      scatter_elements(*part.where, k, part.first, part.count, from.row(lane), row);
    }
  }
}
#if defined(__CUDACC__)
#pragma nv_exec_check_disable
#endif
template <class T>
NUMFUSE_INLINE void unload(const column_part& part, int k, const column_part::run<T>& from, T* to) {
  const std::int64_t along = part.where->vector_stride(k);
  T* const first = to + part.first * along;
  if (from.data == first) return;
  if (!goes_past_caches<T>(part, k)) return scatter_columns(part, k, from.data, to);
  const auto bytes = part.active * static_cast<std::int64_t>(sizeof(T));
  if (without_gaps(part, k)) return copy_past_caches(first, from.data, part.rows * bytes);
  for (int i = 0; i < part.rows; ++i) copy_past_caches(first + i * along, from.row(i), bytes);
}

}  // namespace numfuse::detail::host_executor::inline NUMFUSE_HOST_ISA
