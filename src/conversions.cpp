// Conversions between dtypes and choices by a condition, compiled for the host.
// They are as fast as memory as they are: the baseline serves every CPU.
#undef NUMFUSE_HAS_WIDE_ISAS
#define NUMFUSE_HAS_WIDE_ISAS 0
#include "compile_host.hpp"

namespace numfuse::detail::NUMFUSE_LIBRARY_ISA {

extern constinit const auto conversions_code =
    host_code_of<isa::NUMFUSE_LIBRARY_ISA>(conversions_calls{});

}  // namespace numfuse::detail::NUMFUSE_LIBRARY_ISA
