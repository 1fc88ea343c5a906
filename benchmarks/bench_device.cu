// Measures every function on the GPU, the machine's own ceilings first, and beside them CUB's
// reductions.
#include <cstring>

#include <cub/device/device_reduce.cuh>
#include <cub/device/device_segmented_reduce.cuh>
#include <cublas_v2.h>

#include <numfuse/cuda/launch.cuh>

#include "run.hpp"

namespace bench {
namespace {

using nf::cuda::check;

// --- The ceilings: what memory gives to kernels that do nothing else.

// Every thread moves `Unroll` pieces of 16 bytes at a time, a block apart.
template <int Unroll>
__global__ void copy_kernel(const uint4* from, uint4* to, std::int64_t n) {
  const std::int64_t step = std::int64_t{gridDim.x} * blockDim.x * Unroll;
  std::int64_t i = std::int64_t{blockIdx.x} * blockDim.x * Unroll + threadIdx.x;
  for (; i + (Unroll - 1) * blockDim.x < n; i += step) {
    uint4 piece[Unroll];
#pragma unroll
    for (int k = 0; k < Unroll; ++k) piece[k] = from[i + k * blockDim.x];
#pragma unroll
    for (int k = 0; k < Unroll; ++k) to[i + k * blockDim.x] = piece[k];
  }
}

template <int Unroll>
__global__ void read_kernel(const uint4* from, unsigned* to, std::int64_t n) {
  const std::int64_t step = std::int64_t{gridDim.x} * blockDim.x * Unroll;
  std::int64_t i = std::int64_t{blockIdx.x} * blockDim.x * Unroll + threadIdx.x;
  unsigned seen = 0;
  for (; i + (Unroll - 1) * blockDim.x < n; i += step) {
    uint4 piece[Unroll];
#pragma unroll
    for (int k = 0; k < Unroll; ++k) piece[k] = from[i + k * blockDim.x];
#pragma unroll
    for (int k = 0; k < Unroll; ++k) seen |= piece[k].x ^ piece[k].y ^ piece[k].z ^ piece[k].w;
  }
  // Never true, which the compiler does not know.
  if (seen == 0x9e3779b9u) *to = seen;
}

template <int Unroll>
__global__ void fill_kernel(uint4* to, std::int64_t n) {
  const std::int64_t step = std::int64_t{gridDim.x} * blockDim.x * Unroll;
  std::int64_t i = std::int64_t{blockIdx.x} * blockDim.x * Unroll + threadIdx.x;
  for (; i + (Unroll - 1) * blockDim.x < n; i += step) {
#pragma unroll
    for (int k = 0; k < Unroll; ++k) to[i + k * blockDim.x] = make_uint4(1, 2, 3, 4);
  }
}

// --- The back end.

class device_backend {
 public:
  using space = nf::device;

  device_backend() {
    for (cudaEvent_t& e : events_) check(cudaEventCreate(&e), "cudaEventCreate");
    int device = 0;
    check(cudaGetDevice(&device), "cudaGetDevice");
    check(cudaGetDeviceProperties(&properties_, device), "cudaGetDeviceProperties");
  }
  ~device_backend() {
    for (cudaEvent_t e : events_) cudaEventDestroy(e);
  }
  device_backend(const device_backend&) = delete;
  device_backend& operator=(const device_backend&) = delete;

  machine where() const {
    machine m{properties_.name, "gpu", {}};
    int driver = 0, runtime = 0, blas = 0;
    cudaDriverGetVersion(&driver);
    cudaRuntimeGetVersion(&runtime);
    cublasGetProperty(MAJOR_VERSION, &blas);
    m.software["driver"] = std::to_string(driver / 1000) + "." + std::to_string(driver % 100 / 10);
    m.software["cuda"] = std::to_string(runtime / 1000) + "." + std::to_string(runtime % 100 / 10);
    m.software["cublas"] = std::to_string(blas);
    m.software["L2 cache"] = std::to_string(properties_.l2CacheSize >> 20) + " MiB";
    return m;
  }

  grid sizes(bool quick) const {
    grid g = device_grid(quick);
    g.cache_bytes = properties_.l2CacheSize;
    return g;
  }

  nf::stream on() const { return stream_; }

  template <class F>
  double clock(const F& f) const {
    check(cudaEventRecord(events_[0], stream_.get()), "cudaEventRecord");
    f();
    check(cudaEventRecord(events_[1], stream_.get()), "cudaEventRecord");
    check(cudaEventSynchronize(events_[1]), "cudaEventSynchronize");
    float milliseconds = 0;
    check(cudaEventElapsedTime(&milliseconds, events_[0], events_[1]), "cudaEventElapsedTime");
    return 1e-3 * milliseconds;
  }

  /// Small calls are all overhead: once in a graph, once with cold caches.
  std::vector<const char*> modes(double elements) const {
    if (elements > (1 << 18)) return {};
    return {"graph", "cold"};
  }

  timing time(const char* mode, const std::function<void(int)>& call, int copies,
              const patience& p) {
    return std::strcmp(mode, "graph") == 0 ? time_graph(call, copies, p)
                                           : time_cold(call, copies, p);
  }

  std::map<std::string, double> ceilings(const patience& p) {
    const std::int64_t pieces = std::int64_t{1} << 26;  // 1 GiB
    const auto x = nf::zeros<float, nf::device>({pieces * 4});
    auto y = nf::zeros<float, nf::device>({pieces * 4});
    const auto* from = reinterpret_cast<const uint4*>(x.data());
    auto* to = reinterpret_cast<uint4*>(y.data());
    nf::stream{}.synchronize();
    const double bytes = static_cast<double>(pieces) * sizeof(uint4);
    std::map<std::string, double> best;
    const auto attempt = [&](const char* name, double moved, const auto& kernel) {
      const timing t =
          time_calls([&](const auto& f) { return clock(f); }, [&](int) { kernel(); }, 1, p);
      best[name] = std::max(best[name], moved / t.seconds);
    };
    for (int threads : {256, 512, 1024}) {
      for (int blocks_each : {2, 4, 8, 16, 64}) {
        const int blocks = properties_.multiProcessorCount * blocks_each;
        const auto s = stream_.get();
        attempt("copy", 2 * bytes,
                [&] { copy_kernel<4><<<blocks, threads, 0, s>>>(from, to, pieces); });
        attempt("copy", 2 * bytes,
                [&] { copy_kernel<1><<<blocks, threads, 0, s>>>(from, to, pieces); });
        attempt("read", bytes, [&] {
          read_kernel<8><<<blocks, threads, 0, s>>>(from, reinterpret_cast<unsigned*>(to), pieces);
        });
        attempt("read", bytes, [&] {
          read_kernel<4><<<blocks, threads, 0, s>>>(from, reinterpret_cast<unsigned*>(to), pieces);
        });
        attempt("fill", bytes, [&] { fill_kernel<4><<<blocks, threads, 0, s>>>(to, pieces); });
        attempt("fill", bytes, [&] { fill_kernel<1><<<blocks, threads, 0, s>>>(to, pieces); });
      }
    }
    check(cudaGetLastError(), "ceilings");
    return best;
  }

 private:
  timing time_graph(const std::function<void(int)>& call, int copies, const patience& p) {
    constexpr int calls = 20;
    cudaGraph_t graph = nullptr;
    cudaGraphExec_t ready = nullptr;
    check(cudaStreamBeginCapture(stream_.get(), cudaStreamCaptureModeThreadLocal), "capture");
    for (int i = 0; i < calls; ++i) call(i % copies);
    check(cudaStreamEndCapture(stream_.get(), &graph), "capture");
    check(cudaGraphInstantiate(&ready, graph, 0), "cudaGraphInstantiate");
    timing t = time_calls([&](const auto& f) { return clock(f); },
                          [&](int) { cudaGraphLaunch(ready, stream_.get()); }, 1, p);
    check(cudaStreamSynchronize(stream_.get()), "graph");
    cudaGraphExecDestroy(ready);
    cudaGraphDestroy(graph);
    t.seconds /= calls;
    return t;
  }

  timing time_cold(const std::function<void(int)>& call, int copies, const patience& p) {
    const std::size_t bytes = 4 * static_cast<std::size_t>(properties_.l2CacheSize);
    if (flush_.size() == 0) {
      flush_ = nf::zeros<float, nf::device>({static_cast<std::int64_t>(bytes / 4)});
      nf::stream{}.synchronize();
    }
    std::vector<double> seconds;
    for (int r = 0; r < 2 * p.repeats; ++r) {
      check(cudaMemsetAsync(flush_.data(), r, bytes, stream_.get()), "cudaMemsetAsync");
      seconds.push_back(clock([&] { call(r % copies); }));
    }
    return summary(std::move(seconds));
  }

  cudaDeviceProp properties_{};
  cudaEvent_t events_[2]{};
  nf::stream stream_ = nf::stream::create();
  nf::device_tensor<float> flush_;
};

// --- CUB, which comes with the toolkit, at the same work.

template <class T>
class cub_reductions {
 public:
  cub_reductions(device_backend& b, const grid& g, const patience& p, report& r)
      : backend_(b), grid_(g), patience_(p), report_(r) {}

  void run() {
    for (std::int64_t n : grid_.whole) {
      measure("sum", {n}, std::nullopt,
              [=](void* work, std::size_t& bytes, const T* x, T* y, auto s) {
                return cub::DeviceReduce::Sum(work, bytes, x, y, n, s);
              });
    }
    for (const matrix_size& size : grid_.rows) {
      const std::int64_t rows = size.rows, n = size.columns;
      const auto begin = nf::arange<std::int64_t, nf::device>(
          0, static_cast<double>(rows + 1) * static_cast<double>(n), static_cast<double>(n));
      nf::stream{}.synchronize();
      const std::int64_t* offsets = begin.data();
      measure("sum", {rows, n}, 1, [=](void* work, std::size_t& bytes, const T* x, T* y, auto s) {
        return cub::DeviceSegmentedReduce::Sum(work, bytes, x, y, rows, offsets, offsets + 1, s);
      });
      measure("max", {rows, n}, 1, [=](void* work, std::size_t& bytes, const T* x, T* y, auto s) {
        return cub::DeviceSegmentedReduce::Max(work, bytes, x, y, rows, offsets, offsets + 1, s);
      });
    }
  }

 private:
  template <class Call>
  void measure(const char* function, std::vector<std::int64_t> sizes, std::optional<int> axis,
               const Call& call) {
    std::int64_t elements = 1;
    for (std::int64_t n : sizes) elements *= n;
    const std::int64_t results = axis ? sizes[0] : 1;
    const auto x = nf::ones<T, nf::device>({elements});
    auto y = nf::zeros<T, nf::device>({results});
    nf::stream{}.synchronize();
    std::size_t bytes = 0;
    const auto s = backend_.on().get();
    check(call(nullptr, bytes, x.data(), y.data(), s), "cub");
    const auto work = nf::empty<std::uint8_t, nf::device>({static_cast<std::int64_t>(bytes)});
    nf::stream{}.synchronize();
    void* memory = const_cast<std::uint8_t*>(work.data());
    measurement m;
    m.library = "cub";
    m.function = function;
    m.shape = std::move(sizes);
    m.axis = axis;
    m.dtype = nf::name_of(nf::dtype_of<T>);
    m.mode = "warm";
    m.bytes = static_cast<double>(elements + results) * sizeof(T);
    m.bound = "read";
    m.time = time_calls([&](const auto& f) { return backend_.clock(f); },
                        [&](int) { check(call(memory, bytes, x.data(), y.data(), s), "cub"); }, 1,
                        patience_);
    // One input, again and again: below the size of the cache this is not the same work.
    if (m.bytes < 2 * grid_.cache_bytes) return;
    print_line(report_, m);
    report_.results.push_back(std::move(m));
  }

  device_backend& backend_;
  const grid& grid_;
  patience patience_;
  report& report_;
};

}  // namespace
}  // namespace bench

int main(int argc, char** argv) {
  return bench::run_benchmark<bench::device_backend>(
      argc, argv, "Measures numfuse's functions on the GPU",
      [](bench::device_backend& b, const bench::options& o, bench::report& r) {
        const bench::grid g = b.sizes(o.quick);
        bench::cub_reductions<float>(b, g, {}, r).run();
        bench::cub_reductions<double>(b, g, {}, r).run();
      });
}
