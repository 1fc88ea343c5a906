// Lists of axes.
#include <numfuse/axis.hpp>

#include <string>

namespace numfuse {

axis_selector::axis_selector(std::initializer_list<int> axes) : kind_(kind::list) {
  static_assert(max_rank == 8, "a bit for each");
  if (axes.size() == 1) {
    *this = axis_selector(*axes.begin());
    return;
  }
  for (int axis : axes) {
    std::uint8_t& seen = axis < 0 ? from_end_ : from_front_;
    const int place = axis < 0 ? -1 - axis : axis;
    if (place >= max_rank || (seen >> place & 1) != 0) {
      axis_ = axis;
      is_wrong_ = true;
    } else {
      seen = static_cast<std::uint8_t>(seen | 1u << place);
    }
  }
}

detail::axis_set axis_selector::resolve_list(const shape& s, std::string_view function) const {
  detail::axis_set found = 0;
  const auto add = [&](int axis) {
    const detail::axis_set one = 1u << normalize_axis(axis, s, function);
    if ((found & one) != 0) {
      throw axis_error(std::string(function) + ": axis " + std::to_string(axis) +
                       " is given twice, for shape " + to_string(s));
    }
    found |= one;
  };
  for (int k = 0; k < max_rank; ++k) {
    if ((from_front_ >> k & 1) != 0) add(k);
    if ((from_end_ >> k & 1) != 0) add(-1 - k);
  }
  if (is_wrong_) add(axis_);
  return found;
}

}  // namespace numfuse
