// The host's threads: OpenMP's.
#include <numfuse/detail/parallel.hpp>

#include <algorithm>
#include <atomic>
#include <exception>
#include <string>

#include <omp.h>

#include <numfuse/error.hpp>

#include "environment.hpp"

namespace numfuse {
namespace {

constexpr int most_threads = 4096;

constinit std::atomic<int> chosen_threads{0};  // 0: by set_num_threads none

}  // namespace

int num_threads() {
  const int chosen = chosen_threads.load(std::memory_order_relaxed);
  if (chosen > 0) return chosen;
  static const int by_default =
      std::min(detail::positive_number_in("NUMFUSE_NUM_THREADS").value_or(omp_get_max_threads()),
               most_threads);
  return by_default;
}

void set_num_threads(int n) {
  if (n < 1) throw value_error("set_num_threads: " + std::to_string(n) + " threads");
  chosen_threads.store(std::min(n, most_threads), std::memory_order_relaxed);
}

namespace detail {

void parallel_for(std::int64_t count, std::int64_t work, void (*task)(void*, std::int64_t),
                  void* context) {
  const int threads = count > 1 && work >= worth_threads
                          ? static_cast<int>(std::min<std::int64_t>(num_threads(), count))
                          : 1;
  if (threads == 1) {  // OpenMP's own way there is not free
    for (std::int64_t i = 0; i < count; ++i) task(context, i);
    return;
  }
  // No exception may leave the threads; the first one goes on where they have met again.
  std::exception_ptr failure;
#pragma omp parallel for schedule(static) num_threads(threads)
  for (std::int64_t i = 0; i < count; ++i) {
    try {
      task(context, i);
    } catch (...) {
#pragma omp critical(numfuse_parallel_for)
      if (!failure) failure = std::current_exception();
    }
  }
  if (failure) std::rethrow_exception(failure);
}

}  // namespace detail
}  // namespace numfuse
