// What the host works on at a time where neighbouring vectors are worked on together: tiles whose
// rows run across the vectors.
#pragma once

#include <algorithm>
#include <cstdint>

#include <numfuse/dtype.hpp>
#include <numfuse/host/parts.hpp>

namespace numfuse::detail::host_executor::inline NUMFUSE_HOST_ISA {

/// True for a reduction that looks for the place of a number.
template <class R, class C>
inline constexpr bool finds_places = requires(const R& r, C x) {
  r.replaces(x, x);
};

/// Elements `first` to `first + rows - 1` of `active` vectors side by side, filled up to `columns`
/// vectors, of which those beyond `active` do not exist.
struct column_part {
  static constexpr int width = part_numbers;
  static constexpr int lanes = most_lanes;
  template <class C>
  using of_each_lane = C*;
  const layout* where;
  std::int64_t first;
  int rows;
  int active;
  int columns;  // active, filled up to whole groups
  scratch* memory;
  bool past_caches;  // results are written past the caches
  bool in_one_run;   // rows follow one another in memory, or nearly so
  bool reads_on;     // inputs are not written: numbers behind those of the part may be read

  /// Elements of each of so many vectors that a sweep goes through at a time.
  static constexpr int rows_at_a_time(int columns) {
    constexpr int fewest = 16;  // with fewer, states come and go too often
    return std::max(fewest, part_numbers / columns);
  }

  NUMFUSE_INLINE std::int64_t length() const { return where->formula_length; }
  NUMFUSE_INLINE std::int64_t index(int i) const { return first + i; }
  NUMFUSE_INLINE int filled() const { return columns; }

  /// Numbers in memory.
  template <class C>
  struct run {
    C* data;
    std::int64_t pitch;  // from one element of a vector to the next
    NUMFUSE_INLINE C* row(int i) const { return data + i * pitch; }
    NUMFUSE_INLINE decltype(auto) operator()(int i, int lane) const {
      return number_in(row(i), lane);
    }
  };

  template <class C>
  static NUMFUSE_INLINE run<const C> read_only(const run<C>& r) {
    return {r.data, r.pitch};
  }

  /// Memory for all numbers of the part.
  template <class C>
  NUMFUSE_INLINE run<C> take() const {
    return {memory->take<C>(std::int64_t{rows} * columns), columns};
  }

  // A function of its own: among all the loops of a formula compilers run out of registers.
  template <class Fn>
  NUMFUSE_OUTLINE void each_number(const Fn& f) const {
    for (int i = 0; i < rows; ++i) {
      for (int lane = 0; lane < columns; lane += group) {
        NUMFUSE_INDEPENDENT
        NUMFUSE_KEEP_LOOP
        for (int k = 0; k < group; ++k) f(i, lane + k);
      }
    }
  }
  template <class Fn>
  NUMFUSE_INLINE void each_lane(const Fn& f) const {
    for (int lane = 0; lane < columns; lane += group) {
      NUMFUSE_INDEPENDENT
      for (int k = 0; k < group; ++k) f(lane + k);
    }
  }

  template <class C>
  NUMFUSE_INLINE void make_room(C*& lanes_of) const {
    lanes_of = memory->take<C>(columns);
  }

  /// The part's numbers join the states of their vectors.
  template <class R, class V, class S>
  NUMFUSE_INLINE void reduce(const R& r, const V& v, S* states) const {
    reduce(r, v, states, 0, rows);
  }

 protected:
  /// The same, of some rows.
  template <class R, class V, class S>
  NUMFUSE_INLINE void reduce(const R& r, const V& v, S* states, int from, int to) const {
    using C = compute_t<typename V::dtype>;
    constexpr int several = 4 * group;  // as many chains of operations at a time
    const bool many = to - from > few;
    if constexpr (finds_places<R, C>) {
      for (int lane = 0; lane < columns; lane += group) find_places(r, v, states, lane, from, to);
    } else if (many && in_one_run && columns > several) {
      reduce_in_order(r, v, states, from, to);
    } else if (many && columns >= wide) {
      constexpr int together = apart<V> ? 4 : 8;
      int i = from;
      for (; i + together <= to; i += together) reduce_rows<together>(r, v, states, i);
      for (; i < to; ++i) reduce_rows<1>(r, v, states, i);
    } else {
      int lane = 0;
      for (; lane + several <= columns; lane += several) {
        reduce_lanes<several>(r, v, states, lane, from, to);
      }
      for (; lane < columns; lane += group) {
        reduce_lanes<group>(r, v, states, lane, from, to);
      }
    }
  }

 private:
  // From so many vectors on some rows at a time are read in their whole length: memory is faster
  // where a few runs are long, by more than it takes to fetch the states.
  static constexpr int wide = 256;
  static constexpr int few = 12;  // rows: their states would come and go for little

  // In float64 some rows at a time have states of their own: added one after the other, many
  // numbers would lose digits.
  template <class V>
  static constexpr bool apart = sizeof(compute_t<typename V::dtype>) > 4;

  // Number after number, as they stand in memory.
  template <class R, class V, class S>
  NUMFUSE_INLINE void reduce_in_order(const R& r, const V& v, S* states, int from, int to) const {
    if constexpr (apart<V>) {
      alignas(64) unsigned char own_memory[most_lanes * sizeof(S)];
      S* const own = reinterpret_cast<S*>(own_memory);
      each_lane([&](int lane) { own[lane] = joined<1, S>(r, v, from, lane); });
      for (int i = from + 1; i < to; ++i) reduce_rows<1>(r, v, own, i);
      each_lane([&](int lane) { states[lane] = r.combine(states[lane], own[lane]); });
    } else {
      for (int i = from; i < to; ++i) reduce_rows<1>(r, v, states, i);
    }
  }

  template <int Rows, class R, class V, class S>
  NUMFUSE_INLINE void reduce_rows(const R& r, const V& v, S* states, int i) const {
    for (int lane = 0; lane < columns; lane += group) {
      NUMFUSE_INDEPENDENT
      NUMFUSE_KEEP_LOOP
      for (int k = 0; k < group; ++k) {
        states[lane + k] = r.combine(states[lane + k], joined<Rows, S>(r, v, i, lane + k));
      }
    }
  }

  // The state of Rows numbers, in pairs and pairs of pairs: a long sum meets them as one. Not a
  // loop, in which compilers would look for vectors.
  template <int Rows, class S, class R, class V>
  NUMFUSE_INLINE S joined(const R& r, const V& v, int i, int lane) const {
    if constexpr (Rows == 1) {
      return r.template lift<S>(v.number(i, lane), first + i);
    } else {
      const S upper = joined<Rows / 2, S>(r, v, i, lane);
      return r.combine(upper, joined<Rows / 2, S>(r, v, i + Rows / 2, lane));
    }
  }

  // The numbers that are best so far and where they stood, in registers of their own: side by side,
  // as in states, they would be compared one by one.
  template <class R, class V, class S>
  NUMFUSE_INLINE void find_places(const R& r, const V& v, S* states, int lane, int from,
                                  int to) const {
    using C = compute_t<typename V::dtype>;
    using place = std::conditional_t<sizeof(C) == 8, std::int64_t, std::int32_t>;
    C best[group];
    place best_place[group];
    each_of<group>([&](int k) NUMFUSE_INLINE_BODY {
      best[k] = v.number(from, lane + k);
      best_place[k] = from;
    });
    for (int i = from + 1; i < to; ++i) {
      each_of<group>([&](int k) NUMFUSE_INLINE_BODY {
        const C x = v.number(i, lane + k);
        const bool better = r.replaces(x, best[k]);
        best[k] = better ? x : best[k];
        best_place[k] = better ? i : best_place[k];
      });
    }
    for (int k = 0; k < group; ++k) {
      const S own = r.template lift<S>(best[k], first + best_place[k]);
      states[lane + k] = r.combine(states[lane + k], own);
    }
  }

  template <int Lanes, class R, class V, class S>
  NUMFUSE_INLINE void reduce_lanes(const R& r, const V& v, S* states, int lane, int from,
                                   int to) const {
    const int together = apart<V> ? 2 * group : to - from;
    for (int row = from; row < to; row += together) {
      const int end = std::min(to, row + together);
      S own[Lanes];
      each_of<Lanes>([&](int k) NUMFUSE_INLINE_BODY {
        own[k] = apart<V> ? r.template identity<S>() : states[lane + k];
      });
      for (int i = row; i < end; ++i) {
        each_of<Lanes>([&](int k) NUMFUSE_INLINE_BODY {
          own[k] = r.combine(own[k], r.template lift<S>(v.number(i, lane + k), first + i));
        });
      }
      each_of<Lanes>([&](int k) NUMFUSE_INLINE_BODY {
        states[lane + k] = apart<V> ? r.combine(states[lane + k], own[k]) : own[k];
      });
    }
  }

  // A loop of a group's few turns is to be kept, see NUMFUSE_KEEP_LOOP. A longer one is written out
  // after it has become vector instructions, and `own` stays in registers.
  template <int Lanes, class Fn>
  static NUMFUSE_INLINE void each_of(const Fn& f) {
    if constexpr (Lanes > group) {
      for (int k = 0; k < Lanes; ++k) f(k);
    } else {
      NUMFUSE_KEEP_LOOP
      for (int k = 0; k < Lanes; ++k) f(k);
    }
  }
};

/// Whole vectors side by side, which may be of more rows than a sweep of a longer vector goes
/// through at a time.
struct long_column_part : column_part {
  std::int64_t block = 0;  // rows of which the reductions of a longer vector are joined

  /// In the order in which a longer vector's are: a result does not depend on whether it was held.
  template <class R, class V, class S>
  NUMFUSE_INLINE void reduce(const R& r, const V& v, S* states) const {
    const bool in_blocks = rows > block;
    S* const own = in_blocks ? memory->template take<S>(columns) : states;
    for (int from = 0, to; from < rows; from = to) {
      to = std::min(rows, from + rows_at_a_time(columns));
      if (in_blocks && from % block == 0) {
        each_lane([&](int lane) { own[lane] = r.template identity<S>(); });
      }
      column_part::reduce(r, v, own, from, to);
      if (in_blocks && (to % block == 0 || to == rows)) {
        each_lane([&](int lane) { states[lane] = r.combine(states[lane], own[lane]); });
      }
    }
  }
};

}  // namespace numfuse::detail::host_executor::inline NUMFUSE_HOST_ISA
