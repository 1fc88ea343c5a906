// The device space of a library built without CUDA: every use of it says so.
#include <string>

#include <numfuse/detail/storage.hpp>
#include <numfuse/linalg.hpp>

#include "compile.hpp"

namespace numfuse {
namespace {

[[noreturn]] void no_cuda(std::string_view function, const shape* s = nullptr) {
  throw device_error(std::string(function) + ": " + device_description() +
                     (s != nullptr ? "; shape " + to_string(*s) : ""));
}

}  // namespace

bool device_available() noexcept { return false; }

std::string device_description() { return "no GPU: numfuse was built without CUDA"; }

stream stream::create() { no_cuda("stream::create"); }

void stream::synchronize() const {}

namespace detail {

void require_device(std::string_view function, const shape* s) { no_cuda(function, s); }

device_limits current_device_limits() { return {}; }

void copy_bytes(void*, const void*, std::size_t, const stream&, host, device) { no_cuda("to"); }
void copy_bytes(void*, const void*, std::size_t, const stream&, device, host) { no_cuda("to"); }
void copy_bytes(void*, const void*, std::size_t, const stream&, device, device) { no_cuda("copy"); }

template <class T>
storage<T> allocate(device, std::int64_t, const stream&) {
  no_cuda("tensor");
}

template <class T>
storage<T> allocate_pinned(std::int64_t size) {
  return allocate<T>(host{}, size, {});
}

template <class T>
void gemm(device, const gemm_sizes&, const gemm_operand&, const gemm_operand&, T*, const stream&) {
  no_cuda("matmul");
}

template <class T>
void blas_dot(device, std::int64_t, const T*, std::int64_t, const T*, std::int64_t, T*,
              const stream&) {
  no_cuda("dot");
}

#define NUMFUSE_INSTANTIATE(T)                                          \
  template storage<T> allocate<T>(device, std::int64_t, const stream&); \
  template storage<T> allocate_pinned<T>(std::int64_t);
NUMFUSE_FOR_EACH_DTYPE(NUMFUSE_INSTANTIATE)
#undef NUMFUSE_INSTANTIATE

#define NUMFUSE_INSTANTIATE(T)                                                                    \
  template void gemm<T>(device, const gemm_sizes&, const gemm_operand&, const gemm_operand&, T*,  \
                        const stream&);                                                           \
  template void blas_dot<T>(device, std::int64_t, const T*, std::int64_t, const T*, std::int64_t, \
                            T*, const stream&);
NUMFUSE_FOR_EACH_FLOATING(NUMFUSE_INSTANTIATE)
#undef NUMFUSE_INSTANTIATE

}  // namespace detail
}  // namespace numfuse
