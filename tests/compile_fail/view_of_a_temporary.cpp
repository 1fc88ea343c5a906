// error: use of deleted function
// A view of a tensor that is about to go.
#include <numfuse/numfuse.hpp>

int main() {
#if defined(CORRECT)
  const auto x = numfuse::zeros<float>({2, 3});
  const auto v = x.transpose();
#else
  const auto v = numfuse::zeros<float>({2, 3}).transpose();
#endif
  return v.rank();
}
