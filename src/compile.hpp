// How the library compiles its operations for the host: one table of code a file.
//
// The tables hold the addresses of the calls, which makes the compiler keep their code. For which
// dtypes a formula is compiled, the formula itself states.
#pragma once

#include <array>

#include <numfuse/operations.hpp>

namespace numfuse::detail {

template <class Call>
void execute_compiled(host, const Call& c, const stream&) {
  host_executor::run(c);
}

using compiled_code = const void*;

template <class Space, class F, class... In>
compiled_code code_for() {
  using execute = void (*)(Space, const call_of<F, In...>&, const stream&);
  return reinterpret_cast<const void*>(static_cast<execute>(&execute_compiled<call_of<F, In...>>));
}

template <class Space, class F, class T>
compiled_code code_of_dtype() {
  if constexpr (!is_compiled<F, T>()) {
    return nullptr;
  } else if constexpr (F::arity == 1) {
    return code_for<Space, F, T>();
  } else if constexpr (F::arity == 2) {
    return code_for<Space, F, T, T>();
  } else {
    return code_for<Space, F, T, T, T>();
  }
}

/// The code of a formula for every dtype; null where it is not compiled.
template <class Space, class F>
std::array<compiled_code, 8> code_of() {
#define NUMFUSE_CODE(T) code_of_dtype<Space, F, T>(),
  return {NUMFUSE_FOR_EACH_DTYPE(NUMFUSE_CODE)};
#undef NUMFUSE_CODE
}

}  // namespace numfuse::detail
