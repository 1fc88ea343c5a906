// Sequences and random numbers, compiled for the host.
#include "compile_host.hpp"

namespace numfuse::detail::NUMFUSE_LIBRARY_ISA {

extern constinit const auto sequences_code =
    host_code_of<isa::NUMFUSE_LIBRARY_ISA>(sequences_calls{});

}  // namespace numfuse::detail::NUMFUSE_LIBRARY_ISA
