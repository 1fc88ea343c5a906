// Operations of several steps over a vector: softmax and its kin, compiled for the host.
#include "compile_host.hpp"

namespace numfuse::detail::NUMFUSE_LIBRARY_ISA {

extern constinit const auto softmax_code = host_code_of<isa::NUMFUSE_LIBRARY_ISA>(softmax_calls{});

}  // namespace numfuse::detail::NUMFUSE_LIBRARY_ISA
