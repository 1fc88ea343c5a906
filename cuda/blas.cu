// Matrix products on the device: cuBLAS, with scalars in device memory, so that nothing waits.
#include <map>
#include <mutex>
#include <vector>

#include <cublas_v2.h>

#include <numfuse/cuda/launch.cuh>
#include <numfuse/linalg.hpp>

namespace numfuse::detail {
namespace {

void check(cublasStatus_t status, const char* function) {
  if (status != CUBLAS_STATUS_SUCCESS) {
    throw device_error(std::string(function) + ": cuBLAS: " + cublasGetStatusString(status));
  }
}

// A handle for each thread and GPU. A thread that ends leaves its handles to the next one. They
// live as long as the process: destroying one while the driver shuts down is an error.
class handles {
 public:
  handles() = default;
  ~handles() {
    const std::lock_guard<std::mutex> lock(left().guard);
    for (const auto& [device, handle] : own_) left().of_devices[device].push_back(handle);
  }
  handles(const handles&) = delete;
  handles& operator=(const handles&) = delete;

  cublasHandle_t of(int device, const char* function) {
    const auto known = own_.find(device);
    if (known != own_.end()) return known->second;
    return own_[device] = take(device, function);
  }

 private:
  struct shared {
    std::mutex guard;
    std::map<int, std::vector<cublasHandle_t>> of_devices;
  };
  static shared& left() {
    static shared* const forever = new shared;  // threads may end after it would be destroyed
    return *forever;
  }

  static cublasHandle_t take(int device, const char* function) {
    {
      const std::lock_guard<std::mutex> lock(left().guard);
      auto& waiting = left().of_devices[device];
      if (!waiting.empty()) {
        const cublasHandle_t handle = waiting.back();
        waiting.pop_back();
        return handle;
      }
    }
    const cuda::unrestricted_capture unrestricted;
    cublasHandle_t handle = nullptr;
    check(cublasCreate(&handle), function);
    // 16-bit products are summed in float32 to the end, also where several blocks share a sum.
    const int mode = CUBLAS_DEFAULT_MATH | CUBLAS_MATH_DISALLOW_REDUCED_PRECISION_REDUCTION;
    check(cublasSetMathMode(handle, static_cast<cublasMath_t>(mode)), function);
    return handle;
  }

  std::map<int, cublasHandle_t> own_;
};

cublasHandle_t handle_on(const stream& on, const char* function) {
  require_device(function);
  thread_local handles of_thread;
  int device = 0;
  cuda::check(cudaGetDevice(&device), function);
  const cublasHandle_t handle = of_thread.of(device, function);
  check(cublasSetStream(handle, on.get()), function);
  return handle;
}

// What cuBLAS calls a dtype, and the type in which it sums.
template <class T>
struct blas_type;
template <>
struct blas_type<float> {
  static constexpr cudaDataType_t data = CUDA_R_32F, sum = CUDA_R_32F;
  static constexpr cublasComputeType_t compute = CUBLAS_COMPUTE_32F;
};
template <>
struct blas_type<double> {
  static constexpr cudaDataType_t data = CUDA_R_64F, sum = CUDA_R_64F;
  static constexpr cublasComputeType_t compute = CUBLAS_COMPUTE_64F;
};
template <>
struct blas_type<half> {
  static constexpr cudaDataType_t data = CUDA_R_16F, sum = CUDA_R_32F;
  static constexpr cublasComputeType_t compute = CUBLAS_COMPUTE_32F;
};
template <>
struct blas_type<bfloat16> {
  static constexpr cudaDataType_t data = CUDA_R_16BF, sum = CUDA_R_32F;
  static constexpr cublasComputeType_t compute = CUBLAS_COMPUTE_32F;
};

}  // namespace

template <class T>
void gemm(device, const gemm_sizes& s, const gemm_operand& a, const gemm_operand& b, T* c,
          const stream& on) {
  using type = blas_type<T>;
  const cublasHandle_t handle = handle_on(on, "matmul");
  check(cublasSetPointerMode(handle, CUBLAS_POINTER_MODE_HOST), "matmul");
  const cublasComputeType_t compute =
      std::is_same_v<T, float> && tf32_allowed() ? CUBLAS_COMPUTE_32F_FAST_TF32 : type::compute;
  // cuBLAS counts columns first: it computes the transposed product b' a' of transposed operands,
  // which in memory is the product of rows. Alpha and beta are constants and travel by value.
  const compute_t<T> one = 1, zero = 0;
  check(cublasGemmStridedBatchedEx_64(handle, b.transposed ? CUBLAS_OP_T : CUBLAS_OP_N,
                                      a.transposed ? CUBLAS_OP_T : CUBLAS_OP_N, s.n, s.m, s.k, &one,
                                      b.data, type::data, b.ld, b.batch_stride, a.data, type::data,
                                      a.ld, a.batch_stride, &zero, c, type::data, s.n, s.m * s.n,
                                      s.batch, compute, CUBLAS_GEMM_DEFAULT),
        "matmul");
}

template <class T>
void blas_dot(device, std::int64_t n, const T* a, std::int64_t stride_a, const T* b,
              std::int64_t stride_b, T* result, const stream& on) {
  using type = blas_type<T>;
  const cublasHandle_t handle = handle_on(on, "dot");
  // The result stays on the device: a host pointer would make the call wait for it.
  check(cublasSetPointerMode(handle, CUBLAS_POINTER_MODE_DEVICE), "dot");
  check(cublasDotEx_64(handle, n, a, type::data, stride_a, b, type::data, stride_b, result,
                       type::data, type::sum),
        "dot");
}

#define NUMFUSE_INSTANTIATE(T)                                                                    \
  template void gemm<T>(device, const gemm_sizes&, const gemm_operand&, const gemm_operand&, T*,  \
                        const stream&);                                                           \
  template void blas_dot<T>(device, std::int64_t, const T*, std::int64_t, const T*, std::int64_t, \
                            T*, const stream&);
NUMFUSE_FOR_EACH_FLOATING(NUMFUSE_INSTANTIATE)
#undef NUMFUSE_INSTANTIATE

}  // namespace numfuse::detail
