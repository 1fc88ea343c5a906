// Vectors that are streamed: the formula runs once for each level of reductions, holding nothing.
#pragma once

#include <numfuse/cuda/vectors.cuh>

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

/// Joins the blocks that stream one vector together, through memory, in the order of their numbers.
struct grid_joiner {
  block_joiner<1> block;
  unsigned char* states;  // [reduction][block], of this vector
  int number;             // of this block among those of the vector
  int blocks;

  template <class S, class R>
  __device__ __forceinline__ void publish(const R& r, detail::reduction_slots<1>& slots, int slot) {
    block.template publish<S>(r, slots, slot);
    if (threadIdx.x == 0) {
      const S mine = slots.template get<S>(slot, 0);
      unsigned words[state_bytes / 4] = {};
      memcpy(words, &mine, sizeof(S));
      detail::each<state_bytes / 4>(
          [&](int k) NUMFUSE_INLINE_BODY { place_of(slot, number)[k] = words[k]; });
    }
  }

  template <class S, class R>
  __device__ __forceinline__ void fold(const R& r, detail::reduction_slots<1>& slots, int slot) {
    S joined = r.template identity<S>();
    for (int b = static_cast<int>(threadIdx.x); b < blocks; b += static_cast<int>(blockDim.x)) {
      unsigned words[state_bytes / 4];
      detail::each<state_bytes / 4>([&](int k)
                                        NUMFUSE_INLINE_BODY { words[k] = place_of(slot, b)[k]; });
      S theirs;
      memcpy(&theirs, words, sizeof(S));
      joined = r.combine(joined, theirs);
    }
    slots.set(slot, 0, joined);
    block.template publish<S>(r, slots, slot);
  }

 private:
  // Volatile: what another block wrote must come from memory, not from this multiprocessor's cache.
  __device__ __forceinline__ volatile unsigned* place_of(int slot, int b) const {
    return reinterpret_cast<volatile unsigned*>(states +
                                                (std::int64_t{slot} * blocks + b) * state_bytes);
  }
};

/// The first part of a vector for a thread, and how it goes on.
struct stream_walk {
  std::int64_t rank;  // of this thread among all that stream the vector
  std::int64_t size;
};

/// What a thread works on when it has come to piece `first`: a tile, or a run of a vector of
/// several dimensions.
template <class Tile, class Vectors>
__device__ __forceinline__ Tile tile_at(const detail::layout& where, const Vectors& mine,
                                        std::int64_t first, std::int64_t step) {
  if constexpr (Tile::is_run) {
    return Tile(where, first);
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

/// Runs the formula on all of a thread's parts; in the last pass, which knows everything, writes.
template <class Tile, int Pass, class Call, class Vectors, class Slots, class Joiner>
__device__ __forceinline__ void replay_stream(const Call& c, const Vectors& mine, Slots& slots,
                                              Joiner& joiner, const stream_walk& walk) {
  using context_type = detail::replay_context<Tile, Joiner, Pass, detail::replay_step::accumulate>;
  const std::int64_t pieces = Tile::count(c.where, mine.shift);
  for (std::int64_t first = walk.rank; first < pieces; first += walk.size * Tile::pieces) {
    context_type context(tile_at<Tile>(c.where, mine, first, walk.size), &slots, &joiner);
    const auto part = [&](const typename Call::offsets& bases) NUMFUSE_INLINE_BODY {
      const auto result = evaluate_tile(c, context, bases);
      if constexpr (Call::info::any_vector && Pass == Call::info::levels) {
        store_vectors(c, context, result, bases);
      }
    };
    if constexpr (Tile::is_run) {
      typename Call::offsets bases = {};  // such a vector is the only one
      context.add_offsets(bases);
      part(bases);
    } else {
      part(mine.bases);
    }
  }
}

template <class Call, int Pieces, bool Columns>
__global__ void __launch_bounds__(256, 1)
    replay_kernel(const __grid_constant__ Call c, group_shape shape) {
  using detail::replay_step;
  constexpr int levels = Call::info::levels;
  constexpr int items = detail::items_in_chunk(Call::item_bytes);
  using vectors = group_vectors<Call, items, Columns>;
  using part = tile<Pieces, items, vectors::lanes>;
  const thread_group group(shape.size, shape.across);
  const stream_walk walk{group.rank(), group.size()};
  const std::int64_t groups = vectors::groups(c, shape);
  const std::int64_t in_grid = std::int64_t{gridDim.x} * group.groups_in_block();
  block_joiner<vectors::lanes> joiner{group};
  for (std::int64_t first = blockIdx.x * std::int64_t{group.groups_in_block()}; first < groups;
       first += in_grid) {
    const vectors mine(c, group, shape, first + group.number_in_block());
    detail::reduction_slots<vectors::lanes> slots;
    replay_between<part, detail::before_passes, replay_step::start>(c, mine, slots, joiner);
    detail::each_pass<levels>([&](auto pass) NUMFUSE_INLINE_BODY {
      replay_stream<part, pass>(c, mine, slots, joiner, walk);
      replay_between<part, pass, replay_step::publish>(c, mine, slots, joiner);
    });
    if constexpr (Call::info::any_vector) {
      replay_stream<part, levels>(c, mine, slots, joiner, walk);
    }
    if constexpr (Call::info::any_scalar) {
      const auto result =
          replay_between<part, levels, replay_step::accumulate>(c, mine, slots, joiner);
      if (group.rank() == 0) store_scalars(c, mine, result);
    }
  }
}

/// Every vector is streamed by `blocks` blocks. One level of reductions to scalars: the last block
/// to arrive folds. Otherwise all blocks wait for each other between passes and all of them fold.
template <class Call, class Part>
__global__ void __launch_bounds__(256, 1)
    grid_kernel(const __grid_constant__ Call c, int blocks, workspace w) {
  using detail::replay_step;
  constexpr int levels = Call::info::levels;
  constexpr bool one_pass = levels == 1 && !Call::info::any_vector;
  using vectors = group_vectors<Call, Part::items, false>;
  const int vector = static_cast<int>(blockIdx.x) / blocks;
  const int number = static_cast<int>(blockIdx.x) % blocks;
  const int threads = static_cast<int>(blockDim.x);
  const thread_group group(threads, 1);
  const stream_walk walk{std::int64_t{number} * threads + threadIdx.x,
                         std::int64_t{blocks} * threads};
  const vectors mine(c, group, {threads, 1}, vector);
  grid_joiner joiner{
      {group},
      w.states + std::int64_t{vector} * detail::max_reductions * blocks * state_bytes,
      number,
      blocks};
  detail::reduction_slots<1> slots;
  bool folds = true;
  replay_between<Part, detail::before_passes, replay_step::start>(c, mine, slots, joiner);
  detail::each_pass<levels>([&](auto pass) NUMFUSE_INLINE_BODY {
    replay_stream<Part, pass>(c, mine, slots, joiner, walk);
    replay_between<Part, pass, replay_step::publish>(c, mine, slots, joiner);
    if constexpr (one_pass) {
      folds = arrives_last(w.tickets + vector, blocks);
    } else if (blocks > 1) {
      grid_barrier();
    }  // a block alone: the thread that left its state is the one that takes it up again
    if (folds) replay_between<Part, pass, replay_step::fold>(c, mine, slots, joiner);
  });
  if (!folds) return;
  if constexpr (Call::info::any_vector) replay_stream<Part, levels>(c, mine, slots, joiner, walk);
  if constexpr (Call::info::any_scalar) {
    const auto result =
        replay_between<Part, levels, replay_step::accumulate>(c, mine, slots, joiner);
    if ((one_pass || number == 0) && threadIdx.x == 0) store_scalars(c, mine, result);
  }
}

}  // namespace numfuse::NUMFUSE_CUDA_NAMESPACE
