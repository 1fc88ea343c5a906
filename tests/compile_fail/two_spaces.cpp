// error: the tensors of one call must live in one space
// A host tensor and a device tensor in one formula.
#include <numfuse/numfuse.hpp>

int main() {
  const auto x = numfuse::zeros<float>({3});
#if defined(CORRECT)
  const auto y = numfuse::zeros<float>({3});
#else
  const auto y = numfuse::zeros<float, numfuse::device>({3});
#endif
  return static_cast<int>((x + y).size());
}
