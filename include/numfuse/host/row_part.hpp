// What the host works on at a time where a vector's neighbours stand side by side: a part of a row.
#pragma once

#include <cstdint>
#include <type_traits>

#include <numfuse/detail/replay.hpp>
#include <numfuse/host/parts.hpp>

namespace numfuse::detail::host_executor::inline NUMFUSE_HOST_ISA {

/// True where a part of a register can be filled from memory, and nothing beyond is read.
template <class C>
inline constexpr bool loads_parts =
#if defined(__AVX2__)
    sizeof(C) >= 4;
#else
    false;
#endif

/// The place of a number in the last group of a row that is not whole.
struct place_in_tail {
  int i;
  NUMFUSE_INLINE operator int() const { return i; }
};

/// The place of a number that will be asked for soon: its line is fetched, nothing is computed.
struct place_ahead {
  int i;
  NUMFUSE_INLINE operator int() const { return i; }
};

/// Fetches a line to the first-level cache. Not the compiler's own function, which might write to
/// memory for all that it knows: the states of a reduction would leave their registers for it.
NUMFUSE_INLINE void fetch([[maybe_unused]] const void* line) {
#if defined(__x86_64__) && !defined(__CUDA_ARCH__)
  asm volatile("prefetcht0 (%0)" : : "r"(line));
#endif
}

/// True for a vector whose numbers stand side by side in memory.
template <class V>
inline constexpr bool is_run = requires(const V& v) {
  v.numbers.row(0);
};

/// True for a reduction that takes the numbers of a row at once, from memory.
template <class R, class S, class C>
inline constexpr bool takes_runs = requires(const R& r, const C* x) {
  r.template of_run<S>(x, 1, std::int64_t{});
};

/// True for a reduction that makes one state of four numbers.
template <class R, class S, class C>
inline constexpr bool lifts_four = requires(const R& r, C x) {
  r.template lift_four<S>(x, x, x, x);
};

/// What follows the whole blocks of a row, of which there is one at least: groups, and a tail of
/// fewer numbers. The compiler knows it, and makes each way to the end on its own: where ways meet
/// that not every row takes, it keeps the states of a reduction in memory. So it knows whether
/// lines are fetched ahead.
template <bool Ahead, int Groups, bool Tail>
struct row_end {};

/// Anything, and maybe no block.
template <bool Ahead>
struct any_end {};

/// f(row_end) for so many numbers in blocks of `Block` groups.
template <bool Ahead, int Block, class Fn>
NUMFUSE_INLINE void with_end(int numbers, const Fn& f) {
  const int rest = numbers % (Block * group);
  each_constant<Block>([&](auto groups) NUMFUSE_INLINE_BODY {
    if (rest / group != groups) return;
    if (rest % group == 0) {
      f(row_end<Ahead, groups, false>{});
    } else {
      f(row_end<Ahead, groups, true>{});
    }
  });
}

/// True for a reduction that knows of others, of which it is one.
template <class R>
inline constexpr bool has_specialized = requires(const R& r) {
  r.specialized([](const auto&) {});
};

/// Lines of inputs are fetched before they are asked for only in code for wider registers than the
/// baseline's: the processors that gain by it, see fetches_ahead, have them.
inline constexpr bool may_fetch_ahead = register_bytes > 16;

/// Neighbours in one vector.
struct row_part {
  static constexpr int width = part_numbers;
  static constexpr int lanes = 1;
  static constexpr bool fetches = may_fetch_ahead;
  template <class C>
  using of_each_lane = C[1];
  const layout* where;
  std::int64_t first;
  int count;  // numbers that exist
  scratch* memory;
  bool past_caches = false;  // results are written past the caches
  int ahead = 0;             // numbers: so far ahead lie the lines that it fetches, 0 if none
  bool in_run = false;       // of a vector along several axes, within a run of its innermost one

  NUMFUSE_INLINE std::int64_t length() const { return where->formula_length; }
  NUMFUSE_INLINE std::int64_t index(int i) const { return first + i; }

  /// Numbers in memory, `count` in each row, which may end within a group. The last group stands
  /// elsewhere then, or what is missing is read as 1: every function takes that without trouble.
  template <class C>
  struct run {
    C* data;
    std::int64_t pitch;  // from one row to the next
    C* tails;
    std::int64_t tails_pitch;
    std::int64_t numbers;  // in a row; not an int, behind which a gap would be
    NUMFUSE_INLINE int count() const { return static_cast<int>(numbers); }
    NUMFUSE_INLINE C* row(int lane) const { return data + lane * pitch; }
    NUMFUSE_INLINE C* tail(int lane) const { return tails + lane * tails_pitch; }
    NUMFUSE_INLINE decltype(auto) operator()(int i, int lane) const {
      return number_in(row(lane), i);
    }
    NUMFUSE_INLINE decltype(auto) operator()(place_in_tail at, int lane) const {
      if constexpr (std::is_const_v<C> && loads_parts<C>) {
        return at.i < count() ? row(lane)[at.i] : C(1);
      } else {
        return (tail(lane)[at.i - count() / group * group]);
      }
    }
    NUMFUSE_INLINE C operator()(place_ahead at, int lane) const {
      if constexpr (std::is_const_v<C>) fetch(row(lane) + at.i);
      return C(1);
    }
  };

  template <class C>
  static NUMFUSE_INLINE run<const C> read_only(const run<C>& r) {
    return {r.data, r.pitch, r.tails, r.tails_pitch, r.numbers};
  }

  NUMFUSE_INLINE int tail_at() const { return count / group * group; }

  /// Memory for all numbers of so many rows, one every `pitch` numbers. Without gaps, they are to
  /// be written row by row: the last group of one reaches into the next.
  template <class C>
  NUMFUSE_INLINE run<C> take_rows(int rows, std::int64_t pitch) const {
    C* const data = memory->take<C>((rows - 1) * pitch + whole_groups(count));
    return {data, pitch, data + tail_at(), pitch, count};
  }
  template <class C>
  NUMFUSE_INLINE run<C> take(int rows = 1) const {
    return take_rows<C>(rows, whole_groups(count));
  }

  /// The distance between the rows of operand k.
  NUMFUSE_INLINE std::int64_t across(int) const { return 0; }

  /// f(i, lane) for every number. None of the calls depends on what another one writes.
  template <class Fn>
  NUMFUSE_INLINE void each_number(const Fn& f) const {
    each_number(f, [](int) NUMFUSE_INLINE_BODY {});
  }
  /// The same, with before(i) for each group.
  template <class Fn, class Before>
  NUMFUSE_INLINE void each_number(const Fn& f, const Before& before) const {
    int j = 0;
    for (; j + group <= count; j += group) {
      before(j);
      NUMFUSE_INDEPENDENT
      NUMFUSE_KEEP_LOOP
      for (int k = 0; k < group; ++k) f(j + k, 0);
    }
    if (j < count) {
      before(j);
      NUMFUSE_INDEPENDENT
      NUMFUSE_KEEP_LOOP
      for (int k = 0; k < group; ++k) f(place_in_tail{j + k}, 0);
    }
  }

  /// Vectors side by side, and what fills them up.
  static NUMFUSE_INLINE int filled() { return 1; }

  template <class Fn>
  NUMFUSE_INLINE void each_lane(const Fn& f) const {
    f(0);
  }

  template <class C>
  NUMFUSE_INLINE void make_room(C (&)[1]) const {}

  /// The part's numbers join the state.
  template <class R, class V, class S>
  NUMFUSE_INLINE void reduce(const R& r, const V& v, S* state) const {
    *state = r.combine(*state, state_of<S>(r, v, 0, count));
  }

 protected:
  /// Chains of operations at a time: one would wait for each of its results.
  template <class S>
  static constexpr int several_chains = sizeof(S) > 4 ? 2 * group : 4 * group;

  /// As many as it takes no longer to join than they save where rows are short. Compilers keep a
  /// group's in memory if it needs more than two registers.
  template <class S>
  static constexpr int few_chains = group * sizeof(S) > 2 * register_bytes ? several_chains<S>
                                                                           : group;

  /// The state of numbers `from` to `to` - 1 of a lane, in so many chains.
  template <class S, int Chains = several_chains<S>, class R, class V>
  NUMFUSE_INLINE S state_of(const R& r, const V& v, int from, int to, int lane = 0) const {
    using C = compute_t<typename V::dtype>;
    if constexpr (takes_runs<R, S, C>) {
      return r.template of_run<S>(v.numbers.row(lane) + from, to - from, first + from);
    } else {
      S own{};  // compilers do not see that one of the ends is there
      with_end_of<R, S, Chains, V>(to - from, [&](auto end) NUMFUSE_INLINE_BODY {
        reduce_to<Chains, 1>(end, r, v, from, to, lane, &own);
      });
      if constexpr (lifts_four<R, S, C>) {
        if (!r.fours_hold(own)) own = state_of_each<S>(r, v, from, to, lane);
      }
      return own;
    }
  }

  /// The same where four have no state together: what they have is out of the range of their type,
  /// or a number is not finite.
  template <class S, class R, class V>
  NUMFUSE_INLINE S state_of_each(const R& r, const V& v, int from, int to, int lane) const {
    S own{};
    reduce_in_chains<false, group, 1, false>(r, v, from, to, lane, &own);
    return own;
  }

  /// f(end) of the vector: what `reduce_to` is told. What is computed is not to be compiled for
  /// each of them.
  template <class R, class S, int Chains, class V, class Fn>
  NUMFUSE_INLINE void with_end_of(int numbers, const Fn& f) const {
    if constexpr (V::context_type::fetches && V::level == 0) {
      if (ahead > 0) return with_end_of<true, R, S, Chains, V>(numbers, f);
    }
    with_end_of<false, R, S, Chains, V>(numbers, f);
  }
  template <bool Ahead, class R, class S, int Chains, class V, class Fn>
  static NUMFUSE_INLINE void with_end_of(int numbers, const Fn& f) {
    constexpr bool fours = lifts_four<R, S, compute_t<typename V::dtype>>;
    constexpr int block = fours ? 4 : 1;
    if constexpr (is_input<V> && (fours || Chains == group)) {
      if (numbers >= block * group) return with_end<Ahead, block>(numbers, f);
    }
    f(any_end<Ahead>{});
  }

  /// The numbers `from` to `to` - 1 of a lane in `Left` states.
  template <int Chains, int Left, bool Ahead, int Groups, bool Tail, class R, class V, class S>
  NUMFUSE_INLINE void reduce_to(row_end<Ahead, Groups, Tail>, const R& r, const V& v, int from,
                                int to, int lane, S* left) const {
    constexpr bool fours = lifts_four<R, S, compute_t<typename V::dtype>>;
    constexpr int block = (fours ? 4 : 1) * group;
    S states[group];
    NUMFUSE_KEEP_LOOP
    for (int k = 0; k < group; ++k) states[k] = r.template identity<S>();
    int j = from;
    do {
      add_block<Ahead, fours>(r, v, states, j, lane);
      j += block;
    } while (j + block <= to);
    if constexpr (fours) {
      if constexpr (Groups > 0 || Tail) add_rest<Groups, Tail>(r, v, states, j, to, lane);
    } else {
      if constexpr (Tail) add_tail(r, v, states, j, to, lane);
    }
    fold_halves<group, Left>(r, states);
    for (int k = 0; k < Left; ++k) left[k] = states[k];
  }
  template <int Chains, int Left, bool Ahead, class R, class V, class S>
  NUMFUSE_INLINE void reduce_to(any_end<Ahead>, const R& r, const V& v, int from, int to, int lane,
                                S* left) const {
    constexpr bool fours = lifts_four<R, S, compute_t<typename V::dtype>>;
    reduce_in_chains<Ahead, fours ? group : Chains, Left, fours>(r, v, from, to, lane, left);
  }

 private:
  // The lines that come `ahead` of numbers i to i + Count - 1: what is computed of inputs alone is
  // the first to ask for them.
  template <bool Ahead, int Count, class V>
  NUMFUSE_INLINE void fetch_ahead(const V& v, int i, int lane) const {
    if constexpr (Ahead) {
      constexpr int line = 64 / sizeof(compute_t<typename V::dtype>);
      each_constant<Count / line>([&](auto k) NUMFUSE_INLINE_BODY {
        static_cast<void>(v.number(place_ahead{i + ahead + k * line}, lane));
      });
    }
  }

  template <bool Ahead, int Chains, int Left, bool Fours, class R, class V, class S>
  NUMFUSE_INLINE void reduce_in_chains(const R& r, const V& v, int from, int to, int lane,
                                       S* left) const {
    S states[Chains];
    NUMFUSE_KEEP_LOOP
    for (int k = 0; k < Chains; ++k) states[k] = r.template identity<S>();
    int j = from;
    if constexpr (Fours) {
      for (; j + 4 * group <= to; j += 4 * group) add_block<Ahead, true>(r, v, states, j, lane);
    } else if constexpr (Chains > group) {
      for (; j + Chains <= to; j += Chains) {
        fetch_ahead<Ahead, Chains>(v, j, lane);
        for (int k = 0; k < Chains; ++k) {
          states[k] =
              r.combine(states[k], r.template lift<S>(v.number(j + k, lane), first + j + k));
        }
      }
    }
    for (; j + group <= to; j += group) add_block<Ahead, false>(r, v, states, j, lane);
    if (j < to) add_tail(r, v, states, j, to, lane);
    fold_halves<Chains, Left>(r, states);
    for (int k = 0; k < Left; ++k) left[k] = states[k];
  }

  // The numbers of a group, or of four that make one state each, join the states of their places.
  template <bool Ahead, bool Fours, class R, class V, class S>
  NUMFUSE_INLINE void add_block(const R& r, const V& v, S* states, int j, int lane) const {
    fetch_ahead<Ahead, (Fours ? 4 : 1) * group>(v, j, lane);
    NUMFUSE_KEEP_LOOP
    for (int k = 0; k < group; ++k) {
      if constexpr (Fours) {
        // In the order of memory, which arguments of a call are not computed in.
        const auto a = v.number(j + k, lane);
        const auto b = v.number(j + group + k, lane);
        const auto c = v.number(j + 2 * group + k, lane);
        const auto d = v.number(j + 3 * group + k, lane);
        states[k] = r.combine(states[k], r.template lift_four<S>(a, b, c, d));
      } else {
        states[k] = r.combine(states[k], r.template lift<S>(v.number(j + k, lane), first + j + k));
      }
    }
  }

  // The last numbers, fewer than a group. In two loops: in one, compilers ask for each comparison
  // of a combination whether the number is there.
  template <class R, class V, class S>
  NUMFUSE_INLINE void add_tail(const R& r, const V& v, S* states, int j, int to, int lane) const {
    S own[group];
    NUMFUSE_INDEPENDENT
    NUMFUSE_KEEP_LOOP
    for (int k = 0; k < group; ++k) {
      const S last = r.template lift<S>(v.number(place_in_tail{j + k}, lane), first + j + k);
      own[k] = j + k < to ? last : r.template identity<S>();
    }
    NUMFUSE_KEEP_LOOP
    for (int k = 0; k < group; ++k) states[k] = r.combine(states[k], own[k]);
  }

  // The numbers from j on, `Groups` groups and a tail, as one block.
  template <int Groups, bool Tail, class R, class V, class S>
  NUMFUSE_INLINE void add_rest(const R& r, const V& v, S* states, int j, int to, int lane) const {
    using C = compute_t<typename V::dtype>;
    NUMFUSE_KEEP_LOOP
    for (int k = 0; k < group; ++k) {
      C x[4];
      each_constant<4>([&](auto g) NUMFUSE_INLINE_BODY {
        const int i = j + g * group + k;
        x[g] = C(0);
        if constexpr (g < Groups) {
          x[g] = v.number(i, lane);
        } else if constexpr (g == Groups && Tail) {
          const C last = v.number(place_in_tail{i}, lane);
          x[g] = i < to ? last : C(0);
        }
      });
      states[k] = r.combine(states[k], r.template lift_four<S>(x[0], x[1], x[2], x[3]));
    }
  }
};

/// Between the last group of a row, where that is not whole, and memory of a group's size: memory
/// ends before the group does.
template <class T>
NUMFUSE_INLINE void load_tail(const row_part& part, const T* row, T* tail) {
  const int at = part.tail_at();
  NUMFUSE_KEEP_LOOP
  for (int j = 0; j < group; ++j) tail[j] = at + j < part.count ? row[at + j] : T(1);
}
template <class T>
NUMFUSE_INLINE void unload_tail(const row_part& part, const T* tail, T* row) {
  const int at = part.tail_at();
  if (at == part.count) return;
  NUMFUSE_KEEP_LOOP
  for (int j = 0; j < group; ++j) {
    if (at + j < part.count) row[at + j] = tail[j];
  }
}

}  // namespace numfuse::detail::host_executor::inline NUMFUSE_HOST_ISA
