// The memory of a tensor: a Thrust vector behind a type-erased owner.
//
// Thrust's types carry the list of GPU architectures in their names, so the same vector has another
// type in a .cpp than in a .cu file. Only the library's own files see the vectors that it
// allocates.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>

#include <numfuse/dtype.hpp>
#include <numfuse/shape.hpp>
#include <numfuse/space.hpp>
#include <numfuse/stream.hpp>

namespace numfuse::detail {

/// A vector with contiguous elements that a tensor can take over, Thrust's or the standard's.
template <class Vector>
concept element_vector = requires(Vector& v) {
  typename Vector::value_type;
  v.data();
  v.size();
};

template <class T>
T* raw_pointer(T* p) {
  return p;
}
template <class Pointer>
requires requires(Pointer p) { p.get(); }
auto raw_pointer(Pointer p) { return p.get(); }

/// Owns `size` elements of T. Move only; a tensor decides what a copy means.
template <class T>
class storage {
 public:
  storage() = default;

  template <element_vector Vector>
  static storage adopt(Vector&& vector) {
    auto* kept = new Vector(std::move(vector));
    storage s;
    s.owner_ = owner(kept, [](void* p) { delete static_cast<Vector*>(p); });
    if (!is_empty(*kept)) s.data_ = raw_pointer(kept->data());
    return s;
  }

  storage(storage&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)), owner_(std::move(other.owner_)) {}
  storage& operator=(storage&& other) noexcept {
    data_ = std::exchange(other.data_, nullptr);
    owner_ = std::move(other.owner_);
    return *this;
  }

  T* data() const noexcept { return data_; }

 private:
  // Some vectors make data() by way of a reference to their first element: they must have one. A
  // vector that is reserved but not sized has.
  template <class Vector>
  static bool is_empty(const Vector& v) {
    if constexpr (requires { v.capacity(); }) {
      return v.capacity() == 0;
    } else {
      return v.size() == 0;
    }
  }

  using owner = std::unique_ptr<void, void (*)(void*)>;

  T* data_ = nullptr;
  owner owner_{nullptr, [](void*) {}};
};

/// Memory for `size` elements, not initialised. On the device it comes from CUDA's pool in the
/// order of `s` and returns there. Throws device_error, or std::bad_alloc on the host.
template <class T>
storage<T> allocate(host, std::int64_t size, const stream& s);
template <class T>
storage<T> allocate(device, std::int64_t size, const stream& s);

/// Memory of the host that begins with a line, with a page where it has so many bytes, and with a
/// multiple of their number, rounded down to a power of two, between; kept for the next of the same
/// size when it is freed. Throws std::bad_alloc.
void* allocate_bytes(std::size_t bytes);
void free_bytes(void* memory, std::size_t bytes);

/// Page-locked host memory, to and from which copies are asynchronous and fast.
template <class T>
storage<T> allocate_pinned(std::int64_t size);

/// Throws device_error "function: why there is no GPU; shape (2, 3)" where there is none.
void require_device(std::string_view function, const shape* s = nullptr);

/// The same for the device space; the others are always there.
template <any_space Space>
void require_space(std::string_view function, const shape& s) {
  if constexpr (std::same_as<Space, device>) require_device(function, &s);
}

/// Copies between any two spaces in stream order. Waits for the copy where host memory takes part.
void copy_bytes(void* to, const void* from, std::size_t bytes, const stream& s, host, host);
void copy_bytes(void* to, const void* from, std::size_t bytes, const stream& s, host, device);
void copy_bytes(void* to, const void* from, std::size_t bytes, const stream& s, device, host);
void copy_bytes(void* to, const void* from, std::size_t bytes, const stream& s, device, device);

/// The one element of a tensor or a view of this shape. Throws shape_error for any other size.
template <class T, class Memory>
std::remove_const_t<T> only_element(T* data, const shape& s, const stream& on, Memory memory) {
  if (s.size() != 1) {
    throw shape_error("item: shape " + to_string(s) + " has " + std::to_string(s.size()) +
                      " elements");
  }
  std::remove_const_t<T> value;
  copy_bytes(&value, data, sizeof(T), on, host{}, memory);
  return value;
}

}  // namespace numfuse::detail
