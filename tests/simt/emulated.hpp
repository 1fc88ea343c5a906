// A third space for the tests: host memory on which the CUDA executor's own kernels run, emulated.
#pragma once

#define NUMFUSE_SIMT 1
#include <simt/simt.hpp>

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

/// The CUDA executor in full: plan, launch and kernel, on a GPU small enough to emulate quickly.
template <class Call>
void execute_in(emulated, const Call& c, const stream& on) {
  cuda::run(c, detail::plan_on_device(detail::facts_of(c), c.where, {8, 2048}), on);
}

namespace cuda {

inline workspace workspace_of(const stream&, std::int64_t vectors, std::int64_t blocks) {
  struct alignas(16) state {
    unsigned char bytes[state_bytes];
  };
  static std::vector<state> states;
  static std::vector<unsigned> tickets;
  // Fresh for every launch, so that a state that nobody wrote shows as NaN; tickets stay, to see
  // that each launch leaves them at zero.
  states.assign(static_cast<std::size_t>(vectors * detail::max_reductions * blocks), state{});
  for (state& s : states) std::fill(std::begin(s.bytes), std::end(s.bytes), 0xff);
  if (tickets.size() < static_cast<std::size_t>(vectors)) {
    tickets.resize(static_cast<std::size_t>(vectors));
  }
  return {reinterpret_cast<unsigned char*>(states.data()), tickets.data()};
}

}  // namespace cuda
}  // namespace numfuse
