// Transposes on the host: blocks of a few rows go through registers.
#include <numfuse/detail/transpose.hpp>

#include <algorithm>
#include <cstring>

#include "isa.hpp"

namespace numfuse::detail {
namespace {

template <class Bits>
struct vector_of {
  typedef Bits type __attribute__((vector_size(16)));
};
template <class Bits>
using vector = typename vector_of<Bits>::type;

// 16 bytes of a row.
template <class Bits>
vector<Bits> load(const Bits* from) {
  vector<Bits> v;
  std::memcpy(&v, from, sizeof v);
  return v;
}

template <class Bits, class Vector>
void store(Bits* to, const Vector& v) {
  std::memcpy(to, &v, sizeof v);
}

// A block: `rows` rows of 16 bytes, which become as many columns as those have elements.
template <class Bits>
struct block_of_16_bytes;

template <>
struct block_of_16_bytes<std::uint64_t> {
  static constexpr std::int64_t rows = 2;
  static void transpose(std::uint64_t* to, std::int64_t to_pitch, const std::uint64_t* from,
                        std::int64_t pitch) {
    const auto a = load(from), b = load(from + pitch);
    store(to, __builtin_shufflevector(a, b, 0, 2));
    store(to + to_pitch, __builtin_shufflevector(a, b, 1, 3));
  }
};

template <>
struct block_of_16_bytes<std::uint32_t> {
  static constexpr std::int64_t rows = 4;
  static void transpose(std::uint32_t* to, std::int64_t to_pitch, const std::uint32_t* from,
                        std::int64_t pitch) {
    const auto a = load(from), b = load(from + pitch);
    const auto c = load(from + 2 * pitch), d = load(from + 3 * pitch);
    const auto ab_low = __builtin_shufflevector(a, b, 0, 4, 1, 5);
    const auto ab_high = __builtin_shufflevector(a, b, 2, 6, 3, 7);
    const auto cd_low = __builtin_shufflevector(c, d, 0, 4, 1, 5);
    const auto cd_high = __builtin_shufflevector(c, d, 2, 6, 3, 7);
    store(to, __builtin_shufflevector(ab_low, cd_low, 0, 1, 4, 5));
    store(to + to_pitch, __builtin_shufflevector(ab_low, cd_low, 2, 3, 6, 7));
    store(to + 2 * to_pitch, __builtin_shufflevector(ab_high, cd_high, 0, 1, 4, 5));
    store(to + 3 * to_pitch, __builtin_shufflevector(ab_high, cd_high, 2, 3, 6, 7));
  }
};

#if NUMFUSE_HAS_WIDE_ISAS
#define NUMFUSE_AVX2 __attribute__((target("avx2")))

// The same with twice as many rows: a register holds 16 bytes of two of them.
template <class Bits>
struct block_of_32_bytes;

NUMFUSE_AVX2 auto load_two(const std::uint64_t* upper, const std::uint64_t* lower) {
  return __builtin_shufflevector(load(upper), load(lower), 0, 1, 2, 3);
}
NUMFUSE_AVX2 auto load_two(const std::uint32_t* upper, const std::uint32_t* lower) {
  return __builtin_shufflevector(load(upper), load(lower), 0, 1, 2, 3, 4, 5, 6, 7);
}

template <>
struct block_of_32_bytes<std::uint64_t> {
  static constexpr std::int64_t rows = 4;
  NUMFUSE_AVX2 static void transpose(std::uint64_t* to, std::int64_t to_pitch,
                                     const std::uint64_t* from, std::int64_t pitch) {
    const auto a = load_two(from, from + 2 * pitch);
    const auto b = load_two(from + pitch, from + 3 * pitch);
    store(to, __builtin_shufflevector(a, b, 0, 4, 2, 6));
    store(to + to_pitch, __builtin_shufflevector(a, b, 1, 5, 3, 7));
  }
};

template <>
struct block_of_32_bytes<std::uint32_t> {
  static constexpr std::int64_t rows = 8;
  NUMFUSE_AVX2 static void transpose(std::uint32_t* to, std::int64_t to_pitch,
                                     const std::uint32_t* from, std::int64_t pitch) {
    const std::uint32_t* const lower = from + 4 * pitch;
    const auto a = load_two(from, lower), b = load_two(from + pitch, lower + pitch);
    const auto c = load_two(from + 2 * pitch, lower + 2 * pitch);
    const auto d = load_two(from + 3 * pitch, lower + 3 * pitch);
    const auto ab_low = __builtin_shufflevector(a, b, 0, 8, 1, 9, 4, 12, 5, 13);
    const auto ab_high = __builtin_shufflevector(a, b, 2, 10, 3, 11, 6, 14, 7, 15);
    const auto cd_low = __builtin_shufflevector(c, d, 0, 8, 1, 9, 4, 12, 5, 13);
    const auto cd_high = __builtin_shufflevector(c, d, 2, 10, 3, 11, 6, 14, 7, 15);
    store(to, __builtin_shufflevector(ab_low, cd_low, 0, 1, 8, 9, 4, 5, 12, 13));
    store(to + to_pitch, __builtin_shufflevector(ab_low, cd_low, 2, 3, 10, 11, 6, 7, 14, 15));
    store(to + 2 * to_pitch, __builtin_shufflevector(ab_high, cd_high, 0, 1, 8, 9, 4, 5, 12, 13));
    store(to + 3 * to_pitch, __builtin_shufflevector(ab_high, cd_high, 2, 3, 10, 11, 6, 7, 14, 15));
  }
};
#endif

// The last blocks begin earlier where they would end outside: what they do again is no other.
template <class Block, class Bits>
[[gnu::always_inline]] inline void transpose_in_blocks(Bits* to, std::int64_t to_pitch,
                                                       const Bits* from, std::int64_t from_pitch,
                                                       std::int64_t rows, std::int64_t columns) {
  constexpr std::int64_t across = 16 / sizeof(Bits);
  for (std::int64_t next = 0; next < rows; next += Block::rows) {
    const std::int64_t r = std::min(next, rows - Block::rows);
    const Bits* const row = from + r * from_pitch;
    std::int64_t c = 0;
    for (; c + across <= columns; c += across) {
      Block::transpose(to + c * to_pitch + r, to_pitch, row + c, from_pitch);
    }
    if (c == columns) continue;
    c = columns - across;
    Block::transpose(to + c * to_pitch + r, to_pitch, row + c, from_pitch);
  }
}

#if NUMFUSE_HAS_WIDE_ISAS
template <class Bits>
NUMFUSE_AVX2 void transpose_with_avx2(Bits* to, std::int64_t to_pitch, const Bits* from,
                                      std::int64_t from_pitch, std::int64_t rows,
                                      std::int64_t columns) {
  transpose_in_blocks<block_of_32_bytes<Bits>>(to, to_pitch, from, from_pitch, rows, columns);
}
#endif

// Rows that are shorter than those of a block, without gaps between them: it reads on into the rows
// behind, where there are some, and what it makes of that is left out. Says how many rows are done.
template <class Bits>
std::int64_t transpose_short_rows(Bits* to, std::int64_t to_pitch, const Bits* from,
                                  std::int64_t rows, std::int64_t columns) {
  using block = block_of_16_bytes<Bits>;
  constexpr std::int64_t side = block::rows;
  std::int64_t r = 0;
  for (; (r + side - 1) * columns + side <= rows * columns; r += side) {
    Bits turned[side * side];
    block::transpose(turned, side, from + r * columns, columns);
    for (std::int64_t c = 0; c < columns; ++c) {
      store(to + c * to_pitch + r, load(turned + c * side));
    }
  }
  return r;
}

// The other way: few rows become short ones. A block writes on into the rows behind, which come
// after it. Says how many columns are done.
template <class Bits>
std::int64_t transpose_to_short_rows(Bits* to, const Bits* from, std::int64_t from_pitch,
                                     std::int64_t rows, std::int64_t columns) {
  using block = block_of_16_bytes<Bits>;
  constexpr std::int64_t side = block::rows;
  std::int64_t c = 0;
  for (; (c + side - 1) * rows + side <= columns * rows; c += side) {
    Bits straight[side * side] = {};
    for (std::int64_t r = 0; r < rows; ++r) {
      store(straight + r * side, load(from + r * from_pitch + c));
    }
    block::transpose(to + c * rows, rows, straight, side);
  }
  return c;
}

template <class Bits>
void transpose_bits(Bits* to, std::int64_t to_pitch, const Bits* from, std::int64_t from_pitch,
                    std::int64_t rows, std::int64_t columns) {
  constexpr std::int64_t side = 16 / sizeof(Bits);
  if (rows < side || columns < side) {
    std::int64_t first_row = 0, first_column = 0;
    if (rows >= side && from_pitch == columns) {
      first_row = transpose_short_rows(to, to_pitch, from, rows, columns);
    } else if (columns >= side && to_pitch == rows) {
      first_column = transpose_to_short_rows(to, from, from_pitch, rows, columns);
    }
    for (std::int64_t r = first_row; r < rows; ++r) {
      for (std::int64_t c = first_column; c < columns; ++c) {
        std::memcpy(to + c * to_pitch + r, from + r * from_pitch + c, sizeof(Bits));
      }
    }
    return;
  }
#if NUMFUSE_HAS_WIDE_ISAS
  static const bool wide = chosen_isa() != isa::baseline;
  if (wide && rows >= block_of_32_bytes<Bits>::rows) {
    return transpose_with_avx2(to, to_pitch, from, from_pitch, rows, columns);
  }
#endif
  transpose_in_blocks<block_of_16_bytes<Bits>>(to, to_pitch, from, from_pitch, rows, columns);
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
