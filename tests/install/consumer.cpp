// A file that nvcc never sees: it calls built-in functions on both spaces, and fuses a formula of its
// own on the host.
#include <iostream>

#include <numfuse/numfuse.hpp>

struct scaled {
  template <class V>
  NUMFUSE_HD auto operator()(const V& v) const {
    return v / max(abs(v));
  }
};

int main() {
  using namespace numfuse;
  const host_tensor<float> x{{1, 2, 4}, {3, 2, 1}};
  std::cout << fuse(scaled{})(x) << "\n";
  const auto expected = softmax(x);
  try {
    const device_tensor<float> on_device = x.to<device>();
    const auto result = softmax(on_device).to<host>();
    std::cout << "softmax on " << device_description() << "\n";
    return allclose(result, expected) ? 0 : 1;
  } catch (const device_error& e) {
    std::cout << "no device: " << e.what() << "\n";
    return device_available() ? 1 : 0;
  }
}
