// Copies past the caches: a line at a time, in the widest stores that the CPU has.
#include <numfuse/detail/past_caches.hpp>

#include <algorithm>
#include <cstring>
#include <fstream>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include "environment.hpp"
#include "isa.hpp"

namespace numfuse::detail {
namespace {

constexpr std::int64_t line = 64;

std::int64_t place_in_line(const void* p) {
  return static_cast<std::int64_t>(reinterpret_cast<std::uintptr_t>(p) % line);
}

// Of some hundred MiB, which dozens of cores share, no core can count on more than of a smaller
// cache: measured on one of 300 MiB, rows of 64 MB take 1.3 to 1.6 times as long where they are not
// written past it.
constexpr std::int64_t most_of_last_cache = std::int64_t{32} << 20;

// What NUMFUSE_LAST_CACHE_MIB says of the cache that a core shares with its neighbours, or else the
// system; sysconf adds up those of the whole processor.
std::int64_t last_level_cache() {
  static const std::int64_t bytes = [] {
    const auto chosen = positive_number_in("NUMFUSE_LAST_CACHE_MIB");
    if (chosen) return std::int64_t{*chosen} << 20;
    std::ifstream file("/sys/devices/system/cpu/cpu0/cache/index3/size");  // say, 32768K
    std::int64_t kibibytes = 0;
    return file >> kibibytes ? kibibytes << 10 : most_of_last_cache;
  }();
  return bytes;
}

// Whole lines from the beginning of one on.
using copy_lines = void(unsigned char* to, const unsigned char* from, std::int64_t bytes);

#if defined(__x86_64__)
void copy_in_16_bytes(unsigned char* to, const unsigned char* from, std::int64_t bytes) {
  for (std::int64_t i = 0; i < bytes; i += 16) {
    _mm_stream_si128(reinterpret_cast<__m128i*>(to + i),
                     _mm_loadu_si128(reinterpret_cast<const __m128i*>(from + i)));
  }
}

#if NUMFUSE_HAS_WIDE_ISAS
__attribute__((target("avx2"))) void copy_in_32_bytes(unsigned char* to, const unsigned char* from,
                                                      std::int64_t bytes) {
  for (std::int64_t i = 0; i < bytes; i += 32) {
    _mm256_stream_si256(reinterpret_cast<__m256i*>(to + i),
                        _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from + i)));
  }
}

__attribute__((target("avx512f"))) void copy_in_64_bytes(unsigned char* to,
                                                         const unsigned char* from,
                                                         std::int64_t bytes) {
  for (std::int64_t i = 0; i < bytes; i += 64) {
    _mm512_stream_si512(reinterpret_cast<__m512i*>(to + i), _mm512_loadu_si512(from + i));
  }
}
#endif

copy_lines* fastest_copy() {
#if NUMFUSE_HAS_WIDE_ISAS
  if (chosen_isa() == isa::avx512) return copy_in_64_bytes;
  if (chosen_isa() == isa::avx2) return copy_in_32_bytes;
#endif
  return copy_in_16_bytes;
}
#else
copy_lines* fastest_copy() {
  return [](unsigned char* to, const unsigned char* from, std::int64_t bytes) {
    std::memcpy(to, from, static_cast<std::size_t>(bytes));
  };
}
#endif

}  // namespace

bool exceeds_last_cache(std::int64_t bytes) {
  return bytes > std::min(last_level_cache(), most_of_last_cache);
}

bool last_cache_is_far() { return last_level_cache() > most_of_last_cache; }

void copy_past_caches(void* to, const void* from, std::int64_t bytes) {
  static copy_lines* const copy = fastest_copy();
  auto* const out = static_cast<unsigned char*>(to);
  const auto* const in = static_cast<const unsigned char*>(from);
  // Parts of lines take the ordinary way: their neighbours come later.
  const std::int64_t before = std::min(bytes, (line - place_in_line(out)) % line);
  const std::int64_t after = (bytes - before) % line;
  if (before > 0) std::memcpy(out, in, static_cast<std::size_t>(before));
  copy(out + before, in + before, bytes - before - after);
  if (after > 0)
    std::memcpy(out + bytes - after, in + bytes - after, static_cast<std::size_t>(after));
}

void lines_past_caches::begin(void* to) {
  first_ = used_ = place_in_line(to);
  to_ = static_cast<unsigned char*>(to) - first_;
}

void lines_past_caches::add(std::int64_t bytes) {
  used_ += bytes;
  const std::int64_t lines = used_ / line * line;
  if (lines == 0) return;
  copy_past_caches(to_ + first_, memory_ + first_, lines - first_);
  if (used_ > lines) std::memcpy(memory_, memory_ + lines, line);
  to_ += lines;
  used_ -= lines;
  first_ = 0;
}

void lines_past_caches::finish() {
  std::memcpy(to_ + first_, memory_ + first_, static_cast<std::size_t>(used_ - first_));
}

void finish_past_caches() {
#if defined(__x86_64__)
  _mm_sfence();
#endif
}

}  // namespace numfuse::detail
