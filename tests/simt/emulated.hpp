// A third space for the tests: host memory on which the CUDA executor's own kernels run, emulated.
#pragma once

#define NUMFUSE_SIMT 1
#include <simt/coverage.hpp>

#include <vector>

#include <numfuse/cuda/execute.cuh>
#include <numfuse/numfuse.hpp>

namespace numfuse {

struct emulated {};
template <>
inline constexpr bool is_space<emulated> = true;
template <>
struct memory_of<emulated> {
  using type = host;
};

/// A GPU small enough to emulate quickly, on which vectors need not be long to be shared by teams
/// of every kind; ThreadSanitizer follows at most some 3500 threads at once.
inline constexpr detail::device_limits emulated_gpu{4, 2048, 64 * 1024, 4};

/// The CUDA executor in full: plan, launch and kernel.
template <class Call>
plan plan_in(emulated, const Call& c) {
  return detail::plan_on_device(detail::facts_of(c), c.where, emulated_gpu);
}
template <class Call>
void emulate(const Call& c, const stream& on) {
  cuda::run(c, plan_in(emulated{}, c), on);
}

namespace detail {
/// The library's operations are compiled once, for all tests: tests/simt/CMakeLists.txt.
template <class Call>
void execute_compiled(emulated, const Call& c, const stream& on);
}  // namespace detail

template <class F, class... In, class... Out>
void execute_in(emulated, const detail::call<F, detail::types<In...>, detail::types<Out...>>& c,
                const stream& on) {
  if constexpr (detail::compiled_formula<F, In...>) {
    detail::execute_compiled(emulated{}, c, on);
  } else {
    emulate(c, on);
  }
}

namespace NUMFUSE_CUDA_NAMESPACE {

inline lent_workspace::lent_workspace(const stream& on, std::int64_t bytes) : on_(on) {
  struct alignas(16) state {
    unsigned char bytes[detail::state_bytes];
  };
  static std::vector<state> states;
  static std::vector<unsigned> tickets(1024);
  if (bytes == 0) return;
  // Fresh for every launch, so that a state that nobody wrote shows as NaN; tickets stay, to see
  // that each launch leaves them at zero.
  states.assign(static_cast<std::size_t>(bytes) / sizeof(state), state{});
  for (state& s : states) std::fill(std::begin(s.bytes), std::end(s.bytes), 0xff);
  place = {reinterpret_cast<unsigned char*>(states.data()), tickets.data()};
}

inline lent_workspace::~lent_workspace() = default;

}  // namespace NUMFUSE_CUDA_NAMESPACE
}  // namespace numfuse
