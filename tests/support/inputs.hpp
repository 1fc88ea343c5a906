// What the tests feed to functions: edge sizes and shapes, seeded random numbers, special values.
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include <numfuse/reference.hpp>

namespace numfuse::tests {

// --- Sizes and shapes.

/// Around the sizes of vectors, warps, blocks and tiles.
inline const std::vector<std::int64_t> edge_sizes = {
    0, 1, 2, 15, 16, 17, 31, 32, 33, 127, 128, 129, 1023, 1024, 1025, 4097, 100003};

/// A shape and the axis along which a function works; no axis is the whole tensor.
struct layout_case {
  shape sizes;
  std::optional<int> axis;
};

inline std::string to_string(const layout_case& c) {
  return "shape " + numfuse::to_string(c.sizes) + ", " +
         (c.axis ? "axis " + std::to_string(*c.axis) : "whole tensor");
}

inline std::int64_t length_of(const layout_case& c) {
  return c.axis ? c.sizes[*c.axis < 0 ? *c.axis + c.sizes.rank() : *c.axis] : c.sizes.size();
}

/// True where some vector of the layout has no elements, though there are vectors.
inline bool has_empty_vectors(const layout_case& c) {
  if (length_of(c) > 0) return false;
  shape others = c.sizes;
  if (c.axis) others[*c.axis < 0 ? *c.axis + c.sizes.rank() : *c.axis] = 1;
  return !c.axis || others.size() > 0;
}

/// Every edge size as the length of the vectors, as their number, and as a middle axis; then the
/// ranks from 0 to 8.
inline std::vector<layout_case> edge_layouts() {
  std::vector<layout_case> cases;
  for (std::int64_t n : edge_sizes) {
    cases.push_back({{n}, 0});
    cases.push_back({{3, n}, 1});
    cases.push_back({{n, 3}, -1});
    cases.push_back({{n, 3}, 0});
    cases.push_back({{2, n, 3}, 1});
    if (n > 50000) continue;  // so that the tests stay quick
    cases.push_back({{2, 3, n}, -2});
    cases.push_back({{2, n, 3}, std::nullopt});
  }
  for (std::int64_t n : {2, 17, 33, 129, 1025}) {
    cases.push_back({{n, 129}, 1});
    cases.push_back({{129, n}, 0});
  }
  const shape many{2, 1, 3, 2, 1, 2, 3, 2};
  for (int axis = -8; axis < 8; ++axis) cases.push_back({many, axis});
  cases.push_back({many, std::nullopt});
  cases.push_back({{}, std::nullopt});
  return cases;
}

/// The shapes alone, for functions that work element by element.
inline std::vector<shape> edge_shapes() {
  std::vector<shape> shapes = {{}, {1, 1}, {0, 3}, {3, 0}, {17, 33}, {2, 1, 3, 2, 1, 2, 3, 2}};
  for (std::int64_t n : edge_sizes) shapes.push_back({n});
  return shapes;
}

// --- Numbers.

/// Half of the numbers lie evenly in [low, high], half thicken towards zero down to 2^-16 of the
/// ends: sums of them mix large and small. Whole numbers all lie evenly.
struct domain {
  double low = -4;
  double high = 4;
  double special = 0;  // this share are NaN, infinities, zeros of both signs and subnormals
  bool subnormals = true;
  double smallest = 0;  // if not 0, the least |x|, and whole numbers are odd
};

template <class T>
T from_double(double x) {
  if constexpr (integral_dtype<T>) {
    return static_cast<T>(std::floor(x));
  } else if constexpr (sizeof(T) == 2) {
    return T(static_cast<float>(x));
  } else {
    return static_cast<T>(x);
  }
}

/// What makes a floating format.
struct float_format {
  int digits;        // of the significand, the hidden one included
  int max_exponent;  // of the largest number: 2^max_exponent (2 - 2^(1 - digits))
  int min_exponent;  // of the smallest subnormal number

  /// The distance between the neighbours of a number of this size.
  double spacing(double x) const {
    const int exponent = x == 0 ? min_exponent : std::ilogb(x) - digits + 1;
    return std::ldexp(1.0, std::max(exponent, min_exponent));
  }
  double smallest() const { return std::ldexp(1.0, min_exponent); }
  double smallest_normal() const { return std::ldexp(1.0, min_exponent + digits - 1); }
  double largest() const { return std::ldexp(2 - std::ldexp(1.0, 1 - digits), max_exponent); }
};

template <floating_dtype T>
constexpr float_format format_of() {
  switch (dtype_of<T>) {
    case dtype::float16:
      return {11, 15, -24};
    case dtype::bfloat16:
      return {8, 127, -133};
    case dtype::float32:
      return {24, 127, -149};
    default:
      return {53, 1023, -1074};
  }
}

/// Where formulas change their mind: ends of the format, ends of exp's range, zeros, NaN.
template <floating_dtype T>
std::vector<T> special_values() {
  const float_format f = format_of<T>();
  const double inf = std::numeric_limits<double>::infinity();
  std::vector<T> values;
  for (double x : {0.0,
                   f.smallest(),
                   3 * f.smallest(),
                   f.smallest_normal() - f.smallest(),
                   f.smallest_normal(),
                   1e-8,
                   f.spacing(1.0),
                   0.25,
                   0.5,
                   1 - f.spacing(0.5),
                   1.0,
                   1 + f.spacing(1.0),
                   1.5,
                   2.0,
                   3.0,
                   9.0,
                   10.5,
                   11.5,
                   16.0,
                   17.5,
                   80.0,
                   88.5,
                   89.0,
                   104.0,
                   700.0,
                   710.0,
                   746.0,
                   f.largest(),
                   inf}) {
    values.push_back(from_double<T>(x));
    values.push_back(from_double<T>(-x));
  }
  values.push_back(from_double<T>(std::numeric_limits<double>::quiet_NaN()));
  return values;
}

/// The ends of the format, and small numbers.
template <integral_dtype T>
std::vector<T> special_values() {
  using limits = std::numeric_limits<T>;
  if constexpr (std::same_as<T, bool>) {
    return {false, true};
  } else {
    std::vector<T> values = {limits::lowest(), limits::lowest() + 1, limits::max() / 2,
                             limits::max() - 1, limits::max()};
    for (int x = std::is_signed_v<T> ? -5 : 0; x <= 5; ++x) values.push_back(static_cast<T>(x));
    return values;
  }
}

// What goes through all numbers is compiled once, and fast, in inputs.cpp.

/// Random numbers that depend on nothing but the arguments.
template <any_dtype T>
host_tensor<T> random_input(const shape& s, const domain& d, std::uint64_t seed);

/// Random numbers whose sums and products have no rounding errors, in whatever order they are made.
template <any_dtype T>
host_tensor<T> exact_input(const shape& s, std::uint64_t seed);

/// The same numbers, exactly, as the reference takes them.
template <any_dtype To, any_dtype T>
host_tensor<To> widened(const host_tensor<T>& x);

/// float64 for floating dtypes, int64 for the others.
template <any_dtype T>
auto for_reference(const host_tensor<T>& x) {
  return widened<std::conditional_t<floating_dtype<T>, double, std::int64_t>>(x);
}

}  // namespace numfuse::tests
