// How the library compiles its calls for the host: all of them for the baseline, and those that are
// worth it once more for wider instruction sets. The baseline's files also hold the choice between
// them.
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

template <class Call>
struct first_input;
template <class F, class In, class... Rest, class Out>
struct first_input<call<F, types<In, Rest...>, Out>> {
  using type = In;
};

/// True where a call is compiled for an instruction set. Real numbers are for each of them; for
/// whole numbers what counts, comparisons and extremes, comes with AVX2.
template <isa Isa, class Call>
constexpr bool has_code() {
  using T = typename first_input<Call>::type;
  if (Isa == isa::baseline) return true;
  return NUMFUSE_HAS_WIDE_ISAS &&
         (std::is_floating_point_v<T> || (std::is_integral_v<T> && Isa == isa::avx2));
}

template <class Call>
void execute_compiled(host, const Call& c, const stream&) {
  switch (chosen_isa()) {
    case isa::avx512:
      if constexpr (has_code<isa::avx512, Call>()) {
        return run_with(isa_constant<isa::avx512>{}, c);
      }
      [[fallthrough]];
    case isa::avx2:
      if constexpr (has_code<isa::avx2, Call>()) return run_with(isa_constant<isa::avx2>{}, c);
      [[fallthrough]];
    case isa::baseline:
      return run_with(isa_constant<isa::baseline>{}, c);
  }
}

template <isa Isa, class Call>
constexpr const void* wide_code_of() {
  if constexpr (has_code<Isa, Call>()) {
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
