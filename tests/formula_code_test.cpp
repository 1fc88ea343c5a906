// What formulas of users cost beside an addition, compiled with the flags that README gives them.
#include <string>

#include "support/beside_additions.hpp"

namespace numfuse::tests {
namespace {

struct distance {
  template <class X, class Y>
  NUMFUSE_HD auto operator()(const X& x, const Y& y) const {
    return sqrt(square(x) + square(y));
  }
};

struct largest {
  template <class V>
  NUMFUSE_HD auto operator()(const V& v) const {
    return max(v);
  }
};

struct farthest {
  template <class V>
  NUMFUSE_HD auto operator()(const V& v) const {
    return argmax(square(v));
  }
};

struct variance {
  template <class V>
  NUMFUSE_HD auto operator()(const V& v) const {
    return mean(square(v - mean(v)));
  }
};

struct share {
  template <class V>
  NUMFUSE_HD auto operator()(const V& v) const {
    return v / sum(abs(v));
  }
};

struct exponential_share {
  template <class V>
  NUMFUSE_HD auto operator()(const V& v) const {
    auto e = exp(v - max(v));
    return e / sum(e);
  }
};

class formula_code : public beside_additions {
 protected:
  /// All formulas of vectors, over a matrix of so many columns, along one of its axes.
  void costs_of_a_matrix(int columns, int axis) const {
    const auto matrix = x_.reshape({16000 / columns, columns});
    const std::string where =
        " of " + std::to_string(columns) + " columns, axis " + std::to_string(axis);
    costs("largest" + where, simple_, [&] { fuse(largest{}).along(axis)(matrix); });
    costs("farthest" + where, 8, [&] { fuse(farthest{}).along(axis)(matrix); });
    costs("variance" + where, 5, [&] { fuse(variance{}).along(axis)(matrix); });
    costs("share" + where, 5, [&] { fuse(share{}).along(axis)(matrix); });
    costs("exponential share" + where, transcendental_,
          [&] { fuse(exponential_share{}).along(axis)(matrix); });
  }
};

TEST_F(formula_code, elementwise) {
  costs("distance", 5, [&] { fuse(distance{})(x_, y_); });
}

TEST_F(formula_code, rows) {
  for (const int columns : {160, 16000}) costs_of_a_matrix(columns, 1);
}

// Loops over so many columns are not the same code.
TEST_F(formula_code, columns) {
  for (const int columns : {16, 32, 160}) costs_of_a_matrix(columns, 0);
}

}  // namespace
}  // namespace numfuse::tests
