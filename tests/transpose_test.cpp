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

TYPED_TEST(transpose, WritesEachElementToItsPlaceAndNothingElse) {
  constexpr std::int64_t most = 21, gap = 3;  // one more than two blocks, in either direction
  for (std::int64_t rows = 0; rows <= most; ++rows) {
    for (std::int64_t columns = 0; columns <= most; ++columns) {
      const std::int64_t from_pitch = columns + gap, to_pitch = rows + gap;
      std::vector<TypeParam> from(static_cast<std::size_t>(rows * from_pitch + 1));
      for (std::size_t i = 0; i < from.size(); ++i) from[i] = static_cast<TypeParam>(i + 1);
      // Both begin anywhere: one element after what was allocated.
      std::vector<TypeParam> to(static_cast<std::size_t>(columns * to_pitch + 1)), expected = to;
      for (std::int64_t r = 0; r < rows; ++r) {
        for (std::int64_t c = 0; c < columns; ++c) {
          expected[static_cast<std::size_t>(1 + c * to_pitch + r)] =
              from[static_cast<std::size_t>(1 + r * from_pitch + c)];
        }
      }
      detail::transpose(sizeof(TypeParam), to.data() + 1, to_pitch, from.data() + 1, from_pitch,
                        rows, columns);
      ASSERT_EQ(to, expected) << rows << " x " << columns;
    }
  }
}

}  // namespace
}  // namespace numfuse::tests
