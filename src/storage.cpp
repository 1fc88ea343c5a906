// Host memory: Thrust vectors whose elements are left uninitialised, and copies within the host.
#include <numfuse/detail/storage.hpp>

#include <cstring>

#include <thrust/host_vector.h>

namespace numfuse::detail {
namespace {

// Thrust constructs each element through its allocator. The results of numfuse are written whole by
// the function that makes them, so a construction here would be one more pass over memory.
template <class T>
struct uninitialized_allocator : std::allocator<T> {
  template <class U>
  struct rebind {
    using other = uninitialized_allocator<U>;
  };
  uninitialized_allocator() = default;
  template <class U>
  uninitialized_allocator(const uninitialized_allocator<U>&) {}
  template <class U>
  void construct(U*) {}
  template <class U, class Arg>
  void construct(U* p, const Arg& value) {
    ::new (static_cast<void*>(p)) U(value);
  }
};

}  // namespace

template <class T>
storage<T> allocate(host, std::int64_t size, const stream&) {
  return storage<T>::adopt(
      thrust::host_vector<T, uninitialized_allocator<T>>(static_cast<std::size_t>(size)));
}

#define NUMFUSE_INSTANTIATE(T) template storage<T> allocate<T>(host, std::int64_t, const stream&);
NUMFUSE_FOR_EACH_DTYPE(NUMFUSE_INSTANTIATE)
#undef NUMFUSE_INSTANTIATE

void copy_bytes(void* to, const void* from, std::size_t bytes, const stream&, host, host) {
  if (bytes > 0) std::memcpy(to, from, bytes);
}

}  // namespace numfuse::detail
