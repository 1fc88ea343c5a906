// Formulas that know the positions of their numbers, along one axis and several, against the
// reference: on the host and emulated.
#include "support/check.hpp"

namespace numfuse::tests {
namespace {

/// Formulas that read positions, or nothing of the vector but its length.
struct weighted_by_position {
  template <class V>
  NUMFUSE_HD auto operator()(const V& v) const {
    return sum(v * index(v)) / length(v);
  }
};

struct shifted_by_position {
  template <class V>
  NUMFUSE_HD auto operator()(const V& v) const {
    return v + index(v);
  }
};

template <class Case>
class Positions : public typed_test<Case> {};
TYPED_TEST_SUITE(Positions, own_formula_cases, case_names);

constexpr tolerance several{16, "a few roundings of numbers as large as the scale", 2};

TYPED_TEST(Positions, AndLengths) {
  using T = typename TypeParam::dtype;
  for (const layout_case& c : edge_layouts()) {
    if (c.sizes.size() == 0 || c.sizes.size() > 10000) continue;
    const std::uint64_t seed = next_seed();
    const auto x = random_input<T>(c.sizes, {-4, 4}, seed);
    const auto v = for_reference(x);
    // The position of each number along its vector.
    reference::array position(c.sizes);
    const auto steps = contiguous_strides(c.sizes);
    const std::int64_t n = length_of(c);
    for (std::int64_t i = 0; i < v.size(); ++i) {
      const int d = c.axis ? (*c.axis < 0 ? *c.axis + c.sizes.rank() : *c.axis) : 0;
      position.data()[i] = static_cast<double>(c.axis ? i / steps[d] % n : i);
    }
    const auto products = reference::multiply(v, position);
    const double count = static_cast<double>(n);
    const auto of = [&](const reference::array& values) {
      return reference::divide(reference::sum(values, c.axis, true),
                               reference::array(shape{}, &count, &count + 1));
    };
    const trial tried{"weighted_by_position", to_string(c), seed, n};
    const auto result = back<TypeParam>(
        fuse(weighted_by_position{}).along(selected(c.axis)).keepdims()(to_space<TypeParam>(x)));
    if (!expect_close(result, of(products), of(reference::abs(products)), several, tried)) break;
    const auto shifted =
        fuse(shifted_by_position{}).along(selected(c.axis))(to_space<TypeParam>(x));
    static_assert(std::same_as<element_t<decltype(shifted)>, promote_t<T, std::int64_t>>);
    const auto expected = reference::add(v, position);
    if (!expect_close(back<TypeParam>(shifted), expected, {1, "a sum"}, tried)) break;
  }
}

// They count in C order, whatever the order of the list.
TYPED_TEST(Positions, AlongSeveralAxes) {
  using T = typename TypeParam::dtype;
  for (const shape& s : {shape{2, 3, 4}, shape{33, 5, 129}, shape{2, 70, 3}}) {
    const std::uint64_t seed = next_seed();
    const auto x = random_input<T>(s, {-4, 4}, seed);
    const auto rows = for_reference(copy(x.transpose({1, 0, 2})).reshape({s[1], -1}));
    const trial tried{"along axes 0 and 2", numfuse::to_string(s), seed, s[0] * s[2]};
    const auto [weighted, length] = [&] {
      reference::array position(rows.shape());
      for (std::int64_t i = 0; i < rows.size(); ++i) {
        position.data()[i] = static_cast<double>(i % rows.shape()[1]);
      }
      return std::pair(reference::multiply(rows, position), static_cast<double>(rows.shape()[1]));
    }();
    const reference::array n(shape{}, &length, &length + 1);
    const auto mean_of = [&](const reference::array& values) {
      return reference::divide(reference::sum(values, 1, false), n);
    };
    const auto result = fuse(weighted_by_position{}).along({2, 0})(to_space<TypeParam>(x));
    expect_close(back<TypeParam>(result), mean_of(weighted), mean_of(reference::abs(weighted)),
                 several, tried);
  }
}

TYPED_TEST(Positions, AlongNeighbouringAxes) {
  using T = typename TypeParam::dtype;
  const auto x = to_space<TypeParam>(random_input<T>({2, 3, 4, 5}, {-4, 4}, next_seed()));
  const auto shifts = [&](axis_selector axes) {
    return back<TypeParam>(fuse(shifted_by_position{}).along(axes)(x));
  };
  const auto expected = fuse(shifted_by_position{}).along(1)(x.reshape({2, 12, 5}));
  EXPECT_TRUE(array_equal(shifts({1, 2}).reshape({2, 12, 5}), back<TypeParam>(expected)));
  const auto y = x.reshape({24, 5, 1});  // an axis of one element is nobody's neighbour
  EXPECT_TRUE(array_equal(back<TypeParam>(fuse(shifted_by_position{}).along({0, 2})(y)),
                          back<TypeParam>(fuse(shifted_by_position{}).along(0)(y))));
  try {
    shifts({1, 3});
    ADD_FAILURE() << "nothing was thrown";
  } catch (const value_error& e) {
    EXPECT_STREQ(e.what(),
                 "fuse: no index() element by element along axes (1, 3) of shape (2, 3, 4, 5), "
                 "which are not neighbours");
  }
}

}  // namespace
}  // namespace numfuse::tests
