// Owns the CUDA keywords and vector types that a kernel names. They come from the CUDA headers
// where those are installed, so that kernels and host code share one `float4`; elsewhere the few
// that kernels use are defined here.
#pragma once

#if __has_include(<vector_types.h>) && __has_include(<vector_functions.h>)
#include <vector_types.h>
#include <vector_functions.h>
#else

struct uint3 {
  unsigned x, y, z;
};

struct dim3 {
  unsigned x, y, z;
  constexpr dim3(unsigned vx = 1, unsigned vy = 1, unsigned vz = 1) : x(vx), y(vy), z(vz) {}
  constexpr dim3(uint3 v) : x(v.x), y(v.y), z(v.z) {}
  constexpr operator uint3() const { return {x, y, z}; }
};

// The alignments are the device's: UBSan reports a vector load that breaks them.
#define NUMFUSE_SIMT_VECTORS(name, scalar)                                \
  struct alignas(2 * sizeof(scalar)) name##2 {                            \
    scalar x, y;                                                          \
  };                                                                      \
  struct alignas(sizeof(scalar) == 8 ? 16 : 4 * sizeof(scalar)) name##4 { \
    scalar x, y, z, w;                                                    \
  };                                                                      \
  constexpr name##2 make_##name##2(scalar x, scalar y) { return {x, y}; } \
  constexpr name##4 make_##name##4(scalar x, scalar y, scalar z, scalar w) { return {x, y, z, w}; }

NUMFUSE_SIMT_VECTORS(float, float)
NUMFUSE_SIMT_VECTORS(double, double)
NUMFUSE_SIMT_VECTORS(int, int)
NUMFUSE_SIMT_VECTORS(uint, unsigned)
NUMFUSE_SIMT_VECTORS(longlong, long long)
NUMFUSE_SIMT_VECTORS(ulonglong, unsigned long long)
#undef NUMFUSE_SIMT_VECTORS

#endif

#ifndef __global__
#define __global__
#endif
#ifndef __device__
#define __device__
#endif
#ifndef __host__
#define __host__
#endif
#ifndef __constant__
#define __constant__
#endif
// Kernels are many and large: nothing is inlined by force.
#undef __forceinline__
#define __forceinline__ inline
#ifndef __launch_bounds__
#define __launch_bounds__(...)
#endif
#ifndef __grid_constant__
#define __grid_constant__
#endif

// A static __shared__ array would silently become one array per thread, so its use is an error.
#undef __shared__
#define __shared__ error_use_numfuse_simt_shared_memory_instead_of_static_shared_arrays
