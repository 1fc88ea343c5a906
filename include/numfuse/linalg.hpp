// Dot, outer and matrix products: cuBLAS on the device, OpenBLAS on the host.
//
// Dtypes: float32, float64, float16 and bfloat16 through BLAS, the 16-bit ones with sums in
// float32; integers and bool, which no BLAS has, as a formula. Mixed dtypes promote first. Stream:
// on the device asynchronous on the given one; scalars stay in device memory. Throws
// shape_error that names both shapes; device_error where cuBLAS fails.
#pragma once

#include <numfuse/functions.hpp>

namespace numfuse {

/// Whether products of float32 tensors on the device may round their operands to TF32, the 10 bits
/// of fraction that tensor cores take: faster, with errors of up to 2^-10 of each term. False until
/// it is set, for the whole process; on the host without effect.
void allow_tf32(bool allowed);
bool tf32_allowed();

namespace detail {

/// c = a b for `batch` row-major matrices: a (m, k), b (k, n), c (m, n). A transposed operand is
/// one whose columns lie in memory as the rows of the other kind do, `ld` apart.
struct gemm_operand {
  const void* data;
  std::int64_t ld;
  std::int64_t batch_stride;
  bool transposed;
};
struct gemm_sizes {
  std::int64_t m, n, k, batch;
};

template <class T>
void gemm(host, const gemm_sizes& s, const gemm_operand& a, const gemm_operand& b, T* c,
          const stream& on);
template <class T>
void gemm(device, const gemm_sizes& s, const gemm_operand& a, const gemm_operand& b, T* c,
          const stream& on);

/// *result = sum(a b) over n elements; the strides are in elements, and not negative.
template <class T>
void blas_dot(host, std::int64_t n, const T* a, std::int64_t stride_a, const T* b,
              std::int64_t stride_b, T* result, const stream& on);
template <class T>
void blas_dot(device, std::int64_t n, const T* a, std::int64_t stride_a, const T* b,
              std::int64_t stride_b, T* result, const stream& on);

/// The shapes of a product of matrices, NumPy's rules; a vector counts as a row or a column.
struct matmul_shapes {
  shape a, b;    // with their matrix dimensions, batches broadcast
  shape result;  // as the caller gets it
  gemm_sizes sizes;
};
matmul_shapes resolve_matmul(const shape& a, const shape& b, std::string_view function);

/// Brings a matrix, the last two axes of v, to a form that BLAS takes: rows or columns contiguous.
/// False where it must be copied first.
bool as_gemm_operand(const described& v, gemm_operand& operand);

template <tensor_like X>
auto view_of(const X& x) {
  const described d = describe(x);
  return tensor_view<const element_t<X>, space_t<X>>(static_cast<const element_t<X>*>(d.data),
                                                     d.sizes, d.strides);
}

/// All elements in C order, from a copy where no view has them so.
template <class T, class Space>
tensor_view<const T, Space> flat(const tensor_view<const T, Space>& v, tensor<T, Space>& copy,
                                 const stream& on) {
  if (v.rank() == 1) return v;
  if (v.strides() == contiguous_strides(v.shape())) return v.reshape({-1});
  copy = tensor<T, Space>(v, on);
  return std::as_const(copy).reshape({-1});
}

/// The products of matrices of whole numbers, for which there is no BLAS, batches broadcast: each
/// row with each column.
template <any_dtype T, any_space Space>
tensor<T, Space> multiply_rows_and_columns(const tensor_view<const T, Space>& a,
                                           const tensor_view<const T, Space>& b, const stream& on,
                                           std::string_view function) {
  const int rank = a.rank();
  if (rank == max_rank) {  // with one axis of batches less there is room for rows beside columns
    const tensor<T, Space> copies[] = {tensor<T, Space>(a, on), tensor<T, Space>(b, on)};
    const auto fewer_axes = [&](const tensor<T, Space>& x) {
      extents sizes = {x.shape()[0] * x.shape()[1]};
      for (int d = 2; d < rank; ++d) sizes.push_back(x.shape()[d]);
      return x.reshape(sizes);
    };
    return multiply_rows_and_columns<T, Space>(fewer_axes(copies[0]), fewer_axes(copies[1]), on,
                                               function);
  }
  extents transposed;
  for (int d = 0; d < rank - 2; ++d) transposed.push_back(d);
  transposed.push_back(rank - 1);
  transposed.push_back(rank - 2);
  const auto columns = b.transpose(transposed);
  return fuse(formulas::dot_formula{})
      .on(on)
      .named(function)(a.expand_dims(-2), columns.expand_dims(-3));
}

template <any_dtype T, any_space Space>
tensor<T, Space> matmul(tensor_view<const T, Space> a, tensor_view<const T, Space> b,
                        const stream& on, std::string_view function) {
  const matmul_shapes s = resolve_matmul(a.shape(), b.shape(), function);
  // A vector becomes a matrix of one row or one column before it is repeated over the batch.
  if (a.rank() == 1) a = a.expand_dims(0);
  if (b.rank() == 1) b = b.expand_dims(1);
  require_space<Space>(function, s.result);
  a = a.broadcast_to(s.a);
  b = b.broadcast_to(s.b);
  if constexpr (!floating_dtype<T>) {
    return multiply_rows_and_columns<T, Space>(a, b, on, function).reshape(s.result);
  } else {
    tensor<T, Space> result(s.result, on);
    if (result.size() == 0) return result;
    if (s.sizes.k == 0)
      return fuse(formulas::copy_formula{}).on(on)(repeated<T, Space>{s.result, convert<T>(0)});
    gemm_operand left, right;
    tensor<T, Space> a_copy, b_copy;
    if (!as_gemm_operand(describe(a), left)) {
      a_copy = tensor<T, Space>(a, on);
      as_gemm_operand(describe(a_copy), left);
    }
    if (!as_gemm_operand(describe(b), right)) {
      b_copy = tensor<T, Space>(b, on);
      as_gemm_operand(describe(b_copy), right);
    }
    gemm<T>(Space{}, s.sizes, left, right, result.data(), on);
    return result;
  }
}

}  // namespace detail

/// The matrix product over the last two axes, the others being batches that broadcast. A vector on
/// the left is a row, on the right a column; its axis is dropped from the result.
/// Shapes: (..., m, k), (..., k, n) to (..., m, n).
template <tensor_like X, tensor_like Y>
auto matmul(const X& x, const Y& y, const stream& on = {}) {
  using T = promote_t<element_t<X>, element_t<Y>>;
  static_assert(std::same_as<space_t<X>, space_t<Y>>,
                "numfuse: the tensors of one call must live in one space; use to<Space>()");
  const auto& a = detail::as_dtype<T>(x, on);
  const auto& b = detail::as_dtype<T>(y, on);
  return detail::matmul<T, space_t<X>>(detail::view_of(a), detail::view_of(b), on, "matmul");
}

/// NumPy's dot for at most two dimensions: two vectors give their inner product, of rank 0; with a
/// matrix it is matmul; with a rank-0 operand, multiply.
template <tensor_like X, tensor_like Y>
auto dot(const X& x, const Y& y, const stream& on = {}) {
  using T = promote_t<element_t<X>, element_t<Y>>;
  using space = space_t<X>;
  static_assert(std::same_as<space, space_t<Y>>,
                "numfuse: the tensors of one call must live in one space; use to<Space>()");
  if (x.rank() == 0 || y.rank() == 0) {
    return fuse(formulas::multiply_formula{})
        .on(on)
        .named("dot")(detail::as_dtype<T>(x, on), detail::as_dtype<T>(y, on));
  }
  if (x.rank() > 2 || y.rank() > 2) {
    throw shape_error("dot: shapes " + to_string(x.shape()) + " and " + to_string(y.shape()) +
                      ": at most two dimensions; use matmul for batches");
  }
  const auto& a = detail::as_dtype<T>(x, on);
  const auto& b = detail::as_dtype<T>(y, on);
  if constexpr (floating_dtype<T>) {
    // Where a stride is negative BLAS would begin at the other end.
    if (a.rank() == 1 && a.shape() == b.shape() && a.size() > 0 && a.strides()[0] >= 0 &&
        b.strides()[0] >= 0) {
      detail::require_space<space>("dot", a.shape());
      tensor<T, space> result(shape{}, on);
      detail::blas_dot<T>(space{}, a.size(), a.data(), a.strides()[0], b.data(), b.strides()[0],
                          result.data(), on);
      return result;
    }
  }
  return detail::matmul<T, space>(detail::view_of(a), detail::view_of(b), on, "dot");
}

/// a_i b_j for the elements of both operands in C order. Only writes its result: on the device as a
/// matrix product with inner size 1, on the host element by element. Shapes: (m), (n) to (m, n).
template <tensor_like X, tensor_like Y>
auto outer(const X& x, const Y& y, const stream& on = {}) {
  using T = promote_t<element_t<X>, element_t<Y>>;
  using space = space_t<X>;
  static_assert(std::same_as<space, space_t<Y>>,
                "numfuse: the tensors of one call must live in one space; use to<Space>()");
  const auto& a = detail::as_dtype<T>(x, on);
  const auto& b = detail::as_dtype<T>(y, on);
  tensor<T, space> a_copy, b_copy;
  const auto column = detail::flat(detail::view_of(a), a_copy, on).expand_dims(1);
  const auto row = detail::flat(detail::view_of(b), b_copy, on).expand_dims(0);
  if constexpr (floating_dtype<T> && !std::same_as<space, host>) {
    return detail::matmul<T, space>(column, row, on, "outer");
  } else {
    return fuse(formulas::multiply_formula{}).on(on).named("outer")(column, row);
  }
}

}  // namespace numfuse
