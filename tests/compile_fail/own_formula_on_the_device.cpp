// error: compile this file with nvcc
// A user's formula becomes a CUDA kernel, which only nvcc can compile.
#include <numfuse/numfuse.hpp>

struct twice {
  auto operator()(auto v) const { return v * 2; }
};

int main() {
#if defined(CORRECT)
  const auto x = numfuse::zeros<float>({3});
#else
  const auto x = numfuse::zeros<float, numfuse::device>({3});
#endif
  return static_cast<int>(numfuse::fuse(twice{})(x).size());
}
