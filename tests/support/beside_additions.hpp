// What functions cost beside an addition. A compiler that makes no vector instructions of one of
// their loops, as it does at the sight of a bool in memory or of a branch, makes it take 5 to 50
// times as long: results do not show it.
#pragma once

#include <algorithm>
#include <chrono>
#include <iostream>
#include <string>

#include <gtest/gtest.h>

#include <numfuse/numfuse.hpp>

namespace numfuse::tests {

template <class F>
double seconds_of(const F& f) {
  using clock = std::chrono::steady_clock;
  const auto start = clock::now();
  f();
  return std::chrono::duration<double>(clock::now() - start).count();
}

class beside_additions : public ::testing::Test {
 protected:
  template <class F>
  void costs(const std::string& name, double most, const F& f) const {
    // The fastest of many runs, in turns: other programs take time, none gives some.
    double fastest = 1, addition = 1;
    for (int run = 0; run < 1000; ++run) {
      fastest = std::min(fastest, seconds_of(f));
      addition = std::min(addition, seconds_of([&] { x_ + y_; }));
    }
    const double ratio = fastest / addition;
    std::cout << name << ' ' << instruction_set() << ": " << ratio << " of " << most
              << " additions\n";
    EXPECT_LE(ratio, most) << name;
  }

  // In additions, about twice of what was measured; a simple loop without vector instructions took
  // 5 and more, in the baseline 3.5. There vector registers are short, and lack some operations.
  bool is_baseline_ = instruction_set() == "baseline";
  double simple_ = is_baseline_ ? 5 : 3;
  double transcendental_ = is_baseline_ ? 30 : 12;

  // They fit the second-level cache: there it is instructions that count.
  host_tensor<float> x_ = random_uniform<float>({16000}, 1, -4, 4);
  host_tensor<float> y_ = random_uniform<float>({16000}, 2, -4, 4);
};

}  // namespace numfuse::tests
