// The arguments of a fused function: shapes of results, overlap, checks.
#include <numfuse/detail/arguments.hpp>

#include <numfuse/detail/replay.hpp>

namespace numfuse::detail {
namespace {

struct address_range {
  std::intptr_t first;
  std::intptr_t last;  // beyond the last byte
};

address_range range_of(const described& d, std::int64_t item) {
  const auto start = reinterpret_cast<std::intptr_t>(d.data);
  address_range range{start, start + item};
  for (int k = 0; k < d.sizes.rank(); ++k) {
    const std::int64_t reach = (d.sizes[k] - 1) * d.strides[k] * item;
    (reach < 0 ? range.first : range.last) += reach;
  }
  return range;
}

}  // namespace

shape result_shape(const shape& all, int axis, bool is_vector, bool keep) {
  if (is_vector) return all;
  extents sizes = all;
  if (axis == whole_tensor) {
    sizes = extents{};
    for (int d = 0; keep && d < all.rank(); ++d) sizes.push_back(1);
  } else if (keep) {
    sizes[axis] = 1;
  } else {
    sizes.erase(axis);
  }
  return shape(sizes);
}

strides result_strides(const described& out, const shape& all, int axis, bool is_vector,
                       bool keep) {
  strides result = out.strides;
  if (is_vector) return result;
  if (axis == whole_tensor) {
    result = strides{};
    for (int d = 0; d < all.rank(); ++d) result.push_back(0);
  } else if (keep) {
    result[axis] = 0;
  } else {
    result.insert(axis, 0);
  }
  return result;
}

bool overlaps(const described& out, std::int64_t out_item, const described& in,
              std::int64_t in_item, const shape& all, bool is_vector) {
  if (in.data == nullptr || in.sizes.size() == 0 || out.sizes.size() == 0) return false;
  const address_range a = range_of(out, out_item);
  const address_range b = range_of(in, in_item);
  if (a.last <= b.first || b.last <= a.first) return false;
  const bool same_window = is_vector && out.data == in.data && out_item == in_item &&
                           in.sizes == all && in.strides == out.strides;
  return !same_window;
}

shape broadcast_all(std::span<const described> arguments, std::string_view function) {
  shape all = arguments.front().sizes;
  for (const described& a : arguments.subspan(1)) all = broadcast_shapes(all, a.sizes, function);
  return all;
}

void check_not_empty(const shape& all, int axis, std::string_view function) {
  const std::int64_t length = axis == whole_tensor ? all.size() : all[axis];
  const bool any_result = axis == whole_tensor || result_shape(all, axis, false, false).size() > 0;
  if (length == 0 && any_result) {
    const std::string where =
        axis == whole_tensor ? "of shape " : "along axis " + std::to_string(axis) + " of shape ";
    throw value_error(std::string(function) + ": no value for no elements, " + where +
                      to_string(all));
  }
}

void check_reductions(int reductions, std::string_view function) {
  if (reductions > max_reductions) {
    throw value_error(std::string(function) + ": the formula makes " + std::to_string(reductions) +
                      " reductions; at most " + std::to_string(max_reductions) + " are supported");
  }
}

}  // namespace numfuse::detail
