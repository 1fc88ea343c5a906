// The instruction set that a file is compiled for.
//
// The same formula is compiled for several of them in one program: in the library, which chooses
// when it runs, and in users' files, by the flags of their compiler. Each has a namespace of its
// own, so that no linker takes one's code for the other's.
#pragma once

#include <string_view>

#if defined(NUMFUSE_LIBRARY_ISA)  // a part of the library, which says what it is
#define NUMFUSE_HOST_ISA NUMFUSE_LIBRARY_ISA
#elif defined(__AVX512F__) && defined(__AVX512BW__) && defined(__AVX512DQ__) && \
    defined(__AVX512VL__)
#define NUMFUSE_HOST_ISA avx512
#elif defined(__AVX2__) && defined(__FMA__)
#define NUMFUSE_HOST_ISA avx2
#else
#define NUMFUSE_HOST_ISA baseline
#endif

namespace numfuse {

/// "avx512", "avx2" or "baseline": what the built-in functions use on this CPU. The environment
/// variable NUMFUSE_ISA chooses another one. Throws value_error where that is unknown, or where the
/// CPU has not got it.
std::string_view instruction_set();

}  // namespace numfuse
