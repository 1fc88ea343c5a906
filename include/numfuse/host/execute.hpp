// The host executor: runs a formula on the CPU's vector units and cores.
//
// Vectors that fit a part are held: the formula runs once, each of its steps a loop over numbers in
// the first-level cache. Longer ones are replayed part by part. Where neighbouring vectors lie side
// by side in memory, or are very short, a tile of them is worked through together. Long vectors are
// cut into blocks that go to different threads; blocks do not depend on the number of threads, so
// results do not either.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>

#include <numfuse/detail/parallel.hpp>
#include <numfuse/host/transfer.hpp>
#include <numfuse/stream.hpp>

namespace numfuse::detail::host_executor::inline NUMFUSE_HOST_ISA {

/// Elements that one thread works through without pause.
inline constexpr std::int64_t block_elements = 16384;

/// Vectors up to this long are worked on a tile at a time, even where each is one run in memory:
/// shorter than a few groups, they would leave the vector units idle.
inline constexpr std::int64_t short_vector = 3 * group;

/// Several passes over a tile find it in the second-level cache up to this size.
inline constexpr std::int64_t tile_bytes = 1 << 20;

constexpr std::int64_t ceil_div(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

// --- Element by element.

/// Runs a formula without reductions on `count` neighbours from element `first` on. `bases` are the
/// offsets of the operands there, `strides` their distances. Contiguous: all operands are in
/// memory, at distances of 1.
template <bool Contiguous, class Call>
__attribute__((flatten)) void run_neighbours(const Call& c, std::int64_t first, std::int64_t count,
                                             const typename Call::offsets& bases,
                                             const typename Call::offsets& strides) {
  using context = lone_context<elementwise_part>;
  constexpr int width = elementwise_part::width;
  const auto piece = [&](auto whole, std::int64_t i, int n) NUMFUSE_INLINE_BODY {
    constexpr bool full = decltype(whole)::value;
    context ctx{{&c.where, first + i}};
    const auto result = c.evaluate([&](auto k, const auto& in) NUMFUSE_INLINE_BODY {
      using T = typename std::remove_cvref_t<decltype(in)>::dtype;
      vector_value<T, 0, context> v;
      v.context = &ctx;
      if constexpr (full && Contiguous) {
        const T* from = in.data + bases[k] + i;
        for (int j = 0; j < width; ++j) v.data[j] = convert<compute_t<T>>(from[j]);
      } else if (in.data == nullptr) {
        for (int j = 0; j < width; ++j) v.data[j] = in.number;
      } else {
        gather(v.data, in.data + bases[k] + i * strides[k], strides[k], n);
        if constexpr (!full) fill_up(v.data, n, width);
      }
      return v;
    });
    c.each_output([&](auto o, const auto& out) NUMFUSE_INLINE_BODY {
      constexpr int k = Call::inputs_count + decltype(o)::value;
      using T = typename std::remove_cvref_t<decltype(out)>::dtype;
      const auto& value = result_of<decltype(o)::value>(result);
      if constexpr (full && Contiguous) {
        T* to = out.data + bases[k] + i;
        for (int j = 0; j < width; ++j) to[j] = convert<T>(value.data[j]);
      } else {
        scatter(out.data + bases[k] + i * strides[k], strides[k], value.data, n);
      }
    });
  };
  std::int64_t i = 0;
  for (; i + width <= count; i += width) piece(std::true_type{}, i, width);
  if (i < count) piece(std::false_type{}, i, static_cast<int>(count - i));
}

template <class Call>
void run_elementwise(const Call& c) {
  const layout& where = c.where;
  const int rank = where.vector_rank;  // all elements are one vector
  constexpr int operands = Call::inputs_count + Call::outputs_count;
  typename Call::offsets strides;
  for (int k = 0; k < operands; ++k) strides[k] = rank == 0 ? 1 : where.strides[k][rank - 1];
  bool contiguous = true;
  for (int k = 0; k < operands; ++k) contiguous &= strides[k] == 1;
  c.each_input([&](auto, const auto& in) { contiguous &= in.data != nullptr; });

  // Blocks of a long innermost dimension, or several short ones together.
  const std::int64_t inner = rank == 0 ? 1 : where.sizes[rank - 1];
  const std::int64_t rows = where.length / inner;
  const std::int64_t blocks = ceil_div(inner, block_elements);
  const std::int64_t together = std::max<std::int64_t>(1, block_elements / inner);
  parallel_for(ceil_div(rows, together) * blocks, where.length, [&](std::int64_t task) {
    const std::int64_t column = task % blocks * block_elements;
    const std::int64_t count = std::min(inner - column, block_elements);
    const std::int64_t first_row = task / blocks * together;
    const std::int64_t last_row = std::min(rows, first_row + together);
    for (std::int64_t row = first_row; row < last_row; ++row) {
      const std::int64_t first = row * inner + column;
      typename Call::offsets bases = {};
      where.template add_offsets<operands>(first, 0, rank, bases);
      if (contiguous) {
        run_neighbours<true>(c, first, count, bases, strides);
      } else {
        run_neighbours<false>(c, first, count, bases, strides);
      }
    }
  });
}

// --- Vectors.

/// Runs the formula on the vectors of one tile: a row, or `active` columns.
template <class Call, class Part>
class tile_run {
 public:
  static constexpr bool columns = Part::lanes > 1;
  static constexpr int levels = Call::info::levels;
  /// Nothing is read twice: there is nothing to hold.
  static constexpr bool one_pass = levels == 1 && !Call::info::any_vector;

  tile_run(const Call& c, std::int64_t vector, int active) : call_(c), active_(active) {
    for (int k = 0; k < Call::inputs_count + Call::outputs_count; ++k) {
      bases_[k] = c.where.batch_offset(k, vector);
    }
  }

  void run() {
    if constexpr (!one_pass) {
      if (call_.where.length <= part_rows()) return held();
    }
    replay();
  }

 private:
  template <int Pass, replay_step Now>
  using context = replay_context<Part, block_group<Part>, Pass, Now>;

  // Vectors side by side, filled up to whole groups.
  NUMFUSE_INLINE int filled() const {
    return columns ? static_cast<int>(whole_groups(active_)) : 1;
  }

  // Parts of which blocks are made.
  static constexpr std::int64_t row_block = block_elements / part_numbers;
  static constexpr std::int64_t column_block = 8 * row_block;  // their states are many, too

  // Elements of each vector in one part.
  NUMFUSE_INLINE std::int64_t part_rows() const {
    return columns ? part_numbers / filled() : part_numbers;
  }

  NUMFUSE_INLINE Part part_at(std::int64_t first, std::int64_t count) const {
    if constexpr (columns) {
      return {&call_.where, first, static_cast<int>(count), active_, filled()};
    } else {
      return {&call_.where, first, static_cast<int>(count)};
    }
  }

  // The formula, on the part that the context holds.
  template <class Context>
  NUMFUSE_INLINE auto evaluate(Context& ctx) {
    return call_.evaluate([&](auto k, const auto& in) NUMFUSE_INLINE_BODY {
      using T = typename std::remove_cvref_t<decltype(in)>::dtype;
      vector_value<T, 0, Context> v;
      v.context = &ctx;
      if (in.data == nullptr) {
        ctx.each_number([&](int j, int) NUMFUSE_INLINE_BODY { v.data[j] = in.number; });
      } else {
        load(ctx, k, in.data + bases_[k], v.data);
      }
      return v;
    });
  }

  // The formula without data: a step between two passes, or the last one for its scalars.
  template <int Pass, replay_step Now>
  NUMFUSE_INLINE auto evaluate_between(state_table states, block_group<Part>* group) {
    context<Pass, Now> ctx(part_at(0, 0), &states, group);
    return call_.evaluate([&](auto, const auto& in) NUMFUSE_INLINE_BODY {
      using T = typename std::remove_cvref_t<decltype(in)>::dtype;
      vector_value<T, 0, context<Pass, Now>> v;
      v.context = &ctx;
      return v;
    });
  }

  __attribute__((flatten)) void held() {
    held_context<Part> ctx{part_at(0, call_.where.length)};
    const auto result = evaluate(ctx);
    store_vectors(ctx, result);
    store_scalars(result);
  }

  void replay() {
    alignas(64) unsigned char memory[state_table::bytes(max_reductions, Part::lanes)];
    const state_table known(memory, filled());
    static_cast<void>(evaluate_between<before_passes, replay_step::start>(known, nullptr));
    const std::int64_t length = call_.where.length;
    const std::int64_t block = part_rows() * (columns ? column_block : row_block);
    const std::int64_t blocks = ceil_div(length, block);
    const auto each_block = [&](auto body) {
      parallel_for(blocks, length * active_,
                   [&](std::int64_t b) { body(b, b * block, std::min(length, (b + 1) * block)); });
    };
    if (blocks <= 1) {
      each_pass<levels>([&](auto pass) { accumulate(pass, known, 0, length); });
    } else {
      const std::int64_t bytes =
          state_table::bytes(Call::info::trace(call_.formula).reductions, filled());
      const std::unique_ptr<unsigned char[]> tables(
          new unsigned char[static_cast<std::size_t>(blocks * bytes)]);
      each_pass<levels>([&](auto pass) {
        each_block([&](std::int64_t b, std::int64_t first, std::int64_t last) {
          unsigned char* own = tables.get() + b * bytes;
          std::copy(memory, memory + bytes, own);
          accumulate(pass, state_table(own, filled()), first, last);
        });
        block_group<Part> group{tables.get(), blocks, bytes, part_at(0, 0)};
        static_cast<void>(evaluate_between<pass, replay_step::fold>(known, &group));
      });
    }
    if constexpr (Call::info::any_vector) {
      each_block(
          [&](std::int64_t, std::int64_t first, std::int64_t last) { write(known, first, last); });
    }
    if constexpr (Call::info::any_scalar) {
      store_scalars(evaluate_between<levels, replay_step::accumulate>(known, nullptr));
    }
  }

  // One pass over elements first to last - 1.
  template <int Pass>
  __attribute__((flatten)) void accumulate(std::integral_constant<int, Pass>, state_table states,
                                           std::int64_t first, std::int64_t last) {
    const std::int64_t rows = part_rows();
    for (std::int64_t i = first; i < last; i += rows) {
      context<Pass, replay_step::accumulate> ctx(part_at(i, std::min(rows, last - i)), &states,
                                                 nullptr);
      static_cast<void>(evaluate(ctx));
    }
  }

  __attribute__((flatten)) void write(state_table states, std::int64_t first, std::int64_t last) {
    const std::int64_t rows = part_rows();
    for (std::int64_t i = first; i < last; i += rows) {
      context<levels, replay_step::accumulate> ctx(part_at(i, std::min(rows, last - i)), &states,
                                                   nullptr);
      store_vectors(ctx, evaluate(ctx));
    }
  }

  template <class Result>
  NUMFUSE_INLINE void store_vectors(const Part& part, const Result& result) {
    call_.each_output([&](auto i, const auto& out) NUMFUSE_INLINE_BODY {
      const auto& value = result_of<decltype(i)::value>(result);
      if constexpr (std::remove_cvref_t<decltype(value)>::is_vector) {
        constexpr int k = Call::inputs_count + decltype(i)::value;
        store(part, k, out.data + bases_[k], value.data);
      }
    });
  }

  template <class Result>
  NUMFUSE_INLINE void store_scalars(const Result& result) {
    call_.each_output([&](auto i, const auto& out) NUMFUSE_INLINE_BODY {
      const auto& value = result_of<decltype(i)::value>(result);
      if constexpr (!std::remove_cvref_t<decltype(value)>::is_vector) {
        constexpr int k = Call::inputs_count + decltype(i)::value;
        const std::int64_t across = columns ? distance_across(call_.where, k) : 0;
        scatter(out.data + bases_[k], across, value.data, active_);
      }
    });
  }

  const Call& call_;
  int active_;
  std::int64_t bases_[max_operands];
};

/// True where neighbouring vectors are worked on together: their elements lie side by side while
/// those of a vector lie apart, or the vectors are short.
inline bool in_tiles(const layout& where, int inputs) {
  if (where.batch_rank == 0 || where.vector_rank > 1) return false;
  if (where.sizes[where.batch_rank - 1] < group / 2) return false;
  if (where.length <= short_vector) return true;
  for (int k = 0; k < inputs; ++k) {
    if (where.vector_stride(k) != 1 && distance_across(where, k) == 1) return true;
  }
  return false;
}

/// Runs the tasks 0 to count - 1, each of them on one thread where there are enough for all;
/// otherwise one after the other, each on all threads.
template <class Fn>
void each_task(std::int64_t count, std::int64_t work, Fn fn) {
  if (count >= 2 * num_threads()) {
    parallel_for(count, work, fn);
  } else {
    for (std::int64_t i = 0; i < count; ++i) fn(i);
  }
}

/// How many neighbouring vectors are worked on together.
template <class Call>
std::int64_t lanes_of(const Call& c) {
  const std::int64_t length = std::max<std::int64_t>(1, c.where.length);
  std::int64_t most = most_lanes;
  if (length <= short_vector) {  // held in one part
    most = part_numbers / length;
  } else if (!tile_run<Call, column_part>::one_pass) {
    most = tile_bytes / Call::item_bytes / length;
  }
  return std::clamp<std::int64_t>(most / group * group, group, most_lanes);
}

template <class Call>
void run_columns(const Call& c) {
  const layout& where = c.where;
  const std::int64_t across = where.sizes[where.batch_rank - 1];
  const std::int64_t lanes = lanes_of(c);
  const std::int64_t tiles = ceil_div(across, lanes);
  each_task(where.count / across * tiles, where.count * where.length, [&](std::int64_t i) {
    const std::int64_t first = i % tiles * lanes;
    const int active = static_cast<int>(std::min(lanes, across - first));
    tile_run<Call, column_part>(c, i / tiles * across + first, active).run();
  });
}

template <class Call>
void run_rows(const Call& c) {
  const layout& where = c.where;
  const std::int64_t together =
      std::max<std::int64_t>(1, block_elements / 4 / std::max<std::int64_t>(1, where.length));
  each_task(ceil_div(where.count, together), where.count * where.length, [&](std::int64_t i) {
    const std::int64_t last = std::min(where.count, (i + 1) * together);
    for (std::int64_t v = i * together; v < last; ++v) tile_run<Call, row_part>(c, v, 1).run();
  });
}

template <class Call>
void run(const Call& c) {
  if constexpr (Call::info::levels == 0) {
    run_elementwise(c);
  } else if (in_tiles(c.where, Call::inputs_count)) {
    run_columns(c);
  } else {
    run_rows(c);
  }
}

}  // namespace numfuse::detail::host_executor::inline NUMFUSE_HOST_ISA
