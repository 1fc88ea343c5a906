// What goes wrong: the type of each exception, and its message, word by word.
#include <cstdio>
#include <string>

#include "support/check.hpp"

namespace numfuse::tests {
namespace {

/// The message of the E that f throws; a text that fails the comparison where it throws no E.
template <class E, class F>
std::string message_of(F f) {
  try {
    f();
  } catch (const E& e) {
    static_assert(std::derived_from<E, error> && std::derived_from<error, std::runtime_error>);
    return e.what();
  } catch (const std::exception& e) {
    return std::string("another exception: ") + e.what();
  }
  return "no exception";
}

/// EXPECT_ERROR(shape_error, "message", expression)
#define EXPECT_ERROR(type, message, ...) \
  EXPECT_EQ(message_of<type>([&] { static_cast<void>(__VA_ARGS__); }), message)

template <class Case>
class Errors : public typed_test<Case> {
 protected:
  using Space = typename Case::space;
  // Members of a template's base are not found without `this->`: the tests take them from here.
  struct tensors {
    tensor<float, Space> matrix = zeros<float, Space>({2, 3});
    tensor<float, Space> four = zeros<float, Space>({4});
    tensor<float, Space> row = zeros<float, Space>({3});
    tensor<float, Space> nothing = zeros<float, Space>({0, 3});
    tensor<float, Space> cube = zeros<float, Space>({2, 3, 4});
  };
};
TYPED_TEST_SUITE(Errors, space_cases, case_names);

TYPED_TEST(Errors, ShapesThatDoNotBroadcast) {
  const typename TestFixture::tensors t;
  EXPECT_ERROR(shape_error,
               "add: shapes (2, 3) and (4,) do not broadcast: axis 1 has sizes 3 and 4",
               t.matrix + t.four);
  EXPECT_ERROR(shape_error,
               "subtract: shapes (2, 3) and (2,) do not broadcast: axis 1 has sizes 3 and 2",
               t.matrix - t.cube(slice{}, 0, 0));
  EXPECT_ERROR(shape_error,
               "less: shapes (4,) and (2, 3) do not broadcast: axis 1 has sizes 4 and 3",
               t.four < t.matrix);
  EXPECT_ERROR(shape_error,
               "maximum: shapes (2, 3) and (2, 3, 4) do not broadcast: axis 1 has sizes 2 and 3",
               maximum(t.matrix, t.cube));
  EXPECT_ERROR(shape_error,
               "clip: shapes (2, 3) and (4,) do not broadcast: axis 1 has sizes 3 and 4",
               clip(t.matrix, 0, t.four));
  EXPECT_ERROR(shape_error,
               "where: shapes (2, 3) and (4,) do not broadcast: axis 1 has sizes 3 and 4",
               where(t.matrix > 0, t.matrix, t.four));
  EXPECT_ERROR(shape_error,
               "l1_loss: shapes (2, 3) and (4,) do not broadcast: axis 1 has sizes 3 and 4",
               l1_loss(t.matrix, t.four));
  EXPECT_ERROR(shape_error, "broadcast_to: shape (2, 3) does not broadcast to shape (3, 2)",
               t.matrix.broadcast_to({3, 2}));
  EXPECT_ERROR(shape_error, "broadcast_to: shape (2, 3) does not broadcast to shape (3,)",
               t.matrix.broadcast_to({3}));
}

TYPED_TEST(Errors, ListsOfAxes) {
  const typename TestFixture::tensors t;
  EXPECT_ERROR(axis_error, "sum: axis 2 is out of bounds for shape (2, 3)", sum(t.matrix, {0, 2}));
  EXPECT_ERROR(axis_error, "sum: axis -9 is out of bounds for shape (2, 3)",
               sum(t.matrix, {1, -9}));
  EXPECT_ERROR(axis_error, "max: axis 300 is out of bounds for shape (2, 3)", max(t.matrix, {300}));
  EXPECT_ERROR(axis_error, "sum: axis 0 is given twice, for shape (2, 3)", sum(t.matrix, {0, 0}));
  EXPECT_ERROR(axis_error, "softmax: axis -2 is given twice, for shape (2, 3)",
               softmax(t.matrix, {0, -2}));
  EXPECT_ERROR(value_error, "max: no value for no elements, along axes (0, 2) of shape (0, 3, 2)",
               max(copy(broadcast_to(t.nothing.reshape({0, 3, 1}), {0, 3, 2})), {0, 2}));
  EXPECT_ERROR(value_error,
               "norm: order 1.000000 of shape (2, 3) along several axes is a matrix norm; give an "
               "axis",
               norm(t.matrix, 1.0, {0, 1}));
}

TYPED_TEST(Errors, AxesOutOfBounds) {
  const typename TestFixture::tensors t;
  EXPECT_ERROR(axis_error, "softmax: axis 3 is out of bounds for shape (2, 3)",
               softmax(t.matrix, 3));
  EXPECT_ERROR(axis_error, "sum: axis 2 is out of bounds for shape (2, 3)", sum(t.matrix, 2));
  EXPECT_ERROR(axis_error, "max: axis -3 is out of bounds for shape (2, 3)", max(t.matrix, -3));
  EXPECT_ERROR(axis_error, "argmax: axis 1 is out of bounds for shape (4,)", argmax(t.four, 1));
  EXPECT_ERROR(axis_error, "var: axis 5 is out of bounds for shape (2, 3, 4)", var(t.cube, 5));
  EXPECT_ERROR(axis_error, "norm: axis 2 is out of bounds for shape (2, 3)",
               norm(t.matrix, 2.0, 2));
  EXPECT_ERROR(axis_error, "normalize_rows: axis 2 is out of bounds for shape (2, 3)",
               normalize_rows(t.matrix, 2));
  EXPECT_ERROR(axis_error, "mean: axis 0 is out of bounds for shape ()", mean(sum(t.matrix), 0));
  auto number = sum(t.matrix);
  EXPECT_ERROR(axis_error, "softmax: axis -1 is out of bounds for shape ()",
               fuse(formulas::softmax_formula{}).into(number, number));
  auto four = t.four;
  EXPECT_ERROR(axis_error, "exp: axis 1 is out of bounds for shape (4,)",
               fuse(formulas::exp_formula{}).along(1).into(four, t.four));
  EXPECT_ERROR(axis_error, "expand_dims: axis 4 is out of bounds for shape (1, 2, 3)",
               t.matrix.view().expand_dims(4));
  EXPECT_ERROR(axis_error, "transpose: axes (0, 0) do not permute shape (2, 3)",
               t.matrix.view().transpose({0, 0}));
  EXPECT_ERROR(axis_error, "transpose: axes (0,) do not permute shape (2, 3)",
               t.matrix.view().transpose({0}));
  EXPECT_ERROR(axis_error, "transpose: axis 2 is out of bounds for shape (2, 3)",
               t.matrix.view().transpose({0, 2}));
}

TYPED_TEST(Errors, IndicesOutOfBounds) {
  const typename TestFixture::tensors t;
  EXPECT_ERROR(axis_error, "index: 2 is out of bounds for axis 0 of shape (2, 3)", t.matrix(2));
  EXPECT_ERROR(axis_error, "index: -4 is out of bounds for axis 1 of shape (2, 3)",
               t.matrix(slice{}, -4));
  EXPECT_ERROR(axis_error, "index: 5 is out of bounds for axis 1 of shape (2, 3)", t.matrix(0, 5));
  EXPECT_ERROR(axis_error, "index: 3 indices for shape (2, 3)", t.matrix(slice{}, slice{}, 0));
  EXPECT_ERROR(axis_error, "index: 3 indices for shape (2, 3)", t.matrix(0, 0, 0));
  EXPECT_ERROR(axis_error, "index -1 is out of bounds for (2, 3)", t.matrix.shape()[-1]);
  EXPECT_ERROR(axis_error, "index 2 is out of bounds for (3, 1)", t.matrix.strides()[2]);
  EXPECT_ERROR(axis_error, "transpose: axes (4294967297, 0) do not permute shape (2, 3)",
               t.matrix.transpose({4294967297, 0}));
  EXPECT_ERROR(value_error, "slice: the step must be at least 1", t.matrix(slice{0, 2, 0}));
  EXPECT_ERROR(value_error, "slice: the step must be at least 1", t.matrix(slice{0, 2, -1}));
}

TYPED_TEST(Errors, ReshapesToAnotherSize) {
  const typename TestFixture::tensors t;
  EXPECT_ERROR(shape_error, "reshape: cannot reshape (2, 3) to (4,): the sizes are 6 and 4",
               t.matrix.reshape({4}));
  EXPECT_ERROR(shape_error,
               "reshape: cannot reshape (2, 3) to (-1, 4): 6 elements do not divide by 4",
               t.matrix.reshape({-1, 4}));
  EXPECT_ERROR(shape_error, "reshape: cannot reshape (2, 3) to (-1, -1): only one size may be -1",
               t.matrix.reshape({-1, -1}));
  EXPECT_ERROR(shape_error, "reshape: cannot reshape (2, 3) to (-2, 3): negative size",
               t.matrix.reshape({-2, 3}));
  EXPECT_ERROR(shape_error,
               "reshape: cannot reshape (0, 3) to (-1, 0): 0 elements do not divide by 0",
               t.nothing.reshape({-1, 0}));
  EXPECT_ERROR(
      shape_error,
      "reshape: a view of shape (3, 2) and strides (1, 3) is not contiguous; copy() it first",
      t.matrix.transpose().reshape({6}));
}

TYPED_TEST(Errors, ItemOfSeveralElements) {
  const typename TestFixture::tensors t;
  EXPECT_ERROR(shape_error, "item: shape (2, 3) has 6 elements", t.matrix.item());
  EXPECT_ERROR(shape_error, "item: shape (0, 3) has 0 elements", t.nothing.item());
}

TYPED_TEST(Errors, NoElementsNoSmallestNorm) {
  using Space = typename TypeParam::space;
  const double infinity = std::numeric_limits<double>::infinity();
  const auto nothing = zeros<float, Space>({0});
  EXPECT_ERROR(value_error, "norm: no value for no elements, of shape (0,)",
               norm(nothing, -infinity));
  if constexpr (std::same_as<Space, host>) {
    EXPECT_EQ(norm(nothing, infinity).item(), 0);
  }
}

TYPED_TEST(Errors, NoElementsNoValue) {
  const typename TestFixture::tensors t;
  EXPECT_ERROR(value_error, "max: no value for no elements, along axis 0 of shape (0, 3)",
               max(t.nothing, 0));
  EXPECT_ERROR(value_error, "argmin: no value for no elements, of shape (0, 3)", argmin(t.nothing));
  EXPECT_ERROR(value_error, "softmax: no value for no elements, along axis 0 of shape (0, 3)",
               softmax(t.nothing, 0));
  EXPECT_ERROR(value_error, "logsumexp: no value for no elements, of shape (0, 3)",
               logsumexp(t.nothing));
  EXPECT_EQ(max(t.nothing, 1).shape(), shape{0});  // no vectors: nothing to complain about
}

TYPED_TEST(Errors, ProductsOfOtherShapes) {
  const typename TestFixture::tensors t;
  EXPECT_ERROR(shape_error,
               "dot: shapes (2, 3) and (4,) do not multiply: the inner sizes are 3 and 4",
               dot(t.matrix, t.four));
  EXPECT_ERROR(shape_error,
               "dot: shapes (4,) and (3,) do not multiply: the inner sizes are 4 and 3",
               dot(t.four, t.row));
  EXPECT_ERROR(shape_error,
               "matmul: shapes (2, 3) and (2, 3) do not multiply: the inner sizes are 3 and 2",
               matmul(t.matrix, t.matrix));
  EXPECT_ERROR(shape_error,
               "dot: shapes (2, 3, 4) and (4,): at most two dimensions; use matmul for batches",
               dot(t.cube, t.four));
  EXPECT_ERROR(shape_error, "matmul: shapes () and (2, 3) do not multiply: an operand has no axis",
               matmul(sum(t.matrix), t.matrix));
  EXPECT_ERROR(
      shape_error, "matmul: shapes (2,) and (3,) do not broadcast: axis 0 has sizes 2 and 3",
      matmul(t.cube, reshape(zeros<float, typename TypeParam::space>({3, 4, 2}), {3, 4, 2})));
}

TYPED_TEST(Errors, ArgumentsWithoutMeaning) {
  using Space = typename TypeParam::space;
  const typename TestFixture::tensors t;
  EXPECT_ERROR(
      value_error,
      "norm: order 1.000000 of shape (2, 3) without an axis is a matrix norm; give an axis",
      norm(t.matrix, 1.0));
  EXPECT_ERROR(value_error, "arange: the step must not be 0", (arange<float, Space>(0, 1, 0)));
  EXPECT_ERROR(value_error, "linspace: the count -1 is negative",
               (linspace<float, Space>(0, 1, -1)));
  const double infinity = std::numeric_limits<double>::infinity();
  EXPECT_ERROR(value_error,
               "arange: from 0 to inf in steps of 1: there is no such number of elements",
               (arange<float, Space>(0, infinity)));
  EXPECT_ERROR(value_error,
               "arange: from nan to 2 in steps of 1: there is no such number of elements",
               (arange<std::int64_t, Space>(std::numeric_limits<double>::quiet_NaN(), 2)));
  EXPECT_ERROR(value_error, "random_uniform: the interval from -1e+308 to 1e+308 is not finite",
               (random_uniform<double, Space>({2}, 1, -1e308, 1e308)));
  EXPECT_ERROR(value_error, "random_uniform: the interval from 0 to 1e+300 is not finite",
               (random_uniform<float, Space>({2}, 1, 0, 1e300)));
  EXPECT_ERROR(value_error, "random_normal: the deviation -1 is below 0",
               (random_normal<double, Space>({2}, 1, 0, -1)));
}

// A whole number that an integral dtype does not have would be another one there.
TYPED_TEST(Errors, NumbersThatADtypeDoesNotHave) {
  using Space = typename TypeParam::space;
  const auto small = full<std::uint8_t, Space>({3}, 250);
  EXPECT_ERROR(value_error, "less: 256 is not a number of uint8", small < 256);
  EXPECT_ERROR(value_error, "greater: -1 is not a number of uint8", small > -1);
  EXPECT_ERROR(value_error, "add: 300 is not a number of uint8", small + 300);
  EXPECT_ERROR(value_error, "maximum: -5 is not a number of uint8", maximum(small, -5));
  EXPECT_ERROR(value_error, "clip: 300 is not a number of uint8", clip(small, 0, 300));
  EXPECT_ERROR(value_error, "where: 256 is not a number of uint8", where(small > 3, small, 256));
  const auto wide = full<std::int32_t, Space>({3}, 1);
  EXPECT_ERROR(value_error, "multiply: 3000000000 is not a number of int32", wide * 3000000000);
  const auto widest = full<std::int64_t, Space>({3}, 1);
  EXPECT_ERROR(value_error, "add: 18446744073709551615 is not a number of int64",
               widest + std::numeric_limits<std::uint64_t>::max());
}

struct above_and_below {
  template <class V>
  NUMFUSE_HD auto operator()(const V& v) const {
    return outputs(v + 1, v - 1);
  }
};

TEST(ErrorsHost, TwoOutputsInOnePlace) {
  const auto x = ones<float>({2, 3});
  auto y = zeros<float>({2, 3});
  EXPECT_ERROR(value_error, "fuse: two outputs start at the same element",
               fuse(above_and_below{}).into(y, y, x));
  EXPECT_ERROR(value_error, "fuse: two outputs start at the same element",
               fuse(above_and_below{}).into(y(slice{0, 1}), y(slice{0, 1}), x(slice{1})));
  EXPECT_TRUE(array_equal(y, zeros<float>({2, 3})));
}

TYPED_TEST(Errors, OutputsOfAnotherShape) {
  const typename TestFixture::tensors t;
  auto out = zeros<float, typename TypeParam::space>({3, 2});
  EXPECT_ERROR(shape_error, "softmax: the result has shape (2, 3), the output (3, 2)",
               fuse(formulas::softmax_formula{}).into(out, t.matrix));
  EXPECT_ERROR(shape_error, "sum: the result has shape (2,), the output (3, 2)",
               fuse(formulas::sum_formula{}).into(out, t.matrix));
  auto one = zeros<float, typename TypeParam::space>({1});
  EXPECT_ERROR(shape_error, "exp: the result has shape (4,), the output (1,)",
               fuse(formulas::exp_formula{}).into(one, t.four));
  EXPECT_ERROR(shape_error, "sum: the result has shape (), the output (1,)",
               fuse(formulas::sum_formula{}).into(one, t.four));
}

// --- What does not depend on the space.

TEST(ErrorsHost, Shapes) {
  EXPECT_ERROR(shape_error, "shape: negative size in (2, -3)", shape{2, -3});
  EXPECT_ERROR(shape_error, "shape: more than 8 dimensions", shape{1, 1, 1, 1, 1, 1, 1, 1, 1});
  const std::int64_t large = std::int64_t{1} << 32;
  EXPECT_ERROR(shape_error, "shape: (4294967296, 4294967296) has more than 2^63 elements",
               shape{large, large});
  EXPECT_EQ((shape{large, large, 0}.size()), 0);
}

TEST(ErrorsHost, Construction) {
  EXPECT_ERROR(shape_error, "tensor: nested braces of uneven lengths or depths",
               host_tensor<int>{{1, 2}, {3}});
  EXPECT_ERROR(shape_error, "tensor: 4 elements do not fill shape (2, 3)",
               host_tensor<float>(shape{2, 3}, std::vector<float>(4)));
  const float values[4] = {};
  EXPECT_ERROR(shape_error, "tensor: 4 elements do not fill shape (5,)",
               host_tensor<float>(shape{5}, values, values + 4));
  EXPECT_ERROR(shape_error, "tensor_view: shape (2, 2) with strides (1,)",
               tensor_view<const float, host>(values, shape{2, 2}, strides{1}));
}

TEST(ErrorsHost, ADeviceThatIsNotThere) {
  if (device_available()) GTEST_SKIP() << "there is a GPU: " << device_description();
  const std::string why = device_description();
  EXPECT_EQ(why.substr(0, 8), "no GPU: ");
  const host_tensor<float> x{{1, 2, 3}, {4, 5, 6}};
  EXPECT_ERROR(device_error, "to: " + why + "; shape (2, 3)", x.to<device>());
  EXPECT_ERROR(device_error, "zeros: " + why + "; shape (3,)", zeros<float, device>({3}));
  EXPECT_ERROR(device_error, "linspace: " + why + "; shape (5,)",
               linspace<double, device>(0, 1, 5));
  EXPECT_ERROR(device_error, "tensor: " + why, empty<double, device>({3}));
  EXPECT_ERROR(device_error, "stream::create: " + why, stream::create());

  // Memory of unknown origin is as near to a device tensor as one gets here.
  const tensor_view<const float, device> there(x.data(), shape{2, 3});
  float value = 7;
  const tensor_view<float, device> out(&value, shape{});
  EXPECT_ERROR(device_error, "softmax: " + why + "; shape (2, 3)", softmax(there));
  EXPECT_ERROR(device_error, "sum: " + why + "; shape (2, 3)", sum(there, 0));
  EXPECT_ERROR(device_error, "add: " + why + "; shape (2, 3)", there + 1);
  EXPECT_ERROR(device_error, "dot: " + why + "; shape (3,)", dot(there(0), there(1)));
  EXPECT_ERROR(device_error, "matmul: " + why + "; shape (2, 2)", matmul(there, there.transpose()));
  EXPECT_ERROR(device_error, "sum: " + why + "; shape (2, 3)",
               fuse(formulas::sum_formula{}).along(all).into(out, there));
  EXPECT_EQ(value, 7);
  EXPECT_ERROR(axis_error, message_of<axis_error>([&] { softmax(x, 2); }), softmax(there, 2));
}

TEST(ErrorsHost, Files) {
  EXPECT_NE(
      message_of<io_error>([] { load_npy<float>("no_such_file.npy"); }).find("no_such_file.npy"),
      std::string::npos);
  const std::string file = ::testing::TempDir() + "numfuse_errors_test.npy";
  save_npy(file, host_tensor<float>{1, 2, 3});
  EXPECT_ERROR(dtype_error, "load_npy: " + file + ": the file holds float32, not float64",
               load_npy<double>(file));
  std::remove(file.c_str());
}

TEST(ErrorsHost, EachDerivesFromError) {
  static_assert(std::derived_from<shape_error, error> && std::derived_from<axis_error, error>);
  static_assert(std::derived_from<dtype_error, error> && std::derived_from<value_error, error>);
  static_assert(std::derived_from<device_error, error> && std::derived_from<io_error, error>);
  EXPECT_THROW(throw axis_error("x"), error);
}

}  // namespace
}  // namespace numfuse::tests
