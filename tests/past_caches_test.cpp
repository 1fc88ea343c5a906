// Results that are too large for the caches, which the host writes past them.
#include <algorithm>
#include <cstdint>
#include <cstring>
#include <vector>

#include <gtest/gtest.h>

#include <numfuse/detail/past_caches.hpp>
#include <numfuse/numfuse.hpp>

namespace numfuse::tests {
namespace {

TEST(copy_past_caches, CopiesTheBytesAndNoOthers) {
  std::vector<unsigned char> from(512), to(512);
  for (std::size_t i = 0; i < from.size(); ++i) from[i] = static_cast<unsigned char>(i % 251 + 1);
  for (std::size_t at = 0; at < 64; at += 4) {
    for (std::size_t bytes = 0; bytes <= 320; bytes += 4) {
      std::vector<unsigned char> expected(to.size(), 0);
      std::memcpy(expected.data() + at, from.data() + 3, bytes);
      to.assign(to.size(), 0);
      detail::copy_past_caches(to.data() + at, from.data() + 3, static_cast<std::int64_t>(bytes));
      detail::finish_past_caches();
      ASSERT_EQ(to, expected) << bytes << " bytes at " << at;
    }
  }
}

TEST(lines_past_caches, PiecesOfAnySizeAtAnyPlace) {
  std::vector<unsigned char> from(4096);
  for (std::size_t i = 0; i < from.size(); ++i) from[i] = static_cast<unsigned char>(i % 251 + 1);
  for (std::int64_t at = 0; at < 64; at += 4) {
    for (std::int64_t piece = 4; piece <= detail::lines_past_caches::most; piece += 36) {
      std::vector<unsigned char> expected(from.size() + 128, 0), to(expected);
      detail::lines_past_caches lines;
      lines.begin(to.data() + at);
      std::int64_t done = 0;
      for (; done + piece <= 3000; done += piece) {
        std::memcpy(lines.next(), from.data() + done, static_cast<std::size_t>(piece));
        lines.add(piece);
      }
      lines.finish();
      detail::finish_past_caches();
      std::memcpy(expected.data() + at, from.data(), static_cast<std::size_t>(done));
      ASSERT_EQ(to, expected) << "pieces of " << piece << " bytes at " << at;
    }
  }
}

TEST(past_caches_sizes, NoCacheCountsForMoreThanACoreHas) {
  EXPECT_FALSE(detail::exceeds_caches(std::int64_t{1} << 20));
  EXPECT_TRUE(detail::exceeds_caches((std::int64_t{32} << 20) + 1));
}

TEST(past_caches_formulas, MuchToCompute) {
  const auto costly = []<class F>(const F& f) {
    return detail::formula_info<F, float>::trace(f).costly;
  };
  EXPECT_TRUE(costly(formulas::sigmoid_formula{}));
  EXPECT_TRUE(costly([](const auto& v) { return v + exp(v) * 2; }));
  EXPECT_FALSE(costly([](const auto& v) { return v + abs(v) * 2; }));
}

// On one thread and on two: formulas with much to compute go past the caches only on several.
class past_caches : public ::testing::TestWithParam<int> {
 protected:
  void SetUp() override {
    set_num_threads(GetParam());
    while (!detail::exceeds_caches(rows_ * columns * std::int64_t{sizeof(float)})) rows_ *= 2;
  }
  void TearDown() override { set_num_threads(before_); }

  // Longer than a chunk, and no multiple of a line.
  static constexpr std::int64_t columns = 1237;
  std::int64_t rows_ = 256;
  int before_ = num_threads();
};
INSTANTIATE_TEST_SUITE_P(threads, past_caches, ::testing::Values(1, 2));

// The number of elements of x that are not f(row, column).
template <class X, class Fn>
std::int64_t wrong(const X& x, const Fn& f) {
  std::int64_t count = 0;
  for (std::int64_t i = 0; i < x.shape()[0]; ++i) {
    for (std::int64_t j = 0; j < x.shape()[1]; ++j) {
      count += x.data()[i * x.strides()[0] + j * x.strides()[1]] != f(i, j);
    }
  }
  return count;
}

TEST_P(past_caches, Broadcast) {
  const auto column = arange<float, host>(rows_).reshape({rows_, 1});
  const auto row = arange<float, host>(columns);
  EXPECT_EQ(0, wrong(column + row, [](auto i, auto j) { return float(i) + float(j); }));
  EXPECT_EQ(0, wrong(outer(row, column), [](auto i, auto j) { return float(i) * float(j); }));
}

// Short ones are gathered, several at a time.
TEST_P(past_caches, RowsThatEndWithinALine) {
  for (const std::int64_t n : {std::int64_t{37}, columns}) {
    SCOPED_TRACE(n);
    const std::int64_t m = rows_ * columns / n + 1;
    host_tensor<float> memory(shape{m * n + 3});
    std::fill_n(memory.data(), 3, -1.f);
    const auto out = memory.view()(slice{3}).reshape({m, n});
    const auto row = arange<float, host>(n);
    const auto column = arange<float, host>(m).reshape({m, 1});
    const auto x = column * row;
    fuse([](const auto& v, const auto& a, const auto& b) {
      return (v + a) * b;
    }).into(out, x, row, 2);
    EXPECT_EQ(0, wrong(out, [](auto i, auto j) { return (float(i) * float(j) + float(j)) * 2; }));
    for (int i = 0; i < 3; ++i) EXPECT_EQ(-1, memory.data()[i]);
  }
}

TEST_P(past_caches, OneRunThatBeginsWithinALine) {
  const auto column = arange<float, host>(rows_).reshape({rows_, 1});
  const auto x = column * full<float, host>({columns}, 2);
  host_tensor<float> memory(shape{rows_ * columns + 3});
  const auto out = memory.view()(slice{3}).reshape({rows_, columns});
  fuse(formulas::add_formula{}).into(out, x, 1);
  EXPECT_EQ(0, wrong(out, [](auto i, auto) { return 2 * float(i) + 1; }));
  fuse(formulas::add_formula{}).into(out, out, x);  // in place: not past the caches
  EXPECT_EQ(0, wrong(out, [](auto i, auto) { return 4 * float(i) + 1; }));
}

TEST_P(past_caches, ResultsOfSeveralTypes) {
  const auto column = arange<float, host>(rows_).reshape({rows_, 1});
  const auto x = column.broadcast_to({rows_, columns});
  host_tensor<double> same(shape{rows_, columns});
  host_tensor<bool> small(shape{rows_, columns});
  host_tensor<float> one(shape{rows_, columns});
  fuse([](const auto& v) {
    return outputs(astype<double>(v), v < 100, exp(v * 0.0f));
  }).into(same, small, one, x);
  EXPECT_EQ(0, wrong(same, [](auto i, auto) { return double(i); }));
  EXPECT_EQ(0, wrong(small, [](auto i, auto) { return i < 100; }));
  EXPECT_EQ(0, wrong(one, [](auto, auto) { return 1.0f; }));
}

// The elements of vectors along an axis less the largest: elsewhere, between what must stay, and in
// place.
void check_below_largest(std::int64_t rows, std::int64_t columns, int axis) {
  const shape whole{rows, columns};
  SCOPED_TRACE(::testing::Message() << whole << " along " << axis);
  const auto x = arange<float, host>(rows).reshape({rows, 1}) + arange<float, host>(columns);
  const auto below_largest =
      fuse([](const auto& v) { return outputs(v - max(v), max(v)); }).along(axis);
  const auto expected = [&](auto i, auto j) {
    return axis == 0 ? float(i - rows + 1) : float(j - columns + 1);
  };
  host_tensor<float> below(whole), largest(shape{axis == 0 ? columns : rows});
  below_largest.into(below, largest, x);
  EXPECT_EQ(0, wrong(below, expected));
  const auto last = [&](auto i, auto) { return float(i + (axis == 0 ? rows : columns) - 1); };
  EXPECT_EQ(0, wrong(largest.reshape({-1, 1}), last));
  host_tensor<float> memory(shape{rows * (columns + 2) + 1});  // rows begin anywhere in a line
  const auto with_gaps = memory.view()(slice{1}).reshape({rows, columns + 2});
  copyto(with_gaps, -7);
  const auto apart = with_gaps(slice{}, slice{0, columns});
  below_largest.into(apart, largest, x);
  EXPECT_EQ(0, wrong(apart, expected));
  EXPECT_EQ(0, wrong(with_gaps(slice{}, slice{columns}), [](auto, auto) { return -7.0f; }));
  below_largest.into(apart, largest, apart);  // in place: not past the caches
  EXPECT_EQ(0, wrong(apart, expected));
}

// One row at a time, and several: whole groups of numbers, or not.
TEST_P(past_caches, Rows) {
  for (const std::int64_t length :
       {columns, std::int64_t{300}, std::int64_t{64}, std::int64_t{37}}) {
    check_below_largest(rows_ * columns / length + 1, length, 1);
  }
}

// Short columns, those that are held, and those that are not; in one run, or with a rest.
TEST_P(past_caches, Columns) {
  for (const std::int64_t length : {40, 1237, 20000}) {
    check_below_largest(length, rows_ * columns / length + 1, 0);
  }
  for (const std::int64_t across : {16, 24, 128}) {
    check_below_largest(rows_ * columns / across + 1, across, 0);
  }
}

// What is read is too large for the caches, too: its lines are fetched before they are asked for.
TEST_P(past_caches, ReadRows) {
  const auto x = arange<float, host>(rows_).reshape({rows_, 1}) + arange<float, host>(columns);
  constexpr double of_columns = columns * (columns - 1) / 2;
  const auto of_row = [](auto i) { return double(columns) * double(i) + of_columns; };
  EXPECT_EQ(0, wrong(sum(x, -1, keepdims), [&](auto i, auto) { return float(of_row(i)); }));
  EXPECT_EQ(0, wrong(max(x, -1, keepdims), [](auto i, auto) { return float(i + columns - 1); }));
  const double rows = double(rows_);
  EXPECT_EQ(float(columns * (rows * (rows - 1) / 2) + rows * of_columns), sum(x).item());
  const auto centered = fuse([](const auto& v) { return v - mean(v); })(x);
  EXPECT_EQ(0, wrong(centered, [](auto, auto j) { return float(j - (columns - 1) / 2); }));
}

}  // namespace
}  // namespace numfuse::tests
