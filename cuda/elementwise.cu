// Elementwise operations, compiled for the device.
#include "compile.cuh"

namespace numfuse::detail {

extern constinit const auto device_elementwise_code = code_of<device>(elementwise_calls{});

}  // namespace numfuse::detail
