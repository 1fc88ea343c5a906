// What the table of operations is made of: one kind of row for each way to call a function.
#pragma once

#include <algorithm>
#include <cstddef>
#include <utility>

#include <numfuse/reference.hpp>

#include "compare.hpp"
#include "inputs.hpp"

namespace numfuse::tests {

/// The test that runs a row.
enum class family {
  elementwise,
  reductions,
  norms,
  softmax,
  normalize,
  losses,
  linalg,
  comparison
};

/// Element by element, of as many operands as there are domains.
template <std::size_t Arity, class F, class R>
struct elementwise_row {
  static constexpr auto belongs_to = family::elementwise;
  static constexpr std::size_t arity = Arity;
  const char* name;
  F function;   // of tensors
  R reference;  // of float64 or int64 tensors
  domain inputs[Arity];
  tolerance allowed;
};
template <std::size_t Arity, class F, class R>
auto make_elementwise(const char* name, F f, R r, const tolerance& allowed,
                      const domain (&inputs)[Arity]) {
  elementwise_row<Arity, F, R> made{name, f, r, {}, allowed};
  std::copy(inputs, inputs + Arity, made.inputs);
  return made;
}

/// One number for each vector: function(x, axis, keepdims), and what the error is measured against:
/// scale(x, axis, keepdims, expected).
template <class F, class R, class S>
struct reduction_row {
  static constexpr auto belongs_to = family::reductions;
  const char* name;
  F function;
  R reference;
  S scale;
  domain inputs;
  tolerance allowed;
  bool defined_when_empty;
};
template <class F, class R, class S>
reduction_row<F, R, S> make_reduction(const char* name, F f, R r, S scale, const domain& inputs,
                                      const tolerance& allowed, bool defined_when_empty = true) {
  return {name, f, r, scale, inputs, allowed, defined_when_empty};
}

/// A vector for each vector: function(x, axis), scale(x, axis, expected).
template <family Family, class F, class R, class S>
struct vector_row {
  static constexpr auto belongs_to = Family;
  const char* name;
  F function;
  R reference;
  S scale;
  domain inputs;
  tolerance allowed;
  bool defined_when_empty;
};
template <family Family, class F, class R, class S>
vector_row<Family, F, R, S> make_vector(const char* name, F f, R r, S scale, const domain& inputs,
                                        const tolerance& allowed, bool defined_when_empty) {
  return {name, f, r, scale, inputs, allowed, defined_when_empty};
}

/// A scalar of two tensors.
template <class F, class R>
struct loss_row {
  static constexpr auto belongs_to = family::losses;
  const char* name;
  F function;
  R reference;
  domain inputs;
  tolerance allowed;
};
template <class F, class R>
loss_row<F, R> make_loss(const char* name, F f, R r, const domain& inputs,
                         const tolerance& allowed) {
  return {name, f, r, inputs, allowed};
}

/// An operation whose arguments are like no other's: the test of the family knows them.
template <family Family>
struct own_row {
  static constexpr auto belongs_to = Family;
  const char* name;
  domain inputs;
  tolerance allowed;
};

// --- What errors are measured against, in float64.

inline constexpr auto of_value = [](const auto&, const auto&, bool, const auto& expected) {
  return reference::abs(widened<double>(expected));
};
inline constexpr auto of_sum = [](const auto& x, const auto& axis, bool keep, const auto&) {
  return reference::sum(reference::abs(widened<double>(x)), axis, keep);
};
inline constexpr auto of_mean = [](const auto& x, const auto& axis, bool keep, const auto&) {
  return reference::mean(reference::abs(widened<double>(x)), axis, keep);
};
/// 1 + |m| + |value|: what log(sum(exp(x - m))) + m adds up, where m is the largest x.
inline constexpr auto of_logarithm = [](const auto& x, const auto& axis, bool keep,
                                        const auto& expected) {
  const auto largest = reference::abs(reference::max(widened<double>(x), axis, keep));
  return reference::add(reference::add(largest, reference::abs(expected)), reference::array{1});
};

/// How far each number lies below the largest of its vector.
inline reference::array depth(const reference::array& x, int axis) {
  return reference::abs(reference::subtract(x, reference::max(x, axis, true)));
}
/// value (2 + depth): a rounded exponent x - m costs exp(x - m) as many units as it is large.
inline constexpr auto of_exponential = [](const auto& x, int axis, const auto& expected) {
  const auto units = reference::add(depth(widened<double>(x), axis), reference::array{2});
  return reference::multiply(reference::abs(expected), units);
};
/// 1 + depth + |value|
inline constexpr auto of_log_share = [](const auto& x, int axis, const auto& expected) {
  const auto terms =
      reference::add(depth(widened<double>(x), axis), reference::abs(widened<double>(expected)));
  return reference::add(terms, reference::array{1});
};
inline constexpr auto of_element = [](const auto&, int, const auto& expected) {
  return reference::abs(expected);
};

}  // namespace numfuse::tests
