// What the host works on at a time: parts of vectors, small enough for the registers or the
// first-level cache.
//
// Every step of a formula is a loop over a part's numbers, in groups of a fixed size, which the
// compiler makes vector instructions of. A part is filled up to whole groups with numbers that
// nobody looks at.
#pragma once

#include <algorithm>
#include <cstdint>
#include <type_traits>

#include <numfuse/detail/layout.hpp>
#include <numfuse/detail/replay.hpp>
#include <numfuse/host/isa.hpp>

namespace numfuse::detail::host_executor::inline NUMFUSE_HOST_ISA {

/// Numbers in a group: a 64-byte register of floats.
inline constexpr int group = 16;

/// The most numbers of a part: a formula's few steps on so many floats fit the first-level cache.
inline constexpr int part_numbers = 2048;

/// The most vectors side by side that are worked on together.
inline constexpr int most_lanes = 1024;

constexpr std::int64_t whole_groups(std::int64_t count) {
  return (count + group - 1) / group * group;
}

/// Neighbours that no reduction joins, as many as registers hold.
struct elementwise_part {
  static constexpr int width = 32;
  static constexpr int lanes = 1;
  const layout* where;
  std::int64_t first;  // the element at which the part starts

  NUMFUSE_INLINE std::int64_t length() const { return where->formula_length; }
  NUMFUSE_INLINE std::int64_t index(int j) const {
    if (where->formula_stride == 1 && where->formula_length == where->length) return first + j;
    return (first + j) / where->formula_stride % where->formula_length;
  }
};

/// Neighbours in one vector.
struct row_part {
  static constexpr int width = part_numbers;
  static constexpr int lanes = 1;
  const layout* where;
  std::int64_t first;
  int count;  // numbers that exist

  NUMFUSE_INLINE std::int64_t length() const { return where->formula_length; }
  NUMFUSE_INLINE std::int64_t index(int j) const { return first + j; }

  template <class Fn>
  NUMFUSE_INLINE void each_number(const Fn& f) const {
    for (int j = 0; j < count; j += group) {
      for (int k = 0; k < group; ++k) f(j + k, 0);
    }
  }
  /// Vectors side by side, and what fills them up.
  NUMFUSE_INLINE int filled() const { return 1; }

  template <class Fn>
  NUMFUSE_INLINE void each_lane(const Fn& f) const {
    f(0);
  }

  /// The part's numbers join the state.
  template <class R, class V, class S>
  NUMFUSE_INLINE void reduce(const R& r, const V& v, S* state) const {
    if constexpr (requires { r.template of_run<S>(v.data, count, first); }) {
      *state = r.combine(*state, r.template of_run<S>(v.data, count, first));
    } else {
      *state = r.combine(*state, reduce_in_chains<S>(r, v));
    }
  }

 private:
  // Several chains of operations at a time: one would wait for each of its results.
  template <class S, class R, class V>
  NUMFUSE_INLINE S reduce_in_chains(const R& r, const V& v) const {
    constexpr int chains = 2 * group;
    S states[chains];
    for (int k = 0; k < chains; ++k) states[k] = r.template identity<S>();
    int j = 0;
    for (; j + chains <= count; j += chains) {
      for (int k = 0; k < chains; ++k) {
        states[k] = r.combine(states[k], r.template lift<S>(v.data[j + k], first + j + k));
      }
    }
    for (; j < count; j += group) {
      for (int k = 0; k < group; ++k) {
        const S joined = r.combine(states[k], r.template lift<S>(v.data[j + k], first + j + k));
        states[k] = j + k < count ? joined : states[k];
      }
    }
    fold_halves<chains>(r, states);
    return states[0];
  }
};

/// Elements `first` to `first + rows - 1` of `active` vectors side by side. Number j belongs to
/// vector j % columns, of which those beyond `active` do not exist.
struct column_part {
  static constexpr int width = part_numbers;
  static constexpr int lanes = most_lanes;
  const layout* where;
  std::int64_t first;
  int rows;
  int active;
  int columns;  // active, filled up to whole groups

  NUMFUSE_INLINE std::int64_t length() const { return where->formula_length; }
  NUMFUSE_INLINE std::int64_t index(int j) const { return first + j / columns; }
  NUMFUSE_INLINE int filled() const { return columns; }

  template <class Fn>
  NUMFUSE_INLINE void each_number(const Fn& f) const {
    for (int i = 0; i < rows; ++i) {
      for (int lane = 0; lane < columns; lane += group) {
        for (int k = 0; k < group; ++k) f(i * columns + lane + k, lane + k);
      }
    }
  }
  template <class Fn>
  NUMFUSE_INLINE void each_lane(const Fn& f) const {
    for (int lane = 0; lane < columns; lane += group) {
      for (int k = 0; k < group; ++k) f(lane + k);
    }
  }

  /// The part's numbers join the states of their vectors.
  template <class R, class V, class S>
  NUMFUSE_INLINE void reduce(const R& r, const V& v, S* states) const {
    for (int lane = 0; lane < columns; lane += group) {
      S own[group];
      for (int k = 0; k < group; ++k) own[k] = states[lane + k];
      for (int i = 0; i < rows; ++i) {
        for (int k = 0; k < group; ++k) {
          const auto& x = v.data[i * columns + lane + k];
          own[k] = r.combine(own[k], r.template lift<S>(x, first + i));
        }
      }
      for (int k = 0; k < group; ++k) states[lane + k] = own[k];
    }
  }
};

/// A part without reductions.
template <class Part>
struct lone_context : Part {
  static constexpr bool knows(int) { return true; }

  // A reduction whose value reaches no result: the formula may make one, nobody sees it.
  template <class R, class T, int Level>
  NUMFUSE_INLINE auto reduce(const R&, const vector_value<T, Level, lone_context>&) {
    return scalar_value<typename R::template result<T>, Level + 1, lone_context>{{}, this};
  }
};

/// A part that holds all elements of its vectors: every reduction is complete at once.
template <class Part>
struct held_context : Part {
  static constexpr bool knows(int) { return true; }

  template <class R, class T, int Level>
  NUMFUSE_INLINE auto reduce(const R& r, const vector_value<T, Level, held_context>& v) {
    using state = typename R::template state<compute_t<T>>;
    using result_dtype = typename R::template result<T>;
    state states[Part::lanes];
    this->each_lane([&](int lane)
                        NUMFUSE_INLINE_BODY { states[lane] = r.template identity<state>(); });
    Part::reduce(r, v, states);
    scalar_value<result_dtype, Level + 1, held_context> result;
    result.context = this;
    this->each_lane([&](int lane) NUMFUSE_INLINE_BODY {
      result.data[lane] = r.template finish<compute_t<result_dtype>>(states[lane]);
    });
    return result;
  }
};

/// The states of a formula's reductions for a tile's vectors, those of one reduction side by side.
class state_table {
 public:
  static constexpr int state_bytes = 16;

  /// Bytes of the states of `reductions` reductions for so many vectors.
  static constexpr std::int64_t bytes(int reductions, int lanes) {
    return std::int64_t{reductions} * lanes * state_bytes;
  }

  state_table(unsigned char* memory, int lanes) : memory_(memory), lanes_(lanes) {}

  template <class S>
  NUMFUSE_INLINE S* states(int slot) const {
    static_assert(sizeof(S) <= state_bytes && std::is_trivially_copyable_v<S>);
    return reinterpret_cast<S*>(memory_ + bytes(slot, lanes_));
  }
  template <class S>
  NUMFUSE_INLINE S get(int slot, int lane) const {
    return states<S>(slot)[lane];
  }
  template <class S>
  NUMFUSE_INLINE void set(int slot, int lane, const S& state) const {
    states<S>(slot)[lane] = state;
  }

 private:
  unsigned char* memory_;
  int lanes_;
};

/// Joins the states of a vector's blocks, in their order.
template <class Part>
struct block_group {
  unsigned char* blocks;  // their tables, one after the other
  std::int64_t count;
  std::int64_t table_bytes;
  Part part;  // any of the vectors' parts: how many there are side by side

  template <class S, class R>
  void publish(const R&, const state_table&, int) {}

  template <class S, class R>
  void fold(const R& r, const state_table& joined, int slot) {
    S* states = joined.template states<S>(slot);
    part.each_lane([&](int lane) { states[lane] = r.template identity<S>(); });
    for (std::int64_t b = 0; b < count; ++b) {
      const S* own = state_table(blocks + b * table_bytes, part.filled()).template states<S>(slot);
      part.each_lane([&](int lane) { states[lane] = r.combine(states[lane], own[lane]); });
    }
  }
};

}  // namespace numfuse::detail::host_executor::inline NUMFUSE_HOST_ISA

namespace numfuse::detail {

template <>
struct slots_of<host_executor::row_part> {
  using type = host_executor::state_table;
};
template <>
struct slots_of<host_executor::column_part> {
  using type = host_executor::state_table;
};

}  // namespace numfuse::detail
