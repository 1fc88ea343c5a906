// Conversions between dtypes, choices by a condition and sequences, compiled for the device.
#include "compile.cuh"

namespace numfuse::detail {

#define NUMFUSE_ROW(T) code_of<device, formulas::astype_formula<T>>(),
extern const std::array<compiled_code, 8> device_astype_code[] = {
    NUMFUSE_FOR_EACH_DTYPE(NUMFUSE_ROW)};
#undef NUMFUSE_ROW

#define NUMFUSE_ROW(T) code_for<device, formulas::where_formula, bool, T, T>(),
extern const compiled_code device_where_code[] = {NUMFUSE_FOR_EACH_DTYPE(NUMFUSE_ROW)};
#undef NUMFUSE_ROW

// A sequence of dtype T starts from a repeated T.
#define NUMFUSE_ROW(T) code_for<device, formulas::arange_formula<T>, T>(),
extern const compiled_code device_arange_code[] = {NUMFUSE_FOR_EACH_DTYPE(NUMFUSE_ROW)};
#undef NUMFUSE_ROW

#define NUMFUSE_ROW(T)                                        \
  code_for<device, formulas::random_uniform_formula<T>, T>(), \
      code_for<device, formulas::random_normal_formula<T>, T>(),
extern const compiled_code device_random_code[] = {NUMFUSE_FOR_EACH_FLOATING(NUMFUSE_ROW)};
#undef NUMFUSE_ROW

}  // namespace numfuse::detail
