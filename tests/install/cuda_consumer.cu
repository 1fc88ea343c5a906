// A formula of the user's own becomes a kernel in the user's own file.
#include <iostream>

#include <numfuse/numfuse.hpp>

struct centred {
  template <class V>
  NUMFUSE_HD auto operator()(const V& v) const {
    return v - mean(v);
  }
};

int main() {
  using namespace numfuse;
  const host_tensor<float> x{{1, 2, 3}, {4, 6, 8}};
  const auto formula = fuse(centred{});
  if (!device_available()) {
    std::cout << "no device: the kernel is compiled and linked, not run\n";
    return 0;
  }
  const auto y = formula(x.to<device>());
  std::cout << formula.plan(y) << "\n" << y << "\n";
  return allclose(y.to<host>(), formula(x)) ? 0 : 1;
}
