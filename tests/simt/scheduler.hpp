// Owns the execution of a launch: which of its threads runs when.
#pragma once

#include "engine.hpp"

#include <numeric>

namespace numfuse::simt::detail {

/// Runs the waves of one launch on the calling host thread.
class scheduler {
 public:
  explicit scheduler(run& r) : run_(r), shape_(*r.shape), pool_(fiber_pool::mine()) {
    block_threads_ = shape_.block.x * shape_.block.y * shape_.block.z;
    block_count_ = std::size_t{shape_.grid.x} * shape_.grid.y * shape_.grid.z;
    wave_blocks_ = shape_.cooperative ? block_count_ : shape_.cluster;
  }

  void run_all() {
    const std::size_t waves = block_count_ / wave_blocks_;
    std::vector<std::size_t> turns(waves);
    std::iota(turns.begin(), turns.end(), std::size_t{0});
    in_order(turns);
    for (std::size_t i = 0; i < waves && !run_.stopped; ++i) run_wave(turns[i] * wave_blocks_, i);
  }

 private:
  std::uint64_t next_random() {
    std::uint64_t z = run_.random_state += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  }

  /// From 0 to count - 1. A division would take longer than what it decides on.
  std::size_t random_below(std::size_t count) { return (next_random() >> 32) * count >> 32; }

  /// Puts what is sorted into the order of this run.
  void in_order(std::vector<std::size_t>& turns) {
    if (run_.turns.kind == order::reverse) std::reverse(turns.begin(), turns.end());
    if (run_.turns.kind != order::random) return;
    for (std::size_t i = turns.size(); i > 1; --i) {
      std::swap(turns[i - 1], turns[random_below(i)]);
    }
  }

  /// ThreadSanitizer takes what one fiber does to be ordered, so that two waves on the same fibers
  /// seem ordered once they pass barriers. Waves therefore take turns on several sets of fibers,
  /// few because each costs time; races between waves further apart than that are missed.
  std::size_t fiber_groups() const {
#if defined(NUMFUSE_SIMT_TSAN)
    const std::size_t threads = wave_blocks_ * block_threads_;
    if (threads > 3500) throw fault("simt: too many threads at once for ThreadSanitizer");
    return std::min(block_count_ / wave_blocks_, std::max<std::size_t>(2, 512 / threads));
#else
    return 1;
#endif
  }

  /// Everything is made afresh for each wave: new addresses carry no order from older blocks, and
  /// exactly sized shared memory lets AddressSanitizer see an overrun.
  void run_wave(std::size_t first_block, std::size_t round) {
    const unsigned warps_per_block = (block_threads_ + 31) / 32;
    const std::size_t thread_count = wave_blocks_ * block_threads_;
    std::vector<block> blocks(wave_blocks_);
    std::vector<warp> warps(wave_blocks_ * warps_per_block);
    std::vector<thread> threads(thread_count);
    std::vector<barrier> clusters(wave_blocks_ / shape_.cluster);
    std::vector<std::unique_ptr<unsigned char, free_deleter>> shared(wave_blocks_);
    const std::size_t first_fiber = round % fiber_groups() * thread_count;
    pool_.grow(first_fiber + thread_count);

    for (std::size_t b = 0; b < wave_blocks_; ++b) {
      const std::size_t at = first_block + b;
      block& owner = blocks[b];
      owner.index = {static_cast<unsigned>(at % shape_.grid.x),
                     static_cast<unsigned>(at / shape_.grid.x % shape_.grid.y),
                     static_cast<unsigned>(at / shape_.grid.x / shape_.grid.y)};
      owner.threads = &threads[b * block_threads_];
      owner.warps = &warps[b * warps_per_block];
      shared[b].reset(allocate_shared());
      owner.shared = shared[b].get();
      owner.shared_bytes = shape_.shared_bytes;
      owner.own.expected = block_threads_;
      owner.own.members = owner.threads;
      const std::size_t c = b / shape_.cluster;
      owner.cluster_first = &blocks[c * shape_.cluster];
      owner.cluster = &clusters[c];
      if (b % shape_.cluster == 0) {
        clusters[c].expected = block_threads_ * shape_.cluster;
        clusters[c].members = owner.threads;
      }
      for (unsigned i = 0; i < block_threads_; ++i) {
        thread& t = owner.threads[i];
        t.in_block = &owner;
        t.in_warp = &owner.warps[i / 32];
        t.lane = i % 32;
        t.index = {i % shape_.block.x, i / shape_.block.x % shape_.block.y,
                   i / shape_.block.x / shape_.block.y};
        if (t.lane == 0) t.in_warp->lanes = &t;
        t.in_warp->live |= 1u << t.lane;
        t.in_warp->ready = t.in_warp->live;
        t.stack = &pool_[first_fiber + b * block_threads_ + i];
        t.stack->start(&thread_body);
#if defined(NUMFUSE_SIMT_TSAN)
        t.stack->set_name(describe(t).c_str());
#endif
      }
    }
    if (shape_.cooperative) {
      run_.grid.expected = static_cast<unsigned>(thread_count);
      run_.grid.members = threads.data();
    }
    run_.live = static_cast<unsigned>(thread_count);
    take_turns(warps, threads);
    if (run_.stopped) {
      for (thread& t : threads) {
        if (!t.exited) t.stack->abandon(&run_.sync_finish);
      }
    }
  }

  unsigned char* allocate_shared() const {
    void* memory = nullptr;
    if (::posix_memalign(&memory, 16, shape_.shared_bytes) != 0) throw std::bad_alloc();
    std::memset(memory, 0xff, shape_.shared_bytes);
    return static_cast<unsigned char*>(memory);
  }

  /// A warp runs until none of its lanes can; in random order each turn is one step of its lanes.
  void take_turns(std::vector<warp>& warps, const std::vector<thread>& threads) {
    std::vector<std::size_t> turns;
    const bool random = run_.turns.kind == order::random;
    while (run_.live != 0) {
      turns.clear();
      for (std::size_t i = 0; i < warps.size(); ++i) {
        if (warps[i].ready != 0) turns.push_back(i);
      }
      if (turns.empty()) {
        report(deadlock_text(threads));
        return;
      }
      in_order(turns);
      for (const std::size_t i : turns) {
        do {
          step(warps[i]);
          if (run_.stopped) return;
        } while (!random && warps[i].ready != 0);
      }
    }
  }

  unsigned pick(unsigned lanes) {
    if (run_.turns.kind == order::forward) return static_cast<unsigned>(std::countr_zero(lanes));
    if (run_.turns.kind == order::reverse) return static_cast<unsigned>(std::bit_width(lanes)) - 1;
    const int start = static_cast<int>(random_below(32));  // and on from there to the next one
    const int further = std::countr_zero(std::rotr(lanes, start));
    return static_cast<unsigned>(start + further) % 32;
  }

  /// Gives each lane that is ready now one turn.
  NUMFUSE_SIMT_QUIET void step(warp& w) {
    for (unsigned lanes = w.ready; lanes != 0 && !run_.stopped;) {
      const unsigned lane = pick(lanes);
      lanes &= ~(1u << lane);
      w.ready &= ~(1u << lane);
      thread& t = w.lanes[lane];
      threadIdx = t.index;
      blockIdx = t.in_block->index;
      current = &t;
      t.stack->resume();
      current = nullptr;
    }
  }

  run& run_;
  const config& shape_;
  fiber_pool& pool_;
  unsigned block_threads_ = 0;
  std::size_t block_count_ = 0;
  std::size_t wave_blocks_ = 0;
};

/// Refuses what the GPU would refuse.
inline void check_config(const config& c) {
  const auto refuse = [](const std::string& text) { throw fault("simt: bad launch: " + text); };
  const auto threads = std::uint64_t{c.block.x} * c.block.y * c.block.z;
  if (running != nullptr) refuse("launched from inside a kernel");
  if (c.grid.x == 0 || c.grid.y == 0 || c.grid.z == 0) refuse("the grid is empty");
  if (c.grid.x > 0x7fffffffu || c.grid.y > 65535 || c.grid.z > 65535) refuse("grid too large");
  if (threads == 0) refuse("the block is empty");
  if (threads > 1024 || c.block.z > 64) {
    refuse("a block of " + std::to_string(threads) + " threads is too large");
  }
  if (c.shared_bytes > 227 * 1024) {
    refuse(std::to_string(c.shared_bytes) + " bytes of shared memory are too many");
  }
  if (c.cluster == 0 || c.cluster > 16 || c.grid.x % c.cluster != 0) {
    refuse("grid.x is not a multiple of the cluster size " + std::to_string(c.cluster));
  }
}

/// Runs `invoke(context)` once for each thread of the launch.
inline void execute(const config& shape, void (*invoke)(void*), void* context) {
  check_config(shape);
  run r;
  {
    ignore_accesses quiet;
    r.shape = &shape;
    r.invoke = invoke;
    r.context = context;
    r.turns = chosen_order();
    r.random_state = r.turns.seed;
    blockDim = shape.block;
    gridDim = shape.grid;
    struct running_guard {
      explicit running_guard(run& r) { running = &r; }
      ~running_guard() { running = nullptr; }
    } guard(r);
    sync_release(&r.sync_start);
    scheduler(r).run_all();
    sync_acquire(&r.sync_finish);
  }
  if (r.thrown) std::rethrow_exception(r.thrown);
  if (!r.fault_text.empty()) throw fault(r.fault_text);
}

}  // namespace numfuse::simt::detail
