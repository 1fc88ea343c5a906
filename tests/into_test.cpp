// into: results written into existing tensors and views, in place and across overlapping memory.
#include "support/views.hpp"

namespace numfuse::tests {
namespace {

template <class Case>
class Into : public typed_test<Case> {};
TYPED_TEST_SUITE(Into, floating_cases, case_names);

const auto exponential = fuse(formulas::exp_formula{});
const auto difference = fuse(formulas::subtract_formula{});
const auto total = fuse(formulas::sum_formula{});
const auto shares = fuse(formulas::softmax_formula{});
const auto log_shares = fuse(formulas::log_softmax_formula{});
const auto unit_rows = fuse(formulas::normalize_rows_formula{});

/// What the same function returns as a new tensor is what `into` must have written.
template <class Case, class X, class Y>
void expect_same(const X& written, const Y& expected, const char* what) {
  const auto a = back<Case>(written);
  const auto b = back<Case>(expected);
  ASSERT_EQ(a.shape(), b.shape()) << what;
  expect_close(a, widened<double>(b), exact, {what, "shape " + to_string(a.shape())});
}

template <class Case>
auto random_there(const shape& s) {
  return to_space<Case>(random_input<typename Case::dtype>(s, {-4, 4}, next_seed()));
}

TYPED_TEST(Into, ATensorOfTheSameShape) {
  using T = typename TypeParam::dtype;
  for (std::int64_t n : edge_sizes) {
    const auto x = random_there<TypeParam>({3, n});
    auto out = zeros<T, typename TypeParam::space>({3, n});
    const auto* address = out.data();
    exponential.into(out, x);
    expect_same<TypeParam>(out, exp(x), "exp");
    if (n == 0) continue;
    shares.into(out, x);
    expect_same<TypeParam>(out, softmax(x), "softmax");
    EXPECT_EQ(out.data(), address);
    auto sums = zeros<T, typename TypeParam::space>({3});
    total.into(sums, x);
    expect_same<TypeParam>(sums, sum(x, 1), "sum");
    auto kept = zeros<T, typename TypeParam::space>({1, n});
    total.along(0).keepdims().into(kept, x);
    expect_same<TypeParam>(kept, sum(x, 0, keepdims), "sum with keepdims");
    auto scalar = zeros<T, typename TypeParam::space>({});
    total.along(all).into(scalar, x);
    expect_same<TypeParam>(scalar, sum(x), "sum of the whole tensor");
  }
}

TYPED_TEST(Into, StridedViews) {
  using T = typename TypeParam::dtype;
  using Space = typename TypeParam::space;
  // Whole numbers have exact sums: where the output lies may change the order of additions.
  auto whole = random_input<T>({17, 33}, {-4, 4}, next_seed());
  for (T& v : whole) v = from_double<T>(std::floor(to_double(v)));
  const auto x = to_space<TypeParam>(whole);
  const auto check = [&](const char* what, auto look) {
    auto frame = full<T, Space>({40, 80}, from_double<T>(7));
    auto out = look(frame.view());
    unit_rows.into(out, x);
    expect_same<TypeParam>(copy(out), normalize_rows(x), what);
    // Nothing else was written: what is not 7 lies in the window.
    const double rest = to_double(back<TypeParam>(sum(astype<double>(frame))).item()) -
                        to_double(back<TypeParam>(sum(astype<double>(copy(out)))).item());
    EXPECT_NEAR(rest, 7 * (40 * 80 - 17 * 33), 1e-6) << what;
  };
  check("a window", [](const auto& f) { return f(slice{3, 20}, slice{5, 38}); });
  check("every second", [](const auto& f) { return f(slice{1, 35, 2}, slice{0, 66, 2}); });
  check("a transposed window", [](const auto& f) {
    return f(slice{3, 36}, slice{5, 22}).transpose();
  });
}

TYPED_TEST(Into, ItsOwnInput) {
  for (std::int64_t n : edge_sizes) {
    if (n == 0) continue;
    const auto x = random_there<TypeParam>({3, n});
    auto in_place = x;
    exponential.into(in_place, in_place);
    expect_same<TypeParam>(in_place, exp(x), "exp in place");
    in_place = x;
    shares.into(in_place, in_place);
    expect_same<TypeParam>(in_place, softmax(x), "softmax in place");
    in_place = x;
    log_shares.into(in_place, in_place);
    expect_same<TypeParam>(in_place, log_softmax(x), "log_softmax in place");
    in_place = x;
    shares.along(0).into(in_place, in_place);
    expect_same<TypeParam>(in_place, softmax(x, 0), "softmax down the columns in place");
    in_place = x;
    difference.into(in_place, in_place, in_place);
    expect_same<TypeParam>(in_place, x - x, "x - x in place");
  }
}

// The output lies across the input in another arrangement: as if the result had been made first.
TYPED_TEST(Into, OverlappingMemory) {
  for (std::int64_t n : {17, 129, 1025, 100003}) {
    const auto x = random_there<TypeParam>({n});
    auto y = x;
    exponential.into(y(slice{1}), y(slice{0, -1}));
    expect_same<TypeParam>(copy(y(slice{1})), exp(x(slice{0, -1})), "forward by one");
    y = x;
    exponential.into(y(slice{0, -1}), y(slice{1}));
    expect_same<TypeParam>(copy(y(slice{0, -1})), exp(x(slice{1})), "back by one");
    y = x;
    shares.into(y(slice{1}), y(slice{0, -1}));
    expect_same<TypeParam>(copy(y(slice{1})), softmax(x(slice{0, -1})), "softmax forward by one");
    y = x;
    difference.into(y(slice{1}), y(slice{1}), y(slice{0, -1}));
    expect_same<TypeParam>(copy(y(slice{1})), x(slice{1}) - x(slice{0, -1}), "differences");
    y = x;
    total.into(y(n / 2), y);
    expect_same<TypeParam>(copy(y(n / 2)), sum(x), "sum into an element of the input");
    y = x;
    difference.into(y, y, y(slice{n / 2, n / 2 + 1}));
    expect_same<TypeParam>(y, x - copy(x(slice{n / 2, n / 2 + 1})), "minus one of its elements");
  }
  for (std::int64_t n : {2, 17, 33, 129}) {
    const auto x = random_there<TypeParam>({n, n});
    auto y = x;
    exponential.into(y.transpose(), y);
    expect_same<TypeParam>(copy(y.transpose()), exp(x), "transposed in place");
    y = x;
    difference.into(y, y, y(0));
    expect_same<TypeParam>(y, x - copy(x(0)), "minus the first row");
    y = x;
    total.into(y(0), y);
    expect_same<TypeParam>(copy(y(0)), sum(x, 1), "sums of rows into the first row");
    expect_same<TypeParam>(copy(y(slice{1})), copy(x(slice{1})), "the other rows");
  }
}

TYPED_TEST(Into, WritesNothingWhereTheShapeIsWrong) {
  using T = typename TypeParam::dtype;
  const auto x = random_there<TypeParam>({3, 5});
  auto out = full<T, typename TypeParam::space>({5, 3}, from_double<T>(7));
  EXPECT_THROW(exponential.into(out, x), shape_error);
  EXPECT_THROW(total.into(out, x), shape_error);
  expect_same<TypeParam>(out, full<T, typename TypeParam::space>({5, 3}, from_double<T>(7)), "out");
}

}  // namespace
}  // namespace numfuse::tests
