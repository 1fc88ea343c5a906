// Which axes a function works along, and whether they stay.
#pragma once

#include <cstdint>
#include <initializer_list>
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

/// The axes along which vectors lie: an integer, negative from the end; a list of them, `{0, 2}`,
/// whose elements make one vector, in C order whatever that of the list; or `all`.
class axis_selector {
 public:
  constexpr axis_selector(int axis) : axis_(axis) {}
  constexpr axis_selector(void (*)(detail::all_tag)) : kind_(kind::all) {}
  axis_selector(std::initializer_list<int> axes);

  constexpr bool is_all() const { return kind_ == kind::all; }
  /// True for a list of two and more, or of none: then each element is a vector of its own.
  constexpr bool is_list() const { return kind_ == kind::list; }

  /// True where it is the last dimension of `s`.
  constexpr bool is_last(const shape& s) const {
    return kind_ == kind::one && s.rank() > 0 && (axis_ == -1 || axis_ == s.rank() - 1);
  }

  /// Which dimensions of `s` it is. Throws axis_error where one is out of bounds, or stands in a
  /// list twice.
  detail::axis_set resolve(const shape& s, std::string_view function) const {
    if (kind_ == kind::all) return detail::all_axes(s);
    if (kind_ == kind::list) return resolve_list(s, function);
    return 1u << normalize_axis(axis_, s, function);
  }

 private:
  enum class kind : std::uint8_t { one, list, all };

  detail::axis_set resolve_list(const shape& s, std::string_view function) const;

  int axis_ = 0;  // of a list one that is wrong for every shape, if there is one
  kind kind_ = kind::one;
  // A list: a bit for each axis that counts from the front, and from the end.
  std::uint8_t from_front_ = 0, from_end_ = 0;
  bool is_wrong_ = false;
};

/// Whether a reduced axis stays, with size 1.
struct keepdims_t {
  bool value;
  constexpr keepdims_t(bool v) : value(v) {}
};
inline constexpr keepdims_t keepdims = true;

}  // namespace numfuse
