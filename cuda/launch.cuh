// The only place that launches a kernel.
#pragma once

#include <numfuse/cuda/runtime.cuh>
#include <numfuse/error.hpp>
#include <numfuse/stream.hpp>

namespace numfuse::NUMFUSE_CUDA_NAMESPACE {

struct launch_shape {
  std::int64_t blocks;
  int threads;
  int shared_bytes = 0;
  bool cooperative = false;
  int cluster = 1;  // blocks
};

#if !defined(NUMFUSE_SIMT)

/// Throws device_error "function: the CUDA message" unless the status is success.
inline void check(cudaError_t status, const char* function) {
  if (status == cudaSuccess) return;
  cudaGetLastError();  // so that the next call does not report this failure again
  throw device_error(std::string(function) + ": " + cudaGetErrorString(status));
}

#endif

/// Launches a kernel on a stream. Asynchronous. Throws device_error where it cannot be launched.
template <auto Kernel, class... Arguments>
void launch(const launch_shape& shape, const stream& on, const Arguments&... arguments) {
#if defined(NUMFUSE_SIMT)
  static_cast<void>(on);
  simt::launch_counted<Kernel>(
      simt::config{dim3(static_cast<unsigned>(shape.blocks)),
                   dim3(static_cast<unsigned>(shape.threads)),
                   static_cast<std::size_t>(shape.shared_bytes), shape.cooperative,
                   static_cast<unsigned>(shape.cluster)},
      arguments...);
#else
  // What goes beyond what every GPU has must be asked for.
  constexpr int everyday_shared_bytes = 48 * 1024;
  constexpr int everyday_cluster = 8;
  if (shape.shared_bytes > everyday_shared_bytes) {
    check(cudaFuncSetAttribute(Kernel, cudaFuncAttributeMaxDynamicSharedMemorySize,
                               shape.shared_bytes),
          "launch");
  }
  if (shape.cluster > everyday_cluster) {
    check(cudaFuncSetAttribute(Kernel, cudaFuncAttributeNonPortableClusterSizeAllowed, 1),
          "launch");
  }
  cudaLaunchAttribute attributes[2];
  unsigned count = 0;
  if (shape.cooperative) {
    attributes[count].id = cudaLaunchAttributeCooperative;
    attributes[count++].val.cooperative = 1;
  }
  if (shape.cluster > 1) {
    attributes[count].id = cudaLaunchAttributeClusterDimension;
    attributes[count++].val.clusterDim = {static_cast<unsigned>(shape.cluster), 1, 1};
  }
  cudaLaunchConfig_t config{};
  config.gridDim = dim3(static_cast<unsigned>(shape.blocks));
  config.blockDim = dim3(static_cast<unsigned>(shape.threads));
  config.dynamicSmemBytes = static_cast<std::size_t>(shape.shared_bytes);
  config.stream = on.get();
  config.attrs = attributes;
  config.numAttrs = count;
  check(cudaLaunchKernelEx(&config, Kernel, arguments...), "launch");
#endif
}

}  // namespace numfuse::NUMFUSE_CUDA_NAMESPACE
