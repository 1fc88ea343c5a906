// Elementwise formulas with transposed inputs on the host: those whose elements lie side by side
// along another dimension than the results'.
//
// A tile of several rows is worked on at a time: every line of a transposed input is read once, and
// its numbers go through registers to where they stand in rows, in the first-level cache.
#pragma once

#include <algorithm>
#include <cstdint>

#include <numfuse/host/row_walk.hpp>
#include <numfuse/host/transfer.hpp>

namespace numfuse::detail::host_executor::inline NUMFUSE_HOST_ISA {

/// A dimension of fewer elements is not worth tiles.
inline constexpr std::int64_t fewest_tile_rows = 8;

/// True where the numbers of input k lie side by side along a dimension, and not along rows.
template <class T>
bool is_transposed(const layout& where, const input<T>& in, int k, int dimension) {
  const std::int64_t along = where.strides[k][where.vector_rank - 1];
  return in.data != nullptr && along != 0 && along != 1 && where.strides[k][dimension] == 1;
}

/// The dimension along which tiles have their rows; -1 where there are none to be made: no input is
/// transposed, or results do not lie in rows.
template <class Call>
int tile_dimension(const Call& c) {
  const layout& where = c.where;
  const int last = where.vector_rank - 1;
  if (last < 1 || where.sizes[last] < group) return -1;
  bool in_rows = true;
  for (int k = 0; k < Call::inputs_count; ++k) in_rows &= where.strides[k][last] <= 1;
  if (in_rows) return -1;
  for (int o = 0; o < Call::outputs_count; ++o) {
    if (where.strides[Call::inputs_count + o][last] != 1) return -1;
  }
  if (Call::info::trace(c.formula).asks_index) return -1;
  for (int d = last - 1; d >= 0; --d) {
    bool any = false;
    c.each_input([&](auto k, const auto& in) { any |= is_transposed(where, in, k, d); });
    if (any && where.sizes[d] >= fewest_tile_rows) return d;
  }
  return -1;
}

template <class Call>
class transposed_run {
 public:
  transposed_run(const Call& c, int dimension)
      : call_(c),
        dimension_(dimension),
        row_tiles_(ceil_div(c.where.sizes[dimension], most_rows)),
        column_tiles_(ceil_div(c.where.inner_size(), most_columns)) {}

  /// Tiles in all.
  std::int64_t tiles() const {
    const layout& where = call_.where;
    return where.length / where.sizes[dimension_] / where.inner_size() * row_tiles_ * column_tiles_;
  }

  /// Calls run_rows(inputs, outputs, rows, columns, distances between rows in bytes) with the rows
  /// of a tile.
  template <class Run>
  void run(std::int64_t tile, const Run& run_rows) const {
    const layout& where = call_.where;
    const int last = where.vector_rank - 1;
    std::int64_t starts[operands] = {};
    const auto step = [&](int d, std::int64_t place) {
      for (int k = 0; k < operands; ++k) starts[k] += place * where.strides[k][d];
    };
    const std::int64_t column = tile % column_tiles_ * most_columns;
    const std::int64_t row = tile / column_tiles_ % row_tiles_ * most_rows;
    std::int64_t outer = tile / column_tiles_ / row_tiles_;
    step(last, column);
    step(dimension_, row);
    for (int d = last - 1; d >= 0; --d) {
      if (d == dimension_) continue;
      step(d, outer % where.sizes[d]);
      outer /= where.sizes[d];
    }
    const std::int64_t rows = std::min(most_rows, where.sizes[dimension_] - row);
    const int columns = static_cast<int>(std::min(most_columns, where.sizes[last] - column));
    const bool another = column + columns < where.sizes[last];

    alignas(64) unsigned char memory[Call::inputs_count][most_rows * most_columns * item_bytes];
    const void* from[Call::inputs_count];
    void* to[Call::outputs_count];
    std::int64_t pitches[operands];
    call_.each_input([&](auto k, const auto& in) {
      using T = typename std::remove_cvref_t<decltype(in)>::dtype;
      using compute = compute_t<T>;
      auto* const made = reinterpret_cast<compute*>(memory[k]);
      from[k] = made;
      pitches[k] = columns * static_cast<std::int64_t>(sizeof(compute));
      if (in.data == nullptr) {
        pitches[k] = 0;
        return gather(made, &in.number, 0, columns);
      }
      const T* const data = in.data + starts[k];
      const std::int64_t along = where.strides[k][last], across = where.strides[k][dimension_];
      if (std::is_same_v<T, compute> && along == 1) {
        from[k] = data;
        pitches[k] = across * static_cast<std::int64_t>(sizeof(T));
        return;
      }
      const bool transposed = is_transposed(where, in, k, dimension_);
      if (transposed && another) fetch_columns(data + most_columns * along, along);
      if constexpr (std::is_same_v<T, compute> && is_transposable<T>) {
        if (transposed) return transpose(sizeof(T), made, columns, data, along, columns, rows);
      }
      for (std::int64_t r = 0; r < rows; ++r) {
        gather(made + r * columns, data + r * across, along, columns);
      }
    });
    call_.each_output([&](auto o, const auto& out) {
      constexpr int k = Call::inputs_count + decltype(o)::value;
      to[o] = out.data + starts[k];
      pitches[k] = where.strides[k][dimension_] * static_cast<std::int64_t>(sizeof(*out.data));
    });
    run_rows(from, to, rows, columns, pitches);
  }

 private:
  // The next tile's lines, which lie apart from each other: the processor sees no order in them.
  // Inlined: g++ takes a function that only fetches for one that does nothing.
  template <class T>
  NUMFUSE_INLINE static void fetch_columns(const T* first, std::int64_t along) {
    const auto* column = reinterpret_cast<const char*>(first);
    for (std::int64_t j = 0; j < most_columns; ++j) {
      for (std::size_t i = 0; i < most_rows * sizeof(T); i += 64) __builtin_prefetch(column + i);
      column += along * static_cast<std::int64_t>(sizeof(T));
    }
  }

  static constexpr int operands = Call::inputs_count + Call::outputs_count;
  static constexpr std::int64_t item_bytes = Call::compute_bytes;
  // Several whole lines of every column.
  static constexpr std::int64_t most_rows = 256 / item_bytes;
  static constexpr std::int64_t most_columns = 64;

  const Call& call_;
  int dimension_;
  std::int64_t row_tiles_;
  std::int64_t column_tiles_;
};

}  // namespace numfuse::detail::host_executor::inline NUMFUSE_HOST_ISA
