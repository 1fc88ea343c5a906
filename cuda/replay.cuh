// Vectors that are streamed: the formula runs once for each level of reductions, holding nothing.
#pragma once

#include <numfuse/cuda/kept.cuh>

namespace numfuse::NUMFUSE_CUDA_NAMESPACE {

/// Joins a group's threads within a block.
template <int Lanes>
struct block_joiner {
  thread_group group;

  template <class S, class R>
  __device__ __forceinline__ void publish(const R& r, detail::reduction_slots<Lanes>& slots,
                                          int slot) {
    S states[Lanes];
    detail::each<Lanes>(
        [&](int lane) NUMFUSE_INLINE_BODY { states[lane] = slots.template get<S>(slot, lane); });
    group.reduce(r, states);
    detail::each<Lanes>([&](int lane) NUMFUSE_INLINE_BODY { slots.set(slot, lane, states[lane]); });
  }

  template <class S, class R>
  __device__ __forceinline__ void fold(const R&, detail::reduction_slots<Lanes>&, int) {}
};

/// What a thread works on when it has come to piece `first`: a tile, or a run of a vector of
/// several dimensions.
template <class Tile, class Vectors>
__device__ __forceinline__ Tile tile_at(const detail::layout& where, const Vectors& mine,
                                        std::int64_t first, std::int64_t step) {
  if constexpr (Tile::is_run) {
    return Tile(where, first, Tile::in_row(where, false));
  } else {
    return Tile(where, first, step, mine.shift, mine.active);
  }
}

/// Runs the formula without data: a step between two passes, or the last one for its scalars.
template <class Tile, int Pass, detail::replay_step Now, class Call, class Vectors, class Slots,
          class Joiner>
__device__ __forceinline__ auto replay_between(const Call& c, const Vectors& mine, Slots& slots,
                                               Joiner& joiner) {
  using context_type = detail::replay_context<Tile, Joiner, Pass, Now>;
  context_type context(tile_at<Tile>(c.where, mine, 0, 0), &slots, &joiner);
  return c.evaluate([&](auto, const auto& in) NUMFUSE_INLINE_BODY {
    using T = typename std::remove_cvref_t<decltype(in)>::dtype;
    return vector_value<T, 0, context_type>{{}, &context};
  });
}

/// Runs the formula on all of a thread's parts, which it finds at `inputs`; in the last pass, which
/// knows everything, writes.
template <class Tile, int Pass, class Call, class Vectors, class Slots, class Joiner, class Inputs>
__device__ __forceinline__ void replay_stream(const Call& c, const Vectors& mine, Slots& slots,
                                              Joiner& joiner, const stream_walk& walk,
                                              Inputs& inputs) {
  using context_type = detail::replay_context<Tile, Joiner, Pass, detail::replay_step::accumulate>;
  constexpr bool first_pass = Pass == 0;
  const std::int64_t pieces = pieces_of<Tile>(c.where, mine);
  inputs.template start<first_pass>(mine);
  NUMFUSE_NO_UNROLL
  for (int turn = 0; walk.first_piece<Tile>(turn) < pieces; ++turn) {
    context_type context(tile_at<Tile>(c.where, mine, walk.first_piece<Tile>(turn), walk.size),
                         &slots, &joiner);
    const auto part = [&](const typename Call::offsets& bases) NUMFUSE_INLINE_BODY {
      const auto result = evaluate_tile_by(
          c, context, [&](int k, const auto* data, auto& numbers) NUMFUSE_INLINE_BODY {
            inputs.read(k, data, static_cast<const Tile&>(context), turn, bases, numbers);
          });
      if constexpr (Call::info::any_vector && Pass == Call::info::levels) {
        store_vectors(c, context, result, bases);
      }
    };
    inputs.wait();
    if constexpr (Tile::is_run) {
      typename Call::offsets bases;
      detail::each<Call::inputs_count + Call::outputs_count>(
          [&](int k) NUMFUSE_INLINE_BODY { bases[k] = mine.bases[k]; });
      context.add_row_offsets(bases);
      context.add_run_offsets(bases);
      part(bases);
    } else {
      part(mine.bases);
    }
    inputs.template next<first_pass>(mine, turn);
  }
}

}  // namespace numfuse::NUMFUSE_CUDA_NAMESPACE
