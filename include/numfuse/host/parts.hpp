// What the host works on at a time: parts of vectors, small enough for the first-level cache.
//
// A sweep goes through a part's numbers in groups of a fixed size, which the compiler makes vector
// instructions of. A part is filled up to whole groups with numbers that nobody looks at.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

#include <numfuse/detail/layout.hpp>
#include <numfuse/detail/storage.hpp>
#include <numfuse/host/isa.hpp>

namespace numfuse::detail::host_executor::inline NUMFUSE_HOST_ISA {

/// Numbers in a group: a 64-byte register of floats.
inline constexpr int group = 16;

/// Bytes of a vector register.
#if defined(__AVX512F__)
inline constexpr int register_bytes = 64;
#elif defined(__AVX__)
inline constexpr int register_bytes = 32;
#else
inline constexpr int register_bytes = 16;
#endif

/// Numbers that a sweep goes through at a time: a formula's few steps on so many floats fit the
/// first-level cache.
inline constexpr int part_numbers = 2048;

/// What a formula of several steps holds of a vector: the second-level cache has room for it.
inline constexpr std::int64_t held_bytes = 1 << 19;

/// Elements that one thread works through without pause.
inline constexpr std::int64_t block_elements = 16384;

/// The most vectors side by side that are worked on together.
inline constexpr int most_lanes = 1024;

/// The most rows that are worked on together.
inline constexpr int most_rows = 64;

constexpr std::int64_t ceil_div(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

constexpr std::int64_t whole_groups(std::int64_t count) { return ceil_div(count, group) * group; }

/// Number i of memory: itself, or, of memory to read, a copy. Compilers make vector instructions of
/// loops over bytes, but not of those that read bools.
template <class C>
NUMFUSE_INLINE decltype(auto) number_in(C* numbers, std::int64_t i) {
  if constexpr (std::is_same_v<C, const bool>) {
    return reinterpret_cast<const unsigned char*>(numbers)[i] != 0;
  } else if constexpr (std::is_const_v<C>) {
    return std::remove_const_t<C>(numbers[i]);
  } else {
    return (numbers[i]);
  }
}

/// The distance between neighbouring vectors of operand k, where there are some.
NUMFUSE_INLINE std::int64_t distance_across(const layout& where, int k) {
  return where.strides[k][where.batch_rank - 1];
}

/// Memory for what a formula keeps of a part from one sweep to the next.
class scratch {
 public:
  // Formulas, which run in both spaces, ask for it; on a GPU none does.
#if defined(__CUDACC__)
#pragma nv_exec_check_disable
#endif
  template <class C>
  NUMFUSE_INLINE C* take(std::int64_t count) {
    const std::int64_t bytes = ceil_div(count * static_cast<std::int64_t>(sizeof(C)), 64) * 64;
    if (used_ + bytes > std::int64_t{sizeof(memory_)}) return static_cast<C*>(take_more(bytes));
    used_ += bytes;
    return reinterpret_cast<C*>(memory_ + used_ - bytes);
  }

 private:
  struct free_block {
    std::size_t bytes;
    void operator()(void* block) const { free_bytes(block, bytes); }
  };

  __attribute__((noinline, cold)) void* take_more(std::int64_t count) {
    const auto bytes = static_cast<std::size_t>(count);
    std::unique_ptr<void, free_block> block(allocate_bytes(bytes), free_block{bytes});
    more_.push_back(std::move(block));
    return more_.back().get();
  }

  alignas(64) unsigned char memory_[8 * part_numbers * sizeof(double)];
  std::int64_t used_ = 0;
  std::vector<std::unique_ptr<void, free_block>> more_;
};

}  // namespace numfuse::detail::host_executor::inline NUMFUSE_HOST_ISA
