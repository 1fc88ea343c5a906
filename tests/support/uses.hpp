// Owns the shapes and axes that reach every kernel of a formula, whatever the width of its dtypes:
// see src/plan.cpp.
#pragma once

#include <tuple>
#include <vector>

#include "spaces.hpp"

namespace numfuse::tests {

/// A shape, and the axis along which a formula runs. `inner`: the operands are windows of larger
/// tensors, which have this shape.
struct use {
  shape sizes;
  axis_selector axis = all;
  bool inner = false;
};

inline const std::vector<use> elementwise_uses = {{{1003}}, {{5, 30011}}, {{6, 20, 35}, all, true}};
inline const std::vector<use> vector_uses = {{{37, 3}, 1},      // rows held by a part of a warp,
                                             {{3, 150}, 1},     // by a warp,
                                             {{3, 1025}, 1},    // by a block's registers,
                                             {{9, 9001}, 1},    // by its shared memory,
                                             {{3, 9001}, 1},    // by a cluster,
                                             {{1, 40001}, 1},   // by the grid,
                                             {{1, 230001}, 1},  // in part
                                             {{3, 9}, 0},       // columns held by a warp,
                                             {{100, 19}, 0},    // by a block's registers,
                                             {{300, 300}, 0},   // by its shared memory,
                                             {{400, 70}, 0},    // by a cluster,
                                             {{2100, 5}, 0},    // by the grid,
                                             {{3300, 5}, 0},    // in part
                                             {{1003}},          // a whole tensor in one block,
                                             {{300, 201}},      // over the grid,
                                             {{6, 20, 35}, all, true}};  // in runs

/// The operand of a use in a tensor of its shape.
template <class T, class Space>
auto part(tensor<T, Space>& t, bool inner) {
  return inner ? t(slice{}, slice{2, -1}, slice{1, -1}) : t.view();
}

/// Runs a formula on its inputs. Where it works element by element, what lies outside the window
/// stays 1.
template <bool Elementwise, class Space, class Out, class Fused, class Inputs>
auto run_use(const Fused& f, const use& u, Inputs& inputs) {
  return std::apply(
      [&](auto&... x) {
        if constexpr (Elementwise) {
          auto result = full<Out, Space>(u.sizes, convert<Out>(1));
          f.into(part(result, u.inner), part(x, u.inner)...);
          return result;
        } else {
          return f(part(x, u.inner)...);
        }
      },
      inputs);
}

/// The same inputs in another space.
template <class Space, class... T>
std::tuple<tensor<T, Space>...> inputs_in(const std::tuple<host_tensor<T>...>& inputs) {
  return std::apply([](const auto&... x) { return std::make_tuple(x.template to<Space>()...); },
                    inputs);
}

}  // namespace numfuse::tests
