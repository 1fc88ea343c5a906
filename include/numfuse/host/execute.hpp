// The host executor: runs a formula by replay, on the CPU's vector units and cores.
//
// A vector is cut into blocks that stay in the cache between the passes when there are many
// vectors, and go to different threads when there are few. Blocks do not depend on the number of
// threads, so results do not either. Where neighbouring vectors lie side by side in memory, a chunk
// of them is worked through together, so that memory is read in order.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include <numfuse/detail/call.hpp>
#include <numfuse/detail/parallel.hpp>
#include <numfuse/detail/replay.hpp>
#include <numfuse/stream.hpp>

namespace numfuse::detail::host_executor {

/// Numbers that are worked on together: a few of the CPU's registers.
inline constexpr int chunk = 16;

/// Elements of a vector that one thread works through without pause.
inline constexpr std::int64_t block_elements = 16384;

/// A part of one vector: `chunk` neighbours.
struct row_part {
  static constexpr int width = chunk;
  static constexpr int lanes = 1;
  const layout* where;
  std::int64_t first;  // the element at which the part starts

  NUMFUSE_INLINE std::int64_t length() const { return where->formula_length; }
  NUMFUSE_INLINE bool whole() const { return first + width <= where->length; }
  NUMFUSE_INLINE bool valid(int j) const { return first + j < where->length; }
  NUMFUSE_INLINE std::int64_t index(int j) const {
    if (where->formula_stride == 1 && where->formula_length == where->length) return first + j;
    return (first + j) / where->formula_stride % where->formula_length;
  }
};

/// Element `first` of `chunk` vectors side by side, `active` of which exist.
struct column_part {
  static constexpr int width = chunk;
  static constexpr int lanes = chunk;
  const layout* where;
  std::int64_t first;
  int active;

  NUMFUSE_INLINE std::int64_t length() const { return where->formula_length; }
  NUMFUSE_INLINE bool whole() const { return first < where->length && active == width; }
  NUMFUSE_INLINE bool valid(int j) const { return first < where->length && j < active; }
  NUMFUSE_INLINE std::int64_t index(int) const { return first; }
};

/// Joins the states of a vector's blocks, in their order.
template <int Lanes>
struct block_group {
  std::vector<reduction_slots<Lanes>>* blocks = nullptr;

  template <class S, class R>
  void publish(const R&, reduction_slots<Lanes>&, int) {}

  template <class S, class R>
  void fold(const R& r, reduction_slots<Lanes>& joined, int slot) {
    for (int lane = 0; lane < Lanes; ++lane) {
      S state = r.template identity<S>();
      for (auto& block : *blocks) state = r.combine(state, block.template get<S>(slot, lane));
      joined.set(slot, lane, state);
    }
  }
};

/// Calls fn(j, offset) for `count` elements `stride` apart. The compiler makes vector instructions
/// of the case that matters: a whole chunk side by side.
template <class Fn>
NUMFUSE_INLINE void each_neighbour(std::int64_t offset, std::int64_t stride, int count, Fn fn) {
  if (stride == 1 && count == chunk) {
    for (int j = 0; j < chunk; ++j) fn(j, offset + j);
  } else {
    for (int j = 0; j < count; ++j) fn(j, offset + j * stride);
  }
}

/// Walks through the offsets of `chunk` elements of operand k that start at element `first`.
template <class Fn>
NUMFUSE_INLINE void each_offset(const layout& where, int k, std::int64_t first, int count, Fn fn) {
  const int last = where.batch_rank + where.vector_rank - 1;
  const std::int64_t inner = where.vector_rank == 0 ? 1 : where.sizes[last];
  if (where.vector_rank <= 1 || first % inner + count <= inner) {  // one run in memory
    const std::int64_t stride = where.vector_rank == 0 ? 0 : where.strides[k][last];
    const std::int64_t offset =
        where.vector_rank <= 1 ? first * stride : where.element_offset(k, first);
    each_neighbour(offset, stride, count, fn);
  } else {
    for (int j = 0; j < count; ++j) fn(j, where.element_offset(k, first + j));
  }
}

/// Runs the vector, or the `chunk` vectors, whose operands start at `bases`.
template <class Call, class Part>
class vector_run {
 public:
  static constexpr int lanes = Part::lanes;
  static constexpr bool columns = lanes > 1;
  static constexpr int levels = Call::info::levels;

  vector_run(const Call& c, std::int64_t vector, int active) : call_(c), active_(active) {
    for (int k = 0; k < Call::inputs_count + Call::outputs_count; ++k) {
      bases_[k] = c.where.batch_offset(k, vector);
    }
  }

  void run() {
    const std::int64_t length = call_.where.length;
    const std::int64_t blocks = std::max<std::int64_t>(1, (length - 1) / block_elements + 1);
    slots known{};
    each_pass<levels>([&](auto pass) {
      if (blocks == 1) return each_part(pass, known, 0);
      std::vector<slots> partial(static_cast<std::size_t>(blocks), known);
      parallel_for(blocks, length, [&](std::int64_t b) {
        each_part(pass, partial[static_cast<std::size_t>(b)], b);
      });
      group_type group{&partial};
      evaluate<pass, replay_step::fold>(known, &group, 0, 0);
    });
    constexpr std::integral_constant<int, levels> last;
    if constexpr (Call::info::any_vector) {
      parallel_for(blocks, length, [&](std::int64_t b) {
        slots own = known;
        each_part(last, own, b);
      });
    }
    if constexpr (Call::info::any_scalar) {
      store_scalars(evaluate<last, replay_step::accumulate>(known, nullptr, 0, 0));
    }
  }

 private:
  using slots = reduction_slots<lanes>;
  using group_type = block_group<lanes>;

  Part part_at(std::int64_t first) const {
    if constexpr (columns) {
      return Part{&call_.where, first, active_};
    } else {
      return Part{&call_.where, first};
    }
  }

  // One pass over block b: accumulates, or writes the vector results in the last pass.
  template <int Pass>
  __attribute__((flatten)) void each_part(std::integral_constant<int, Pass>, slots& states,
                                          std::int64_t b) {
    const std::int64_t first = b * block_elements;
    const std::int64_t end = std::min(call_.where.length, first + block_elements);
    if constexpr (Pass < levels) evaluate<Pass, replay_step::start>(states, nullptr, 0, 0);
    constexpr std::int64_t step = columns ? 1 : chunk;
    for (std::int64_t i = first; i < end; i += step) {
      const int count =
          static_cast<int>(columns ? active_ : std::min<std::int64_t>(chunk, end - i));
      const auto result = evaluate<Pass, replay_step::accumulate>(states, nullptr, i, count);
      if constexpr (Call::info::any_vector && Pass == levels) store_vectors(result, i, count);
    }
  }

  // The formula on `count` elements from `first` on; on none of them for the steps between passes.
  template <int Pass, replay_step Now>
  NUMFUSE_INLINE auto evaluate(slots& states, group_type* group, std::int64_t first, int count) {
    using context = replay_context<Part, group_type, Pass, Now>;
    context ctx(part_at(first), &states, group);
    return call_.evaluate([&](auto k, const auto& in) {
      using T = typename std::remove_cvref_t<decltype(in)>::dtype;
      vector_value<T, 0, context> v{&ctx, {}};
      if (in.data == nullptr) {
        for (int j = 0; j < chunk; ++j) v.data[j] = in.number;
        return v;
      }
      each_offset_of(k, first, count, [&](int j, std::int64_t offset) {
        v.data[j] = convert<compute_t<T>>(in.data[bases_[k] + offset]);
      });
      return v;
    });
  }

  template <class Fn>
  NUMFUSE_INLINE void each_offset_of(int k, std::int64_t first, int count, Fn fn) const {
    const layout& where = call_.where;
    if constexpr (columns) {
      const std::int64_t across = where.strides[k][where.batch_rank - 1];
      const std::int64_t offset = first * where.vector_stride(k);
      each_neighbour(offset, across, count, fn);
    } else {
      each_offset(where, k, first, count, fn);
    }
  }

  template <class Result>
  NUMFUSE_INLINE void store_vectors(const Result& result, std::int64_t first, int count) {
    call_.each_output([&](auto i, const auto& out) {
      using T = typename std::remove_cvref_t<decltype(out)>::dtype;
      const auto& value = result_of<decltype(i)::value>(result);
      if constexpr (std::remove_cvref_t<decltype(value)>::is_vector) {
        constexpr int k = Call::inputs_count + decltype(i)::value;
        each_offset_of(k, first, count, [&](int j, std::int64_t offset) {
          out.data[bases_[k] + offset] = convert<T>(value.data[j]);
        });
      }
    });
  }

  template <class Result>
  NUMFUSE_INLINE void store_scalars(const Result& result) {
    call_.each_output([&](auto i, const auto& out) {
      using T = typename std::remove_cvref_t<decltype(out)>::dtype;
      const auto& value = result_of<decltype(i)::value>(result);
      if constexpr (!std::remove_cvref_t<decltype(value)>::is_vector) {
        constexpr int k = Call::inputs_count + decltype(i)::value;
        const layout& where = call_.where;
        const std::int64_t across = columns ? where.strides[k][where.batch_rank - 1] : 0;
        for (int lane = 0; lane < active_; ++lane) {
          out.data[bases_[k] + lane * across] = convert<T>(value.data[lane]);
        }
      }
    });
  }

  const Call& call_;
  int active_;
  std::int64_t bases_[max_operands];
};

/// True where the elements of a vector lie apart while its neighbours lie side by side.
inline bool vectors_lie_side_by_side(const layout& where, int inputs) {
  if (where.batch_rank == 0 || where.vector_rank != 1) return false;
  const int across = where.batch_rank - 1;
  if (where.sizes[across] < chunk / 2) return false;
  for (int k = 0; k < inputs; ++k) {
    if (where.vector_stride(k) != 1 && where.strides[k][across] == 1) return true;
  }
  return false;
}

template <class Call>
void run(const Call& c) {
  const layout& where = c.where;
  const std::int64_t work = where.count * where.length;
  if constexpr (Call::info::levels == 0) {  // all elements are one vector
    vector_run<Call, row_part>(c, 0, 1).run();
  } else if (vectors_lie_side_by_side(where, Call::inputs_count)) {
    const std::int64_t across = where.sizes[where.batch_rank - 1];
    const std::int64_t tiles = (across + chunk - 1) / chunk;
    parallel_for(where.count / across * tiles, work, [&](std::int64_t i) {
      const std::int64_t first = i % tiles * chunk;
      const int active = static_cast<int>(std::min<std::int64_t>(chunk, across - first));
      vector_run<Call, column_part>(c, i / tiles * across + first, active).run();
    });
  } else if (where.count == 1) {
    vector_run<Call, row_part>(c, 0, 1).run();
  } else {
    parallel_for(where.count, work,
                 [&](std::int64_t v) { vector_run<Call, row_part>(c, v, 1).run(); });
  }
}

}  // namespace numfuse::detail::host_executor
