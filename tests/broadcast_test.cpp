// Operands of different shapes, and operands that are views: strided, unaligned, repeated.
#include "support/views.hpp"

namespace numfuse::tests {
namespace {

using broadcast_cases = ::testing::Types<NUMFUSE_FLOATING_CASES, NUMFUSE_IN_SPACES(std::int64_t),
                                         NUMFUSE_IN_SPACES(std::uint8_t)>;

template <class Case>
class Broadcast : public typed_test<Case> {};
TYPED_TEST_SUITE(Broadcast, broadcast_cases, case_names);

const std::pair<shape, shape> shape_pairs[] = {
    {{17, 33}, {33}},
    {{17, 33}, {17, 1}},
    {{17, 33}, {}},
    {{17, 33}, {1, 1}},
    {{17, 1}, {1, 33}},
    {{17, 1}, {33}},
    {{5, 1, 7}, {4, 1}},
    {{5, 4, 7}, {4, 1}},
    {{5, 4, 7}, {1, 7}},
    {{5, 4, 7}, {5, 1, 1}},
    {{5, 4, 7}, {5, 1, 7}},
    {{0, 3}, {3}},
    {{1, 3}, {0, 1}},
    {{100003}, {1}},
    {{2, 4097}, {2, 1}},
    {{4097, 2}, {2}},
    {{3, 1025}, {1025}},
    {{1025, 1}, {1, 129}},
    {{2, 1, 3, 1, 2, 1, 3, 1}, {1, 2, 1, 2, 1, 2, 1, 2}}};

TYPED_TEST(Broadcast, EachOperandOfTwo) {
  using T = typename TypeParam::dtype;
  const auto check = [](const auto& row) {
    for (const auto& [a, b] : shape_pairs) {
      const std::uint64_t seed = next_seed();
      const auto x = random_input<T>(a, row.inputs[0], seed);
      const auto y = random_input<T>(b, row.inputs[1], seed + 1);
      if (!check_elementwise<TypeParam>(row, seed, x, y)) return;
      if (!check_elementwise<TypeParam>(row, seed, y, x)) return;
    }
  };
  check(row_subtract);
  check(row_divide);
  check(row_maximum);
  check(row_less);
}

TYPED_TEST(Broadcast, EachOperandOfThree) {
  using T = typename TypeParam::dtype;
  const shape shapes[] = {{5, 1, 17}, {5, 1}, {}};
  for (int i = 0; i < 3; ++i) {
    for (int j = 0; j < 3; ++j) {
      for (int k = 0; k < 3; ++k) {
        const std::uint64_t seed = next_seed();
        const auto x = random_input<T>(shapes[i], row_clip.inputs[0], seed);
        const auto low = random_input<T>(shapes[j], row_clip.inputs[1], seed + 1);
        const auto high = random_input<T>(shapes[k], row_clip.inputs[2], seed + 2);
        if (!check_elementwise<TypeParam>(row_clip, seed, x, low, high)) return;
      }
    }
  }
}

/// Rows of functions of one operand, applied to a view whose numbers are known.
template <class Case, class Row, class View, any_dtype T>
void check_view(const Row& row, const char* name, const View& view, const host_tensor<T>& dense) {
  const auto wide = for_reference(dense);
  const std::string text = name + std::string(", shape ") + to_string(dense.shape());
  if constexpr (Row::belongs_to == family::elementwise) {
    const auto expected = row.reference(wide);
    expect_close(back<Case>(row.function(view)), expected, expected, row.allowed, {row.name, text});
  } else {
    for (int axis = 0; axis < dense.rank(); ++axis) {
      const trial tried{row.name, text + ", axis " + std::to_string(axis), 0, dense.shape()[axis]};
      if constexpr (Row::belongs_to == family::reductions) {
        const auto expected = row.reference(wide, axis, true);
        expect_close(back<Case>(row.function(view, selected(axis), true)), expected,
                     row.scale(wide, axis, true, expected), row.allowed, tried);
      } else {
        const auto expected = row.reference(wide, axis);
        expect_close(back<Case>(row.function(view, axis)), expected,
                     row.scale(wide, axis, expected), row.allowed, tried);
      }
    }
    if constexpr (Row::belongs_to == family::reductions) {
      const trial tried{row.name, text + ", whole tensor", 0, dense.size()};
      const auto expected = row.reference(wide, reference::whole, false);
      expect_close(back<Case>(row.function(view, selected({}), false)), expected,
                   row.scale(wide, reference::whole, false, expected), row.allowed, tried);
    }
  }
}

TYPED_TEST(Broadcast, ViewsOfEveryKind) {
  for_each_view<TypeParam>([](const char* name, const auto& view, const auto& dense) {
    check_view<TypeParam>(row_copy, name, view, dense);
    check_view<TypeParam>(row_square, name, view, dense);
    check_view<TypeParam>(row_sum, name, view, dense);
    check_view<TypeParam>(row_argmax, name, view, dense);
    check_view<TypeParam>(row_softmax, name, view, dense);
  });
}

TYPED_TEST(Broadcast, TwoViewsThatLieDifferently) {
  using T = typename TypeParam::dtype;
  const auto other = random_input<T>({67, 1}, {-4, 4}, next_seed());
  const auto there = to_space<TypeParam>(other);
  for_each_view<TypeParam>([&](const char* name, const auto& view, const auto& dense) {
    if (dense.shape().back() != 67) return;
    const auto row = there.transpose();  // (1, 67)
    const auto wide = for_reference(dense);
    const auto wide_row = for_reference(host_tensor<T>(other).reshape({67}));
    const auto expected = reference::subtract(wide, wide_row);
    expect_close(back<TypeParam>(subtract(view, row)), expected, expected, row_subtract.allowed,
                 {"subtract", name});
    const auto swapped = reference::subtract(wide_row, wide);
    expect_close(back<TypeParam>(subtract(row, view)), swapped, swapped, row_subtract.allowed,
                 {"subtract", name});
  });
}

// write(rows) writes a result of shape `all` into rows that lie apart, and nothing between them.
template <class Case, any_dtype T, class Write, class Expected>
void check_rows_apart(const shape& all, const Write& write, const Expected& expected,
                      const tolerance& allowed, const trial& tried) {
  shape longer = all;
  longer[all.rank() - 1] += 5;
  auto results = to_space<Case>(full<T>(longer, 7));
  write(results.view().transpose()(slice{0, -5}).transpose());
  const auto made = back<Case>(results);
  const auto turned = made.transpose();
  expect_close(gathered(turned(slice{0, -5}).transpose()), expected, expected, allowed, tried);
  const auto rest = copy(turned(slice{-5}));
  EXPECT_TRUE(array_equal(rest, full<T>(rest.shape(), 7))) << tried.layout;
}

// Transposed operands of several tiles, and of less than one, in each place beside operands in
// rows, of one row, and of one column; and results that lie apart.
TYPED_TEST(Broadcast, TransposedOperands) {
  using T = typename TypeParam::dtype;
  const std::pair<shape, extents> cases[] = {
      {{131, 67}, {1, 0}},      {{16, 8}, {1, 0}},
      {{64, 64}, {1, 0}},       {{65, 129}, {1, 0}},
      {{33, 1000}, {1, 0}},     {{3, 33, 70}, {0, 2, 1}},
      {{3, 33, 70}, {2, 0, 1}}, {{2, 20, 3, 70}, {3, 0, 2, 1}}};
  for (const auto& [sizes, axes] : cases) {
    const std::uint64_t seed = next_seed();
    const auto here = random_input<T>(sizes, {-4, 4}, seed);
    const auto there = to_space<TypeParam>(here);
    const auto view = there.transpose(axes);
    const auto wide = for_reference(gathered(here.transpose(axes)));
    const shape all = view.shape();
    shape row = all, column = all;
    for (int d = 0; d + 1 < all.rank(); ++d) row[d] = 1;
    column[all.rank() - 1] = 1;
    for (const shape& s : {all, row, column, shape{}}) {
      const auto other = random_input<T>(s, {-4, 4}, seed + 1);
      const auto beside = to_space<TypeParam>(other);
      const auto wide_other = for_reference(other);
      const trial tried{"subtract", to_string(all) + " transposed, " + to_string(s), seed};
      const auto expected = reference::subtract(wide, wide_other);
      expect_close(back<TypeParam>(subtract(view, beside)), expected, expected,
                   row_subtract.allowed, tried);
      const auto swapped = reference::subtract(wide_other, wide);
      expect_close(back<TypeParam>(subtract(beside, view)), swapped, swapped, row_subtract.allowed,
                   tried);
    }
    check_rows_apart<TypeParam, T>(
        all, [&](const auto& rows) { fuse(formulas::square_formula{}).into(rows, view); },
        reference::square(wide), row_square.allowed,
        {"square", to_string(all) + " transposed, into rows that lie apart", seed});
  }
}

// Copies from columns to rows and back, of several tiles and of parts of one, with dimensions
// beside them; into rows that lie apart nothing is written between them.
TYPED_TEST(Broadcast, TransposingCopies) {
  using T = typename TypeParam::dtype;
  const std::pair<shape, extents> cases[] = {
      {{131, 67}, {1, 0}},      {{8, 8}, {1, 0}},         {{7, 200}, {1, 0}},
      {{64, 64}, {1, 0}},       {{65, 129}, {1, 0}},      {{8, 300}, {1, 0}},
      {{3, 33, 70}, {0, 2, 1}}, {{40, 3, 70}, {2, 1, 0}}, {{2, 20, 3, 70}, {3, 0, 2, 1}},
      {{530, 600}, {1, 0}}};  // more tiles than blocks, where the emulated GPU copies it
  for (const auto& [sizes, axes] : cases) {
    const std::uint64_t seed = next_seed();
    const auto here = random_input<T>(sizes, {-4, 4}, seed);
    const auto there = to_space<TypeParam>(here);
    const auto view = there.transpose(axes);
    const auto expected = for_reference(gathered(here.transpose(axes)));
    const trial tried{"copy", to_string(sizes) + " transposed", seed};
    expect_close(back<TypeParam>(copy(view)), expected, expected, exact, tried);

    const auto inner = view(slice{0, -1});  // starts and ends within tiles
    const auto part = for_reference(gathered(here.transpose(axes)(slice{0, -1})));
    expect_close(back<TypeParam>(copy(inner)), part, part, exact, tried);

    check_rows_apart<TypeParam, T>(
        view.shape(), [&](const auto& rows) { copyto(rows, view); }, expected, exact, tried);

    auto turned = to_space<TypeParam>(full<T>(sizes, 7));
    copyto(turned.transpose(axes), copy(view));
    const auto original = for_reference(here);
    expect_close(back<TypeParam>(turned), original, original, exact, tried);
  }
}

// Vectors that start one element off every boundary, at every edge size.
TYPED_TEST(Broadcast, UnalignedViews) {
  using T = typename TypeParam::dtype;
  for (std::int64_t n : edge_sizes) {
    if (n == 0) continue;
    const auto here = random_input<T>({3, n + 1}, {-4, 4}, next_seed());
    const auto there = to_space<TypeParam>(here);
    const auto check = [&](const char* name, const auto& view, const auto& dense) {
      check_view<TypeParam>(row_square, name, view, dense);
      check_view<TypeParam>(row_sum, name, view, dense);
      check_view<TypeParam>(row_softmax, name, view, dense);
    };
    check("one element off", there(1, slice{1}), gathered(here(1, slice{1})));
    if (n > 50000) continue;
    check("rows one element off", there(slice{}, slice{1}), gathered(here(slice{}, slice{1})));
    const auto shifted = subtract(there(slice{}, slice{1}), there(slice{}, slice{0, -1}));
    const auto expected = reference::subtract(for_reference(gathered(here(slice{}, slice{1}))),
                                              for_reference(gathered(here(slice{}, slice{0, -1}))));
    expect_close(back<TypeParam>(shifted), expected, expected, row_subtract.allowed,
                 {"subtract", "neighbours, " + std::to_string(n)});
  }
}

}  // namespace
}  // namespace numfuse::tests
