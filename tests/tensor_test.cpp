// Tensors and views: construction, copies and moves, indexing, reshape, transpose.
#include <algorithm>
#include <list>
#include <numeric>
#include <sstream>
#include <utility>

#include <thrust/host_vector.h>

#include "support/check.hpp"

namespace numfuse::tests {
namespace {

template <class Case>
class Tensor : public typed_test<Case> {};
TYPED_TEST_SUITE(Tensor, all_cases, case_names);

/// 0, 1, 2, ... in C order; every second one true for bool.
template <class T>
host_tensor<T> counting(const shape& s) {
  host_tensor<T> x(s);
  int n = 0;
  for (T& value : x) value = from_double<T>(std::same_as<T, bool> ? n++ % 2 : n++ % 200);
  return x;
}

template <class T>
std::vector<double> numbers(const host_tensor<T>& x) {
  std::vector<double> result;
  for (T value : x) result.push_back(to_double(value));
  return result;
}

using list = std::vector<double>;

TYPED_TEST(Tensor, FromBraces) {
  using T = typename TypeParam::dtype;
  using Space = typename TypeParam::space;
  const tensor<T, Space> vector{1, 0, 1};
  EXPECT_EQ(vector.shape(), shape{3});
  EXPECT_EQ(numbers(back<TypeParam>(vector)), (list{1, 0, 1}));
  const tensor<T, Space> matrix{{1, 0, 0}, {0, 1, 1}};
  EXPECT_EQ(matrix.shape(), (shape{2, 3}));
  EXPECT_EQ(numbers(back<TypeParam>(matrix)), (list{1, 0, 0, 0, 1, 1}));
  const tensor<T, Space> cube{{{1}, {0}}, {{0}, {1}}, {{1}, {1}}};
  EXPECT_EQ(cube.shape(), (shape{3, 2, 1}));
  EXPECT_EQ(numbers(back<TypeParam>(cube)), (list{1, 0, 0, 1, 1, 1}));
}

TYPED_TEST(Tensor, FromIteratorsAndPointers) {
  using T = typename TypeParam::dtype;
  using Space = typename TypeParam::space;
  const std::list<T> values(6, from_double<T>(1));
  const tensor<T, Space> x(shape{2, 3}, values.begin(), values.end());
  EXPECT_EQ(numbers(back<TypeParam>(x)), list(6, 1));
  EXPECT_THROW((tensor<T, Space>(shape{7}, values.begin(), values.end())), shape_error);
  // A pointer of somebody else is looked at, not taken.
  const auto owner = to_space<TypeParam>(counting<T>({4, 5}));
  const tensor_view<const T, Space> window(owner.data(), shape{5, 4});
  EXPECT_EQ(numbers(back<TypeParam>(window)), numbers(back<TypeParam>(owner)));
  const tensor_view<const T, Space> every_second(owner.data(), shape{10}, strides{2});
  EXPECT_EQ(to_double(back<TypeParam>(every_second).data()[3]),
            to_double(back<TypeParam>(owner).data()[6]));
}

TYPED_TEST(Tensor, CopiesAreDeepAndMovesAreFree) {
  using T = typename TypeParam::dtype;
  auto x = to_space<TypeParam>(counting<T>({3, 5}));
  const auto* address = x.data();
  auto copied = x;
  EXPECT_NE(copied.data(), address);
  EXPECT_EQ(numbers(back<TypeParam>(copied)), numbers(back<TypeParam>(x)));
  auto moved = std::move(x);
  EXPECT_EQ(moved.data(), address);
  EXPECT_EQ(x.shape(), shape{0});
  EXPECT_EQ(x.size(), 0);
  copied = std::move(moved);
  EXPECT_EQ(copied.data(), address);
  x = copied;
  EXPECT_NE(x.data(), address);
  EXPECT_EQ(x.shape(), (shape{3, 5}));
  const auto reshaped = std::move(copied).reshape({5, 3});
  EXPECT_EQ(reshaped.data(), address);
  const tensor<T, typename TypeParam::space> nothing;
  EXPECT_EQ(nothing.shape(), shape{0});
}

TYPED_TEST(Tensor, IndexingAsInNumPy) {
  using T = typename TypeParam::dtype;
  const auto here = counting<T>({4, 5, 6});
  const auto x = to_space<TypeParam>(here);
  const auto at = [&](int i, int j, int k) { return to_double(here.data()[(i * 5 + j) * 6 + k]); };
  const auto got = [](const auto& view) { return numbers(back<TypeParam>(view)); };
  EXPECT_EQ(x(1).shape(), (shape{5, 6}));
  EXPECT_EQ(x(-1, 2, -3).shape(), shape{});
  EXPECT_EQ(got(x(-1, 2, -3)), list{at(3, 2, 3)});
  EXPECT_EQ(got(x(1, slice{0, 2}, 4)), (list{at(1, 0, 4), at(1, 1, 4)}));
  EXPECT_EQ(got(x(slice{}, 1, 1)), (list{at(0, 1, 1), at(1, 1, 1), at(2, 1, 1), at(3, 1, 1)}));
  EXPECT_EQ(got(x(0, 0, slice{1, slice::end, 2})), (list{at(0, 0, 1), at(0, 0, 3), at(0, 0, 5)}));
  EXPECT_EQ(got(x(0, slice{-2}, slice{-1})), (list{at(0, 3, 5), at(0, 4, 5)}));
  EXPECT_EQ(got(x(0, 0, slice{4, 100})), (list{at(0, 0, 4), at(0, 0, 5)}));
  EXPECT_EQ(x(slice{3, 1}).shape(), (shape{0, 5, 6}));
  EXPECT_EQ(x(slice{2, 2}, 0).shape(), (shape{0, 6}));
}

TYPED_TEST(Tensor, TransposeAndReshape) {
  using T = typename TypeParam::dtype;
  const auto here = counting<T>({2, 3, 4});
  auto x = to_space<TypeParam>(here);
  const auto t = x.transpose();
  EXPECT_EQ(t.shape(), (shape{4, 3, 2}));
  const auto transposed = back<TypeParam>(t);
  for (int i = 0; i < 2; ++i) {
    for (int j = 0; j < 3; ++j) {
      for (int k = 0; k < 4; ++k) {
        EXPECT_EQ(to_double(transposed.data()[(k * 3 + j) * 2 + i]),
                  to_double(here.data()[(i * 3 + j) * 4 + k]));
      }
    }
  }
  EXPECT_EQ(x.view().transpose({1, 0, -1}).shape(), (shape{3, 2, 4}));
  EXPECT_EQ(numbers(back<TypeParam>(x.view().transpose({1, 0, 2})(2, 1))),
            numbers(back<TypeParam>(x(1, 2))));
  EXPECT_EQ(x.reshape({-1, 4}).shape(), (shape{6, 4}));
  EXPECT_EQ(x.reshape({-1, 4}).data(), x.data());
  EXPECT_EQ(reshape(x, {4, -1, 2}).shape(), (shape{4, 3, 2}));
  EXPECT_EQ(transpose(x).shape(), (shape{4, 3, 2}));
  EXPECT_EQ(transpose(x, {1, 0, 2}).strides(), (strides{4, 12, 1}));
  EXPECT_EQ(broadcast_to(x, {5, 2, 3, 4}).data(), x.data());
  EXPECT_EQ(x.reshape({24}).reshape({2, 3, 4}).shape(), x.shape());
  EXPECT_EQ((tensor<T, typename TypeParam::space>(shape{0, 3}).reshape({3, -1}).shape()),
            (shape{3, 0}));
  EXPECT_EQ(x(0, slice{0, 1}, slice{0, 1}).reshape({}).shape(), shape{});
  EXPECT_EQ(x.view().expand_dims(1).shape(), (shape{2, 1, 3, 4}));
  EXPECT_EQ(x.view().expand_dims(-1).shape(), (shape{2, 3, 4, 1}));
  EXPECT_EQ(x.view().expand_dims(3).shape(), (shape{2, 3, 4, 1}));
}

TYPED_TEST(Tensor, CopiesOfViewsAreContiguous) {
  using T = typename TypeParam::dtype;
  using Space = typename TypeParam::space;
  const auto here = counting<T>({33, 17});
  const auto x = to_space<TypeParam>(here);
  const tensor<T, Space> transposed(x.transpose());
  const auto result = back<TypeParam>(transposed);
  for (int i = 0; i < 33; ++i) {
    for (int j = 0; j < 17; ++j) {
      ASSERT_EQ(to_double(result.data()[j * 33 + i]), to_double(here.data()[i * 17 + j]));
    }
  }
  EXPECT_EQ(copy(x(slice{1, slice::end, 3})).shape(), (shape{11, 17}));
  EXPECT_EQ(numbers(back<TypeParam>(copy(x(5, slice{2, 9})))),
            numbers(back<TypeParam>(x(5, slice{2, 9}))));
  EXPECT_EQ(numbers(back<TypeParam>(copy(x(0, 0).broadcast_to({2, 2})))),
            list(4, to_double(here.data()[0])));
}

TYPED_TEST(Tensor, MovesBetweenSpaces) {
  using T = typename TypeParam::dtype;
  const auto here = counting<T>({3, 7});
  const auto there = here.template to<typename TypeParam::space>();
  EXPECT_EQ(there.shape(), here.shape());
  EXPECT_EQ(numbers(there.template to<host>()), numbers(here));
  const auto one = to_space<TypeParam>(host_tensor<T>{{from_double<T>(1)}});
  EXPECT_EQ(to_double(one.item()), 1);
  const tensor<T, typename TypeParam::space> nothing(shape{0, 3});
  EXPECT_EQ(nothing.template to<host>().shape(), (shape{0, 3}));
}

TYPED_TEST(Tensor, PinnedMemory) {
  using T = typename TypeParam::dtype;
  auto x = pinned<T>({5, 3});
  EXPECT_EQ(x.shape(), (shape{5, 3}));
  std::fill(x.begin(), x.end(), from_double<T>(1));
  EXPECT_EQ(numbers(back<TypeParam>(to_space<TypeParam>(x))), list(15, 1));
}

// --- What the host alone has.

template <class Vector>
void expect_taken_over() {
  Vector values(6);
  std::iota(values.begin(), values.end(), 1);
  const double* address = values.data();
  const host_tensor<double> x(shape{2, 3}, std::move(values));
  EXPECT_EQ(x.data(), address);
  EXPECT_EQ(numbers(x), (list{1, 2, 3, 4, 5, 6}));
}

TEST(TensorHost, TakesVectorsOverWithoutCopying) {
  expect_taken_over<std::vector<double>>();
  expect_taken_over<thrust::host_vector<double>>();
  EXPECT_THROW(host_tensor<double>(shape{5}, std::vector<double>(4)), shape_error);
}

TEST(TensorHost, MemoryBeginsWithAMultipleOfItsSizeUpToAPage) {
#if defined(__SANITIZE_ADDRESS__)
  constexpr int most = 64;  // it sees more where memory ends with its last byte
#else
  constexpr int most = 4096;
#endif
  constexpr std::pair<int, int> alignments[] = {{1, 64},      {10, 64},      {100, 256},
                                                {256, 1024},  {1000, 2048},  {1024, 4096},
                                                {3000, 4096}, {20000, 4096}, {3000000, 4096}};
  for (const auto& [size, alignment] : alignments) {
    const host_tensor<float> a(shape{size}), b(shape{size});
    for (const auto* t : {&a, &b}) {
      EXPECT_EQ(reinterpret_cast<std::uintptr_t>(t->data()) % std::min(alignment, most), 0u)
          << size;
    }
  }
}

TEST(TensorHost, IsARange) {
  host_tensor<int> x(shape{2, 3});
  std::iota(x.begin(), x.end(), 5);
  EXPECT_EQ(std::accumulate(x.begin(), x.end(), 0), 5 + 6 + 7 + 8 + 9 + 10);
  int sum = 0;
  for (const int value : x) sum += value;
  EXPECT_EQ(sum, 45);
}

TEST(TensorHost, FromAnInputIterator) {
  std::istringstream text("1 2 3 4");
  const host_tensor<int> x(shape{2, 2}, std::istream_iterator<int>(text),
                           std::istream_iterator<int>());
  EXPECT_EQ(numbers(x), (list{1, 2, 3, 4}));
}

TEST(TensorHost, WritesThroughViews) {
  host_tensor<float> x{{1, 2}, {3, 4}};
  *x(1, 0).data() = 9;
  EXPECT_EQ(numbers(x), (list{1, 2, 9, 4}));
  const tensor_view<const float, host> read_only = x(0);
  EXPECT_EQ(numbers(copy(read_only)), (list{1, 2}));
}

TYPED_TEST(Tensor, ItemsOfViews) {
  using T = typename TypeParam::dtype;
  const auto x = to_space<TypeParam>(host_tensor<T>{{T(1), T(0)}, {T(0), T(1)}});
  EXPECT_EQ(to_double(x(0, 0).item()), 1);
  EXPECT_EQ(to_double(x(1, 0).item()), 0);
  EXPECT_THROW(x(0).item(), shape_error);
}

TYPED_TEST(Tensor, CopyToWindows) {
  using T = typename TypeParam::dtype;
  using Space = typename TypeParam::space;
  auto x = zeros<T, Space>({3, 4});
  copyto(x(1), ones<T, Space>({4}));
  EXPECT_EQ(numbers(back<TypeParam>(x)), (list{0, 0, 0, 0, 1, 1, 1, 1, 0, 0, 0, 0}));
  copyto(x(slice{}, slice{2}), to_space<TypeParam>(host_tensor<std::int32_t>{{0}, {1}, {1}}));
  EXPECT_EQ(numbers(back<TypeParam>(x)), (list{0, 0, 0, 0, 1, 1, 1, 1, 0, 0, 1, 1}));
  copyto(x(slice{1}), x(slice{0, 2}));  // over each other
  EXPECT_EQ(numbers(back<TypeParam>(x)), (list{0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1}));
  copyto(x.transpose()(3), true);
  EXPECT_EQ(numbers(back<TypeParam>(x)), (list{0, 0, 0, 1, 0, 0, 0, 1, 1, 1, 1, 1}));
  copyto(x, 0);
  EXPECT_EQ(numbers(back<TypeParam>(x)), list(12, 0));
  EXPECT_THROW(copyto(x, zeros<T, Space>({3})), shape_error);
}

TEST(TensorHost, SlicesOfAnyStep) {
  const auto x = arange<float>(12).reshape({3, 4});
  const auto far = x(slice{0, slice::end, slice::end});
  EXPECT_EQ(far.shape(), (shape{1, 4}));
  EXPECT_EQ(numbers(copy(far)), (list{0, 1, 2, 3}));
  EXPECT_EQ(x(slice{2, 2, 5}).shape(), (shape{0, 4}));
}

// A window onto a temporary would dangle: it does not compile.
template <class X>
concept viewable = requires(X&& x) {
  std::forward<X>(x).view();
};
template <class X>
concept indexable = requires(X&& x) {
  std::forward<X>(x)(0);
};
template <class X>
concept transposable = requires(X&& x) {
  std::forward<X>(x).transpose();
};
template <class X>
concept broadcastable = requires(X&& x) {
  std::forward<X>(x).broadcast_to(shape{2});
};

static_assert(viewable<host_tensor<float>&> && viewable<const host_tensor<float>&>);
static_assert(indexable<host_tensor<float>&> && transposable<const host_tensor<float>&>);
static_assert(!viewable<host_tensor<float>> && !viewable<const host_tensor<float>>);
static_assert(!indexable<host_tensor<float>> && !indexable<const host_tensor<float>>);
static_assert(!transposable<host_tensor<float>> && !transposable<const host_tensor<float>>);
static_assert(!broadcastable<host_tensor<float>> && broadcastable<const host_tensor<float>&>);
static_assert(std::is_nothrow_move_constructible_v<host_tensor<float>>);

}  // namespace
}  // namespace numfuse::tests
