// error: the formula does not take these inputs
// A formula of two vectors, given one.
#include <numfuse/numfuse.hpp>

struct difference {
  auto operator()(auto v, auto w) const { return v - w; }
};

int main() {
  const auto x = numfuse::zeros<float>({3});
#if defined(CORRECT)
  return static_cast<int>(numfuse::fuse(difference{})(x, x).size());
#else
  return static_cast<int>(numfuse::fuse(difference{})(x).size());
#endif
}
