// Rows of other kinds than one that is read once: long ones of several sweeps, and several one
// after the other.
#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>

#include <numfuse/host/row_part.hpp>

namespace numfuse::detail::host_executor::inline NUMFUSE_HOST_ISA {

/// Where vectors stand whose numbers lie side by side.
struct place_of_rows {
  const char* first = nullptr;
  int number_bytes = 0;
  std::int64_t pitch = 0;  // bytes from one vector to the next
};

/// Vectors of several sweeps. The processor has much to compute in them and memory little to do:
/// meanwhile they fetch what comes next to the second-level cache.
struct fetching_next : row_part {
  mutable place_of_rows next;  // the next vectors, or where a result goes

 protected:
  /// f(i, lane) for every number of so many vectors.
  template <class Fn>
  NUMFUSE_INLINE void each_number_of(int vectors, const Fn& f) const {
    const place_of_rows fetched = std::exchange(next, {});  // the first sweep is enough
    // Asked once: for each vector it would take longer than it saves.
    if (fetched.first == nullptr) {
      for (int lane = 0; lane < vectors; ++lane) {
        row_part::each_number([&](auto i, int) NUMFUSE_INLINE_BODY { f(i, lane); });
      }
      return;
    }
    for (int lane = 0; lane < vectors; ++lane) {
      const char* const row = fetched.first + lane * fetched.pitch;
      const auto fetch_next = [&](int i) NUMFUSE_INLINE_BODY {
        const char* const from = row + std::int64_t{i} * fetched.number_bytes;
        for (int line = 0; line < group * fetched.number_bytes; line += 64) {
          fetch_early(from + line);
        }
      };
      row_part::each_number([&](auto i, int) NUMFUSE_INLINE_BODY { f(i, lane); }, fetch_next);
    }
  }

 private:
  // Formulas run in both spaces, and this may stand in one; only the host runs it.
  static NUMFUSE_INLINE void fetch_early([[maybe_unused]] const char* line) {
#if !defined(__CUDA_ARCH__)
    __builtin_prefetch(line, 0, 2);
#endif
  }
};

/// Neighbours in one vector, of several sweeps.
struct long_row_part : fetching_next {
  // Where a result goes, in memory that no input shares.
  mutable void* target = nullptr;
  dtype target_type{};

  /// Memory for a vector that is kept. It may stand where a result goes until that is written: its
  /// lines come from memory while the processor computes, and caches hold a vector less.
  template <class C>
  NUMFUSE_INLINE run<C> take_early() const {
    if (target == nullptr || target_type != dtype_of<C>) return take<C>();
    C* const data = static_cast<C*>(std::exchange(target, nullptr));
    return {data, 0, memory->take<C>(group), 0, count};
  }

  template <class Fn>
  NUMFUSE_INLINE void each_number(const Fn& f) const {
    each_number_of(1, f);
  }

  /// In the order in which the blocks of a longer vector are joined: a result does not depend on
  /// whether it was held.
  template <class R, class V, class S>
  NUMFUSE_INLINE void reduce(const R& r, const V& v, S* state) const {
    S own = r.template identity<S>();
    for (int from = 0; from < count; from += part_numbers) {
      const int to = std::min(count, from + part_numbers);
      own = r.combine(own, row_part::template state_of<S>(r, v, from, to));
      if (to % block_elements != 0 && to < count) continue;
      *state = r.combine(*state, own);
      own = r.template identity<S>();
    }
  }
};

/// Vectors one after the other, in which every sweep goes through all of them: what one of them
/// waits for, memory, a reduction's last steps and what follows, the processor does for the others.
struct rows_part : fetching_next {
  static constexpr int lanes = most_rows;
  static constexpr bool fetches = false;  // several sweeps leave the processor time to
  template <class C>
  using of_each_lane = C*;  // in memory: values that hold theirs would be copied with them
  int rows;
  place_of_rows result;  // to fetch, as it is not written past the caches

  template <class C>
  NUMFUSE_INLINE run<C> take() const {
    return row_part::take<C>(rows);
  }

  /// The next sweep, which has much to compute, fetches where a result goes: the last one, which
  /// writes it, would wait for memory.
  NUMFUSE_INLINE void fetch_result() {
    if (next.first == nullptr) next = std::exchange(result, {});  // once
  }

  NUMFUSE_INLINE std::int64_t across(int k) const { return distance_across(*where, k); }

  template <class Fn>
  NUMFUSE_INLINE void each_number(const Fn& f) const {
    each_number_of(rows, f);
  }

  NUMFUSE_INLINE int filled() const { return rows; }

  template <class Fn>
  NUMFUSE_INLINE void each_lane(const Fn& f) const {
    NUMFUSE_INDEPENDENT
    for (int lane = 0; lane < rows; ++lane) f(lane);
  }

  template <class C>
  NUMFUSE_INLINE void make_room(C*& lanes_of) const {
    lanes_of = memory->take<C>(rows);
  }

  template <class R, class V, class S>
  NUMFUSE_INLINE void reduce(const R& r, const V& v, S* states) const {
    if (count < part_numbers) {
      if constexpr (takes_runs<R, S, compute_t<typename V::dtype>>) {
        for (int lane = 0; lane < rows; ++lane) {
          states[lane] = r.combine(states[lane], state_of<S>(r, v, 0, count, lane));
        }
      } else {
        for (int lane = 0; lane < rows; lane += group) reduce_group(r, v, lane, states + lane);
      }
      return;
    }
    constexpr int block = block_elements;  // in longer chains a sum would be less accurate
    for (int lane = 0; lane < rows; ++lane) {
      for (int from = 0; from < count; from += block) {
        const int to = std::min(count, from + block);
        states[lane] = r.combine(states[lane], state_of<S>(r, v, from, to, lane));
      }
    }
  }

 private:
  // The rows from `first_row` on, a group at most, each of them in four states, which are joined
  // for all together: the last steps of a row would take it as long as dozens of its numbers.
  template <class R, class V, class S>
  NUMFUSE_INLINE void reduce_group(const R& r, const V& v, int first_row, S* states) const {
    constexpr int chains = few_chains<S>;
    const int some = rows - first_row < group ? rows - first_row : group;
    alignas(64) S quarters[4 * group];
    with_end_of<R, S, chains, V>(count, [&](auto end) NUMFUSE_INLINE_BODY {
      for (int row = 0; row < some; ++row) {
        reduce_to<chains, 4>(end, r, v, 0, count, first_row + row, quarters + 4 * row);
      }
    });
    for (int k = 4 * some; k < 4 * group; ++k) quarters[k] = r.template identity<S>();
    alignas(64) S own[group];
    NUMFUSE_KEEP_LOOP
    for (int row = 0; row < group; ++row) {
      const S* const of_row = quarters + 4 * row;
      own[row] = r.combine(r.combine(of_row[0], of_row[2]), r.combine(of_row[1], of_row[3]));
    }
    if constexpr (lifts_four<R, S, compute_t<typename V::dtype>>) {
      for (int row = 0; row < some; ++row) {
        if (r.fours_hold(own[row])) continue;
        own[row] = state_of_each<S>(r, v, 0, count, first_row + row);
      }
    }
    for (int row = 0; row < some; ++row) states[row] = r.combine(states[row], own[row]);
  }
};

/// Several of one sweep, whose lines may be worth fetching.
struct rows_read_once : rows_part {
  static constexpr bool fetches = may_fetch_ahead;
};

}  // namespace numfuse::detail::host_executor::inline NUMFUSE_HOST_ISA
