// Between memory and the parts that the host works on.
#pragma once

#include <numfuse/detail/call.hpp>
#include <numfuse/host/parts.hpp>

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
  for (int j = 0; j < count;) {
    const std::int64_t left = where.sizes[last] - (first + j) % where.sizes[last];
    const int run = static_cast<int>(std::min<std::int64_t>(left, count - j));
    f(j, where.element_offset(k, first + j), where.strides[k][last], run);
    j += run;
  }
}

template <class C, class T>
NUMFUSE_INLINE void load(const row_part& part, int k, const T* from, C* to) {
  each_run(*part.where, k, part.first, part.count,
           [&](int j, std::int64_t offset, std::int64_t stride, int run)
               NUMFUSE_INLINE_BODY { gather(to + j, from + offset, stride, run); });
  fill_up(to, part.count, static_cast<int>(whole_groups(part.count)));
}

template <class T, class C>
NUMFUSE_INLINE void store(const row_part& part, int k, T* to, const C* from) {
  each_run(*part.where, k, part.first, part.count,
           [&](int j, std::int64_t offset, std::int64_t stride, int run)
               NUMFUSE_INLINE_BODY { scatter(to + offset, stride, from + j, run); });
}

/// The distance between neighbouring vectors.
NUMFUSE_INLINE std::int64_t distance_across(const layout& where, int k) {
  return where.strides[k][where.batch_rank - 1];
}

template <class C, class T>
NUMFUSE_INLINE void load(const column_part& part, int k, const T* from, C* to) {
  const std::int64_t along = part.where->vector_stride(k);
  const std::int64_t across = distance_across(*part.where, k);
  from += part.first * along;
  for (int i = 0; i < part.rows; ++i) {
    gather(to + i * part.columns, from + i * along, across, part.active);
    fill_up(to + i * part.columns, part.active, part.columns);
  }
}

template <class T, class C>
NUMFUSE_INLINE void store(const column_part& part, int k, T* to, const C* from) {
  const std::int64_t along = part.where->vector_stride(k);
  const std::int64_t across = distance_across(*part.where, k);
  to += part.first * along;
  if (across == 1) {
    for (int i = 0; i < part.rows; ++i) {
      scatter(to + i * along, 1, from + i * part.columns, part.active);
    }
  } else {  // rows of their own: each is written in one go
    for (int lane = 0; lane < part.active; ++lane) {
      for (int i = 0; i < part.rows; ++i) {
        to[lane * across + i * along] = convert<T>(from[i * part.columns + lane]);
      }
    }
  }
}

}  // namespace numfuse::detail::host_executor::inline NUMFUSE_HOST_ISA
