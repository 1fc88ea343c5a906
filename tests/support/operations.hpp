// The table of the tests: for every operation of the library's list (numfuse/operations.hpp) its
// reference, the inputs on which the two are compared, and how far they may differ, and why.
//
// The tests walk through the library's list and look up `row_<name>`: an operation without a row
// does not compile into them.
#pragma once

#include <limits>

#include <numfuse/numfuse.hpp>

#include "rows.hpp"

namespace numfuse::tests {

#define NUMFUSE_FUNCTION(f) [](const auto&... x) { return numfuse::f(x...); }
#define NUMFUSE_REFERENCE(f) [](const auto&... x) { return reference::f(x...); }
#define NUMFUSE_SAME(f) [](const auto& x) { return x; }
// Of functions that know real numbers only.
#define NUMFUSE_REALS(f) [](const auto&... x) { return reference::f(widened<double>(x)...); }
#define NUMFUSE_REAL(f) \
  [](const auto& x, const auto&... how) { return reference::f(widened<double>(x), how...); }

inline constexpr const char* libm = "the last place of the C and CUDA libraries' functions";
inline constexpr const char* rounded = "correctly rounded; the reference rounds twice";
inline constexpr const char* summed = "added in float64; each term and the result rounded";

// clang-format off

// --- Element by element: name, reference, ULP, reason, inputs.

#define NUMFUSE_ROW(name, reference_, ulps, why, ...)                                             \
  inline const auto row_##name = make_elementwise(#name, NUMFUSE_FUNCTION(name), reference_(name), \
                                                  {ulps, why}, {__VA_ARGS__});

NUMFUSE_ROW(exp,      NUMFUSE_REALS, 2, libm, {-110, 110})
NUMFUSE_ROW(log,      NUMFUSE_REALS, 2, libm, {0, 1000})
NUMFUSE_ROW(log1p,    NUMFUSE_REALS, 2, libm, {-0.99, 1000})
NUMFUSE_ROW(expm1,    NUMFUSE_REALS, 2, libm, {-110, 110})
NUMFUSE_ROW(tanh,     NUMFUSE_REALS, 3, libm, {-10, 10})
NUMFUSE_ROW(sqrt,     NUMFUSE_REALS, 1, rounded, {0, 1000})
NUMFUSE_ROW(rsqrt,    NUMFUSE_REALS, 2, "a root and a quotient, each rounded", {0, 1000})
NUMFUSE_ROW(sigmoid,  NUMFUSE_REALS, 4, "exp, a sum and a quotient", {-110, 110})
NUMFUSE_ROW(sigmoid_derivative, NUMFUSE_REALS, 6, "exp, the square of a sum, a quotient",
            {-110, 110})
NUMFUSE_ROW(square,   NUMFUSE_REFERENCE, 1, rounded, {-200, 200})
NUMFUSE_ROW(negative, NUMFUSE_REFERENCE, 0, "exact", {-200, 200})
NUMFUSE_ROW(abs,      NUMFUSE_REFERENCE, 0, "exact", {-200, 200})
NUMFUSE_ROW(sign,     NUMFUSE_REFERENCE, 0, "exact", {-200, 200})
NUMFUSE_ROW(copy,     NUMFUSE_SAME,      0, "exact", {-200, 200})

NUMFUSE_ROW(add,      NUMFUSE_REFERENCE, 1, rounded, {-200, 200}, {-200, 200})
NUMFUSE_ROW(subtract, NUMFUSE_REFERENCE, 1, rounded, {-200, 200}, {-200, 200})
NUMFUSE_ROW(multiply, NUMFUSE_REFERENCE, 1, rounded, {-200, 200}, {-200, 200})
NUMFUSE_ROW(divide,   NUMFUSE_REALS,     1, rounded, {-200, 200}, {-200, 200})
NUMFUSE_ROW(pow,      NUMFUSE_REFERENCE, 4, libm,    {-5, 20},    {-6, 10})
NUMFUSE_ROW(maximum,  NUMFUSE_REFERENCE, 0, "exact", {-200, 200}, {-200, 200})
NUMFUSE_ROW(minimum,  NUMFUSE_REFERENCE, 0, "exact", {-200, 200}, {-200, 200})
NUMFUSE_ROW(clip,     NUMFUSE_REFERENCE, 0, "exact", {-200, 200}, {-100, 50}, {-50, 100})

NUMFUSE_ROW(logical_and,   NUMFUSE_REFERENCE, 0, "exact", {-2, 2}, {-2, 2})
NUMFUSE_ROW(logical_or,    NUMFUSE_REFERENCE, 0, "exact", {-2, 2}, {-2, 2})
NUMFUSE_ROW(logical_not,   NUMFUSE_REFERENCE, 0, "exact", {-2, 2})
#undef NUMFUSE_ROW

#define NUMFUSE_ROW(name, op)                                                                  \
  inline const auto row_##name =                                                               \
      make_elementwise(#op, [](const auto& a, const auto& b) { return a op b; },               \
                       NUMFUSE_REFERENCE(name), exact, {{-2, 2}, {-2, 2}});
NUMFUSE_ROW(equal,         ==)
NUMFUSE_ROW(not_equal,     !=)
NUMFUSE_ROW(less,          <)
NUMFUSE_ROW(less_equal,    <=)
NUMFUSE_ROW(greater,       >)
NUMFUSE_ROW(greater_equal, >=)
#undef NUMFUSE_ROW

// --- One number for each vector: name, reference, measure of the error, inputs, tolerance, and
// whether no elements have a value.

#define NUMFUSE_ROW(name, reference_, ...) \
  inline const auto row_##name =           \
      make_reduction(#name, NUMFUSE_FUNCTION(name), reference_(name), __VA_ARGS__);

NUMFUSE_ROW(sum,    NUMFUSE_REFERENCE, of_sum,   domain{-4, 4},   tolerance{2, summed, 1})
NUMFUSE_ROW(prod,   NUMFUSE_REFERENCE, of_value, domain{.low = -2, .high = 2, .smallest = 0.5},
            tolerance{2, "each of n products rounded", 2, false})
NUMFUSE_ROW(max,    NUMFUSE_REFERENCE, of_value, domain{-40, 40}, exact, false)
NUMFUSE_ROW(min,    NUMFUSE_REFERENCE, of_value, domain{-40, 40}, exact, false)
NUMFUSE_ROW(argmax, NUMFUSE_REFERENCE, of_value, domain{-40, 40}, exact, false)
NUMFUSE_ROW(argmin, NUMFUSE_REFERENCE, of_value, domain{-40, 40}, exact, false)
NUMFUSE_ROW(any,    NUMFUSE_REFERENCE, of_value, domain{-2, 2},   exact)
NUMFUSE_ROW(all,    NUMFUSE_REFERENCE, of_value, domain{-2, 2},   exact)
NUMFUSE_ROW(mean,   NUMFUSE_REAL,      of_mean,  domain{-4, 4},   tolerance{2, summed, 1})
NUMFUSE_ROW(logsumexp, NUMFUSE_REAL,   of_logarithm, domain{-30, 30},
            tolerance{2, "exp, log and a sum, in the last place of the largest term", 1}, false)
#undef NUMFUSE_ROW

inline const auto row_var = make_reduction(
    "var", [](const auto& x, auto axis, bool keep) { return numfuse::var(x, axis, keep); },
    [](const auto& x, auto axis, bool keep) {
      return reference::var(widened<double>(x), axis, keep, 0);
    },
    of_value, domain{.subnormals = false},
    tolerance{4, "a difference, its square, the sum of few different ones, a quotient", 2});
inline const auto row_std = make_reduction(
    "std", [](const auto& x, auto axis, bool keep) { return numfuse::std(x, axis, keep); },
    [](const auto& x, auto axis, bool keep) {
      return reference::std(widened<double>(x), axis, keep, 0);
    },
    of_value, domain{.subnormals = false}, tolerance{4, "the root of var", 2});

// --- A vector for each vector.

inline const auto row_softmax = make_vector<family::softmax>(
    "softmax", NUMFUSE_FUNCTION(softmax), NUMFUSE_REAL(softmax), of_exponential, domain{-20, 20},
    tolerance{2, "exp of a rounded exponent, a sum, a quotient", 1}, false);
inline const auto row_log_softmax = make_vector<family::softmax>(
    "log_softmax", NUMFUSE_FUNCTION(log_softmax), NUMFUSE_REAL(log_softmax), of_log_share,
    domain{-20, 20}, tolerance{2, "two differences and a logarithm", 1}, false);
inline const auto row_normalize_rows = make_vector<family::normalize>(
    "normalize_rows", NUMFUSE_FUNCTION(normalize_rows), NUMFUSE_REAL(normalize_rows), of_element,
    domain{-4, 4}, tolerance{2, "a sum in float64, a root, a quotient", 1}, true);

// --- Two tensors, one number.

inline const auto row_l1_loss = make_loss(
    "l1_loss", NUMFUSE_FUNCTION(l1_loss), NUMFUSE_REALS(l1_loss), {-4, 4}, {2, summed, 1});
inline const auto row_l2_loss = make_loss(
    "l2_loss", NUMFUSE_FUNCTION(l2_loss), NUMFUSE_REALS(l2_loss), {-4, 4}, {3, summed, 1});

// --- Arguments of their own.

inline constexpr const char* powers = "powers in float64; the rounding of 1/p counts ln(sum) times";
inline const own_row<family::norms> row_norm{"norm", {-4, 4}, {2, summed, 1}};
inline const own_row<family::norms> row_norm_of_order{"norm", {-4, 4}, {8, powers, 1}};
inline const own_row<family::linalg> row_dot{
    "dot", {-4, 4}, {2, "BLAS adds in the dtype", 1, false}};
inline const own_row<family::comparison> row_array_equal{"array_equal", {-2, 2}, exact};
inline const own_row<family::comparison> row_allclose{"allclose", {-2, 2}, exact};
// clang-format on

/// Calls test(row) for every operation of the library's list that belongs to a family.
template <family Family, class Test>
void for_each_row(Test test) {
  const auto visit = [&]<class Row>(const Row& row) {
    if constexpr (Row::belongs_to == Family) test(row);
  };
#define NUMFUSE_VISIT(name) visit(row_##name);
  NUMFUSE_ELEMENTWISE_OPERATIONS(NUMFUSE_VISIT)
  NUMFUSE_REDUCTION_OPERATIONS(NUMFUSE_VISIT)
  NUMFUSE_VECTOR_OPERATIONS(NUMFUSE_VISIT)
#undef NUMFUSE_VISIT
}

}  // namespace numfuse::tests
