// What kernels need of CUDA: nvcc's own built-ins, or the tests' stand-ins on a CPU.
#pragma once

#if defined(NUMFUSE_SIMT)
#include <simt/coverage.hpp>
#else
#include <cooperative_groups.h>
#include <cuda_pipeline_primitives.h>
#include <cuda_runtime.h>
#endif

#include <numfuse/detail/call.hpp>

// An emulated kernel is another function than the GPU's, though its source is the same: a program
// may hold both.
#if defined(NUMFUSE_SIMT)
#define NUMFUSE_CUDA_NAMESPACE cuda::inline emulation
#else
#define NUMFUSE_CUDA_NAMESPACE cuda
#endif

namespace numfuse::NUMFUSE_CUDA_NAMESPACE {

inline constexpr int warp_size = 32;
inline constexpr unsigned all_lanes = 0xffffffffu;

/// The block's shared memory, the only array of it: its size is given at the launch.
__device__ __forceinline__ unsigned char* shared_memory() {
#if defined(NUMFUSE_SIMT)
  return simt::shared_memory();
#else
  extern __shared__ __align__(16) unsigned char numfuse_shared_memory[];
  return numfuse_shared_memory;
#endif
}

/// Asks for a copy of 4, 8 or 16 bytes into shared memory, from and to addresses that are multiples
/// of that. It is made beside the thread's other work, and seen by this thread alone, once it has
/// waited.
template <int Bytes>
__device__ __forceinline__ void copy_async(void* to_shared, const void* from) {
#if defined(NUMFUSE_SIMT)
  simt::copy_async(to_shared, from, Bytes);
#else
  __pipeline_memcpy_async(to_shared, from, Bytes);
#endif
}

/// The copies that were asked for since the last call become a batch.
__device__ __forceinline__ void commit_copies() {
#if defined(NUMFUSE_SIMT)
  simt::commit_copies();
#else
  __pipeline_commit();
#endif
}

/// Waits until all batches but the newest `newest` are there.
__device__ __forceinline__ void wait_copies(int newest) {
#if defined(NUMFUSE_SIMT)
  simt::wait_copies(newest);
#else
  __pipeline_wait_prior(static_cast<std::size_t>(newest));
  asm volatile("" ::: "memory");  // no read of what was copied may come before it
#endif
}

/// Waits for all blocks of a cooperative launch.
__device__ __forceinline__ void grid_barrier() {
#if defined(NUMFUSE_SIMT)
  simt::grid_sync();
#else
  cooperative_groups::this_grid().sync();
#endif
}

/// Waits for all blocks of the cluster. Clusters are there from compute capability 9.0 on; a plan
/// for less has none.
__device__ __forceinline__ void cluster_barrier() {
#if defined(NUMFUSE_SIMT)
  simt::cluster_sync();
#elif __CUDA_ARCH__ >= 900
  cooperative_groups::this_cluster().sync();
#else
  __trap();
#endif
}

/// Where block `rank` of the cluster has in its shared memory what this block has at `p`.
template <class T>
__device__ __forceinline__ T* in_block_of_cluster(T* p, int rank) {
#if defined(NUMFUSE_SIMT)
  return simt::map_shared_rank(p, static_cast<unsigned>(rank));
#elif __CUDA_ARCH__ >= 900
  return cooperative_groups::this_cluster().map_shared_rank(p, static_cast<unsigned>(rank));
#else
  static_cast<void>(rank);
  return p;
#endif
}

}  // namespace numfuse::NUMFUSE_CUDA_NAMESPACE
