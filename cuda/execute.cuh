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

namespace numfuse::NUMFUSE_CUDA_NAMESPACE {

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
    launch<replay_kernel<Call, most, Columns>>(launched, on, c, shape);
  } else if constexpr (!one_pass) {
    if (p.chunks == 1) {
      launch<held_kernel<Call, 1, Columns>>(launched, on, c, shape);
    } else {
      launch<held_kernel<Call, most, Columns>>(launched, on, c, shape);
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
      launch<elementwise_kernel<Call, most>>(launched, on, c);
    } else {
      launch<elementwise_runs_kernel<Call>>(launched, on, c);
    }
  } else if (p.how == strategy::grid_replay) {
    const launch_shape launched{p.blocks, p.threads, thread_group::shared_bytes(p.threads, 1, 1),
                                p.cooperative};
    const workspace w = workspace_of(on, p.blocks / p.group, p.group);
    if (c.where.vector_rank <= 1) {
      launch<grid_kernel<Call, tile<most, items, 1>>>(launched, on, c, p.group, w);
    } else {
      launch<grid_kernel<Call, run_tile<items>>>(launched, on, c, p.group, w);
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

}  // namespace numfuse::NUMFUSE_CUDA_NAMESPACE
