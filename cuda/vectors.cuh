// Which vectors a group works on: rows, or columns side by side.
#pragma once

#include <numfuse/cuda/collectives.cuh>
#include <numfuse/cuda/elementwise.cuh>

namespace numfuse::NUMFUSE_CUDA_NAMESPACE {

/// How a launch gives vectors to groups.
struct group_shape {
  int size;    // threads along a vector
  int across;  // threads across neighbouring vectors
};

/// The vectors of one group: one row, or `across * Items` columns of which a thread has `Items`.
template <class Call, int Items, bool Columns>
struct group_vectors {
  static constexpr int lanes = Columns ? Items : 1;

  std::int64_t first;  // number of this thread's first vector
  int active;          // how many of its lanes exist
  int shift;
  typename Call::offsets bases;

  /// The vectors of group number `group` of the whole grid; none where there is no such group.
  __device__ __forceinline__ group_vectors(const Call& c, const thread_group& g, group_shape shape,
                                           std::int64_t group)
      : bases{} {
    if constexpr (Columns) {
      const std::int64_t across = c.where.sizes[c.where.batch_rank - 1];
      const std::int64_t in_group = std::int64_t{shape.across} * Items;
      const std::int64_t tiles = (across + in_group - 1) / in_group;
      const std::int64_t column = group % tiles * in_group + std::int64_t{g.column()} * Items;
      first = group / tiles * across + column;
      const std::int64_t left = first < c.where.count ? across - column : 0;
      active = left >= Items ? Items : static_cast<int>(left < 0 ? 0 : left);
    } else {
      first = group;
      active = group < c.where.count ? 1 : 0;
    }
    if (active > 0) c.where.add_offsets(first, 0, c.where.batch_rank, bases);
    shift = Columns || c.where.vector_rank > 1 ? 0 : row_shift<Call, Items>(c, bases);
  }

  /// The number of groups that all vectors need.
  __device__ __forceinline__ static std::int64_t groups(const Call& c, group_shape shape) {
    if constexpr (!Columns) return c.where.count;
    const std::int64_t across = c.where.sizes[c.where.batch_rank - 1];
    const std::int64_t in_group = std::int64_t{shape.across} * Items;
    return c.where.count / across * ((across + in_group - 1) / in_group);
  }
};

/// Writes the scalar results of a thread's vectors.
template <class Call, class Vectors, class Result>
__device__ __forceinline__ void store_scalars(const Call& c, const Vectors& v,
                                              const Result& result) {
  c.each_output([&](auto i, const auto& out) NUMFUSE_INLINE_BODY {
    using T = typename std::remove_cvref_t<decltype(out)>::dtype;
    const auto& value = detail::result_of<decltype(i)::value>(result);
    if constexpr (!std::remove_cvref_t<decltype(value)>::is_vector) {
      constexpr int k = Call::inputs_count + decltype(i)::value;
      const std::int64_t beside =
          Vectors::lanes > 1 ? c.where.strides[k][c.where.batch_rank - 1] : 0;
      detail::each<Vectors::lanes>([&](int lane) NUMFUSE_INLINE_BODY {
        if (lane < v.active) out.data[v.bases[k] + lane * beside] = convert<T>(value.data[lane]);
      });
    }
  });
}

}  // namespace numfuse::NUMFUSE_CUDA_NAMESPACE
