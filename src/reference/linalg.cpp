// The reference: products of vectors and matrices.
#include "loops.hpp"

namespace numfuse::reference {
namespace {

/// The sum of products, exact for whole numbers modulo 2^64.
template <class T>
class products;
template <>
class products<double> {
 public:
  void add(double a, double b) { total_.add(static_cast<long double>(a) * b); }
  double value() const { return static_cast<double>(total_.value()); }

 private:
  exact_sum total_;
};
template <>
class products<std::int64_t> {
 public:
  void add(std::int64_t a, std::int64_t b) {
    total_ += static_cast<std::uint64_t>(a) * static_cast<std::uint64_t>(b);
  }
  std::int64_t value() const { return static_cast<std::int64_t>(total_); }

 private:
  std::uint64_t total_ = 0;
};

void check_lengths(std::int64_t m, std::int64_t n, const shape& a, const shape& b) {
  if (m == n) return;
  throw shape_error("reference: shapes " + to_string(a) + " and " + to_string(b));
}

template <class T>
host_tensor<T> with_shape(const host_tensor<T>& x, const extents& sizes) {
  host_tensor<T> copy = x;
  return std::move(copy).reshape(sizes);
}

}  // namespace

template <number T>
host_tensor<T> dot(const host_tensor<T>& a, const host_tensor<T>& b) {
  if (a.rank() == 0 || b.rank() == 0) return multiply(a, b);
  const int inner = b.rank() == 1 ? 0 : b.rank() - 2;  // the axis of b that is summed over
  const std::int64_t n = a.shape().back();
  check_lengths(n, b.shape()[inner], a.shape(), b.shape());
  extents sizes = a.shape();
  sizes.erase(a.rank() - 1);
  for (int d = 0; d < b.rank(); ++d) {
    if (d != inner) sizes.push_back(b.shape()[d]);
  }
  host_tensor<T> result{shape(sizes)};
  T* to = result.data();
  for_each_index(result.shape(), [&](const extents& i) {
    extents in_a;
    extents in_b;
    for (int d = 0; d < a.rank() - 1; ++d) in_a.push_back(i[d]);
    for (int d = a.rank() - 1; d < i.rank(); ++d) in_b.push_back(i[d]);
    in_a.push_back(0);
    in_b.insert(inner, 0);
    products<T> total;
    for (std::int64_t k = 0; k < n; ++k) {
      in_a[a.rank() - 1] = k;
      in_b[inner] = k;
      total.add(a.data()[offset(a.shape(), in_a)], b.data()[offset(b.shape(), in_b)]);
    }
    *to++ = total.value();
  });
  return result;
}

template <number T>
host_tensor<T> outer(const host_tensor<T>& a, const host_tensor<T>& b) {
  host_tensor<T> result(shape{a.size(), b.size()});
  T* to = result.data();
  for (T v : a) {
    for (T w : b) {
      products<T> one;
      one.add(v, w);
      *to++ = one.value();
    }
  }
  return result;
}

template <number T>
host_tensor<T> matmul(const host_tensor<T>& a, const host_tensor<T>& b) {
  if (a.rank() == 0 || b.rank() == 0) throw shape_error("reference: matmul of a scalar");
  if (a.rank() == 1 || b.rank() == 1) {
    const auto left = a.rank() == 1 ? with_shape(a, {1, a.size()}) : a;
    const auto right = b.rank() == 1 ? with_shape(b, {b.size(), 1}) : b;
    host_tensor<T> result = matmul(left, right);
    extents sizes = result.shape();
    if (b.rank() == 1) sizes.erase(sizes.rank() - 1);
    if (a.rank() == 1) sizes.erase(sizes.rank() - (b.rank() == 1 ? 1 : 2));
    return std::move(result).reshape(sizes);
  }
  const std::int64_t n = a.shape().back();
  check_lengths(n, b.shape()[b.rank() - 2], a.shape(), b.shape());
  extents batch_a = a.shape();
  extents batch_b = b.shape();
  for (extents* batch : {&batch_a, &batch_b}) {
    batch->erase(batch->rank() - 1);
    batch->erase(batch->rank() - 1);
  }
  extents sizes = common_shape(shape(batch_a), shape(batch_b));
  sizes.push_back(a.shape()[a.rank() - 2]);
  sizes.push_back(b.shape().back());
  host_tensor<T> result{shape(sizes)};
  T* to = result.data();
  for_each_index(result.shape(), [&](const extents& i) {
    extents in_a = i;
    extents in_b = i;
    products<T> total;
    for (std::int64_t k = 0; k < n; ++k) {
      in_a[i.rank() - 1] = k;
      in_b[i.rank() - 2] = k;
      total.add(a.data()[offset(a.shape(), in_a)], b.data()[offset(b.shape(), in_b)]);
    }
    *to++ = total.value();
  });
  return result;
}

#define NUMFUSE_INSTANTIATE(T)                                                 \
  template host_tensor<T> dot(const host_tensor<T>&, const host_tensor<T>&);   \
  template host_tensor<T> outer(const host_tensor<T>&, const host_tensor<T>&); \
  template host_tensor<T> matmul(const host_tensor<T>&, const host_tensor<T>&);
NUMFUSE_INSTANTIATE(double)
NUMFUSE_INSTANTIATE(std::int64_t)

}  // namespace numfuse::reference
