// Owns what every function is, in plain loops and double precision: bench_host_peers compares the
// libraries with it. Written for inputs near 1: what keeps real libraries from overflow is left
// out.
#pragma once

#include <algorithm>
#include <cmath>

#include "work.hpp"

namespace bench::host_peers {

using vector = std::vector<double>;

inline double total(const vector& v, double (*f)(double)) {
  double sum = 0;
  for (double x : v) sum += f(x);
  return sum;
}

/// One vector's results: as many as it has elements, or one.
inline vector of_vector(const std::string& function, const vector& x, const vector& y,
                        const vector& z) {
  const auto n = static_cast<double>(x.size());
  const auto squares = [](double v) { return v * v; };
  if (function == "sum") return {total(x, [](double v) { return v; })};
  if (function == "max") return {*std::max_element(x.begin(), x.end())};
  if (function == "norm") return {std::sqrt(total(x, squares))};
  double sum = 0;
  if (function == "dot" || function == "l1_loss" || function == "l2_loss") {
    for (std::size_t i = 0; i < x.size(); ++i) {
      const double d = y[i] - x[i];
      sum += function == "dot" ? x[i] * y[i] : function == "l1_loss" ? std::abs(d) : d * d;
    }
    return {sum};
  }
  vector out = x;
  const double exponentials = total(x, [](double v) { return std::exp(v); });
  const double mean = total(x, [](double v) { return v; }) / n;
  double variance = 0;
  for (double v : x) variance += (v - mean) * (v - mean) / n;
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (function == "softmax") out[i] = std::exp(x[i]) / exponentials;
    if (function == "log_softmax") out[i] = x[i] - std::log(exponentials);
    if (function == "normalize_rows") out[i] = x[i] / std::sqrt(total(x, squares));
    if (function == "layer_norm") {
      out[i] = (x[i] - mean) / std::sqrt(variance + epsilon) * y[i] + z[i];
    }
  }
  return out;
}

inline double of_element(const std::string& function, double x, double y) {
  const double s = 1 / (1 + std::exp(-x));
  if (function == "exp") return std::exp(x);
  if (function == "log") return std::log(x);
  if (function == "sigmoid") return s;
  if (function == "sigmoid_derivative") return s * (1 - s);
  if (function == "tanh") return std::tanh(x);
  if (function == "add" || function == "add_row") return x + y;
  if (function == "abs_difference") return std::abs(x - y);
  return x * y;  // multiply_column, outer
}

template <class T>
vector expected(const work<T>& w) {
  const shape_of_result s = shape_of(w);
  const auto at = [&](std::size_t input, std::int64_t i, std::int64_t j) -> double {
    if (input >= w.inputs.size()) return 0;
    const values<T>& v = w.inputs[input];  // sizes of 1 broadcast
    i = v.rows == 1 ? 0 : i;
    j = v.columns == 1 ? 0 : j;
    return v.elements[static_cast<std::size_t>(i * v.columns + j)];
  };
  const values<T>& x = w.inputs[0];
  vector out(static_cast<std::size_t>(s.rows * s.columns));
  if (w.axis == along::every_element) {
    for (std::int64_t i = 0; i < s.rows; ++i) {
      for (std::int64_t j = 0; j < s.columns; ++j) {
        double& o = out[static_cast<std::size_t>(i * s.columns + j)];
        if (w.function == "matmul") {
          for (std::int64_t k = 0; k < x.columns; ++k) o += at(0, i, k) * at(1, k, j);
        } else if (w.function == "outer") {
          o = at(0, 0, i) * at(1, 0, j);
        } else {
          o = of_element(w.function, at(0, i, j), at(1, i, j));
        }
      }
    }
    return out;
  }
  const bool down = w.axis == along::columns;
  const std::int64_t vectors = down ? x.columns : x.rows, length = down ? x.rows : x.columns;
  for (std::int64_t v = 0; v < vectors; ++v) {
    vector in[3];
    for (std::int64_t k = 0; k < length; ++k) {
      for (std::size_t i = 0; i < 3; ++i) in[i].push_back(down ? at(i, k, v) : at(i, v, k));
    }
    const vector result = of_vector(w.function, in[0], in[1], in[2]);
    for (std::int64_t k = 0; k < static_cast<std::int64_t>(result.size()); ++k) {
      const std::int64_t to = result.size() == 1 ? v : down ? k * s.columns + v : v * s.columns + k;
      out[static_cast<std::size_t>(to)] = result[static_cast<std::size_t>(k)];
    }
  }
  return out;
}

}  // namespace bench::host_peers
