// Owns how fast this machine's memory is: the best of several ways to copy, read and fill arrays
// that no cache holds, on all threads.
#pragma once

#include <omp.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <memory>
#include <string>
#if defined(__SSE2__)
#include <immintrin.h>
#endif

#include "host_machine.hpp"

namespace bench {

class host_ceilings {
 public:
  /// Bytes a second. "copy" and "fill" are those of the best way; what ordinary stores reach, which
  /// read memory before they write it, stands beside them.
  static std::map<std::string, double> measure(const patience& p) {
    const host_ceilings arrays;
    const auto speed = [&](double bytes,
                           void (host_ceilings::*way)(std::int64_t, std::int64_t) const) {
      const auto call = [&](int) { arrays.on_all_threads(way); };
      return bytes / time_calls([](const auto& f) { return wall_seconds(f); }, call, 1, p).seconds;
    };
    const double bytes = static_cast<double>(count) * sizeof(float);
    const double copy = speed(2 * bytes, &host_ceilings::copy);
    const double fill = speed(bytes, &host_ceilings::fill);
    const double read = speed(bytes, &host_ceilings::read);
    std::map<std::string, double> ceilings{
        {"read", read},
        {"copy", std::max(copy, speed(2 * bytes, &host_ceilings::copy_by_memcpy))},
        {"fill", std::max(fill, speed(bytes, &host_ceilings::fill_by_memset))},
        {"copy, ordinary stores", copy},
        {"fill, ordinary stores", fill}};
#if defined(__SSE2__)
    ceilings["copy"] = std::max(ceilings["copy"], speed(2 * bytes, &host_ceilings::copy_streaming));
    ceilings["fill"] = std::max(ceilings["fill"], speed(bytes, &host_ceilings::fill_streaming));
#endif
    return ceilings;
  }

 private:
  static constexpr std::int64_t count = std::int64_t{1} << 26;
  static constexpr std::int64_t step =
      32;  // floats; sums of so many hide the latency of an addition

  host_ceilings() : from_(new float[count + step]), to_(new float[count + step]) {
    // The threads that use memory touch it first: it is theirs where there are several nodes.
    on_all_threads([this](std::int64_t first, std::int64_t last) {
      std::fill(from() + first, from() + last, 1.0f);
      std::fill(to() + first, to() + last, 0.0f);
    });
  }

  float* from() const { return aligned(from_.get()); }
  float* to() const { return aligned(to_.get()); }
  static float* aligned(float* p) {
    void* address = p;
    std::size_t space = (count + step) * sizeof(float);
    return static_cast<float*>(std::align(64, count * sizeof(float), address, space));
  }

  /// part(first, last) on each thread, whole steps.
  template <class F>
  void on_all_threads(const F& part) const {
#pragma omp parallel
    {
      const std::int64_t threads = omp_get_num_threads(), me = omp_get_thread_num();
      const std::int64_t steps = count / step;
      const std::int64_t first = steps * me / threads * step,
                         last = steps * (me + 1) / threads * step;
      if constexpr (std::is_member_function_pointer_v<F>) {
        (this->*part)(first, last);
      } else {
        part(first, last);
      }
    }
  }

  void copy(std::int64_t first, std::int64_t last) const {
    float* const y = to();
    const float* const x = from();
#pragma omp simd
    for (std::int64_t i = first; i < last; ++i) y[i] = 2 * x[i];  // no memcpy for the compiler
  }
  void copy_by_memcpy(std::int64_t first, std::int64_t last) const {
    std::memcpy(to() + first, from() + first,
                static_cast<std::size_t>(last - first) * sizeof(float));
  }
  void fill(std::int64_t first, std::int64_t last) const {
    float* const y = to();
#pragma omp simd
    for (std::int64_t i = first; i < last; ++i) y[i] = 2.0f;
  }
  // Not with zeros: some processors have a way of their own for a line of them, twice as fast.
  void fill_by_memset(std::int64_t first, std::int64_t last) const {
    std::memset(to() + first, 1, static_cast<std::size_t>(last - first) * sizeof(float));
  }
  void read(std::int64_t first, std::int64_t last) const {
    float sums[step] = {};
    for (const float* x = from() + first; x != from() + last; x += step) {
#pragma omp simd
      for (int k = 0; k < step; ++k) sums[k] += x[k];
    }
    volatile float sink = 0;
    for (float s : sums) sink = sink + s;
  }
#if defined(__SSE2__)
  // In the widest stores that there are: narrow ones past the caches are slower.
#if defined(__AVX512F__)
  static constexpr std::int64_t wide = 16;
  static void store_past_caches(float* to, const float* from) {
    _mm512_stream_ps(to, _mm512_load_ps(from));
  }
#elif defined(__AVX__)
  static constexpr std::int64_t wide = 8;
  static void store_past_caches(float* to, const float* from) {
    _mm256_stream_ps(to, _mm256_load_ps(from));
  }
#else
  static constexpr std::int64_t wide = 4;
  static void store_past_caches(float* to, const float* from) {
    _mm_stream_ps(to, _mm_load_ps(from));
  }
#endif
  void copy_streaming(std::int64_t first, std::int64_t last) const {
    for (std::int64_t i = first; i < last; i += wide) store_past_caches(to() + i, from() + i);
    _mm_sfence();
  }
  void fill_streaming(std::int64_t first, std::int64_t last) const {
    alignas(64) float twos[wide];
    std::fill(twos, twos + wide, 2.0f);
    for (std::int64_t i = first; i < last; i += wide) store_past_caches(to() + i, twos);
    _mm_sfence();
  }
#endif

  std::unique_ptr<float[]> from_, to_;
};

}  // namespace bench
