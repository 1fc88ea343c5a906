// Shapes, axes and broadcasting: NumPy's rules, and the errors that state them.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <ostream>
#include <string>
#include <string_view>

#include <numfuse/error.hpp>

namespace numfuse {

/// The largest number of dimensions.
inline constexpr int max_rank = 8;

/// A row of at most `max_rank` integers with value semantics: the base of `shape` and `strides`.
class extents {
 public:
  // Every call of a function copies some: only values that are there are set and copied.
  constexpr extents() {}
  constexpr extents(const extents& other) { *this = other; }
  constexpr extents& operator=(const extents& other) {
    rank_ = other.rank_;
    for (int d = 0; d < rank_; ++d) values_[d] = other.values_[d];
    return *this;
  }
  /// Throws shape_error for more than `max_rank` values.
  extents(std::initializer_list<std::int64_t> values);

  constexpr int rank() const { return rank_; }
  /// Throws axis_error for an index out of bounds.
  constexpr std::int64_t operator[](int d) const {
    if (static_cast<unsigned>(d) >= static_cast<unsigned>(rank_)) refuse_index(d);
    return values_[d];
  }
  constexpr std::int64_t& operator[](int d) {
    if (static_cast<unsigned>(d) >= static_cast<unsigned>(rank_)) refuse_index(d);
    return values_[d];
  }
  constexpr const std::int64_t* begin() const { return values_; }
  constexpr const std::int64_t* end() const { return values_ + rank_; }
  constexpr std::int64_t back() const { return values_[rank_ - 1]; }

  void push_back(std::int64_t value) {
    if (rank_ == max_rank) refuse_more();
    values_[rank_++] = value;
  }
  void insert(int d, std::int64_t value);  ///< Before dimension d.
  void erase(int d);

  friend constexpr bool operator==(const extents& a, const extents& b) {
    if (a.rank_ != b.rank_) return false;
    for (int d = 0; d < a.rank_; ++d) {
      if (a.values_[d] != b.values_[d]) return false;
    }
    return true;
  }

 private:
  [[noreturn]] static void refuse_more();
  [[noreturn]] void refuse_index(int d) const;

  std::int64_t values_[max_rank];
  int rank_ = 0;
};

/// The sizes of a tensor's dimensions; rank 0 is a scalar.
class shape : public extents {
 public:
  constexpr shape() = default;
  /// Throws shape_error for a negative size, or a product beyond 2^63.
  shape(std::initializer_list<std::int64_t> sizes);
  explicit shape(const extents& sizes);

  /// The number of elements; 1 for rank 0.
  constexpr std::int64_t size() const {
    // Unsigned: sizes whose product is zero may pass through any value on the way there.
    std::uint64_t product = 1;
    for (std::int64_t n : *this) product *= static_cast<std::uint64_t>(n);
    return static_cast<std::int64_t>(product);
  }
};

/// Distances between neighbours along each dimension, in elements.
class strides : public extents {
 public:
  using extents::extents;
};

/// As Python prints a tuple: "(2, 3)", "(3,)", "()".
std::string to_string(const extents& e);
inline std::ostream& operator<<(std::ostream& out, const extents& e) { return out << to_string(e); }

/// The strides of contiguous C-order data.
strides contiguous_strides(const shape& s);

namespace detail {
[[noreturn]] void refuse_axis(int axis, const shape& s, std::string_view function);
}  // namespace detail

/// The dimension that `axis` means: negative ones count from the end.
/// Throws axis_error "sum: axis 3 is out of bounds for shape (2, 3)".
inline int normalize_axis(int axis, const shape& s, std::string_view function) {
  if (axis < -s.rank() || axis >= s.rank()) detail::refuse_axis(axis, s, function);
  return axis < 0 ? axis + s.rank() : axis;
}

/// NumPy's broadcasting of two shapes.
/// Throws shape_error "add: shapes (2, 3) and (4,) do not broadcast: axis 1 has sizes 3 and 4".
shape broadcast_shapes(const shape& a, const shape& b, std::string_view function);

/// True where data of shape `from` reads as shape `to`.
bool broadcasts_to(const shape& from, const shape& to);

/// The strides with which data of shape `from` reads as shape `to`: 0 along every repeated axis.
/// Throws shape_error where `from` does not broadcast to `to`.
strides broadcast_strides(const shape& from, const strides& s, const shape& to,
                          std::string_view function);

namespace detail {
/// The same where `from` is known to broadcast to `to`.
strides repeating_strides(const shape& from, const strides& s, const shape& to);
}  // namespace detail

/// `requested` with its one -1 replaced so that the size is that of `from`.
/// Throws shape_error where the sizes differ.
shape resolve_reshape(const shape& from, const extents& requested, std::string_view function);

}  // namespace numfuse
