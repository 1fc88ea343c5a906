// Reductions, compiled for the host.
#include "compile.hpp"

namespace numfuse::detail {

extern const auto host_reductions_code = code_of<host>(reductions_calls{});

}  // namespace numfuse::detail
