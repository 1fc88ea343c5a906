// Device memory: the only place that allocates it, and the copies between spaces.
#include <map>
#include <mutex>

#include <thrust/device_vector.h>

#include <numfuse/cuda/execute.cuh>
#include <numfuse/cuda/launch.cuh>
#include <numfuse/detail/storage.hpp>

namespace numfuse {
namespace {

using cuda::check;

// Memory from CUDA's pool in the order of a stream, as an allocator for Thrust.
template <class T>
struct pool_allocator {
  using value_type = T;
  using pointer = thrust::device_ptr<T>;
  using const_pointer = thrust::device_ptr<const T>;
  using reference = thrust::device_reference<T>;
  using const_reference = thrust::device_reference<const T>;
  using size_type = std::size_t;
  using difference_type = std::ptrdiff_t;
  template <class U>
  struct rebind {
    using other = pool_allocator<U>;
  };

  explicit pool_allocator(const stream& s) : on(s) {}
  template <class U>
  pool_allocator(const pool_allocator<U>& other) : on(other.on) {}

  pointer allocate(size_type n) {
    void* p = nullptr;
    check(cudaMallocAsync(&p, n * sizeof(T), on.get()), "tensor");
    return pointer(static_cast<T*>(p));
  }
  // A failure here can only be the echo of an earlier one, which its own call reports.
  void deallocate(pointer p, size_type) { cudaFreeAsync(thrust::raw_pointer_cast(p), on.get()); }

  bool operator==(const pool_allocator& other) const { return on.get() == other.on.get(); }
  bool operator!=(const pool_allocator& other) const { return !(*this == other); }

  stream on;
};

// A vector of page-locked host memory.
template <class T>
class pinned_vector {
 public:
  using value_type = T;
  explicit pinned_vector(std::size_t n) : size_(n) {
    void* p = nullptr;
    check(cudaMallocHost(&p, n * sizeof(T) + 1), "pinned");  // + 1: no elements have an address too
    data_.reset(static_cast<T*>(p));
  }
  T* data() const { return data_.get(); }
  std::size_t size() const { return size_; }

 private:
  struct release {
    void operator()(T* p) const { cudaFreeHost(p); }
  };
  std::unique_ptr<T, release> data_;
  std::size_t size_;
};

// Memory freed stays with the process: a loop that makes the same tensors again asks the driver
// once.
void keep_pool_memory() {
  static const bool done = [] {
    int device = 0;
    cudaMemPool_t pool;
    std::uint64_t everything = UINT64_MAX;
    check(cudaGetDevice(&device), "tensor");
    check(cudaDeviceGetDefaultMemPool(&pool, device), "tensor");
    check(cudaMemPoolSetAttribute(pool, cudaMemPoolAttrReleaseThreshold, &everything), "tensor");
    return true;
  }();
  static_cast<void>(done);
}

void copy(void* to, const void* from, std::size_t bytes, const stream& s, cudaMemcpyKind kind) {
  if (bytes == 0) return;
  check(cudaMemcpyAsync(to, from, bytes, kind, s.get()), "copy");
  if (kind != cudaMemcpyDeviceToDevice) check(cudaStreamSynchronize(s.get()), "copy");
}

}  // namespace

namespace detail {

template <class T>
storage<T> allocate(device, std::int64_t size, const stream& s) {
  require_device("tensor");
  keep_pool_memory();
  // Reserved, not sized: sizing a vector would launch a kernel that fills it.
  thrust::device_vector<T, pool_allocator<T>> memory{pool_allocator<T>(s)};
  memory.reserve(static_cast<std::size_t>(size));
  return storage<T>::adopt(std::move(memory));
}

template <class T>
storage<T> allocate_pinned(std::int64_t size) {
  if (!device_available()) return allocate<T>(host{}, size, {});
  return storage<T>::adopt(pinned_vector<T>(static_cast<std::size_t>(size)));
}

#define NUMFUSE_INSTANTIATE(T)                                          \
  template storage<T> allocate<T>(device, std::int64_t, const stream&); \
  template storage<T> allocate_pinned<T>(std::int64_t);
NUMFUSE_FOR_EACH_DTYPE(NUMFUSE_INSTANTIATE)
#undef NUMFUSE_INSTANTIATE

void copy_bytes(void* to, const void* from, std::size_t bytes, const stream& s, host, device) {
  copy(to, from, bytes, s, cudaMemcpyDeviceToHost);
}
void copy_bytes(void* to, const void* from, std::size_t bytes, const stream& s, device, host) {
  copy(to, from, bytes, s, cudaMemcpyHostToDevice);
}
void copy_bytes(void* to, const void* from, std::size_t bytes, const stream& s, device, device) {
  copy(to, from, bytes, s, cudaMemcpyDeviceToDevice);
}

}  // namespace detail

namespace cuda {

workspace workspace_of(const stream& on, std::int64_t bytes) {
  struct memory {
    std::int64_t bytes = 0;
    workspace place{};
  };
  static std::mutex guard;
  static std::map<std::pair<int, stream::handle>, memory> of_streams;

  constexpr std::int64_t most_teams = 1024;  // their tickets come first
  int device = 0;
  check(cudaGetDevice(&device), "workspace");
  const std::lock_guard<std::mutex> lock(guard);
  memory& m = of_streams[{device, on.get()}];
  if (m.bytes >= bytes) return m.place;

  // An allocation and a fill are allowed while a stream is captured only where nothing orders them
  // with it: they go to a stream of their own, in the relaxed mode of capture.
  auto mode = cudaStreamCaptureModeRelaxed;
  check(cudaThreadExchangeStreamCaptureMode(&mode), "workspace");
  const std::int64_t size = std::max<std::int64_t>(bytes, 1 << 16);
  const std::int64_t tickets_bytes = most_teams * static_cast<std::int64_t>(sizeof(unsigned));
  void* p = nullptr;
  check(cudaMalloc(&p, static_cast<std::size_t>(tickets_bytes + size)), "workspace");
  cudaStream_t apart = nullptr;
  check(cudaStreamCreateWithFlags(&apart, cudaStreamNonBlocking), "workspace");
  check(cudaMemsetAsync(p, 0, static_cast<std::size_t>(tickets_bytes), apart), "workspace");
  check(cudaStreamSynchronize(apart), "workspace");
  check(cudaStreamDestroy(apart), "workspace");
  check(cudaThreadExchangeStreamCaptureMode(&mode), "workspace");

  // A smaller one may still be in use by launches under way or by captured graphs: it is left
  // alone.
  m.bytes = size;
  m.place = {static_cast<unsigned char*>(p) + tickets_bytes, static_cast<unsigned*>(p)};
  return m.place;
}

}  // namespace cuda
}  // namespace numfuse
