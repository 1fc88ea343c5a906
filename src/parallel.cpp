// The host's threads.
#include <numfuse/detail/parallel.hpp>

namespace numfuse::detail {

void parallel_for(std::int64_t count, std::int64_t work, void (*task)(void*, std::int64_t),
                  void* context) {
  constexpr std::int64_t worth_threads = 32768;  // below, waking a thread costs more than it gives
  [[maybe_unused]] const bool threads = count > 1 && work >= worth_threads;
#pragma omp parallel for schedule(static) if (threads)
  for (std::int64_t i = 0; i < count; ++i) task(context, i);
}

}  // namespace numfuse::detail
