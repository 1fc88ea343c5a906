// The list of numfuse's operations: every formula that the library compiles.
//
// One row an operation. The list drives the instantiations for both spaces, the tests, the
// benchmarks and the function table of the documentation.
#pragma once

#include <numfuse/fuse.hpp>
#include <numfuse/formulas/activations.hpp>
#include <numfuse/formulas/elementwise.hpp>
#include <numfuse/formulas/losses.hpp>
#include <numfuse/formulas/normalize.hpp>
#include <numfuse/formulas/norms.hpp>
#include <numfuse/formulas/reductions.hpp>
#include <numfuse/formulas/sequences.hpp>
#include <numfuse/formulas/softmax.hpp>

// clang-format off

// M(formula): element by element, arguments of one dtype.
#define NUMFUSE_ELEMENTWISE_OPERATIONS(M)                                                  \
  M(exp) M(log) M(log1p) M(expm1) M(sqrt) M(rsqrt) M(tanh) M(sigmoid) M(sigmoid_derivative) \
  M(negative) M(square) M(abs) M(sign) M(copy)                                             \
  M(add) M(subtract) M(multiply) M(divide) M(pow) M(maximum) M(minimum) M(clip)            \
  M(equal) M(not_equal) M(less) M(less_equal) M(greater) M(greater_equal)                  \
  M(logical_and) M(logical_or) M(logical_not)

// M(formula): one pass over the vector, a scalar.
#define NUMFUSE_REDUCTION_OPERATIONS(M)                                        \
  M(sum) M(prod) M(max) M(min) M(argmax) M(argmin) M(any) M(all) M(mean)       \
  M(norm) M(norm_of_order) M(l1_loss) M(l2_loss) M(dot) M(array_equal) M(allclose)

// M(formula): several dependent steps over the vector.
#define NUMFUSE_VECTOR_OPERATIONS(M) \
  M(softmax) M(log_softmax) M(normalize_rows) M(logsumexp) M(var) M(std)

// clang-format on

namespace numfuse::detail {

/// The call of formula F on inputs In: its results' dtypes follow.
template <class F, class... In>
using call_of = call<F, types<In...>, typename formula_info<F, In...>::dtypes>;

/// True where the library holds F for inputs of dtype T alone.
template <class F, class T>
constexpr bool is_compiled() {
  if constexpr (F::arity == 1) {
    return compiled_formula<F, T>;
  } else if constexpr (F::arity == 2) {
    return compiled_formula<F, T, T>;
  } else {
    return compiled_formula<F, T, T, T>;
  }
}

}  // namespace numfuse::detail
