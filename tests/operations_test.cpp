// Every kernel that the library compiles runs, for every operation and dtype, and gives what the
// host executor gives: on the device, and under emulation. There the program knows which kernels it
// holds, and one that did not run fails the test.
#include <iostream>
#include <map>

#include "../src/calls.hpp"
#include "support/compare.hpp"
#include "support/uses.hpp"

namespace numfuse::tests {
namespace {

using detail::call;
using detail::types;

#if defined(NUMFUSE_TEST_SIMT)
using policy = simt_space;
#else
using policy = device_space;
#endif

// Formulas with constants, which decide nothing about the kernel.
template <class F>
F example() {
  return F{};
}
template <class F>
requires requires(F f) { f.order; }
F example() { return F{{}, 3}; }
template <class F>
requires requires(F f) { f.rtol; }
F example() { return F{{}, 1e-5, 1e-8, true}; }
template <class F>
requires requires(F f) { f.step; }
F example() { return F{{}, 2, 3}; }
template <class F>
requires requires(F f) { f.seed; }
F example() { return F{{}, 7, 0, 1}; }

class every_call {
 public:
  template <class F, class... In, class Out>
  void operator()(std::type_identity<call<F, types<In...>, types<Out>>>) {
    constexpr bool elementwise = call<F, types<In...>, types<Out>>::info::levels == 0;
    operation_ = F::name;
    ((operation_ += std::string(" ") + name_of(dtype_of<In>)), ...);
    for (const use& u : elementwise ? elementwise_uses : vector_uses) {
      auto on_host = inputs<In...>(u.sizes);
      auto on_gpu = inputs_in<policy::space>(on_host);
      const auto f = fuse(example<F>()).along(u.axis);
      expect_same(run_use<elementwise, policy::space, Out>(f, u, on_gpu).template to<host>(),
                  run_use<elementwise, host, Out>(f, u, on_host), u.sizes);
    }
    if constexpr (call<F, types<In...>, types<Out>>::copies) check_transposing_copy<Out>();
  }

 private:
  // From rows to columns a copy has a kernel of its own.
  template <class T>
  void check_transposing_copy() {
    const auto on_host = exact_input<T>({70, 33}, 1);
    auto on_gpu = inputs_in<policy::space>(std::make_tuple(on_host));
    const auto result = copy(std::get<0>(on_gpu).transpose()).template to<host>();
    expect_same(result, copy(on_host.transpose()), result.shape());
  }

  // Half of the time all inputs are the same, as comparisons would have it.
  template <class... In>
  std::tuple<host_tensor<In>...> inputs(const shape& s) {
    ++seed_;
    return [&]<std::size_t... I>(std::index_sequence<I...>) {
      return std::tuple<host_tensor<In>...>{exact_input<In>(s, seed_ + seed_ % 2 * I)...};
    }
    (std::index_sequence_for<In...>{});
  }

  template <class T>
  void expect_same(const host_tensor<T>& result, const host_tensor<T>& expected,
                   const shape& s) const {
    const auto wide = for_reference(expected);
    expect_close(result, wide, wide, {2, "the same numbers added in another order", 1},
                 {operation_, "shape " + to_string(s), 0, s.size()});
  }

  std::string operation_;
  std::uint64_t seed_ = 0;
};

template <class... Call>
void run_all(types<Call...>) {
  every_call check;
  (check(std::type_identity<Call>{}), ...);
}

class operations : public typed_test<on<float, policy>> {};

TEST_F(operations, elementwise) { run_all(detail::elementwise_calls{}); }
TEST_F(operations, reductions) { run_all(detail::reductions_calls{}); }
TEST_F(operations, softmax) { run_all(detail::softmax_calls{}); }
TEST_F(operations, conversions) { run_all(detail::conversions_calls{}); }
TEST_F(operations, sequences) { run_all(detail::sequences_calls{}); }

#if defined(NUMFUSE_TEST_SIMT)
// Runs last: what the operations before have not launched.
TEST(operations_coverage, every_kernel_has_run) {
  std::map<std::string, std::pair<int, int>> families;  // executed, compiled
  int executed = 0;
  for (const simt::kernel_record* kernel : simt::kernel_records()) {
    auto& [ran, all_of] = families[kernel->name.substr(0, kernel->name.find('<'))];
    ++all_of;
    if (kernel->launches > 0) {
      ++ran;
      ++executed;
    } else {
      ADD_FAILURE() << "not executed: " << kernel->name;
    }
  }
  for (const auto& [name, counts] : families) {
    std::cout << name << ": " << counts.first << " of " << counts.second << '\n';
  }
  std::cout << "simt coverage: " << executed << " of " << simt::kernel_records().size()
            << " kernels executed\n";
  EXPECT_GT(executed, 0);
}
#endif

}  // namespace
}  // namespace numfuse::tests
