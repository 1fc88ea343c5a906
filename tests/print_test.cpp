// Printing: the notebook, whole numbers, scalars, strides and options.
// The comment above each expectation is the expression whose text NumPy 2.4 gave.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include <numfuse/print.hpp>

#include "print_text.hpp"

namespace numfuse {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr double inf = std::numeric_limits<double>::infinity();

double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }
double slope(double x) { return sigmoid(x) * (1 - sigmoid(x)); }

/// The softmax of each of two rows, one after the other.
std::vector<double> softmax(const std::vector<double>& a, const std::vector<double>& b) {
  std::vector<double> result;
  for (const std::vector<double>& row : {a, b}) {
    double sum = 0;
    for (double x : row) sum += std::exp(x);
    for (double x : row) result.push_back(std::exp(x) / sum);
  }
  return result;
}

std::vector<double> outer(const std::vector<double>& a, const std::vector<double>& b) {
  std::vector<double> result;
  for (double x : a) {
    for (double y : b) result.push_back(x * y);
  }
  return result;
}

/// The text of 0, 1, 2, ... in memory, seen with these strides from element `first` on.
std::string strided_text(const shape& s, const strides& st, int first = 0) {
  std::vector<std::int64_t> data;
  for (int i = 0; i < 1200; ++i) data.push_back(i);
  return array_to_string(data.data() + first, s, st);
}

TEST(print, notebook) {
  // str(np.exp(np.array([1, 2, 3])))
  EXPECT_EQ(text<double>({std::exp(1.0), std::exp(2.0), std::exp(3.0)}),
            "[ 2.71828183  7.3890561  20.08553692]");
  // str(np.array([1, 2, 3]) + 3)
  EXPECT_EQ(text<std::int64_t>({4, 5, 6}), "[4 5 6]");
  // str(1 / (1 + np.exp(-np.array([1, 2, 3]))))
  EXPECT_EQ(text<double>({sigmoid(1), sigmoid(2), sigmoid(3)}),
            "[0.73105858 0.88079708 0.95257413]");
  // str((lambda s: s * (1 - s))(1 / (1 + np.exp(-np.array([1, 2, 3])))))
  EXPECT_EQ(text<double>({slope(1), slope(2), slope(3)}), "[0.19661193 0.10499359 0.04517666]");
  // str(np.array([0.67826139, 0.29380381, 0.90714982, 0.52835647, 0.4215251, 0.45017551,
  // 0.92814219, 0.96677647, 0.85304703, 0.52351845, 0.19981397, 0.27417313, 0.60659855, 0.00533165,
  // 0.10820313, 0.49978937, 0.34144279, 0.94630077]).reshape(18, 1))
  EXPECT_EQ(text<double>({0.67826139, 0.29380381, 0.90714982, 0.52835647, 0.4215251, 0.45017551,
                          0.92814219, 0.96677647, 0.85304703, 0.52351845, 0.19981397, 0.27417313,
                          0.60659855, 0.00533165, 0.10820313, 0.49978937, 0.34144279, 0.94630077},
                         {18, 1}),
            "[[0.67826139]\n"
            " [0.29380381]\n"
            " [0.90714982]\n"
            " [0.52835647]\n"
            " [0.4215251 ]\n"
            " [0.45017551]\n"
            " [0.92814219]\n"
            " [0.96677647]\n"
            " [0.85304703]\n"
            " [0.52351845]\n"
            " [0.19981397]\n"
            " [0.27417313]\n"
            " [0.60659855]\n"
            " [0.00533165]\n"
            " [0.10820313]\n"
            " [0.49978937]\n"
            " [0.34144279]\n"
            " [0.94630077]]");
  // str(np.array([0.67826139, 0.29380381, 0.90714982, 0.52835647, 0.4215251, 0.45017551,
  // 0.92814219, 0.96677647, 0.85304703, 0.52351845, 0.19981397, 0.27417313, 0.60659855, 0.00533165,
  // 0.10820313, 0.49978937, 0.34144279, 0.94630077]).reshape(3, 3, 2))
  EXPECT_EQ(text<double>({0.67826139, 0.29380381, 0.90714982, 0.52835647, 0.4215251, 0.45017551,
                          0.92814219, 0.96677647, 0.85304703, 0.52351845, 0.19981397, 0.27417313,
                          0.60659855, 0.00533165, 0.10820313, 0.49978937, 0.34144279, 0.94630077},
                         {3, 3, 2}),
            "[[[0.67826139 0.29380381]\n"
            "  [0.90714982 0.52835647]\n"
            "  [0.4215251  0.45017551]]\n"
            "\n"
            " [[0.92814219 0.96677647]\n"
            "  [0.85304703 0.52351845]\n"
            "  [0.19981397 0.27417313]]\n"
            "\n"
            " [[0.60659855 0.00533165]\n"
            "  [0.10820313 0.49978937]\n"
            "  [0.34144279 0.94630077]]]");
  // str(np.array([[0, 3, 4], [1, 6, 4]]) / np.array([[5], [np.sqrt(53)]]))
  EXPECT_EQ(
      text<double>({0, 0.6, 0.8, 1 / std::sqrt(53), 6 / std::sqrt(53), 4 / std::sqrt(53)}, {2, 3}),
      "[[0.         0.6        0.8       ]\n"
      " [0.13736056 0.82416338 0.54944226]]");
  // str((lambda e: e / e.sum(axis=1, keepdims=True))(np.exp([[9., 2, 5, 0, 0], [7, 5, 0, 0, 0]])))
  EXPECT_EQ(text<double>(softmax({9, 2, 5, 0, 0}, {7, 5, 0, 0, 0}), {2, 5}),
            "[[9.80897665e-01 8.94462891e-04 1.79657674e-02 1.21052389e-04\n"
            "  1.21052389e-04]\n"
            " [8.78679856e-01 1.18916387e-01 8.01252314e-04 8.01252314e-04\n"
            "  8.01252314e-04]]");
  // str(np.array([81, 4, 10, 0, 0, 63, 10, 0, 0, 0, 81, 4, 25, 0, 0]))
  EXPECT_EQ(text<std::int64_t>({81, 4, 10, 0, 0, 63, 10, 0, 0, 0, 81, 4, 25, 0, 0}),
            "[81  4 10  0  0 63 10  0  0  0 81  4 25  0  0]");
  // str(np.outer([9, 2, 5, 0, 0, 7, 5, 0, 0, 0, 9, 2, 5, 0, 0], [9, 2, 2, 9, 0, 9, 2, 5, 0, 0, 9,
  // 2, 5, 0, 0]))
  EXPECT_EQ(text<std::int64_t>(outer({9, 2, 5, 0, 0, 7, 5, 0, 0, 0, 9, 2, 5, 0, 0},
                                     {9, 2, 2, 9, 0, 9, 2, 5, 0, 0, 9, 2, 5, 0, 0}),
                               {15, 15}),
            "[[81 18 18 81  0 81 18 45  0  0 81 18 45  0  0]\n"
            " [18  4  4 18  0 18  4 10  0  0 18  4 10  0  0]\n"
            " [45 10 10 45  0 45 10 25  0  0 45 10 25  0  0]\n"
            " [ 0  0  0  0  0  0  0  0  0  0  0  0  0  0  0]\n"
            " [ 0  0  0  0  0  0  0  0  0  0  0  0  0  0  0]\n"
            " [63 14 14 63  0 63 14 35  0  0 63 14 35  0  0]\n"
            " [45 10 10 45  0 45 10 25  0  0 45 10 25  0  0]\n"
            " [ 0  0  0  0  0  0  0  0  0  0  0  0  0  0  0]\n"
            " [ 0  0  0  0  0  0  0  0  0  0  0  0  0  0  0]\n"
            " [ 0  0  0  0  0  0  0  0  0  0  0  0  0  0  0]\n"
            " [81 18 18 81  0 81 18 45  0  0 81 18 45  0  0]\n"
            " [18  4  4 18  0 18  4 10  0  0 18  4 10  0  0]\n"
            " [45 10 10 45  0 45 10 25  0  0 45 10 25  0  0]\n"
            " [ 0  0  0  0  0  0  0  0  0  0  0  0  0  0  0]\n"
            " [ 0  0  0  0  0  0  0  0  0  0  0  0  0  0  0]]");
  // str(1 / (1 + np.exp(-1.0)))
  EXPECT_EQ(scalar_to_string(sigmoid(1)), "0.7310585786300049");
  // str(278)
  EXPECT_EQ(scalar_to_string(std::int64_t{278}), "278");
  // str(np.abs(np.array([.9, .2, .1, .4, .9]) - [1, 0, 0, 1, 1]).sum())
  EXPECT_EQ(scalar_to_string(1.1), "1.1");
  // str(np.float64(0.43))
  EXPECT_EQ(scalar_to_string(0.43), "0.43");
}

TEST(print, integers) {
  // str(np.array([1, 2, 3]))
  EXPECT_EQ(text<std::int64_t>({1, 2, 3}), "[1 2 3]");
  // str(np.array([-1, 10, 100]))
  EXPECT_EQ(text<std::int64_t>({-1, 10, 100}), "[ -1  10 100]");
  // str(np.array([0]))
  EXPECT_EQ(text<std::int64_t>({0}), "[0]");
  // str(np.array([-2147483648, 2147483647, 0], 'i4'))
  EXPECT_EQ(text<std::int32_t>({-2147483648, 2147483647, 0}),
            "[-2147483648  2147483647           0]");
  // str(np.array([0, 7, 255], 'u1'))
  EXPECT_EQ(text<std::uint8_t>({0, 7, 255}), "[  0   7 255]");
  // str(np.array([1, -2, 3, -4]).reshape(2, 2))
  EXPECT_EQ(text<std::int64_t>({1, -2, 3, -4}, {2, 2}),
            "[[ 1 -2]\n"
            " [ 3 -4]]");
  // str(np.array([5]).reshape(1, 1, 1))
  EXPECT_EQ(text<std::int64_t>({5}, {1, 1, 1}), "[[[5]]]");
  // str(np.array([-9223372036854775807 - 1, 9223372036854775807]))
  EXPECT_EQ(text_of<std::int64_t>({std::numeric_limits<std::int64_t>::min(),
                                   std::numeric_limits<std::int64_t>::max()},
                                  {2}),
            "[-9223372036854775808  9223372036854775807]");
}

TEST(print, booleans) {
  // str(np.array([True, False]))
  EXPECT_EQ(text<bool>({true, false}), "[ True False]");
  // str(np.array([True]))
  EXPECT_EQ(text<bool>({true}), "[ True]");
  // str(np.array([True, True]).reshape(2, 1))
  EXPECT_EQ(text<bool>({true, true}, {2, 1}),
            "[[ True]\n"
            " [ True]]");
  // str(np.array([False, True, True, False]).reshape(2, 2))
  EXPECT_EQ(text<bool>({false, true, true, false}, {2, 2}),
            "[[False  True]\n"
            " [ True False]]");
}

TEST(print, scalars_print_whole) {
  // str(np.float64(0.7310585786300049))
  EXPECT_EQ(scalar_to_string(0.7310585786300049), "0.7310585786300049");
  // str(np.float64(1.1))
  EXPECT_EQ(scalar_to_string(1.1), "1.1");
  // str(np.float64(0.43))
  EXPECT_EQ(scalar_to_string(0.43), "0.43");
  // str(np.float64(278.0))
  EXPECT_EQ(scalar_to_string(278.0), "278.0");
  // str(np.float64(1e-05))
  EXPECT_EQ(scalar_to_string(1e-05), "1e-05");
  // str(np.float64(0.0001))
  EXPECT_EQ(scalar_to_string(0.0001), "0.0001");
  // str(np.float64(1000000000000000.0))
  EXPECT_EQ(scalar_to_string(1000000000000000.0), "1000000000000000.0");
  // str(np.float64(1e+16))
  EXPECT_EQ(scalar_to_string(1e+16), "1e+16");
  // str(np.float64(1.2345678901234568e+17))
  EXPECT_EQ(scalar_to_string(1.2345678901234568e+17), "1.2345678901234568e+17");
  // str(np.float64(-0.0))
  EXPECT_EQ(scalar_to_string(-0.0), "-0.0");
  // str(np.float64(nan))
  EXPECT_EQ(scalar_to_string(nan), "nan");
  // str(np.float64(-inf))
  EXPECT_EQ(scalar_to_string(-inf), "-inf");
  // str(np.float64(5e-324))
  EXPECT_EQ(scalar_to_string(5e-324), "5e-324");
  // str(np.float64(0.3333333333333333))
  EXPECT_EQ(scalar_to_string(0.3333333333333333), "0.3333333333333333");
  // str(np.float64(-2.5))
  EXPECT_EQ(scalar_to_string(-2.5), "-2.5");
  // str(np.float32(0.1))
  EXPECT_EQ(scalar_to_string(0.1f), "0.1");
  // str(np.float32(1e6))
  EXPECT_EQ(scalar_to_string(1.0e6f), "1e+06");
  // str(np.float32(999999.94))
  EXPECT_EQ(scalar_to_string(999999.94f), "999999.94");
  // str(np.float32(1e-4))
  EXPECT_EQ(scalar_to_string(1.0e-4f), "1e-04");
  // str(np.float32(16777216.0))
  EXPECT_EQ(scalar_to_string(16777216.0f), "1.6777216e+07");
  // str(np.int64(-278))
  EXPECT_EQ(scalar_to_string(std::int64_t{-278}), "-278");
  // str(np.uint8(65))
  EXPECT_EQ(scalar_to_string(std::uint8_t{65}), "65");
  // str(np.True_)
  EXPECT_EQ(scalar_to_string(true), "True");
  // str(np.False_)
  EXPECT_EQ(scalar_to_string(false), "False");
#if NUMFUSE_HAS_CUDA
  // str(np.float16(0.1))
  EXPECT_EQ(scalar_to_string(convert<half>(0.1)), "0.1");
  // str(np.float16(1000.0))
  EXPECT_EQ(scalar_to_string(convert<half>(1000.0)), "1e+03");
  // str(np.float16(65504.0))
  EXPECT_EQ(scalar_to_string(convert<half>(65504.0)), "6.55e+04");
  // str(np.float16(0.0001))
  EXPECT_EQ(scalar_to_string(convert<half>(0.0001)), "0.0001");
  // str(np.float16(999.5))
  EXPECT_EQ(scalar_to_string(convert<half>(999.5)), "999.5");
#endif
}

TEST(print, rank_zero_prints_as_the_scalar) {
  // str(np.array(1.5))
  EXPECT_EQ(text<double>({1.5}, {}), "1.5");
  // str(np.array(1 / 3))
  EXPECT_EQ(text<double>({1.0 / 3}, {}), "0.3333333333333333");
  // str(np.array(True))
  EXPECT_EQ(text<bool>({true}, {}), "True");
  // str(np.array(7))
  EXPECT_EQ(text<std::int64_t>({7}, {}), "7");
}

TEST(print, arrays_without_elements) {
  // str(np.zeros((0,)))
  EXPECT_EQ(text<double>({}, {0}), "[]");
  // str(np.zeros((0, 3)))
  EXPECT_EQ(text<double>({}, {0, 3}), "[]");
  // str(np.zeros((3, 0)))
  EXPECT_EQ(text<double>({}, {3, 0}), "[]");
  // str(np.zeros((2, 0, 4)))
  EXPECT_EQ(text<double>({}, {2, 0, 4}), "[]");
}

TEST(print, strided) {
  // str(np.arange(6).reshape(2, 3).T)
  EXPECT_EQ(strided_text(shape{3, 2}, strides{1, 3}),
            "[[0 3]\n"
            " [1 4]\n"
            " [2 5]]");
  // str(np.arange(24).reshape(2, 3, 4).transpose(2, 0, 1))
  EXPECT_EQ(strided_text(shape{4, 2, 3}, strides{1, 12, 4}),
            "[[[ 0  4  8]\n"
            "  [12 16 20]]\n"
            "\n"
            " [[ 1  5  9]\n"
            "  [13 17 21]]\n"
            "\n"
            " [[ 2  6 10]\n"
            "  [14 18 22]]\n"
            "\n"
            " [[ 3  7 11]\n"
            "  [15 19 23]]]");
  // str(np.arange(10)[::3])
  EXPECT_EQ(strided_text(shape{4}, strides{3}), "[0 3 6 9]");
  // str(np.arange(4)[::-1])
  EXPECT_EQ(strided_text(shape{4}, strides{-1}, 3), "[3 2 1 0]");
  // str(np.broadcast_to(np.arange(3), (2, 3)))
  EXPECT_EQ(strided_text(shape{2, 3}, strides{0, 1}),
            "[[0 1 2]\n"
            " [0 1 2]]");
  // str(np.arange(1200).reshape(30, 40).T)
  EXPECT_EQ(strided_text(shape{40, 30}, strides{1, 40}),
            "[[   0   40   80 ... 1080 1120 1160]\n"
            " [   1   41   81 ... 1081 1121 1161]\n"
            " [   2   42   82 ... 1082 1122 1162]\n"
            " ...\n"
            " [  37   77  117 ... 1117 1157 1197]\n"
            " [  38   78  118 ... 1118 1158 1198]\n"
            " [  39   79  119 ... 1119 1159 1199]]");
}

// Two arrays that no memory holds: only what is shown may be read.
TEST(print, reads_only_what_it_shows) {
  // str(np.broadcast_to(7, (10**9, 10**9)))
  EXPECT_EQ(strided_text(shape{1000000000, 1000000000}, strides{0, 0}, 7),
            "[[7 7 7 ... 7 7 7]\n"
            " [7 7 7 ... 7 7 7]\n"
            " [7 7 7 ... 7 7 7]\n"
            " ...\n"
            " [7 7 7 ... 7 7 7]\n"
            " [7 7 7 ... 7 7 7]\n"
            " [7 7 7 ... 7 7 7]]");
  const double value = 7.5;
  // str(np.broadcast_to(7.5, (10**6, 2, 10**6)))
  EXPECT_EQ(array_to_string(&value, {1000000, 2, 1000000}, strides{0, 0, 0}),
            "[[[7.5 7.5 7.5 ... 7.5 7.5 7.5]\n"
            "  [7.5 7.5 7.5 ... 7.5 7.5 7.5]]\n"
            "\n"
            " [[7.5 7.5 7.5 ... 7.5 7.5 7.5]\n"
            "  [7.5 7.5 7.5 ... 7.5 7.5 7.5]]\n"
            "\n"
            " [[7.5 7.5 7.5 ... 7.5 7.5 7.5]\n"
            "  [7.5 7.5 7.5 ... 7.5 7.5 7.5]]\n"
            "\n"
            " ...\n"
            "\n"
            " [[7.5 7.5 7.5 ... 7.5 7.5 7.5]\n"
            "  [7.5 7.5 7.5 ... 7.5 7.5 7.5]]\n"
            "\n"
            " [[7.5 7.5 7.5 ... 7.5 7.5 7.5]\n"
            "  [7.5 7.5 7.5 ... 7.5 7.5 7.5]]\n"
            "\n"
            " [[7.5 7.5 7.5 ... 7.5 7.5 7.5]\n"
            "  [7.5 7.5 7.5 ... 7.5 7.5 7.5]]]");
}

TEST(print, options) {
  // np.array2string(np.array([0, 1, 2, 3, 4, 5, 6, 7]), threshold=5, edgeitems=2)
  EXPECT_EQ(text<std::int64_t>({0, 1, 2, 3, 4, 5, 6, 7}, {8}, {.threshold = 5, .edge_items = 2}),
            "[0 1 ... 6 7]");
  // np.array2string(np.array([0.3333333333333333, 0.6666666666666666, 1]), precision=3)
  EXPECT_EQ(text<double>({0.3333333333333333, 0.6666666666666666, 1}, {3}, {.precision = 3}),
            "[0.333 0.667 1.   ]");
  // np.array2string(np.array([0.3333333333333333, 0.6666666666666666, 1]), precision=17)
  EXPECT_EQ(text<double>({0.3333333333333333, 0.6666666666666666, 1}, {3}, {.precision = 17}),
            "[0.3333333333333333 0.6666666666666666 1.                ]");
  // np.array2string(np.array([1e-09, 1, 100000], 'f8'), suppress_small=True)
  EXPECT_EQ(text<double>({1e-09, 1, 100000}, {3}, {.suppress = true}), "[     0.      1. 100000.]");
  // np.array2string(np.array([-1e-09, 5e-09, 4e-09], 'f8'), suppress_small=True)
  EXPECT_EQ(text<double>({-1e-09, 5e-09, 4e-09}, {3}, {.suppress = true}),
            "[-0.          0.00000001  0.        ]");
  // np.array2string(np.array([1e-09, 100000000.0]), suppress_small=True)
  EXPECT_EQ(text<double>({1e-09, 100000000.0}, {2}, {.suppress = true}), "[1.e-09 1.e+08]");
}

TEST(print, refuses_options_without_sense) {
  const double x[] = {1, 2};
  const auto message = [&](const print_options& options, const strides& st) -> std::string {
    try {
      return array_to_string(x, {2}, st, options);
    } catch (const error& e) {
      return e.what();
    }
  };
  EXPECT_EQ(message({.precision = -1}, {1}),
            "array_to_string: precision must be at least 0, not -1");
  EXPECT_EQ(message({.edge_items = 0}, {1}),
            "array_to_string: edge_items must be at least 1, not 0");
  EXPECT_EQ(message({}, {1, 1}), "array_to_string: shape (2,) and strides (1, 1) differ in rank");
}

}  // namespace
}  // namespace numfuse
