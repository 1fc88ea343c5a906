// The CUDA executor's kernels under ThreadSanitizer: every strategy, over shapes as small as their
// number of threads allows. Kernels, and nothing else, are instrumented.
#include "support/compare.hpp"
#include "support/formulas.hpp"
#include "support/uses.hpp"

namespace numfuse {
namespace detail {
template <class Call>
void execute_compiled(emulated, const Call& c, const stream& on) {
  emulate(c, on);
}
}  // namespace detail

namespace tests {
namespace {

template <bool Elementwise, class F>
void run_everywhere(const char* name, const F& formula) {
  for (const use& u : Elementwise ? elementwise_uses : vector_uses) {
    const auto f = fuse(formula).along(u.axis);
    // Of one sign: the host adds some floats two by two, which shows where a sum nearly cancels.
    std::tuple<host_tensor<float>> on_host{random_input<float>(u.sizes, {0.5, 4}, 1)};
    auto on_gpu = inputs_in<emulated>(on_host);
    const auto result = run_use<Elementwise, emulated, float>(f, u, on_gpu).template to<host>();
    const auto expected = widened<double>(run_use<Elementwise, host, float>(f, u, on_host));
    expect_close(result, expected, {4, "the order of float64 additions"},
                 {name, "shape " + to_string(u.sizes)});
  }
}

TEST(races, elementwise) { run_everywhere<true>("exp", formulas::exp_formula{}); }
TEST(races, one_pass_to_a_scalar) { run_everywhere<false>("sum", formulas::sum_formula{}); }
TEST(races, several_passes) { run_everywhere<false>("softmax", formulas::softmax_formula{}); }

// Two reductions that the last block folds: shared memory is used again right after it is known to
// be the last.
struct total_and_most {
  template <class V>
  NUMFUSE_HD auto operator()(const V& v) const {
    return outputs(sum(v), max(v));
  }
};

TEST(races, two_reductions_in_one_pass) {
  for (const use& u : vector_uses) {
    auto on_host = random_input<float>(u.sizes, {}, 3);
    auto on_gpu = on_host.to<emulated>();
    const auto f = fuse(total_and_most{}).along(u.axis);
    const auto results = f(part(on_gpu, u.inner));
    const auto expected = f(part(on_host, u.inner));
    EXPECT_TRUE(allclose(std::get<0>(results).to<host>(), std::get<0>(expected), 1e-5, 1e-5));
    EXPECT_TRUE(array_equal(std::get<1>(results).to<host>(), std::get<1>(expected)));
  }
}

TEST(races, results_of_every_kind) {
  for (const use& u : vector_uses) {
    auto on_host = random_input<float>(u.sizes, {}, 2);
    auto on_gpu = on_host.to<emulated>();
    const auto f = fuse(all_kinds{}).along(u.axis);
    const auto results = f(part(on_gpu, u.inner));
    const auto expected = f(part(on_host, u.inner));
    EXPECT_TRUE(allclose(std::get<0>(results).to<host>(), std::get<0>(expected)));
    EXPECT_TRUE(array_equal(std::get<1>(results).to<host>(), std::get<1>(expected)));
    EXPECT_TRUE(array_equal(std::get<2>(results).to<host>(), std::get<2>(expected)));
    EXPECT_TRUE(array_equal(std::get<3>(results).to<host>(), std::get<3>(expected)));
  }
}

}  // namespace
}  // namespace tests
}  // namespace numfuse
