// Conversions between dtypes and choices by a condition, compiled for the device.
#include "compile.cuh"

namespace numfuse::detail {

extern constinit const auto device_conversions_code = code_of<device>(conversions_calls{});

}  // namespace numfuse::detail
