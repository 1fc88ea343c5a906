// The CUDA executor: from a call's plan to the one kernel that carries it out.
#pragma once

#include <numfuse/cuda/elementwise.cuh>
#include <numfuse/cuda/held.cuh>
#include <numfuse/cuda/launch.cuh>
#include <numfuse/cuda/team.cuh>
#include <numfuse/cuda/transpose.cuh>
#include <numfuse/plan.hpp>

namespace numfuse::detail {

template <class F, class... In, class... Out>
formula_facts facts_of(const call<F, types<In...>, types<Out...>>& c);

}  // namespace numfuse::detail

namespace numfuse::NUMFUSE_CUDA_NAMESPACE {

/// Memory for the blocks of teams to meet in, with a ticket for each team: lent for one launch. It
/// belongs to the stream, whose launches use it one after another, and stays until the process
/// ends. While the stream is captured it belongs to the graph: that may run at any time, on any
/// stream.
class lent_workspace {
 public:
  /// None for 0 bytes.
  lent_workspace(const stream& on, std::int64_t bytes);
  ~lent_workspace();
  lent_workspace(const lent_workspace&) = delete;
  lent_workspace& operator=(const lent_workspace&) = delete;

  workspace place{};

 private:
  stream on_;
  bool of_graph_ = false;
};

#if !defined(NUMFUSE_SIMT)

/// The stream that launches of this file go to. Where it is compiled so, the default stream is one
/// of each thread.
inline stream launched_on(const stream& on) {
#if defined(CUDA_API_PER_THREAD_DEFAULT_STREAM)
  if (on.get() == nullptr) return stream(cudaStreamPerThread);
#endif
  return on;
}

#endif

/// One level of reductions, to scalars: nothing is read twice.
template <class Call>
inline constexpr bool is_one_pass = Call::info::levels == 1 && !Call::info::any_vector;

/// What a thread that streams or shares a vector takes of it at a time: of a row, of columns.
template <class Call, bool Columns>
struct turn {
  static constexpr int items = detail::items_in_chunk(Call::item_bytes);
  static constexpr int most = detail::most_chunks(items, Call::compute_bytes, Call::inputs_count);
  using type =
      tile<is_one_pass<Call> ? most : detail::most_kept_chunks(most), items, Columns ? items : 1>;
};
template <class Call>
using row_turn = typename turn<Call, false>::type;
template <class Call>
using column_turn = typename turn<Call, true>::type;

/// Vectors that a group of a block holds in its registers.
template <bool Columns, class Call>
void run_held(const Call& c, const plan& p, const stream& on) {
  constexpr int items = detail::items_in_chunk(Call::item_bytes);
  constexpr int most = detail::most_chunks(items, Call::compute_bytes, Call::inputs_count);
  const group_shape shape{p.group, p.side_by_side};
  const launch_shape launched{
      p.blocks, p.threads,
      detail::block_state_bytes(p.group * p.side_by_side, p.side_by_side * (Columns ? items : 1))};
  if (p.chunks == 1) {
    launch<held_kernel<Call, 1, Columns>>(launched, on, c, shape);
  } else {
    launch<held_kernel<Call, most, Columns>>(launched, on, c, shape);
  }
}

/// Vectors that are worked through in tiles of type Part, by groups or by teams of blocks.
template <bool Columns, class Part, class Call>
void run_teams(const Call& c, const plan& p, const stream& on) {
  const team_shape shape{{p.group, p.side_by_side},
                         p.team,
                         p.cluster,
                         Call::info::trace(c.formula).reductions,
                         {p.kept_turns, p.ahead, p.kept_inputs}};
  const int vectors = p.side_by_side * Part::lanes;
  const std::int64_t states = detail::team_state_bytes(shape.reductions, vectors);
  launch_shape launched{p.blocks, p.threads,
                        detail::block_state_bytes(p.group * p.side_by_side, vectors)};
  if constexpr (is_one_pass<Call>) {
    const lent_workspace lent(on, p.team > 1 ? p.blocks * states : 0);
    launch<stream_kernel<Call, Part, Columns>>(launched, on, c, shape, lent.place);
  } else {
    launched.shared_bytes = p.shared_bytes;
    launched.cooperative = p.cooperative;
    launched.cluster = p.cluster ? p.team : 1;
    const lent_workspace lent(on, p.cooperative ? 2 * p.blocks * states : 0);
    launch<team_kernel<Call, Part, Columns>>(launched, on, c, shape, lent.place);
  }
}

/// A copy between rows and columns: whatever the elements mean, they are bits.
template <class Call>
void run_transposed(const Call& c, const plan& p, const stream& on) {
  const auto& in = detail::get<0>(c.inputs);
  const auto& out = detail::get<0>(c.outputs);
  using bits = detail::as_wide_as<std::remove_cvref_t<decltype(*out.data)>>;
  detail::transposed_dimensions across;
  detail::find_transposed(c.where, across);
  launch<transpose_kernel<bits>>({p.blocks, p.threads, p.shared_bytes}, on,
                                 reinterpret_cast<const bits*>(in.data),
                                 reinterpret_cast<bits*>(out.data), c.where, across);
}

/// Carries out a call as planned.
template <class Call>
void run(const Call& c, const plan& p, const stream& on) {
  constexpr int items = detail::items_in_chunk(Call::item_bytes);
  constexpr int most = detail::most_chunks(items, Call::compute_bytes, Call::inputs_count);
  if constexpr (Call::info::levels == 0) {
    const launch_shape launched{p.blocks, p.threads};
    if constexpr (Call::copies) {
      if (p.how == strategy::transposed) return run_transposed(c, p, on);
    }
    if (c.where.vector_rank <= 1) {
      launch<elementwise_kernel<Call, most>>(launched, on, c);
    } else {
      launch<elementwise_runs_kernel<Call>>(launched, on, c, p.shifted_rows);
    }
    return;
  } else {
    const bool columns = p.side_by_side > 1;
    if constexpr (!is_one_pass<Call>) {
      if (p.how == strategy::row_held) return run_held<false>(c, p, on);
      if (p.how == strategy::column_held) return run_held<true>(c, p, on);
    }
    if (columns) {
      run_teams<true, column_turn<Call>>(c, p, on);
    } else if (c.where.vector_rank <= 1) {
      run_teams<false, row_turn<Call>>(c, p, on);
    } else {
      run_teams<false, run_tile<items>>(c, p, on);
    }
  }
}

#if !defined(NUMFUSE_SIMT)

/// The plan of a call on the current GPU, for kernels that are compiled here.
template <class Call>
plan plan_of(const Call& c) {
  detail::device_limits limits = detail::current_device_limits();
  if constexpr (Call::info::levels > 0 && !is_one_pass<Call>) {
    if (limits.most_cluster > 1 &&
        !is_compiled_for_clusters<team_kernel<Call, row_turn<Call>, false>>()) {
      limits.most_cluster = 1;
    }
  }
  return detail::plan_on_device(detail::facts_of(c), c.where, limits);
}

template <class Call>
void run(const Call& c, const stream& on) {
  run(c, plan_of(c), launched_on(on));
}

#endif

}  // namespace numfuse::NUMFUSE_CUDA_NAMESPACE
