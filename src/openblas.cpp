// Which of its kernels OpenBLAS takes.
//
// OpenBLAS up to 0.3.24, and so Debian's, takes Intel's processors that are newer than itself for
// one of 2004, of registers of 16 bytes and without fused products: matrix products take 4 to 6
// times as long (OpenBLAS issue 4267). It decides while the program is loaded, before any of our
// code runs, and by the environment alone; what it decides with can be called once more.
#include "openblas.hpp"

#include <cstdlib>

extern "C" {
// OpenBLAS's. Null in one built for one processor alone, which has nothing to decide, and in any
// other BLAS.
__attribute__((weak)) char* openblas_get_corename();
__attribute__((weak)) void gotoblas_dynamic_init();
__attribute__((weak)) void gotoblas_dynamic_quit();
}

namespace numfuse::detail {

const char* better_kernels(std::string_view taken, isa widest) {
  if (taken != "Prescott") return nullptr;
  switch (widest) {
    case isa::avx512:
      return "SkylakeX";
    case isa::avx2:
      return "Haswell";
    case isa::baseline:
      break;
  }
  return nullptr;
}

bool correct_kernels_of_openblas() {
  constexpr const char* variable = "OPENBLAS_CORETYPE";
  if (openblas_get_corename == nullptr || gotoblas_dynamic_init == nullptr ||
      gotoblas_dynamic_quit == nullptr || std::getenv(variable) != nullptr) {
    return false;
  }
  const char* const better = better_kernels(openblas_get_corename(), widest_isa());
  if (better == nullptr) return false;
  setenv(variable, better, 1);
  gotoblas_dynamic_quit();
  gotoblas_dynamic_init();
  unsetenv(variable);  // programs that this one starts decide for themselves
  return true;
}

}  // namespace numfuse::detail
