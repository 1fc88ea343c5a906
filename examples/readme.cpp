// The C++ of README.md, so that it is compiled; scripts/check-readme compares the two, and what
// this program prints with what README.md says of it.
#include <string>

// [first_program]
#include <iostream>
#include <numfuse/numfuse.hpp>

namespace nf = numfuse;

int main() {
  const nf::host_tensor<double> x{{9, 2, 5, 0, 0}, {7, 5, 0, 0, 0}};

  std::cout << nf::softmax(x) << '\n';                       // each row sums to one
  std::cout << nf::softmax(x, 0) << '\n';                    // each column
  std::cout << nf::sum(nf::exp(x), 1) << '\n';               // an array of two sums
  std::cout << x / nf::norm(x, 2, 1, nf::keepdims) << '\n';  // (2, 5) / (2, 1) broadcasts
}
// [/first_program]

void on_the_device() {
#if NUMFUSE_HAS_CUDA
  // [device]
  const nf::host_tensor<float> x = nf::load_npy<float>("logits.npy");
  const nf::device_tensor<float> on_gpu = x.to<nf::device>();  // one copy
  const nf::device_tensor<float> p = nf::softmax(on_gpu);      // one kernel; the host does not wait
  const float largest = nf::max(p).item();                     // here it does
  nf::save_npy("p.npy", p);
  // [/device]
  static_cast<void>(largest);
#endif
}

// [formula]
struct layer_norm {
  float eps;  // the members are the formula's constants

  template <class V, class G, class B>
  NUMFUSE_HD auto operator()(V v, G gamma, B beta) const {
    auto d = v - mean(v);
    return d * rsqrt(mean(square(d)) + eps) * gamma + beta;
  }
};
// [/formula]

void fused(const nf::host_tensor<float>& x, const nf::host_tensor<float>& gamma,
           const nf::host_tensor<float>& beta) {
  // [fuse]
  const auto normalize = nf::fuse(layer_norm{1e-5f});
  auto y = normalize(x, gamma, beta);          // shapes (m, n), (n), (n): NumPy's broadcasting
  auto z = normalize.along(0)(x, 1.0f, 0.0f);  // down the columns; plain numbers broadcast too
  normalize.into(y, x, gamma, beta);           // into a tensor that is there: no allocation
  std::cout << normalize.plan(x, gamma, beta) << '\n';  // what a call would do
  // [/fuse]
}

// [outputs]
struct mean_and_spread {
  template <class V>
  NUMFUSE_HD auto operator()(V v) const {
    return nf::outputs(mean(v), max(v) - min(v), v - mean(v));  // two scalars and a vector
  }
};
// [/outputs]

void several_outputs(const nf::host_tensor<float>& x) {
  // [call_outputs]
  auto [means, spreads, centred] = nf::fuse(mean_and_spread{})(x);  // shapes (m), (m), (m, n)
  // [/call_outputs]
}

std::string error_message() {
  // [errors]
  try {
    nf::softmax(nf::zeros<float>({2, 3}), 3);
  } catch (const nf::axis_error& e) {
    return e.what();  // "softmax: axis 3 is out of bounds for shape (2, 3)"
  }
  // [/errors]
  return {};
}
