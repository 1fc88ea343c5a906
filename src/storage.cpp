// Host memory: Thrust vectors whose elements are left uninitialised, and copies within the host.
#include <numfuse/detail/storage.hpp>

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstdint>
#include <cstring>
#include <new>

#if defined(__linux__)
#include <sys/mman.h>
#endif

#include <thrust/host_vector.h>

namespace numfuse::detail {
namespace {

// No vector register's worth of a tensor lies across two lines of the cache.
constexpr std::size_t cache_line = 64;

// Memory of large tensors comes in pages of their size, where the system has such: it hands out
// memory page by page, when each is first written.
constexpr std::size_t huge_page = std::size_t{2} << 20;
constexpr std::align_val_t huge_page_alignment{huge_page};

bool is_large(std::size_t bytes) { return bytes >= 2 * huge_page; }

#if defined(__SANITIZE_ADDRESS__)
constexpr std::align_val_t line_alignment{cache_line};

// The sanitizer sees what lies beyond the last byte only where the memory ends with it, and who
// reads what was freed only where it is.
void* allocate_lines(std::size_t bytes) { return ::operator new(bytes, line_alignment); }
void free_lines(void* memory) { ::operator delete(memory, line_alignment); }
bool is_medium(std::size_t) { return false; }
#else
// Processors compare the last twelve bits of a load's address with those of the stores before it,
// and wait where they are the same: a loop that writes shortly ahead, by these bits, of where it
// reads takes up to four times as long. Tensors that are allocated one after the other often lie
// that way, but not where each begins with a page: an element is read before it is written. Smaller
// ones begin with a multiple of their size, for which a page each would be too much.
constexpr std::size_t page = 4096;

std::size_t alignment_of(std::size_t bytes) {
  return std::clamp(std::bit_floor(bytes), cache_line, page);
}

// Memory that begins with a line, or up to a page. C libraries are slow to make aligned memory, and
// forget it as soon as it is freed; ordinary memory takes a quarter of the time. What stands before
// it says how far it lies from where the ordinary memory begins.
using distance = std::uint16_t;
static_assert(sizeof(distance) <= __STDCPP_DEFAULT_NEW_ALIGNMENT__);

void* allocate_lines(std::size_t bytes) {
  const std::size_t alignment = alignment_of(bytes);
  auto* const start = static_cast<unsigned char*>(::operator new(bytes + alignment));
  const auto skipped =
      static_cast<distance>(alignment - reinterpret_cast<std::uintptr_t>(start) % alignment);
  std::memcpy(start + skipped - sizeof(skipped), &skipped, sizeof(skipped));
  return start + skipped;
}

void free_lines(void* memory) {
  auto* const line = static_cast<unsigned char*>(memory);
  distance skipped;
  std::memcpy(&skipped, line - sizeof(skipped), sizeof(skipped));
  ::operator delete(line - skipped);
}

// From here on C libraries return to the system what is freed, and ask for it again.
bool is_medium(std::size_t bytes) { return bytes >= std::size_t{64} << 10; }
#endif

void* allocate_pages(std::size_t bytes) {
  void* const memory = ::operator new(bytes, huge_page_alignment);
#if defined(MADV_HUGEPAGE)
  madvise(memory, bytes / huge_page * huge_page, MADV_HUGEPAGE);  // advice: it may be refused
#endif
  return memory;
}

void free_pages(void* memory) { ::operator delete(memory, huge_page_alignment); }

// The blocks that were freed last, each with its size at its start: a program that makes the same
// tensors again and again gets the same pages, and not fresh ones from the system, of which each
// costs more than to fill it. Who takes a block out of its slot owns it.
template <int Slots, void (*Free)(void*)>
class spare_blocks {
 public:
  // A block of so many bytes; null where there is none.
  void* take(std::size_t bytes) {
    for (auto& slot : slots_) {
      std::size_t* const block = slot.exchange(nullptr);
      if (block == nullptr) continue;
      if (*block == bytes) return block;
      put(block);
    }
    return nullptr;
  }

  void free_all() {
    for (auto& slot : slots_) free_block(slot.exchange(nullptr));
  }

  void keep(void* memory, std::size_t bytes) {
    auto* const block = static_cast<std::size_t*>(memory);
    *block = bytes;
    put(block);
  }

 private:
  // Into an empty slot, else in the place of another block.
  void put(std::size_t* block) {
    for (auto& slot : slots_) {
      std::size_t* none = nullptr;
      if (slot.compare_exchange_strong(none, block)) return;
    }
    free_block(slots_[next_++ % Slots].exchange(block));
  }

  static void free_block(std::size_t* block) {
    if (block != nullptr) Free(block);
  }

  std::atomic<std::size_t*> slots_[Slots]{};
  std::atomic<unsigned> next_{0};
};

spare_blocks<4, free_lines> medium_blocks;
spare_blocks<1, free_pages> large_blocks;

}  // namespace

void* allocate_bytes(std::size_t bytes) {
  if (is_large(bytes)) {
    void* const spare = large_blocks.take(bytes);
    if (spare != nullptr) return spare;
    large_blocks.free_all();  // both may be too much for the memory
    return allocate_pages(bytes);
  }
  void* const spare = is_medium(bytes) ? medium_blocks.take(bytes) : nullptr;
  return spare != nullptr ? spare : allocate_lines(bytes);
}

void free_bytes(void* memory, std::size_t bytes) {
  if (is_large(bytes)) {
    large_blocks.keep(memory, bytes);
  } else if (is_medium(bytes)) {
    medium_blocks.keep(memory, bytes);
  } else {
    free_lines(memory);
  }
}

namespace {

// Thrust constructs each element through its allocator. The results of numfuse are written whole by
// the function that makes them, so a construction here would be one more pass over memory.
template <class T>
struct uninitialized_allocator {
  using value_type = T;

  uninitialized_allocator() = default;
  template <class U>
  uninitialized_allocator(const uninitialized_allocator<U>&) {}
  bool operator==(const uninitialized_allocator&) const = default;

  T* allocate(std::size_t count) {
    // What is allocated is rounded up.
    if (count > std::size_t{PTRDIFF_MAX} / sizeof(T)) throw std::bad_array_new_length();
    return static_cast<T*>(allocate_bytes(count * sizeof(T)));
  }
  void deallocate(T* memory, std::size_t count) { free_bytes(memory, count * sizeof(T)); }
  template <class U>
  void construct(U*) {}
  template <class U, class Arg>
  void construct(U* p, const Arg& value) {
    ::new (static_cast<void*>(p)) U(value);
  }
};

}  // namespace

template <class T>
storage<T> allocate(host, std::int64_t size, const stream&) {
  return storage<T>::adopt(
      thrust::host_vector<T, uninitialized_allocator<T>>(static_cast<std::size_t>(size)));
}

#define NUMFUSE_INSTANTIATE(T) template storage<T> allocate<T>(host, std::int64_t, const stream&);
NUMFUSE_FOR_EACH_DTYPE(NUMFUSE_INSTANTIATE)
#undef NUMFUSE_INSTANTIATE

void copy_bytes(void* to, const void* from, std::size_t bytes, const stream&, host, host) {
  if (bytes > 0) std::memcpy(to, from, bytes);
}

}  // namespace numfuse::detail
