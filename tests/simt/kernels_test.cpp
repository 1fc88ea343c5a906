// The CUDA executor's kernels, run under emulation: every strategy, at the edges between them,
// gives what the host executor gives, which the other tests compare with the reference.
#include <simt/emulated.hpp>

#include <gtest/gtest.h>

#include <set>

#include "support/formulas.hpp"

namespace numfuse::tests {
namespace {

// Sums may round in another order.
template <class T>
constexpr double tolerance = std::is_same_v<T, float> ? 2e-6 : 4e-15;

template <class T>
void expect_same(const host_tensor<T>& expected, const tensor<T, emulated>& emulated_result,
                 const std::string& what, std::int64_t terms = 4) {
  const auto result = emulated_result.template to<host>();
  ASSERT_EQ(result.shape(), expected.shape()) << what;
  if constexpr (floating_dtype<T>) {
    // Some sums end near zero: their error is that of their terms, all of order 1.
    const double bound = tolerance<T> * static_cast<double>(terms);
    EXPECT_TRUE(allclose(result, expected, tolerance<T>, bound, true)) << what;
  } else {
    EXPECT_TRUE(array_equal(result, expected)) << what;
  }
}

template <class... R, class... E>
void expect_same(const std::tuple<R...>& expected, const std::tuple<E...>& results,
                 const std::string& what, std::int64_t terms = 4) {
  [&]<std::size_t... I>(std::index_sequence<I...>) {
    (expect_same(std::get<I>(expected), std::get<I>(results), what, terms), ...);
  }
  (std::index_sequence_for<R...>{});
}

template <class T>
class kernels : public ::testing::Test {
 protected:
  // Runs f on the host and under emulation.
  template <class F, class... X>
  void compare(const std::string& name, const F& f, const X&... x) {
    std::string what = name;
    ((what += " " + to_string(x.shape())), ...);
    const std::int64_t terms = std::max({std::int64_t{4}, x.size()...});
    expect_same(f(x...), f(x.template to<emulated>()...), what, terms);
    plans_.insert(f.plan(x.template to<emulated>()...).how);
  }

  void expect_plans(const std::set<strategy>& expected) const { EXPECT_EQ(plans_, expected); }

  std::set<strategy> plans_;
};

#if defined(NUMFUSE_ONE_DTYPE_OF_EACH_SIZE)
using dtypes = ::testing::Types<float>;  // the other sizes: operations_test
#else
using dtypes = ::testing::Types<float, double>;
#endif
TYPED_TEST_SUITE(kernels, dtypes);

TYPED_TEST(kernels, rows_of_every_length) {
  using T = TypeParam;
  const auto formula = fuse(all_kinds{});
  for (std::int64_t n : {1,   2,   3,   15,  16,   17,   31,   32,    33,    127,
                         128, 129, 511, 513, 1023, 1025, 4097, 16384, 16400, 33000}) {
    const std::int64_t rows = n < 1000 ? 37 : 3;
    this->compare("rows", formula, random_normal<T>({rows, n}, 1));
  }
  // Held in shared memory by a block, a cluster and the grid; too long for all of them.
  for (const shape& s : {shape{10, 9001}, shape{5, 16400}, shape{1, 40001}, shape{1, 120001}}) {
    this->compare("rows", formula, random_normal<T>(s, 1));
  }
  this->expect_plans({strategy::row_held, strategy::row_team});
}

TYPED_TEST(kernels, columns_of_every_length) {
  using T = TypeParam;
  const auto formula = fuse(all_kinds{}).along(0);
  for (std::int64_t n : {1, 2, 3, 4, 5, 15, 17, 63, 65, 127, 129, 257, 1025}) {
    for (std::int64_t columns : {2, 7, 8, 31, 33, 64}) {
      this->compare("columns", formula, random_normal<T>({n, columns}, 2));
    }
    this->compare("middle axis", fuse(all_kinds{}).along(1), random_normal<T>({3, n, 9}, 3));
  }
  for (const shape& s :
       {shape{300, 300}, shape{320, 300}, shape{400, 70}, shape{2100, 5}, shape{3300, 5}}) {
    this->compare("columns", formula, random_normal<T>(s, 2));
  }
  // A vector of one element lies along every direction.
  this->expect_plans({strategy::row_held, strategy::column_held, strategy::column_team});
}

TYPED_TEST(kernels, reductions_of_one_pass) {
  using T = TypeParam;
  for (std::int64_t n : {1, 5, 32, 33, 1000, 5003, 70001}) {
    const auto x = random_normal<T>({3, n}, 4);
    this->compare("sum", fuse(formulas::sum_formula{}), x);
    this->compare("sum of columns", fuse(formulas::sum_formula{}).along(0), x);
    this->compare("sum of all", fuse(formulas::sum_formula{}).along(all), x);
    this->compare("argmax of all", fuse(formulas::argmax_formula{}).along(all), x);
    this->compare("norm", fuse(formulas::norm_formula{}), x);
    this->compare("l1 with a broadcast row", fuse(formulas::l1_loss_formula{}).along(all), x,
                  random_normal<T>({n}, 5));
  }
  for (const shape& s : {shape{300, 70}, shape{5000, 9}}) {
    const auto x = random_normal<T>(s, 4);
    this->compare("sum of columns", fuse(formulas::sum_formula{}).along(0), x);
    this->compare("argmax of columns", fuse(formulas::argmax_formula{}).along(0), x);
  }
}

// A team's rounds follow each other with one barrier each, where the formula has one level.
TYPED_TEST(kernels, many_rounds_of_a_team) {
  using T = TypeParam;
  const auto formula = fuse(formulas::normalize_rows_formula{});
  for (const shape& s : {shape{9, 40001}, shape{70, 16400}, shape{3, 120001}}) {
    this->compare("rows", formula, random_normal<T>(s, 14));
  }
  for (const shape& s : {shape{2100, 200}, shape{400, 2000}, shape{3300, 100}}) {
    this->compare("columns", formula.along(0), random_normal<T>(s, 15));
  }
}

TYPED_TEST(kernels, whole_tensors) {
  using T = TypeParam;
  for (std::int64_t n : {1, 33, 1000, 70001}) {
    this->compare("whole", fuse(all_kinds{}).along(all), random_normal<T>({2, n}, 6));
  }
}

TYPED_TEST(kernels, element_by_element) {
  using T = TypeParam;
  for (std::int64_t n : {1, 3, 4, 33, 1000, 30011}) {
    const auto x = random_normal<T>({3, n}, 7);
    this->compare("exp", fuse(formulas::exp_formula{}).along(all), x);
    this->compare("x + row", fuse(formulas::add_formula{}), x, random_normal<T>({n}, 8));
    this->compare("x + column", fuse(formulas::add_formula{}), x, random_normal<T>({3, 1}, 8));
    this->compare("row + column", fuse(formulas::add_formula{}), random_normal<T>({3, 1}, 8),
                  random_normal<T>({n}, 8));
    this->compare("positions in rows", fuse(ramp{}), x);
    this->compare("positions in columns", fuse(ramp{}).along(0), x);
  }
}

TYPED_TEST(kernels, several_inputs) {
  using T = TypeParam;
  for (std::int64_t n : {1, 31, 33, 129, 1025, 5001, 20001, 70001}) {
    this->compare("layer norm", fuse(layer_norm{}), random_normal<T>({3, n}, 9),
                  random_normal<T>({n}, 10), random_normal<T>({n}, 11));
  }
}

TYPED_TEST(kernels, strided_and_unaligned_views) {
  using T = TypeParam;
  const auto x = random_normal<T>({6, 70, 5}, 12);
  const auto e = x.template to<emulated>();
  const auto views = [](const auto& t) {
    return std::make_tuple(t(slice{}, slice{1, 70}), t(slice{0, 6, 2}, slice{3, 68, 3}),
                           t.transpose(), t.transpose({1, 0, 2}), t(2), t(slice{}, 7));
  };
  const auto formula = fuse(all_kinds{});
  const auto check = [&](const auto& on_host, const auto& on_emulated) {
    for (int axis = 0; axis < on_host.rank(); ++axis) {
      expect_same(formula.along(axis)(on_host), formula.along(axis)(on_emulated),
                  to_string(on_host.shape()) + " axis " + std::to_string(axis));
    }
    expect_same(formula.along(all)(on_host), formula.along(all)(on_emulated), "all");
    expect_same(copy(on_host), copy(on_emulated), "copy");
  };
  const auto h = views(x);
  const auto d = views(e);
  [&]<std::size_t... I>(std::index_sequence<I...>) { (check(std::get<I>(h), std::get<I>(d)), ...); }
  (std::make_index_sequence<6>{});
}

// Outputs that are windows: nothing beside them is written.
TYPED_TEST(kernels, write_only_their_results) {
  using T = TypeParam;
  const auto x = random_normal<T>({9, 33}, 13).template to<emulated>();
  auto frame = full<T, emulated>({11, 40}, T(-7));
  auto window = frame(slice{1, 10}, slice{3, 36});
  fuse(formulas::softmax_formula{}).into(window, x);
  auto expected = full<T>({11, 40}, T(-7));
  auto expected_window = expected(slice{1, 10}, slice{3, 36});
  fuse(formulas::softmax_formula{}).into(expected_window, x.template to<host>());
  expect_same(expected, frame, "frame");
}

// What no result shows: a warp joins by shuffles alone; pieces start at 16-byte boundaries wherever
// a row does.
static_assert(detail::block_state_bytes(32, 1) == 0);
static_assert(detail::block_state_bytes(64, 1) > 0);

TEST(kernels, pieces_start_at_boundaries) {
  alignas(16) float memory[8] = {};
  using copy_call = detail::call_of<formulas::copy_formula, float>;
  copy_call c{{}, {{{memory, {}}}}, {{memory}}, {}};
  c.where.vector_rank = 1;
  c.where.strides[0][0] = c.where.strides[1][0] = 1;
  EXPECT_EQ((cuda::row_shift<copy_call, 4>(c, {2, 4})), 0);
  EXPECT_EQ((cuda::row_shift<copy_call, 4>(c, {2, 3})), 3);
  c.where.strides[1][0] = 2;  // the output's elements are not neighbours: the input's are
  EXPECT_EQ((cuda::row_shift<copy_call, 4>(c, {2, 3})), 2);
}

// Shared memory for the copies under way, and none to keep anything.
TEST(kernels, what_is_not_kept_passes_through) {
  const auto x = random_normal<float>({1, 120001}, 16);
  host_tensor<float> y(x.shape());
  using softmax_call = detail::call_of<formulas::softmax_formula, float>;
  const std::array operands{&x.strides(), &y.strides()};
  const softmax_call c{
      {}, {{{x.data(), {}}}}, {{y.data()}}, detail::make_layout(x.shape(), 0b10, false, operands)};
  detail::device_limits limits = emulated_gpu;
  limits.shared_bytes = 33 * 1024;
  const plan p = detail::plan_on_device(detail::facts_of(c), c.where, limits);
  ASSERT_EQ(p.kept_turns, 0);
  ASSERT_NE(p.kept_inputs, 0u);
  cuda::run(c, p, {});
  EXPECT_TRUE(allclose(y, softmax(x), 2e-6, 0));
}

TEST(kernels, random_numbers_are_those_of_the_host) {
  EXPECT_TRUE(array_equal(random_uniform<float, emulated>({5003}, 1).to<host>(),
                          random_uniform<float>({5003}, 1)));
  EXPECT_TRUE(array_equal(random_normal<double, emulated>({5003}, 1).to<host>(),
                          random_normal<double>({5003}, 1)));
}

TEST(kernels, special_values_travel_through_every_strategy) {
  const float inf = std::numeric_limits<float>::infinity();
  for (std::int64_t n : {5, 100, 3000, 20000, 40000}) {
    for (float special : {inf, -inf, std::numeric_limits<float>::quiet_NaN()}) {
      auto x = zeros<float>({2, n});
      x(1, n / 2).data()[0] = special;
      for (int axis : {0, 1}) {
        const auto e = x.to<emulated>();
        expect_same(softmax(x, axis), softmax(e, axis), "softmax");
        expect_same(max(x, axis), max(e, axis), "max");
        expect_same(argmin(x, axis), argmin(e, axis), "argmin");
        expect_same(logsumexp(x, axis), logsumexp(e, axis), "logsumexp");
      }
    }
  }
}

}  // namespace
}  // namespace numfuse::tests
