// Plans: launches, bytes and strategies of the functions, which no GPU is needed to know.
#include <gtest/gtest.h>

#include <numfuse/numfuse.hpp>

namespace numfuse::tests {
namespace {

// What the device would do with a contiguous tensor. Shapes and dtypes decide, not the space.
template <class T, class F>
plan device_plan(const F& formula, const shape& s, int axis,
                 const detail::device_limits& limits = {}) {
  using info = detail::formula_info<F, T>;
  constexpr bool elementwise = info::levels == 0;
  const detail::call_of<F, T> c{formula, {{{reinterpret_cast<const T*>(1), {}}}}, {}, {}};
  auto facts = detail::facts_of(c);
  auto out = contiguous_strides(detail::result_shape(s, axis, info::any_vector, true));
  if (!info::any_vector) out[axis] = 0;
  const std::array<strides, 2> operands{contiguous_strides(s), out};
  return detail::plan_on_device(facts, detail::make_layout(s, axis, elementwise, operands), limits);
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

TEST(plan, longer_vectors_are_read_once_for_each_level_and_once_to_write) {
  const plan p = device_plan<float>(formulas::softmax_formula{}, {1000, 50000}, 1);
  EXPECT_EQ(p.how, strategy::row_replay);
  EXPECT_EQ(p.reads, 3);
  EXPECT_EQ(p.launches, 1);
}

TEST(plan, reductions_read_once_at_any_length_and_write_only_scalars) {
  for (std::int64_t n : {8, 1000, 1000000}) {
    const plan p = device_plan<double>(formulas::sum_formula{}, {200, n}, 1);
    EXPECT_EQ(p.reads, 1);
    EXPECT_EQ(p.bytes_read, 8 * 200 * n);
    EXPECT_EQ(p.bytes_written, 8 * 200);
    EXPECT_EQ(p.launches, 1);
  }
  EXPECT_EQ(device_plan<float>(formulas::sum_formula{}, {2, 1 << 20}, 1).how,
            strategy::grid_replay);
}

TEST(plan, elementwise_moves_sixteen_bytes_a_piece) {
  const plan p = device_plan<float>(formulas::exp_formula{}, {1 << 20}, 0);
  EXPECT_EQ(p.how, strategy::elementwise);
  EXPECT_EQ(p.items * 4, 16);
  EXPECT_EQ(p.bytes_read, 4 << 20);
}

TEST(plan, blocks_that_wait_for_each_other_fit_on_the_gpu_together) {
  for (int multiprocessors : {1, 8, 132}) {
    const plan p =
        device_plan<float>(formulas::softmax_formula{}, {2, 1 << 24}, 1, {multiprocessors, 2048});
    if (!p.cooperative) continue;
    EXPECT_LE(p.blocks * p.threads, std::int64_t{multiprocessors} * 1024);
  }
}

TEST(plan, prints_one_line) {
  EXPECT_EQ(to_string(device_plan<float>(formulas::softmax_formula{}, {16384, 1024}, 1)),
            "1 launch; reads 64.0 MiB, writes 64.0 MiB; a block of 96 threads for each row, 16 "
            "elements a thread in registers");
  const auto x = zeros<float>({3, 4});
  EXPECT_EQ(to_string(fuse(formulas::exp_formula{}).plan(x)),
            "on the host; reads 48 B, writes 48 B; element by element");
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
