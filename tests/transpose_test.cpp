// Transposes on the host, of blocks of every shape.
#include <cstdint>
#include <vector>

#include <gtest/gtest.h>

#include <numfuse/detail/transpose.hpp>

namespace numfuse::tests {
namespace {

template <class Bits>
class transpose : public ::testing::Test {};
using widths = ::testing::Types<std::uint32_t, std::uint64_t>;
TYPED_TEST_SUITE(transpose, widths);

// Rows of `from` and of `to` stand so many elements apart.
template <class Bits>
void expect_each_in_its_place(std::int64_t rows, std::int64_t columns, std::int64_t from_gap,
                              std::int64_t to_gap) {
  const std::int64_t from_pitch = columns + from_gap, to_pitch = rows + to_gap;
  // Both begin anywhere, and something stands behind them: one element before and after.
  std::vector<Bits> from(static_cast<std::size_t>(rows * from_pitch + 2));
  for (std::size_t i = 0; i < from.size(); ++i) from[i] = static_cast<Bits>(i + 1);
  std::vector<Bits> to(static_cast<std::size_t>(columns * to_pitch + 2)), expected = to;
  for (std::int64_t r = 0; r < rows; ++r) {
    for (std::int64_t c = 0; c < columns; ++c) {
      expected[static_cast<std::size_t>(1 + c * to_pitch + r)] =
          from[static_cast<std::size_t>(1 + r * from_pitch + c)];
    }
  }
  detail::transpose(sizeof(Bits), to.data() + 1, to_pitch, from.data() + 1, from_pitch, rows,
                    columns);
  ASSERT_EQ(to, expected) << rows << " x " << columns << ", gaps of " << from_gap << " and "
                          << to_gap;
}

TYPED_TEST(transpose, WritesEachElementToItsPlaceAndNothingElse) {
  constexpr std::int64_t most = 21;  // one more than two blocks, in either direction
  for (std::int64_t rows = 0; rows <= most; ++rows) {
    for (std::int64_t columns = 0; columns <= most; ++columns) {
      for (std::int64_t gaps = 0; gaps < 4; ++gaps) {
        expect_each_in_its_place<TypeParam>(rows, columns, gaps % 2 * 3, gaps / 2 * 3);
      }
    }
  }
}

}  // namespace
}  // namespace numfuse::tests
