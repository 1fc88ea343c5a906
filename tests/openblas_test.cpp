// Which kernels OpenBLAS takes: those of this processor, or what the user asks for.
#include <cstdlib>
#include <string>

#include <gtest/gtest.h>

#include "../src/openblas.hpp"

#include <numfuse/creation.hpp>
#include <numfuse/linalg.hpp>

extern "C" __attribute__((weak)) char* openblas_get_corename();

namespace numfuse::tests {
namespace {

std::string taken() { return openblas_get_corename(); }

// The product of ones, of more rows and columns than a kernel's tile.
void expect_right_product() {
  const auto ones = full<float, host>({100, 70}, 1), twos = full<float, host>({70, 90}, 2);
  const host_tensor<float> product = matmul(ones, twos);
  for (std::int64_t i = 0; i < product.size(); ++i) EXPECT_EQ(product.data()[i], 140) << i;
}

class Openblas : public testing::Test {
 protected:
  void SetUp() override {
    if (openblas_get_corename == nullptr) GTEST_SKIP() << "another BLAS";
  }
};

TEST_F(Openblas, IsToldOfWiderRegistersThanItKnows) {
  EXPECT_STREQ(detail::better_kernels("Prescott", detail::isa::avx512), "SkylakeX");
  EXPECT_STREQ(detail::better_kernels("Prescott", detail::isa::avx2), "Haswell");
  EXPECT_EQ(detail::better_kernels("Prescott", detail::isa::baseline), nullptr);
  EXPECT_EQ(detail::better_kernels("Haswell", detail::isa::avx512), nullptr);
}

TEST_F(Openblas, TakesKernelsOfThisProcessor) {
  if (std::getenv("OPENBLAS_CORETYPE") != nullptr) GTEST_SKIP() << "OPENBLAS_CORETYPE is set";
  EXPECT_EQ(detail::better_kernels(taken(), detail::widest_isa()), nullptr) << taken();
  expect_right_product();
}

// Run with OPENBLAS_CORETYPE=Prescott, which is what OpenBLAS takes a processor for that it does
// not know.
TEST_F(Openblas, KeepsWhatIsAskedForAndIsCorrectedOtherwise) {
  const char* const asked = std::getenv("OPENBLAS_CORETYPE");
  if (asked == nullptr || std::string(asked) != "Prescott") GTEST_SKIP() << "not OPENBLAS_CORETYPE";
  EXPECT_FALSE(detail::correct_kernels_of_openblas());
  EXPECT_EQ(taken(), "Prescott");
  expect_right_product();

  unsetenv("OPENBLAS_CORETYPE");
  const char* const better = detail::better_kernels("Prescott", detail::widest_isa());
  if (better == nullptr) GTEST_SKIP() << "no wider registers than those";
  EXPECT_TRUE(detail::correct_kernels_of_openblas());
  EXPECT_EQ(taken(), better);
  EXPECT_EQ(std::getenv("OPENBLAS_CORETYPE"), nullptr);
  expect_right_product();
}

}  // namespace
}  // namespace numfuse::tests
