// One call of a formula, ready to run: what every executor is handed.
#pragma once

#include <algorithm>
#include <cstdint>

#include <numfuse/detail/layout.hpp>
#include <numfuse/detail/pack.hpp>
#include <numfuse/detail/probe.hpp>

namespace numfuse::detail {

/// Where an input's numbers come from: memory, or one number where `data` is null.
template <class T>
struct input {
  using dtype = T;
  const T* data;
  compute_t<T> number;
};

template <class T>
struct output {
  using dtype = T;
  T* data;
};

template <class F, class In, class Out>
struct call;

/// Passed to kernels by value. Operands are numbered inputs first in the layout.
template <class F, class... In, class... Out>
struct call<F, types<In...>, types<Out...>> {
  using info = formula_info<F, In...>;
  static constexpr int inputs_count = sizeof...(In);
  static constexpr int outputs_count = sizeof...(Out);
  static_assert(inputs_count + outputs_count <= max_operands,
                "numfuse: a formula has at most 8 inputs and outputs together");

  /// Bytes of the widest operand that has a vector, and of the widest type in which the formula
  /// computes.
  static constexpr int item_bytes = [] {
    std::size_t widest = std::max({sizeof(In)...});
    int i = 0;
    ((widest = info::is_vector[i++] ? std::max(widest, sizeof(Out)) : widest), ...);
    return static_cast<int>(widest);
  }();
  static constexpr int compute_bytes =
      static_cast<int>(std::max({sizeof(compute_t<In>)..., sizeof(compute_t<Out>)...}));

  /// True where what comes out is what went in.
  static constexpr bool copies = [] {
    if constexpr (requires { F::copies; }) {
      return F::copies && std::is_same_v<types<In...>, types<Out...>>;
    } else {
      return false;
    }
  }();

  /// Where each operand's part starts, inputs first.
  using offsets = std::int64_t[inputs_count + outputs_count];

  F formula;
  pack<input<In>...> inputs;
  pack<output<Out>...> outputs;
  layout where;

  /// Calls f(index constant, input) for every input.
  template <class Fn>
  NUMFUSE_INLINE void each_input(Fn f) const {
    each_input(f, std::make_index_sequence<sizeof...(In)>{});
  }

  template <class Fn>
  NUMFUSE_INLINE void each_output(Fn f) const {
    each_output(f, std::make_index_sequence<sizeof...(Out)>{});
  }

  /// Runs the formula on one vector for each input, made by load(index constant, input).
  template <class Load>
  NUMFUSE_INLINE auto evaluate(Load load) const {
    return evaluate(load, std::make_index_sequence<sizeof...(In)>{});
  }

 private:
  template <class Fn, std::size_t... I>
  NUMFUSE_INLINE void each_input(Fn& f, std::index_sequence<I...>) const {
    (f(std::integral_constant<int, I>{}, get<I>(inputs)), ...);
  }
  template <class Fn, std::size_t... I>
  NUMFUSE_INLINE void each_output(Fn& f, std::index_sequence<I...>) const {
    (f(std::integral_constant<int, I>{}, get<I>(outputs)), ...);
  }
  template <class Load, std::size_t... I>
  NUMFUSE_INLINE auto evaluate(Load& load, std::index_sequence<I...>) const {
    return formula(load(std::integral_constant<int, I>{}, get<I>(inputs))...);
  }
};

}  // namespace numfuse::detail
