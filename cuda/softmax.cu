// Operations of several steps over a vector: softmax and its kin, compiled for the device.
#include "compile.cuh"

namespace numfuse::detail {

extern constinit const auto device_softmax_code = code_of<device>(softmax_calls{});

}  // namespace numfuse::detail
