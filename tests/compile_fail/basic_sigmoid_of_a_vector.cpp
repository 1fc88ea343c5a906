// error: cannot convert
// The notebook's second exercise: a sigmoid of one number, by the C library's exp, given a vector.
#include <cmath>

#include <numfuse/numfuse.hpp>

double basic_sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

int main() {
  const numfuse::host_tensor<double> x{1, 2, 3};
#if defined(CORRECT)
  return basic_sigmoid(x.data()[0]) > 1;
#else
  return basic_sigmoid(x) > 1;
#endif
}
