// Elementwise operations, compiled for the host.
#include "compile.hpp"

namespace numfuse::detail {

extern const auto host_elementwise_code = code_of<host>(elementwise_calls{});

}  // namespace numfuse::detail
