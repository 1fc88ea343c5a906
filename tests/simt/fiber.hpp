// Owns the stacks that emulated GPU threads run on and the switch between them, with everything
// that AddressSanitizer and ThreadSanitizer must be told about it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <vector>

#include <sys/mman.h>

#if !defined(__x86_64__) || defined(NUMFUSE_SIMT_UCONTEXT)
#define NUMFUSE_SIMT_USE_UCONTEXT 1
#include <ucontext.h>
#endif

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define NUMFUSE_SIMT_ASAN 1
#endif
#if __has_feature(thread_sanitizer)
#define NUMFUSE_SIMT_TSAN 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#define NUMFUSE_SIMT_ASAN 1
#endif
#if defined(__SANITIZE_THREAD__)
#define NUMFUSE_SIMT_TSAN 1
#endif

#if defined(NUMFUSE_SIMT_ASAN)
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif
#if defined(NUMFUSE_SIMT_TSAN)
#include <sanitizer/tsan_interface.h>
extern "C" {
void AnnotateIgnoreReadsBegin(const char* file, int line);
void AnnotateIgnoreReadsEnd(const char* file, int line);
void AnnotateIgnoreWritesBegin(const char* file, int line);
void AnnotateIgnoreWritesEnd(const char* file, int line);

// Launches reuse addresses, and a race at the address of an earlier one must be reported too.
[[gnu::weak, gnu::used, gnu::no_sanitize("thread")]] const char* __tsan_default_options() {
  return "suppress_equal_addresses=0:atexit_sleep_ms=0";
}
}
#endif

// Marks the emulator's own code: its bookkeeping is shared by all fibers without any order that
// ThreadSanitizer could see, and its first frames on a stack must not be instrumented. Such code
// touches plain fields only, since the standard library's functions stay instrumented.
#define NUMFUSE_SIMT_QUIET __attribute__((no_sanitize("thread"), no_sanitize("address")))

namespace numfuse::simt::detail {

#if defined(NUMFUSE_SIMT_ASAN) || defined(NUMFUSE_SIMT_TSAN)
inline constexpr std::size_t stack_bytes = 256 * 1024;
#else
inline constexpr std::size_t stack_bytes = 64 * 1024;
#endif
inline constexpr std::size_t page_bytes = 4096;
/// Each guard page splits a mapping in two and Linux allows 65530 of them, so later stacks have
/// none.
inline constexpr std::size_t guarded_stacks = 8192;

NUMFUSE_SIMT_QUIET inline void sync_release([[maybe_unused]] void* address) {
#if defined(NUMFUSE_SIMT_TSAN)
  __tsan_release(address);
#endif
}

NUMFUSE_SIMT_QUIET inline void sync_acquire([[maybe_unused]] void* address) {
#if defined(NUMFUSE_SIMT_TSAN)
  __tsan_acquire(address);
#endif
}

/// While one lives, ThreadSanitizer ignores the plain accesses of the fiber that made it.
class ignore_accesses {
 public:
#if defined(NUMFUSE_SIMT_TSAN)
  ignore_accesses() {
    AnnotateIgnoreReadsBegin(__FILE__, __LINE__);
    AnnotateIgnoreWritesBegin(__FILE__, __LINE__);
  }
  ~ignore_accesses() {
    AnnotateIgnoreWritesEnd(__FILE__, __LINE__);
    AnnotateIgnoreReadsEnd(__FILE__, __LINE__);
  }
#else
  ignore_accesses() {}
#endif
  ignore_accesses(const ignore_accesses&) = delete;
  ignore_accesses& operator=(const ignore_accesses&) = delete;
};

#if !defined(NUMFUSE_SIMT_USE_UCONTEXT)
#if defined(__AVX512F__)
#define NUMFUSE_SIMT_AVX512                                                                     \
  , "xmm16", "xmm17", "xmm18", "xmm19", "xmm20", "xmm21", "xmm22", "xmm23", "xmm24", "xmm25",   \
      "xmm26", "xmm27", "xmm28", "xmm29", "xmm30", "xmm31", "k1", "k2", "k3", "k4", "k5", "k6", \
      "k7"
#else
#define NUMFUSE_SIMT_AVX512
#endif

/// Saves on this stack where to go on, its pointer in `*from`, and goes on at `to`. It is inlined,
/// and jumps instead of returning, so that calls and returns stay paired as the processor predicts
/// them: lanes go through the same code, and one may use the prediction made for another. The
/// compiler saves the registers named as clobbered. The floating-point control words are not saved,
/// since no kernel changes them.
[[gnu::always_inline]] NUMFUSE_SIMT_QUIET inline void switch_stack(void** from, void* to) {
  __asm__ volatile(
      "leaq -128(%%rsp), %%rsp\n\t"  // keeps clear of the red zone
      "pushq %%rbx\n\t"
      "pushq %%rbp\n\t"
      "leaq 1f(%%rip), %%rax\n\t"
      "pushq %%rax\n\t"
      "movq %%rsp, (%%rdi)\n\t"
      "movq %%rsi, %%rsp\n\t"
      "popq %%rax\n\t"
      "popq %%rbp\n\t"
      "popq %%rbx\n\t"
      "jmpq *%%rax\n"
      "1:\n\t"
      "leaq 128(%%rsp), %%rsp\n\t"
      : "+D"(from), "+S"(to)
      :
      : "rax", "rcx", "rdx", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "memory", "cc",
        "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10",
        "xmm11", "xmm12", "xmm13", "xmm14", "xmm15" NUMFUSE_SIMT_AVX512);
}
#endif

/// One stack that runs a function to its end in steps: `start`, then `resume` until it is done.
class fiber {
 public:
  explicit fiber(std::size_t number) {
    mapped_ = stack_bytes + page_bytes;
    void* base = ::mmap(nullptr, mapped_, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (base == MAP_FAILED) throw std::bad_alloc();
    base_ = static_cast<unsigned char*>(base);
    if (number < guarded_stacks) ::mprotect(base_, page_bytes, PROT_NONE);
    // Stacks that all begin at the same offset would compete for the same few cache sets.
    top_ = base_ + mapped_ - (number % 53) * 192;
#if defined(NUMFUSE_SIMT_TSAN)
    tsan_ = __tsan_create_fiber(0);
#endif
  }
  ~fiber() {
#if defined(NUMFUSE_SIMT_TSAN)
    __tsan_destroy_fiber(tsan_);
#endif
    ::munmap(base_, mapped_);
  }
  fiber(const fiber&) = delete;
  fiber& operator=(const fiber&) = delete;

  /// Makes the next `resume` enter `body` on a stack that holds nothing else.
  NUMFUSE_SIMT_QUIET void start(void (*body)()) {
    body_ = body;
#if defined(NUMFUSE_SIMT_USE_UCONTEXT)
    ::getcontext(&context_);
    context_.uc_stack.ss_sp = base_ + page_bytes;
    context_.uc_stack.ss_size = static_cast<std::size_t>(top_ - base_) - page_bytes;
    context_.uc_link = nullptr;
    ::makecontext(&context_, &fiber::enter, 0);
#else
    // What `switch_stack` pops: `enter` and two registers. A return address of 0 above them ends
    // every unwinding, and leaves the stack aligned as after a call.
    void** words = reinterpret_cast<void**>(top_) - 4;
    words[0] = reinterpret_cast<void*>(&fiber::enter);
    words[1] = words[2] = words[3] = nullptr;
    pointer_ = words;
#endif
  }

  /// Runs the body until it suspends or finishes. Not called from inside a fiber.
  [[gnu::always_inline]] NUMFUSE_SIMT_QUIET void resume() {
    active_ = this;
#if defined(NUMFUSE_SIMT_ASAN)
    __sanitizer_start_switch_fiber(&caller_fake_, base_ + page_bytes, stack_bytes);
#endif
#if defined(NUMFUSE_SIMT_TSAN)
    caller_tsan_ = __tsan_get_current_fiber();
    __tsan_switch_to_fiber(tsan_, __tsan_switch_to_fiber_no_sync);
#endif
#if defined(NUMFUSE_SIMT_USE_UCONTEXT)
    ::swapcontext(&caller_context_, &context_);
#else
    switch_stack(&caller_pointer_, pointer_);
#endif
#if defined(NUMFUSE_SIMT_ASAN)
    __sanitizer_finish_switch_fiber(caller_fake_, nullptr, nullptr);
#endif
    active_ = nullptr;
  }

  /// Goes back to the caller of `resume`, from inside the body.
  [[gnu::always_inline]] NUMFUSE_SIMT_QUIET void suspend() {
    leave(false);
#if defined(NUMFUSE_SIMT_ASAN)
    __sanitizer_finish_switch_fiber(fake_, &caller_bottom_, &caller_size_);
#endif
  }

  /// Forgets a body that will never end. Its frames are dropped, not unwound: a kernel's functions
  /// may be noexcept, so no exception can be sent through them.
  void abandon([[maybe_unused]] void* release_to) {
#if defined(NUMFUSE_SIMT_ASAN)
    __asan_unpoison_memory_region(base_ + page_bytes, stack_bytes);
#endif
#if defined(NUMFUSE_SIMT_TSAN)
    // What the body did so far is ordered before the end of its launch, as if it had returned.
    void* caller = __tsan_get_current_fiber();
    __tsan_switch_to_fiber(tsan_, __tsan_switch_to_fiber_no_sync);
    __tsan_release(release_to);
    __tsan_switch_to_fiber(caller, __tsan_switch_to_fiber_no_sync);
    __tsan_destroy_fiber(tsan_);
    tsan_ = __tsan_create_fiber(0);
#endif
  }

  /// The name that a race report gives this fiber.
  void set_name([[maybe_unused]] const char* name) {
#if defined(NUMFUSE_SIMT_TSAN)
    __tsan_set_fiber_name(tsan_, name);
#endif
  }

 private:
  NUMFUSE_SIMT_QUIET static void enter() {
    fiber* self = active_;
#if defined(NUMFUSE_SIMT_ASAN)
    __sanitizer_finish_switch_fiber(nullptr, &self->caller_bottom_, &self->caller_size_);
#endif
    self->body_();
    self->leave(true);
    __builtin_unreachable();
  }

  [[gnu::always_inline]] NUMFUSE_SIMT_QUIET void leave([[maybe_unused]] bool for_ever) {
#if defined(NUMFUSE_SIMT_ASAN)
    __sanitizer_start_switch_fiber(for_ever ? nullptr : &fake_, caller_bottom_, caller_size_);
#endif
#if defined(NUMFUSE_SIMT_TSAN)
    __tsan_switch_to_fiber(caller_tsan_, __tsan_switch_to_fiber_no_sync);
#endif
#if defined(NUMFUSE_SIMT_USE_UCONTEXT)
    ::swapcontext(&context_, &caller_context_);
#else
    switch_stack(&pointer_, caller_pointer_);
#endif
  }

  static inline thread_local constinit fiber* active_ = nullptr;

#if defined(NUMFUSE_SIMT_USE_UCONTEXT)
  ucontext_t context_{};
  ucontext_t caller_context_{};
#else
  void* pointer_ = nullptr;
  void* caller_pointer_ = nullptr;
#endif
  void (*body_)() = nullptr;
  unsigned char* base_ = nullptr;
  unsigned char* top_ = nullptr;
  std::size_t mapped_ = 0;
#if defined(NUMFUSE_SIMT_ASAN)
  void* fake_ = nullptr;
  void* caller_fake_ = nullptr;
  const void* caller_bottom_ = nullptr;
  std::size_t caller_size_ = 0;
#endif
#if defined(NUMFUSE_SIMT_TSAN)
  void* tsan_ = nullptr;
  void* caller_tsan_ = nullptr;
#endif
};

/// The fibers of one host thread, kept from block to block and from launch to launch.
class fiber_pool {
 public:
  /// Makes at least `count` fibers exist.
  void grow(std::size_t count) {
    while (fibers_.size() < count) fibers_.push_back(std::make_unique<fiber>(fibers_.size()));
  }
  fiber& operator[](std::size_t i) { return *fibers_[i]; }
  std::size_t size() const { return fibers_.size(); }

  static fiber_pool& mine() {
    static thread_local fiber_pool pool;
    return pool;
  }

 private:
  std::vector<std::unique_ptr<fiber>> fibers_;
};

}  // namespace numfuse::simt::detail
