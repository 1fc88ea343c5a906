// Formulas without reductions: every thread works on its own elements.
#pragma once

#include <numfuse/cuda/access.cuh>
#include <numfuse/plan.hpp>

namespace numfuse::NUMFUSE_CUDA_NAMESPACE {

/// A part of a vector and nothing else: no thread knows of another.
template <class Tile>
struct lone_context : Tile {
  using Tile::Tile;
  static NUMFUSE_HD constexpr bool knows(int) { return true; }

  // A reduction whose value reaches no result: the formula may make one, nobody sees it.
  template <class R, class T, int Level>
  NUMFUSE_INLINE auto reduce(const R&, const vector_value<T, Level, lone_context>&) {
    return scalar_value<typename R::template result<T>, Level + 1, lone_context>{{}, this};
  }
};

/// Runs the formula on the tile of a context: reads all inputs first, by read(k, memory, numbers).
template <class Call, class Context, class Read>
__device__ __forceinline__ auto evaluate_tile_by(const Call& c, Context& context,
                                                 const Read& read) {
  return c.evaluate([&](auto k, const auto& in) NUMFUSE_INLINE_BODY {
    using T = typename std::remove_cvref_t<decltype(in)>::dtype;
    vector_value<T, 0, Context> v;
    v.context = &context;
    if (in.data == nullptr) {
      detail::each<Context::width>([&](int j) NUMFUSE_INLINE_BODY { v.data[j] = in.number; });
    } else {
      read(k, in.data, v.data);
    }
    return v;
  });
}

/// The same from memory, where each input starts at its base.
template <class Call, class Context>
__device__ __forceinline__ auto evaluate_tile(const Call& c, Context& context,
                                              const typename Call::offsets& bases) {
  return evaluate_tile_by(c, context,
                          [&](int k, const auto* data, auto& numbers) NUMFUSE_INLINE_BODY {
                            load(context, context.place(k, bases[k]), data, numbers);
                          });
}

/// Writes the vector results of a tile.
template <class Call, class Context, class Result>
__device__ __forceinline__ void store_vectors(const Call& c, const Context& context,
                                              const Result& result,
                                              const typename Call::offsets& bases) {
  c.each_output([&](auto i, const auto& out) NUMFUSE_INLINE_BODY {
    const auto& value = detail::result_of<decltype(i)::value>(result);
    if constexpr (std::remove_cvref_t<decltype(value)>::is_vector) {
      constexpr int k = Call::inputs_count + decltype(i)::value;
      store(context, context.place(k, bases[k]), out.data, value.data);
    }
  });
}

/// Elements between the first output and the last 16-byte boundary before it, where it is the shift
/// that makes a row's stores whole pieces; else the same of the first input. The row is one of the
/// innermost dimension.
template <class Call, int Items>
__device__ __forceinline__ int row_shift(const Call& c, const typename Call::offsets& bases) {
  int shift = 0;
  bool found = false;
  const auto lead = [&](int k, const auto* data) {
    if (!found && data != nullptr && c.where.inner_stride(k) == 1) {
      shift = shift_of<Items>(data + bases[k]);
      found = true;
    }
  };
  c.each_output([&](int i, const auto& out) { lead(Call::inputs_count + i, out.data); });
  c.each_input([&](int i, const auto& in) { lead(i, in.data); });
  return shift;
}

/// All elements of all operands in one run, or one number repeated.
template <class Call, int Pieces>
__global__ void __launch_bounds__(256, 1) elementwise_kernel(const __grid_constant__ Call c) {
  constexpr int items = detail::items_in_chunk(Call::item_bytes);
  const typename Call::offsets bases = {};
  const int shift = row_shift<Call, items>(c, bases);
  using part = tile<Pieces, items, 1>;
  const std::int64_t pieces = part::count(c.where, shift);
  const std::int64_t in_block = std::int64_t{blockDim.x} * Pieces;
  for (std::int64_t first = blockIdx.x * in_block; first < pieces; first += gridDim.x * in_block) {
    lone_context<part> context(c.where, first + threadIdx.x, blockDim.x, shift, 1);
    const auto result = evaluate_tile(c, context, bases);
    store_vectors(c, context, result, bases);
  }
}

/// Operands that are broadcast or strided, in runs along their innermost dimension; `shifted` where
/// its rows may start between two boundaries.
template <class Call>
__global__ void __launch_bounds__(256, 1)
    elementwise_runs_kernel(const __grid_constant__ Call c, bool shifted) {
  constexpr int items = detail::items_in_chunk(Call::item_bytes);
  using run = run_tile<items>;
  const std::int64_t in_row = run::in_row(c.where, shifted);
  const std::int64_t runs = run::count(c.where, shifted);
  const std::int64_t in_grid = std::int64_t{gridDim.x} * blockDim.x;
  for (std::int64_t piece = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x; piece < runs;
       piece += in_grid) {
    lone_context<run> context(c.where, piece, in_row);
    typename Call::offsets bases = {};
    context.add_row_offsets(bases);
    if (shifted) context.shift_by(row_shift<Call, items>(c, bases));
    context.add_run_offsets(bases);
    const auto result = evaluate_tile(c, context, bases);
    store_vectors(c, context, result, bases);
  }
}

}  // namespace numfuse::NUMFUSE_CUDA_NAMESPACE
