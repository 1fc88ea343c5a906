// The GPU itself: whether there is one, its sizes, its streams.
#include <algorithm>
#include <cstdio>
#include <map>
#include <mutex>

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
namespace {

// Compiled for the same architectures as the library's kernels that have clusters.
__global__ void any_kernel() {}

device_limits limits_of(int device) {
  const auto ask = [&](cudaDeviceAttr what) {
    int value = 0;
    cuda::check(cudaDeviceGetAttribute(&value, what, device), "plan");
    return value;
  };
  device_limits limits;
  limits.multiprocessors = ask(cudaDevAttrMultiProcessorCount);
  limits.threads_per_multiprocessor = ask(cudaDevAttrMaxThreadsPerMultiProcessor);
  limits.shared_bytes =
      std::min(ask(cudaDevAttrMaxSharedMemoryPerBlockOptin),
               ask(cudaDevAttrMaxSharedMemoryPerMultiprocessor) / team_blocks_per_multiprocessor -
                   ask(cudaDevAttrReservedSharedMemoryPerBlock));
  // Every GPU with clusters has those of 8 blocks; an H100 has those of 16.
  const bool clusters =
      ask(cudaDevAttrClusterLaunch) != 0 && cuda::is_compiled_for_clusters<any_kernel>();
  const bool hopper = ask(cudaDevAttrComputeCapabilityMajor) == 9;
  limits.most_cluster = !clusters ? 1 : hopper ? 16 : 8;
  return limits;
}

}  // namespace

void require_device(std::string_view function, const shape* s) {
  if (device_available()) return;
  throw device_error(std::string(function) + ": " + device_description() +
                     (s != nullptr ? "; shape " + to_string(*s) : ""));
}

device_limits current_device_limits() {
  if (!device_available()) return {};
  static std::mutex guard;
  static std::map<int, device_limits> of_devices;
  int device = 0;
  cuda::check(cudaGetDevice(&device), "plan");
  const std::lock_guard<std::mutex> lock(guard);
  const auto known = of_devices.find(device);
  if (known != of_devices.end()) return known->second;
  return of_devices[device] = limits_of(device);
}

}  // namespace detail
}  // namespace numfuse
