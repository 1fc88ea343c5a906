// The few macros of numfuse: what code for two compilers cannot do without.
#pragma once

/// Marks a function that runs in both spaces; every formula's call operator carries it.
#if defined(__CUDACC__)
#define NUMFUSE_HD __host__ __device__
#else
#define NUMFUSE_HD
#endif

/// Formulas are chains of tiny functions; each must dissolve in its caller. Not where the code is
/// there to be checked: instrumented by a sanitizer, or a kernel run by the tests on a CPU, it
/// would take minutes to compile.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || defined(NUMFUSE_SIMT)
#define NUMFUSE_INLINE NUMFUSE_HD inline
#define NUMFUSE_INLINE_BODY
#else
#define NUMFUSE_INLINE NUMFUSE_HD __attribute__((always_inline)) inline
/// The same for a lambda, between its parameters and its body.
#define NUMFUSE_INLINE_BODY __attribute__((always_inline))
#endif

/// Marks a template that formulas share: a copy in each of them would take long to compile.
#define NUMFUSE_OUTLINE NUMFUSE_HD __attribute__((noinline))

/// Before a loop of few turns: copies of its body would cost more than they save.
#if defined(__CUDACC__)
#define NUMFUSE_NO_UNROLL _Pragma("unroll 1")
#else
#define NUMFUSE_NO_UNROLL
#endif

/// Before a loop over the numbers of a group, which is to become vector instructions: some
/// compilers write it out at -O3, and look for vectors in loops alone.
#if defined(__GNUC__) && !defined(__clang__) && !defined(__CUDACC__)
#define NUMFUSE_KEEP_LOOP _Pragma("GCC unroll 1")
#else
#define NUMFUSE_KEEP_LOOP
#endif

/// Before a loop of which no turn needs what another one writes. Compilers cannot know that: what
/// is written may stand where something is read, but only in the same turn.
#if defined(__CUDACC__)
#define NUMFUSE_INDEPENDENT
#elif defined(__clang__)
#define NUMFUSE_INDEPENDENT _Pragma("clang loop vectorize(assume_safety)")
#elif defined(__GNUC__)
#define NUMFUSE_INDEPENDENT _Pragma("GCC ivdep")
#else
#define NUMFUSE_INDEPENDENT
#endif
