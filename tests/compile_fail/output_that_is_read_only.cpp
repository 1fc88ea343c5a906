// error: an output is a const tensor, a temporary one, or a view that is read only
#include <numfuse/numfuse.hpp>

void square_into(const numfuse::host_tensor<float>& result, numfuse::host_tensor<float>& x) {
#if defined(CORRECT)
  numfuse::fuse(numfuse::formulas::square_formula{}).into(x, result);
#else
  numfuse::fuse(numfuse::formulas::square_formula{}).into(result, x);
#endif
}
