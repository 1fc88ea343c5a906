// A formula on one tile: a row, or neighbouring rows or columns, held or replayed.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <memory>
#include <type_traits>

#include <numfuse/detail/parallel.hpp>
#include <numfuse/host/caches.hpp>

namespace numfuse::detail::host_executor::inline NUMFUSE_HOST_ISA {

/// Results of a tile that go past the caches together: the first-level cache holds them until then.
inline constexpr std::int64_t tile_step_bytes = 1 << 12;

/// Along several axes, the shortest runs of the innermost one that are worked on one by one, where
/// they lie: the numbers of shorter ones are gathered.
inline constexpr std::int64_t shortest_run = 256;

/// True where there are enough tasks for all threads: no two share one.
inline bool one_thread_each(std::int64_t tasks) {
  const int threads = num_threads();
  return threads == 1 || tasks >= 2 * threads;
}

/// Where the results of a part go.
template <class Call, class Part>
struct targets_of;
template <class F, class In, class... Out, class Part>
struct targets_of<call<F, In, types<Out...>>, Part> {
  using type = pack<typename Part::template run<Out>...>;
};

/// Runs the formula on the vectors of one tile: a row, or `active` rows or columns.
template <class Call, class Part>
class tile_run {
 public:
  static constexpr bool columns = std::is_same_v<Part, column_part>;
  static constexpr bool short_rows = std::is_base_of_v<rows_part, Part>;
  static constexpr bool long_rows = std::is_same_v<Part, long_row_part>;
  static constexpr int levels = Call::info::levels;
  using held_part = std::conditional_t<columns, long_column_part, Part>;

  tile_run(const Call& c, std::int64_t vector, int active, bool past_caches = false)
      : call_(c), vector_(vector), active_(active), past_caches_(past_caches) {
    if constexpr (columns) {
      in_one_run_ = is_in_one_run();
    } else if constexpr (Part::fetches) {
      ahead_ = static_cast<int>(bytes_ahead(c) / Call::compute_bytes);
    }
    for (int k = 0; k < Call::inputs_count + Call::outputs_count; ++k) {
      bases_[k] = c.where.batch_offset(k, vector);
    }
  }

  void run() {
    if constexpr (short_rows) {
      held();
    } else if constexpr (columns && in_one_pass<Call>) {
      replay();  // they are read where they lie: there is nothing to hold
    } else if (is_held()) {
      held();
    } else {
      replay();
    }
  }

 private:
  template <int Pass, replay_step Now>
  using context = replayed_context<Part, Pass, Now>;

  // Vectors side by side, filled up to whole groups.
  NUMFUSE_INLINE int filled() const {
    return columns ? static_cast<int>(whole_groups(active_)) : 1;
  }

  // True where the rows of a tile are most of those that stand in memory, of every input. Those
  // that the second-level cache holds may be read in any order.
  bool is_in_one_run() const {
    bool all = bytes_of(call_) > tile_bytes;
    for (int k = 0; k < Call::inputs_count; ++k) {
      all &= call_.where.vector_stride(k) < 2 * filled();
    }
    return all;
  }

  // Elements of each vector in one part.
  NUMFUSE_INLINE std::int64_t part_rows() const {
    if constexpr (columns) {
      return column_part::rows_at_a_time(filled());
    } else {
      return in_one_pass<Call> && reads_in_place(call_) ? block_elements : part_numbers;
    }
  }

  // Elements of each vector that one thread works through without pause. In float64 no more than a
  // few times as many as there are blocks: blocks are added one after the other, as are sums of a
  // few numbers within them, and long chains would lose digits.
  NUMFUSE_INLINE std::int64_t block_rows() const {
    if constexpr (!columns) return block_elements;
    constexpr std::int64_t column_parts = 64;  // their states are many, too
    const std::int64_t rows = part_rows();
    if constexpr (Call::compute_bytes <= 4) return column_parts * rows;
    const double length = static_cast<double>(call_.where.length);
    const auto most = static_cast<std::int64_t>(8 * std::sqrt(length));
    return std::clamp<std::int64_t>(most / rows, 1, column_parts) * rows;
  }

  // The length of the runs of which no part has more than one; 0 where that does not matter.
  NUMFUSE_INLINE std::int64_t run_length() const {
    const layout& where = call_.where;
    if (columns || where.vector_rank <= 1) return 0;
    return where.inner_size() < shortest_run ? 0 : where.inner_size();
  }

  // True where the vectors are held. Several threads share a long one where there are few.
  bool is_held() const {
    const std::int64_t length = call_.where.length;
    if (run_length() > 0) {
      return length <= part_numbers;
    } else if constexpr (long_rows) {
      constexpr std::int64_t most = held_bytes / (Call::compute_bytes * Call::inputs_count);
      return length <= most && (length <= block_elements || one_thread_each(call_.where.count));
    } else if constexpr (columns) {
      if (length <= part_rows()) return true;
      if (active_ < filled() && goes_on(call_)) return false;  // it would be gathered
      if (bytes_in_tile<Call>(length * filled()) > held_tile_bytes()) return false;
      return length <= block_rows() || one_thread_each(call_.where.count / active_);
    } else {
      return length <= part_rows();
    }
  }

  NUMFUSE_INLINE Part part_at(std::int64_t first, std::int64_t count, scratch* memory,
                              bool in_run = false) const {
    if constexpr (columns) {
      return {&call_.where, first,       static_cast<int>(count), active_, filled(), memory,
              past_caches_, in_one_run_, !Call::info::any_vector};
    } else {
      // One by one: copies in other widths would wait until those of a smaller one are in the
      // cache.
      Part part{};
      part.where = &call_.where;
      part.first = first;
      part.count = static_cast<int>(count);
      part.memory = memory;
      part.past_caches = past_caches_;
      part.ahead = ahead_;
      part.in_run = in_run;
      if constexpr (short_rows) part.rows = active_;
      return part;
    }
  }

  template <class T, class Context>
  using loaded = swept_vector<T, 0, Context, typename Part::template run<const compute_t<T>>>;

  // The formula, on the part of the context.
  template <class Context>
  NUMFUSE_INLINE auto evaluate(Context& ctx) {
    return call_.evaluate([&](auto k, const auto& in) NUMFUSE_INLINE_BODY {
      using T = typename std::remove_cvref_t<decltype(in)>::dtype;
      using C = compute_t<T>;
      return loaded<T, Context>{{}, load_input<C>(ctx, k, in), &ctx};
    });
  }

  template <class C, class T>
  NUMFUSE_INLINE typename Part::template run<const C> load_input(const Part& part, int k,
                                                                 const input<T>& in) const {
    if (in.data != nullptr) return load<C>(part, k, in.data + bases_[k]);
    if constexpr (columns) {  // one row is all rows
      C* const row = part.memory->template take<C>(part.columns);
      part.each_lane([&](int lane) NUMFUSE_INLINE_BODY { row[lane] = in.number; });
      return {row, 0};
    }
    const auto to = part.template take<C>();
    part.each_number([&](auto i, int lane) NUMFUSE_INLINE_BODY { to(i, lane) = in.number; });
    return Part::read_only(to);
  }

  // The formula without data: a step between two passes, or the last one for its scalars.
  template <int Pass, replay_step Now>
  NUMFUSE_INLINE auto evaluate_between(scratch& memory, const state_table& states,
                                       block_group<Part>* blocks) {
    context<Pass, Now> ctx(part_at(0, 0, &memory), &states, blocks);
    return call_.evaluate([&](auto, const auto& in) NUMFUSE_INLINE_BODY {
      using T = typename std::remove_cvref_t<decltype(in)>::dtype;
      return loaded<T, context<Pass, Now>>{{}, {}, &ctx};
    });
  }

  __attribute__((flatten)) void held() {
    scratch memory;
    held_part part{part_at(0, call_.where.length, &memory)};
    if constexpr (long_rows || short_rows) {
      look_ahead(part);
      offer_target(part);
    }
    if constexpr (columns) part.block = block_rows();
    held_context<held_part> ctx(part);
    auto result = evaluate(ctx);  // not const: see detail::map
    write_vectors(ctx, result);
    write_scalars(result);
  }

  // To the next vectors of the first input that has its numbers side by side. Several short ones
  // have less to compute: of what the last cache holds the processor fetches them itself.
  void look_ahead(fetching_next& part) const {
    const layout& where = call_.where;
    if (vector_ + 2 * active_ > where.count || where.vector_rank != 1) return;
    if (short_rows && !exceeds_caches(2 * bytes_of(call_))) return;
    call_.each_input([&](auto k, const auto& in) {
      if (part.next.first != nullptr || in.data == nullptr || where.vector_stride(k) != 1) return;
      const std::int64_t next = where.batch_offset(k, vector_ + active_);
      if (next == bases_[k]) return;
      part.next = place_of(k, in.data + next);
    });
  }

  // The vectors of the tile, or of another one, of operand k.
  template <class T>
  place_of_rows place_of(int k, const T* first) const {
    const std::int64_t across = short_rows ? distance_across(call_.where, k) : 0;
    const std::int64_t bytes = sizeof(T);
    return {reinterpret_cast<const char*>(first), static_cast<int>(bytes), across * bytes};
  }

  // Calls f(k, output, where the tile's vectors of it begin) for results of vectors whose numbers
  // go side by side, until it takes one.
  template <class Fn>
  void offer_results(const Fn& f) const {
    bool taken = past_caches_;  // they are made elsewhere then
    call_.each_output([&](auto o, const auto& out) {
      constexpr int k = Call::inputs_count + decltype(o)::value;
      if (!Call::info::is_vector[decltype(o)::value] || taken || !in_a_row(call_.where, k)) return;
      taken = f(k, out, out.data + bases_[k]);
    });
  }

  void offer_target(rows_part& part) const {
    offer_results([&](int k, const auto&, const auto* first) {
      part.result = place_of(k, first);
      return true;
    });
  }

  // It shares no memory with an input. Shorter vectors gain nothing: the first-level cache has room
  // for one more.
  void offer_target(long_row_part& part) const {
    if (call_.where.length < part_numbers) return;
    offer_results([&](int, const auto& out, auto* first) {
      if (!is_apart(call_, out.data)) return false;
      part.target = first;
      part.target_type = dtype_of<std::remove_pointer_t<decltype(first)>>;
      return true;
    });
  }

  void replay() {
    alignas(64) unsigned char memory[state_table::bytes(max_reductions, Part::lanes)];
    const state_table known(memory, filled());
    scratch between;
    static_cast<void>(evaluate_between<before_passes, replay_step::start>(between, known, nullptr));
    const std::int64_t length = call_.where.length;
    const std::int64_t block = block_rows();
    const std::int64_t blocks = ceil_div(length, block);
    const auto each_block = [&](auto body) {
      parallel_for(blocks, length * active_,
                   [&](std::int64_t b) { body(b, b * block, std::min(length, (b + 1) * block)); });
    };
    if (blocks <= 1) {
      each_constant<levels>([&](auto pass) { sweep(pass, known, 0, length); });
    } else {
      const std::int64_t bytes =
          state_table::bytes(Call::info::trace(call_.formula).reductions, filled());
      const std::unique_ptr<unsigned char[]> tables(
          new unsigned char[static_cast<std::size_t>(blocks * bytes)]);
      each_constant<levels>([&](auto pass) {
        each_block([&](std::int64_t b, std::int64_t first, std::int64_t last) {
          unsigned char* own = tables.get() + b * bytes;
          std::copy(memory, memory + bytes, own);
          sweep(pass, state_table(own, filled()), first, last);
        });
        block_group<Part> all{tables.get(), blocks, bytes, part_at(0, 0, nullptr)};
        static_cast<void>(evaluate_between<pass, replay_step::fold>(between, known, &all));
      });
    }
    if constexpr (Call::info::any_vector) {
      each_block([&](std::int64_t, std::int64_t first, std::int64_t last) {
        sweep(std::integral_constant<int, levels>{}, known, first, last);
        if (past_caches_) finish_past_caches();
      });
    }
    if constexpr (Call::info::any_scalar) {
      write_scalars(evaluate_between<levels, replay_step::accumulate>(between, known, nullptr));
    }
  }

  // One pass over elements first to last - 1: numbers join the states of its level; behind the last
  // level vectors are written.
  template <int Pass>
  __attribute__((flatten)) void sweep(std::integral_constant<int, Pass>, const state_table& states,
                                      std::int64_t first, std::int64_t last) {
    const std::int64_t rows = part_rows(), run = run_length();
    for (std::int64_t i = first, count; i < last; i += count) {
      count = std::min(rows, last - i);
      if (run > 0) count = std::min(count, run - i % run);
      scratch memory;
      context<Pass, replay_step::accumulate> ctx(part_at(i, count, &memory, run > 0), &states,
                                                 nullptr);
      const auto result = evaluate(ctx);
      if constexpr (Pass == levels) write_vectors(ctx, result);
    }
  }

  // All results in one sweep; of a tile, where they go past the caches, some rows at a time.
  template <class Result>
  NUMFUSE_INLINE void write_vectors(const Part& part, const Result& result) {
    if constexpr (columns) {
      constexpr int numbers = tile_step_bytes / Call::compute_bytes;
      const int step = past_caches_ ? std::max(1, numbers / part.columns) : part.rows;
      for (int row = 0; row < part.rows; row += step) {
        scratch memory;
        Part some = part;
        some.first += row;
        some.rows = std::min(step, part.rows - row);
        some.memory = &memory;
        write_numbers(some, result, [&](int i) NUMFUSE_INLINE_BODY { return row + i; });
      }
    } else {
      write_numbers(part, result, [](auto i) NUMFUSE_INLINE_BODY { return i; });
    }
  }

  // Number i of the part is number place(i) of the result.
  template <class Result, class Place>
  NUMFUSE_INLINE void write_numbers(const Part& part, const Result& result, const Place& place) {
    typename targets_of<Call, Part>::type to{};
    call_.each_output([&](auto o, const auto& out) NUMFUSE_INLINE_BODY {
      constexpr int k = Call::inputs_count + decltype(o)::value;
      if constexpr (Call::info::is_vector[decltype(o)::value]) {
        get<decltype(o)::value>(to) = target_of(part, k, out.data + bases_[k]);
      }
    });
    part.each_number([&](auto i, int lane)
                         NUMFUSE_INLINE_BODY { write_number<0>(result, place(i), to, i, lane); });
    call_.each_output([&](auto o, const auto& out) NUMFUSE_INLINE_BODY {
      constexpr int k = Call::inputs_count + decltype(o)::value;
      if constexpr (Call::info::is_vector[decltype(o)::value]) {
        unload(part, k, get<decltype(o)::value>(to), out.data + bases_[k]);
      }
    });
  }

  // All results of a number are computed before one is written: it may stand where an input does.
  template <int O, class Result, class From, class Targets, class To>
  NUMFUSE_INLINE void write_number(const Result& result, From from, const Targets& targets, To to,
                                   int lane) const {
    if constexpr (O < Call::outputs_count) {
      if constexpr (Call::info::is_vector[O]) {
        const auto number = result_of<O>(result).number(from, lane);
        write_number<O + 1>(result, from, targets, to, lane);
        auto& place = get<O>(targets)(to, lane);
        place = convert<std::remove_reference_t<decltype(place)>>(number);
      } else {
        write_number<O + 1>(result, from, targets, to, lane);
      }
    }
  }

  template <class Result>
  NUMFUSE_INLINE void write_scalars(const Result& result) {
    call_.each_output([&](auto o, const auto& out) NUMFUSE_INLINE_BODY {
      if constexpr (!Call::info::is_vector[decltype(o)::value]) {
        constexpr int k = Call::inputs_count + decltype(o)::value;
        const std::int64_t across = active_ == 1 ? 0 : distance_across(call_.where, k);
        scatter(out.data + bases_[k], across, &result_of<decltype(o)::value>(result).data[0],
                active_);
      }
    });
  }

  const Call& call_;
  std::int64_t vector_;
  int active_;
  bool past_caches_;
  int ahead_ = 0;
  bool in_one_run_ = false;
  std::int64_t bases_[max_operands];
};

}  // namespace numfuse::detail::host_executor::inline NUMFUSE_HOST_ISA
