// How the vectors of a call lie in memory: the batch of vectors, and each operand's strides.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include <numfuse/detail/unroll.hpp>
#include <numfuse/shape.hpp>

namespace numfuse::detail {

/// The most operands, inputs and outputs together, of one formula.
inline constexpr int max_operands = 8;

/// `count` vectors of `length` elements each. The dimensions are those of the broadcast shape with
/// sizes 1 dropped and neighbours merged where every operand allows it: first those over which the
/// vectors are counted (the batch), then those along a vector, of which there is one unless it goes
/// along several axes and some operand does not hold them in one piece.
struct layout {
  std::int64_t length = 1;
  std::int64_t count = 1;
  int batch_rank = 0;
  int vector_rank = 0;
  // As many as there are dimensions and operands: the others have no value, as setting them would
  // take longer than the rest of a small call.
  std::int64_t sizes[max_rank];
  std::int64_t strides[max_operands][max_rank];

  /// Where the formula works element by element, all elements form one vector here; this is how
  /// long the vectors of the formula are, and how far apart their elements, for index() and
  /// length().
  std::int64_t formula_length = 1;
  std::int64_t formula_stride = 1;

  /// The distance between neighbours along the vector, for vectors of one dimension.
  NUMFUSE_INLINE std::int64_t vector_stride(int operand) const {
    return vector_rank == 0 ? 0 : strides[operand][batch_rank];
  }

  /// The distance between neighbours of the innermost dimension of a vector.
  NUMFUSE_INLINE std::int64_t inner_stride(int operand) const {
    return vector_rank == 0 ? 0 : strides[operand][batch_rank + vector_rank - 1];
  }

  /// The size of the innermost dimension of a vector.
  NUMFUSE_INLINE std::int64_t inner_size() const {
    return vector_rank == 0 ? 1 : sizes[batch_rank + vector_rank - 1];
  }

  /// The offset of the first element of vector v.
  NUMFUSE_INLINE std::int64_t batch_offset(int operand, std::int64_t v) const {
    return offset(operand, v, 0, batch_rank);
  }

  /// The offset of element i of a vector from its first one.
  NUMFUSE_INLINE std::int64_t element_offset(int operand, std::int64_t i) const {
    return offset(operand, i, batch_rank, batch_rank + vector_rank);
  }

  /// Adds to `offsets` those of place number i among dimensions first to last - 1, counted in C
  /// order: the divisions are made once for all operands.
  template <int Operands>
  NUMFUSE_INLINE void add_offsets(std::int64_t i, int first, int last,
                                  std::int64_t (&offsets)[Operands]) const {
    NUMFUSE_NO_UNROLL
    for (int d = last - 1; d >= first; --d) {
      const std::int64_t outer = d > first ? quotient(i, sizes[d]) : 0;
      const std::int64_t here = i - outer * sizes[d];
      each<Operands>([&](int k) NUMFUSE_INLINE_BODY { offsets[k] += here * strides[k][d]; });
      i = outer;
    }
  }

  /// a / b. A division of 64 bits takes a GPU several times as long as one of 32.
  static NUMFUSE_INLINE std::int64_t quotient(std::int64_t a, std::int64_t b) {
    if (((a | b) >> 32) == 0) {
      return static_cast<std::uint32_t>(a) / static_cast<std::uint32_t>(b);
    }
    return a / b;
  }

 private:
  NUMFUSE_INLINE std::int64_t offset(int operand, std::int64_t i, int first, int last) const {
    std::int64_t result = 0;
    for (int d = last - 1; d >= first; --d) {
      const std::int64_t outer = d > first ? quotient(i, sizes[d]) : 0;
      result += (i - outer * sizes[d]) * strides[operand][d];
      i = outer;
    }
    return result;
  }
};

/// Some of a shape's dimensions: bit d for dimension d.
using axis_set = unsigned;

inline axis_set all_axes(const shape& s) { return (1u << s.rank()) - 1; }

constexpr bool contains(axis_set axes, int d) { return (axes >> d & 1) != 0; }

/// The layout of a call. `all` is the broadcast shape, `axes` those of it along which vectors lie;
/// `operand_strides` are broadcast to `all` (an output that lacks an axis has stride 0 along it).
/// `elementwise`: all elements form one vector, whatever the axes.
layout make_layout(const shape& all, axis_set axes, bool elementwise,
                   std::span<const strides* const> operand_strides);

}  // namespace numfuse::detail
