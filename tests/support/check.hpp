// One call of a row's function on one input, compared with the reference.
#pragma once

#include <array>
#include <tuple>
#include <utility>

#include "operations.hpp"
#include "spaces.hpp"

namespace numfuse::tests {

/// Every test of one run draws its inputs from this.
inline constexpr std::uint64_t base_seed = 20240607;

inline std::uint64_t next_seed() {
  static std::uint64_t count = 0;
  return base_seed + count++;
}

/// The axis as the library takes it.
inline axis_selector selected(const std::optional<int>& axis) {
  return axis ? axis_selector(*axis) : axis_selector(all);
}

/// Calls test.operator()<T>() for every dtype T.
template <class Test>
void for_each_dtype(Test test) {
#define NUMFUSE_TEST_OF(T) test.template operator()<T>();
  NUMFUSE_FOR_EACH_DTYPE(NUMFUSE_TEST_OF)
#undef NUMFUSE_TEST_OF
}

/// An elementwise function of given operands.
template <class Case, class Row, any_dtype... T>
bool check_elementwise(const Row& row, std::uint64_t seed, const host_tensor<T>&... x) {
  const auto result = back<Case>(row.function(to_space<Case>(x)...));
  const auto expected = row.reference(for_reference(x)...);
  const shape& first = std::get<0>(std::tie(x...)).shape();
  return expect_close(result, expected, expected, row.allowed,
                      {row.name, "shape " + numfuse::to_string(first), seed});
}

/// An elementwise function of random operands of one shape.
template <class Case, class Row>
bool check_elementwise_on(const Row& row, const shape& s, double special = 0) {
  using T = typename Case::dtype;
  const std::uint64_t seed = next_seed();
  const auto operand = [&](std::size_t i) {
    domain d = row.inputs[i];
    d.special = special;
    return random_input<T>(s, d, seed + 1000 * i);
  };
  return [&]<std::size_t... I>(std::index_sequence<I...>) {
    return check_elementwise<Case>(row, seed, operand(I)...);
  }
  (std::make_index_sequence<Row::arity>{});
}

/// At every edge size.
template <class Case>
void check_elementwise_sizes() {
  for_each_row<family::elementwise>([](const auto& row) {
    for (const shape& s : edge_shapes()) {
      if (!check_elementwise_on<Case>(row, s)) return;
    }
  });
}

/// All values at which a function may change its mind, in all combinations.
template <class Case>
void check_elementwise_specials() {
  using T = typename Case::dtype;
  for_each_row<family::elementwise>([]<class Row>(const Row& row) {
    // Each operand varies along an axis of its own.
    const auto operand = [&](std::size_t i) {
      std::vector<T> values = special_values<T>();
      if (integral_dtype<T> && i == 1 && std::string_view(row.name) == "pow") {
        // The reference multiplies exponent by exponent: small ones only.
        std::erase_if(values, [](T v) { return v < T(-8) || v > T(8); });
      }
      extents sizes;
      for (std::size_t d = 0; d < Row::arity; ++d) sizes.push_back(d == i ? std::ssize(values) : 1);
      return host_tensor<T>(shape(sizes), values.begin(), values.end());
    };
    [&]<std::size_t... I>(std::index_sequence<I...>) {
      check_elementwise<Case>(row, 0, operand(I)...);
    }
    (std::make_index_sequence<Row::arity>{});
  });
}

/// A reduction of given numbers.
template <class Case, class Row, any_dtype T>
bool check_reduction(const Row& row, const host_tensor<T>& x, const std::optional<int>& axis,
                     bool keep, std::uint64_t seed) {
  const auto result = back<Case>(row.function(to_space<Case>(x), selected(axis), keep));
  const auto wide = for_reference(x);
  const auto expected = row.reference(wide, axis, keep);
  const trial tried{row.name + std::string(keep ? " with keepdims" : ""),
                    to_string(layout_case{x.shape(), axis}), seed, length_of({x.shape(), axis})};
  if constexpr (integral_dtype<element_t<decltype(result)>>) {
    return expect_equal(result, expected, tried);
  } else {
    return expect_close(result, expected, row.scale(wide, axis, keep, expected), row.allowed,
                        tried);
  }
}

/// A function from vectors to vectors, of given numbers.
template <class Case, class Row, any_dtype T>
bool check_vector(const Row& row, const host_tensor<T>& x, int axis, std::uint64_t seed) {
  const auto result = back<Case>(row.function(to_space<Case>(x), axis));
  const auto wide = for_reference(x);
  const auto expected = row.reference(wide, axis);
  return expect_close(
      result, expected, row.scale(wide, axis, expected), row.allowed,
      {row.name, to_string(layout_case{x.shape(), axis}), seed, length_of({x.shape(), axis})});
}

/// Every reduction in every layout, with and without keepdims. Where no elements have no value, a
/// value_error.
template <class Case>
void check_reductions(const std::vector<layout_case>& layouts, double special = 0) {
  using T = typename Case::dtype;
  for_each_row<family::reductions>([&](const auto& row) {
    bool keep = false;
    for (const layout_case& c : layouts) {
      const std::uint64_t seed = next_seed();
      domain d = row.inputs;
      d.special = special;
      const auto x = random_input<T>(c.sizes, d, seed);
      keep = !keep;
      if (has_empty_vectors(c) && !row.defined_when_empty) {
        EXPECT_THROW(row.function(to_space<Case>(x), selected(c.axis), keep), value_error)
            << row.name << ", " << to_string(c);
      } else if (!check_reduction<Case>(row, x, c.axis, keep, seed)) {
        return;
      }
    }
  });
}

/// Among equal numbers one that stands out, at every position of short vectors and at the ends of
/// long ones, and once more further on: nothing is left out, and the first of equals wins.
template <class Case>
void check_reductions_at_every_position(const std::vector<typename Case::dtype>& values) {
  using T = typename Case::dtype;
  for_each_row<family::reductions>([&](const auto& row) {
    for (std::int64_t n : {1, 2, 3, 15, 16, 17, 31, 32, 33, 129, 1025, 4097, 16387}) {
      for (std::int64_t p = 0; p < n; p = n <= 33 || p < 2 || p + 3 > n ? p + 1 : n - 2) {
        for (T value : values) {
          for (int others : {0, 1}) {
            if (others == 0 && n > 129) continue;
            host_tensor<T> x(shape{n});
            std::fill(x.begin(), x.end(), from_double<T>(others));
            x.data()[p] = x.data()[(p + n) / 2] = value;
            if (check_reduction<Case>(row, x, 0, false, 0)) continue;
            ADD_FAILURE() << to_double(value) << " at " << p << " and " << (p + n) / 2
                          << ", elsewhere " << others;
            return;
          }
        }
      }
    }
  });
}

/// A function from vectors to vectors in every layout that has an axis.
template <class Case, class Row>
void check_vectors(const Row& row, const std::vector<layout_case>& layouts, double special = 0) {
  using T = typename Case::dtype;
  for (const layout_case& c : layouts) {
    if (!c.axis) continue;
    const std::uint64_t seed = next_seed();
    domain d = row.inputs;
    d.special = special;
    const auto x = random_input<T>(c.sizes, d, seed);
    if (has_empty_vectors(c) && !row.defined_when_empty) {
      EXPECT_THROW(row.function(to_space<Case>(x), *c.axis), value_error)
          << row.name << ", " << to_string(c);
    } else if (!check_vector<Case>(row, x, *c.axis, seed)) {
      return;
    }
  }
}

/// Layouts in which each special value meets many others.
inline std::vector<layout_case> short_layouts() {
  return {{{400, 3}, 1},   {{400, 17}, 1}, {{17, 400}, 0}, {{40, 1025}, -1},      {{3, 100, 7}, 1},
          {{2, 4097}, -1}, {{4097, 2}, 0}, {{1000}, 0},    {{7, 9}, std::nullopt}};
}

}  // namespace numfuse::tests
