// Owns what a launch is made of: the state of its blocks, warps and threads, the barriers and warp
// rendezvous they meet at, and the faults it reports.
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

}  // namespace detail
}  // namespace numfuse::simt
