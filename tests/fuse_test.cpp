// A user's own formulas on the host and emulated: several inputs, outputs and levels, against
// compositions of the reference. (On the device they need nvcc: fuse_cuda_test.cu.)
#include "support/views.hpp"

namespace numfuse::tests {
namespace {

/// Ba, Kiros, Hinton, "Layer normalization" (2016): three inputs, two levels.
struct layer_norm {
  double eps;
  template <class V, class G, class B>
  NUMFUSE_HD auto operator()(const V& v, const G& gamma, const B& beta) const {
    auto d = v - mean(v);
    return d * rsqrt(mean(square(d)) + eps) * gamma + beta;
  }
};

reference::array reference_layer_norm(const reference::array& x, const reference::array& gamma,
                                      const reference::array& beta, double eps, int axis) {
  using namespace reference;
  const array d = subtract(x, mean(x, axis, true));
  const array scale = rsqrt(add(mean(square(d), axis, true), array{eps}));
  return add(multiply(multiply(d, scale), gamma), beta);
}

/// Vectors and scalars of several dtypes from one pass.
struct loss_and_gradient {
  template <class P, class Y>
  NUMFUSE_HD auto operator()(const P& predicted, const Y& wanted) const {
    auto d = predicted - wanted;
    return outputs(sum(square(d)), d + d, argmax(abs(d)), max(abs(d)) > 1.0);
  }
};

/// Vectors that take long to compute, asked for by several reductions and results.
struct costly {
  template <class V>
  NUMFUSE_HD auto operator()(const V& v) const {
    auto e = exp(v - max(v));
    auto t = tanh(v);
    return outputs(t + v, e * (1 / sum(e)), argmax(e), sum(t), v - log(sum(e)));
  }
};

/// Five reductions, each of which waits for the one before.
struct deep {
  template <class V>
  NUMFUSE_HD auto operator()(const V& v) const {
    auto a = v - mean(v);
    auto b = a / max(abs(a));
    auto c = b + min(b);
    auto e = c * rsqrt(sum(square(c)) + 1);
    return e - sum(e);
  }
};

/// A mask decides which numbers count.
struct masked {
  template <class V, class M>
  NUMFUSE_HD auto operator()(const V& v, const M& mask) const {
    auto kept = where(mask, v, 0);
    return outputs(sum(kept), max(where(mask, v, -8)), where(mask, v, 8) - 1, any(mask), all(mask),
                   sum(mask));
  }
};

/// A reduction over numbers that stand in no memory.
struct farthest {
  template <class V>
  NUMFUSE_HD auto operator()(const V& v) const {
    return argmax(square(v - 1));
  }
};

struct scaled {
  double factor;
  template <class V, class W>
  NUMFUSE_HD auto operator()(const V& v, const W& w) const {
    return factor * v + w;
  }
};

template <class Case>
class Fuse : public typed_test<Case> {};
TYPED_TEST_SUITE(Fuse, own_formula_cases, case_names);

constexpr tolerance several{16, "a few roundings of numbers as large as the scale", 2};

TYPED_TEST(Fuse, LayerNorm) {
  using T = typename TypeParam::dtype;
  const auto formula = fuse(layer_norm{1e-5});
  for (const layout_case& c : edge_layouts()) {
    if (!c.axis || c.sizes.size() == 0 || c.sizes.size() > 10000) continue;
    const std::uint64_t seed = next_seed();
    shape parameters = c.sizes;
    const int d = *c.axis < 0 ? *c.axis + c.sizes.rank() : *c.axis;
    for (int k = 0; k < parameters.rank(); ++k) {
      if (k != d) parameters[k] = 1;
    }
    const auto x = random_input<T>(c.sizes, {-4, 4}, seed);
    const auto gamma = random_input<T>(parameters, {1, 2}, seed + 1);
    const auto beta = random_input<T>(parameters, {-1, 1}, seed + 2);
    const auto expected = reference_layer_norm(for_reference(x), for_reference(gamma),
                                               for_reference(beta), 1e-5, *c.axis);
    // Of two equal numbers eps alone decides: their difference is all rounding.
    const auto scale = reference::add(reference::abs(expected), reference::array{8});
    const trial tried{"layer_norm", to_string(c), seed, length_of(c)};
    const auto result = formula.along(*c.axis)(to_space<TypeParam>(x), to_space<TypeParam>(gamma),
                                               to_space<TypeParam>(beta));
    if (!expect_close(back<TypeParam>(result), expected, scale, several, tried)) break;
  }
}

TYPED_TEST(Fuse, SeveralOutputs) {
  using T = typename TypeParam::dtype;
  const auto formula = fuse(loss_and_gradient{});
  for (const shape& s : {shape{1, 1}, shape{17, 33}, shape{3, 4097}, shape{4097, 3}}) {
    const std::uint64_t seed = next_seed();
    const auto x = random_input<T>(s, {-4, 4}, seed);
    const auto y = random_input<T>({s[1]}, {-4, 4}, seed + 1);
    const auto d = reference::subtract(for_reference(x), for_reference(y));
    for (int axis : {0, 1}) {
      const auto results = formula.along(axis)(to_space<TypeParam>(x), to_space<TypeParam>(y));
      const auto loss = back<TypeParam>(std::get<0>(results));
      const auto gradient = back<TypeParam>(std::get<1>(results));
      const host_tensor<std::int64_t> worst = back<TypeParam>(std::get<2>(results));
      const host_tensor<bool> large = back<TypeParam>(std::get<3>(results));
      const auto largest = reference::max(reference::abs(d), axis, false);
      const trial tried{"loss_and_gradient", to_string(layout_case{s, axis}), seed, s[axis]};
      expect_close(loss, reference::sum(reference::square(d), axis, false), several, tried);
      expect_close(gradient, reference::add(d, d), {2, "a difference and a sum"}, tried);
      expect_equal(large, reference::greater(largest, reference::array{1}), tried);
      // Where two differences agree to the last place either may be called the largest.
      for (std::int64_t i = 0; i < worst.size(); ++i) {
        const std::int64_t k = worst.data()[i];
        ASSERT_TRUE(k >= 0 && k < s[axis]);
        const double found = std::fabs(d.data()[axis == 1 ? i * s[1] + k : k * s[1] + i]);
        EXPECT_NEAR(found, largest.data()[i],
                    largest.data()[i] * format_of<compute_t<T>>().spacing(2.0))
            << tried;
      }
    }
  }
}

TYPED_TEST(Fuse, VectorsThatAreHardToCompute) {
  using T = typename TypeParam::dtype;
  const auto formula = fuse(costly{}).along(1);
  for (const shape& s : {shape{17, 33}, shape{2, 2048}, shape{3, 5003}, shape{1, 20001}}) {
    const std::uint64_t seed = next_seed();
    const auto x = random_input<T>(s, {-4, 4}, seed);
    const auto truth = for_reference(x);
    const auto e = reference::exp(reference::subtract(truth, reference::max(truth, 1, true)));
    const auto all_of_e = reference::sum(e, 1, true);
    const auto t = reference::tanh(truth);
    const auto results = formula(to_space<TypeParam>(x));
    const trial tried{"costly", to_string(layout_case{s, 1}), seed, s[1]};
    const auto near_truth = reference::add(reference::abs(truth), reference::array{1});
    expect_close(back<TypeParam>(std::get<0>(results)), reference::add(t, truth), near_truth,
                 several, tried);
    expect_close(back<TypeParam>(std::get<1>(results)), reference::divide(e, all_of_e), several,
                 tried);
    const host_tensor<std::int64_t> largest = back<TypeParam>(std::get<2>(results));
    for (std::int64_t i = 0; i < largest.size(); ++i) {
      const std::int64_t k = largest.data()[i];
      ASSERT_TRUE(k >= 0 && k < s[1]);
      EXPECT_NEAR(e.data()[i * s[1] + k], 1, format_of<compute_t<T>>().spacing(1.0)) << tried;
    }
    expect_close(back<TypeParam>(std::get<3>(results)), reference::sum(t, 1, false),
                 reference::sum(reference::abs(t), 1, false), several, tried);
    const auto difference = reference::subtract(truth, reference::log(all_of_e));
    const auto scale = reference::add(near_truth, reference::abs(reference::log(all_of_e)));
    expect_close(back<TypeParam>(std::get<4>(results)), difference, scale, several, tried);
  }
}

TYPED_TEST(Fuse, ReductionsThatWaitForOneAnother) {
  using T = typename TypeParam::dtype;
  using namespace reference;
  for (const layout_case& c : edge_layouts()) {
    if (!c.axis || c.sizes.size() == 0 || c.sizes.size() > 10000) continue;
    if (length_of(c) < 15) continue;  // their spread may be all rounding
    const std::uint64_t seed = next_seed();
    const auto x = random_input<T>(c.sizes, {1, 4}, seed);
    const auto v = for_reference(x);
    const array a = subtract(v, mean(v, c.axis, true));
    const array b = divide(a, max(reference::abs(a), c.axis, true));
    const array e = add(b, min(b, c.axis, true));
    const array f = multiply(e, rsqrt(add(sum(square(e), c.axis, true), array{1})));
    const array expected = subtract(f, sum(f, c.axis, true));
    const array scale = add(sum(reference::abs(f), c.axis, true), array{1});
    array spread(expected.shape());
    std::fill(spread.begin(), spread.end(), 0);
    const trial tried{"deep", to_string(c), seed, length_of(c)};
    const auto result = back<TypeParam>(fuse(deep{}).along(*c.axis)(to_space<TypeParam>(x)));
    if (!expect_close(result, expected, add(spread, scale),
                      {64, "five steps, the second of which divides by the spread", 2}, tried)) {
      break;
    }
  }
}

/// The vectors along the first and the last axis of three, as rows, and the rows of a result.
template <any_dtype T>
host_tensor<T> rows_of_first_and_last(const host_tensor<T>& x) {
  return copy(x.transpose({1, 0, 2})).reshape({x.shape()[1], -1});
}

// As a batch is normalized over its images, channel by channel.
TYPED_TEST(Fuse, AlongSeveralAxes) {
  using T = typename TypeParam::dtype;
  for (const shape& s : {shape{2, 3, 4}, shape{33, 5, 129}, shape{2, 70, 3}}) {
    const std::uint64_t seed = next_seed();
    const auto x = random_input<T>(s, {-4, 4}, seed);
    const auto gamma = random_input<T>({s[1], 1}, {1, 2}, seed + 1);
    const auto beta = random_input<T>({s[1], 1}, {-1, 1}, seed + 2);
    const auto rows = for_reference(rows_of_first_and_last(x));
    const trial tried{"along axes 0 and 2", numfuse::to_string(s), seed, s[0] * s[2]};

    const auto normalized = fuse(layer_norm{1e-5})
                                .along({0, 2})(to_space<TypeParam>(x), to_space<TypeParam>(gamma),
                                               to_space<TypeParam>(beta));
    const auto expected =
        reference_layer_norm(rows, for_reference(gamma), for_reference(beta), 1e-5, 1);
    expect_close(rows_of_first_and_last(back<TypeParam>(normalized)), expected,
                 reference::add(reference::abs(expected), reference::array{8}), several, tried);
  }
}

TYPED_TEST(Fuse, Masks) {
  using T = typename TypeParam::dtype;
  using namespace reference;
  const auto formula = fuse(masked{});
  for (const layout_case& c : edge_layouts()) {
    if (!c.axis || c.sizes.size() == 0 || c.sizes.size() > 10000) continue;
    const std::uint64_t seed = next_seed();
    const auto x = random_input<T>(c.sizes, {-4, 4}, seed);
    const int d = *c.axis < 0 ? *c.axis + c.sizes.rank() : *c.axis;
    shape one_vector = c.sizes;
    for (int k = 0; k < one_vector.rank(); ++k) {
      if (k != d) one_vector[k] = 1;
    }
    for (const shape& s : {c.sizes, one_vector}) {
      const host_tensor<bool> mask = random_uniform<float, host>(s, seed + 1) < 0.7;
      const auto v = for_reference(x);
      const host_tensor<bool> m = copy(broadcast_to(mask, c.sizes));
      const auto results =
          formula.along(*c.axis)(to_space<TypeParam>(x), to_space<TypeParam>(mask));
      const auto kept = reference::where(m, v, array{0});
      const trial tried{"masked", to_string(c), seed, length_of(c)};
      const auto agrees = [&](const auto& result, const auto& expected) {
        return expect_equal(back<TypeParam>(result), expected, tried);
      };
      const bool close =
          expect_close(back<TypeParam>(std::get<0>(results)), sum(kept, c.axis, false),
                       sum(reference::abs(kept), c.axis, false), row_sum.allowed, tried) &&
          expect_close(back<TypeParam>(std::get<1>(results)),
                       max(reference::where(m, v, array{-8}), c.axis, false), row_max.allowed,
                       tried) &&
          expect_close(back<TypeParam>(std::get<2>(results)),
                       subtract(reference::where(m, v, array{8}), array{1}), {1, "a difference"},
                       tried) &&
          agrees(std::get<3>(results), any(for_reference(m), c.axis, false)) &&
          agrees(std::get<4>(results), reference::all(for_reference(m), c.axis, false)) &&
          agrees(std::get<5>(results), sum(for_reference(m), c.axis, false));
      if (!close) return;
    }
  }
}

TYPED_TEST(Fuse, NumbersAsInputsAndMembers) {
  using T = typename TypeParam::dtype;
  const auto x = random_input<T>({17, 33}, {-4, 4}, next_seed());
  const auto expected = reference::add(reference::multiply(reference::array{0.5}, for_reference(x)),
                                       reference::array{3});
  const auto result = back<TypeParam>(fuse(scaled{0.5})(to_space<TypeParam>(x), 3));
  static_assert(std::same_as<element_t<decltype(result)>, T>);
  expect_close(result, expected, reference::add(reference::abs(expected), reference::array{4}),
               {2, "a product and a sum"}, {"scaled", "(17, 33)"});
}

// An input of another dtype promotes inside the formula; results have the promoted dtype.
TEST(FuseDtypes, Mix) {
  const host_tensor<float> x{{1.5f, 2, 3}, {4, 5, 6.25f}};
  const host_tensor<std::int32_t> n{1, 2, 3};
  const auto result = fuse(scaled{2})(x, n);
  static_assert(std::same_as<element_t<decltype(result)>, double>);
  EXPECT_TRUE(array_equal(result, host_tensor<double>{{4, 6, 9}, {9, 12, 15.5}}));
  const auto floats = fuse(scaled{2})(x, host_tensor<std::uint8_t>{1, 2, 3});
  static_assert(std::same_as<element_t<decltype(floats)>, float>);
}

struct summary {
  template <class V>
  NUMFUSE_HD auto operator()(const V& v) const {
    return outputs(mean(v), numfuse::std(v), logsumexp(v));
  }
};

// As the functions of tensors: whole numbers are numbers in float64 there.
TEST(FuseDtypes, SummariesOfWholeNumbers) {
  const auto check = [](const auto& x) {
    const auto [mean_of, spread, all_of_exp] = fuse(summary{})(x);
    EXPECT_TRUE(array_equal(mean_of, mean(x)));
    EXPECT_TRUE(array_equal(spread, numfuse::std(x)));
    EXPECT_TRUE(allclose(all_of_exp, logsumexp(x), 1e-15));
  };
  check(full<std::int64_t>({3}, std::int64_t{1} << 62));
  check(host_tensor<std::uint8_t>{250, 251, 252});
  check(host_tensor<std::int32_t>{std::numeric_limits<std::int32_t>::min(),
                                  std::numeric_limits<std::int32_t>::max(), 0});
}

// Distances from a mean that its dtype does not hold.
TEST(FuseComputed, VarianceFarFromZero) {
  EXPECT_EQ(var(host_tensor<float>{16777216, 16777218}).item(), 1);
  EXPECT_EQ(var(host_tensor<double>{1, 1 + 0x1p-52}).item(), 0x1p-106);
  EXPECT_EQ(var(full<double>({1000}, 0.1)).item(), 0);
  EXPECT_EQ(var(host_tensor<float>{1e30f, -1e30f}).item(), std::numeric_limits<float>::infinity());
  EXPECT_TRUE(std::isnan(var(host_tensor<float>{1, NAN}).item()));
  for (float offset : {0.0f, 1e4f, 1e6f}) {
    const auto x = astype<float>(random_normal<double>({10000}, 1, offset, 0.1));
    const double truth = var(astype<double>(x)).item();
    EXPECT_NEAR(var(x).item(), truth, truth * 4 * 0x1p-23) << offset;
  }
}

TEST(FuseDtypes, NumbersOfAnyType) {
  const host_tensor<float> x{1, 2};
  EXPECT_TRUE(array_equal(x * std::size_t{2}, host_tensor<float>{2, 4}));
  EXPECT_TRUE(array_equal(x / 2u, host_tensor<float>{0.5, 1}));
  EXPECT_TRUE(array_equal(x + 3LL, host_tensor<float>{4, 5}));
  EXPECT_TRUE(array_equal(x - static_cast<short>(1), host_tensor<float>{0, 1}));
  EXPECT_TRUE(array_equal(x * 2.0L, host_tensor<float>{2, 4}));
  EXPECT_TRUE(array_equal(fuse(scaled{2})(x, std::size_t{3}), host_tensor<float>{5, 7}));
  static_assert(std::same_as<element_t<decltype(host_tensor<std::int32_t>{1} * 2u)>, std::int32_t>);
}

TEST(FuseDtypes, NegativeZeros) {
  const auto x = zeros<double>({3});
  for (const auto& y : {-x, negative(x), fuse(formulas::negative_formula{})(x)}) {
    for (double v : y) EXPECT_TRUE(v == 0 && std::signbit(v));
  }
}

TEST(FuseComputed, Argmax) {
  for (const shape& s : {shape{70, 100}, shape{9, 1000}, shape{3, 20000}, shape{2, 300000}}) {
    const auto x = random_normal<float, host>(s, 1);
    EXPECT_EQ(to_string(fuse(farthest{})(x)), to_string(argmax(square(x - 1), 1)));
  }
}

TEST(FuseOptions, DoNotChangeTheOriginal) {
  const host_tensor<double> x{{1, 2, 3}, {4, 5, 6}};
  const auto mean_of = fuse(formulas::mean_formula{});
  EXPECT_EQ(mean_of.along(0).keepdims()(x).shape(), (shape{1, 3}));
  EXPECT_EQ(mean_of.along(all)(x).shape(), shape{});
  EXPECT_EQ(mean_of.along(all).keepdims()(x).shape(), (shape{1, 1}));
  EXPECT_EQ(mean_of(x).shape(), shape{2});
  EXPECT_EQ(mean_of(x).data()[1], 5);
}

}  // namespace
}  // namespace numfuse::tests
