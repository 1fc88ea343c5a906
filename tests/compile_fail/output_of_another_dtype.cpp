// error: no split of these arguments fits the formula and the dtypes of its results
// A float result into a tensor of doubles.
#include <numfuse/numfuse.hpp>

struct twice {
  auto operator()(auto v) const { return v * 2; }
};

int main() {
  const auto x = numfuse::zeros<float>({3});
#if defined(CORRECT)
  auto out = numfuse::zeros<float>({3});
#else
  auto out = numfuse::zeros<double>({3});
#endif
  numfuse::fuse(twice{}).into(out, x);
}
