// Private to the library: the text of floating values, which print.cpp lays out in rows.
#pragma once

#include <string>
#include <vector>

#include <numfuse/print.hpp>

namespace numfuse::detail {

/// One word for each value, all in the format that they share and equally long.
template <floating_dtype T>
std::vector<std::string> format_floats(const std::vector<T>& values, const print_options& options);

/// The shortest text that identifies x.
template <floating_dtype T>
std::string format_float(T x);

}  // namespace numfuse::detail
