// The exercises of the notebook "Python Basics with NumPy", with numfuse and in double precision.
// Each result is printed in the notebook's own words, so that the two can be compared line by line.
#include <cmath>
#include <concepts>
#include <cstdint>
#include <cstdio>
#include <stdexcept>
#include <string>

#include "example.hpp"

namespace {

template <class Space>
using real_tensor = nf::tensor<double, Space>;
template <class Space>
using int_tensor = nf::tensor<std::int64_t, Space>;

void heading(const std::string& text) { std::cout << "\n--- " << text << '\n'; }

// --- Exercises 1 to 4: functions of one number, then of every element of an array.

// With the C library's exp, which takes one number.
double basic_sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

template <class Space>
void sigmoids() {
  heading("1. Hello World");
  std::cout << "test: Hello World\n";

  heading("2. The sigmoid of one number, with the C library's exp");
  std::cout << "basic_sigmoid(1) = " << nf::scalar_to_string(basic_sigmoid(1)) << '\n';

  // Python finds out when it runs, with a TypeError. The compiler finds out before.
  static_assert(!std::invocable<decltype(basic_sigmoid), real_tensor<Space>>);
  std::cout << "basic_sigmoid([1, 2, 3]) does not compile: the C library's exp takes one number\n";

  const real_tensor<Space> x{1, 2, 3};
  const int_tensor<Space> t{1, 2, 3};
  std::cout << nf::exp(x) << '\n';
  std::cout << t + 3 << '\n';

  heading("3. The sigmoid of every element");
  std::cout << "sigmoid(t_x) = " << nf::sigmoid(x) << '\n';

  heading("4. Its derivative, s (1 - s)");
  std::cout << "sigmoid_derivative(t_x) = " << nf::sigmoid_derivative(x) << '\n';
}

// --- Exercises 5 to 7: shapes, broadcasting, and work along an axis.

template <class Space>
void shapes() {
  heading("5. An image as one column: (length, height, depth) to (length * height * depth, 1)");
  const real_tensor<Space> image{
      {{0.67826139, 0.29380381}, {0.90714982, 0.52835647}, {0.4215251, 0.45017551}},
      {{0.92814219, 0.96677647}, {0.85304703, 0.52351845}, {0.19981397, 0.27417313}},
      {{0.60659855, 0.00533165}, {0.10820313, 0.49978937}, {0.34144279, 0.94630077}}};
  std::cout << "image2vector(image) = " << nf::image2vector(image) << '\n';
  // It is a reshape: the sizes come from the shape, and one of them may be -1, "whatever is left".
  std::cout << "image" << image.shape() << " reshaped to (-1, 1) is "
            << image.reshape({-1, 1}).shape() << '\n';

  heading("6. Rows of length one");
  const real_tensor<Space> rows{{0, 3, 4}, {1, 6, 4}};
  std::cout << "normalizeRows(x) = " << nf::normalize_rows(rows) << '\n';
  // The same in two steps. keepdims leaves the norms as a column, which broadcasts along the rows.
  const auto norms = nf::norm(rows, 2.0, 1, nf::keepdims);
  std::cout << "x has shape " << rows.shape() << ", its norm " << norms.shape()
            << ": broadcasting divided each of the " << rows.shape()[1]
            << " numbers of a row by that row's one norm, "
            << (nf::allclose(rows / norms, nf::normalize_rows(rows)) ? "with the same result"
                                                                     : "with another result")
            << '\n';

  heading("7. The softmax of each row");
  const real_tensor<Space> scores{{9, 2, 5, 0, 0}, {7, 5, 0, 0, 0}};
  std::cout << "softmax(x) = " << nf::softmax(scores) << '\n';
  const auto x_exp = nf::exp(scores);
  const auto x_sum = nf::sum(x_exp, 1, nf::keepdims);
  const auto s = x_exp / x_sum;  // nf::softmax also takes the maximum out first: nothing overflows
  std::cout << "x_exp has shape " << x_exp.shape() << ", x_sum " << x_sum.shape() << ", s "
            << s.shape() << '\n';
  // Later courses keep one example in each column: axis 0.
  std::cout << "softmax down the columns = " << nf::softmax(scores, 0) << '\n';
}

// --- Vectorization: the same results by loops and by numfuse.

template <class T>
using host = nf::host_tensor<T>;

template <class T>
host<T> dot_by_loop(const host<T>& a, const host<T>& b) {
  T sum = 0;
  for (std::int64_t i = 0; i < a.size(); ++i) sum += a.data()[i] * b.data()[i];
  return nf::full<T>({}, sum);
}

template <class T>
host<T> outer_by_loop(const host<T>& a, const host<T>& b) {
  host<T> result(nf::shape{a.size(), b.size()});
  for (std::int64_t i = 0; i < a.size(); ++i) {
    for (std::int64_t j = 0; j < b.size(); ++j) {
      result.data()[i * b.size() + j] = a.data()[i] * b.data()[j];
    }
  }
  return result;
}

template <class T>
host<T> multiply_by_loop(const host<T>& a, const host<T>& b) {
  host<T> result(a.shape());
  for (std::int64_t i = 0; i < a.size(); ++i) result.data()[i] = a.data()[i] * b.data()[i];
  return result;
}

template <class T>
host<double> general_dot_by_loop(const host<double>& w, const host<T>& x) {
  const std::int64_t rows = w.shape()[0];
  host<double> result(nf::shape{rows});
  for (std::int64_t i = 0; i < rows; ++i) {
    double sum = 0;
    for (std::int64_t j = 0; j < x.size(); ++j) {
      sum += w.data()[i * x.size() + j] * static_cast<double>(x.data()[j]);
    }
    result.data()[i] = sum;
  }
  return result;
}

template <class Space, class ByLoop, class ByNumfuse>
void compare(const std::string& name, const ByLoop& by_loop, const ByNumfuse& by_numfuse) {
  if (!nf::allclose(by_numfuse().template to<nf::host>(), by_loop())) {
    throw std::runtime_error(name + ": loops and numfuse differ");
  }
  const double loops = example::median_time<nf::host>(by_loop);
  const double numfuse = example::median_time<Space>(by_numfuse);
  std::printf("%-28s %12.1f %12.1f %9.2f\n", name.c_str(), loops, numfuse, loops / numfuse);
}

// Times the four products: of vectors a and b, of vectors u and v, and of the matrix w with u.
template <class T, class Space>
void time_products(const nf::tensor<T, Space>& a, const nf::tensor<T, Space>& b,
                   const nf::tensor<T, Space>& u, const nf::tensor<T, Space>& v,
                   const real_tensor<Space>& w) {
  const auto host_a = a.template to<nf::host>();
  const auto host_b = b.template to<nf::host>();
  const auto host_u = u.template to<nf::host>();
  const auto host_v = v.template to<nf::host>();
  const auto host_w = w.template to<nf::host>();

  const std::string length = std::to_string(a.size());
  const auto sides = [](std::int64_t m, std::int64_t n) {
    return std::to_string(m) + " x " + std::to_string(n);
  };
  compare<Space>(
      "dot, " + length, [&] { return dot_by_loop(host_a, host_b); }, [&] { return nf::dot(a, b); });
  compare<Space>(
      "outer, " + sides(u.size(), v.size()), [&] { return outer_by_loop(host_u, host_v); },
      [&] { return nf::outer(u, v); });
  compare<Space>(
      "multiply, " + length, [&] { return multiply_by_loop(host_a, host_b); },
      [&] { return nf::multiply(a, b); });
  compare<Space>(
      "general dot, " + sides(w.shape()[0], u.size()),
      [&] { return general_dot_by_loop(host_w, host_u); }, [&] { return nf::dot(w, u); });
}

// The same for random numbers: vectors of n, and a matrix of n with a thousand rows.
template <class Space>
void time_random_products(std::int64_t n) {
  constexpr std::int64_t rows = 1000;
  const auto random = [](const nf::shape& s, std::uint64_t seed) {
    return nf::random_uniform<double, Space>(s, seed);
  };
  time_products(random({n}, 1), random({n}, 2), random({n / rows}, 3), random({rows}, 4),
                random({rows, n / rows}, 5));
}

template <class Space>
void vectorization() {
  heading("2.0 Vectorization: loops and numfuse");
  const int_tensor<Space> x1{9, 2, 5, 0, 0, 7, 5, 0, 0, 0, 9, 2, 5, 0, 0};
  const int_tensor<Space> x2{9, 2, 2, 9, 0, 9, 2, 5, 0, 0, 9, 2, 5, 0, 0};
  const auto w = nf::random_uniform<double, Space>({3, 15}, 1);
  const auto a = x1.template to<nf::host>();
  const auto b = x2.template to<nf::host>();

  std::cout << "by loops:\n"
            << "dot = " << dot_by_loop(a, b) << '\n'
            << "outer = " << outer_by_loop(a, b) << '\n'
            << "elementwise multiplication = " << multiply_by_loop(a, b) << '\n'
            << "gdot = " << general_dot_by_loop(w.template to<nf::host>(), a) << '\n';
  std::cout << "by numfuse:\n"
            << "dot = " << nf::dot(x1, x2) << '\n'
            << "outer = " << nf::outer(x1, x2) << '\n'
            << "elementwise multiplication = " << nf::multiply(x1, x2) << '\n'
            << "gdot = " << nf::dot(w, x1) << '\n';

  // The loops are compiled C++, not Python. On a few numbers they win: a call has its fixed cost.
  std::printf("\nmedian of 7 runs, in microseconds\n%-28s %12s %12s %9s\n", "", "loops", "numfuse",
              "ratio");
  time_products(x1, x2, x1, x2, w);
  time_random_products<Space>(1'000'000);
  time_random_products<Space>(10'000'000);
}

// --- Exercises 8 and 9: losses.

template <class Space>
void losses() {
  const real_tensor<Space> yhat{.9, .2, .1, .4, .9};
  const real_tensor<Space> y{1, 0, 0, 1, 1};

  // item() is the number itself, which a C++ stream prints with six digits: the order in which a
  // machine adds the five numbers may show in the sixteenth.
  heading("8. The L1 loss: sum of abs(y - yhat)");
  std::cout << "L1 = " << nf::l1_loss(yhat, y).item() << '\n';
  std::cout << "by steps: " << nf::sum(nf::abs(y - yhat)).item() << '\n';

  heading("9. The L2 loss: sum of (y - yhat)^2");
  const auto difference = y - yhat;
  std::cout << "L2 = " << nf::l2_loss(yhat, y).item() << '\n';
  std::cout << "by dot: " << nf::dot(difference, difference).item() << '\n';
}

// --- What else the notebook speaks of.

template <class Space>
void others() {
  heading("Also in the notebook");
  const real_tensor<Space> x{{1, -2, 3}, {-4, 5, -6}};
  std::cout << "abs(x) = " << nf::abs(x) << '\n'
            << "log(abs(x)) = " << nf::log(nf::abs(x)) << '\n'
            << "maximum(x, 0) = " << nf::maximum(x, 0) << '\n'
            << "sum(x) = " << nf::sum(x) << '\n'
            << "sum(x, 0), down the columns = " << nf::sum(x, 0) << '\n'
            << "x.reshape({3, -1}) = " << x.reshape({3, -1}) << '\n';
}

}  // namespace

int main() {
  return example::run<example::library_has_device>([]<class Space>(Space) {
    sigmoids<Space>();
    shapes<Space>();
    vectorization<Space>();
    losses<Space>();
    others<Space>();
  });
}
