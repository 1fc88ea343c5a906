// A call of each family, in a dtype of each size, for tests/ptx/run to look at its kernels.
#include <numfuse/cuda/execute.cuh>
#include <numfuse/numfuse.hpp>
#include <numfuse/operations.hpp>

namespace numfuse::cuda {

template <class F, class T>
using call_of = detail::call_of<F, T>;

#define NUMFUSE_FAMILIES(T)                                                                \
  template void run(const call_of<formulas::exp_formula, T>&, const plan&, const stream&); \
  template void run(const call_of<formulas::sum_formula, T>&, const plan&, const stream&); \
  template void run(const call_of<formulas::softmax_formula, T>&, const plan&, const stream&);
NUMFUSE_FAMILIES(half)
NUMFUSE_FAMILIES(float)
NUMFUSE_FAMILIES(double)

}  // namespace numfuse::cuda
