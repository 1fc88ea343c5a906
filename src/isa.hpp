// The instruction sets that the library is compiled for on the host.
#pragma once

#include <type_traits>

#include <numfuse/host/isa.hpp>

namespace numfuse::detail {

enum class isa { baseline, avx2, avx512 };

template <isa I>
using isa_constant = std::integral_constant<isa, I>;

/// The widest that this CPU has.
isa widest_isa();

/// The same, or the one that the user asks for.
isa chosen_isa();

}  // namespace numfuse::detail
