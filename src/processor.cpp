// Which processor this is.
#include <numfuse/detail/processor.hpp>

#include <cstdlib>
#include <cstring>
#include <string>

#include <numfuse/error.hpp>

#if defined(__x86_64__)
#include <cpuid.h>
#endif

namespace numfuse::detail {
namespace {

// AMD's number of a processor's make, 0 for those of others.
unsigned amd_family() {
#if defined(__x86_64__)
  unsigned most = 0, name[3] = {}, signature = 0, others[3];
  if (!__get_cpuid(0, &most, &name[0], &name[2], &name[1])) return 0;
  if (std::memcmp(name, "AuthenticAMD", sizeof(name)) != 0) return 0;
  if (!__get_cpuid(1, &signature, &others[0], &others[1], &others[2])) return 0;
  return (signature >> 8 & 0xf) + (signature >> 20 & 0xff);
#else
  return 0;
#endif
}

constexpr unsigned zen4 = 25, zen5 = 26;  // families; that of Zen 4 is Zen 3's, too

// What NUMFUSE_FETCH_AHEAD says, or else what was measured.
bool chosen(bool measured) {
  const char* const text = std::getenv("NUMFUSE_FETCH_AHEAD");
  const std::string wanted(text == nullptr ? "" : text);
  if (wanted.empty()) return measured;
  if (wanted != "0" && wanted != "1") {
    throw value_error("NUMFUSE_FETCH_AHEAD: \"" + wanted + "\" is neither 0 nor 1");
  }
  return wanted == "1";
}

}  // namespace

// Zen 5 gains 5 to 30 %; Zen 4, which fetches well enough by itself, loses as much; Emerald Rapids
// gains 2 to 7 % in long rows and loses more in short ones.
bool fetches_ahead() {
  static const bool answer = chosen(amd_family() == zen5);
  return answer;
}

// Zen 4 gains up to 25 % where a row is broadcast, and a little elsewhere; not measured on Zen 5.
bool fetches_past_caches() {
  static const bool answer = chosen(amd_family() == zen4);
  return answer;
}

// Measured on Zen 4; on Emerald Rapids twice as many lines take up to a tenth less time.
bool empties_few_lines() {
  static const bool answer = amd_family() != 0;
  return answer;
}

}  // namespace numfuse::detail
