// Operations of several steps over a vector: softmax and its kin, compiled for the device.
#include "compile.cuh"

namespace numfuse::detail {

#define NUMFUSE_ROW(name) code_of<device, formulas::name##_formula>(),
extern const std::array<compiled_code, 8> device_softmax_code[] = {
    NUMFUSE_VECTOR_OPERATIONS(NUMFUSE_ROW)};
#undef NUMFUSE_ROW

}  // namespace numfuse::detail
