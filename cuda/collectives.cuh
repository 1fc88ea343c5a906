// How a group of threads joins what each of them knows of a vector.
#pragma once

#include <numfuse/cuda/runtime.cuh>
#include <numfuse/plan.hpp>

namespace numfuse::NUMFUSE_CUDA_NAMESPACE {

using detail::state_bytes;

/// The value of the lane whose number differs in the bits of `offset`.
template <class S>
__device__ __forceinline__ S exchange(const S& mine, int offset) {
  constexpr int words = (sizeof(S) + 3) / 4;
  unsigned word[words] = {};
  memcpy(word, &mine, sizeof(S));
  detail::each<words>(
      [&](int k) NUMFUSE_INLINE_BODY { word[k] = __shfl_xor_sync(all_lanes, word[k], offset); });
  S other;
  memcpy(&other, word, sizeof(S));
  return other;
}

/// The threads that hold one vector, or `across` vectors side by side: a power-of-two part of a
/// warp, a warp, or a block. Neighbouring threads belong to neighbouring vectors; the groups of a
/// block follow each other. Every thread of the block takes part in every reduction.
class thread_group {
 public:
  __device__ __forceinline__ thread_group(int size, int across) : size_(size), across_(across) {
    const int local = static_cast<int>(threadIdx.x) % threads();
    rank_ = local / across;
    column_ = local % across;
  }

  __device__ __forceinline__ int size() const { return size_; }      // threads along the vector
  __device__ __forceinline__ int rank() const { return rank_; }      // my place among them
  __device__ __forceinline__ int across() const { return across_; }  // threads side by side
  __device__ __forceinline__ int column() const { return column_; }  // my place among them
  __device__ __forceinline__ int threads() const { return size_ * across_; }
  __device__ __forceinline__ int number_in_block() const {
    return static_cast<int>(threadIdx.x) / threads();
  }
  __device__ __forceinline__ int groups_in_block() const {
    return static_cast<int>(blockDim.x) / threads();
  }

  /// Joins the states of the group's threads, one for each lane, in a fixed order; all get the
  /// result.
  template <int Lanes, class R, class S>
  __device__ __forceinline__ void reduce(const R& r, S (&states)[Lanes]) {
    const int in_warp = threads() < warp_size ? threads() : warp_size;
    NUMFUSE_NO_UNROLL
    for (int offset = across_; offset < in_warp; offset *= 2) {
      detail::each<Lanes>([&](int lane) NUMFUSE_INLINE_BODY {
        states[lane] = r.combine(states[lane], exchange(states[lane], offset));
      });
    }
    if (threads() > warp_size) reduce_warps(r, states);
  }

 private:
  // Each warp leaves its states in shared memory, and everybody folds those of all warps. The
  // halves of the memory take turns, so that one barrier a reduction is enough: who writes a half
  // again has passed a barrier that its last reader had to reach.
  template <int Lanes, class R, class S>
  __device__ __forceinline__ void reduce_warps(const R& r, S (&states)[Lanes]) {
    const int warps = threads() / warp_size;
    unsigned char* half = shared_memory() + second_half_ * warps * across_ * Lanes * state_bytes;
    second_half_ = 1 - second_half_;
    S* shared = reinterpret_cast<S*>(half);
    const int warp = static_cast<int>(threadIdx.x) / warp_size;
    if (static_cast<int>(threadIdx.x) % warp_size < across_) {
      detail::each<Lanes>([&](int lane) NUMFUSE_INLINE_BODY {
        shared[(warp * across_ + column_) * Lanes + lane] = states[lane];
      });
    }
    __syncthreads();
    detail::each<Lanes>([&](int lane)
                            NUMFUSE_INLINE_BODY { states[lane] = shared[column_ * Lanes + lane]; });
    for (int w = 1; w < warps; ++w) {
      detail::each<Lanes>([&](int lane) NUMFUSE_INLINE_BODY {
        states[lane] = r.combine(states[lane], shared[(w * across_ + column_) * Lanes + lane]);
      });
    }
  }

  int size_;
  int across_;
  int rank_;
  int column_;
  int second_half_ = 0;
};

/// Device memory in which the blocks of a team leave their states for each other. `tickets` are
/// zero between launches: whoever draws the last one of a team puts it back.
struct workspace {
  unsigned char* states;
  unsigned* tickets;  // one a team
};

/// True for one of a team's blocks: the last to arrive. What all of them wrote
/// to the workspace before is visible to it.
__device__ __forceinline__ bool arrives_last(unsigned* ticket, int blocks) {
  bool* last = reinterpret_cast<bool*>(shared_memory());
  __syncthreads();  // the block's own writes, and its use of shared memory, are done
  if (threadIdx.x == 0) {
    __threadfence();
    *last = atomicAdd(ticket, 1u) == static_cast<unsigned>(blocks - 1);
    if (*last) *ticket = 0;
    __threadfence();
  }
  __syncthreads();
  const bool result = *last;
  __syncthreads();  // before shared memory is used again
  return result;
}

}  // namespace numfuse::NUMFUSE_CUDA_NAMESPACE
