// Formulas as users write them, for the tests of fuse in every space.
#pragma once

#include <numfuse/numfuse.hpp>

namespace numfuse::tests {

// A formula with everything in it: several levels, an extreme and its position, vectors and
// scalars.
struct all_kinds {
  static constexpr const char* name = "all_kinds";
  template <class V>
  NUMFUSE_HD auto operator()(const V& v) const {
    auto centred = v - mean(v);
    return outputs(centred / sqrt(sum(square(centred)) + 1), max(v), argmin(v), any(v > 2.5));
  }
};

// Its vectors know their positions and their length.
struct ramp {
  static constexpr const char* name = "ramp";
  template <class V>
  NUMFUSE_HD auto operator()(const V& v) const {
    return v + astype<typename V::dtype>(index(v)) / length(v);
  }
};

struct layer_norm {
  static constexpr const char* name = "layer_norm";
  template <class V, class G, class B>
  NUMFUSE_HD auto operator()(const V& v, const G& gamma, const B& beta) const {
    auto d = v - mean(v);
    return d * rsqrt(mean(square(d)) + 1e-5) * gamma + beta;
  }
};

}  // namespace numfuse::tests
