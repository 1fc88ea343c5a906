// Copies of elements that lie side by side along one dimension where they come from and along
// another one where they go.
//
// Element by element a warp would touch a line of memory for each of its threads on one of the two
// sides. A block reads a square tile along the one dimension and writes it along the other;
// between the two it stands in shared memory.
#pragma once

#include <numfuse/cuda/runtime.cuh>
#include <numfuse/detail/unroll.hpp>
#include <numfuse/plan.hpp>

namespace numfuse::NUMFUSE_CUDA_NAMESPACE {

/// Copies all elements of a layout of two operands, without a batch.
template <class Bits>
__global__ void __launch_bounds__(detail::transposing_threads)
    transpose_kernel(const Bits* __restrict__ from, Bits* __restrict__ to,
                     const __grid_constant__ detail::layout where,
                     const detail::transposed_dimensions across) {
  constexpr int side = detail::transposing_side(sizeof(Bits));
  constexpr int pitch = detail::transposing_pitch(sizeof(Bits));
  constexpr int lines = detail::transposing_threads / warp_size;  // at a time: a warp for each
  constexpr int turns = side / warp_size;                         // of a warp in its line
  constexpr int own = side / lines * turns;
  Bits* const tile = reinterpret_cast<Bits*>(shared_memory());
  // f(k, line, place in the line) for number k of this thread's own.
  const auto each_own = [&](const auto& f) NUMFUSE_INLINE_BODY {
    detail::each<own>([&](int k) NUMFUSE_INLINE_BODY {
      f(k, static_cast<int>(threadIdx.x) / warp_size + k / turns * lines,
        static_cast<int>(threadIdx.x) % warp_size + k % turns * warp_size);
    });
  };

  const std::int64_t size_from = where.sizes[across.from], size_to = where.sizes[across.to];
  const std::int64_t tiles_from = (size_from + side - 1) / side;
  const std::int64_t tiles_to = (size_to + side - 1) / side;
  const std::int64_t tiles = detail::transposing_tiles(where, across, side);
  for (std::int64_t t = blockIdx.x; t < tiles; t += gridDim.x) {
    std::int64_t outer = detail::layout::quotient(t, tiles_to);
    const std::int64_t first_to = (t - outer * tiles_to) * side;
    std::int64_t place = detail::layout::quotient(outer, tiles_from);
    const std::int64_t first_from = (outer - place * tiles_from) * side;
    std::int64_t read = first_from + first_to * where.strides[0][across.to];
    std::int64_t written = first_from * where.strides[1][across.from] + first_to;
    for (int d = where.vector_rank - 1; d >= 0; --d) {
      if (d == across.from || d == across.to) continue;
      outer = detail::layout::quotient(place, where.sizes[d]);
      read += (place - outer * where.sizes[d]) * where.strides[0][d];
      written += (place - outer * where.sizes[d]) * where.strides[1][d];
      place = outer;
    }

    const std::int64_t left_from = size_from - first_from, left_to = size_to - first_to;
    Bits held[own];  // all reads are under way before the first one is waited for
    each_own([&](int k, int i, int j) NUMFUSE_INLINE_BODY {
      if (i < left_to && j < left_from) held[k] = from[read + i * where.strides[0][across.to] + j];
    });
    each_own([&](int k, int i, int j) NUMFUSE_INLINE_BODY {
      if (i < left_to && j < left_from) tile[i * pitch + j] = held[k];
    });
    __syncthreads();
    each_own([&](int, int j, int i) NUMFUSE_INLINE_BODY {
      if (i < left_to && j < left_from) {
        to[written + j * where.strides[1][across.from] + i] = tile[i * pitch + j];
      }
    });
    __syncthreads();  // before the tile is written again
  }
}

}  // namespace numfuse::NUMFUSE_CUDA_NAMESPACE
