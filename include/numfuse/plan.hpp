// plan: what an executor will do for given shapes, before it does it.
#pragma once

#include <cstdint>
#include <ostream>
#include <string>

#include <numfuse/detail/layout.hpp>
#include <numfuse/detail/replay.hpp>

namespace numfuse {

/// How the vectors of a call are worked through.
enum class strategy {
  elementwise,      ///< No vector is needed: every thread works on its own elements.
  transposed,       ///< A copy between rows and columns: square tiles go through shared memory.
  row_held,         ///< A vector of neighbours in memory is held in the registers of a group.
  column_held,      ///< The same for vectors that lie side by side.
  row_streamed,     ///< A group, or a team of blocks, streams its vector once, and holds nothing.
  column_streamed,  ///< The same for vectors that lie side by side.
  row_team,         ///< A team of blocks shares a vector, which its shared memory holds.
  column_team,      ///< The same for vectors that lie side by side.
};

/// What a call will do. Made from shapes, dtypes and where the operands start: no data is touched,
/// no GPU is needed.
struct plan {
  strategy how = strategy::elementwise;
  bool on_device = false;
  int launches = 1;                ///< Kernels.
  int reads = 1;                   ///< How often each input is read.
  std::int64_t bytes_read = 0;     ///< From memory, by all reads together.
  std::int64_t bytes_written = 0;  ///< To memory.

  // For CUDA: the shape of the launch.
  int threads = 0;            ///< In a block.
  std::int64_t blocks = 0;    ///< In the grid.
  int group = 1;              ///< Threads of a block that share one vector.
  int side_by_side = 1;       ///< Neighbouring threads that belong to different vectors.
  int chunks = 1;             ///< 16-byte pieces of each input that a thread holds at a time.
  int items = 1;              ///< Elements in such a piece.
  bool shifted_rows = false;  ///< A row may start between two boundaries of pieces.
  int team = 1;               ///< Blocks that share one vector.
  bool cluster = false;       ///< They are a cluster.
  bool cooperative = false;   ///< All blocks must run at the same time.

  // What a team keeps in shared memory, in turns of its threads, each of them `chunks` pieces.
  int kept_turns = 0;
  int ahead = 0;             ///< Turns by which copies run ahead.
  unsigned kept_inputs = 0;  ///< A bit for each input that is kept.
  int shared_bytes = 0;      ///< Of a block.
  double kept_share = 1;     ///< Of the elements of the inputs that are kept.
};

/// "1 launch; reads 64.0 MiB, writes 64.0 MiB; warp per row, 8 floats a lane in registers"
std::string to_string(const plan& p);
inline std::ostream& operator<<(std::ostream& out, const plan& p) { return out << to_string(p); }

namespace detail {

/// What a plan needs to know of a formula and its dtypes.
struct formula_facts {
  int levels = 0;
  bool any_vector = false;
  bool any_scalar = false;
  int inputs = 0;
  int outputs = 0;
  const void* data[max_operands] = {};  // inputs first; null where one is a plain number
  bool is_vector[max_operands] = {};    // of outputs
  int item_bytes[max_operands] = {};    // inputs first
  int widest_bytes = 4;                 // of the operands that have vectors
  int compute_bytes = 4;                // of the widest type in which the formula computes
  int reductions = 0;
  bool copies = false;  // the only result is the only input, of the same dtype
};

/// Elements in a 16-byte piece of the widest operand. A narrower one is moved in smaller pieces.
constexpr int items_in_chunk(int widest_item_bytes) { return 16 / widest_item_bytes; }

/// The most pieces of each input that a thread works on at a time: 64 bytes of all inputs together,
/// a quarter of the registers of a thread in a full block. The formula's own steps and the
/// addresses need the rest.
constexpr int most_chunks(int items, int compute_bytes, int inputs) {
  const int piece = items * (compute_bytes < 4 ? 4 : compute_bytes) * (inputs < 1 ? 1 : inputs);
  int chunks = 1;
  while (chunks * 2 * piece <= 64) chunks *= 2;
  return chunks;
}

/// The most threads of a block that holds vectors: each has 128 registers, which leaves room for
/// formulas that compute in double, and for the neighbours of a thread that holds columns.
inline constexpr int most_held_threads = 512;

/// Bytes in which any state of a reduction fits.
inline constexpr int state_bytes = reduction_slots<1>::bytes;

/// Shared memory in which the warps of a group of `threads`, which has `vectors` vectors side by
/// side, meet: a state of each, in two halves that take turns.
constexpr int block_state_bytes(int threads, int vectors) {
  return threads <= 32 ? 0 : 2 * (threads / 32) * vectors * state_bytes;
}

/// Bytes of what the blocks of a team tell each other: the states of each block's vectors.
constexpr int team_state_bytes(int reductions, int vectors) {
  return reductions * vectors * state_bytes;
}

/// The most pieces that a team's thread works on at a time, where shared memory holds its vector:
/// of two blocks a thread has 128 registers, and copies under way need none.
constexpr int most_kept_chunks(int most) { return most > 1 ? most / 2 : 1; }

/// The threads of a team's block. Two blocks fit a multiprocessor: while one waits, the other goes
/// on.
inline constexpr int team_threads = 256;
inline constexpr int team_blocks_per_multiprocessor = 2;

/// The dimensions along which the elements of a copy lie side by side, where they come from and
/// where they go.
struct transposed_dimensions {
  int from, to;
};

/// Those of a layout of one input and one output without a batch. False where they are the same, or
/// one of them is so short that lines of memory gain nothing.
bool find_transposed(const layout& where, transposed_dimensions& found);

inline constexpr int transposing_threads = 256;

/// The square tile of a transposing copy's block stands in shared memory: 4 KiB and more, so that
/// enough reads are under way. A row of it ends 4 bytes behind a multiple of 128, or 8 where
/// elements have as many: those of a column lie in different banks.
constexpr int transposing_side(int item_bytes) { return item_bytes < 4 ? 64 : 32; }
constexpr int transposing_pitch(int item_bytes) {
  return transposing_side(item_bytes) + (item_bytes < 4 ? 4 / item_bytes : 1);
}

/// Tiles of a transposing copy.
NUMFUSE_INLINE std::int64_t transposing_tiles(const layout& where, const transposed_dimensions& d,
                                              int side) {
  std::int64_t tiles = 1;
  for (int k = 0; k < where.vector_rank; ++k) {
    const bool cut = k == d.from || k == d.to;
    tiles *= cut ? (where.sizes[k] + side - 1) / side : where.sizes[k];
  }
  return tiles;
}

/// The GPU's sizes that decide a launch. The defaults are those of an H100.
struct device_limits {
  int multiprocessors = 132;
  int threads_per_multiprocessor = 2048;
  int shared_bytes = 113 * 1024;  // of a team's block
  int most_cluster = 16;          // blocks; 1 where there are no clusters
};

plan plan_on_host(const formula_facts& f, const layout& where);
plan plan_on_device(const formula_facts& f, const layout& where, const device_limits& limits);

/// The limits of the current GPU; the defaults where there is none.
device_limits current_device_limits();

}  // namespace detail
}  // namespace numfuse
