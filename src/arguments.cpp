// The arguments of a fused function: shapes of results, overlap, checks.
#include <numfuse/detail/arguments.hpp>

#include <algorithm>

#include <numfuse/detail/replay.hpp>

namespace numfuse::detail {

const shape number_shape;
const strides zero_strides{0, 0, 0, 0, 0, 0, 0, 0};
static_assert(max_rank == 8);

namespace {

struct address_range {
  std::intptr_t first;
  std::intptr_t last;  // beyond the last byte
};

address_range range_of(const described& d) {
  const std::int64_t item = d.item_bytes;
  const auto start = reinterpret_cast<std::intptr_t>(d.data);
  if (d.in_one_run) return {start, start + d.sizes.size() * item};
  address_range range{start, start + item};
  for (int k = 0; k < d.sizes.rank(); ++k) {
    if (d.sizes[k] == 0) return {start, start};
    const std::int64_t reach = (d.sizes[k] - 1) * d.strides[k] * item;
    (reach < 0 ? range.first : range.last) += reach;
  }
  return range;
}

// The strides of a scalar result as the layout wants them: those of `all`, 0 along the axes. `made`
// is a place for them.
const strides* scalar_strides(const described& out, const shape& all, axis_set axes, bool keep,
                              strides& made) {
  if (axes == all_axes(all)) return &zero_strides;
  made = strides{};
  int next = 0;
  for (int d = 0; d < all.rank(); ++d) {
    const bool dropped = contains(axes, d);
    made.push_back(dropped ? 0 : out.strides[next]);
    if (keep || !dropped) ++next;
  }
  return &made;
}

// "axis 1", "axes (0, 2)", of shape.
std::string axes_text(const shape& all, axis_set axes) {
  extents listed;
  for (int d = 0; d < all.rank(); ++d) {
    if (contains(axes, d)) listed.push_back(d);
  }
  const bool one = listed.rank() == 1;
  return (one ? "axis " + std::to_string(listed[0]) : "axes " + to_string(listed)) + " of shape " +
         to_string(all);
}

// True where an output, of these addresses, may not be written while an input is read.
bool overlaps(const described& out, const address_range& written, const described& in,
              const shape& all, bool is_vector) {
  if (in.data == nullptr) return false;
  const address_range read = range_of(in);
  const bool apart = written.last <= read.first || read.last <= written.first;
  if (apart || written.first == written.last || read.first == read.last) return false;
  const bool same_window = is_vector && out.data == in.data && out.item_bytes == in.item_bytes &&
                           in.sizes == all && in.strides == out.strides;
  return !same_window;
}

// Vectors without elements may not be where the formula needs one.
void check_not_empty(const shape& all, axis_set axes, std::string_view function) {
  if (all.size() != 0 || result_shape(all, axes, false, false).size() == 0) return;
  const bool whole = axes == all_axes(all);
  throw value_error(std::string(function) + ": no value for no elements, " +
                    (whole ? "of shape " + to_string(all) : "along " + axes_text(all, axes)));
}

// Element by element a position is found from one distance and one length.
void check_neighbours(const shape& all, axis_set axes, std::string_view function) {
  bool seen = false, ended = false;
  for (int d = 0; d < all.rank(); ++d) {
    if (all[d] == 1) continue;
    const bool here = contains(axes, d);
    if (here && ended) {
      throw value_error(std::string(function) + ": no index() element by element along " +
                        axes_text(all, axes) + ", which are not neighbours");
    }
    ended |= seen && !here;
    seen |= here;
  }
}

void check_reductions(int reductions, std::string_view function) {
  if (reductions > max_reductions) {
    throw value_error(std::string(function) + ": the formula makes " + std::to_string(reductions) +
                      " reductions; at most " + std::to_string(max_reductions) + " are supported");
  }
}

}  // namespace

void refuse_number(const std::string& number, dtype type, std::string_view function) {
  throw value_error(std::string(function) + ": " + number + " is not a number of " +
                    std::string(name_of(type)));
}

shape result_shape(const shape& all, axis_set axes, bool is_vector, bool keep) {
  if (is_vector) return all;
  extents sizes;
  for (int d = 0; d < all.rank(); ++d) {
    if (!contains(axes, d)) {
      sizes.push_back(all[d]);
    } else if (keep) {
      sizes.push_back(1);
    }
  }
  return shape(sizes);
}

checked_call::checked_call(const call_terms& terms, std::span<const described> inputs)
    : terms_(terms), inputs_(inputs), all_(&inputs.front().sizes) {
  for (const described& in : inputs.subspan(1)) {
    if (in.sizes == *all_) continue;
    if (broadcasts_to(in.sizes, *all_)) continue;
    if (broadcasts_to(*all_, in.sizes)) {
      all_ = &in.sizes;
    } else {
      broadcast_ = broadcast_shapes(*all_, in.sizes, terms.name);
      all_ = &broadcast_;
    }
  }
  // Element by element the axis matters only to index() and length(), and a number has none.
  const bool no_axis = terms.levels == 0 && all_->rank() == 0;
  axes_ = no_axis ? axis_set{} : terms.axis.resolve(*all_, terms.name);
  check_reductions(terms.seen.reductions, terms.name);
  if (terms.seen.needs_elements) check_not_empty(*all_, axes_, terms.name);
  if (terms.levels == 0 && terms.seen.asks_index) check_neighbours(*all_, axes_, terms.name);
}

shape checked_call::result(int i) const {
  return result_shape(*all_, axes_, terms_.is_vector[i], terms_.keepdims);
}

layout checked_call::layout_of(std::span<const described> results) const {
  strides made[max_operands];  // of those that have no such strides themselves
  const strides* operands[max_operands];
  std::size_t k = 0;
  for (const described& in : inputs_) {
    operands[k] = &in.strides;
    if (in.sizes != *all_) {
      made[k] = repeating_strides(in.sizes, in.strides, *all_);
      operands[k] = &made[k];
    }
    ++k;
  }
  for (std::size_t i = 0; i < results.size(); ++i, ++k) {
    operands[k] = terms_.is_vector[i]
                      ? &results[i].strides
                      : scalar_strides(results[i], *all_, axes_, terms_.keepdims, made[k]);
  }
  return make_layout(*all_, axes_, terms_.levels == 0,
                     std::span<const strides* const>(operands, k));
}

bool checked_call::is_result_shape(const shape& s, int i) const {
  if (terms_.is_vector[i]) return s == *all_;
  if (axes_ == all_axes(*all_) && !terms_.keepdims) return s.rank() == 0;
  return s == result(i);
}

bool checked_call::may_write(std::span<const described> outputs) const {
  bool apart = true;
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    const int number = static_cast<int>(i);
    if (!is_result_shape(outputs[i].sizes, number)) {
      throw shape_error(std::string(terms_.name) + ": the result has shape " +
                        to_string(result(number)) + ", the output " + to_string(outputs[i].sizes));
    }
    for (const described& other : outputs.first(i)) {
      if (other.data == outputs[i].data && outputs[i].sizes.size() > 0) {
        throw value_error(std::string(terms_.name) + ": two outputs start at the same element");
      }
    }
    const address_range written = range_of(outputs[i]);
    for (const described& in : inputs_) {
      apart &= !overlaps(outputs[i], written, in, *all_, terms_.is_vector[i]);
    }
  }
  return apart;
}

}  // namespace numfuse::detail
