// A formula of one's own: layer normalisation, written for one vector and fused into one kernel.
// nvcc compiles this file for the device, any C++20 compiler for the host.
#include <cstdint>
#include <cstdio>

#include "example.hpp"

namespace {

// What to do with ONE vector, in NumPy's notation. The members are the formula's constants.
struct layer_norm {
  float eps;

  template <class V, class G, class B>
  NUMFUSE_HD auto operator()(V v, G gamma, B beta) const {
    auto d = v - mean(v);
    return d * rsqrt(mean(square(d)) + eps) * gamma + beta;
  }
};

// The same mathematics as calls on whole tensors: each one reads and writes memory.
template <class X, class G, class B>
auto layer_norm_by_calls(const X& x, const G& gamma, const B& beta, float eps) {
  const auto d = x - nf::mean(x, -1, nf::keepdims);
  const auto variance = nf::mean(nf::square(d), -1, nf::keepdims);
  return d * nf::rsqrt(variance + eps) * gamma + beta;
}

template <class Space>
void compare(std::int64_t rows, std::int64_t columns) {
  const auto x = nf::random_normal<float, Space>({rows, columns}, 1, 3, 2);
  const auto gamma = nf::random_uniform<float, Space>({columns}, 2, 0.5, 1.5);
  const auto beta = nf::random_normal<float, Space>({columns}, 3);
  const float eps = 1e-5f;

  const auto fused = nf::fuse(layer_norm{eps});  // a function of tensors, along the last axis
  std::cout << "x " << x.shape() << ", gamma and beta " << gamma.shape() << '\n'
            << "plan: " << fused.plan(x, gamma, beta) << '\n';

  const auto difference =
      nf::max(nf::abs(fused(x, gamma, beta) - layer_norm_by_calls(x, gamma, beta, eps)));
  std::cout << "largest difference from the calls: " << difference.item() << '\n';

  const double fused_time = example::median_time<Space>([&] { return fused(x, gamma, beta); });
  const double calls_time =
      example::median_time<Space>([&] { return layer_norm_by_calls(x, gamma, beta, eps); });
  std::printf("median time: fused %.1f us, by calls %.1f us, ratio %.1f\n\n", fused_time,
              calls_time, calls_time / fused_time);
}

}  // namespace

int main() {
  return example::run<example::can_fuse_for_device>([]<class Space>(Space) {
    compare<Space>(64, 128);
    compare<Space>(8192, 1024);
    compare<Space>(16, 300'000);
  });
}
