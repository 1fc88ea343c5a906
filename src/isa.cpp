// Which of the library's instruction sets this CPU has, and which one is to be used.
#include "isa.hpp"

#include <algorithm>
#include <cstdlib>
#include <iterator>
#include <string>

#include <numfuse/error.hpp>

namespace numfuse {
namespace detail {
namespace {

// From the widest on. What the compiler may use for each stands in CMakeLists.txt.
constexpr isa all_isas[] = {isa::avx512, isa::avx2, isa::baseline};

std::string_view name(isa i) {
  switch (i) {
    case isa::avx512:
      return "avx512";
    case isa::avx2:
      return "avx2";
    case isa::baseline:
      return "baseline";
  }
  return "?";
}

bool supported(isa i) {
  if (i == isa::baseline) return true;
#if NUMFUSE_HAS_WIDE_ISAS
  if (i == isa::avx2) {
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
           __builtin_cpu_supports("f16c") && __builtin_cpu_supports("bmi2");
  }
  return __builtin_cpu_supports("x86-64-v4");
#else
  return false;
#endif
}

isa choose() {
  const char* text = std::getenv("NUMFUSE_ISA");
  const std::string wanted(text == nullptr ? "" : text);
  if (wanted.empty()) return widest_isa();
  for (isa i : all_isas) {
    if (wanted != name(i)) continue;
    if (!supported(i)) throw value_error("NUMFUSE_ISA: this CPU has no " + wanted);
    return i;
  }
  throw value_error("NUMFUSE_ISA: \"" + wanted + "\" is none of avx512, avx2, baseline");
}

}  // namespace

isa widest_isa() { return *std::find_if(std::begin(all_isas), std::end(all_isas), supported); }

isa chosen_isa() {
  static const isa chosen = choose();
  return chosen;
}

}  // namespace detail

std::string_view instruction_set() { return detail::name(detail::chosen_isa()); }

}  // namespace numfuse
