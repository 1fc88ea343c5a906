// Conversions between dtypes, choices by a condition and sequences, compiled for the host.
#include "compile.hpp"

namespace numfuse::detail {

#define NUMFUSE_ROW(T) code_of<host, formulas::astype_formula<T>>(),
extern const std::array<compiled_code, 8> host_astype_code[] = {
    NUMFUSE_FOR_EACH_DTYPE(NUMFUSE_ROW)};
#undef NUMFUSE_ROW

#define NUMFUSE_ROW(T) code_for<host, formulas::where_formula, bool, T, T>(),
extern const compiled_code host_where_code[] = {NUMFUSE_FOR_EACH_DTYPE(NUMFUSE_ROW)};
#undef NUMFUSE_ROW

// A sequence of dtype T starts from a repeated T.
#define NUMFUSE_ROW(T) code_for<host, formulas::arange_formula<T>, T>(),
extern const compiled_code host_arange_code[] = {NUMFUSE_FOR_EACH_DTYPE(NUMFUSE_ROW)};
#undef NUMFUSE_ROW

#define NUMFUSE_ROW(T)                               \
  code_for<host, formulas::random_uniform_formula<T>, T>(),  \
      code_for<host, formulas::random_normal_formula<T>, T>(),
extern const compiled_code host_random_code[] = {NUMFUSE_FOR_EACH_FLOATING(NUMFUSE_ROW)};
#undef NUMFUSE_ROW

}  // namespace numfuse::detail
