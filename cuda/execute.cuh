// The CUDA executor: from a call's plan to the one kernel that carries it out.
#pragma once

#include <numfuse/cuda/elementwise.cuh>
#include <numfuse/cuda/held.cuh>
#include <numfuse/cuda/launch.cuh>
#include <numfuse/cuda/replay.cuh>
#include <numfuse/plan.hpp>

namespace numfuse::detail {

template <class F, class... In, class... Out>
formula_facts facts_of(const call<F, types<In...>, types<Out...>>& c);

}  // namespace numfuse::detail

namespace numfuse::cuda {

/// Memory for blocks to meet in, for `vectors` vectors of `blocks` blocks each. It belongs to the
/// stream, whose launches use it one after another, and stays until the process ends.
workspace workspace_of(const stream& on, std::int64_t vectors, std::int64_t blocks);

template <bool Columns, class Call>
void run_groups(const Call& c, const plan& p, const stream& on) {
  constexpr int items = detail::items_in_chunk(Call::item_bytes);
  constexpr int lanes = Columns ? items : 1;
  constexpr int most = detail::most_chunks(items, Call::compute_bytes, Call::inputs_count);
  const group_shape shape{p.group, p.side_by_side};
  const launch_shape launched{
      p.blocks, p.threads,
      thread_group::shared_bytes(p.group * p.side_by_side, p.side_by_side, lanes)};
  constexpr bool one_pass = Call::info::levels == 1 && !Call::info::any_vector;
  if (p.how == strategy::row_replay || p.how == strategy::column_replay) {
    launch(launched, on, replay_kernel<Call, most, Columns>, c, shape);
  } else if constexpr (!one_pass) {
    if (p.chunks == 1) {
      launch(launched, on, held_kernel<Call, 1, Columns>, c, shape);
    } else {
      launch(launched, on, held_kernel<Call, most, Columns>, c, shape);
    }
  }
}

/// Carries out a call as planned.
template <class Call>
void run(const Call& c, const plan& p, const stream& on) {
  constexpr int items = detail::items_in_chunk(Call::item_bytes);
  constexpr int most = detail::most_chunks(items, Call::compute_bytes, Call::inputs_count);
  if constexpr (Call::info::levels == 0) {
    const launch_shape launched{p.blocks, p.threads};
    if (c.where.vector_rank <= 1) {
      launch(launched, on, elementwise_kernel<Call, most>, c);
    } else {
      launch(launched, on, elementwise_runs_kernel<Call>, c);
    }
  } else if (p.how == strategy::grid_replay) {
    const launch_shape launched{p.blocks, p.threads, thread_group::shared_bytes(p.threads, 1, 1),
                                p.cooperative};
    const workspace w = workspace_of(on, p.blocks / p.group, p.group);
    if (c.where.vector_rank <= 1) {
      launch(launched, on, grid_kernel<Call, tile<most, items, 1>>, c, p.group, w);
    } else {
      launch(launched, on, grid_kernel<Call, run_tile<items>>, c, p.group, w);
    }
  } else if (p.how == strategy::column_held || p.how == strategy::column_replay) {
    run_groups<true>(c, p, on);
  } else {
    run_groups<false>(c, p, on);
  }
}

template <class Call>
void run(const Call& c, const stream& on) {
  run(c, detail::plan_on_device(detail::facts_of(c), c.where, detail::current_device_limits()), on);
}

}  // namespace numfuse::cuda
