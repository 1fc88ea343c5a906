// Vectors along several axes, against the same vectors brought into rows: reductions, functions
// from vectors to vectors, positions, and a user's formula with broadcast operands and several
// outputs.
#include <algorithm>
#include <initializer_list>
#include <utility>

#include "support/check.hpp"
#include "support/formulas.hpp"

namespace numfuse::tests {
namespace {

struct axes_case {
  shape sizes;
  std::vector<int> dimensions;  // counted from the front, in order
  axis_selector axes;           // the same as a user writes them
};

// Neighbours and others, first and last, short runs and long ones, many vectors and few.
std::vector<axes_case> axes_cases() {
  return {{{2, 3, 4}, {0, 1}, {0, 1}},
          {{2, 3, 4}, {1, 2}, {-1, 1}},
          {{2, 3, 4}, {0, 2}, {2, 0}},
          {{2, 3, 4}, {0, 1, 2}, {0, -1, 1}},
          {{2, 3, 4}, {1}, {1}},
          {{2, 3, 4}, {}, std::initializer_list<int>{}},
          {{3, 1, 4}, {0, 2}, {0, 2}},
          {{2, 3, 4, 5}, {0, 2}, {0, 2}},
          {{2, 3, 4, 5}, {1, 3}, {1, 3}},
          {{2, 3, 4, 5}, {0, 2, 3}, {0, 2, 3}},
          {{2, 1, 3, 2, 1, 2, 3, 2}, {0, 2, 5, 7}, {-1, 5, 2, -8}},
          {{3, 2, 130}, {0, 2}, {0, 2}},
          {{33, 5, 129}, {0, 2}, {0, 2}},
          {{300, 40, 2}, {0, 2}, {0, 2}},
          {{2, 1500, 3}, {0, 2}, {0, 2}},
          {{40, 2, 3, 300}, {0, 2, 3}, {0, 2, 3}},
          {{4, 2, 5003}, {0, 2}, {0, 2}},
          {{0, 3, 2}, {0, 2}, {0, 2}},
          {{2, 0, 3}, {0, 2}, {0, 2}}};
}

std::string to_string(const axes_case& c) {
  std::string text = "shape " + numfuse::to_string(c.sizes) + ", axes";
  for (int d : c.dimensions) text += " " + std::to_string(d);
  return text;
}

/// The dimensions as a transpose takes them: those that stay, then the vectors' own.
extents own_last(const axes_case& c) {
  extents order;
  const auto is_own = [&](int d) { return std::ranges::count(c.dimensions, d) > 0; };
  for (bool own : {false, true}) {
    for (int d = 0; d < c.sizes.rank(); ++d) {
      if (is_own(d) == own) order.push_back(d);
    }
  }
  return order;
}

std::int64_t length_of(const axes_case& c) {
  std::int64_t length = 1;
  for (int d : c.dimensions) length *= c.sizes[d];
  return length;
}

/// Each vector as a row.
template <any_dtype T>
host_tensor<T> in_rows(const host_tensor<T>& x, const axes_case& c) {
  std::int64_t rows = 1;
  for (int d = 0; d < c.sizes.rank(); ++d) {
    if (std::ranges::count(c.dimensions, d) == 0) rows *= c.sizes[d];
  }
  return copy(x.transpose(own_last(c))).reshape({rows, length_of(c)});
}

shape reduced(const axes_case& c, bool keep) {
  extents sizes;
  for (int d = 0; d < c.sizes.rank(); ++d) {
    const bool own = std::ranges::count(c.dimensions, d) > 0;
    if (!own || keep) sizes.push_back(own ? 1 : c.sizes[d]);
  }
  return shape(sizes);
}

template <class Case>
class Axes : public typed_test<Case> {};
TYPED_TEST_SUITE(Axes, floating_cases, case_names);

TYPED_TEST(Axes, Reductions) {
  using T = typename TypeParam::dtype;
  for_each_row<family::reductions>([&](const auto& row) {
    bool keep = false;
    for (const axes_case& c : axes_cases()) {
      const std::uint64_t seed = next_seed();
      const auto x = random_input<T>(c.sizes, row.inputs, seed);
      const auto rows = in_rows(x, c);
      keep = !keep;
      const trial tried{row.name, to_string(c), seed, length_of(c)};
      if (rows.size() == 0 && rows.shape()[0] > 0 && !row.defined_when_empty) {
        EXPECT_THROW(row.function(to_space<TypeParam>(x), c.axes, keep), value_error) << tried;
        continue;
      }
      const auto result = back<TypeParam>(row.function(to_space<TypeParam>(x), c.axes, keep));
      EXPECT_EQ(result.shape(), reduced(c, keep)) << tried;
      const auto flat = copy(result).reshape({-1});
      const auto wide = for_reference(rows);
      const auto expected = row.reference(wide, 1, false);
      if constexpr (integral_dtype<element_t<decltype(result)>>) {
        if (!expect_equal(flat, expected, tried)) return;
      } else if (!expect_close(flat, expected, row.scale(wide, 1, false, expected), row.allowed,
                               tried)) {
        return;
      }
    }
  });
}

template <class Case, class Row>
void check_vectors_along_axes(const Row& row) {
  using T = typename Case::dtype;
  for (const axes_case& c : axes_cases()) {
    const std::uint64_t seed = next_seed();
    const auto x = random_input<T>(c.sizes, row.inputs, seed);
    if (x.size() == 0) continue;
    const auto result = back<Case>(row.function(to_space<Case>(x), c.axes));
    ASSERT_EQ(result.shape(), c.sizes);
    const auto wide = for_reference(in_rows(x, c));
    const auto expected = row.reference(wide, 1);
    if (!expect_close(in_rows(result, c), expected, row.scale(wide, 1, expected), row.allowed,
                      {row.name, to_string(c), seed, length_of(c)})) {
      return;
    }
  }
}

TYPED_TEST(Axes, VectorsToVectors) {
  for_each_row<family::softmax>([](const auto& row) { check_vectors_along_axes<TypeParam>(row); });
  for_each_row<family::normalize>(
      [](const auto& row) { check_vectors_along_axes<TypeParam>(row); });
}

// Windows and transposes, whose elements do not stand in the order of the axes.
TYPED_TEST(Axes, OfViews) {
  using T = typename TypeParam::dtype;
  const auto x = random_input<T>({6, 20, 40}, {}, next_seed());
  const auto at = to_space<TypeParam>(x);
  const auto check = [](const auto& view, const auto& dense) {
    const axes_case c{dense.shape(), {0, 2}, {0, 2}};
    const auto rows = in_rows(dense, c);
    const auto wide = for_reference(rows);
    const trial tried{"sum of a view", to_string(c), 0, length_of(c)};
    expect_close(back<TypeParam>(sum(view, c.axes)), reference::sum(wide, 1, false),
                 reference::sum(reference::abs(wide), 1, false), row_sum.allowed, tried);
    const auto expected = reference::softmax(wide, 1);
    expect_close(in_rows(back<TypeParam>(softmax(view, c.axes)), c), expected,
                 row_softmax.scale(wide, 1, expected), row_softmax.allowed, tried);
  };
  check(at.transpose({1, 2, 0}), host_tensor<T>(x.transpose({1, 2, 0})));
  check(at.transpose({2, 0, 1}), host_tensor<T>(x.transpose({2, 0, 1})));
  const auto window = [](const auto& y) { return y(slice{1, 6}, slice{}, slice{3, 38}); };
  check(window(at), host_tensor<T>(window(x)));
  check(at(slice{}, slice{}, 5).expand_dims(2),
        host_tensor<T>(x(slice{}, slice{}, 5)).reshape({6, 20, 1}));
}

}  // namespace
}  // namespace numfuse::tests
