// Formulas of users that the benchmarks run beside the library's own.
#pragma once

#include <numfuse/numfuse.hpp>

namespace bench {

struct layer_norm {
  static constexpr const char* name = "layer_norm";
  template <class V, class G, class B>
  NUMFUSE_HD auto operator()(const V& v, const G& gamma, const B& beta) const {
    auto d = v - mean(v);
    return d * rsqrt(mean(square(d)) + 1e-5) * gamma + beta;
  }
};

struct abs_difference {
  static constexpr const char* name = "abs_difference";
  template <class V, class W>
  NUMFUSE_HD auto operator()(const V& v, const W& w) const {
    return abs(v - w);
  }
};

}  // namespace bench
