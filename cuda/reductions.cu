// Reductions, compiled for the device.
#include "compile.cuh"

namespace numfuse::detail {

#define NUMFUSE_ROW(name) code_of<device, formulas::name##_formula>(),
extern const std::array<compiled_code, 8> device_reductions_code[] = {
    NUMFUSE_REDUCTION_OPERATIONS(NUMFUSE_ROW)};
#undef NUMFUSE_ROW

}  // namespace numfuse::detail
