// Views of every kind, of the same numbers in a space and on the host.
#pragma once

#include "check.hpp"

namespace numfuse::tests {

/// The numbers of a host view in C order, by multi-indices: no code of the library takes part.
template <class T>
auto gathered(const tensor_view<T, host>& view) {
  using value = std::remove_const_t<T>;
  std::vector<std::int64_t> index(static_cast<std::size_t>(view.rank()), 0);
  host_tensor<value> result(view.shape());
  for (value& to : result) {
    const T* from = view.data();
    for (int d = 0; d < view.rank(); ++d)
      from += index[static_cast<std::size_t>(d)] * view.strides()[d];
    to = *from;
    for (int d = view.rank() - 1; d >= 0; --d) {
      if (++index[static_cast<std::size_t>(d)] < view.shape()[d]) break;
      index[static_cast<std::size_t>(d)] = 0;
    }
  }
  return result;
}

/// Calls test(name, view in the space, the same numbers on the host) for windows of a tensor of
/// shape (6, 35, 67).
template <class Case, class Test>
void for_each_view(Test test) {
  using T = typename Case::dtype;
  const auto here = random_input<T>({6, 35, 67}, {-4, 4}, next_seed());
  const auto there = to_space<Case>(here);
  const auto window = [&](const char* name, auto look) {
    test(name, look(there.view()), gathered(look(here.view())));
  };
  using all_of = slice;
  const slice inner{1, -1};
  const slice third{2, slice::end, 3};
  window("as it is", [](const auto& x) { return x; });
  window("axes in reverse order", [](const auto& x) { return x.transpose(); });
  window("axes permuted", [](const auto& x) { return x.transpose({1, 2, 0}); });
  window("rows that start one element later",
         [&](const auto& x) { return x(all_of{}, all_of{}, slice{1}); });
  window("rows that end one element earlier", [&](const auto& x) {
    return x(all_of{}, all_of{}, slice{0, -1});
  });
  window("an inner block", [&](const auto& x) { return x(inner, inner, inner); });
  window("every third column", [&](const auto& x) { return x(all_of{}, all_of{}, third); });
  window("every third row", [&](const auto& x) { return x(all_of{}, third); });
  window("every third of everything", [&](const auto& x) { return x(third, third, third); });
  window("one matrix", [](const auto& x) { return x(3); });
  window("one matrix, transposed", [](const auto& x) { return x(3).transpose(); });
  window("one column of each matrix", [](const auto& x) { return x(all_of{}, all_of{}, 5); });
  window("one row of each matrix", [](const auto& x) { return x(all_of{}, 5); });
  window("one matrix repeated", [](const auto& x) { return x(2).broadcast_to({4, 35, 67}); });
  window("one row repeated", [](const auto& x) { return x(2, 7).broadcast_to({9, 67}); });
  window("one column repeated", [](const auto& x) {
    return x(2, all_of{}, slice{3, 4}).broadcast_to({35, 9});
  });
  window("one number repeated", [](const auto& x) {
    return x(2, 7, slice{3, 4}).broadcast_to({17, 33});
  });
  window("a new axis in the middle", [](const auto& x) { return x(1).expand_dims(1); });
}

}  // namespace numfuse::tests
