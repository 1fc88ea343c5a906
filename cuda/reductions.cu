// Reductions, compiled for the device.
#include "compile.cuh"

namespace numfuse::detail {

extern constinit const auto device_reductions_code = code_of<device>(reductions_calls{});

}  // namespace numfuse::detail
