// Conversions between dtypes, choices by a condition and sequences, compiled for the host.
#include "compile.hpp"

namespace numfuse::detail {

extern const auto host_conversions_code = code_of<host>(conversions_calls{});

}  // namespace numfuse::detail
