// Users' formulas on the GPU: compiled here by nvcc, run where there is a GPU.
#include <gtest/gtest.h>
#include <thrust/device_vector.h>

#include "support/formulas.hpp"

namespace numfuse::tests {
namespace {

class fuse_cuda : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!device_available()) GTEST_SKIP() << device_description();
  }
};

TEST_F(fuse_cuda, gives_what_the_host_gives) {
  for (std::int64_t n : {1, 15, 33, 129, 1025, 4097, 20000, 100003}) {
    const auto x = random_normal<float>({5, n}, 1);
    for (int axis : {0, 1}) {
      const auto [centred, most, where_least, many] = fuse(all_kinds{}).along(axis)(x);
      const auto [d_centred, d_most, d_where_least, d_many] =
          fuse(all_kinds{}).along(axis)(x.to<device>());
      EXPECT_TRUE(allclose(d_centred.to<host>(), centred, 2e-6, 1e-5)) << n;
      EXPECT_TRUE(array_equal(d_most.to<host>(), most)) << n;
      EXPECT_TRUE(array_equal(d_where_least.to<host>(), where_least)) << n;
      EXPECT_TRUE(array_equal(d_many.to<host>(), many)) << n;
    }
  }
}

TEST_F(fuse_cuda, broadcasts_its_inputs) {
  for (std::int64_t n : {1, 33, 1024, 5001}) {
    const auto x = random_normal<float>({300, n}, 2);
    const auto gamma = random_normal<float>({n}, 3), beta = random_normal<float>({n}, 4);
    const auto expected = fuse(layer_norm{})(x, gamma, beta);
    const auto result = fuse(layer_norm{})(x.to<device>(), gamma.to<device>(), beta.to<device>());
    EXPECT_TRUE(allclose(result.to<host>(), expected, 1e-5, 1e-5)) << n;
  }
}

// The channels of a batch of images, normalized: runs of memory, for a few vectors and for many.
TEST_F(fuse_cuda, goes_along_several_axes) {
  for (const shape& s : {shape{33, 5, 3000}, shape{2, 3000, 7}}) {
    const auto x = random_normal<float>(s, 6);
    const auto gamma = random_normal<float>({s[1], 1}, 7),
               beta = random_normal<float>({s[1], 1}, 8);
    const auto normalize = fuse(layer_norm{}).along({0, 2});
    const auto result = normalize(x.to<device>(), gamma.to<device>(), beta.to<device>());
    EXPECT_TRUE(allclose(result.to<host>(), normalize(x, gamma, beta), 1e-5, 1e-5)) << to_string(s);
  }
}

TEST_F(fuse_cuda, takes_over_a_vector_without_copying) {
  thrust::device_vector<float> values(6, 2.0f);
  const float* address = thrust::raw_pointer_cast(values.data());
  const device_tensor<float> x(shape{2, 3}, std::move(values));
  EXPECT_EQ(x.data(), address);
  EXPECT_TRUE(array_equal(x.to<host>(), full<float>({2, 3}, 2.0f)));
}

TEST_F(fuse_cuda, runs_on_a_stream_into_memory_that_is_there) {
  const auto s = stream::create();
  const auto x = random_normal<float>({64, 1000}, 5);
  const auto d = x.to<device>(s);
  device_tensor<float> out(x.shape(), s);
  fuse(ramp{}).on(s).into(out, d);
  s.synchronize();
  EXPECT_TRUE(allclose(out.to<host>(s), fuse(ramp{})(x)));
}

}  // namespace
}  // namespace numfuse::tests
