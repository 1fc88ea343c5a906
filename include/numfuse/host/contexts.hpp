// What a formula's values are on the host, and how its reductions are completed.
//
// A vector is not made when the formula names it: its numbers are computed when a sweep asks for
// them, a reduction or the writing of a result. So the steps between two reductions are one loop,
// and what they compute on the way never leaves the registers.
#pragma once

#include <numfuse/host/row_kinds.hpp>

namespace numfuse::detail::host_executor::inline NUMFUSE_HOST_ISA {

/// A vector: numbers(i, lane) computes a number.
template <any_dtype T, int Level, class Context, class Numbers>
struct swept_vector : value_base<swept_vector<T, Level, Context, Numbers>> {
  using dtype = T;
  using context_type = Context;
  static constexpr int level = Level;
  static constexpr bool is_vector = true;

  Numbers numbers;
  Context* context;

  template <class Index>
  NUMFUSE_INLINE compute_t<T> number(Index i, int lane) const {
    return numbers(i, lane);
  }
};

/// A number for each of the vectors side by side.
template <any_dtype T, int Level, class Context>
struct lane_scalar : value_base<lane_scalar<T, Level, Context>> {
  using dtype = T;
  using context_type = Context;
  static constexpr int level = Level;
  static constexpr bool is_vector = false;

  typename Context::template of_each_lane<compute_t<T>> data;
  Context* context;

  template <class Index>
  NUMFUSE_INLINE compute_t<T> number(Index, int lane) const {
    return data[lane];
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

/// Base of the contexts whose vectors are swept.
template <class Part, class Context>
struct sweeping : Part {
  using part = Part;
  static constexpr bool is_lazy = true;
  static constexpr bool divides_by_reciprocal = true;

  NUMFUSE_INLINE explicit sweeping(const Part& p) : Part(p) {}

  /// A value whose numbers f(i, lane) gives. Scalars are few, and made at once.
  template <class T, int Level, bool Vector, class Fn>
  NUMFUSE_INLINE auto make_later(const Fn& f) {
    if constexpr (Vector) {
      return swept_vector<T, Level, Context, Fn>{{}, f, self()};
    } else {
      return make_scalar<T, Level>([&](int lane) NUMFUSE_INLINE_BODY { return f(lane, lane); });
    }
  }

  /// A vector whose numbers stand in memory: computed once.
  template <class V>
  NUMFUSE_INLINE auto keep(const V& v) {
    return keep(v, this->template take<compute_t<typename V::dtype>>());
  }

  template <class V, class Run>
  NUMFUSE_INLINE auto keep(const V& v, const Run& to) {
    this->each_number([&](auto i, int lane)
                          NUMFUSE_INLINE_BODY { to(i, lane) = v.number(i, lane); });
    return swept_vector<typename V::dtype, V::level, Context, Run>{{}, to, self()};
  }

  /// The reciprocal of scalar d, in scalars of T. All are made in one loop: for short vectors it
  /// takes as long as the divisions that it saves.
  template <class T, class D>
  NUMFUSE_INLINE auto reciprocal_of_scalar(const D& d) {
    reciprocal<lane_scalar<T, D::level, Context>> result;
    result.scale.context = result.high.context = result.low.context = self();
    if constexpr (Context::knows(D::level)) {
      this->make_room(result.scale.data);
      this->make_room(result.high.data);
      this->make_room(result.low.data);
      this->each_lane([&](int lane) NUMFUSE_INLINE_BODY {
        const auto of_lane = reciprocal_of<compute_t<T>>(d.number(lane, lane));
        result.scale.data[lane] = of_lane.scale;
        result.high.data[lane] = of_lane.high;
        result.low.data[lane] = of_lane.low;
      });
    }
    return result;
  }

 protected:
  /// The part's numbers join the states. They are computed first where the reduction takes them
  /// from memory.
  template <class R, class V, class S>
  NUMFUSE_INLINE void join(const R& r, const V& v, S* states) {
    constexpr bool rows = std::is_base_of_v<row_part, Part>;
    const Part& part = *this;
    if constexpr (has_specialized<R>) {
      r.specialized([&](const auto& known) { part.reduce(known, v, states); });
    } else if constexpr (rows && takes_runs<R, S, compute_t<typename V::dtype>> && !is_run<V>) {
      part.reduce(r, keep(v), states);
    } else {
      part.reduce(r, v, states);
    }
  }

  template <class T, int Level, class Fn>
  NUMFUSE_INLINE auto make_scalar(const Fn& f) {
    lane_scalar<T, Level, Context> result;
    result.context = self();
    if constexpr (Context::knows(Level)) {
      this->make_room(result.data);
      this->each_lane([&](int lane) NUMFUSE_INLINE_BODY { result.data[lane] = f(lane); });
    }
    return result;
  }

 private:
  NUMFUSE_INLINE Context* self() { return static_cast<Context*>(this); }
};

/// A part that holds all elements of its vectors: every reduction is complete at once.
template <class Part>
struct held_context : sweeping<Part, held_context<Part>> {
  using base = sweeping<Part, held_context>;
  using base::base;
  static constexpr bool knows(int) { return true; }

  /// A vector that is hard to compute is kept: several sweeps may ask for it.
  template <class V>
  NUMFUSE_INLINE auto keep_costly(const V& v) {
    if constexpr (std::is_same_v<Part, long_row_part>) {
      const auto to = this->template take_early<compute_t<typename V::dtype>>();
      const auto kept = base::keep(v, to);
      if (to.tail(0) != to.row(0) + this->tail_at()) unload_tail(*this, to.tail(0), to.row(0));
      return kept;
    } else {
      if constexpr (std::is_base_of_v<rows_part, Part>) this->fetch_result();
      return base::keep(v);
    }
  }

  template <class R, class V>
  NUMFUSE_INLINE auto reduce(const R& r, const V& v) {
    using state = typename R::template state<compute_t<typename V::dtype>>;
    using result_dtype = typename R::template result<typename V::dtype>;
    typename Part::template of_each_lane<state> states;
    this->make_room(states);
    this->each_lane([&](int lane)
                        NUMFUSE_INLINE_BODY { states[lane] = r.template identity<state>(); });
    base::join(r, v, &states[0]);
    return base::template make_scalar<result_dtype, V::level + 1>(
        [&](int lane) NUMFUSE_INLINE_BODY {
          return r.template finish<compute_t<result_dtype>>(states[lane]);
        });
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

  NUMFUSE_INLINE state_table(unsigned char* memory, int lanes) : memory_(memory), lanes_(lanes) {}

  template <class S>
  NUMFUSE_INLINE S* states(int slot) const {
    static_assert(sizeof(S) <= state_bytes && std::is_trivially_copyable_v<S>);
    return reinterpret_cast<S*>(memory_ + bytes(slot, lanes_));
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
  NUMFUSE_HD void fold(const R& r, S* joined, int slot) {
    part.each_lane([&](int lane) { joined[lane] = r.template identity<S>(); });
    for (std::int64_t b = 0; b < count; ++b) {
      const S* own = state_table(blocks + b * table_bytes, part.filled()).template states<S>(slot);
      part.each_lane([&](int lane) { joined[lane] = r.combine(joined[lane], own[lane]); });
    }
  }
};

/// One run of a formula over a part of longer vectors: pass number `Pass`, step `Now`, as in
/// detail/replay.hpp. Nothing is kept: a pass computes what it needs.
template <class Part, int Pass, replay_step Now>
struct replayed_context : sweeping<Part, replayed_context<Part, Pass, Now>> {
  using base = sweeping<Part, replayed_context>;

  const state_table* slots;
  block_group<Part>* blocks;
  int next = 0;  // the number of the next reduction

  NUMFUSE_INLINE replayed_context(const Part& part, const state_table* s, block_group<Part>* b)
      : base(part), slots(s), blocks(b) {}

  static constexpr bool knows(int level) { return level <= Pass; }

  template <class V>
  NUMFUSE_INLINE const V& keep_costly(const V& v) {
    return v;
  }

  template <class R, class V>
  NUMFUSE_INLINE auto reduce(const R& r, const V& v) {
    using state = typename R::template state<compute_t<typename V::dtype>>;
    using result_dtype = typename R::template result<typename V::dtype>;
    constexpr bool complete = Now != replay_step::start && V::level < Pass;
    state* const states = slots->template states<state>(next++);
    if constexpr (Now == replay_step::start) {
      this->each_lane([&](int lane)
                          NUMFUSE_INLINE_BODY { states[lane] = r.template identity<state>(); });
    } else if constexpr (V::level == Pass && Now == replay_step::accumulate) {
      base::join(r, v, states);
    } else if constexpr (V::level == Pass && Now == replay_step::fold) {
      blocks->template fold<state>(r, states, next - 1);
    }
    lane_scalar<result_dtype, V::level + 1, replayed_context> result;
    if constexpr (complete) {
      return base::template make_scalar<result_dtype, V::level + 1>(
          [&](int lane) NUMFUSE_INLINE_BODY {
            return r.template finish<compute_t<result_dtype>>(states[lane]);
          });
    } else {
      result.context = this;
      return result;
    }
  }
};

}  // namespace numfuse::detail::host_executor::inline NUMFUSE_HOST_ISA
