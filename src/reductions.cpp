// Reductions, compiled for the host.
#include "compile_host.hpp"

namespace numfuse::detail::NUMFUSE_LIBRARY_ISA {

extern constinit const auto reductions_code =
    host_code_of<isa::NUMFUSE_LIBRARY_ISA>(reductions_calls{});

}  // namespace numfuse::detail::NUMFUSE_LIBRARY_ISA
