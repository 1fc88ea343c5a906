// Formulas without reductions on the host: element by element.
//
// A formula is one loop over neighbours, which the compiler makes vector instructions of: what it
// computes on the way never leaves the registers. Every operand of the loop is a run in memory. One
// that is broadcast or strided is gathered into a run first, a chunk at a time, in the first-level
// cache. Results that are too large for the caches are made there, too, and go past the others.
#pragma once

#include <algorithm>
#include <cstdint>

#include <numfuse/detail/parallel.hpp>
#include <numfuse/detail/processor.hpp>
#include <numfuse/host/caches.hpp>
#include <numfuse/host/row_walk.hpp>
#include <numfuse/host/transposed.hpp>

namespace numfuse::detail::host_executor::inline NUMFUSE_HOST_ISA {

/// One element, on its way through the registers.
struct elementwise_part {
  static constexpr int width = 1;
  static constexpr int lanes = 1;
  static constexpr bool holds_bool_as_byte = true;
  const layout* where;
  std::int64_t position;  // in its vector

  NUMFUSE_INLINE std::int64_t length() const { return where->formula_length; }
  NUMFUSE_INLINE std::int64_t index(int) const { return position; }
};

/// Neighbours whose positions in their vectors are an arithmetic sequence.
struct positions {
  std::int64_t first;
  std::int64_t step;
  std::int64_t count;
};

/// The positions of elements from `first` on, up to `count`; of all of them where they are one
/// vector, or nobody asks for positions.
template <class Call>
NUMFUSE_INLINE positions positions_of(const Call& c, std::int64_t first, std::int64_t count) {
  const std::int64_t length = c.where.formula_length, beside = c.where.formula_stride;
  const bool one_vector = beside == 1 && length == c.where.length;
  if (one_vector || !Call::info::trace(c.formula).asks_index) return {first, 1, count};
  const std::int64_t position = first / beside % length;
  if (beside == 1) return {position, 1, std::min(count, length - position)};
  return {position, 0, std::min(count, beside - first % beside)};
}

/// One number for each input.
template <class Call>
struct numbers_of;
template <class F, class... In, class Out>
struct numbers_of<call<F, types<In...>, Out>> {
  using type = pack<compute_t<In>...>;
};

/// Runs the formula on `count` neighbours from element `first` on. The inputs lie at `from`, in the
/// types in which the formula computes; those of the set `Constant`, a bit each, are one number
/// there. The results go to `to`.
template <unsigned Constant, class Call>
NUMFUSE_INLINE void run_row(const Call& c, std::int64_t first, std::int64_t count,
                            const void* const* from, void* const* to) {
  using context = lone_context<elementwise_part>;
  typename numbers_of<Call>::type constants;
  c.each_input([&](auto k, const auto& in) NUMFUSE_INLINE_BODY {
    using T = typename std::remove_cvref_t<decltype(in)>::dtype;
    if constexpr ((Constant >> decltype(k)::value & 1) != 0) {
      get<decltype(k)::value>(constants) = *static_cast<const compute_t<T>*>(from[k]);
    }
  });
  for (std::int64_t done = 0; done < count;) {
    const positions at = positions_of(c, first + done, count - done);
    const std::int64_t end = done + at.count;
    // A result may be an input: the same elements, each of which is read before it is written.
    NUMFUSE_INDEPENDENT
    for (std::int64_t i = done; i < end; ++i) {
      context ctx{{&c.where, at.first + (i - done) * at.step}};
      const auto result = c.evaluate([&](auto k, const auto& in) NUMFUSE_INLINE_BODY {
        using T = typename std::remove_cvref_t<decltype(in)>::dtype;
        vector_value<T, 0, context> v;
        v.context = &ctx;
        if constexpr ((Constant >> decltype(k)::value & 1) != 0) {
          v.data[0] = get<decltype(k)::value>(constants);
        } else {
          v.data[0] = number_in(static_cast<const compute_t<T>*>(from[k]), i);
        }
        return v;
      });
      c.each_output([&](auto o, const auto& out) NUMFUSE_INLINE_BODY {
        using T = typename std::remove_cvref_t<decltype(out)>::dtype;
        static_cast<T*>(to[o])[i] = convert<T>(result_of<decltype(o)::value>(result).data[0]);
      });
    }
    done = end;
  }
}

/// The same for several rows of neighbours, one after the other: operand k's next one lies
/// `pitches[k]` bytes from where the one before it began.
template <unsigned Constant, class Call>
__attribute__((flatten)) void run_neighbours(const Call& c, std::int64_t first, std::int64_t count,
                                             const void* const* from, void* const* to,
                                             std::int64_t rows = 1,
                                             const std::int64_t* pitches = nullptr) {
  // Copies, which the loop can keep in registers.
  const void* in[Call::inputs_count];
  void* out[Call::outputs_count];
  each_constant<Call::inputs_count>([&](auto k) NUMFUSE_INLINE_BODY { in[k] = from[k]; });
  each_constant<Call::outputs_count>([&](auto o) NUMFUSE_INLINE_BODY { out[o] = to[o]; });
  run_row<Constant>(c, first, count, in, out);
  for (std::int64_t r = 1; r < rows; ++r) {
    each_constant<Call::inputs_count>(
        [&](auto k) NUMFUSE_INLINE_BODY { in[k] = static_cast<const char*>(in[k]) + pitches[k]; });
    each_constant<Call::outputs_count>([&](auto o) NUMFUSE_INLINE_BODY {
      out[o] = static_cast<char*>(out[o]) + pitches[Call::inputs_count + o];
    });
    run_row<Constant>(c, first + r * count, count, in, out);
  }
}

template <class Call>
class elementwise_run {
 public:
  explicit elementwise_run(const Call& c)
      : call_(c), rank_(c.where.vector_rank), in_one_run_(is_one_run(c)) {
    // All elements are one vector.
    for (int k = 0; k < operands; ++k) {
      along_[k] = rank_ == 0 ? 1 : c.where.strides[k][rank_ - 1];
      whole_[k] = is_whole(k);
      rows_in_place_ &= along_[k] == 1 || (along_[k] == 0 && k < Call::inputs_count);
      if (along_[k] == 0) constant_in_row_ |= 1u << k;
    }
    rows_in_place_ &= has_code(constant_in_row_);
    past_caches_ = goes_past_caches();
    fetches_ = past_caches_ && fetches_inputs();
    rows_in_place_ &= !past_caches_;
    c.each_input([&](auto, const auto& in) {
      using T = typename std::remove_cvref_t<decltype(in)>::dtype;
      rows_in_place_ &= in.data != nullptr && std::is_same_v<T, compute_t<T>>;
    });
  }

  /// How many elements make a task: whole blocks.
  std::int64_t task_elements() const {
    if (!past_caches_) return block_elements;
    const std::int64_t blocks = numbers_past_caches(call_.where.length) / block_elements;
    return std::max<std::int64_t>(blocks, 1) * block_elements;
  }

  /// Elements first to last - 1.
  void run(std::int64_t first, std::int64_t last) const {
    if (!past_caches_) return run(first, last, nullptr);
    lines_past_caches results[Call::outputs_count];
    call_.each_output([&](auto o, const auto& out) { results[o].begin(out.data + first); });
    run(first, last, results);
    for (auto& lines : results) lines.finish();
    finish_past_caches();
  }

 private:
  static constexpr int operands = Call::inputs_count + Call::outputs_count;
  static constexpr std::int64_t no_starts[operands] = {};
  static constexpr std::int64_t chunk = 1024;
  // Shorter rows are worked on several at a time, unless each is read where it lies.
  static constexpr std::int64_t short_row = 64;
  static constexpr std::int64_t item_bytes = std::max(Call::item_bytes, Call::compute_bytes);
  // The sets of constant inputs, a bit each, that have code of their own: either of two; the last
  // of three, as in where(mask, x, 0), or the last two, as in clip(x, 0, 1).
  static constexpr bool has_code(unsigned set) {
    if (Call::inputs_count == 2) return set < 3;
    return set == 0 || (Call::inputs_count == 3 && (set == 4 || set == 6));
  }

  void run(std::int64_t first, std::int64_t last, lines_past_caches* results) const {
    if (in_one_run_) {
      run_chunk(no_starts, first, first, static_cast<int>(last - first), results);
    } else if (rank_ <= 1 ||
               call_.where.inner_size() >= (rows_in_place_ ? shortest_in_place() : short_row)) {
      run_rows(first, last, results);
    } else {
      for (std::int64_t i = first; i < last; i += chunk) {
        run_chunk(no_starts, i, -1, static_cast<int>(std::min(chunk, last - i)), results);
      }
    }
  }

  // The shortest rows that are worked on one by one where they lie: to repeat a number over a row
  // takes longer than any row.
  std::int64_t shortest_in_place() const { return constant_in_row_ == 0 ? group : 1; }

  // True where all elements of operand k are one run.
  bool is_whole(int k) const {
    std::int64_t expected = 1;
    for (int d = rank_ - 1; d >= 0; --d) {
      if (call_.where.strides[k][d] != expected) return false;
      expected *= call_.where.sizes[d];
    }
    return true;
  }

  // True where one input comes from memory: it is worth fetching ahead. The processor itself
  // fetches enough of several.
  bool fetches_inputs() const {
    int count = 0;
    call_.each_input([&](auto k, const auto& in) { count += in.data != nullptr && whole_[k]; });
    return count == 1 && fetches_past_caches();
  }

  // Where memory is what the results wait for: not where one thread has much to compute.
  bool goes_past_caches() const {
    bool whole = true;
    for (int o = 0; o < Call::outputs_count; ++o) whole &= whole_[Call::inputs_count + o];
    return whole && writes_past_caches(call_) && (num_threads() > 1 || !costly_);
  }

  // Row by row, in chunks where an operand is gathered.
  void run_rows(std::int64_t first, std::int64_t last, lines_past_caches* results) const {
    row_walk<operands> row(call_.where, first);
    for (std::int64_t i = first; i < last;) {
      const std::int64_t rows = rows_in_place_ ? row.whole_rows(last - i) : 0;
      if (rows > 1) {
        run_in_place(row.starts, i, rows);
        i += rows * call_.where.inner_size();
        if (i < last) row.advance_rows(rows);
        continue;
      }
      const std::int64_t count = std::min(std::min(chunk, row.left_in_row()), last - i);
      run_chunk(row.starts, i, row.column, static_cast<int>(count), results);
      i += count;
      row.advance(count);
    }
  }

  // Whole rows, of which every operand has its numbers side by side, or one for each row.
  void run_in_place(const std::int64_t* starts, std::int64_t i, std::int64_t rows) const {
    const void* from[Call::inputs_count];
    void* to[Call::outputs_count];
    std::int64_t pitches[operands];
    const auto pitch_of = [&](int k, std::size_t item) {
      return call_.where.strides[k][rank_ - 2] * static_cast<std::int64_t>(item);
    };
    call_.each_input([&](auto k, const auto& in) {
      from[k] = in.data + starts[k];
      pitches[k] = pitch_of(k, sizeof(*in.data));
    });
    call_.each_output([&](auto o, const auto& out) {
      constexpr int k = Call::inputs_count + decltype(o)::value;
      to[o] = out.data + starts[k];
      pitches[k] = pitch_of(k, sizeof(*out.data));
    });
    with_constants(constant_in_row_, [&](auto set) {
      run_neighbours<set>(call_, i, call_.where.inner_size(), from, to, rows, pitches);
    });
  }

  // True where the elements of a chunk are one run of operand k.
  bool lies_in_run(int k, std::int64_t column) const {
    return column < 0 ? whole_[k] : along_[k] == 1;
  }

  // `count` elements from element i on: from `column` of a row on, or, where that is negative, of
  // several rows.
  void run_chunk(const std::int64_t* starts, std::int64_t i, std::int64_t column, int count,
                 lines_past_caches* results) const {
    alignas(64) unsigned char memory[operands][chunk * item_bytes];
    const void* from[Call::inputs_count];
    void* to[Call::outputs_count];
    unsigned constant = 0;
    call_.each_input([&](auto k, const auto& in) NUMFUSE_INLINE_BODY {
      using T = typename std::remove_cvref_t<decltype(in)>::dtype;
      using compute = compute_t<T>;
      const std::int64_t start = column < 0 ? i : starts[k] + column * along_[k];
      if (std::is_same_v<T, compute> && in.data != nullptr && lies_in_run(k, column)) {
        from[k] = in.data + start;
        return;
      }
      auto* const run_of = reinterpret_cast<compute*>(memory[k]);
      from[k] = run_of;
      if (in.data == nullptr || (column >= 0 && along_[k] == 0)) {
        run_of[0] = in.data == nullptr ? in.number : convert<compute>(in.data[start]);
        constant |= 1u << k;
      } else {
        gather_elements(call_.where, k, i, count, run_of, in.data);
      }
    });
    call_.each_output([&](auto o, const auto& out) NUMFUSE_INLINE_BODY {
      constexpr int k = Call::inputs_count + decltype(o)::value;
      to[o] = memory[k];
      if (lies_in_run(k, column)) to[o] = out.data + (column < 0 ? i : starts[k] + column);
    });
    const auto run = [&](auto set) {
      if (results != nullptr) {
        run_past_caches<set>(i, count, from, results);
      } else {
        run_neighbours<set>(call_, i, count, from, to);
      }
    };
    if (!with_constants(constant, run)) {  // they are repeated
      call_.each_input([&](auto k, const auto& in) NUMFUSE_INLINE_BODY {
        using compute = compute_t<typename std::remove_cvref_t<decltype(in)>::dtype>;
        auto* const run_of = reinterpret_cast<compute*>(memory[k]);
        if ((constant >> k & 1) != 0) gather(run_of, run_of, 0, count);
      });
      run(std::integral_constant<unsigned, 0>{});
    }
    call_.each_output([&](auto o, const auto& out) NUMFUSE_INLINE_BODY {
      constexpr int k = Call::inputs_count + decltype(o)::value;
      if (to[o] != memory[k]) return;
      using T = typename std::remove_cvref_t<decltype(out)>::dtype;
      scatter_elements(call_.where, k, i, count, static_cast<const T*>(to[o]), out.data);
    });
  }

  // As run_neighbours, but the results go past the caches, a few lines at a time; more where they
  // take long to compute.
  template <unsigned Constant>
  void run_past_caches(std::int64_t i, std::int64_t count, const void* const* from,
                       lines_past_caches* results) const {
    const bool fewer = !costly_ && empties_few_lines();
    const std::int64_t few = lines_past_caches::most / (fewer ? 2 : 1) / item_bytes;
    for (std::int64_t done = 0; done < count; done += few) {
      const std::int64_t now = std::min(few, count - done);
      const void* next[Call::inputs_count];
      void* to[Call::outputs_count];
      call_.each_input([&](auto k, const auto& in) NUMFUSE_INLINE_BODY {
        using compute = compute_t<typename std::remove_cvref_t<decltype(in)>::dtype>;
        constexpr bool constant = (Constant >> decltype(k)::value & 1) != 0;
        next[k] = static_cast<const compute*>(from[k]) + (constant ? 0 : done);
        if (!constant && fetches_) fetch_ahead(next[k], now * std::int64_t{sizeof(compute)});
      });
      for (int o = 0; o < Call::outputs_count; ++o) to[o] = results[o].next();
      run_neighbours<Constant>(call_, i + done, now, next, to);
      call_.each_output([&](auto o, const auto& out) NUMFUSE_INLINE_BODY {
        results[o].add(now * static_cast<std::int64_t>(sizeof(*out.data)));
      });
    }
  }

  // Fetches what comes so far behind numbers that are worked on now.
  static void fetch_ahead(const void* now, std::int64_t bytes) {
    constexpr std::int64_t ahead = 2048;
    const char* const line = static_cast<const char*>(now) + ahead;
    for (std::int64_t i = 0; i < bytes; i += 64) fetch(line + i);
  }

  // Calls run(set) with the set of constant inputs. False where it has no code of its own.
  template <unsigned Set = 0, class Run>
  static bool with_constants(unsigned constant, const Run& run) {
    if constexpr (has_code(Set)) {
      if (constant == Set) {
        run(std::integral_constant<unsigned, Set>{});
        return true;
      }
    }
    if constexpr (Set >> Call::inputs_count == 0) return with_constants<Set + 1>(constant, run);
    return false;
  }

  const Call& call_;
  bool costly_ = Call::info::trace(call_.formula).costly;
  int rank_;
  bool in_one_run_;               // all elements of every operand
  std::int64_t along_[operands];  // from one element of a row to the next
  bool whole_[operands];
  unsigned constant_in_row_ = 0;  // the operands of which one number is a whole row
  bool rows_in_place_ = true;     // those of a row, or one number is all of them
  bool past_caches_;              // results are written past the caches
  bool fetches_;                  // inputs are fetched ahead meanwhile
};

template <class Call>
void run_elementwise(const Call& c) {
  const std::int64_t length = c.where.length;
  if (length <= block_elements && is_one_run(c)) {  // most small calls: nothing to prepare
    const void* from[Call::inputs_count];
    void* to[Call::outputs_count];
    c.each_input([&](auto k, const auto& in) NUMFUSE_INLINE_BODY { from[k] = in.data; });
    c.each_output([&](auto o, const auto& out) NUMFUSE_INLINE_BODY { to[o] = out.data; });
    return run_neighbours<0>(c, 0, length, from, to);
  }
  if (const int dimension = tile_dimension(c); dimension >= 0) {
    const transposed_run<Call> work(c, dimension);
    return parallel_for(work.tiles(), length, [&](std::int64_t tile) {
      work.run(tile, [&](auto* from, auto* to, std::int64_t rows, int count, auto* pitches) {
        run_neighbours<0>(c, 0, count, from, to, rows, pitches);
      });
    });
  }
  const elementwise_run<Call> work(c);
  const std::int64_t together = work.task_elements();
  parallel_for(ceil_div(length, together), length, [&](std::int64_t task) {
    work.run(task * together, std::min(length, (task + 1) * together));
  });
}

}  // namespace numfuse::detail::host_executor::inline NUMFUSE_HOST_ISA
