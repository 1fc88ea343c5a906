// Matrix products on the host: OpenBLAS, and what it needs to know of shapes.
#include <numfuse/linalg.hpp>

#include <algorithm>
#include <atomic>
#include <numeric>
#include <vector>

#include <cblas.h>

#include <numfuse/detail/parallel.hpp>

#include "openblas.hpp"

namespace numfuse {
namespace {
std::atomic<bool> tf32{false};
}

void allow_tf32(bool allowed) { tf32 = allowed; }
bool tf32_allowed() { return tf32; }

}  // namespace numfuse

namespace numfuse::detail {

matmul_shapes resolve_matmul(const shape& a, const shape& b, std::string_view function) {
  const auto fail = [&](const std::string& why) {
    throw shape_error(std::string(function) + ": shapes " + to_string(a) + " and " + to_string(b) +
                      " do not multiply: " + why);
  };
  if (a.rank() == 0 || b.rank() == 0) fail("an operand has no axis");
  extents left = a, right = b;
  if (a.rank() == 1) left.insert(0, 1);
  if (b.rank() == 1) right.insert(1, 1);
  const std::int64_t m = left[left.rank() - 2], k = left.back();
  const std::int64_t n = right.back();
  if (right[right.rank() - 2] != k) {
    fail("the inner sizes are " + std::to_string(k) + " and " +
         std::to_string(right[right.rank() - 2]));
  }
  const auto batch_of = [](const extents& e) {
    extents batch;
    for (int d = 0; d < e.rank() - 2; ++d) batch.push_back(e[d]);
    return shape(batch);
  };
  const shape batch = broadcast_shapes(batch_of(left), batch_of(right), function);
  const auto with_batch = [&](std::int64_t rows, std::int64_t columns) {
    extents e = batch;
    e.push_back(rows);
    e.push_back(columns);
    return e;
  };
  extents result = batch;
  if (a.rank() > 1) result.push_back(m);
  if (b.rank() > 1) result.push_back(n);
  return {shape(with_batch(m, k)), shape(with_batch(k, n)), shape(result), {m, n, k, batch.size()}};
}

bool as_gemm_operand(const described& v, gemm_operand& operand) {
  const int rank = v.sizes.rank();
  const std::int64_t rows = v.sizes[rank - 2], columns = v.sizes[rank - 1];
  const std::int64_t down = v.strides[rank - 2], along = v.strides[rank - 1];
  operand.data = v.data;
  // The stride of an axis of size 1 says nothing; BLAS wants a leading dimension that fits.
  if ((along == 1 || columns == 1) && (down >= columns || rows == 1)) {
    operand.ld = rows == 1 ? columns : down;
    operand.transposed = false;
  } else if ((down == 1 || rows == 1) && (along >= rows || columns == 1)) {
    operand.ld = columns == 1 ? rows : along;
    operand.transposed = true;
  } else {
    return false;
  }
  // All batches must lie at one distance from each other, which may be 0.
  operand.batch_stride = rank > 2 ? v.strides[rank - 3] : 0;
  for (int d = rank - 3; d > 0; --d) {
    if (v.strides[d - 1] != v.strides[d] * v.sizes[d]) return false;
  }
  return true;
}

namespace {

[[maybe_unused]] const bool corrected = correct_kernels_of_openblas();

void cblas(const gemm_sizes& s, const gemm_operand& a, const float* pa, const gemm_operand& b,
           const float* pb, float* c) {
  cblas_sgemm(CblasRowMajor, a.transposed ? CblasTrans : CblasNoTrans,
              b.transposed ? CblasTrans : CblasNoTrans, static_cast<int>(s.m),
              static_cast<int>(s.n), static_cast<int>(s.k), 1, pa, static_cast<int>(a.ld), pb,
              static_cast<int>(b.ld), 0, c, static_cast<int>(s.n));
}

void cblas(const gemm_sizes& s, const gemm_operand& a, const double* pa, const gemm_operand& b,
           const double* pb, double* c) {
  cblas_dgemm(CblasRowMajor, a.transposed ? CblasTrans : CblasNoTrans,
              b.transposed ? CblasTrans : CblasNoTrans, static_cast<int>(s.m),
              static_cast<int>(s.n), static_cast<int>(s.k), 1, pa, static_cast<int>(a.ld), pb,
              static_cast<int>(b.ld), 0, c, static_cast<int>(s.n));
}

void check_blas_sizes(const gemm_sizes& s, const gemm_operand& a, const gemm_operand& b) {
  for (std::int64_t size : {s.m, s.n, s.k, a.ld, b.ld}) {
    if (size > std::numeric_limits<int>::max()) {
      throw shape_error("matmul: a size of " + std::to_string(size) +
                        " is beyond what BLAS takes, 2^31 - 1");
    }
  }
}

// One matrix of an operand as floats, row-major without gaps.
template <class T>
std::vector<float> widened(const gemm_operand& o, std::int64_t batch, std::int64_t rows,
                           std::int64_t columns) {
  std::vector<float> result(static_cast<std::size_t>(rows * columns));
  const T* from = static_cast<const T*>(o.data) + batch * o.batch_stride;
  for (std::int64_t r = 0; r < rows; ++r) {
    for (std::int64_t c = 0; c < columns; ++c) {
      result[static_cast<std::size_t>(r * columns + c)] =
          convert<float>(from[o.transposed ? c * o.ld + r : r * o.ld + c]);
    }
  }
  return result;
}

}  // namespace

template <class T>
void gemm(host, const gemm_sizes& s, const gemm_operand& a, const gemm_operand& b, T* c,
          const stream&) {
  check_blas_sizes(s, a, b);
  for (std::int64_t i = 0; i < s.batch; ++i) {
    T* out = c + i * s.m * s.n;
    if constexpr (std::same_as<compute_t<T>, T>) {
      cblas(s, a, static_cast<const T*>(a.data) + i * a.batch_stride, b,
            static_cast<const T*>(b.data) + i * b.batch_stride, out);
    } else {
      const std::vector<float> left = widened<T>(a, i, s.m, s.k);
      const std::vector<float> right = widened<T>(b, i, s.k, s.n);
      std::vector<float> product(static_cast<std::size_t>(s.m * s.n));
      cblas(s, {left.data(), s.k, 0, false}, left.data(), {right.data(), s.n, 0, false},
            right.data(), product.data());
      for (std::size_t j = 0; j < product.size(); ++j) out[j] = convert<T>(product[j]);
    }
  }
}

namespace {

// So few products at a time: BLAS counts in int, a float sum of a piece stays accurate, and
// OpenBLAS keeps to the calling thread.
constexpr std::int64_t piece = 1 << 13;

template <class T>
double dot_of_piece(std::int64_t n, const T* a, std::int64_t stride_a, const T* b,
                    std::int64_t stride_b) {
  if constexpr (std::same_as<T, float> || std::same_as<T, double>) {
    if (std::max(stride_a, stride_b) <= std::numeric_limits<int>::max()) {
      const int count = static_cast<int>(n);
      const int ia = static_cast<int>(stride_a), ib = static_cast<int>(stride_b);
      if constexpr (std::same_as<T, float>) return cblas_sdot(count, a, ia, b, ib);
      if constexpr (std::same_as<T, double>) return cblas_ddot(count, a, ia, b, ib);
    }
  }
  double sum = 0;
  for (std::int64_t i = 0; i < n; ++i) {
    sum += convert<double>(a[i * stride_a]) * convert<double>(b[i * stride_b]);
  }
  return sum;
}

}  // namespace

template <class T>
void blas_dot(host, std::int64_t n, const T* a, std::int64_t stride_a, const T* b,
              std::int64_t stride_b, T* result, const stream&) {
  const auto sum_of = [&](std::int64_t first, std::int64_t last) {
    double sum = 0;
    for (std::int64_t i = first; i < last; i += piece) {
      sum += dot_of_piece(std::min(piece, last - i), a + i * stride_a, stride_a, b + i * stride_b,
                          stride_b);
    }
    return sum;
  };
  // Blocks that do not depend on the number of threads, and so the sum does not either.
  constexpr std::int64_t block = 8 * piece;
  const std::int64_t blocks = (n + block - 1) / block;
  if (blocks <= 1) {
    *result = convert<T>(sum_of(0, n));
    return;
  }
  std::vector<double> sums(static_cast<std::size_t>(blocks));
  parallel_for(blocks, n, [&](std::int64_t i) {
    sums[static_cast<std::size_t>(i)] = sum_of(i * block, std::min(n, (i + 1) * block));
  });
  *result = convert<T>(std::accumulate(sums.begin(), sums.end(), 0.0));
}

#define NUMFUSE_INSTANTIATE(T)                                                                  \
  template void gemm<T>(host, const gemm_sizes&, const gemm_operand&, const gemm_operand&, T*,  \
                        const stream&);                                                         \
  template void blas_dot<T>(host, std::int64_t, const T*, std::int64_t, const T*, std::int64_t, \
                            T*, const stream&);
NUMFUSE_FOR_EACH_FLOATING(NUMFUSE_INSTANTIATE)
#undef NUMFUSE_INSTANTIATE

}  // namespace numfuse::detail
