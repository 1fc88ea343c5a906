// Which axis a function works along, and whether it stays.
#pragma once

#include <optional>
#include <string_view>

#include <numfuse/detail/layout.hpp>
#include <numfuse/shape.hpp>

namespace numfuse {

namespace detail {
struct all_tag {};
}  // namespace detail

/// As an axis: the whole tensor is one vector. `sum(x, all)`, `fuse(f).along(all)`.
/// A function, so that the name can also be that of the reduction; it is never called.
inline void all(detail::all_tag) {}

/// The axis along which vectors lie: an integer, negative from the end, or `all`.
class axis_selector {
 public:
  constexpr axis_selector(int axis) : axis_(axis) {}
  constexpr axis_selector(void (*)(detail::all_tag)) {}

  constexpr bool is_all() const { return !axis_; }

  /// True where it is the last dimension of `s`.
  constexpr bool is_last(const shape& s) const {
    return axis_ && s.rank() > 0 && (*axis_ == -1 || *axis_ == s.rank() - 1);
  }

  /// The dimension of `s`, or detail::whole_tensor. Throws axis_error where it is out of bounds.
  int resolve(const shape& s, std::string_view function) const {
    return axis_ ? normalize_axis(*axis_, s, function) : detail::whole_tensor;
  }

 private:
  std::optional<int> axis_;
};

/// Whether a reduced axis stays, with size 1.
struct keepdims_t {
  bool value;
  constexpr keepdims_t(bool v) : value(v) {}
};
inline constexpr keepdims_t keepdims = true;

}  // namespace numfuse
