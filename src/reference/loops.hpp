// How the reference walks a tensor: multi-indices, one at a time, and the vectors along an axis.
#pragma once

#include <cmath>
#include <string>
#include <vector>

#include <numfuse/reference.hpp>

namespace numfuse::reference {

/// Calls visit(i) for every multi-index i of `s`, the last axis fastest.
template <class Visit>
void for_each_index(const shape& s, Visit visit) {
  extents i;
  for (int d = 0; d < s.rank(); ++d) {
    if (s[d] == 0) return;
    i.push_back(0);
  }
  for (;;) {
    visit(static_cast<const extents&>(i));
    int d = s.rank() - 1;
    while (d >= 0 && i[d] == s[d] - 1) i[d--] = 0;
    if (d < 0) return;
    ++i[d];
  }
}

/// Where element i of a tensor of shape `s` lies. Its axes line up with the last ones of i, and an
/// axis of size 1 is repeated: this is all of broadcasting.
inline std::int64_t offset(const shape& s, const extents& i) {
  std::int64_t at = 0;
  for (int d = 0; d < s.rank(); ++d) {
    const std::int64_t along = s[d] == 1 ? 0 : i[i.rank() - s.rank() + d];
    at = at * s[d] + along;
  }
  return at;
}

/// The shape to which a and b broadcast.
inline shape common_shape(const shape& a, const shape& b) {
  extents sizes;
  for (int d = 0; d < std::max(a.rank(), b.rank()); ++d) sizes.push_back(1);
  for (const shape* s : {&a, &b}) {
    for (int d = 0; d < s->rank(); ++d) {
      std::int64_t& size = sizes[sizes.rank() - s->rank() + d];
      if (size == 1) size = (*s)[d];
      if ((*s)[d] != 1 && (*s)[d] != size) {
        throw shape_error("reference: shapes " + to_string(a) + " and " + to_string(b));
      }
    }
  }
  return shape(sizes);
}

/// result[i] = f(x[i])
template <class R, class T, class F>
host_tensor<R> map(const host_tensor<T>& x, F f) {
  host_tensor<R> result(x.shape());
  for (std::int64_t n = 0; n < x.size(); ++n) result.data()[n] = static_cast<R>(f(x.data()[n]));
  return result;
}

/// result[i] = f(a[i], b[i])
template <class R, class A, class B, class F>
host_tensor<R> map(const host_tensor<A>& a, const host_tensor<B>& b, F f) {
  host_tensor<R> result(common_shape(a.shape(), b.shape()));
  R* to = result.data();
  for_each_index(result.shape(), [&](const extents& i) {
    *to++ = static_cast<R>(f(a.data()[offset(a.shape(), i)], b.data()[offset(b.shape(), i)]));
  });
  return result;
}

inline int axis_of(int axis, const shape& s) {
  const int d = axis < 0 ? axis + s.rank() : axis;
  if (d < 0 || d >= s.rank()) {
    throw axis_error("reference: axis " + std::to_string(axis) + " of shape " + to_string(s));
  }
  return d;
}

/// The vector of x through element i, along axis d.
template <class T>
std::vector<T> vector_through(const host_tensor<T>& x, extents i, int d) {
  std::vector<T> v;
  for (i[d] = 0; i[d] < x.shape()[d]; ++i[d]) v.push_back(x.data()[offset(x.shape(), i)]);
  return v;
}

/// Each vector becomes the number f(v).
template <class R, class T, class F>
host_tensor<R> reduce_vectors(const host_tensor<T>& x, axis_choice axis, bool keepdims, F f) {
  shape kept = x.shape();
  shape dropped = x.shape();
  if (!axis) {
    for (int d = 0; d < kept.rank(); ++d) kept[d] = 1;
    host_tensor<R> result(keepdims ? kept : shape{});
    *result.data() = static_cast<R>(f(std::vector<T>(x.begin(), x.end())));
    return result;
  }
  const int d = axis_of(*axis, x.shape());
  kept[d] = 1;
  dropped.erase(d);
  host_tensor<R> result(keepdims ? kept : dropped);
  R* to = result.data();
  for_each_index(kept,
                 [&](const extents& i) { *to++ = static_cast<R>(f(vector_through(x, i, d))); });
  return result;
}

/// Each vector v becomes the vector f(v) of the same length.
template <class F>
array map_vectors(const array& x, int axis, F f) {
  const int d = axis_of(axis, x.shape());
  shape starts = x.shape();
  starts[d] = 1;
  array result(x.shape());
  for_each_index(starts, [&](extents i) {
    for (long double value : f(vector_through(x, i, d))) {
      result.data()[offset(x.shape(), i)] = static_cast<double>(value);
      ++i[d];
    }
  });
  return result;
}

/// Adds up with an error of one rounding, whatever the number of terms: Neumaier's summation.
class exact_sum {
 public:
  void add(long double x) {
    const long double t = total_ + x;
    lost_ += std::fabs(total_) >= std::fabs(x) ? (total_ - t) + x : (x - t) + total_;
    total_ = t;
  }
  /// Infinities and NaN leave no meaning in what was lost.
  long double value() const { return std::isfinite(total_) ? total_ + lost_ : total_; }

 private:
  long double total_ = 0;
  long double lost_ = 0;
};

/// f(v_1) + ... + f(v_n)
template <class T, class F>
long double sum_of(const std::vector<T>& v, F f) {
  exact_sum total;
  for (const T& x : v) total.add(f(static_cast<long double>(x)));
  return total.value();
}

}  // namespace numfuse::reference
