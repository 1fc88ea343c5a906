// Device memory: the only place that allocates it, and the copies between spaces.
#include <algorithm>
#include <map>
#include <mutex>
#include <thread>
#include <tuple>

#include <thrust/device_vector.h>

#include <numfuse/cuda/execute.cuh>
#include <numfuse/cuda/launch.cuh>
#include <numfuse/detail/storage.hpp>

namespace numfuse {
namespace {

using cuda::check;

// True where what is asked of a stream becomes part of a graph.
bool is_captured(const stream& on) {
  auto status = cudaStreamCaptureStatusNone;
  if (cudaStreamIsCapturing(on.get(), &status) != cudaSuccess) cudaGetLastError();
  return status == cudaStreamCaptureStatusActive;
}

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

  explicit pool_allocator(const stream& s) : on(s), of_graph(is_captured(s)) {}
  template <class U>
  pool_allocator(const pool_allocator<U>& other) : on(other.on), of_graph(other.of_graph) {}

  pointer allocate(size_type n) {
    void* p = nullptr;
    check(cudaMallocAsync(&p, n * sizeof(T), on.get()), "tensor");
    return pointer(static_cast<T*>(p));
  }
  // A failure here can only be the echo of an earlier one, which its own call reports.
  void deallocate(pointer p, size_type) {
    void* const memory = thrust::raw_pointer_cast(p);
    if (!of_graph && is_captured(on)) {  // a graph can only free what it allocated
      const cuda::unrestricted_capture unrestricted;
      cudaFree(memory);
    } else {
      cudaFreeAsync(memory, on.get());
    }
  }

  bool operator==(const pool_allocator& other) const { return on.get() == other.on.get(); }
  bool operator!=(const pool_allocator& other) const { return !(*this == other); }

  stream on;
  bool of_graph;  // what is allocated
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
  static cuda::fact_of_each_device kept;
  kept("tensor", [](int device) {
    cudaMemPool_t pool;
    std::uint64_t everything = UINT64_MAX;
    check(cudaDeviceGetDefaultMemPool(&pool, device), "tensor");
    check(cudaMemPoolSetAttribute(pool, cudaMemPoolAttrReleaseThreshold, &everything), "tensor");
    return true;
  });
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
namespace {

constexpr std::int64_t most_teams = 1024;
constexpr std::int64_t tickets_bytes = most_teams * static_cast<std::int64_t>(sizeof(unsigned));

// Tickets, which are zero, and behind them `bytes` for states.
workspace allocate_workspace(const stream& on, std::int64_t bytes) {
  keep_pool_memory();
  void* p = nullptr;
  check(cudaMallocAsync(&p, static_cast<std::size_t>(tickets_bytes + bytes), on.get()),
        "workspace");
  const cudaError_t filled =
      cudaMemsetAsync(p, 0, static_cast<std::size_t>(tickets_bytes), on.get());
  if (filled != cudaSuccess) cudaFreeAsync(p, on.get());
  check(filled, "workspace");
  return {static_cast<unsigned char*>(p) + tickets_bytes, static_cast<unsigned*>(p)};
}

}  // namespace

lent_workspace::lent_workspace(const stream& on, std::int64_t bytes) : on_(on) {
  if (bytes == 0) return;
  if (is_captured(on)) {
    place = allocate_workspace(on, bytes);
    of_graph_ = true;
    return;
  }
  struct memory {
    std::int64_t bytes = 0;
    workspace place{};
  };
  // One handle stands for a default stream of each thread.
  using owner = std::tuple<int, stream::handle, std::thread::id>;
  static std::mutex guard;
  static std::map<owner, memory> of_streams;
  int device = 0;
  check(cudaGetDevice(&device), "workspace");
  const bool of_thread = on.get() == cudaStreamPerThread;
  const std::lock_guard<std::mutex> lock(guard);
  memory& m =
      of_streams[{device, on.get(), of_thread ? std::this_thread::get_id() : std::thread::id{}}];
  if (m.bytes < bytes) {
    // A smaller one is left alone: another thread may be about to launch with it. Twice as large,
    // so that all of them together are no more than the last.
    const std::int64_t size = std::max({bytes, 2 * m.bytes, std::int64_t{1} << 16});
    m.place = allocate_workspace(on, size);
    m.bytes = size;
  }
  place = m.place;
}

lent_workspace::~lent_workspace() {
  if (of_graph_) cudaFreeAsync(place.tickets, on_.get());
}

}  // namespace cuda
}  // namespace numfuse
