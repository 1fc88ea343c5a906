// tensor_view: a non-owning strided window onto a tensor's elements.
#pragma once

#include <algorithm>
#include <concepts>
#include <cstdint>
#include <limits>
#include <string>
#include <type_traits>

#include <numfuse/detail/storage.hpp>
#include <numfuse/dtype.hpp>
#include <numfuse/shape.hpp>
#include <numfuse/space.hpp>

namespace numfuse {

template <any_dtype T, any_space Space>
class tensor;

/// Elements start, start + step, ... before stop, as Python's start:stop:step; negative numbers
/// count from the end.
struct slice {
  static constexpr std::int64_t end = std::numeric_limits<std::int64_t>::max();
  std::int64_t start = 0;
  std::int64_t stop = end;
  std::int64_t step = 1;
};

/// A window of elements of T (const T: read only) in `Space`. It owns nothing: it must not outlive
/// the tensor that it looks at. All its methods cost nothing on the GPU: they compute shapes.
template <class T, any_space Space>
class tensor_view {
 public:
  using value_type = std::remove_const_t<T>;
  using space = Space;

  /// A window onto memory of somebody else, contiguous in C order unless strides are given.
  tensor_view(T* data, const numfuse::shape& s) : tensor_view(data, s, contiguous_strides(s)) {}
  tensor_view(T* data, const numfuse::shape& s, const numfuse::strides& st)
      : data_(data), shape_(s), strides_(st) {
    if (s.rank() != st.rank()) {
      throw shape_error("tensor_view: shape " + to_string(s) + " with strides " + to_string(st));
    }
  }

  /// A read-only window of a writable one.
  tensor_view(const tensor_view<value_type, Space>& other) requires std::is_const_v<T>
      : tensor_view(other.data(), other.shape(), other.strides()) {}
  tensor_view(const tensor_view&) = default;
  /// Looks at something else from now on. Not `x(0) = y(1)`, which copies nothing: see copyto.
  tensor_view& operator=(const tensor_view&) & = default;

  T* data() const noexcept { return data_; }
  const numfuse::shape& shape() const noexcept { return shape_; }
  const numfuse::strides& strides() const noexcept { return strides_; }
  int rank() const noexcept { return shape_.rank(); }
  std::int64_t size() const { return shape_.size(); }

  /// True where the elements lie side by side in C order.
  bool is_contiguous() const {
    std::int64_t expected = 1;
    for (int d = rank() - 1; d >= 0; --d) {
      if (shape_[d] == 0) return true;
      if (shape_[d] != 1 && strides_[d] != expected) return false;
      expected *= shape_[d];
    }
    return true;
  }

  /// NumPy's indexing: an integer drops its axis, a slice keeps it; the axes not named stay whole.
  /// `x(1)`, `x(slice{}, 2)`, `x(slice{1, 3}, slice{0, slice::end, 2})`.
  /// Throws axis_error for too many indices or an integer out of bounds.
  template <class... Index>
  requires(sizeof...(Index) > 0) tensor_view operator()(const Index&... index) const {
    if (static_cast<int>(sizeof...(Index)) > rank()) {
      throw axis_error("index: " + std::to_string(sizeof...(Index)) + " indices for shape " +
                       to_string(shape_));
    }
    tensor_view result = *this;
    int axis = 0, named = 0;  // of the result, of this
    (result.take(index, axis, named++, shape_), ...);
    return result;
  }

  /// The axes in reverse order.
  tensor_view transpose() const {
    tensor_view result = *this;
    for (int d = 0; d < rank(); ++d) {
      result.shape_[d] = shape_[rank() - 1 - d];
      result.strides_[d] = strides_[rank() - 1 - d];
    }
    return result;
  }

  /// Axis d of the result is axis `axes[d]` of this. Throws axis_error unless it is a permutation.
  tensor_view transpose(const extents& axes) const {
    const auto refuse = [&] {
      throw axis_error("transpose: axes " + to_string(axes) + " do not permute shape " +
                       to_string(shape_));
    };
    if (axes.rank() != rank()) refuse();
    tensor_view result = *this;
    unsigned seen = 0;
    for (int d = 0; d < rank(); ++d) {
      const int axis = static_cast<int>(axes[d]);
      if (axis != axes[d]) refuse();
      const int from = normalize_axis(axis, shape_, "transpose");
      seen |= 1u << from;
      result.shape_[d] = shape_[from];
      result.strides_[d] = strides_[from];
    }
    if (seen != (1u << rank()) - 1) refuse();
    return result;
  }

  /// The same elements with another shape, one size of which may be -1. No copy; throws shape_error
  /// where the sizes differ or this view is not contiguous (copy it first).
  tensor_view reshape(const extents& sizes) const {
    const numfuse::shape s = resolve_reshape(shape_, sizes, "reshape");
    if (!is_contiguous()) {
      throw shape_error("reshape: a view of shape " + to_string(shape_) + " and strides " +
                        to_string(strides_) + " is not contiguous; copy() it first");
    }
    return tensor_view(data_, s);
  }

  /// The same elements, repeated along new axes and axes of size 1. No copy. Read only.
  tensor_view<const value_type, Space> broadcast_to(const numfuse::shape& s) const {
    return {data_, s, broadcast_strides(shape_, strides_, s, "broadcast_to")};
  }

  /// A new axis of size 1 before `axis`, in [-rank - 1, rank].
  tensor_view expand_dims(int axis) const {
    tensor_view result = *this;
    result.shape_.insert(0, 1);  // stands in while the axis is checked against rank + 1
    const int d = normalize_axis(axis, result.shape_, "expand_dims");
    result = *this;
    result.shape_.insert(d, 1);
    result.strides_.insert(d, 0);
    return result;
  }

  /// The value of a view of one element. Waits for the stream. Throws shape_error for another size.
  value_type item(const stream& on = {}) const {
    return detail::only_element(data_, shape_, on, typename memory_of<Space>::type{});
  }

 private:
  void take(std::integral auto index, int& axis, int named, const numfuse::shape& whole) {
    const std::int64_t size = shape_[axis];
    const auto given = static_cast<std::int64_t>(index);
    const std::int64_t i = given < 0 ? given + size : given;
    if (i < 0 || i >= size) {
      throw axis_error("index: " + std::to_string(index) + " is out of bounds for axis " +
                       std::to_string(named) + " of shape " + to_string(whole));
    }
    data_ += i * strides_[axis];
    shape_.erase(axis);
    strides_.erase(axis);
  }

  void take(const slice& s, int& axis, int, const numfuse::shape&) {
    const std::int64_t size = shape_[axis];
    if (s.step < 1) throw value_error("slice: the step must be at least 1");
    const auto clamp = [size](std::int64_t i) {
      return std::clamp<std::int64_t>(i < 0 ? i + size : i, 0, size);
    };
    const std::int64_t start = clamp(s.start);
    const std::int64_t stop = std::max(start, clamp(s.stop));
    data_ += start * strides_[axis];
    shape_[axis] = stop > start ? 1 + (stop - start - 1) / s.step : 0;
    if (shape_[axis] > 1) strides_[axis] *= s.step;
    ++axis;
  }

  T* data_;
  numfuse::shape shape_;
  numfuse::strides strides_;
};

namespace detail {

template <class X>
struct tensor_traits {
  static constexpr bool is_tensor = false;
};
template <class T, class Space>
struct tensor_traits<tensor<T, Space>> {
  static constexpr bool is_tensor = true;
  using value_type = T;
  using space = Space;
};
template <class T, class Space>
struct tensor_traits<tensor_view<T, Space>> {
  static constexpr bool is_tensor = true;
  using value_type = std::remove_const_t<T>;
  using space = Space;
};

}  // namespace detail

namespace detail {

template <class X>
inline constexpr bool is_writable_view = false;
template <class T, class Space>
inline constexpr bool is_writable_view<tensor_view<T, Space>> = !std::is_const_v<T>;

/// True where an argument, of the type that a forwarding reference has, may be written to: a view,
/// or a tensor that is there to stay.
template <class X>
inline constexpr bool is_writable = is_writable_view<std::remove_cvref_t<X>>;
template <class T, class Space>
inline constexpr bool is_writable<tensor<T, Space>&> = true;

}  // namespace detail

/// A tensor or a view, of any dtype and space.
template <class X>
concept tensor_like = detail::tensor_traits<std::remove_cvref_t<X>>::is_tensor;

template <tensor_like X>
using element_t = typename detail::tensor_traits<std::remove_cvref_t<X>>::value_type;
template <tensor_like X>
using space_t = typename detail::tensor_traits<std::remove_cvref_t<X>>::space;

}  // namespace numfuse
