// The arguments of a fused function: shapes of results, overlap, checks.
#include <numfuse/detail/arguments.hpp>

#include <algorithm>

#include <numfuse/detail/replay.hpp>

namespace numfuse::detail {
namespace {

struct address_range {
  std::intptr_t first;
  std::intptr_t last;  // beyond the last byte
};

address_range range_of(const described& d) {
  const std::int64_t item = d.item_bytes;
  const auto start = reinterpret_cast<std::intptr_t>(d.data);
  address_range range{start, start + item};
  for (int k = 0; k < d.sizes.rank(); ++k) {
    const std::int64_t reach = (d.sizes[k] - 1) * d.strides[k] * item;
    (reach < 0 ? range.first : range.last) += reach;
  }
  return range;
}

// The strides of a result as the layout wants them: those of `all`, 0 along a reduced axis.
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

// True where an output may not be written while an input is read.
bool overlaps(const described& out, const described& in, const shape& all, bool is_vector) {
  if (in.data == nullptr || in.sizes.size() == 0 || out.sizes.size() == 0) return false;
  const address_range a = range_of(out);
  const address_range b = range_of(in);
  if (a.last <= b.first || b.last <= a.first) return false;
  const bool same_window = is_vector && out.data == in.data && out.item_bytes == in.item_bytes &&
                           in.sizes == all && in.strides == out.strides;
  return !same_window;
}

// The shape to which all arguments broadcast.
shape broadcast_all(std::span<const described> arguments, std::string_view function) {
  shape all = arguments.front().sizes;
  for (const described& a : arguments.subspan(1)) all = broadcast_shapes(all, a.sizes, function);
  return all;
}

// Vectors without elements may not be where the formula needs one.
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

bool all_empty(std::span<const described> results) {
  return std::all_of(results.begin(), results.end(),
                     [](const described& r) { return r.sizes.size() == 0; });
}

checked_call::checked_call(const call_terms& terms, std::span<const described> inputs)
    : terms_(terms), inputs_(inputs), all_(broadcast_all(inputs, terms.name)) {
  // Element by element the axis matters only to index() and length(), and a number has none.
  const bool no_axis = terms.levels == 0 && all_.rank() == 0;
  axis_ = no_axis ? whole_tensor : terms.axis.resolve(all_, terms.name);
  check_reductions(terms.seen.reductions, terms.name);
  if (terms.seen.needs_elements) check_not_empty(all_, axis_, terms.name);
}

described checked_call::result(int i) const {
  const shape s = result_shape(all_, axis_, terms_.is_vector[i], terms_.keepdims);
  return {s, contiguous_strides(s)};
}

layout checked_call::layout_of(std::span<const described> results) const {
  strides operands[max_operands];
  std::size_t k = 0;
  for (const described& in : inputs_) {
    operands[k++] = broadcast_strides(in.sizes, in.strides, all_, terms_.name);
  }
  for (std::size_t i = 0; i < results.size(); ++i) {
    operands[k++] = result_strides(results[i], all_, axis_, terms_.is_vector[i], terms_.keepdims);
  }
  return make_layout(all_, axis_, terms_.levels == 0, std::span(operands, k));
}

bool checked_call::may_write(std::span<const described> outputs) const {
  bool apart = true;
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    const shape expected = result_shape(all_, axis_, terms_.is_vector[i], terms_.keepdims);
    if (outputs[i].sizes != expected) {
      throw shape_error(std::string(terms_.name) + ": the result has shape " + to_string(expected) +
                        ", the output " + to_string(outputs[i].sizes));
    }
    for (const described& in : inputs_) {
      apart &= !overlaps(outputs[i], in, all_, terms_.is_vector[i]);
    }
  }
  return apart;
}

}  // namespace numfuse::detail
