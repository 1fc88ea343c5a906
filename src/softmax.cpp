// Operations of several steps over a vector: softmax and its kin, compiled for the host.
#include "compile.hpp"

namespace numfuse::detail {

extern const auto host_softmax_code = code_of<host>(softmax_calls{});

}  // namespace numfuse::detail
