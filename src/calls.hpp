// The calls that the library compiles, for every space that it compiles them for: each operation of
// the list on inputs of each dtype that its formula states.
#pragma once

#include <numfuse/operations.hpp>

namespace numfuse::detail {

// A program that takes long to compile may take one dtype of each size.
#if !defined(NUMFUSE_ONE_DTYPE_OF_EACH_SIZE)
#define NUMFUSE_FOR_EACH_LISTED_DTYPE NUMFUSE_FOR_EACH_DTYPE
#elif NUMFUSE_HAS_CUDA
#define NUMFUSE_FOR_EACH_LISTED_DTYPE(M) M(bool) M(half) M(float) M(double)
#else
#define NUMFUSE_FOR_EACH_LISTED_DTYPE(M) M(bool) M(float) M(double)
#endif

template <class... Lists>
struct joined_types;
template <class... A>
struct joined_types<types<A...>> {
  using type = types<A...>;
};
template <class... A, class... B, class... Rest>
struct joined_types<types<A...>, types<B...>, Rest...> : joined_types<types<A..., B...>, Rest...> {
};
template <class... Lists>
using joined = typename joined_types<Lists...>::type;

/// The call of F on inputs of one dtype, if the formula says that it is compiled for that.
template <class F, class T>
constexpr auto call_of_dtype() {
  if constexpr (!is_compiled<F, T>()) {
    return types<>{};
  } else if constexpr (F::arity == 1) {
    return types<call_of<F, T>>{};
  } else if constexpr (F::arity == 2) {
    return types<call_of<F, T, T>>{};
  } else {
    return types<call_of<F, T, T, T>>{};
  }
}

#define NUMFUSE_CALL(T) , decltype(call_of_dtype<F, T>())
template <class F>
using calls_of = joined<types<> NUMFUSE_FOR_EACH_LISTED_DTYPE(NUMFUSE_CALL)>;
#undef NUMFUSE_CALL

#define NUMFUSE_CALLS(name) , calls_of<formulas::name##_formula>
using elementwise_calls = joined<types<> NUMFUSE_ELEMENTWISE_OPERATIONS(NUMFUSE_CALLS)>;
using reductions_calls = joined<types<> NUMFUSE_REDUCTION_OPERATIONS(NUMFUSE_CALLS)>;
using softmax_calls = joined<types<> NUMFUSE_VECTOR_OPERATIONS(NUMFUSE_CALLS)>;
#undef NUMFUSE_CALLS

// Conversions, and choices by a condition.
#define NUMFUSE_CALLS(T) \
  , calls_of<formulas::astype_formula<T>>, types<call_of<formulas::where_formula, bool, T, T>>
using conversions_calls = joined<types<> NUMFUSE_FOR_EACH_LISTED_DTYPE(NUMFUSE_CALLS)>;
#undef NUMFUSE_CALLS

// Sequences, which start from a repeated number.
#define NUMFUSE_CALLS(T) , types<call_of<formulas::arange_formula<T>, T>>
#define NUMFUSE_RANDOM_CALLS(T)                            \
  , types<call_of<formulas::random_uniform_formula<T>, T>, \
          call_of<formulas::random_normal_formula<T>, T>>
using sequences_calls = joined<types<> NUMFUSE_FOR_EACH_LISTED_DTYPE(NUMFUSE_CALLS)
                                   NUMFUSE_FOR_EACH_FLOATING(NUMFUSE_RANDOM_CALLS)>;
#undef NUMFUSE_CALLS
#undef NUMFUSE_RANDOM_CALLS

}  // namespace numfuse::detail
