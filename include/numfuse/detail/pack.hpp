// A small heterogeneous pack for both spaces; std::tuple's functions do not run on a GPU.
#pragma once

#include <cstddef>
#include <utility>

#include <numfuse/formula.hpp>

namespace numfuse::detail {

template <std::size_t I, class T>
struct pack_leaf {
  T value;
};

template <class Indices, class... T>
struct pack_of;
template <std::size_t... I, class... T>
struct pack_of<std::index_sequence<I...>, T...> : pack_leaf<I, T>... {};

template <class... T>
using pack = pack_of<std::index_sequence_for<T...>, T...>;

template <std::size_t I, class T>
NUMFUSE_INLINE T& get(pack_leaf<I, T>& leaf) {
  return leaf.value;
}
template <std::size_t I, class T>
NUMFUSE_INLINE const T& get(const pack_leaf<I, T>& leaf) {
  return leaf.value;
}

/// The I-th result of a formula that returned one value or outputs(...).
template <std::size_t I, class X>
NUMFUSE_INLINE const auto& result_of(const X& x) {
  if constexpr (formula_value<X>) {
    return x;
  } else if constexpr (I == 0) {
    return x.first;
  } else {
    return result_of<I - 1>(x.rest);
  }
}

}  // namespace numfuse::detail
