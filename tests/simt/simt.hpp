// Owns what a kernel under test sees: `launch`, and the CUDA built-in functions. The engine behind
// them runs every CUDA thread as a fiber of the calling host thread.
//
// Reported as `fault`: barriers that diverge or that a thread misses, warp operations whose lanes
// are absent, outside their mask, or at another operation, and impossible launches. The sanitizers
// report the rest: AddressSanitizer overruns, UBSan misaligned accesses, ThreadSanitizer races.
// ThreadSanitizer is told too much order in two cases: a thread that has fenced once publishes with
// all its later atomics, and barriers hand that on; and races between blocks far apart in launch
// order may be missed, see `fiber_groups`.
// Not seen: a thread that spins on memory waits for ever, since threads are not preempted; and two
// threads that meet at one line of a helper function on different paths count as together.
#pragma once

#include "scheduler.hpp"

#include <cmath>
#include <tuple>
#include <type_traits>

namespace numfuse::simt {

/// Sets the order of the launches that follow, on all host threads; before the first call it is
/// that of the environment's NUMFUSE_SIMT_ORDER: forward (also the default), reverse or seed:N.
inline void set_order(order o) { detail::chosen_order() = o; }
inline order current_order() { return detail::chosen_order(); }

/// The dynamic shared memory of the caller's block, full of NaN until written.
inline unsigned char* shared_memory() { return detail::self().in_block->shared; }

/// Waits for all threads of a cooperative launch.
inline void grid_sync(place at = place::current()) {
  detail::barrier_op(detail::op::grid_sync, false, at);
}

/// Waits for all threads of the caller's cluster.
inline void cluster_sync(place at = place::current()) {
  detail::barrier_op(detail::op::cluster_sync, false, at);
}

/// The number of the caller's block in its cluster.
NUMFUSE_SIMT_QUIET inline unsigned cluster_rank() {
  const detail::block& own = *detail::self().in_block;
  return static_cast<unsigned>(&own - own.cluster_first);
}

namespace detail {
/// The offset of `p` in the caller's shared memory, once it is known to be there, and that block
/// `rank` of the cluster still runs.
NUMFUSE_SIMT_QUIET inline std::ptrdiff_t checked_offset(const void* p, unsigned rank, place at) {
  thread& t = self();
  const block& own = *t.in_block;
  const auto offset = static_cast<const unsigned char*>(p) - own.shared;
  const char* wrong = nullptr;
  if (offset < 0 || offset > static_cast<std::ptrdiff_t>(own.shared_bytes)) {
    wrong = "a pointer outside its own shared memory";
  } else if (rank >= running->shape->cluster) {
    wrong = "a rank outside its cluster";
  } else if (own.cluster_first[rank].own.exited == own.own.expected) {
    wrong = "the rank of a block that has exited";
  }
  if (wrong != nullptr) {
    report("bad map_shared_rank: " + describe(t) + " passed " + wrong + " at line " +
           std::to_string(at.line()));
    stop();
  }
  return offset;
}

/// The caller looks into block `rank` of its cluster.
NUMFUSE_SIMT_QUIET inline void note_look(unsigned rank) {
  const block& own = *self().in_block;
  block& seen = own.cluster_first[rank];
  if (&seen != &own) seen.seen_in = own.cluster->generation + 1;
}
}  // namespace detail

/// The address in block `rank` of the cluster of what `p` is in the caller's shared memory.
template <class T>
T* map_shared_rank(T* p, unsigned rank, place at = place::current()) {
  const std::ptrdiff_t offset = detail::checked_offset(p, rank, at);
  detail::note_look(rank);
  return reinterpret_cast<T*>(detail::self().in_block->cluster_first[rank].shared + offset);
}

/// Asks for a copy into shared memory. It is made no sooner than the thread waits for it, so that a
/// read before that finds what was there; in reverse order at once, so that a read that should have
/// come before finds it overwritten.
inline void copy_async(void* to, const void* from, std::size_t bytes, place at = place::current()) {
  detail::thread& t = detail::self();
  const auto misaligned = [&](const void* p) {
    return reinterpret_cast<std::uintptr_t>(p) % bytes != 0;
  };
  if ((bytes != 4 && bytes != 8 && bytes != 16) || misaligned(to) || misaligned(from)) {
    detail::report("bad copy_async: " + detail::describe(t) + " asked for " +
                   std::to_string(bytes) + " bytes, misaligned or not 4, 8 or 16, at line " +
                   std::to_string(at.line()));
    detail::stop();
  }
  if (current_order().kind == order::reverse) {
    std::memcpy(to, from, bytes);
  } else {
    t.copies.push_back({to, from, bytes, t.batch});
  }
}

inline void commit_copies() { ++detail::self().batch; }

/// Makes the caller's copies, all but those of its newest batches.
inline void wait_copies(int newest) {
  detail::thread& t = detail::self();
  std::erase_if(t.copies, [&](const detail::pending_copy& c) {
    if (c.batch >= t.batch - newest) return false;
    std::memcpy(c.to, c.from, c.bytes);
    return true;
  });
}

namespace detail {
template <class Call>
void execute_call(const config& shape, Call& call) {
  execute(
      shape, [](void* c) { (*static_cast<Call*>(c))(); },
      const_cast<void*>(static_cast<const void*>(&call)));
}

template <class T>
std::uint64_t pack(T value) {
  static_assert(std::is_trivially_copyable_v<T> && (sizeof(T) == 4 || sizeof(T) == 8),
                "a shuffle takes values of 4 or 8 bytes");
  if constexpr (sizeof(T) == 4) {
    return std::bit_cast<std::uint32_t>(value);
  } else {
    return std::bit_cast<std::uint64_t>(value);
  }
}

template <class T>
T unpack(std::uint64_t bits) {
  if constexpr (sizeof(T) == 4) {
    return std::bit_cast<T>(static_cast<std::uint32_t>(bits));
  } else {
    return std::bit_cast<T>(bits);
  }
}

/// The lane that a shuffle reads: `wanted` if that is inside [0, last], else the caller's own.
inline unsigned bounded_source(unsigned lane, int wanted, int first, int last) {
  return wanted >= first && wanted <= last ? static_cast<unsigned>(wanted) : lane;
}

NUMFUSE_SIMT_QUIET inline std::uint64_t shuffle(op kind, unsigned mask, std::uint64_t value,
                                                int operand, int width, place at) {
  thread& t = self();
  if (width < 1 || width > 32 || (width & (width - 1)) != 0) {
    report("shuffle width " + std::to_string(width) +
           " is not a power of two up to 32: " + describe(t) + " called " + place_text(kind, at));
    stop();
  }
  const int lane = static_cast<int>(t.lane);
  const int begin = lane & -width;
  const int last = begin + width - 1;
  int wanted = begin + (operand & (width - 1));
  int first = 0;
  if (kind == op::shfl_xor) wanted = lane ^ (operand & 31);
  if (kind == op::shfl_down) wanted = lane + (operand & 31);
  if (kind == op::shfl_up) {
    wanted = lane - (operand & 31);
    first = begin;
  }
  return warp_op(kind, mask, value, bounded_source(t.lane, wanted, first, last), at);
}

inline unsigned vote(op kind, unsigned mask, bool predicate, place at) {
  return static_cast<unsigned>(warp_op(kind, mask, predicate, self().lane, at));
}

/// Whether an atomic at `p` publishes what its thread wrote before: after a __threadfence, or in
/// shared memory after a __threadfence_block.
NUMFUSE_SIMT_QUIET inline bool publishes(const void* p) {
  if (current == nullptr) return false;
  if (current->fenced != fence_block) return current->fenced != 0;
  const block& own = *current->in_block;
  return p >= own.shared && p < own.shared + own.shared_bytes;
}

/// Replaces `*p` by `change(*p)` in one atomic step. As on the GPU an atomic alone orders no other
/// memory: it publishes writes only after a fence. It always acquires, because the usual last-block
/// fold has no fence on the reading side. Without ThreadSanitizer the two orders are the same
/// instruction.
template <class T, class Change>
T atomic_update(T* p, Change change) {
  T old;
  __atomic_load(p, &old, __ATOMIC_RELAXED);
  for (;;) {
    T next = change(old);
    const bool done =
        publishes(p)
            ? __atomic_compare_exchange(p, &old, &next, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)
            : __atomic_compare_exchange(p, &old, &next, false, __ATOMIC_ACQUIRE, __ATOMIC_ACQUIRE);
    if (done) return old;
  }
}

NUMFUSE_SIMT_QUIET inline void fence(fence_scope scope) { self().fenced |= scope; }
}  // namespace detail

/// Runs a kernel function, with `args` converted to its parameter types and copied once; every
/// thread gets its own copy of that. Returns when all blocks are done. Throws `fault` for what the
/// kernel did wrong, or whatever the kernel itself threw.
template <class... Params, class... Args>
void launch(const config& shape, void (*kernel)(Params...), Args&&... args) {
  static_assert(sizeof...(Params) == sizeof...(Args), "the kernel takes other arguments");
  const std::tuple<std::decay_t<Params>...> copies(std::forward<Args>(args)...);
  const auto call = [&] { std::apply(kernel, copies); };
  detail::execute_call(shape, call);
}

/// The same for a lambda, or another function object.
template <class Kernel, class... Args>
requires std::is_class_v<std::remove_cvref_t<Kernel>>
void launch(const config& shape, const Kernel& kernel, Args&&... args) {
  const std::tuple<std::decay_t<Args>...> copies(std::forward<Args>(args)...);
  const auto call = [&] { std::apply(kernel, copies); };
  detail::execute_call(shape, call);
}

}  // namespace numfuse::simt

// ---- CUDA's built-in functions ------------------------------------------------------------------

#define NUMFUSE_SIMT_AT numfuse::simt::place numfuse_simt_at = numfuse::simt::place::current()

inline void __syncthreads(NUMFUSE_SIMT_AT) {
  numfuse::simt::detail::barrier_op(numfuse::simt::detail::op::syncthreads, false, numfuse_simt_at);
}
inline int __syncthreads_or(int predicate, NUMFUSE_SIMT_AT) {
  using numfuse::simt::detail::op;
  return numfuse::simt::detail::barrier_op(op::syncthreads_or, predicate != 0, numfuse_simt_at) !=
         0;
}
inline int __syncthreads_and(int predicate, NUMFUSE_SIMT_AT) {
  using numfuse::simt::detail::op;
  // No thread brings a false predicate.
  return numfuse::simt::detail::barrier_op(op::syncthreads_and, predicate == 0, numfuse_simt_at) ==
         0;
}
inline int __syncthreads_count(int predicate, NUMFUSE_SIMT_AT) {
  using numfuse::simt::detail::op;
  return static_cast<int>(
      numfuse::simt::detail::barrier_op(op::syncthreads_count, predicate != 0, numfuse_simt_at));
}

inline void __syncwarp(unsigned mask = 0xffffffffu, NUMFUSE_SIMT_AT) {
  namespace d = numfuse::simt::detail;
  d::warp_op(d::op::syncwarp, mask, 0, d::self().lane, numfuse_simt_at);
}

template <class T>
T __shfl_sync(unsigned mask, T value, int source, int width = 32, NUMFUSE_SIMT_AT) {
  namespace d = numfuse::simt::detail;
  return d::unpack<T>(
      d::shuffle(d::op::shfl, mask, d::pack(value), source, width, numfuse_simt_at));
}
template <class T>
T __shfl_xor_sync(unsigned mask, T value, int lanes, int width = 32, NUMFUSE_SIMT_AT) {
  namespace d = numfuse::simt::detail;
  return d::unpack<T>(
      d::shuffle(d::op::shfl_xor, mask, d::pack(value), lanes, width, numfuse_simt_at));
}
template <class T>
T __shfl_up_sync(unsigned mask, T value, unsigned delta, int width = 32, NUMFUSE_SIMT_AT) {
  namespace d = numfuse::simt::detail;
  return d::unpack<T>(d::shuffle(d::op::shfl_up, mask, d::pack(value), static_cast<int>(delta),
                                 width, numfuse_simt_at));
}
template <class T>
T __shfl_down_sync(unsigned mask, T value, unsigned delta, int width = 32, NUMFUSE_SIMT_AT) {
  namespace d = numfuse::simt::detail;
  return d::unpack<T>(d::shuffle(d::op::shfl_down, mask, d::pack(value), static_cast<int>(delta),
                                 width, numfuse_simt_at));
}

inline unsigned __ballot_sync(unsigned mask, int predicate, NUMFUSE_SIMT_AT) {
  namespace d = numfuse::simt::detail;
  return d::vote(d::op::ballot, mask, predicate != 0, numfuse_simt_at);
}
inline int __any_sync(unsigned mask, int predicate, NUMFUSE_SIMT_AT) {
  namespace d = numfuse::simt::detail;
  return d::vote(d::op::any, mask, predicate != 0, numfuse_simt_at) != 0;
}
inline int __all_sync(unsigned mask, int predicate, NUMFUSE_SIMT_AT) {
  namespace d = numfuse::simt::detail;
  return d::vote(d::op::all, mask, predicate != 0, numfuse_simt_at) == mask;
}
#undef NUMFUSE_SIMT_AT

/// The lanes that have not exited: the emulation has no notion of converged lanes.
NUMFUSE_SIMT_QUIET inline unsigned __activemask() {
  return numfuse::simt::detail::self().in_warp->live;
}

inline void __threadfence_block() {
  numfuse::simt::detail::fence(numfuse::simt::detail::fence_block);
}
inline void __threadfence() { numfuse::simt::detail::fence(numfuse::simt::detail::fence_device); }
inline void __threadfence_system() { __threadfence(); }

template <class T>
requires std::is_arithmetic_v<T> T atomicAdd(T* p, std::type_identity_t<T> value) {
  return numfuse::simt::detail::atomic_update(p,
                                              [=](T old) { return static_cast<T>(old + value); });
}
template <class T>
requires std::is_integral_v<T> T atomicSub(T* p, std::type_identity_t<T> value) {
  return numfuse::simt::detail::atomic_update(p,
                                              [=](T old) { return static_cast<T>(old - value); });
}
template <class T>
requires std::is_integral_v<T> T atomicMax(T* p, std::type_identity_t<T> value) {
  return numfuse::simt::detail::atomic_update(p, [=](T old) { return old < value ? value : old; });
}
template <class T>
requires std::is_integral_v<T> T atomicMin(T* p, std::type_identity_t<T> value) {
  return numfuse::simt::detail::atomic_update(p, [=](T old) { return value < old ? value : old; });
}
template <class T>
requires std::is_integral_v<T> T atomicOr(T* p, std::type_identity_t<T> value) {
  return numfuse::simt::detail::atomic_update(p, [=](T old) { return old | value; });
}
template <class T>
requires std::is_integral_v<T> T atomicAnd(T* p, std::type_identity_t<T> value) {
  return numfuse::simt::detail::atomic_update(p, [=](T old) { return old & value; });
}
template <class T>
requires std::is_arithmetic_v<T> T atomicExch(T* p, std::type_identity_t<T> value) {
  return numfuse::simt::detail::atomic_update(p, [=](T) { return value; });
}
template <class T>
requires std::is_integral_v<T> T atomicCAS(T* p, std::type_identity_t<T> expected,
                                           std::type_identity_t<T> value) {
  return numfuse::simt::detail::atomic_update(p,
                                              [=](T old) { return old == expected ? value : old; });
}
inline unsigned atomicInc(unsigned* p, unsigned limit) {
  return numfuse::simt::detail::atomic_update(
      p, [=](unsigned old) { return old >= limit ? 0u : old + 1; });
}

// Loads and stores that differ on the GPU by their caching only.
template <class T>
T __ldg(const T* p) {
  return *p;
}
template <class T>
T __ldca(const T* p) {
  return *p;
}
template <class T>
T __ldcg(const T* p) {
  return *p;
}
template <class T>
T __ldcs(const T* p) {
  return *p;
}
template <class T>
void __stcg(T* p, std::type_identity_t<T> value) {
  *p = value;
}
template <class T>
void __stcs(T* p, std::type_identity_t<T> value) {
  *p = value;
}
template <class T>
void __stwt(T* p, std::type_identity_t<T> value) {
  *p = value;
}

inline unsigned __float_as_uint(float x) { return std::bit_cast<unsigned>(x); }
inline int __float_as_int(float x) { return std::bit_cast<int>(x); }
inline float __uint_as_float(unsigned x) { return std::bit_cast<float>(x); }
inline float __int_as_float(int x) { return std::bit_cast<float>(x); }
inline long long __double_as_longlong(double x) { return std::bit_cast<long long>(x); }
inline double __longlong_as_double(long long x) { return std::bit_cast<double>(x); }

inline int __popc(unsigned x) { return std::popcount(x); }
inline int __clz(int x) { return std::countl_zero(static_cast<unsigned>(x)); }
inline int __ffs(int x) { return x == 0 ? 0 : std::countr_zero(static_cast<unsigned>(x)) + 1; }
inline float rsqrtf(float x) { return 1.0f / std::sqrt(x); }
inline double rsqrt(double x) { return 1.0 / std::sqrt(x); }
inline float __expf(float x) { return std::exp(x); }
inline float __logf(float x) { return std::log(x); }
inline float __fdividef(float x, float y) { return x / y; }
