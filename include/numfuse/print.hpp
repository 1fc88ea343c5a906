// Text as NumPy prints it: what str(array) and str(scalar) give.
#pragma once

#include <cstdint>
#include <string>

#include <numfuse/dtype.hpp>
#include <numfuse/shape.hpp>

namespace numfuse {

/// NumPy's print options, with its defaults.
struct print_options {
  int precision = 8;              ///< The most digits after the decimal point; at least 0.
  std::int64_t threshold = 1000;  ///< Arrays of more elements are summarised by "...".
  int edge_items = 3;             ///< What a summary keeps at both ends of an axis; at least 1.
  int line_width = 75;            ///< Lines are folded before they reach this many characters.
  bool suppress = false;          ///< Small numbers print as 0. instead of forcing exponents.
};

/// The text of an array: what NumPy (2.3 and later) gives for np.array2string(a, ...), and for
/// str(a) with the default options.
///
/// Floating elements share one format. It has exponents where the largest |x| is 10^p or more
/// (p = 8 for float64, 6 for float32, 3 for float16, 2 for bfloat16), the smallest nonzero |x| is
/// below 0.0001, or they differ by a factor of more than 1000. Each element shows the fewest
/// digits that identify it in its dtype, rounded to `precision` places where it needs more.
/// A scalar (rank 0) prints as `scalar_to_string` does; an array without elements is "[]".
///
/// Shapes: any, with any strides; element (i, j, ...) is data[i * st[0] + j * st[1] + ...].
/// Dtypes: all; bfloat16, which NumPy lacks, by the rules of its other floating dtypes.
/// Space: host memory. A summary reads only the elements that it shows.
/// Throws: shape_error if s and st differ in rank; value_error for an option out of its range.
template <any_dtype T>
std::string array_to_string(const T* data, const shape& s, const strides& st,
                            const print_options& options = {});

/// The text of one value: the fewest digits that identify it in its dtype, as Python's str(float)
/// and NumPy's str(scalar) print it: "0.7310585786300049", "1.1", "278", "1e-05", "nan", "True".
///
/// Dtypes: all. Exponents appear below 0.0001 and from 1e16 on for float64, from 10^p on for the
/// narrower floating dtypes (p as above).
template <any_dtype T>
std::string scalar_to_string(T x);

}  // namespace numfuse
