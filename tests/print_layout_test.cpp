// Printing of blocks: brackets, folded lines and summaries.
// The comment above each expectation is the expression whose text NumPy 2.4 gave.
#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

#include <numfuse/print.hpp>

#include "print_text.hpp"

namespace numfuse {
namespace {

int count(const std::string& s, const std::string& part) {
  int n = 0;
  for (std::size_t at = s.find(part); at != std::string::npos; at = s.find(part, at + 1)) ++n;
  return n;
}

/// 1001 sevens, but for one that nobody sees.
std::vector<double> sevens_around(double value) {
  std::vector<double> values = arange(1001, 0, 7);
  values[500] = value;
  return values;
}

TEST(print_layout, blocks_of_rank_two_to_four) {
  // str(np.array([1, 2.5, -3, 4]).reshape(2, 2))
  EXPECT_EQ(text<double>({1, 2.5, -3, 4}, {2, 2}),
            "[[ 1.   2.5]\n"
            " [-3.   4. ]]");
  // str(np.array([0, 1, 2, 3, 4, 5]).reshape(1, 6))
  EXPECT_EQ(text<std::int64_t>({0, 1, 2, 3, 4, 5}, {1, 6}), "[[0 1 2 3 4 5]]");
  // str(np.array([0, 1, 2, 3, 4, 5]).reshape(6, 1))
  EXPECT_EQ(text<std::int64_t>({0, 1, 2, 3, 4, 5}, {6, 1}),
            "[[0]\n"
            " [1]\n"
            " [2]\n"
            " [3]\n"
            " [4]\n"
            " [5]]");
  // str(np.arange(8).reshape(2, 2, 2))
  EXPECT_EQ(text<std::int64_t>(arange(8), {2, 2, 2}),
            "[[[0 1]\n"
            "  [2 3]]\n"
            "\n"
            " [[4 5]\n"
            "  [6 7]]]");
  // str(np.arange(6).reshape(2, 1, 3))
  EXPECT_EQ(text<std::int64_t>(arange(6), {2, 1, 3}),
            "[[[0 1 2]]\n"
            "\n"
            " [[3 4 5]]]");
  // str(np.arange(8).reshape(2, 2, 1, 2))
  EXPECT_EQ(text<std::int64_t>(arange(8), {2, 2, 1, 2}),
            "[[[[0 1]]\n"
            "\n"
            "  [[2 3]]]\n"
            "\n"
            "\n"
            " [[[4 5]]\n"
            "\n"
            "  [[6 7]]]]");
  // str(np.arange(4).reshape(1, 2, 1, 1, 2))
  EXPECT_EQ(text<std::int64_t>(arange(4), {1, 2, 1, 1, 2}),
            "[[[[[0 1]]]\n"
            "\n"
            "\n"
            "  [[[2 3]]]]]");
  // str(np.arange(8).reshape(2, 2, 2) / 8)
  EXPECT_EQ(text<double>({0, 0.125, 0.25, 0.375, 0.5, 0.625, 0.75, 0.875}, {2, 2, 2}),
            "[[[0.    0.125]\n"
            "  [0.25  0.375]]\n"
            "\n"
            " [[0.5   0.625]\n"
            "  [0.75  0.875]]]");
}

TEST(print_layout, folds_lines) {
  // str(np.arange(25))
  EXPECT_EQ(text<std::int64_t>(arange(25)),
            "[ 0  1  2  3  4  5  6  7  8  9 10 11 12 13 14 15 16 17 18 19 20 21 22 23\n"
            " 24]");
  // str(np.arange(26))
  EXPECT_EQ(text<std::int64_t>(arange(26)),
            "[ 0  1  2  3  4  5  6  7  8  9 10 11 12 13 14 15 16 17 18 19 20 21 22 23\n"
            " 24 25]");
  // str(np.arange(27))
  EXPECT_EQ(text<std::int64_t>(arange(27)),
            "[ 0  1  2  3  4  5  6  7  8  9 10 11 12 13 14 15 16 17 18 19 20 21 22 23\n"
            " 24 25 26]");
  // str(np.arange(40))
  EXPECT_EQ(text<std::int64_t>(arange(40)),
            "[ 0  1  2  3  4  5  6  7  8  9 10 11 12 13 14 15 16 17 18 19 20 21 22 23\n"
            " 24 25 26 27 28 29 30 31 32 33 34 35 36 37 38 39]");
  // str(np.arange(40).reshape(2, 20) * 1000)
  EXPECT_EQ(text<std::int64_t>(arange(40, 1000), {2, 20}),
            "[[    0  1000  2000  3000  4000  5000  6000  7000  8000  9000 10000 11000\n"
            "  12000 13000 14000 15000 16000 17000 18000 19000]\n"
            " [20000 21000 22000 23000 24000 25000 26000 27000 28000 29000 30000 31000\n"
            "  32000 33000 34000 35000 36000 37000 38000 39000]]");
  // str(np.arange(30) / 8.0)
  EXPECT_EQ(text<double>(arange(30, 0.125)),
            "[0.    0.125 0.25  0.375 0.5   0.625 0.75  0.875 1.    1.125 1.25  1.375\n"
            " 1.5   1.625 1.75  1.875 2.    2.125 2.25  2.375 2.5   2.625 2.75  2.875\n"
            " 3.    3.125 3.25  3.375 3.5   3.625]");
  // str(np.arange(24).reshape(2, 1, 12) * 100000.0)
  EXPECT_EQ(text<double>(arange(24, 100000), {2, 1, 12}),
            "[[[      0.  100000.  200000.  300000.  400000.  500000.  600000.\n"
            "    700000.  800000.  900000. 1000000. 1100000.]]\n"
            "\n"
            " [[1200000. 1300000. 1400000. 1500000. 1600000. 1700000. 1800000.\n"
            "   1900000. 2000000. 2100000. 2200000. 2300000.]]]");
  // str(np.zeros(20, bool))
  EXPECT_EQ(text<bool>(arange(20, 0)),
            "[False False False False False False False False False False False False\n"
            " False False False False False False False False]");
  // np.array2string(np.arange(8), max_line_width=10)
  EXPECT_EQ(text<std::int64_t>(arange(8), {8}, {.line_width = 10}),
            "[0 1 2 3\n"
            " 4 5 6 7]");
  // np.array2string(np.arange(4) * 1111, max_line_width=1)
  EXPECT_EQ(text<std::int64_t>(arange(4, 1111), {4}, {.line_width = 1}),
            "[   0\n"
            " 1111\n"
            " 2222\n"
            " 3333]");
}

TEST(print_layout, summarises_more_than_a_thousand_elements) {
  // str(np.arange(1001))
  EXPECT_EQ(text<std::int64_t>(arange(1001)), "[   0    1    2 ...  998  999 1000]");
  // str(np.arange(2000) / 8)
  EXPECT_EQ(text<double>(arange(2000, 0.125)),
            "[0.00000e+00 1.25000e-01 2.50000e-01 ... 2.49625e+02 2.49750e+02\n"
            " 2.49875e+02]");
  // str(np.arange(1040).reshape(40, 26))
  EXPECT_EQ(text<std::int64_t>(arange(1040), {40, 26}),
            "[[   0    1    2 ...   23   24   25]\n"
            " [  26   27   28 ...   49   50   51]\n"
            " [  52   53   54 ...   75   76   77]\n"
            " ...\n"
            " [ 962  963  964 ...  985  986  987]\n"
            " [ 988  989  990 ... 1011 1012 1013]\n"
            " [1014 1015 1016 ... 1037 1038 1039]]");
  // str(np.arange(1002).reshape(2, 501))
  EXPECT_EQ(text<std::int64_t>(arange(1002), {2, 501}),
            "[[   0    1    2 ...  498  499  500]\n"
            " [ 501  502  503 ...  999 1000 1001]]");
  // str(np.arange(1002).reshape(501, 2))
  EXPECT_EQ(text<std::int64_t>(arange(1002), {501, 2}),
            "[[   0    1]\n"
            " [   2    3]\n"
            " [   4    5]\n"
            " ...\n"
            " [ 996  997]\n"
            " [ 998  999]\n"
            " [1000 1001]]");
  // str(np.arange(1002).reshape(6, 167))
  EXPECT_EQ(text<std::int64_t>(arange(1002), {6, 167}),
            "[[   0    1    2 ...  164  165  166]\n"
            " [ 167  168  169 ...  331  332  333]\n"
            " [ 334  335  336 ...  498  499  500]\n"
            " [ 501  502  503 ...  665  666  667]\n"
            " [ 668  669  670 ...  832  833  834]\n"
            " [ 835  836  837 ...  999 1000 1001]]");
  // str(np.arange(1001).reshape(1, 1001))
  EXPECT_EQ(text<std::int64_t>(arange(1001), {1, 1001}), "[[   0    1    2 ...  998  999 1000]]");
  // str(np.arange(1008).reshape(7, 12, 12))
  EXPECT_EQ(text<std::int64_t>(arange(1008), {7, 12, 12}),
            "[[[   0    1    2 ...    9   10   11]\n"
            "  [  12   13   14 ...   21   22   23]\n"
            "  [  24   25   26 ...   33   34   35]\n"
            "  ...\n"
            "  [ 108  109  110 ...  117  118  119]\n"
            "  [ 120  121  122 ...  129  130  131]\n"
            "  [ 132  133  134 ...  141  142  143]]\n"
            "\n"
            " [[ 144  145  146 ...  153  154  155]\n"
            "  [ 156  157  158 ...  165  166  167]\n"
            "  [ 168  169  170 ...  177  178  179]\n"
            "  ...\n"
            "  [ 252  253  254 ...  261  262  263]\n"
            "  [ 264  265  266 ...  273  274  275]\n"
            "  [ 276  277  278 ...  285  286  287]]\n"
            "\n"
            " [[ 288  289  290 ...  297  298  299]\n"
            "  [ 300  301  302 ...  309  310  311]\n"
            "  [ 312  313  314 ...  321  322  323]\n"
            "  ...\n"
            "  [ 396  397  398 ...  405  406  407]\n"
            "  [ 408  409  410 ...  417  418  419]\n"
            "  [ 420  421  422 ...  429  430  431]]\n"
            "\n"
            " ...\n"
            "\n"
            " [[ 576  577  578 ...  585  586  587]\n"
            "  [ 588  589  590 ...  597  598  599]\n"
            "  [ 600  601  602 ...  609  610  611]\n"
            "  ...\n"
            "  [ 684  685  686 ...  693  694  695]\n"
            "  [ 696  697  698 ...  705  706  707]\n"
            "  [ 708  709  710 ...  717  718  719]]\n"
            "\n"
            " [[ 720  721  722 ...  729  730  731]\n"
            "  [ 732  733  734 ...  741  742  743]\n"
            "  [ 744  745  746 ...  753  754  755]\n"
            "  ...\n"
            "  [ 828  829  830 ...  837  838  839]\n"
            "  [ 840  841  842 ...  849  850  851]\n"
            "  [ 852  853  854 ...  861  862  863]]\n"
            "\n"
            " [[ 864  865  866 ...  873  874  875]\n"
            "  [ 876  877  878 ...  885  886  887]\n"
            "  [ 888  889  890 ...  897  898  899]\n"
            "  ...\n"
            "  [ 972  973  974 ...  981  982  983]\n"
            "  [ 984  985  986 ...  993  994  995]\n"
            "  [ 996  997  998 ... 1005 1006 1007]]]");
  // str(np.arange(1002).reshape(2, 3, 167))
  EXPECT_EQ(text<std::int64_t>(arange(1002), {2, 3, 167}),
            "[[[   0    1    2 ...  164  165  166]\n"
            "  [ 167  168  169 ...  331  332  333]\n"
            "  [ 334  335  336 ...  498  499  500]]\n"
            "\n"
            " [[ 501  502  503 ...  665  666  667]\n"
            "  [ 668  669  670 ...  832  833  834]\n"
            "  [ 835  836  837 ...  999 1000 1001]]]");
  // str(np.arange(1004).reshape(2, 1, 2, 251))
  EXPECT_EQ(text<std::int64_t>(arange(1004), {2, 1, 2, 251}),
            "[[[[   0    1    2 ...  248  249  250]\n"
            "   [ 251  252  253 ...  499  500  501]]]\n"
            "\n"
            "\n"
            " [[[ 502  503  504 ...  750  751  752]\n"
            "   [ 753  754  755 ... 1001 1002 1003]]]]");
  // str(np.arange(1020.0).reshape(34, 30) * 1e6)
  EXPECT_EQ(text<double>(arange(1020, 1e6), {34, 30}),
            "[[0.000e+00 1.000e+06 2.000e+06 ... 2.700e+07 2.800e+07 2.900e+07]\n"
            " [3.000e+07 3.100e+07 3.200e+07 ... 5.700e+07 5.800e+07 5.900e+07]\n"
            " [6.000e+07 6.100e+07 6.200e+07 ... 8.700e+07 8.800e+07 8.900e+07]\n"
            " ...\n"
            " [9.300e+08 9.310e+08 9.320e+08 ... 9.570e+08 9.580e+08 9.590e+08]\n"
            " [9.600e+08 9.610e+08 9.620e+08 ... 9.870e+08 9.880e+08 9.890e+08]\n"
            " [9.900e+08 9.910e+08 9.920e+08 ... 1.017e+09 1.018e+09 1.019e+09]]");
  // One element is wider, and hidden: it does not widen the columns.
  // str(np.where(np.arange(1001) == 500, 123456, 7))
  EXPECT_EQ(text<std::int64_t>(sevens_around(123456)), "[7 7 7 ... 7 7 7]");
}

TEST(print_layout, shows_a_thousand_elements_whole) {
  // str(np.arange(1000)).count('...')
  EXPECT_EQ(std::to_string(count(text<std::int64_t>(arange(1000)), "...")), "0");
  // str(np.arange(1000)).count('\n')
  EXPECT_EQ(std::to_string(count(text<std::int64_t>(arange(1000)), "\n")), "55");
}

}  // namespace
}  // namespace numfuse
