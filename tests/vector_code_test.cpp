// What functions cost beside an addition. A compiler that makes no vector instructions of one of
// their loops, as it does at the sight of a bool in memory or of a branch, makes it take 5 to 50
// times as long: results do not show it.
#include <algorithm>
#include <chrono>
#include <iostream>
#include <limits>
#include <string>
#include <type_traits>
#include <utility>

#include <gtest/gtest.h>

#include <numfuse/numfuse.hpp>

namespace numfuse::tests {
namespace {

// What a formula names, "d = x - y", holds its operands. Compilers see through it, to registers, if
// it has neither gaps nor empty members; copies of it in memory take longer than a small call.
namespace executor = detail::host_executor;
using row = executor::swept_vector<float, 0, executor::held_context<executor::row_part>,
                                   executor::row_part::run<const float>>;
using difference = decltype(std::declval<row>() - std::declval<row>());
using square_of_difference = decltype(std::declval<difference>() * std::declval<difference>());
static_assert(std::has_unique_object_representations_v<square_of_difference>);

template <class F>
double seconds_of(const F& f) {
  using clock = std::chrono::steady_clock;
  const auto start = clock::now();
  f();
  return std::chrono::duration<double>(clock::now() - start).count();
}

class vector_code : public ::testing::Test {
 protected:
  void SetUp() override {
#if !defined(NUMFUSE_TEST_TIMES)
    GTEST_SKIP() << "this build is not the one whose times are known";
#endif
  }

  template <class F>
  void costs(const std::string& name, double most, const F& f) const {
    // The fastest of many runs, in turns: other programs take time, none gives some.
    double fastest = 1, addition = 1;
    for (int run = 0; run < 1000; ++run) {
      fastest = std::min(fastest, seconds_of(f));
      addition = std::min(addition, seconds_of([&] { x_ + y_; }));
    }
    const double ratio = fastest / addition;
    std::cout << name << ' ' << instruction_set() << ": " << ratio << " of " << most
              << " additions\n";
    EXPECT_LE(ratio, most) << name;
  }

  // In additions, about twice of what was measured; a simple loop without vector instructions took
  // 5 and more, in the baseline 3.5. There vector registers are short, and lack some operations.
  bool is_baseline_ = instruction_set() == "baseline";
  double simple_ = is_baseline_ ? 5 : 3;
  double transcendental_ = is_baseline_ ? 30 : 12;

  // They fit the second-level cache: there it is instructions that count.
  host_tensor<float> x_ = random_uniform<float>({16000}, 1, -4, 4);
  host_tensor<float> y_ = random_uniform<float>({16000}, 2, -4, 4);
  host_tensor<bool> mask_ = x_ < y_;
  host_tensor<std::int64_t> n_ = astype<std::int64_t>(x_);
};

TEST_F(vector_code, comparisons_and_choices) {
  costs("less", simple_, [&] { x_ < y_; });
  costs("equal", simple_, [&] { x_ == y_; });
  costs("logical_and", simple_, [&] { logical_and(mask_, mask_); });
  costs("where", simple_, [&] { where(mask_, x_, y_); });
  costs("where with a number", simple_, [&] { where(mask_, x_, 0); });
  costs("clip", simple_, [&] { clip(x_, -1, 1); });
  costs("maximum", simple_, [&] { maximum(x_, y_); });
  costs("sign", simple_, [&] { sign(x_); });
}

TEST_F(vector_code, reductions) {
  costs("max", simple_, [&] { max(x_); });
  costs("argmax", simple_, [&] { argmax(x_); });
  costs("any", simple_, [&] { any(mask_); });
  costs("array_equal", simple_, [&] { array_equal(x_, x_); });
  costs("sum of bool", simple_, [&] { sum(mask_); });
  costs("norm of order 1", simple_, [&] { norm(x_, 1); });
  costs("norm of order inf", simple_, [&] { norm(x_, std::numeric_limits<double>::infinity()); });
  if (!is_baseline_) costs("max of int64", simple_, [&] { max(n_); });
}

// Loops over so many columns are not the same code.
TEST_F(vector_code, columns) {
  for (const int width : {16, 32, 160}) {
    const auto matrix = x_.reshape({16000 / width, width});
    const std::string of_columns = " of " + std::to_string(width) + " columns";
    costs("max" + of_columns, simple_, [&] { max(matrix, 0); });
    costs("argmax" + of_columns, is_baseline_ ? 10 : 8, [&] { argmax(matrix, 0); });
    costs("normalize_rows" + of_columns, 2 * simple_, [&] { normalize_rows(matrix, 0); });
    costs("softmax" + of_columns, 2 * transcendental_, [&] { softmax(matrix, 0); });
  }
}

TEST_F(vector_code, conversions_and_sequences) {
  costs("astype", simple_, [&] { astype<float>(mask_); });
  if (!is_baseline_) costs("arange", 8, [&] { arange<float>(16000); });
}

TEST_F(vector_code, transposed_operands) {
  const auto turned = x_.reshape({125, 128}).transpose();
  const auto beside = y_.reshape({128, 125});
  costs("square of a transposed matrix", 5, [&] { square(turned); });
  costs("sum with a transposed matrix", 5, [&] { turned + beside; });
}

TEST_F(vector_code, functions) {
  costs("exp", transcendental_, [&] { exp(x_); });
  costs("log1p", transcendental_, [&] { log1p(x_); });
  costs("tanh", transcendental_, [&] { tanh(x_); });
  costs("sigmoid", transcendental_, [&] { sigmoid(x_); });
  costs("sigmoid_derivative", transcendental_, [&] { sigmoid_derivative(x_); });
  costs("pow with exponent 2", simple_, [&] { pow(x_, 2); });
  costs("pow", 5 * transcendental_, [&] { pow(x_, y_); });
}

}  // namespace
}  // namespace numfuse::tests
