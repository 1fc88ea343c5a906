// How the library compiles its calls for the host: all of them for the baseline, and those of
// float32 and float64 once more for each wider instruction set. The baseline's files also hold the
// choice between them.
#pragma once

#include "compile.hpp"
#include "isa.hpp"

namespace numfuse::detail {

// Defined below for the instruction set of this file, in other files for the others.
template <class Call>
void run_with(isa_constant<isa::baseline>, const Call& c);
template <class Call>
void run_with(isa_constant<isa::avx2>, const Call& c);
template <class Call>
void run_with(isa_constant<isa::avx512>, const Call& c);

template <class Call>
void run_with(isa_constant<isa::NUMFUSE_LIBRARY_ISA>, const Call& c) {
  host_executor::run(c);
}

/// True where a call is worth the time to compile it again.
template <class Call>
inline constexpr bool has_wide_code = false;
template <class F, class In, class... Rest, class Out>
inline constexpr bool has_wide_code<call<F, types<In, Rest...>, Out>> =
    NUMFUSE_HAS_WIDE_ISAS&& std::is_floating_point_v<In>;

template <class Call>
void execute_compiled(host, const Call& c, const stream&) {
  if constexpr (has_wide_code<Call>) {
    switch (chosen_isa()) {
      case isa::avx512:
        return run_with(isa_constant<isa::avx512>{}, c);
      case isa::avx2:
        return run_with(isa_constant<isa::avx2>{}, c);
      case isa::baseline:
        break;
    }
  }
  run_with(isa_constant<isa::baseline>{}, c);
}

template <isa Isa, class Call>
constexpr const void* wide_code_of() {
  if constexpr (has_wide_code<Call>) {
    return &entry<static_cast<void (*)(isa_constant<Isa>, const Call&)>(&run_with<Call>)>;
  } else {
    return nullptr;
  }
}

/// The code of calls for the instruction set of this file.
template <isa Isa, class... Call>
constexpr std::array<const void*, sizeof...(Call)> host_code_of(types<Call...> calls) {
  if constexpr (Isa == isa::baseline) {
    return code_of<host>(calls);
  } else {
    return {wide_code_of<Isa, Call>()...};
  }
}

}  // namespace numfuse::detail
