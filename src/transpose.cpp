// Transposes on the host: blocks of as many rows as 16 bytes have elements go through registers.
#include <numfuse/detail/transpose.hpp>

#include <cstring>

namespace numfuse::detail {
namespace {

template <class Bits>
struct vector_of {
  typedef Bits type __attribute__((vector_size(16)));
};
template <class Bits>
using vector = typename vector_of<Bits>::type;

template <class Bits>
vector<Bits> load(const Bits* from) {
  vector<Bits> v;
  std::memcpy(&v, from, sizeof v);
  return v;
}

template <class Bits>
void store(Bits* to, vector<Bits> v) {
  std::memcpy(to, &v, sizeof v);
}

void transpose_block(std::uint64_t* to, std::int64_t to_pitch, const std::uint64_t* from,
                     std::int64_t from_pitch) {
  const auto a = load(from), b = load(from + from_pitch);
  store<std::uint64_t>(to, __builtin_shufflevector(a, b, 0, 2));
  store<std::uint64_t>(to + to_pitch, __builtin_shufflevector(a, b, 1, 3));
}

void transpose_block(std::uint32_t* to, std::int64_t to_pitch, const std::uint32_t* from,
                     std::int64_t from_pitch) {
  const auto a = load(from), b = load(from + from_pitch);
  const auto c = load(from + 2 * from_pitch), d = load(from + 3 * from_pitch);
  const auto ab_low = __builtin_shufflevector(a, b, 0, 4, 1, 5);
  const auto ab_high = __builtin_shufflevector(a, b, 2, 6, 3, 7);
  const auto cd_low = __builtin_shufflevector(c, d, 0, 4, 1, 5);
  const auto cd_high = __builtin_shufflevector(c, d, 2, 6, 3, 7);
  store<std::uint32_t>(to, __builtin_shufflevector(ab_low, cd_low, 0, 1, 4, 5));
  store<std::uint32_t>(to + to_pitch, __builtin_shufflevector(ab_low, cd_low, 2, 3, 6, 7));
  store<std::uint32_t>(to + 2 * to_pitch, __builtin_shufflevector(ab_high, cd_high, 0, 1, 4, 5));
  store<std::uint32_t>(to + 3 * to_pitch, __builtin_shufflevector(ab_high, cd_high, 2, 3, 6, 7));
}

template <class Bits>
void transpose_bits(Bits* to, std::int64_t to_pitch, const Bits* from, std::int64_t from_pitch,
                    std::int64_t rows, std::int64_t columns) {
  constexpr std::int64_t side = 16 / sizeof(Bits);
  if (rows < side || columns < side) {
    for (std::int64_t r = 0; r < rows; ++r) {
      for (std::int64_t c = 0; c < columns; ++c) {
        std::memcpy(to + c * to_pitch + r, from + r * from_pitch + c, sizeof(Bits));
      }
    }
    return;
  }
  // The last blocks begin earlier where they would end outside: what they do again is no other.
  const auto rows_from = [&](std::int64_t r) {
    Bits* block_to = to + r;
    const Bits* block_from = from + r * from_pitch;
    for (std::int64_t c = 0; c + side <= columns; c += side) {
      transpose_block(block_to, to_pitch, block_from, from_pitch);
      block_to += side * to_pitch;
      block_from += side;
    }
    const std::int64_t last = columns - side;
    if (columns % side == 0) return;
    transpose_block(to + last * to_pitch + r, to_pitch, from + r * from_pitch + last, from_pitch);
  };
  for (std::int64_t r = 0; r + side <= rows; r += side) rows_from(r);
  if (rows % side != 0) rows_from(rows - side);
}

}  // namespace

void transpose(int item_bytes, void* to, std::int64_t to_pitch, const void* from,
               std::int64_t from_pitch, std::int64_t rows, std::int64_t columns) {
  if (item_bytes == 4) {
    transpose_bits(static_cast<std::uint32_t*>(to), to_pitch,
                   static_cast<const std::uint32_t*>(from), from_pitch, rows, columns);
  } else {
    transpose_bits(static_cast<std::uint64_t*>(to), to_pitch,
                   static_cast<const std::uint64_t*>(from), from_pitch, rows, columns);
  }
}

}  // namespace numfuse::detail
