// Sequences and random numbers, compiled for the device.
#include "compile.cuh"

namespace numfuse::detail {

extern constinit const auto device_sequences_code = code_of<device>(sequences_calls{});

}  // namespace numfuse::detail
