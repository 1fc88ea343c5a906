// Vectors that several blocks share: a cluster, whose blocks see each other's shared memory, or
// blocks of the whole grid, which meet in device memory.
#pragma once

#include <numfuse/cuda/replay.cuh>

namespace numfuse::NUMFUSE_CUDA_NAMESPACE {

/// A team of blocks works on one vector, or on vectors side by side, at a time.
struct team_shape {
  group_shape group;  // of each block
  int blocks;
  bool cluster;
  int reductions;  // of the formula
  kept_shape kept;
};

/// Joins the blocks of a team, in the order of their numbers: each leaves its states where the
/// others find them.
template <int Lanes>
struct team_joiner {
  block_joiner<Lanes> block;
  unsigned char*
      states;       // in a cluster: of this block, in its shared memory; else of the first one
  int block_bytes;  // of the states of a block
  int number;       // of this block
  int blocks;
  bool cluster;

  template <class S, class R>
  __device__ __forceinline__ void publish(const R& r, detail::reduction_slots<Lanes>& slots,
                                          int slot) {
    block.template publish<S>(r, slots, slot);
    if (blocks == 1 || block.group.rank() != 0) return;
    detail::each<Lanes>([&](int lane) NUMFUSE_INLINE_BODY {
      const S mine = slots.template get<S>(slot, lane);
      unsigned words[state_bytes / 4] = {};
      memcpy(words, &mine, sizeof(S));
      volatile unsigned* const to = place(slot, number, lane);
      detail::each<state_bytes / 4>([&](int k) NUMFUSE_INLINE_BODY { to[k] = words[k]; });
    });
  }

  template <class S, class R>
  __device__ __forceinline__ void fold(const R& r, detail::reduction_slots<Lanes>& slots,
                                       int slot) {
    if (blocks == 1) return;
    detail::each<Lanes>([&](int lane) NUMFUSE_INLINE_BODY {
      S joined = r.template identity<S>();
      for (int b = block.group.rank(); b < blocks; b += block.group.size()) {
        unsigned words[state_bytes / 4];
        const volatile unsigned* const from = place(slot, b, lane);
        detail::each<state_bytes / 4>([&](int k) NUMFUSE_INLINE_BODY { words[k] = from[k]; });
        S theirs;
        memcpy(&theirs, words, sizeof(S));
        joined = r.combine(joined, theirs);
      }
      slots.set(slot, lane, joined);
    });
    block.template publish<S>(r, slots, slot);
  }

 private:
  // Volatile: what another block wrote must come from where it wrote it, not from this
  // multiprocessor's cache.
  __device__ __forceinline__ volatile unsigned* place(int slot, int b, int lane) const {
    const thread_group& g = block.group;
    unsigned char* const of_block =
        cluster ? in_block_of_cluster(states, b) : states + std::int64_t{b} * block_bytes;
    return reinterpret_cast<volatile unsigned*>(
        of_block + ((slot * g.across() + g.column()) * Lanes + lane) * state_bytes);
  }
};

/// Where a thread of the grid belongs.
struct team_place {
  int team;
  int number;  // of its block in the team
  int teams;
  thread_group group;
  stream_walk walk;  // through the team's vector
};

__device__ __forceinline__ team_place place_in_grid(const team_shape& shape) {
  const int number = static_cast<int>(blockIdx.x) % shape.blocks;
  const thread_group group(shape.group.size, shape.group.across);
  return {static_cast<int>(blockIdx.x) / shape.blocks,
          number,
          static_cast<int>(gridDim.x) / shape.blocks,
          group,
          {std::int64_t{number} * group.size() + group.rank(),
           std::int64_t{shape.blocks} * group.size()}};
}

/// One level of reductions, to scalars: each vector is streamed once, by a group of a block, or by
/// a team of blocks of which the last one to arrive folds. They need not run at the same time.
template <class Call, class Part, bool Columns>
__global__ void __launch_bounds__(256, 1)
    stream_kernel(const __grid_constant__ Call c, team_shape shape, workspace w) {
  using detail::replay_step;
  using vectors = group_vectors<Call, Part::items, Columns>;
  const auto [team, number, teams, group, walk] = place_in_grid(shape);
  const int block_bytes =
      detail::team_state_bytes(shape.reductions, group.across() * vectors::lanes);
  team_joiner<vectors::lanes> joiner{{group}, w.states, block_bytes, number, shape.blocks, false};
  if (shape.blocks > 1) joiner.states += std::int64_t{team} * shape.blocks * block_bytes;
  memory_inputs<Call> inputs;
  const std::int64_t groups = vectors::groups(c, shape.group);
  const int together = group.groups_in_block();
  // A team of several blocks has one turn: its block is one group.
  for (std::int64_t first = std::int64_t{team} * together; first < groups;
       first += std::int64_t{teams} * together) {
    const vectors mine(c, group, shape.group, first + group.number_in_block());
    detail::reduction_slots<vectors::lanes> slots;
    replay_between<Part, detail::before_passes, replay_step::start>(c, mine, slots, joiner);
    replay_stream<Part, 0>(c, mine, slots, joiner, walk, inputs);
    replay_between<Part, 0, replay_step::publish>(c, mine, slots, joiner);
    if (shape.blocks > 1) {
      if (!arrives_last(w.tickets + team, shape.blocks)) return;
      replay_between<Part, 0, replay_step::fold>(c, mine, slots, joiner);
    }
    const auto result = replay_between<Part, 1, replay_step::accumulate>(c, mine, slots, joiner);
    if (group.rank() == 0) store_scalars(c, mine, result);
  }
}

/// Every vector is held by a team of blocks in their shared memory, as far as it fits, and worked
/// through once for each level of reductions; between two passes the blocks wait for each other.
template <class Call, class Part, bool Columns>
__global__ void __launch_bounds__(256, 2)
    team_kernel(const __grid_constant__ Call c, team_shape shape, workspace w) {
  using detail::replay_step;
  constexpr int levels = Call::info::levels;
  using vectors = group_vectors<Call, Part::items, Columns>;
  using inputs_type =
      std::conditional_t<Part::is_run, memory_inputs<Call>, kept_inputs<Part, Call>>;
  const auto [team, number, teams, group, walk] = place_in_grid(shape);

  // Shared memory: what the block's own reductions need, the states of a cluster's block, what is
  // kept of the vectors. The states of neighbouring rounds take turns in two places: who writes to
  // one again has passed a barrier that its last reader had to reach.
  const int across = group.across() * vectors::lanes;
  const int block_bytes = detail::team_state_bytes(shape.reductions, across);
  unsigned char* const shared =
      shared_memory() + detail::block_state_bytes(group.threads(), across);
  const bool in_memory = !shape.cluster && shape.blocks > 1;
  const std::int64_t round_bytes = std::int64_t{in_memory ? shape.blocks : 1} * block_bytes;
  unsigned char* const states = in_memory ? w.states + team * 2 * round_bytes : shared;
  inputs_type inputs(c, shared + (shape.cluster ? 2 * block_bytes : 0), shape.kept, walk);

  const std::int64_t groups = vectors::groups(c, shape.group);
  team_joiner<vectors::lanes> joiner{{group}, states,       block_bytes,
                                     number,  shape.blocks, shape.cluster};
  int round = 0;
  // All teams take the same number of turns: those of a grid meet in its barriers.
  for (std::int64_t first = 0; first < groups; first += teams, ++round) {
    const vectors mine(c, group, shape.group, first + team);
    joiner.states = states + round % 2 * round_bytes;
    detail::reduction_slots<vectors::lanes> slots;
    replay_between<Part, detail::before_passes, replay_step::start>(c, mine, slots, joiner);
    detail::each_constant<levels>([&](auto pass) NUMFUSE_INLINE_BODY {
      replay_stream<Part, pass>(c, mine, slots, joiner, walk, inputs);
      replay_between<Part, pass, replay_step::publish>(c, mine, slots, joiner);
      if (shape.blocks == 1) return;
      if (shape.cluster) {
        cluster_barrier();
      } else {
        grid_barrier();
      }
      replay_between<Part, pass, replay_step::fold>(c, mine, slots, joiner);
    });
    if constexpr (Call::info::any_vector) {
      replay_stream<Part, levels>(c, mine, slots, joiner, walk, inputs);
    }
    if constexpr (Call::info::any_scalar) {
      const auto result =
          replay_between<Part, levels, replay_step::accumulate>(c, mine, slots, joiner);
      if (number == 0 && group.rank() == 0) store_scalars(c, mine, result);
    }
  }
  if (shape.cluster) cluster_barrier();  // nobody leaves while others look at its states
}

}  // namespace numfuse::NUMFUSE_CUDA_NAMESPACE
