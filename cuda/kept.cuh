// What a thread keeps of long vectors in shared memory between the passes of a formula, so that
// they are read from memory once.
//
// Every thread keeps the pieces that it works on itself, in places of its own: no barrier is
// needed. They are asked for some turns ahead, by copies that the thread does not wait for until it
// comes to them. Where a vector is longer than what is kept, its other pieces pass through shared
// memory in the same way, again in every pass.
#pragma once

#include <numfuse/cuda/vectors.cuh>

namespace numfuse::NUMFUSE_CUDA_NAMESPACE {

/// A thread works on a tile in each turn: the first `turns` of them are kept, of the inputs that
/// have a bit set. Copies run `ahead` turns, a power of two, ahead of their use.
struct kept_shape {
  int turns;
  int ahead;
  unsigned inputs;
};

/// The turns of a thread through a vector: at first piece number `rank`, then `size` tiles further.
struct stream_walk {
  std::int64_t rank;  // of this thread among all that stream the vector
  std::int64_t size;

  template <class Tile>
  __device__ __forceinline__ std::int64_t first_piece(int turn) const {
    return rank + turn * size * Tile::pieces;
  }
};

/// The pieces of a vector that its threads have to go through; none of a vector that is not there.
template <class Tile, class Vectors>
__device__ __forceinline__ std::int64_t pieces_of(const detail::layout& where,
                                                  const Vectors& mine) {
  return mine.active > 0 ? Tile::count(where, mine.shift) : 0;
}

/// Inputs that come from memory in every pass.
template <class Call>
struct memory_inputs {
  memory_inputs() = default;
  __device__ __forceinline__ memory_inputs(const Call&, unsigned char*, const kept_shape&,
                                           const stream_walk&) {}

  template <bool FirstPass, class Vectors>
  __device__ __forceinline__ void start(const Vectors&) {}
  __device__ __forceinline__ void wait() {}
  template <bool FirstPass, class Vectors>
  __device__ __forceinline__ void next(const Vectors&, int) {}

  template <class T, class Tile>
  __device__ __forceinline__ void read(int k, const T* data, const Tile& t, int,
                                       const typename Call::offsets& bases,
                                       compute_t<T> (&numbers)[Tile::width]) const {
    load(t, t.place(k, bases[k]), data, numbers);
  }
};

/// Inputs of which shared memory keeps what it can.
template <class Tile, class Call>
class kept_inputs {
 public:
  /// `memory`: shared, of the whole block.
  __device__ __forceinline__ kept_inputs(const Call& c, unsigned char* memory,
                                         const kept_shape& shape, const stream_walk& walk)
      : call_(c), shape_(shape), walk_(walk), turn_bytes_(0) {
    c.each_input([&](auto k, const auto& in) NUMFUSE_INLINE_BODY {
      using word = word_of<typename std::remove_cvref_t<decltype(in)>::dtype, Tile>;
      const int one = static_cast<int>(sizeof(word));
      own_[k] = memory + turn_bytes_ + static_cast<int>(threadIdx.x) * one;
      if (is_kept(k)) turn_bytes_ += static_cast<int>(blockDim.x) * Tile::pieces * one;
    });
  }

  /// Before a pass: asks for its first turns.
  template <bool FirstPass, class Vectors>
  __device__ __forceinline__ void start(const Vectors& mine) {
    pieces_ = pieces_of<Tile>(call_.where, mine);
    copies_ = shape_.inputs != 0 && (FirstPass || walk_.first_piece<Tile>(shape_.turns) < pieces_);
    if (!copies_) return;
    for (int turn = 0; turn < shape_.ahead; ++turn) ask<FirstPass>(mine, turn);
  }

  /// Before a turn: what it reads is there.
  __device__ __forceinline__ void wait() {
    if (copies_) wait_copies(shape_.ahead - 1);
  }

  /// After a turn: the place of what passes through is free for the turn that comes `ahead` later.
  template <bool FirstPass, class Vectors>
  __device__ __forceinline__ void next(const Vectors& mine, int turn) {
    if (copies_) ask<FirstPass>(mine, turn + shape_.ahead);
  }

  template <class T>
  __device__ __forceinline__ void read(int k, const T* data, const Tile& t, int turn,
                                       const typename Call::offsets& bases,
                                       compute_t<T> (&numbers)[Tile::width]) const {
    if (!is_kept(k)) {
      load(t, t.place(k, bases[k]), data, numbers);
      return;
    }
    using word = word_of<T, Tile>;
    const word* from = place<word>(k, turn);
    word words[Tile::pieces];
    detail::each<Tile::pieces>(
        [&](int i) NUMFUSE_INLINE_BODY { words[i] = from[i * static_cast<int>(blockDim.x)]; });
    unpack<T, Tile>(words, numbers);
  }

 private:
  __device__ __forceinline__ bool is_kept(int k) const { return shape_.inputs >> k & 1; }

  template <class Word>
  __device__ __forceinline__ Word* place(int k, int turn) const {
    const int passing = turn - shape_.turns;
    const int at = passing < 0 ? turn : shape_.turns + (passing & (shape_.ahead - 1));
    return reinterpret_cast<Word*>(own_[k] + at * turn_bytes_);
  }

  // The copies of one turn, as one batch; an empty one where they are there from an earlier pass.
  template <bool FirstPass, class Vectors>
  __device__ __forceinline__ void ask(const Vectors& mine, int turn) {
    const std::int64_t first = walk_.first_piece<Tile>(turn);
    if (first < pieces_ && (FirstPass || turn >= shape_.turns)) {
      const Tile t(call_.where, first, walk_.size, mine.shift, mine.active);
      call_.each_input([&](auto k, const auto& in) NUMFUSE_INLINE_BODY {
        if (is_kept(k)) ask_for(k, in.data, t, turn, mine.bases[k]);
      });
    }
    commit_copies();
  }

  template <class T>
  __device__ __forceinline__ void ask_for(int k, const T* data, const Tile& t, int turn,
                                          std::int64_t base) {
    using word = word_of<T, Tile>;
    const placement p = t.place(k, base);
    const unsigned whole = whole_pieces(t, p, data);
    word* to = place<word>(k, turn);
    detail::each<Tile::pieces>([&](int i) NUMFUSE_INLINE_BODY {
      word* const mine = to + i * static_cast<int>(blockDim.x);
      if ((whole >> i & 1) == 0) {
        *mine = edge_word(t, p, data, i);
      } else if constexpr (sizeof(word) >= 4) {
        copy_async<sizeof(word)>(mine, data + t.offset_of(i, p));
      } else {
        *mine = *reinterpret_cast<const word*>(data + t.offset_of(i, p));
      }
    });
  }

  const Call& call_;
  kept_shape shape_;
  stream_walk walk_;
  int turn_bytes_;  // of all threads and inputs
  unsigned char* own_[Call::inputs_count];
  std::int64_t pieces_ = 0;
  bool copies_ = false;
};

}  // namespace numfuse::NUMFUSE_CUDA_NAMESPACE
