// The host's threads.
#pragma once

#include <cstdint>

#include <numfuse/threads.hpp>

namespace numfuse::detail {

/// The number of elements from which on work goes to all cores: below, waking a thread costs more
/// than it gives.
inline constexpr std::int64_t worth_threads = 32768;

/// Calls task(context, i) for every i in [0, count), on all cores where `work`, the number of
/// elements that all tasks touch, is worth the threads.
void parallel_for(std::int64_t count, std::int64_t work, void (*task)(void*, std::int64_t),
                  void* context);

template <class Fn>
void parallel_for(std::int64_t count, std::int64_t work, Fn fn) {
  if (count == 1) return fn(0);
  parallel_for(
      count, work, [](void* f, std::int64_t i) { (*static_cast<Fn*>(f))(i); }, &fn);
}

}  // namespace numfuse::detail
