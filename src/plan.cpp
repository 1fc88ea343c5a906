// Plans: which kernel, how many threads hold a vector, how much memory moves.
#include <numfuse/plan.hpp>

#include <algorithm>

namespace numfuse {
namespace detail {
namespace {

constexpr int warp = 32;
constexpr int everyday_block = 256;

// Columns keep a state for each of their elements in shared memory, of which there are 48 KiB:
// fewer threads for narrow dtypes.
int held_threads(bool columns, int items) {
  return columns ? std::min(most_held_threads, 4096 / items) : most_held_threads;
}

// Threads across neighbouring vectors: with 16-byte pieces, eight of them fill a 128-byte line.
constexpr int threads_across = 8;

// Bytes of an input that one block streams in the time in which blocks find each other.
constexpr std::int64_t least_team_bytes = 131072;

// Bytes of a vector that are worth one block more.
constexpr std::int64_t least_block_bytes = 16384;

// Bytes that the copies of a team's block should have under way.
constexpr std::int64_t bytes_under_way = 32768;

std::int64_t ceil_div(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

int power_of_two_at_least(std::int64_t n) {
  int power = 1;
  while (power < n) power *= 2;
  return power;
}

// Bytes of the distinct elements of an operand: repeated ones along a broadcast axis count once.
std::int64_t operand_bytes(const formula_facts& f, const layout& where, int k) {
  std::int64_t elements = 1;
  for (int d = 0; d < where.batch_rank + where.vector_rank; ++d) {
    if (where.strides[k][d] != 0) elements *= where.sizes[d];
  }
  return elements * f.item_bytes[k];
}

void count_bytes(plan& p, const formula_facts& f, const layout& where) {
  for (int k = 0; k < f.inputs; ++k) {
    if (f.data[k] == nullptr) continue;
    const std::int64_t once = operand_bytes(f, where, k);
    // What is kept is read once.
    const double again = (p.reads - 1) * (p.kept_inputs >> k & 1 ? 1 - p.kept_share : 1.0);
    p.bytes_read += once + static_cast<std::int64_t>(again * static_cast<double>(once));
  }
  for (int k = f.inputs; k < f.inputs + f.outputs; ++k) {
    p.bytes_written += operand_bytes(f, where, k);
  }
}

// True where a warp reads memory in order only across vectors, not along them.
bool side_by_side(const formula_facts& f, const layout& where) {
  if (where.batch_rank == 0 || where.vector_rank != 1) return false;
  const int across = where.batch_rank - 1;
  for (int k = 0; k < f.inputs; ++k) {
    if (f.data[k] == nullptr || where.vector_stride(k) == 0) continue;
    return where.vector_stride(k) != 1 && where.strides[k][across] == 1;
  }
  return false;
}

// True where every row of every operand, along the innermost dimension, starts at a boundary of
// pieces.
bool rows_start_at_pieces(const formula_facts& f, const layout& where, int items) {
  for (int k = 0; k < f.inputs + f.outputs; ++k) {
    if (f.data[k] == nullptr || where.inner_stride(k) != 1) continue;
    const auto address = reinterpret_cast<std::uintptr_t>(f.data[k]);
    bool at_piece =
        address / static_cast<unsigned>(f.item_bytes[k]) % static_cast<unsigned>(items) == 0;
    for (int d = 0; d < where.batch_rank + where.vector_rank - 1; ++d) {
      at_piece &= where.strides[k][d] % items == 0;
    }
    if (!at_piece) return false;
  }
  return true;
}

// The pieces of a vector, or of each run along the innermost dimension of one of several: one more
// where it may start anywhere between two boundaries.
std::int64_t row_pieces(const plan& p, const layout& where) {
  const auto pieces = [&](std::int64_t length) {
    return ceil_div(length + (p.shifted_rows ? p.items - 1 : 0), p.items);
  };
  if (where.vector_rank <= 1) return pieces(where.length);
  return where.length / where.inner_size() * pieces(where.inner_size());
}

// Chooses how a group holds its vector, if it can: the fewest pieces a thread within a warp, then a
// block. `pieces` counts those of one vector. Sets group and chunks; false where none is enough.
bool hold(plan& p, std::int64_t pieces, int most, int most_threads) {
  const int across = p.side_by_side;
  if (ceil_div(pieces, most) * across > most_threads) return false;
  for (int chunks : {1, most}) {
    const int threads = power_of_two_at_least(ceil_div(pieces, chunks));
    if (threads * across <= warp) {
      p.group = threads;
      p.chunks = chunks;
      return true;
    }
  }
  const std::int64_t each = ceil_div(pieces, most);
  const std::int64_t threads =
      across == 1 ? ceil_div(each, warp) * warp : power_of_two_at_least(each);
  if (threads * across > most_threads) return false;  // a power of two may be
  p.group = static_cast<int>(threads);
  p.chunks = most;
  return true;
}

// Blocks for `groups` groups, no more than fill the GPU a few times over.
void size_grid(plan& p, std::int64_t groups, const device_limits& limits) {
  const int group_threads = p.group * p.side_by_side;
  // A group of several warps is a block: it meets in the block's barrier.
  p.threads = group_threads > warp ? group_threads : everyday_block;
  const std::int64_t groups_in_block = p.threads / group_threads;
  const std::int64_t resident =
      std::int64_t{limits.multiprocessors} * limits.threads_per_multiprocessor / p.threads;
  p.blocks = std::clamp<std::int64_t>(ceil_div(groups, groups_in_block), 1, resident * 8);
}

// Element by element.
void plan_elements(plan& p, const formula_facts& f, const layout& where, int most,
                   const device_limits& limits) {
  p.how = strategy::elementwise;
  p.threads = everyday_block;
  p.chunks = where.vector_rank > 1 ? 1 : most;
  std::int64_t blocks = ceil_div(row_pieces(p, where), std::int64_t{p.threads} * p.chunks);
  transposed_dimensions across;
  if (f.copies && find_transposed(where, across)) {
    p.how = strategy::transposed;
    p.threads = transposing_threads;
    p.items = 1;
    p.shifted_rows = false;
    const int item_bytes = f.item_bytes[0], side = transposing_side(item_bytes);
    p.shared_bytes = side * transposing_pitch(item_bytes) * item_bytes;
    blocks = transposing_tiles(where, across, side);
  }
  const std::int64_t resident =
      std::int64_t{limits.multiprocessors} * limits.threads_per_multiprocessor / p.threads;
  p.blocks = std::clamp<std::int64_t>(blocks, 1, resident * 8);
}

// Vectors that are streamed once: each by a group, or by a team of blocks where there are few.
void plan_one_pass(plan& p, const layout& where, std::int64_t pieces, std::int64_t groups, int most,
                   const device_limits& limits) {
  const bool columns = p.side_by_side > 1;
  p.chunks = where.vector_rank > 1 ? 1 : most;
  const std::int64_t each = columns ? pieces : ceil_div(pieces, p.chunks);
  const std::int64_t group_bytes = pieces * p.side_by_side * 16;
  p.how = columns ? strategy::column_streamed : strategy::row_streamed;
  if (groups <= limits.multiprocessors && group_bytes >= least_team_bytes) {
    p.threads = team_threads;
    p.group = p.threads / p.side_by_side;
    // As many as fill the GPU, each with enough to do.
    const std::int64_t useful = ceil_div(pieces, std::int64_t{p.group} * p.chunks);
    const std::int64_t resident = 2 * std::int64_t{limits.multiprocessors};
    p.team = static_cast<int>(
        std::clamp<std::int64_t>(useful, 1, std::max<std::int64_t>(1, resident / groups)));
    p.blocks = p.team * groups;
    return;
  }
  p.group = power_of_two_at_least(std::min<std::int64_t>(each, warp / p.side_by_side));
  // Few vectors: a block each, so that the GPU is full.
  const std::int64_t resident_threads =
      std::int64_t{limits.multiprocessors} * limits.threads_per_multiprocessor;
  if (groups * warp < resident_threads && each > warp) {
    p.group = power_of_two_at_least(std::min<std::int64_t>(each, everyday_block / p.side_by_side));
  }
  size_grid(p, groups, limits);
}

// The inputs that a team keeps: those of which each vector has elements of its own. What all
// vectors share stays in the cache.
unsigned worth_keeping(const formula_facts& f, const layout& where) {
  unsigned inputs = 0;
  if (where.vector_rank > 1) return inputs;
  for (int k = 0; k < f.inputs; ++k) {
    if (f.data[k] == nullptr || where.vector_stride(k) == 0) continue;
    bool own = where.count == 1;
    for (int d = 0; d < where.batch_rank; ++d) own |= where.strides[k][d] != 0;
    if (own) inputs |= 1u << k;
  }
  return inputs;
}

// Vectors too long for one block's registers: shared memory holds them, of as many blocks as that
// takes, or as there are free where vectors are few.
void plan_team(plan& p, const formula_facts& f, const layout& where, std::int64_t pieces,
               std::int64_t groups, const device_limits& limits) {
  p.how = p.side_by_side > 1 ? strategy::column_team : strategy::row_team;
  p.threads = team_threads;
  p.group = p.threads / p.side_by_side;
  p.kept_inputs = worth_keeping(f, where);

  int turn_bytes = 0;
  for (int k = 0; k < f.inputs; ++k) {
    if (p.kept_inputs >> k & 1) turn_bytes += p.threads * p.chunks * p.items * f.item_bytes[k];
  }
  const int vectors = p.side_by_side > 1 ? p.side_by_side * p.items : 1;
  const int states = block_state_bytes(p.threads, vectors);
  const int cluster_states = 2 * team_state_bytes(f.reductions, vectors);
  int most_turns = 0;
  if (turn_bytes > 0) {
    most_turns = std::max(0, limits.shared_bytes - states - cluster_states) / turn_bytes;
    p.ahead = 2;
    while (p.ahead < 8 && 2 * p.ahead * turn_bytes <= bytes_under_way) p.ahead *= 2;
  }

  const std::int64_t in_turn = std::int64_t{p.group} * p.chunks;
  const std::int64_t turns = std::max<std::int64_t>(1, ceil_div(pieces, in_turn));  // of one block
  const std::int64_t resident =
      std::int64_t{limits.multiprocessors} * team_blocks_per_multiprocessor;
  const std::int64_t needed = most_turns > 0 ? ceil_div(turns, most_turns) : resident;
  const std::int64_t vector_bytes = pieces * p.side_by_side * 16;
  const std::int64_t free = std::min(vector_bytes / least_block_bytes, resident / groups);
  const std::int64_t wanted = std::max({std::int64_t{1}, std::min(needed, turns), free});
  if (wanted <= limits.most_cluster) {
    p.team = std::min(power_of_two_at_least(wanted), limits.most_cluster);
    p.cluster = p.team > 1;
    p.blocks = p.team * std::min(groups, resident * 8 / p.team);
  } else {
    p.team = static_cast<int>(std::min(wanted, resident));
    p.cooperative = true;
    p.blocks = p.team * std::clamp<std::int64_t>(resident / p.team, 1, groups);
  }

  const std::int64_t own_turns = ceil_div(turns, p.team);
  const bool all_kept = own_turns <= most_turns;
  if (!all_kept && most_turns < p.ahead) p.kept_inputs = 0;  // no room to keep anything
  if (p.kept_inputs != 0) {
    p.kept_turns = all_kept ? static_cast<int>(own_turns) : most_turns - p.ahead;
    p.shared_bytes = (p.kept_turns + (all_kept ? 0 : p.ahead)) * turn_bytes;
  }
  p.shared_bytes += states + (p.cluster ? cluster_states : 0);
  if (!all_kept) {
    p.reads = f.levels + (f.any_vector ? 1 : 0);
    p.kept_share = static_cast<double>(p.kept_turns) / static_cast<double>(own_turns);
  }
}

}  // namespace

bool find_transposed(const layout& where, transposed_dimensions& found) {
  constexpr std::int64_t shortest = 8;  // elements
  found = {-1, -1};
  for (int d = 0; d < where.vector_rank; ++d) {
    if (where.strides[0][d] == 1) found.from = d;
    if (where.strides[1][d] == 1) found.to = d;
  }
  if (found.from < 0 || found.to < 0 || found.from == found.to) return false;
  return where.batch_rank == 0 && where.sizes[found.from] >= shortest &&
         where.sizes[found.to] >= shortest && where.strides[0][found.to] >= shortest &&
         where.strides[1][found.from] >= shortest;
}

plan plan_on_host(const formula_facts& f, const layout& where) {
  plan p;
  const bool columns = side_by_side(f, where);
  if (f.levels == 0) {
    p.how = strategy::elementwise;
  } else {
    p.how = columns ? strategy::column_streamed : strategy::row_streamed;
    // The passes after the first find a short vector in the cache.
    constexpr std::int64_t in_cache = 131072;
    if (where.length > in_cache) p.reads = f.levels + (f.any_vector ? 1 : 0);
  }
  p.launches = 0;
  count_bytes(p, f, where);
  return p;
}

plan plan_on_device(const formula_facts& f, const layout& where, const device_limits& limits) {
  plan p;
  p.on_device = true;
  if (where.count == 0 || (where.length == 0 && !f.any_scalar)) {  // nothing to write
    p.launches = 0;
    return p;
  }
  p.items = items_in_chunk(f.widest_bytes);
  // Reductions take runs from where they start.
  const bool unshifted = f.levels > 0 && where.vector_rank > 1;
  p.shifted_rows = !unshifted && !rows_start_at_pieces(f, where, p.items);
  const int most = most_chunks(p.items, f.compute_bytes, f.inputs);
  if (f.levels == 0) {
    plan_elements(p, f, where, most, limits);
    count_bytes(p, f, where);
    return p;
  }

  const bool columns = side_by_side(f, where);
  p.side_by_side = columns ? threads_across : 1;
  const std::int64_t pieces = columns ? where.length : row_pieces(p, where);
  std::int64_t groups = where.count;
  if (columns) {
    const std::int64_t across = where.sizes[where.batch_rank - 1];
    groups = where.count / across * ceil_div(across, std::int64_t{threads_across} * p.items);
  }

  const bool one_pass = f.levels == 1 && !f.any_vector;
  if (one_pass) {
    plan_one_pass(p, where, pieces, groups, most, limits);
  } else if (where.vector_rank <= 1 && hold(p, pieces, most, held_threads(columns, p.items))) {
    p.how = columns ? strategy::column_held : strategy::row_held;
    size_grid(p, groups, limits);
  } else {
    p.chunks = where.vector_rank > 1 ? 1 : most_kept_chunks(most);
    plan_team(p, f, where, pieces, groups, limits);
  }
  count_bytes(p, f, where);
  return p;
}

}  // namespace detail
}  // namespace numfuse
