// Plans: launches, bytes and strategies of the functions, which no GPU is needed to know.
#include <gtest/gtest.h>

#include <numfuse/numfuse.hpp>

namespace numfuse::tests {
namespace {

template <class T, class F>
plan device_plan_of(const F& formula, const detail::layout& where,
                    const detail::device_limits& limits = {}, std::uintptr_t address = 1 << 20) {
  const detail::call_of<F, T> c{formula, {{{reinterpret_cast<const T*>(address), {}}}}, {}, {}};
  return detail::plan_on_device(detail::facts_of(c), where, limits);
}

// What the device would do with a contiguous tensor. Shapes and dtypes decide, not the space.
template <class T, class F>
plan device_plan(const F& formula, const shape& s, int axis,
                 const detail::device_limits& limits = {}, std::uintptr_t address = 1 << 20) {
  using info = detail::formula_info<F, T>;
  constexpr bool elementwise = info::levels == 0;
  const detail::axis_set axes = 1u << axis;
  auto out = contiguous_strides(detail::result_shape(s, axes, info::any_vector, true));
  if (!info::any_vector) out[axis] = 0;
  const strides in = contiguous_strides(s);
  const std::array operands{&in, &std::as_const(out)};
  return device_plan_of<T>(formula, detail::make_layout(s, axes, elementwise, operands), limits,
                           address);
}

TEST(plan, softmax_reads_once_and_writes_once_in_one_launch) {
  for (std::int64_t n : {8, 33, 1000, 1024, 8000}) {
    const plan p = device_plan<float>(formulas::softmax_formula{}, {1000, n}, 1);
    EXPECT_EQ(p.launches, 1) << n;
    EXPECT_EQ(p.reads, 1) << n;
    EXPECT_EQ(p.bytes_read, 4000 * n) << n;
    EXPECT_EQ(p.bytes_written, 4000 * n) << n;
    EXPECT_EQ(p.how, strategy::row_held) << n;
  }
  EXPECT_EQ(device_plan<float>(formulas::softmax_formula{}, {100, 1000}, 0).how,
            strategy::column_held);
}

// What a launch of a team must be for an H100 to take it.
void expect_launchable(const plan& p) {
  const detail::device_limits limits;
  EXPECT_LE(p.shared_bytes, limits.shared_bytes);
  EXPECT_LE(p.threads, detail::team_threads);
  if (p.cluster) {
    EXPECT_LE(p.team, limits.most_cluster);
    EXPECT_EQ(p.blocks % p.team, 0);
  }
  if (p.cooperative) {
    EXPECT_LE(p.blocks, 2 * limits.multiprocessors);
  }
}

TEST(plan, vectors_longer_than_registers_are_held_in_shared_memory) {
  struct expected {
    std::int64_t rows, n;
    int team;
    bool cluster;
  };
  for (const auto& [rows, n, team, cluster] : {expected{1000, 10000, 1, false},
                                               {1000, 28000, 1, false},
                                               {1000, 50000, 2, true},
                                               {1000, 65536, 4, true},
                                               {256, 262144, 16, true},
                                               {64, 1 << 20, 37, false},
                                               {3, 1 << 20, 88, false},
                                               {8, 65536, 16, true}}) {
    const plan p = device_plan<float>(formulas::softmax_formula{}, {rows, n}, 1);
    EXPECT_EQ(p.how, strategy::row_team) << n;
    EXPECT_EQ(p.team, team) << n;
    EXPECT_EQ(p.cluster, cluster) << n;
    EXPECT_EQ(p.launches, 1) << n;
    EXPECT_EQ(p.reads, 1) << n;
    EXPECT_EQ(p.bytes_read, 4 * rows * n) << n;
    EXPECT_EQ(p.bytes_written, 4 * rows * n) << n;
    expect_launchable(p);
  }
}

TEST(plan, columns_longer_than_registers_are_held_in_shared_memory) {
  for (const shape& s : {shape{4096, 4096}, shape{65536, 1000}, shape{100000, 16}}) {
    for (const plan& p : {device_plan<float>(formulas::softmax_formula{}, s, 0),
                          device_plan<double>(formulas::softmax_formula{}, s, 0)}) {
      EXPECT_EQ(p.how, strategy::column_team) << to_string(s);
      EXPECT_EQ(p.reads, 1) << to_string(s);
      expect_launchable(p);
    }
  }
}

TEST(plan, what_no_memory_on_the_chip_holds_is_read_once_for_each_level_and_once_to_write) {
  const plan p = device_plan<float>(formulas::softmax_formula{}, {4, 1 << 24}, 1);
  EXPECT_EQ(p.how, strategy::row_team);
  EXPECT_EQ(p.reads, 3);
  EXPECT_GT(p.kept_share, 0.25);
  EXPECT_LT(p.bytes_read, 3 * (std::int64_t{16} << 24));
  EXPECT_EQ(p.launches, 1);
  expect_launchable(p);
}

TEST(plan, without_clusters_the_grid_takes_their_place) {
  detail::device_limits limits;
  limits.most_cluster = 1;
  limits.shared_bytes = 31 * 1024;
  for (std::int64_t n : {10000, 65536, 1 << 22}) {
    const plan p = device_plan<float>(formulas::softmax_formula{}, {20, n}, 1, limits);
    EXPECT_FALSE(p.cluster) << n;
    EXPECT_LE(p.shared_bytes, limits.shared_bytes) << n;
    EXPECT_TRUE(!p.cooperative || p.blocks <= 2 * limits.multiprocessors) << n;
  }
}

TEST(plan, reductions_read_once_at_any_length_and_write_only_scalars) {
  for (std::int64_t n : {8, 1000, 1000000}) {
    const plan p = device_plan<double>(formulas::sum_formula{}, {200, n}, 1);
    EXPECT_EQ(p.reads, 1);
    EXPECT_EQ(p.bytes_read, 8 * 200 * n);
    EXPECT_EQ(p.bytes_written, 8 * 200);
    EXPECT_EQ(p.launches, 1);
  }
  EXPECT_EQ(device_plan<float>(formulas::sum_formula{}, {200, 1000}, 1).how,
            strategy::row_streamed);
  const plan rows = device_plan<float>(formulas::sum_formula{}, {2, 1 << 20}, 1);
  EXPECT_EQ(rows.how, strategy::row_streamed);
  EXPECT_EQ(rows.blocks, 2 * 132);
  const plan columns = device_plan<float>(formulas::sum_formula{}, {1 << 20, 16}, 0);
  EXPECT_EQ(columns.how, strategy::column_streamed);
  EXPECT_EQ(columns.blocks, 2 * 132);
}

TEST(plan, results_without_vectors_do_not_narrow_the_loads) {
  EXPECT_EQ(device_plan<float>(formulas::argmax_formula{}, {200, 1000}, 1).items, 4);
}

TEST(plan, elementwise_moves_sixteen_bytes_a_piece) {
  const plan p = device_plan<float>(formulas::exp_formula{}, {1 << 20}, 0);
  EXPECT_EQ(p.how, strategy::elementwise);
  EXPECT_EQ(p.items * 4, 16);
  EXPECT_EQ(p.chunks, 4);
  EXPECT_EQ(p.bytes_read, 4 << 20);
}

// A copy between rows and columns moves lines of memory on both sides; what is short along one of
// them, and any other formula, goes element by element.
TEST(plan, copies_between_rows_and_columns_go_in_tiles) {
  const auto of = [](const auto& formula, const shape& s, std::initializer_list<int> axes) {
    const strides own = contiguous_strides(s);
    strides in = own;
    shape all = s;
    int d = 0;
    for (int axis : axes) {
      all[d] = s[axis];
      in[d++] = own[axis];
    }
    const strides out = contiguous_strides(all);
    const std::array operands{&std::as_const(in), &out};
    return device_plan_of<float>(formula,
                                 detail::make_layout(all, detail::all_axes(all), true, operands));
  };
  const formulas::copy_formula copy;
  const plan p = of(copy, {100, 1000}, {1, 0});
  EXPECT_EQ(p.how, strategy::transposed);
  EXPECT_EQ(p.launches, 1);
  EXPECT_EQ(p.blocks, 4 * 32);
  EXPECT_EQ(p.shared_bytes, 33 * 32 * 4);
  EXPECT_EQ(p.bytes_read, 400000);
  EXPECT_EQ(p.bytes_written, 400000);
  EXPECT_NE(to_string(p).find("transposed"), std::string::npos) << p;
  EXPECT_EQ(of(copy, {3, 8, 100}, {0, 2, 1}).how, strategy::transposed);
  EXPECT_EQ(of(copy, {5, 8, 100}, {2, 0, 1}).how, strategy::transposed);
  EXPECT_EQ(of(copy, {100, 1000}, {0, 1}).how, strategy::elementwise);
  EXPECT_EQ(of(copy, {100, 7}, {1, 0}).how, strategy::elementwise);
  EXPECT_EQ(of(copy, {7, 100}, {1, 0}).how, strategy::elementwise);
  EXPECT_EQ(of(formulas::exp_formula{}, {100, 1000}, {1, 0}).how, strategy::elementwise);
}

// On both sides of each edge at which the plan changes.
TEST(plan, groups_grow_with_their_vectors) {
  struct edge {
    std::int64_t length;
    int group, chunks, threads;
  };
  for (const edge& e : {edge{1, 1, 1, 256}, edge{125, 32, 1, 256}, edge{126, 16, 4, 256},
                        edge{509, 32, 4, 256}, edge{510, 64, 4, 64}, edge{8189, 512, 4, 512},
                        // All rows start at 16-byte boundaries: no piece more.
                        edge{128, 32, 1, 256}, edge{132, 16, 4, 256}, edge{512, 32, 4, 256},
                        edge{516, 64, 4, 64}, edge{8192, 512, 4, 512}}) {
    const plan p = device_plan<float>(formulas::softmax_formula{}, {1000, e.length}, 1);
    EXPECT_EQ(p.how, strategy::row_held) << e.length;
    EXPECT_EQ(p.group, e.group) << e.length;
    EXPECT_EQ(p.chunks, e.chunks) << e.length;
    EXPECT_EQ(p.threads, e.threads) << e.length;
  }
  for (std::int64_t n : {8190, 8196}) {
    EXPECT_EQ(device_plan<float>(formulas::softmax_formula{}, {1000, n}, 1).how, strategy::row_team)
        << n;
  }
}

TEST(plan, rows_that_start_between_boundaries_take_one_piece_more) {
  for (std::uintptr_t behind : {4, 8, 12}) {
    const plan p =
        device_plan<float>(formulas::softmax_formula{}, {1000, 128}, 1, {}, (1 << 20) + behind);
    EXPECT_EQ(p.group * p.chunks, 64) << behind;
  }
}

TEST(plan, vectors_of_any_length_find_one) {
  for (std::int64_t n : {std::int64_t{1} << 32, (std::int64_t{1} << 40) + 1}) {
    EXPECT_EQ(device_plan<float>(formulas::softmax_formula{}, {1, n}, 1).how, strategy::row_team);
    EXPECT_EQ(device_plan<float>(formulas::softmax_formula{}, {n, 2}, 0).how,
              strategy::column_team);
    EXPECT_EQ(device_plan<float>(formulas::sum_formula{}, {n, 2}, 0).how,
              strategy::column_streamed);
  }
}

TEST(plan, no_vectors_launch_nothing) {
  for (const auto& [s, axis] : {std::pair{shape{0, 100000}, 1}, std::pair{shape{0, 3}, 1},
                                std::pair{shape{100000, 0}, 0}, std::pair{shape{0, 5, 0}, 1}}) {
    const plan p = device_plan<float>(formulas::softmax_formula{}, s, axis);
    EXPECT_EQ(p.launches, 0);
    EXPECT_EQ(p.bytes_read + p.bytes_written, 0);
    EXPECT_EQ(device_plan<float>(formulas::sum_formula{}, s, axis).launches, 0);
  }
  EXPECT_EQ(device_plan<float>(formulas::exp_formula{}, {0, 3}, 1).launches, 0);
}

TEST(plan, few_vectors_get_more_threads) {
  const auto sum_of = [](std::int64_t rows, std::int64_t length, int axis = 1) {
    return device_plan<float>(formulas::sum_formula{}, {rows, length}, axis);
  };
  EXPECT_EQ(sum_of(65, 32762).team, 4);
  EXPECT_EQ(sum_of(65, 32762).chunks, 4);
  EXPECT_EQ(sum_of(65, 32761).team, 1);
  EXPECT_EQ(sum_of(65, 32768).team, 4);
  EXPECT_EQ(sum_of(65, 32764).team, 1);
  EXPECT_EQ(sum_of(132, 32762).team, 2);  // two blocks for each multiprocessor
  EXPECT_EQ(sum_of(133, 32762).team, 1);
  // A block each, while warps would not fill the GPU.
  EXPECT_EQ(sum_of(8447, 8000).group, 256);
  EXPECT_EQ(sum_of(8448, 8000).group, 32);
  EXPECT_EQ(sum_of(32, 64, 0).group, 4);
  EXPECT_EQ(sum_of(33, 64, 0).group, 32);
}

// A window's elements are walked through in runs, here by one block, which waits for nobody.
TEST(plan, a_small_window_takes_one_block) {
  const strides in = contiguous_strides({6, 20});
  const std::array operands{&in, &detail::zero_strides};
  const plan p = device_plan_of<float>(formulas::var_formula{},
                                       detail::make_layout({6, 10}, 0b11, false, operands));
  EXPECT_EQ(p.how, strategy::row_team);
  EXPECT_EQ(p.blocks, 1);
  EXPECT_EQ(p.chunks, 1);
  EXPECT_FALSE(p.cooperative);
}

// Along the first and the last axis of three, in runs: a group of threads for each vector, or
// several blocks where vectors are few and long.
TEST(plan, several_axes) {
  const auto sum_of = [](std::int64_t images, std::int64_t channels, std::int64_t pixels) {
    const shape s{images, channels, pixels};
    const strides in = contiguous_strides(s), out{0, 1, 0};
    const std::array operands{&in, &out};
    return device_plan_of<float>(formulas::sum_formula{},
                                 detail::make_layout(s, 0b101, false, operands));
  };
  const plan few = sum_of(32, 64, 3136);
  EXPECT_EQ(few.how, strategy::row_streamed);
  EXPECT_EQ(few.launches, 1);
  EXPECT_EQ(few.bytes_read, 32 * 64 * 3136 * 4);
  EXPECT_EQ(few.bytes_written, 64 * 4);
  EXPECT_EQ(few.team, 4);
  EXPECT_EQ(few.blocks, 256);
  const plan many = sum_of(2, 1000000, 6);
  EXPECT_EQ(many.team, 1);
  EXPECT_EQ(many.group, 4);  // two runs of two pieces
  EXPECT_LT(many.blocks, 100000);
}

TEST(plan, rows_of_a_window_may_start_between_boundaries) {
  const auto shifted = [](std::int64_t pitch, std::uintptr_t address) {
    const strides in = contiguous_strides({6, pitch}), out = contiguous_strides({6, 12});
    const std::array operands{&in, &out};
    return device_plan_of<float>(formulas::exp_formula{},
                                 detail::make_layout({6, 12}, 0b10, true, operands), {}, address)
        .shifted_rows;
  };
  EXPECT_FALSE(shifted(20, 1 << 20));
  EXPECT_TRUE(shifted(20, (1 << 20) + 4));
  EXPECT_TRUE(shifted(21, 1 << 20));
}

struct sum_of_seven {
  static constexpr const char* name = "sum_of_seven";
  template <class... V>
  NUMFUSE_HD auto operator()(const V&... v) const {
    return (v + ...);
  }
};

TEST(plan, counts_the_bytes_of_the_most_operands_and_dimensions) {
  const auto x = zeros<float>({3, 2, 2, 2, 2, 2, 2, 3});
  const plan p = fuse(sum_of_seven{}).plan(x, x, x, x.transpose(), x, x, x);
  EXPECT_EQ(p.bytes_read, 7 * 4 * x.size());
  EXPECT_EQ(p.bytes_written, 4 * x.size());
}

TEST(plan, the_host_reads_a_short_vector_from_memory_once) {
  const auto softmax = fuse(formulas::softmax_formula{});
  EXPECT_EQ(softmax.plan(zeros<float>({131072})).reads, 1);
  EXPECT_EQ(softmax.plan(zeros<float>({131073})).reads, 3);
}

TEST(plan, blocks_that_wait_for_each_other_fit_on_the_gpu_together) {
  for (int multiprocessors : {1, 8, 132}) {
    const plan p =
        device_plan<float>(formulas::softmax_formula{}, {2, 1 << 24}, 1, {multiprocessors, 2048});
    EXPECT_TRUE(p.cooperative);
    EXPECT_LE(p.blocks, 2 * multiprocessors);
  }
}

TEST(plan, prints_one_line) {
  EXPECT_EQ(to_string(device_plan<float>(formulas::softmax_formula{}, {16384, 1024}, 1)),
            "1 launch; reads 64.0 MiB, writes 64.0 MiB; a block of 64 threads for each row, 16 "
            "elements a thread in registers");
  EXPECT_EQ(to_string(device_plan<float>(formulas::softmax_formula{}, {1024, 65536}, 1)),
            "1 launch; reads 256.0 MiB, writes 256.0 MiB; a cluster of 4 blocks for each row, held "
            "in shared memory");
  EXPECT_EQ(to_string(device_plan<float>(formulas::softmax_formula{}, {4, 1 << 24}, 1)),
            "1 launch; reads 608.0 MiB, writes 256.0 MiB; 264 blocks for each row, 31 % held in "
            "shared memory, the rest streamed 3 times");
  EXPECT_EQ(to_string(device_plan<float>(formulas::softmax_formula{}, {2, 125}, 1)),
            "1 launch; reads 1000 B, writes 1000 B; a warp for each row, 4 elements a thread in "
            "registers");
  const auto x = zeros<float>({3, 4});
  EXPECT_EQ(to_string(fuse(formulas::exp_formula{}).plan(x)),
            "on the host; reads 48 B, writes 48 B; element by element");
  plan large;
  large.bytes_read = 1024;
  large.bytes_written = std::int64_t{1} << 50;
  EXPECT_EQ(to_string(large), "on the host; reads 1.0 KiB, writes 1024.0 TiB; element by element");
}

// One reduction more than the slots of a replay.
struct greedy {
  static constexpr const char* name = "greedy";
  template <class V>
  NUMFUSE_HD auto operator()(const V& v) const {
    return sum(v) + max(v) + min(v) + prod(v) + norm(v) + sum(v * 2) + sum(v * 3) + sum(v * 4) +
           sum(v * 5);
  }
};

TEST(plan, more_reductions_than_a_replay_remembers_are_refused) {
  try {
    fuse(greedy{})(zeros<float>({3}));
    FAIL() << "no exception";
  } catch (const value_error& e) {
    EXPECT_STREQ(e.what(), "greedy: the formula makes 9 reductions; at most 8 are supported");
  }
}

}  // namespace
}  // namespace numfuse::tests
