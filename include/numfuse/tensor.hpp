// tensor: owns contiguous C-order data in one space.
#pragma once

#include <algorithm>
#include <initializer_list>
#include <iterator>
#include <ranges>
#include <type_traits>
#include <utility>
#include <vector>

#include <numfuse/detail/storage.hpp>
#include <numfuse/dtype.hpp>
#include <numfuse/shape.hpp>
#include <numfuse/stream.hpp>
#include <numfuse/view.hpp>

namespace numfuse {

namespace detail {

/// Values in nested braces of any depth: {{1, 2, 3}, {4, 5, 6}}.
template <class T>
class braces {
 public:
  template <class U>
  requires std::is_convertible_v<U, T> braces(const U& value) : value_(static_cast<T>(value)) {}
  braces(std::initializer_list<braces> items) : items_(items), is_list_(true) {}

  /// The sizes along the first items of each level.
  extents sizes() const {
    extents result;
    for (const braces* level = this; level->is_list_; level = &level->items_.front()) {
      result.push_back(static_cast<std::int64_t>(level->items_.size()));
      if (level->items_.empty()) break;
    }
    return result;
  }

  /// Writes all values in C order. Throws shape_error where a level's lengths differ.
  void read(T*& to, const extents& sizes, int depth = 0) const {
    const bool fits = is_list_ ? depth < sizes.rank() && std::ssize(items_) == sizes[depth]
                               : depth == sizes.rank();
    if (!fits) throw shape_error("tensor: nested braces of uneven lengths or depths");
    if (!is_list_) *to++ = value_;
    for (const braces& item : items_) item.read(to, sizes, depth + 1);
  }

 private:
  T value_{};
  std::vector<braces> items_;
  bool is_list_ = false;
};

}  // namespace detail

/// An array of T in `Space`: contiguous, C order, rank 0 to 8, in a Thrust vector.
///
/// A copy is deep, a move is free. A device tensor remembers the stream on which it was made: its
/// memory comes from CUDA's pool and goes back to it in that stream's order, so work on it in
/// another stream must have finished, or be waited for by the first stream, before it is destroyed.
template <any_dtype T, any_space Space = host>
class tensor {
 public:
  using value_type = T;
  using space = Space;
  using view_type = tensor_view<T, Space>;
  using const_view_type = tensor_view<const T, Space>;

  /// No elements: shape (0,).
  tensor() = default;

  /// Elements of any value: nothing is filled, nothing launched. See `empty`, `zeros`, `full`.
  explicit tensor(const numfuse::shape& s, const numfuse::stream& on = {})
      : storage_(detail::allocate<T>(memory{}, s.size(), on)),
        shape_(s),
        strides_(contiguous_strides(s)),
        stream_(on) {}

  /// The values of nested braces: tensor<float>{{1, 2, 3}, {4, 5, 6}} has shape (2, 3).
  tensor(std::initializer_list<detail::braces<T>> values) {
    const detail::braces<T> all(values);
    fill_from_host(numfuse::shape(all.sizes()), [&](T* to) { all.read(to, all.sizes()); });
  }

  /// The values of a range of the host, in C order. Throws shape_error where their number differs.
  template <std::input_iterator Iterator>
  tensor(const numfuse::shape& s, Iterator first, Iterator last) {
    const std::vector<T> values(first, last);  // input iterators can be walked only once
    check_size(s, std::ssize(values));
    fill_from_host(s, [&](T* to) { std::copy(values.begin(), values.end(), to); });
  }

  /// Takes over a vector of this space (thrust::device_vector, thrust::host_vector, std::vector)
  /// without copying an element. Throws shape_error where its size is another.
  template <detail::element_vector Vector>
  requires(!std::is_lvalue_reference_v<Vector> && std::same_as<typename Vector::value_type, T>)
      tensor(const numfuse::shape& s, Vector&& vector)
      : shape_(s), strides_(contiguous_strides(s)) {
    // Of the vectors, those on a GPU hand out their elements by a class, not by a plain pointer.
    static_assert(std::is_pointer_v<decltype(vector.data())> ==
                      std::same_as<typename memory_of<Space>::type, host>,
                  "numfuse: a tensor takes over a vector of its own space");
    check_size(s, static_cast<std::int64_t>(vector.size()));
    storage_ = detail::storage<T>::adopt(std::move(vector));
  }

  /// Takes over memory that the library allocated in its own way (page-locked, say).
  tensor(const numfuse::shape& s, detail::storage<T> memory)
      : storage_(std::move(memory)), shape_(s), strides_(contiguous_strides(s)) {}

  /// A copy of a view's elements, in C order.
  explicit tensor(const tensor_view<const T, Space>& v, const numfuse::stream& on = {});
  explicit tensor(const tensor_view<T, Space>& v, const numfuse::stream& on = {})
      : tensor(const_view_type(v), on) {}

  tensor(const tensor& other) : tensor(other.shape_, other.stream_) { copy_from(other.data()); }
  tensor(tensor&& other) noexcept
      : storage_(std::move(other.storage_)),
        shape_(std::exchange(other.shape_, numfuse::shape{0})),
        strides_(std::exchange(other.strides_, numfuse::strides{1})),
        stream_(other.stream_) {}
  tensor& operator=(tensor other) noexcept {
    storage_ = std::move(other.storage_);
    shape_ = other.shape_;
    strides_ = other.strides_;
    stream_ = other.stream_;
    return *this;
  }

  T* data() noexcept { return storage_.data(); }
  const T* data() const noexcept { return storage_.data(); }
  const numfuse::shape& shape() const noexcept { return shape_; }
  const numfuse::strides& strides() const noexcept { return strides_; }
  int rank() const noexcept { return shape_.rank(); }
  std::int64_t size() const { return shape_.size(); }
  const numfuse::stream& stream() const noexcept { return stream_; }

  // Windows onto this tensor. A window onto a temporary would dangle, so it does not compile.
  view_type view() & { return {data(), shape_, strides_}; }
  const_view_type view() const& { return {data(), shape_, strides_}; }
  const_view_type view() const&& = delete;

  /// NumPy's indexing; see tensor_view. `x(1)` is the second row, as a view.
  template <class... Index>
  view_type operator()(const Index&... index) & {
    return view()(index...);
  }
  template <class... Index>
  const_view_type operator()(const Index&... index) const& {
    return view()(index...);
  }
  template <class... Index>
  const_view_type operator()(const Index&... index) const&& = delete;

  view_type transpose() & { return view().transpose(); }
  const_view_type transpose() const& { return view().transpose(); }
  const_view_type transpose() const&& = delete;
  view_type transpose(const extents& axes) & { return view().transpose(axes); }
  const_view_type transpose(const extents& axes) const& { return view().transpose(axes); }
  const_view_type transpose(const extents& axes) const&& = delete;

  const_view_type broadcast_to(const numfuse::shape& s) const& { return view().broadcast_to(s); }
  const_view_type broadcast_to(const numfuse::shape& s) const&& = delete;

  /// The same elements with another shape, one size of which may be -1. Of a tensor that stays: a
  /// view. Of a temporary: the tensor itself. No copy in either case.
  view_type reshape(const extents& sizes) & { return view().reshape(sizes); }
  const_view_type reshape(const extents& sizes) const& { return view().reshape(sizes); }
  tensor reshape(const extents& sizes) && {
    shape_ = resolve_reshape(shape_, sizes, "reshape");
    strides_ = contiguous_strides(shape_);
    return std::move(*this);
  }

  /// A copy in another space: one transfer, on the tensor's stream or another one, which must then
  /// come after it. Waits for it where the host takes part.
  template <any_space To>
  tensor<T, To> to() const {
    return to<To>(stream_);
  }
  template <any_space To>
  tensor<T, To> to(const numfuse::stream& on) const {
    detail::require_space<To>("to", shape_);
    tensor<T, To> result(shape_, on);
    detail::copy_bytes(result.data(), data(), bytes(), on, typename memory_of<To>::type{},
                       memory{});
    return result;
  }

  /// The value of a tensor of one element. Waits for the tensor's stream.
  /// Throws shape_error for any other size.
  T item() const { return detail::only_element(data(), shape_, stream_, memory{}); }

  // The elements of a host tensor, for loops and algorithms.
  T* begin() requires std::same_as<Space, host> { return data(); }
  T* end() requires std::same_as<Space, host> { return data() + size(); }
  const T* begin() const requires std::same_as<Space, host> { return data(); }
  const T* end() const requires std::same_as<Space, host> { return data() + size(); }

 private:
  using memory = typename memory_of<Space>::type;

  std::size_t bytes() const { return static_cast<std::size_t>(size()) * sizeof(T); }

  void copy_from(const T* from) {
    detail::copy_bytes(data(), from, bytes(), stream_, memory{}, memory{});
  }

  template <class Write>
  void fill_from_host(const numfuse::shape& s, Write write) {
    tensor<T, host> values(s);
    write(values.data());
    if constexpr (std::same_as<Space, host>) {
      *this = std::move(values);
    } else {
      *this = values.template to<Space>();
    }
  }

  static void check_size(const numfuse::shape& s, std::int64_t size) {
    if (s.size() != size) {
      throw shape_error("tensor: " + std::to_string(size) + " elements do not fill shape " +
                        to_string(s));
    }
  }

  detail::storage<T> storage_;
  numfuse::shape shape_{0};
  numfuse::strides strides_{1};
  numfuse::stream stream_;
};

template <any_dtype T>
using host_tensor = tensor<T, host>;
template <any_dtype T>
using device_tensor = tensor<T, device>;

}  // namespace numfuse
