// The way through all elements of a call, row by row.
#pragma once

#include <algorithm>
#include <cstdint>

#include <numfuse/detail/layout.hpp>
#include <numfuse/host/isa.hpp>

namespace numfuse::detail::host_executor::inline NUMFUSE_HOST_ISA {

/// A place among the elements of several operands, which are walked through row by row: along the
/// innermost dimension. All formulas of so many operands share it.
template <int Operands>
class row_walk {
 public:
  row_walk(const layout& where, std::int64_t first) : where_(where) {
    if (first > 0) walk_to(first);  // its divisions would take most of a small call
  }

  std::int64_t left_in_row() const { return where_.inner_size() - column; }

  void advance(std::int64_t count) {
    column += count;
    if (column == where_.inner_size()) next_row();
  }

  /// How many whole rows come next at one distance from each other, of `left` elements.
  std::int64_t whole_rows(std::int64_t left) const {
    const int d = where_.vector_rank - 2;
    if (d < 0 || column != 0) return 0;
    return std::min(left / where_.inner_size(), where_.sizes[d] - place_[d]);
  }

  void advance_rows(std::int64_t rows) {
    const int d = where_.vector_rank - 2;
    place_[d] += rows - 1;
    for (int k = 0; k < Operands; ++k) starts[k] += (rows - 1) * where_.strides[k][d];
    next_row();
  }

  std::int64_t column = 0;
  std::int64_t starts[Operands] = {};  // where the row starts in each operand

 private:
  __attribute__((noinline)) void walk_to(std::int64_t first) {
    const std::int64_t length = where_.inner_size();
    std::int64_t outer = first / length;
    column = first % length;
    for (int d = where_.vector_rank - 2; d >= 0; --d) {
      place_[d] = outer % where_.sizes[d];
      outer /= where_.sizes[d];
      for (int k = 0; k < Operands; ++k) starts[k] += place_[d] * where_.strides[k][d];
    }
  }

  __attribute__((noinline)) void next_row() {
    column = 0;
    for (int d = where_.vector_rank - 2; d >= 0; --d) {
      const bool carry = ++place_[d] == where_.sizes[d];
      const std::int64_t back = carry ? where_.sizes[d] : 0;
      for (int k = 0; k < Operands; ++k) starts[k] += (1 - back) * where_.strides[k][d];
      if (!carry) break;
      place_[d] = 0;
    }
  }

  const layout& where_;
  std::int64_t place_[max_rank] = {};
};

}  // namespace numfuse::detail::host_executor::inline NUMFUSE_HOST_ISA
