// What kernels need of CUDA: nvcc's own built-ins, or the tests' stand-ins on a CPU.
#pragma once

#if defined(NUMFUSE_SIMT)
#include <simt/coverage.hpp>
#else
#include <cooperative_groups.h>
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

/// Waits for all blocks of a cooperative launch.
__device__ __forceinline__ void grid_barrier() {
#if defined(NUMFUSE_SIMT)
  simt::grid_sync();
#else
  cooperative_groups::this_grid().sync();
#endif
}

}  // namespace numfuse::NUMFUSE_CUDA_NAMESPACE
