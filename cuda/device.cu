// The GPU itself: whether there is one, its sizes, its streams.
#include <algorithm>
#include <cstdio>

#include <numfuse/cuda/launch.cuh>
#include <numfuse/detail/storage.hpp>
#include <numfuse/plan.hpp>
#include <numfuse/space.hpp>

namespace numfuse {
namespace {

// Asked once: a GPU neither comes nor goes while a process runs.
cudaError_t device_status() {
  static const cudaError_t status = [] {
    int count = 0;
    const cudaError_t found = cudaGetDeviceCount(&count);
    if (found != cudaSuccess) cudaGetLastError();
    return found == cudaSuccess && count == 0 ? cudaErrorNoDevice : found;
  }();
  return status;
}

}  // namespace

bool device_available() noexcept { return device_status() == cudaSuccess; }

std::string device_description() {
  if (!device_available()) return std::string("no GPU: ") + cudaGetErrorString(device_status());
  int device = 0;
  cudaDeviceProp properties;
  cuda::check(cudaGetDevice(&device), "device_description");
  cuda::check(cudaGetDeviceProperties(&properties, device), "device_description");
  char text[320];
  std::snprintf(text, sizeof text, "%s, %.0f GiB, compute capability %d.%d", properties.name,
                static_cast<double>(properties.totalGlobalMem) / (1 << 30), properties.major,
                properties.minor);
  return text;
}

stream stream::create() {
  detail::require_device("stream::create");
  stream s;
  cuda::check(cudaStreamCreateWithFlags(&s.handle_, cudaStreamNonBlocking), "stream::create");
  s.owner_ = std::shared_ptr<void>(
      s.handle_, [](void* h) { cudaStreamDestroy(static_cast<cudaStream_t>(h)); });
  return s;
}

void stream::synchronize() const {
  if (!device_available()) return;
  cuda::check(cudaStreamSynchronize(handle_), "stream::synchronize");
}

namespace detail {

void require_device(std::string_view function, const shape* s) {
  if (device_available()) return;
  throw device_error(std::string(function) + ": " + device_description() +
                     (s != nullptr ? "; shape " + to_string(*s) : ""));
}

device_limits current_device_limits() {
  device_limits limits;
  if (!device_available()) return limits;
  int device = 0;
  cuda::check(cudaGetDevice(&device), "plan");
  const auto ask = [&](cudaDeviceAttr what) {
    int value = 0;
    cuda::check(cudaDeviceGetAttribute(&value, what, device), "plan");
    return value;
  };
  limits.multiprocessors = ask(cudaDevAttrMultiProcessorCount);
  limits.threads_per_multiprocessor = ask(cudaDevAttrMaxThreadsPerMultiProcessor);
  limits.shared_bytes =
      std::min(ask(cudaDevAttrMaxSharedMemoryPerBlockOptin),
               ask(cudaDevAttrMaxSharedMemoryPerMultiprocessor) / team_blocks_per_multiprocessor -
                   ask(cudaDevAttrReservedSharedMemoryPerBlock));
  const int capability =
      10 * ask(cudaDevAttrComputeCapabilityMajor) + ask(cudaDevAttrComputeCapabilityMinor);
  // Every GPU with clusters has those of 8 blocks; an H100 has those of 16.
  const bool clusters = capability >= 90 && cuda::compiled_for_clusters;
  limits.most_cluster = !clusters ? 1 : capability == 90 ? 16 : 8;
  return limits;
}

}  // namespace detail
}  // namespace numfuse
