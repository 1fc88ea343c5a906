// The layout of a call: dimensions sorted into batch and vector, and merged.
#include <numfuse/detail/layout.hpp>

namespace numfuse::detail {
namespace {

// Appends dimension d of the operands to the layout, merged into the last one of [first, end) where
// every operand walks through both in one stride.
void append(layout& result, int first, int& end, std::int64_t size, int d,
            std::span<const strides* const> operands) {
  if (size == 1) return;
  // Unsigned: where there are no elements a product may be anything.
  const auto times_size = [size](std::int64_t x) {
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(x) *
                                     static_cast<std::uint64_t>(size));
  };
  bool merge = end > first;
  for (std::size_t k = 0; merge && k < operands.size(); ++k) {
    merge = result.strides[k][end - 1] == times_size((*operands[k])[d]);
  }
  if (merge) {
    result.sizes[end - 1] = times_size(result.sizes[end - 1]);
  } else {
    result.sizes[end++] = size;
  }
  for (std::size_t k = 0; k < operands.size(); ++k) result.strides[k][end - 1] = (*operands[k])[d];
}

// Where the axes are not neighbours only the length is right: nobody asks for an index.
void set_formula_vectors(layout& result, const shape& all, axis_set axes, bool elementwise) {
  result.formula_length = result.length;
  if (!elementwise || axes == all_axes(all)) return;
  result.formula_length = 1;
  bool behind = true;  // the axes
  for (int d = all.rank() - 1; d >= 0; --d) {
    if (all[d] == 1) continue;
    behind &= !contains(axes, d);
    if (behind) result.formula_stride *= all[d];
    if (contains(axes, d)) result.formula_length *= all[d];
  }
}

}  // namespace

layout make_layout(const shape& all, axis_set axes, bool elementwise,
                   std::span<const strides* const> operand_strides) {
  layout result;
  int end = 0;
  const axis_set along = elementwise ? all_axes(all) : axes;
  for (int d = 0; d < all.rank(); ++d) {
    if (contains(along, d)) continue;
    append(result, 0, end, all[d], d, operand_strides);
    result.count *= all[d];
  }
  result.batch_rank = end;
  for (int d = 0; d < all.rank(); ++d) {
    if (!contains(along, d)) continue;
    append(result, result.batch_rank, end, all[d], d, operand_strides);
    result.length *= all[d];
  }
  result.vector_rank = end - result.batch_rank;
  if (result.length == 0 && result.vector_rank > 1) {
    // Nothing to walk through: one dimension does.
    result.vector_rank = 1;
    result.sizes[result.batch_rank] = 0;
  }

  set_formula_vectors(result, all, axes, elementwise);
  return result;
}

}  // namespace numfuse::detail
