// The only place that launches a kernel.
#pragma once

#include <atomic>
#include <cstdint>

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

/// While it lives, this thread may do what is not part of a graph though a stream is captured:
/// allocate memory, say.
class unrestricted_capture {
 public:
  unrestricted_capture() { exchange(); }
  ~unrestricted_capture() { exchange(); }
  unrestricted_capture(const unrestricted_capture&) = delete;
  unrestricted_capture& operator=(const unrestricted_capture&) = delete;

 private:
  void exchange() { cudaThreadExchangeStreamCaptureMode(&mode_); }
  cudaStreamCaptureMode mode_ = cudaStreamCaptureModeRelaxed;
};

/// A fact of each GPU that is found out once: by two threads at the same time, perhaps.
class fact_of_each_device {
 public:
  /// ask(device) on the current GPU, or what it said before.
  template <class Ask>
  bool operator()(const char* function, const Ask& ask) {
    int device = 0;
    check(cudaGetDevice(&device), function);
    if (device >= 64) return ask(device);
    const std::uint64_t bit = std::uint64_t{1} << device;
    if ((known_.load(std::memory_order_acquire) & bit) == 0) {
      if (ask(device)) holds_.fetch_or(bit, std::memory_order_relaxed);
      known_.fetch_or(bit, std::memory_order_release);
    }
    return (holds_.load(std::memory_order_relaxed) & bit) != 0;
  }

 private:
  std::atomic<std::uint64_t> known_{0}, holds_{0};  // a bit for each GPU
};

/// Lets a kernel have all the shared memory of a block. Not what one launch needs: less for another
/// launch, by another thread or while a graph is made, would take it away from this one.
template <auto Kernel>
void allow_all_shared_memory() {
  static fact_of_each_device allowed;
  allowed("launch", [](int device) {
    int most = 0;
    check(cudaDeviceGetAttribute(&most, cudaDevAttrMaxSharedMemoryPerBlockOptin, device), "launch");
    check(cudaFuncSetAttribute(Kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, most),
          "launch");
    return true;
  });
}

/// True where the code of a kernel that the current GPU runs was compiled for clusters: another
/// architecture's may stand in for its own.
template <auto Kernel>
bool is_compiled_for_clusters() {
  static fact_of_each_device compiled;
  return compiled("plan", [](int) {
    cudaFuncAttributes attributes;
    check(cudaFuncGetAttributes(&attributes, Kernel), "plan");
    return attributes.ptxVersion >= 90;
  });
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
  if (shape.shared_bytes > everyday_shared_bytes) allow_all_shared_memory<Kernel>();
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
