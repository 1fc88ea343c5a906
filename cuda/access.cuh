// How a thread moves its part of a vector between memory and registers: in pieces of 16 bytes where
// addresses allow it, element by element at the edges.
#pragma once

#include <numfuse/cuda/runtime.cuh>

namespace numfuse::NUMFUSE_CUDA_NAMESPACE {

/// Where the pieces of one operand lie, and how far apart the elements of a piece.
struct placement {
  std::int64_t base;
  std::int64_t along;  // from one position of the vector to the next
  std::int64_t beside;
};

/// The part of a vector that one thread holds: `Pieces` pieces of `Items` elements.
///
/// Along rows (Lanes = 1) a piece is a run of the vector; pieces lie `step` apart, and `shift`
/// elements before the vector's start belong to the first piece, so that all pieces start at
/// 16-byte boundaries where the vector itself does not. Across columns (Lanes = Items) a piece is
/// one element of `Items` vectors side by side.
template <int Pieces, int Items, int Lanes>
struct tile {
  static constexpr int pieces = Pieces;
  static constexpr int items = Items;
  static constexpr int width = Pieces * Items;
  static constexpr int lanes = Lanes;
  static constexpr bool columns = Lanes > 1;
  static constexpr bool is_run = false;
  static constexpr unsigned whole_piece = (1u << Items) - 1;
  static_assert(width <= 32, "a bit of the mask for each element");

  const detail::layout* where;
  std::int64_t first;  // number of the first piece
  std::int64_t step;   // between pieces
  int shift;
  unsigned mask;  // of the elements that exist

  /// `active`: how many of the vectors side by side exist (1 or 0 along rows).
  __device__ __forceinline__ tile(const detail::layout& w, std::int64_t first_piece,
                                  std::int64_t piece_step, int row_shift, int active)
      : where(&w), first(first_piece), step(piece_step), shift(row_shift), mask(0) {
    if (active <= 0) return;
    const unsigned across = active >= Items ? whole_piece : (1u << active) - 1;
    detail::each<Pieces>([&](int k) NUMFUSE_INLINE_BODY {
      const std::int64_t start = start_of(k);
      unsigned bits;
      if constexpr (columns) {
        bits = start < w.length ? across : 0u;
      } else {
        const std::int64_t left = w.length - start;
        bits = left >= Items ? whole_piece : left <= 0 ? 0u : (1u << left) - 1;
        if (start < 0) bits &= whole_piece << -start;  // by less than a piece
      }
      mask |= bits << (k * Items);
    });
  }

  /// The number of pieces of a whole vector.
  __device__ __forceinline__ static std::int64_t count(const detail::layout& w, int row_shift) {
    return columns ? w.length : (w.length + row_shift + Items - 1) / Items;
  }

  /// The position in the vector of a piece's first element.
  __device__ __forceinline__ std::int64_t start_of(int k) const {
    const std::int64_t piece = first + k * step;
    return columns ? piece : piece * Items - shift;
  }

  /// The operand's memory, given where the vector starts in it.
  __device__ __forceinline__ placement place(int operand, std::int64_t base) const {
    const std::int64_t along = where->vector_stride(operand);
    return {base, along, columns ? where->strides[operand][where->batch_rank - 1] : along};
  }
  __device__ __forceinline__ std::int64_t offset_of(int k, const placement& p) const {
    return p.base + start_of(k) * p.along;
  }

  __device__ __forceinline__ unsigned mask_of(int k) const {
    return mask >> (k * Items) & whole_piece;
  }

  /// Whether all elements are known to exist: a GPU checks each, rather than take two paths.
  __device__ static constexpr bool whole() { return false; }
  __device__ __forceinline__ bool valid(int j) const { return mask >> j & 1; }
  __device__ __forceinline__ std::int64_t length() const { return where->formula_length; }
  __device__ __forceinline__ std::int64_t index(int j) const {
    return index_at(start_of(j / Items) + (columns ? 0 : j % Items));
  }
  /// Position i of the layout's vector as a position of the formula's.
  __device__ __forceinline__ std::int64_t index_at(std::int64_t i) const {
    if (where->formula_stride == 1 && where->formula_length == where->length) return i;
    return i / where->formula_stride % where->formula_length;
  }
};

/// A run of up to `Items` elements of a vector of several dimensions, along its innermost one,
/// which is cut into pieces of its own.
template <int Items>
struct run_tile : tile<1, Items, 1> {
  std::int64_t outer;  // number of the row of the innermost dimension
  std::int64_t inner;  // position in it, before its start where a row starts within its first piece

  static constexpr bool is_run = true;

  /// The number of pieces of a row, and of a whole vector. Where rows are shifted each has as many
  /// as one with the largest shift.
  __device__ __forceinline__ static std::int64_t in_row(const detail::layout& w, bool shifted) {
    return (inner_size(w) + (shifted ? 2 * (Items - 1) : Items - 1)) / Items;
  }
  __device__ __forceinline__ static std::int64_t count(const detail::layout& w, bool shifted) {
    return w.length / inner_size(w) * in_row(w, shifted);
  }

  __device__ __forceinline__ run_tile(const detail::layout& w, std::int64_t piece,
                                      std::int64_t in_row)
      : tile<1, Items, 1>(w, 0, 0, 0, 0) {
    outer = detail::layout::quotient(piece, in_row);
    inner = (piece - outer * in_row) * Items;
    find_mask();
  }

  /// Lets the row's first piece start so many elements before the row.
  __device__ __forceinline__ void shift_by(int elements) {
    inner -= elements;
    find_mask();
  }

  /// Adds where each operand's row starts.
  template <int Operands>
  __device__ __forceinline__ void add_row_offsets(std::int64_t (&offsets)[Operands]) const {
    const detail::layout& w = *this->where;
    w.add_offsets(outer, w.batch_rank, innermost(w), offsets);
  }
  /// Adds where each operand's run starts in its row.
  template <int Operands>
  __device__ __forceinline__ void add_run_offsets(std::int64_t (&offsets)[Operands]) const {
    const detail::layout& w = *this->where;
    detail::each<Operands>(
        [&](int k) NUMFUSE_INLINE_BODY { offsets[k] += inner * w.strides[k][innermost(w)]; });
  }

  __device__ __forceinline__ placement place(int operand, std::int64_t base) const {
    const detail::layout& w = *this->where;
    return {base, 0, w.strides[operand][innermost(w)]};
  }
  __device__ __forceinline__ std::int64_t offset_of(int, const placement& p) const {
    return p.base;
  }
  __device__ __forceinline__ std::int64_t index(int j) const {
    return this->index_at(outer * inner_size(*this->where) + inner + j);
  }

 private:
  __device__ __forceinline__ static int innermost(const detail::layout& w) {
    return w.batch_rank + w.vector_rank - 1;
  }
  __device__ __forceinline__ static std::int64_t inner_size(const detail::layout& w) {
    return w.sizes[innermost(w)];
  }

  __device__ __forceinline__ void find_mask() {
    constexpr unsigned whole = tile<1, Items, 1>::whole_piece;
    const std::int64_t left = inner_size(*this->where) - inner;
    this->mask = left >= Items ? whole : left <= 0 ? 0u : (1u << left) - 1;
    if (inner < 0) this->mask &= whole << -inner;  // by less than a piece
  }
};

// clang-format off
template <int Bytes> struct word_of_bytes;
template <> struct word_of_bytes<16> { using type = uint4; };
template <> struct word_of_bytes<8> { using type = uint2; };
template <> struct word_of_bytes<4> { using type = unsigned int; };
template <> struct word_of_bytes<2> { using type = unsigned short; };
template <> struct word_of_bytes<1> { using type = unsigned char; };
// clang-format on

/// The pieces, a bit each, that can move as one word: all their elements exist, side by side, from
/// a boundary on.
template <class T, class Tile>
__device__ __forceinline__ unsigned whole_pieces(const Tile& t, const placement& p, const T* data) {
  constexpr int bytes = Tile::items * static_cast<int>(sizeof(T));
  unsigned whole = 0;
  if (p.beside == 1) {
    detail::each<Tile::pieces>([&](int k) NUMFUSE_INLINE_BODY {
      const auto address = reinterpret_cast<std::uintptr_t>(data + t.offset_of(k, p));
      if (t.mask_of(k) == Tile::whole_piece && address % bytes == 0) whole |= 1u << k;
    });
  }
  return whole;
}

/// A piece of a tile of T as it moves.
template <class T, class Tile>
using word_of = typename word_of_bytes<Tile::items* static_cast<int>(sizeof(T))>::type;

/// Piece k, element by element; 0 where none exist.
template <class T, class Tile>
__device__ __forceinline__ word_of<T, Tile> edge_word(const Tile& t, const placement& p,
                                                      const T* data, int k) {
  word_of<T, Tile> word{};
  T piece[Tile::items];
  memcpy(static_cast<void*>(piece), &word, sizeof piece);
  const T* from = data + t.offset_of(k, p);
  detail::each<Tile::items>([&](int i) NUMFUSE_INLINE_BODY {
    if (t.valid(k * Tile::items + i)) piece[i] = from[i * p.beside];
  });
  memcpy(&word, piece, sizeof word);
  return word;
}

/// Piece k of an operand that is repeated beside itself: one element, read once.
template <class T, class Tile>
__device__ __forceinline__ word_of<T, Tile> repeated_word(const Tile& t, const placement& p,
                                                          const T* data, int k) {
  word_of<T, Tile> word{};
  if (t.mask_of(k) == 0) return word;
  const T x = data[t.offset_of(k, p)];
  T piece[Tile::items];
  detail::each<Tile::items>([&](int i) NUMFUSE_INLINE_BODY { piece[i] = x; });
  memcpy(&word, piece, sizeof word);
  return word;
}

/// The numbers of words, converted to T's compute type.
template <class T, class Tile>
__device__ __forceinline__ void unpack(const word_of<T, Tile> (&words)[Tile::pieces],
                                       compute_t<T> (&numbers)[Tile::width]) {
  detail::each<Tile::pieces>([&](int k) NUMFUSE_INLINE_BODY {
    T piece[Tile::items];
    memcpy(static_cast<void*>(piece), &words[k], sizeof piece);
    detail::each<Tile::items>([&](int i) NUMFUSE_INLINE_BODY {
      numbers[k * Tile::items + i] = convert<compute_t<T>>(piece[i]);
    });
  });
}

/// Reads the elements of a tile into registers; 0 where none exist. All words are asked for before
/// the first one is used.
template <class T, class Tile>
__device__ __forceinline__ void load(const Tile& t, const placement& p, const T* data,
                                     compute_t<T> (&numbers)[Tile::width]) {
  using word = word_of<T, Tile>;
  const unsigned whole = whole_pieces(t, p, data);
  word words[Tile::pieces];
  detail::each<Tile::pieces>([&](int k) NUMFUSE_INLINE_BODY {
    words[k] = word{};
    if (whole >> k & 1) {
      words[k] = *reinterpret_cast<const word*>(data + t.offset_of(k, p));
    }
  });
  if (whole != (1u << Tile::pieces) - 1) {
    detail::each<Tile::pieces>([&](int k) NUMFUSE_INLINE_BODY {
      if (whole >> k & 1) return;
      words[k] = p.beside == 0 ? repeated_word(t, p, data, k) : edge_word(t, p, data, k);
    });
  }
  unpack<T, Tile>(words, numbers);
}

/// Writes the elements of a tile that exist.
template <class T, class Tile>
__device__ __forceinline__ void store(const Tile& t, const placement& p, T* data,
                                      const compute_t<T> (&numbers)[Tile::width]) {
  constexpr int items = Tile::items;
  using word = word_of<T, Tile>;
  const unsigned whole = whole_pieces(t, p, data);
  detail::each<Tile::pieces>([&](int k) NUMFUSE_INLINE_BODY {
    T* to = data + t.offset_of(k, p);
    T piece[items];
    detail::each<items>([&](int i)
                            NUMFUSE_INLINE_BODY { piece[i] = convert<T>(numbers[k * items + i]); });
    if (whole >> k & 1) {
      word all;
      memcpy(&all, piece, sizeof all);
      *reinterpret_cast<word*>(to) = all;
    } else {
      detail::each<items>([&](int i) NUMFUSE_INLINE_BODY {
        if (t.valid(k * items + i)) to[i * p.beside] = piece[i];
      });
    }
  });
}

/// Elements by which `address` lies behind the last boundary of a piece.
template <int Items, class T>
__device__ __forceinline__ int shift_of(const T* address) {
  return static_cast<int>(reinterpret_cast<std::uintptr_t>(address) / sizeof(T) % Items);
}

}  // namespace numfuse::NUMFUSE_CUDA_NAMESPACE
