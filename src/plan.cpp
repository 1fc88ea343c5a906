// Plans: which kernel, how many threads hold a vector, how much memory moves.
#include <numfuse/plan.hpp>

#include <algorithm>
#include <cstdio>

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

// A vector shorter than this is not worth several blocks.
constexpr std::int64_t least_grid_elements = 32768;

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
    if (f.from_memory[k]) p.bytes_read += p.reads * operand_bytes(f, where, k);
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
    if (!f.from_memory[k] || where.vector_stride(k) == 0) continue;
    return where.vector_stride(k) != 1 && where.strides[k][across] == 1;
  }
  return false;
}

// Chooses how a group holds its vector, if it can: the fewest pieces a thread within a warp, then a
// block. `pieces` counts those of one vector. Sets group and chunks; false where none is enough.
bool hold(plan& p, std::int64_t pieces, int most, int most_threads) {
  const int across = p.side_by_side;
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
  if (threads * across > most_threads) return false;
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

}  // namespace

plan plan_on_host(const formula_facts& f, const layout& where) {
  plan p;
  const bool columns = side_by_side(f, where);
  if (f.levels == 0) {
    p.how = strategy::elementwise;
  } else {
    p.how = columns ? strategy::column_replay : strategy::row_replay;
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
  p.items = items_in_chunk(*std::max_element(f.item_bytes, f.item_bytes + f.inputs + f.outputs));
  const int most = most_chunks(p.items, f.compute_bytes, f.inputs);
  const std::int64_t resident_threads =
      std::int64_t{limits.multiprocessors} * limits.threads_per_multiprocessor;

  if (f.levels == 0) {
    p.how = strategy::elementwise;
    p.chunks = most;
    p.threads = everyday_block;
    if (where.vector_rank > 1) p.chunks = 1;  // runs along the innermost dimension
    p.blocks = std::clamp<std::int64_t>(
        ceil_div(where.length, std::int64_t{p.threads} * p.items * p.chunks), 1,
        resident_threads / p.threads * 8);
    count_bytes(p, f, where);
    return p;
  }

  const bool columns = side_by_side(f, where);
  p.side_by_side = columns ? threads_across : 1;
  // A row may start anywhere between two 16-byte boundaries: one piece more.
  const std::int64_t pieces =
      columns ? where.length : ceil_div(where.length + p.items - 1, p.items);
  std::int64_t groups = where.count;
  if (columns) {
    const std::int64_t across = where.sizes[where.batch_rank - 1];
    groups = where.count / across * ceil_div(across, std::int64_t{threads_across} * p.items);
  }

  const bool one_pass = f.levels == 1 && !f.any_vector;
  if (where.vector_rank <= 1 && !one_pass &&
      hold(p, pieces, most, held_threads(columns, p.items))) {
    p.how = columns ? strategy::column_held : strategy::row_held;
    size_grid(p, groups, limits);
    count_bytes(p, f, where);
    return p;
  }

  p.reads = f.levels + (f.any_vector ? 1 : 0);
  p.chunks = most;
  const std::int64_t several_blocks = limits.multiprocessors / 2;
  if (where.vector_rank > 1 ||
      (!columns && where.count < several_blocks && where.length >= least_grid_elements)) {
    p.how = strategy::grid_replay;
    p.threads = everyday_block;
    if (where.vector_rank > 1) p.chunks = 1;
    // Blocks that wait for each other must all be resident; two of this size always are.
    const std::int64_t most_blocks = std::int64_t{limits.multiprocessors} * 2;
    const std::int64_t useful =
        ceil_div(where.length, std::int64_t{p.threads} * p.items * p.chunks);
    const std::int64_t vectors = std::min<std::int64_t>(where.count, most_blocks);
    p.group = static_cast<int>(std::clamp<std::int64_t>(useful, 1, most_blocks / vectors));
    p.blocks = p.group * vectors;
    p.cooperative = !one_pass && p.group > 1;
  } else {
    p.how = columns ? strategy::column_replay : strategy::row_replay;
    const std::int64_t each = columns ? pieces : ceil_div(pieces, p.chunks);
    p.group = power_of_two_at_least(std::min<std::int64_t>(each, warp / p.side_by_side));
    // Few vectors: a block each, so that the GPU is full.
    if (groups * warp < resident_threads && each > warp) {
      p.group = std::min(power_of_two_at_least(each), everyday_block / p.side_by_side);
    }
    size_grid(p, groups, limits);
  }
  count_bytes(p, f, where);
  return p;
}

}  // namespace detail

namespace {

std::string size_text(std::int64_t bytes) {
  const char* units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
  double value = static_cast<double>(bytes);
  int unit = 0;
  for (; value >= 1024 && unit < 4; ++unit) value /= 1024;
  char text[32];
  std::snprintf(text, sizeof text, unit == 0 ? "%.0f %s" : "%.1f %s", value, units[unit]);
  return text;
}

std::string group_text(const plan& p, const char* vector) {
  const int threads = p.group * p.side_by_side;
  std::string who = threads < 32    ? std::to_string(p.group) + " of a warp's lanes"
                    : threads == 32 ? "a warp"
                                    : "a block of " + std::to_string(threads) + " threads";
  if (p.side_by_side > 1) {
    return who + " for " + std::to_string(p.side_by_side * p.items) + " neighbouring columns";
  }
  return who + " for each " + vector;
}

std::string held_text(const plan& p) {
  const int elements = p.chunks * p.items;
  return ", " + std::to_string(elements) + (elements == 1 ? " element" : " elements") +
         " a thread in registers";
}

std::string replay_text(const plan& p) {
  return p.reads == 1 ? ", streamed once" : ", streamed " + std::to_string(p.reads) + " times";
}

std::string device_text(const plan& p) {
  switch (p.how) {
    case strategy::elementwise:
      return "element by element";
    case strategy::row_held:
      return group_text(p, "row") + held_text(p);
    case strategy::column_held:
      return group_text(p, "column") + held_text(p);
    case strategy::row_replay:
      return group_text(p, "row") + replay_text(p);
    case strategy::column_replay:
      return group_text(p, "column") + replay_text(p);
    case strategy::grid_replay:
      return std::to_string(p.group) + (p.group == 1 ? " block" : " blocks") + " for each vector" +
             replay_text(p);
  }
  return "";
}

std::string host_text(const plan& p) {
  switch (p.how) {
    case strategy::elementwise:
      return "element by element";
    case strategy::column_replay:
      return "neighbouring columns together";
    default:
      return "vector by vector";
  }
}

}  // namespace

std::string to_string(const plan& p) {
  std::string text = p.on_device ? std::to_string(p.launches) + " launch" : "on the host";
  text += "; reads " + size_text(p.bytes_read) + ", writes " + size_text(p.bytes_written) + "; ";
  return text + (p.on_device ? device_text(p) : host_text(p));
}

}  // namespace numfuse
