// Environment variables: what they do not mean is refused by their name. The answer is asked for
// once, so each is asked for in a process of its own.
#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include <gtest/gtest.h>

#include <numfuse/detail/past_caches.hpp>
#include <numfuse/numfuse.hpp>

namespace numfuse::tests {
namespace {

template <class F>
[[noreturn]] void exit_with_message(const char* variable, const char* text, const F& ask) {
  setenv(variable, text, 1);
  try {
    ask();
  } catch (const value_error& e) {
    std::fputs(e.what(), stderr);
    std::exit(1);
  }
  std::exit(0);
}

TEST(EnvironmentDeathTest, NumberOfThreads) {
  const auto ask = [] { num_threads(); };
  for (const char* text : {"0", "-1", "two", "2x"}) {
    EXPECT_EXIT(exit_with_message("NUMFUSE_NUM_THREADS", text, ask), testing::ExitedWithCode(1),
                "NUMFUSE_NUM_THREADS: \".*\" is not a positive number");
  }
  EXPECT_EXIT(exit_with_message("NUMFUSE_NUM_THREADS", "2", ask), testing::ExitedWithCode(0), "");
}

TEST(EnvironmentDeathTest, LastCache) {
  const auto ask = [] { std::exit(detail::exceeds_caches(std::int64_t{3} << 20) ? 3 : 0); };
  EXPECT_EXIT(exit_with_message("NUMFUSE_LAST_CACHE_MIB", "0", ask), testing::ExitedWithCode(1),
              "NUMFUSE_LAST_CACHE_MIB: \"0\" is not a positive number");
  EXPECT_EXIT(exit_with_message("NUMFUSE_LAST_CACHE_MIB", "2", ask), testing::ExitedWithCode(3),
              "");
  EXPECT_EXIT(exit_with_message("NUMFUSE_LAST_CACHE_MIB", "4", ask), testing::ExitedWithCode(0),
              "");
}

TEST(EnvironmentDeathTest, InstructionSet) {
  const auto ask = [] { instruction_set(); };
  EXPECT_EXIT(exit_with_message("NUMFUSE_ISA", "sse", ask), testing::ExitedWithCode(1),
              "NUMFUSE_ISA: \"sse\" is none of avx512, avx2, baseline");
  EXPECT_EXIT(exit_with_message("NUMFUSE_ISA", "baseline", ask), testing::ExitedWithCode(0), "");
}

TEST(EnvironmentDeathTest, FetchAhead) {
  const auto ask = [] { detail::fetches_ahead(); };
  EXPECT_EXIT(exit_with_message("NUMFUSE_FETCH_AHEAD", "yes", ask), testing::ExitedWithCode(1),
              "NUMFUSE_FETCH_AHEAD: \"yes\" is neither 0 nor 1");
  for (const char* text : {"", "0", "1"}) {
    EXPECT_EXIT(exit_with_message("NUMFUSE_FETCH_AHEAD", text, ask), testing::ExitedWithCode(0),
                "");
  }
}

}  // namespace
}  // namespace numfuse::tests
