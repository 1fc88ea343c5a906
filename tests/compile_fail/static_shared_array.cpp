// error: error_use_numfuse_simt_shared_memory_instead_of_static_shared_arrays
// A static shared array would be an array for each thread under emulation, and not be watched.
#include <simt/simt.hpp>

__global__ void kernel(float* out) {
#if defined(CORRECT)
  float* shared = reinterpret_cast<float*>(numfuse::simt::shared_memory());
#else
  __shared__ float shared[32];
#endif
  shared[threadIdx.x] = 1;
  __syncthreads();
  out[threadIdx.x] = shared[31 - threadIdx.x];
}
