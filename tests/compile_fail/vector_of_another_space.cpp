// error: a tensor takes over a vector of its own space
// A vector in the host's memory as the elements of a device tensor.
#include <numfuse/numfuse.hpp>

#include <vector>

int main() {
#if defined(CORRECT)
  using tensor = numfuse::host_tensor<float>;
#else
  using tensor = numfuse::device_tensor<float>;
#endif
  const tensor x(numfuse::shape{3}, std::vector<float>(3));
  return static_cast<int>(x.size());
}
