// Replay: how a formula runs over a vector that is longer than what a thread can hold.
//
// The formula is run again for every part of the vector, once for each level of reductions: the
// first pass completes the reductions of level 0, the next those that depend on them, and a last
// pass writes the vector results. Reductions are known by the order of their calls. Between two
// passes a formula is run without data, so that each reduction, whose type only the formula knows,
// can join what the threads of the group have accumulated.
#pragma once

#include <cstring>
#include <utility>

#include <numfuse/formula.hpp>

namespace numfuse::detail {

/// The most reductions that one formula may make where it is replayed.
inline constexpr int max_reductions = 8;

/// The states of a formula's reductions, for each of the vectors side by side.
///
/// A state is read and written whole. On a GPU every slot is compared with the wanted one: the
/// comparisons fold away once the compiler has counted the calls, and until then no unknown index
/// keeps the states in memory.
template <int Lanes>
class reduction_slots {
 public:
  static constexpr int bytes = 16;

  template <class S>
  NUMFUSE_INLINE S get(int slot, int lane) const {
    static_assert(sizeof(S) <= bytes && std::is_trivially_copyable_v<S>);
    words found{};
#if defined(__CUDACC__)
    each<max_reductions>([&](int k) NUMFUSE_INLINE_BODY {
      if (k == slot) found = states_[k][lane];
    });
#else
    found = states_[slot][lane];
#endif
    S state;
    memcpy(&state, &found, sizeof(S));
    return state;
  }

  template <class S>
  NUMFUSE_INLINE void set(int slot, int lane, const S& state) {
    words given{};
    memcpy(&given, &state, sizeof(S));
#if defined(__CUDACC__)
    each<max_reductions>([&](int k) NUMFUSE_INLINE_BODY {
      if (k == slot) states_[k][lane] = given;
    });
#else
    states_[slot][lane] = given;
#endif
  }

 private:
  struct words {
    unsigned long long first, second;
  };
  words states_[max_reductions][Lanes];
};

enum class replay_step {
  start,       // no numbers yet, for any reduction of any level
  accumulate,  // the numbers of this part join
  publish,     // what the threads have joins, as far as it can without waiting for all
  fold,        // the rest of that
};

/// Folds the upper half of `Count` states, a power of two, onto the lower one until `Left` are
/// left: short chains of roundings, and independent operations for the processor.
template <int Count, int Left = 1, class R, class S>
NUMFUSE_INLINE void fold_halves(const R& r, S* states) {
  static_assert((Count & (Count - 1)) == 0);
  if constexpr (Count > Left) {
    each<Count / 2>([&](int k) NUMFUSE_INLINE_BODY {
      states[k] = r.combine(states[k], states[k + Count / 2]);
    });
    fold_halves<Count / 2, Left>(r, states);
  }
}

/// The numbers of one lane that this thread holds, reduced.
template <class S, class R, class V, class Part>
NUMFUSE_INLINE S reduce_own(const R& r, const V& v, const Part& part, int lane) {
  constexpr int count = Part::width / Part::lanes;
  S states[count];
  if (part.whole()) {
    each<count>([&](int k) NUMFUSE_INLINE_BODY {
      const int j = k * Part::lanes + lane;
      states[k] = r.template lift<S>(v.data[j], part.index(j));
    });
  } else {
    each<count>([&](int k) NUMFUSE_INLINE_BODY {
      const int j = k * Part::lanes + lane;
      states[k] =
          part.valid(j) ? r.template lift<S>(v.data[j], part.index(j)) : r.template identity<S>();
    });
  }
  fold_halves<count>(r, states);
  return states[0];
}

/// Where nothing is known of the vector yet: the pass before the first one.
inline constexpr int before_passes = -1;

/// The context of one run of a replayed formula: pass number `Pass`, step `Now`. `Part` says where
/// the thread's part of the vector lies (width, lanes, length(), whole(), valid(j), index(j));
/// `Group` joins the threads: publish and fold. Pass and step are types, so that what a run need
/// not compute is not even compiled.
template <class Part, class Group, int Pass, replay_step Now>
struct replay_context : Part {
  using slots_type = reduction_slots<Part::lanes>;

  slots_type* slots;
  Group* group;
  int next = 0;  // the number of the next reduction

  NUMFUSE_INLINE replay_context(const Part& part, slots_type* s, Group* g)
      : Part(part), slots(s), group(g) {}

  static NUMFUSE_HD constexpr bool knows(int level) { return level <= Pass; }

  template <class R, class T, int Level>
  NUMFUSE_INLINE auto reduce(const R& r, const vector_value<T, Level, replay_context>& v) {
    using state = typename R::template state<compute_t<T>>;
    using result_dtype = typename R::template result<T>;
    const int slot = next++;
    scalar_value<result_dtype, Level + 1, replay_context> result;
    result.context = this;
    if constexpr (Now == replay_step::start) {
      each_lane(*this, [&](int lane) NUMFUSE_INLINE_BODY {
        slots->set(slot, lane, r.template identity<state>());
      });
    } else if constexpr (Level < Pass) {
      each_lane(*this, [&](int lane) NUMFUSE_INLINE_BODY {
        result.data[lane] =
            r.template finish<compute_t<result_dtype>>(slots->template get<state>(slot, lane));
      });
    } else if constexpr (Level == Pass && Now == replay_step::accumulate) {
      accumulate<state>(r, v, slot);
    } else if constexpr (Level == Pass && Now == replay_step::publish) {
      group->template publish<state>(r, *slots, slot);
    } else if constexpr (Level == Pass && Now == replay_step::fold) {
      group->template fold<state>(r, *slots, slot);
    }
    return result;
  }

 private:
  template <class S, class R, class V>
  NUMFUSE_INLINE void accumulate(const R& r, const V& v, int slot) {
    const Part& part = *this;
    each_lane(part, [&](int lane) NUMFUSE_INLINE_BODY {
      slots->set(slot, lane,
                 r.combine(slots->template get<S>(slot, lane), reduce_own<S>(r, v, part, lane)));
    });
  }
};

}  // namespace numfuse::detail
