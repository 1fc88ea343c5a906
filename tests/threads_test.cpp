// The host's threads: how many there are decides no result, and calls from several threads at once
// do not disturb each other.
#include <cstring>
#include <thread>

#include <gtest/gtest.h>

#include <numfuse/detail/parallel.hpp>
#include <numfuse/numfuse.hpp>

namespace numfuse::tests {
namespace {

class threads : public ::testing::Test {
 protected:
  void TearDown() override { set_num_threads(before_); }
  int before_ = num_threads();
};

template <class T>
bool same_bits(const host_tensor<T>& x, const host_tensor<T>& y) {
  return x.shape() == y.shape() &&
         std::memcmp(x.data(), y.data(), static_cast<std::size_t>(x.size()) * sizeof(T)) == 0;
}

// Vectors long, short, side by side and few: every way in which work is cut. Where there are fewer
// of them than threads, several share one that a single thread would hold.
template <class T>
std::vector<host_tensor<T>> results() {
  std::vector<host_tensor<T>> all_of;
  for (const shape& s : {shape{3, 70001}, shape{40000, 5}, shape{1000, 99}, shape{9000, 40},
                         shape{12, 30011}, shape{150, 1500}, shape{2300, 700}}) {
    const auto x = random_normal<T, host>(s, 1);
    all_of.push_back(softmax(x));
    all_of.push_back(softmax(x, 0));
    all_of.push_back(sum(x, 0));
    all_of.push_back(var(x, 0));
    all_of.push_back(sum(x));
    all_of.push_back(norm(x));
    all_of.push_back(var(x));
    all_of.push_back(exp(x));
    all_of.push_back(dot(x.reshape({-1}), x.reshape({-1})));
  }
  return all_of;
}

template <class T>
void check_numbers_of_threads() {
  set_num_threads(1);
  const auto expected = results<T>();
  for (int n : {2, 3, 8}) {
    set_num_threads(n);
    EXPECT_EQ(num_threads(), n);
    const auto got = results<T>();
    for (std::size_t i = 0; i < got.size(); ++i) {
      EXPECT_TRUE(same_bits(got[i], expected[i])) << "result " << i << " on " << n << " threads";
    }
  }
}

TEST_F(threads, NumberDecidesNoResult) {
  check_numbers_of_threads<float>();
  check_numbers_of_threads<double>();
}

TEST_F(threads, CallsAtTheSameTime) {
  const auto expected = results<float>();
  std::vector<std::vector<host_tensor<float>>> got(4);
  std::vector<std::thread> callers;
  for (auto& own : got) callers.emplace_back([&own] { own = results<float>(); });
  for (auto& caller : callers) caller.join();
  for (const auto& own : got) {
    ASSERT_EQ(own.size(), expected.size());
    for (std::size_t i = 0; i < own.size(); ++i) {
      EXPECT_TRUE(same_bits(own[i], expected[i])) << "result " << i;
    }
  }
}

TEST_F(threads, ExceptionsComeBack) {
  set_num_threads(4);
  const auto work = [](std::int64_t i) {
    if (i == 57) throw value_error("task 57");
  };
  EXPECT_THROW(detail::parallel_for(100, 1 << 20, work), value_error);
}

TEST_F(threads, RefusesNone) {
  try {
    set_num_threads(0);
    FAIL() << "no exception";
  } catch (const value_error& e) {
    EXPECT_STREQ(e.what(), "set_num_threads: 0 threads");
  }
}

}  // namespace
}  // namespace numfuse::tests
