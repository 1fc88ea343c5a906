// Owns what bench_host_peers asks of a C++ library: one case with its inputs, and what comes back.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace bench::host_peers {

/// Elements in C order. A vector is a matrix of one row.
template <class T>
struct values {
  std::int64_t rows = 0;
  std::int64_t columns = 0;
  std::vector<T> elements = {};
};

constexpr double epsilon = 1e-5;  // of layer_norm

// Rows of fewer elements hardly fill a vector of the processor: sweeps over all rows at once do.
constexpr std::int64_t short_row = 32;

enum class along { every_element, rows, columns, whole };

template <class T>
struct work {
  std::string function;
  along axis = along::every_element;
  std::vector<values<T>> inputs;
};

struct shape_of_result {
  std::int64_t rows;
  std::int64_t columns;
};

template <class T>
shape_of_result shape_of(const work<T>& w) {
  const values<T>& x = w.inputs[0];
  if (w.function == "outer") return {x.columns, w.inputs[1].columns};
  if (w.function == "matmul") return {x.rows, w.inputs[1].columns};
  if (w.axis == along::whole) return {1, 1};
  const bool reduces = w.function == "sum" || w.function == "max" || w.function == "norm";
  if (reduces && w.axis == along::rows) return {x.rows, 1};
  if (reduces && w.axis == along::columns) return {1, x.columns};
  return {x.rows, x.columns};
}

/// A call that writes into a result which exists, and that result. No call: it is not measured.
struct prepared {
  std::function<void()> call = {};
  std::function<std::vector<double>()> result = {};
};

struct library {
  std::string name;
  std::map<std::string, std::string> software;
  std::function<prepared(const work<float>&)> prepare_float;
  std::function<prepared(const work<double>&)> prepare_double;
};

// Each in a file of its own, compiled for this machine, where its library is installed.
library eigen();
library xtensor();

}  // namespace bench::host_peers
