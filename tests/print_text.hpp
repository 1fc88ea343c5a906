// What the tests of printing share: the text of values given in a list.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <numfuse/print.hpp>

namespace numfuse {

/// The text of values in a shape.
template <any_dtype T>
std::string text_of(const std::vector<T>& values, const shape& s,
                    const print_options& options = {}) {
  // vector<bool> has no pointer to its elements.
  const auto data = std::make_unique<T[]>(values.size() + 1);
  for (std::size_t i = 0; i < values.size(); ++i) data[i] = values[i];
  return array_to_string<T>(data.get(), s, contiguous_strides(s), options);
}

/// The text of values, converted to T, in a shape.
template <any_dtype T>
std::string text(const std::vector<double>& values, const shape& s,
                 const print_options& options = {}) {
  std::vector<T> converted;
  for (double value : values) converted.push_back(convert<T>(value));
  return text_of<T>(converted, s, options);
}

/// The text of values, converted to T, in one row.
template <any_dtype T>
std::string text(const std::vector<double>& values) {
  return text<T>(values, {static_cast<std::int64_t>(values.size())});
}

/// n values: start, start + step, ...
inline std::vector<double> arange(int n, double step = 1, double start = 0) {
  std::vector<double> values;
  for (int i = 0; i < n; ++i) values.push_back(start + i * step);
  return values;
}

}  // namespace numfuse
