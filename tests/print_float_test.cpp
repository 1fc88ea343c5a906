// Printing of floating dtypes: digits, exponents, padding. `nan` and `inf` are those of NumPy.
// The comment above each expectation is the expression whose text NumPy 2.4 gave.
#include <gtest/gtest.h>

#include <bit>
#include <cstdint>
#include <limits>
#include <string>

#include <numfuse/print.hpp>

#include "print_text.hpp"

namespace numfuse {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr double inf = std::numeric_limits<double>::infinity();

TEST(print_float, float64_without_exponents) {
  // str(np.array([1, 2.5]))
  EXPECT_EQ(text<double>({1, 2.5}), "[1.  2.5]");
  // str(np.array([0.1, 0.2, 0.3]))
  EXPECT_EQ(text<double>({0.1, 0.2, 0.3}), "[0.1 0.2 0.3]");
  // str(np.array([1, 2, 3], 'f8'))
  EXPECT_EQ(text<double>({1, 2, 3}), "[1. 2. 3.]");
  // str(np.array([0, 0], 'f8'))
  EXPECT_EQ(text<double>({0, 0}), "[0. 0.]");
  // str(np.array([-1.5, 2]))
  EXPECT_EQ(text<double>({-1.5, 2}), "[-1.5  2. ]");
  // str(np.array([-0.0, 0]))
  EXPECT_EQ(text<double>({-0.0, 0}), "[-0.  0.]");
  // str(np.array([100.25, -3.125]))
  EXPECT_EQ(text<double>({100.25, -3.125}), "[100.25   -3.125]");
  // str(np.array([0.5]))
  EXPECT_EQ(text<double>({0.5}), "[0.5]");
  // str(np.array([0.3333333333333333, 0.6666666666666666]))
  EXPECT_EQ(text<double>({0.3333333333333333, 0.6666666666666666}), "[0.33333333 0.66666667]");
  // str(np.array([-0.3333333333333333, 1]))
  EXPECT_EQ(text<double>({-0.3333333333333333, 1}), "[-0.33333333  1.        ]");
  // str(np.array([0.0001, 0.05]))
  EXPECT_EQ(text<double>({0.0001, 0.05}), "[0.0001 0.05  ]");
  // str(np.array([99999999.0, 100000]))
  EXPECT_EQ(text<double>({99999999.0, 100000}), "[99999999.   100000.]");
  // str(np.array([12345678.9]))
  EXPECT_EQ(text<double>({12345678.9}), "[12345678.9]");
  // str(np.array([1000, 1], 'f8'))
  EXPECT_EQ(text<double>({1000, 1}), "[1000.    1.]");
  // str(np.array([1.005, 2.675]))
  EXPECT_EQ(text<double>({1.005, 2.675}), "[1.005 2.675]");
  // str(np.array([0.123456785, 0.123456775]))
  EXPECT_EQ(text<double>({0.123456785, 0.123456775}), "[0.12345678 0.12345678]");
  // str(np.array([0.000123456789]))
  EXPECT_EQ(text<double>({0.000123456789}), "[0.00012346]");
  // str(np.array([10000000.5, 20000000.0]))
  EXPECT_EQ(text<double>({10000000.5, 20000000.0}), "[10000000.5 20000000. ]");
  // str(np.array([999.9999999999, 1.5]))
  EXPECT_EQ(text<double>({999.9999999999, 1.5}), "[1000.     1.5]");
  // str(np.array([0.0009765625]))
  EXPECT_EQ(text<double>({0.0009765625}), "[0.00097656]");
  // str(np.array([0.001, 0.9999]))
  EXPECT_EQ(text<double>({0.001, 0.9999}), "[0.001  0.9999]");
}

TEST(print_float, float64_with_exponents) {
  // str(np.array([100000000.0]))
  EXPECT_EQ(text<double>({100000000.0}), "[1.e+08]");
  // str(np.array([99999999.5, 1]))
  EXPECT_EQ(text<double>({99999999.5, 1}), "[9.99999995e+07 1.00000000e+00]");
  // str(np.array([123456789.0, 1]))
  EXPECT_EQ(text<double>({123456789.0, 1}), "[1.23456789e+08 1.00000000e+00]");
  // str(np.array([1e-05], 'f8'))
  EXPECT_EQ(text<double>({1e-05}), "[1.e-05]");
  // str(np.array([9.999e-05, 0.05]))
  EXPECT_EQ(text<double>({9.999e-05, 0.05}), "[9.999e-05 5.000e-02]");
  // str(np.array([0.0001, 0.2]))
  EXPECT_EQ(text<double>({0.0001, 0.2}), "[1.e-04 2.e-01]");
  // str(np.array([1, 1000.5]))
  EXPECT_EQ(text<double>({1, 1000.5}), "[1.0000e+00 1.0005e+03]");
  // str(np.array([1, 1001], 'f8'))
  EXPECT_EQ(text<double>({1, 1001}), "[1.000e+00 1.001e+03]");
  // str(np.array([-10000000000.0, 0.0025]))
  EXPECT_EQ(text<double>({-10000000000.0, 0.0025}), "[-1.0e+10  2.5e-03]");
  // str(np.array([1e+100, 1], 'f8'))
  EXPECT_EQ(text<double>({1e+100, 1}), "[1.e+100 1.e+000]");
  // str(np.array([1e-300, 1e+300], 'f8'))
  EXPECT_EQ(text<double>({1e-300, 1e+300}), "[1.e-300 1.e+300]");
  // str(np.array([1.5e+300, -2.25]))
  EXPECT_EQ(text<double>({1.5e+300, -2.25}), "[ 1.50e+300 -2.25e+000]");
  // str(np.array([5e-324], 'f8'))
  EXPECT_EQ(text<double>({5e-324}), "[5.e-324]");
  // str(np.array([1.7976931348623157e+308]))
  EXPECT_EQ(text<double>({1.7976931348623157e+308}), "[1.79769313e+308]");
  // str(np.array([1e+16, 1e-16, 0], 'f8'))
  EXPECT_EQ(text<double>({1e+16, 1e-16, 0}), "[1.e+16 1.e-16 0.e+00]");
  // str(np.array([6.02214076e+23, 1.380649e-23]))
  EXPECT_EQ(text<double>({6.02214076e+23, 1.380649e-23}), "[6.02214076e+23 1.38064900e-23]");
  // str(np.array([2.5e-09, -0.0]))
  EXPECT_EQ(text<double>({2.5e-09, -0.0}), "[ 2.5e-09 -0.0e+00]");
  // str(np.array([1.23456789012e-07, 1e-07]))
  EXPECT_EQ(text<double>({1.23456789012e-07, 1e-07}), "[1.23456789e-07 1.00000000e-07]");
}

TEST(print_float, rounds_the_exact_value_with_ties_to_even) {
  // np.array2string(np.array([0.5, 1.5, 2.5, 3.5]), precision=0)
  EXPECT_EQ(text<double>({0.5, 1.5, 2.5, 3.5}, {4}, {.precision = 0}), "[0. 2. 2. 4.]");
  // np.array2string(np.array([0.15, 0.25, 0.35, 0.45]), precision=1)
  EXPECT_EQ(text<double>({0.15, 0.25, 0.35, 0.45}, {4}, {.precision = 1}), "[0.1 0.2 0.3 0.5]");
  // np.array2string(np.array([25000000000.0, 35000000000.0, -12500000000.0]), precision=1)
  EXPECT_EQ(text<double>({25000000000.0, 35000000000.0, -12500000000.0}, {3}, {.precision = 1}),
            "[ 2.5e+10  3.5e+10 -1.2e+10]");
  // np.array2string(np.array([0.00048828125, 1]), precision=10)
  EXPECT_EQ(text<double>({0.00048828125, 1}, {2}, {.precision = 10}),
            "[4.8828125e-04 1.0000000e+00]");
  // np.array2string(np.array([0.00048828125, 0.00146484375]), precision=10)
  EXPECT_EQ(text<double>({0.00048828125, 0.00146484375}, {2}, {.precision = 10}),
            "[0.0004882812 0.0014648438]");
  // str(np.array([9.9999999951, 9.99999999]))
  EXPECT_EQ(text<double>({9.9999999951, 9.99999999}), "[10.          9.99999999]");
  // str(np.array([0.99999999951, 0.5]))
  EXPECT_EQ(text<double>({0.99999999951, 0.5}), "[1.  0.5]");
}

TEST(print_float, nan_and_infinity) {
  // str(np.array([nan]))
  EXPECT_EQ(text<double>({nan}), "[nan]");
  // str(np.array([inf], 'f8'))
  EXPECT_EQ(text<double>({inf}), "[inf]");
  // str(np.array([-inf], 'f8'))
  EXPECT_EQ(text<double>({-inf}), "[-inf]");
  // str(np.array([nan, 1]))
  EXPECT_EQ(text<double>({nan, 1}), "[nan  1.]");
  // str(np.array([nan, -1]))
  EXPECT_EQ(text<double>({nan, -1}), "[nan -1.]");
  // str(np.array([1, -inf], 'f8'))
  EXPECT_EQ(text<double>({1, -inf}), "[  1. -inf]");
  // str(np.array([inf, 10.25]))
  EXPECT_EQ(text<double>({inf, 10.25}), "[  inf 10.25]");
  // str(np.array([-inf, 100.5]))
  EXPECT_EQ(text<double>({-inf, 100.5}), "[ -inf 100.5]");
  // str(np.array([nan, inf, -inf]))
  EXPECT_EQ(text<double>({nan, inf, -inf}), "[ nan  inf -inf]");
  // str(np.array([10000000000.0, nan, -inf]))
  EXPECT_EQ(text<double>({10000000000.0, nan, -inf}), "[1.e+10    nan   -inf]");
  // str(np.array([1e-10, inf], 'f8'))
  EXPECT_EQ(text<double>({1e-10, inf}), "[1.e-10    inf]");
  // str(np.array([nan, 0.001234, -5]))
  EXPECT_EQ(text<double>({nan, 0.001234, -5}), "[       nan  1.234e-03 -5.000e+00]");
}

TEST(print_float, float32) {
  // str(np.array([0.1, 0.2], 'f4'))
  EXPECT_EQ(text<float>({0.1, 0.2}), "[0.1 0.2]");
  // str(np.array([0.3333333333333333], 'f4'))
  EXPECT_EQ(text<float>({0.3333333333333333}), "[0.33333334]");
  // str(np.array([16777216.0], 'f4'))
  EXPECT_EQ(text<float>({16777216.0}), "[1.6777216e+07]");
  // str(np.array([999999, 1], 'f4'))
  EXPECT_EQ(text<float>({999999, 1}), "[9.99999e+05 1.00000e+00]");
  // str(np.array([1000000.0], 'f4'))
  EXPECT_EQ(text<float>({1000000.0}), "[1.e+06]");
  // str(np.array([123456.7], 'f4'))
  EXPECT_EQ(text<float>({123456.7}), "[123456.7]");
  // str(np.array([0.0001, 1], 'f4'))
  EXPECT_EQ(text<float>({0.0001, 1}), "[1.e-04 1.e+00]");
  // str(np.array([1e-05, 0.12345678], 'f4'))
  EXPECT_EQ(text<float>({1e-05, 0.12345678}), "[9.9999997e-06 1.2345678e-01]");
  // str(np.array([3.4e+38, 1e-38], 'f4'))
  EXPECT_EQ(text<float>({3.4e+38, 1e-38}), "[3.4e+38 1.0e-38]");
  // str(np.array([1.1, -2.2, 3.3], 'f4'))
  EXPECT_EQ(text<float>({1.1, -2.2, 3.3}), "[ 1.1 -2.2  3.3]");
  // str(np.array([nan, 0.1], 'f4'))
  EXPECT_EQ(text<float>({nan, 0.1}), "[nan 0.1]");
  // str(np.array([0.7310586, 0.880797], 'f4'))
  EXPECT_EQ(text<float>({0.7310586, 0.880797}), "[0.7310586 0.880797 ]");
}

#if NUMFUSE_HAS_CUDA
TEST(print_float, float16) {
  // str(np.array([0.1, 0.2], 'f2'))
  EXPECT_EQ(text<half>({0.1, 0.2}), "[0.1 0.2]");
  // str(np.array([0.3333333333333333, 1], 'f2'))
  EXPECT_EQ(text<half>({0.3333333333333333, 1}), "[0.3333 1.    ]");
  // str(np.array([999.5, 1], 'f2'))
  EXPECT_EQ(text<half>({999.5, 1}), "[999.5   1. ]");
  // str(np.array([1000], 'f2'))
  EXPECT_EQ(text<half>({1000}), "[1.e+03]");
  // str(np.array([65504, 1], 'f2'))
  EXPECT_EQ(text<half>({65504, 1}), "[6.55e+04 1.00e+00]");
  // str(np.array([0.0001, 1], 'f2'))
  EXPECT_EQ(text<half>({0.0001, 1}), "[1.e-04 1.e+00]");
  // str(np.array([6e-08], 'f2'))
  EXPECT_EQ(text<half>({6e-08}), "[6.e-08]");
  // str(np.array([1e-05, 0.1, 1234], 'f2'))
  EXPECT_EQ(text<half>({1e-05, 0.1, 1234}), "[1.001e-05 9.998e-02 1.234e+03]");
  // str(np.array([0.015625, 4096], 'f2'))
  EXPECT_EQ(text<half>({0.015625, 4096}), "[1.563e-02 4.096e+03]");
  // str(np.array([nan, -inf, 2.5], 'f2'))
  EXPECT_EQ(text<half>({nan, -inf, 2.5}), "[ nan -inf  2.5]");
  // str(np.array([2048], 'f2'))
  EXPECT_EQ(text<half>({2048}), "[2.048e+03]");
}

// NumPy has no bfloat16. The expected digits identify each value among its neighbours: 8 bits.
TEST(print_float, bfloat16) {
  EXPECT_EQ(text<bfloat16>({1, 2.5, -0.25}), "[ 1.    2.5  -0.25]");
  EXPECT_EQ(text<bfloat16>({1.0 / 3, 0.1}), "[0.334 0.1  ]");
  EXPECT_EQ(text<bfloat16>({99.5, 1}), "[99.5  1. ]");
  EXPECT_EQ(text<bfloat16>({100, 1}), "[1.e+02 1.e+00]");
  EXPECT_EQ(text<bfloat16>({3e38, nan, -inf}), "[3.e+38    nan   -inf]");
  EXPECT_EQ(scalar_to_string(convert<bfloat16>(1.0 / 3)), "0.334");
  EXPECT_EQ(scalar_to_string(convert<bfloat16>(99.5)), "99.5");
  EXPECT_EQ(scalar_to_string(convert<bfloat16>(3e38)), "3e+38");
}

template <class T>
class print_narrow : public testing::Test {};
using narrow_types = testing::Types<half, bfloat16>;
TYPED_TEST_SUITE(print_narrow, narrow_types);

TYPED_TEST(print_narrow, every_value_reads_back) {
  for (int bits = 0; bits <= std::numeric_limits<std::uint16_t>::max(); ++bits) {
    const auto x = std::bit_cast<TypeParam>(static_cast<std::uint16_t>(bits));
    const float value = static_cast<float>(x);
    const std::string text = scalar_to_string(x);
    if (value != value) {
      ASSERT_EQ(text, "nan");
    } else {
      ASSERT_EQ(static_cast<float>(convert<TypeParam>(std::stod(text))), value) << text;
    }
  }
}

#endif

}  // namespace
}  // namespace numfuse
