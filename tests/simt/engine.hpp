// Owns the execution of a launch: the state of its blocks, warps and threads, the barriers and
// warp rendezvous they meet at, the scheduler that runs them, and the faults it reports.
#pragma once

#include "fiber.hpp"
#include "types.hpp"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <memory>
#include <numeric>
#include <source_location>
#include <sstream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

// The built-in variables of the thread that is running, set at each switch.
inline thread_local constinit uint3 threadIdx{};
inline thread_local constinit uint3 blockIdx{};
inline thread_local constinit dim3 blockDim{};
inline thread_local constinit dim3 gridDim{};
inline constexpr int warpSize = 32;

namespace numfuse::simt {

/// What a kernel or its launch did wrong; the message names the place, the block and the thread.
class fault : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// The shape of a launch. With `cooperative` all blocks live together, and may call `grid_sync`;
/// otherwise each group of `cluster` blocks, neighbours along x, runs after the group before.
struct config {
  dim3 grid;
  dim3 block;
  std::size_t shared_bytes = 0;
  bool cooperative = false;
  unsigned cluster = 1;
};

/// The order in which blocks, warps and lanes get their turns; the same order gives the same run.
struct order {
  enum kind_type { forward, reverse, random };
  kind_type kind = forward;
  std::uint64_t seed = 0;
};

/// Where in the source a barrier or a warp operation was called.
using place = std::source_location;

namespace detail {

/// Reads the form of NUMFUSE_SIMT_ORDER: forward, reverse or seed:N.
inline order parse_order(const char* text) {
  if (text == nullptr || *text == '\0' || std::strcmp(text, "forward") == 0) return {};
  if (std::strcmp(text, "reverse") == 0) return {order::reverse, 0};
  if (std::strncmp(text, "seed:", 5) == 0 && text[5] >= '0' && text[5] <= '9') {
    char* end = nullptr;
    const std::uint64_t seed = std::strtoull(text + 5, &end, 10);
    if (*end == '\0') return {order::random, seed};
  }
  throw fault(std::string("simt: NUMFUSE_SIMT_ORDER is neither forward, reverse nor seed:N: ") +
              text);
}

inline order& chosen_order() {
  static order chosen = parse_order(std::getenv("NUMFUSE_SIMT_ORDER"));
  return chosen;
}

enum class op : unsigned char {
  none,
  syncwarp,
  shfl,
  shfl_xor,
  shfl_up,
  shfl_down,
  ballot,
  any,
  all,
  syncthreads,
  syncthreads_or,
  syncthreads_and,
  syncthreads_count,
  cluster_sync,
  grid_sync
};

inline const char* name_of(op o) {
  constexpr const char* names[] = {"nothing",
                                   "__syncwarp",
                                   "__shfl_sync",
                                   "__shfl_xor_sync",
                                   "__shfl_up_sync",
                                   "__shfl_down_sync",
                                   "__ballot_sync",
                                   "__any_sync",
                                   "__all_sync",
                                   "__syncthreads",
                                   "__syncthreads_or",
                                   "__syncthreads_and",
                                   "__syncthreads_count",
                                   "cluster_sync",
                                   "grid_sync"};
  return names[static_cast<int>(o)];
}

/// A copy that a thread has asked for and not yet waited for.
struct pending_copy {
  void* to;
  const void* from;
  std::size_t bytes;
  int batch;
};

/// Whom a thread's fences have reached; a wider scope has the bits of the narrower.
enum fence_scope : unsigned char { fence_block = 1, fence_device = 3 };

struct block;
struct warp;

struct thread {
  fiber* stack = nullptr;
  warp* in_warp = nullptr;
  block* in_block = nullptr;
  uint3 index{};
  unsigned lane = 0;
  unsigned mask = 0;  // the lanes of the warp operation it waits at
  op waits_at = op::none;
  bool exited = false;
  unsigned char fenced = 0;  // of fence_scope: what its atomics publish
  place at;
  int batch = 0;  // of the copies that it asks for now
  std::vector<pending_copy> copies;
};

/// Where the lanes of one mask meet, again and again.
struct rendezvous {
  unsigned mask = 0;
  unsigned arrived = 0;
  unsigned generation = 0;
  op kind = op::none;
  unsigned char fenced = 0;
  const thread* first = nullptr;
  place at;
  // Addresses that ThreadSanitizer attaches clocks to. Generations alternate between the two, so
  // that a lane still leaving one is not ordered after a lane that has reached the next.
  std::uint64_t sync[2] = {};
};

struct warp {
  thread* lanes = nullptr;
  unsigned live = 0;   // lanes that exist and have not exited
  unsigned ready = 0;  // lanes that can run
  unsigned tables = 0;
  std::uint64_t value[32] = {};
  std::uint64_t result[32] = {};
  unsigned char source[32] = {};
  rendezvous table[32] = {};
};

/// Where all threads of a block, a cluster or a grid meet.
struct barrier {
  unsigned expected = 0;
  unsigned arrived = 0;
  unsigned exited = 0;
  unsigned generation = 0;
  unsigned votes = 0;   // true predicates of this generation
  unsigned result = 0;  // and of the one before
  unsigned char fenced = 0;
  op kind = op::none;
  const thread* first = nullptr;
  thread* members = nullptr;
  place at;
  std::uint64_t sync[2] = {};
};

struct block {
  uint3 index{};
  thread* threads = nullptr;
  warp* warps = nullptr;
  unsigned char* shared = nullptr;
  std::size_t shared_bytes = 0;
  block* cluster_first = nullptr;
  unsigned seen_in = 0;  // 1 + the generation of the cluster's barrier in which others last saw it
  barrier own;
  barrier* cluster = nullptr;
};

struct free_deleter {
  void operator()(void* p) const { std::free(p); }
};

/// One launch.
struct run {
  const config* shape = nullptr;
  void (*invoke)(void*) = nullptr;
  void* context = nullptr;
  order turns;
  std::uint64_t random_state = 0;
  barrier grid;
  unsigned live = 0;  // threads of this wave that have not exited
  bool stopped = false;
  std::string fault_text;
  std::exception_ptr thrown;
  std::uint64_t sync_start = 0;
  std::uint64_t sync_finish = 0;
};

inline thread_local constinit run* running = nullptr;
inline thread_local constinit thread* current = nullptr;

// ---- what a report says -------------------------------------------------------------------------

NUMFUSE_SIMT_QUIET inline std::string describe(const thread& t) {
  char text[120];
  const uint3 b = t.in_block->index;
  std::snprintf(text, sizeof text, "thread (%u,%u,%u) of block (%u,%u,%u)", t.index.x, t.index.y,
                t.index.z, b.x, b.y, b.z);
  return text;
}

inline std::string place_text(op kind, place at) {
  const char* slash = std::strrchr(at.file_name(), '/');
  std::ostringstream text;
  text << name_of(kind) << " at " << (slash != nullptr ? slash + 1 : at.file_name()) << ':'
       << at.line() << ':' << at.column();
  return text.str();
}

inline std::string hex(unsigned mask) {
  char text[16];
  std::snprintf(text, sizeof text, "0x%08x", mask);
  return text;
}

/// What keeps a thread from arriving where another waits for it.
NUMFUSE_SIMT_QUIET inline std::string state_of(const thread& t) {
  if (t.exited) return describe(t) + " exited";
  if (t.waits_at == op::none) return describe(t) + " has not arrived";
  std::string text = describe(t) + " waits in " + place_text(t.waits_at, t.at);
  if (t.waits_at < op::syncthreads) text += " with mask " + hex(t.mask);
  return text;
}

/// Ends the launch with a fault. The first one counts.
NUMFUSE_SIMT_QUIET inline void report(const std::string& text) {
  if (running->stopped) return;
  running->fault_text = "simt: " + text;
  running->stopped = true;
}

/// The scheduler never resumes a thread of a stopped launch.
[[noreturn]] NUMFUSE_SIMT_QUIET inline void stop() {
  current->stack->suspend();
  std::abort();
}

NUMFUSE_SIMT_QUIET inline thread& self() {
  if (current == nullptr) throw fault("simt: a device function was called outside of a kernel");
  return *current;
}

inline bool same_place(place a, place b) {
  return a.line() == b.line() && a.column() == b.column() &&
         (a.file_name() == b.file_name() || std::strcmp(a.file_name(), b.file_name()) == 0);
}

[[gnu::always_inline]] NUMFUSE_SIMT_QUIET inline void wait(thread& t, op kind, unsigned mask,
                                                           place at) {
  t.waits_at = kind;
  t.mask = mask;
  t.at = at;
  t.stack->suspend();
  t.waits_at = op::none;
}

// ---- warps --------------------------------------------------------------------------------------

NUMFUSE_SIMT_QUIET inline rendezvous& find_rendezvous(warp& w, unsigned mask) {
  for (unsigned i = 0; i < w.tables; ++i) {
    if (w.table[i].mask == mask) return w.table[i];
  }
  unsigned at = w.tables;
  if (at < 32) {
    ++w.tables;
  } else {
    // At most 31 other lanes wait, so one entry is idle.
    for (at = 0; w.table[at].arrived != 0;) ++at;
  }
  w.table[at].mask = mask;
  w.table[at].generation = 0;
  w.table[at].fenced = 0;
  return w.table[at];
}

NUMFUSE_SIMT_QUIET inline void check_warp_op(thread& t, op kind, unsigned mask, unsigned source,
                                             place at) {
  warp& w = *t.in_warp;
  if ((mask >> t.lane & 1u) == 0) {
    report("lane outside its own mask: " + describe(t) + ", lane " + std::to_string(t.lane) +
           ", called " + place_text(kind, at) + " with mask " + hex(mask));
    stop();
  }
  if ((mask & ~w.live) != 0) {
    report("absent lane: " + describe(t) + " called " + place_text(kind, at) + " with mask " +
           hex(mask) + ", but lane " + std::to_string(std::countr_zero(mask & ~w.live)) +
           " has exited or does not exist");
    stop();
  }
  if ((mask >> source & 1u) == 0) {
    report("shuffle from a lane outside the mask: " + describe(t) + " called " +
           place_text(kind, at) + " with mask " + hex(mask) + " and reads lane " +
           std::to_string(source));
    stop();
  }
}

NUMFUSE_SIMT_QUIET inline void check_same_op(thread& t, const rendezvous& r, op kind, place at) {
  if (r.kind == kind && same_place(r.at, at)) return;
  report("different warp operations under one mask " + hex(r.mask) + ": " + describe(t) +
         " called " + place_text(kind, at) + ", " + describe(*r.first) + " called " +
         place_text(r.kind, r.at));
  stop();
}

/// Meets the lanes of `mask`, then returns the value of lane `source`, or for a vote the ballot.
/// Only __syncwarp orders memory: a kernel that relies on a shuffle for that has a race.
NUMFUSE_SIMT_QUIET inline std::uint64_t warp_op(op kind, unsigned mask, std::uint64_t value,
                                                unsigned source, place at) {
  thread& t = self();
  warp& w = *t.in_warp;
  const unsigned bit = 1u << t.lane;
  if ((mask & bit) == 0 || (mask & ~w.live) != 0 || (mask >> source & 1u) == 0) {
    check_warp_op(t, kind, mask, source, at);
  }
  rendezvous& r = find_rendezvous(w, mask);
  if (r.arrived == 0) {
    r.kind = kind;
    r.at = at;
    r.first = &t;
  } else {
    check_same_op(t, r, kind, at);
  }
  w.value[t.lane] = value;
  w.source[t.lane] = static_cast<unsigned char>(source);
  std::uint64_t* sync = &r.sync[r.generation & 1];
  if (kind == op::syncwarp) {
    sync_release(sync);
    r.fenced |= t.fenced;
  }
  r.arrived |= bit;
  if (r.arrived != mask) {
    wait(t, kind, mask, at);
  } else {
    r.arrived = 0;
    ++r.generation;
    // The results are gathered here because a lane may soon overwrite its value.
    if (kind >= op::shfl && kind <= op::shfl_down) {
      for (unsigned m = mask; m != 0; m &= m - 1) {
        const int lane = std::countr_zero(m);
        w.result[lane] = w.value[w.source[lane]];
      }
    } else if (kind != op::syncwarp) {
      std::uint64_t ballot = 0;
      for (unsigned m = mask; m != 0; m &= m - 1) {
        const int lane = std::countr_zero(m);
        if (w.value[lane] != 0) ballot |= std::uint64_t{1} << lane;
      }
      for (unsigned m = mask; m != 0; m &= m - 1) w.result[std::countr_zero(m)] = ballot;
    }
    w.ready |= mask & ~bit;
  }
  if (kind == op::syncwarp) {
    sync_acquire(sync);
    t.fenced |= r.fenced;
  }
  return w.result[t.lane];
}

// ---- barriers -----------------------------------------------------------------------------------

NUMFUSE_SIMT_QUIET inline barrier& barrier_of(const thread& t, op kind) {
  if (kind == op::grid_sync) return running->grid;
  return kind == op::cluster_sync ? *t.in_block->cluster : t.in_block->own;
}

NUMFUSE_SIMT_QUIET inline void check_barrier(thread& t, const barrier& b, op kind, place at) {
  if (b.expected == 0) {
    report(describe(t) + " called " + place_text(kind, at) +
           " in a launch that is not cooperative");
    stop();
  }
  if (b.exited != 0) {
    const thread* gone = b.members;
    while (!gone->exited) ++gone;
    report("barrier not reached by " + describe(*gone) + ": it exited, and " + describe(t) +
           " waits in " + place_text(kind, at));
    stop();
  }
  if (b.arrived != 0 && !(b.kind == kind && same_place(b.at, at))) {
    report("divergent barrier: " + describe(*b.first) + " waits in " + place_text(b.kind, b.at) +
           ", " + describe(t) + " in " + place_text(kind, at));
    stop();
  }
}

/// Waits for all threads of the barrier's group; returns how many came with a true predicate.
NUMFUSE_SIMT_QUIET inline unsigned barrier_op(op kind, bool predicate, place at) {
  thread& t = self();
  barrier& b = barrier_of(t, kind);
  check_barrier(t, b, kind, at);
  if (b.arrived == 0) {
    b.kind = kind;
    b.at = at;
    b.first = &t;
    b.votes = 0;
  }
  b.votes += predicate ? 1 : 0;
  b.fenced |= t.fenced;
  std::uint64_t* sync = &b.sync[b.generation & 1];
  sync_release(sync);
  if (++b.arrived != b.expected) {
    wait(t, kind, 0, at);
  } else {
    b.arrived = 0;
    b.result = b.votes;
    ++b.generation;
    // Every thread of the group waits here, so every lane can run; the warps are contiguous.
    warp* first = b.members->in_warp;
    warp* last = b.members[b.expected - 1].in_warp;
    for (warp* w = first; w <= last; ++w) w->ready = w->live;
    t.in_warp->ready &= ~(1u << t.lane);
  }
  sync_acquire(sync);
  t.fenced |= b.fenced;
  return b.result;
}

// ---- scheduler ----------------------------------------------------------------------------------

NUMFUSE_SIMT_QUIET inline void leave_barrier(thread& t, barrier& b) {
  ++b.exited;
  if (b.arrived == 0) return;
  report("barrier not reached by " + describe(t) + ": it exited, and " + describe(*b.first) +
         " waits in " + place_text(b.kind, b.at));
}

/// What a thread does when its kernel has returned.
NUMFUSE_SIMT_QUIET inline void exit_thread(thread& t) {
  warp& w = *t.in_warp;
  const unsigned bit = 1u << t.lane;
  t.exited = true;
  w.live &= ~bit;
  --running->live;
  for (unsigned i = 0; i < w.tables; ++i) {
    rendezvous& r = w.table[i];
    if (r.arrived != 0 && (r.mask & bit) != 0) {
      report("absent lane: " + describe(t) + ", lane " + std::to_string(t.lane) + ", exited, and " +
             describe(*r.first) + " waits for it in " + place_text(r.kind, r.at) + " with mask " +
             hex(r.mask));
    }
  }
  leave_barrier(t, t.in_block->own);
  leave_barrier(t, *t.in_block->cluster);
  // Others may look for as long as the cluster has not met again, whenever they did here.
  if (t.in_block->own.exited == t.in_block->own.expected &&
      t.in_block->seen_in == t.in_block->cluster->generation + 1) {
    report("shared memory that is gone: " + describe(t) +
           " was the last of its block to exit, and since the cluster's last barrier another block "
           "has asked for an address in it");
  }
  if (running->grid.expected != 0) leave_barrier(t, running->grid);
}

/// The body of every fiber: one thread of the kernel.
NUMFUSE_SIMT_QUIET inline void thread_body() {
  run& r = *running;
  sync_acquire(&r.sync_start);
  try {
    r.invoke(r.context);
  } catch (...) {
    if (!r.stopped) {
      r.thrown = std::current_exception();
      r.stopped = true;
    }
  }
  exit_thread(*current);
  sync_release(&r.sync_finish);
}

/// Describes a wave in which nobody can run: who waits, where, and whom for.
inline std::string deadlock_text(const std::vector<thread>& threads) {
  for (const thread& t : threads) {
    if (t.exited) continue;
    const bool in_warp_op = t.waits_at < op::syncthreads;
    const barrier& b = barrier_of(t, t.waits_at);
    const thread* members = in_warp_op ? t.in_warp->lanes : b.members;
    const unsigned count = in_warp_op ? 32 : b.expected;
    for (unsigned i = 0; i < count; ++i) {
      if (in_warp_op && (t.mask >> i & 1u) == 0) continue;
      const thread& other = members[i];
      if (other.waits_at == t.waits_at && other.mask == t.mask) continue;
      return std::string(in_warp_op ? "absent lane" : "barrier not reached") + ": " + state_of(t) +
             " for " + describe(other) + "; " + state_of(other);
    }
  }
  return "no thread can run";
}

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

}  // namespace detail
}  // namespace numfuse::simt
