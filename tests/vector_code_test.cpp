// What the library's functions cost beside an addition.
#include <limits>
#include <string>
#include <type_traits>
#include <utility>

#include "support/beside_additions.hpp"

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

class vector_code : public beside_additions {
 protected:
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
