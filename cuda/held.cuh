// Vectors that a group holds whole in its registers: each element is read once, each result written
// once, and every step of the formula in between happens in registers.
#pragma once

#include <numfuse/cuda/vectors.cuh>

namespace numfuse::NUMFUSE_CUDA_NAMESPACE {

/// The context of a vector held by a group: a reduction is complete when the call returns.
template <class Tile>
struct held_context : Tile {
  thread_group group;

  __device__ __forceinline__ held_context(const Tile& t, const thread_group& g)
      : Tile(t), group(g) {}
  static NUMFUSE_HD constexpr bool knows(int) { return true; }

  template <class R, class T, int Level>
  NUMFUSE_INLINE auto reduce(const R& r, const vector_value<T, Level, held_context>& v) {
    using state = typename R::template state<compute_t<T>>;
    using result_dtype = typename R::template result<T>;
    scalar_value<result_dtype, Level + 1, held_context> result;
    result.context = this;
    state states[Tile::lanes];
    detail::each<Tile::lanes>([&](int lane) NUMFUSE_INLINE_BODY {
      states[lane] = detail::reduce_own<state>(r, v, static_cast<const Tile&>(*this), lane);
    });
    group.reduce(r, states);
    detail::each<Tile::lanes>([&](int lane) NUMFUSE_INLINE_BODY {
      result.data[lane] = r.template finish<compute_t<result_dtype>>(states[lane]);
    });
    return result;
  }
};

template <class Call, int Pieces, bool Columns>
__global__ void __launch_bounds__(detail::most_held_threads, 1)
    held_kernel(const __grid_constant__ Call c, group_shape shape) {
  constexpr int items = detail::items_in_chunk(Call::item_bytes);
  using vectors = group_vectors<Call, items, Columns>;
  using tile_type = tile<Pieces, items, vectors::lanes>;
  thread_group group(shape.size, shape.across);
  const std::int64_t groups = vectors::groups(c, shape);
  const std::int64_t in_grid = std::int64_t{gridDim.x} * group.groups_in_block();
  // All groups of a block take the same number of turns: they meet in its barriers and shuffles.
  for (std::int64_t first = blockIdx.x * std::int64_t{group.groups_in_block()}; first < groups;
       first += in_grid) {
    const vectors mine(c, group, shape, first + group.number_in_block());
    held_context<tile_type> context(
        tile_type(c.where, group.rank(), group.size(), mine.shift, mine.active), group);
    const auto result = evaluate_tile(c, context, mine.bases);
    store_vectors(c, context, result, mine.bases);
    if constexpr (Call::info::any_scalar) {
      if (group.rank() == 0) store_scalars(c, mine, result);
    }
    group = context.group;  // it knows which half of shared memory is next
  }
}

}  // namespace numfuse::NUMFUSE_CUDA_NAMESPACE
