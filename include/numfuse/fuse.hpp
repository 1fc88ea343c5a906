// fuse: a formula for one vector becomes a function of tensors that runs in one kernel.
#pragma once

#include <array>
#include <span>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

#include <numfuse/axis.hpp>
#include <numfuse/detail/arguments.hpp>
#include <numfuse/detail/call.hpp>
#include <numfuse/formulas/elementwise.hpp>
#include <numfuse/host/execute.hpp>
#include <numfuse/plan.hpp>
#include <numfuse/tensor.hpp>

#if defined(__CUDACC__)
#include <numfuse/cuda/execute.cuh>
#endif

namespace numfuse {

namespace detail {

template <class F>
constexpr std::string_view formula_name() {
  if constexpr (requires { F::name; }) {
    return F::name;
  } else {
    return "fuse";
  }
}

template <class F, class... In, class... Out>
formula_facts facts_of(const call<F, types<In...>, types<Out...>>& c) {
  using info = formula_info<F, In...>;
  formula_facts f{info::levels, info::any_vector, info::any_scalar, sizeof...(In), sizeof...(Out)};
  int k = 0;
  ((f.item_bytes[k++] = sizeof(In)), ...);
  ((f.item_bytes[k++] = sizeof(Out)), ...);
  c.each_input([&](int i, const auto& in) { f.data[i] = in.data; });
  c.each_output([&](int o, const auto& out) { f.data[f.inputs + o] = out.data; });
  for (int i = 0; i < f.outputs; ++i) f.is_vector[i] = info::is_vector[i];
  f.widest_bytes = call<F, types<In...>, types<Out...>>::item_bytes;
  f.compute_bytes = call<F, types<In...>, types<Out...>>::compute_bytes;
  f.reductions = info::trace(c.formula).reductions;
  f.copies = call<F, types<In...>, types<Out...>>::copies && f.data[0] != nullptr;
  return f;
}

/// Runs a call for which the library holds the compiled code: the built-in formulas.
template <class Call>
void execute_compiled(host, const Call& c, const stream& on);
#if NUMFUSE_HAS_CUDA
template <class Call>
void execute_compiled(device, const Call& c, const stream& on);
#else
template <class Call>
void execute_compiled(device, const Call&, const stream&) {
  throw device_error("fuse: numfuse was built without CUDA");
}
#endif

#if defined(__CUDACC__)
inline constexpr bool compiles_kernels = true;
#else
inline constexpr bool compiles_kernels = false;
#endif

template <class Space, class F, class... In, class... Out>
void execute(Space space, const call<F, types<In...>, types<Out...>>& c, const stream& on) {
  if constexpr (!std::same_as<Space, host> && !std::same_as<Space, device>) {
    execute_in(space, c, on);  // a new space brings this function along
  } else if constexpr (compiled_formula<F, In...>) {
    execute_compiled(space, c, on);
  } else if constexpr (std::same_as<Space, host>) {
    host_executor::run(c);
  } else {
    static_assert(compiles_kernels && sizeof(F) > 0,
                  "numfuse: fuse() of your own formula on device tensors makes a CUDA kernel: "
                  "compile this file with nvcc (name it .cu)");
#if defined(__CUDACC__)
    cuda::run(c, on);
#endif
  }
}

/// What `execute` would do.
template <class Space, class F, class... In, class... Out>
plan plan_of(Space space, const call<F, types<In...>, types<Out...>>& c) {
  if constexpr (std::same_as<Space, host>) {
    return plan_on_host(facts_of(c), c.where);
  } else if constexpr (!std::same_as<Space, device>) {
    return plan_in(space, c);  // a new space brings this function along
  } else if constexpr (compiles_kernels && !compiled_formula<F, In...>) {
#if defined(__CUDACC__)
    return cuda::plan_of(c);
#endif
  } else {
    return plan_on_device(facts_of(c), c.where, current_device_limits());
  }
}

}  // namespace detail

/// A formula as a function of tensors. Made by `fuse`; copies are cheap.
///
/// Each input broadcasts by NumPy's rules; every vector along the axis goes through the formula. A
/// vector result has the broadcast shape, a scalar result lacks the axis or axes (or keeps them as
/// 1).
/// Plain numbers are inputs too: they take on the dtype of the tensors.
///
/// Stream: on the device asynchronous on its stream, no synchronisation, one kernel.
/// Throws shape_error, axis_error, value_error (no elements where the formula needs one; positions
/// element by element along axes that are not neighbours) before anything is written; device_error
/// where there is no GPU.
template <class F>
class fused {
 public:
  explicit constexpr fused(const F& formula, axis_selector axis = -1)
      : formula_(formula), axis_(axis) {}

  /// The same along another axis, along several, along({0, 2}), whose elements make one vector in C
  /// order, or along(all).
  fused along(axis_selector axis) const {
    fused copy = *this;
    copy.axis_ = axis;
    return copy;
  }

  /// The same, scalar results keeping their axis with size 1.
  fused keepdims(keepdims_t keep = true) const {
    fused copy = *this;
    copy.keep_ = keep.value;
    return copy;
  }

  /// The same on a stream. Results are allocated in its order.
  fused on(const stream& s) const {
    fused copy = *this;
    copy.stream_ = s;
    return copy;
  }

  /// The same under another name in messages; the text must outlive it.
  fused named(std::string_view name) const {
    fused copy = *this;
    copy.name_ = name;
    return copy;
  }

  /// Runs the formula. Returns a tensor, or a std::tuple of tensors for outputs(...).
  template <detail::argument... X>
  auto operator()(const X&... x) const {
    static_assert(callable<X...>, "numfuse: the formula does not take these inputs");
    const detail::described inputs[] = {detail::describe(x)...};
    const detail::call_terms terms = terms_for<X...>();
    return make_results<X...>(dtypes_of<X...>{}, detail::checked_call(terms, inputs), x...);
  }

  /// Runs the formula into existing tensors or views: outputs first, then inputs. Nothing is
  /// allocated, unless an output shares memory with an input in another arrangement: then the
  /// result is made beside it and copied. A CUDA graph can capture it, and owns the little memory
  /// in which blocks meet that share a long vector. Throws shape_error where an output has not the
  /// shape of the result.
  template <class... X>
  void into(X&&... x) const {
    constexpr int outputs = outputs_among<std::remove_cvref_t<X>...>();
    static_assert(outputs > 0,
                  "numfuse: into(outputs..., inputs...): no split of these arguments fits the "
                  "formula and the dtypes of its results");
    static_assert(are_writable<X...>(std::make_index_sequence<outputs>{}),
                  "numfuse: into(outputs..., inputs...): an output is a const tensor, a temporary "
                  "one, or a view that is read only");
    into_split(std::forward_as_tuple(x...), std::make_index_sequence<outputs>{},
               std::make_index_sequence<sizeof...(X) - outputs>{});
  }

  /// What a call with these arguments would do. Needs no GPU.
  template <detail::argument... X>
  numfuse::plan plan(const X&... x) const {
    const detail::described inputs[] = {detail::describe(x)...};
    const detail::call_terms terms = terms_for<X...>();
    const detail::checked_call checked(terms, inputs);
    return [&]<std::size_t... I>(std::index_sequence<I...>) {
      const shape sizes[] = {checked.result(I)...};
      const strides contiguous[] = {contiguous_strides(sizes[I])...};
      const detail::described results[] = {{sizes[I], contiguous[I], nullptr, 0, true}...};
      return detail::plan_of(space<X...>{}, make_call<X...>(
                                                dtypes_of<X...>{}, results,
                                                [&] { return checked.layout_of(results); }, x...));
    }
    (std::make_index_sequence<info<X...>::dtypes::size>{});
  }

 private:
  template <class... X>
  using info = detail::formula_info<F, typename detail::argument_dtype<X, X...>::type...>;
  template <class... X>
  using dtypes_of = typename info<X...>::dtypes;
  template <class... X>
  using space = typename detail::space_of_arguments<X...>::type;
  template <class... X>
  static constexpr bool callable =
      detail::formula_of<F, typename detail::argument_dtype<X, X...>::type...>;

  template <class... X>
  detail::call_terms terms_for() const {
    static_assert(detail::space_of_arguments<X...>::same,
                  "numfuse: the tensors of one call must live in one space; use to<Space>()");
    using facts = info<X...>;
    constexpr int results = facts::dtypes::size;
    return {name_,
            axis_,
            keep_,
            facts::levels,
            std::span<const bool>(facts::is_vector, results),
            facts::trace(formula_)};
  }

  template <class... X, class... Out, class Where>
  auto make_call(detail::types<Out...>, const detail::described (&results)[sizeof...(Out)],
                 const Where& where, const X&... x) const {
    using In = detail::types<typename detail::argument_dtype<X, X...>::type...>;
    return [&]<std::size_t... I>(std::index_sequence<I...>) {
      // The outputs' memory is handed over as void to compare addresses; here it gets its type
      // back.
      return detail::call<F, In, detail::types<Out...>>{
          formula_,
          {{detail::input_of<typename detail::argument_dtype<X, X...>::type>(x, name_)}...},
          {{detail::output<Out>{static_cast<Out*>(const_cast<void*>(results[I].data))}}...},
          where()};
    }
    (std::index_sequence_for<Out...>{});
  }

  // Runs a call for which there is nothing to find out. False where it is another. On the host: a
  // launch takes longer than to look at the arguments.
  template <class... X, class... Out>
  bool run_plain(detail::types<Out...> out, const detail::call_terms& terms,
                 std::span<const detail::described> inputs,
                 const detail::described (&results)[sizeof...(Out)], const X&... x) const {
    if constexpr (std::same_as<space<X...>, host>) {
      // The layout is made before anybody knows whether it will do: what is written late is
      // waited for. Until then it has no values, which would take longer than the rest.
      const auto none = [] {
        detail::layout where;
        return where;
      };
      auto call = make_call<X...>(out, results, none, x...);
      const auto each = inputs.template first<sizeof...(X)>();  // a known number: no loops
      if (!detail::is_plain(terms, each, results, call.where)) return false;
      detail::execute(host{}, call, stream_);
      return true;
    } else {
      return false;
    }
  }

  template <class... X, class... Out>
  void run(detail::types<Out...> out, const detail::checked_call& checked,
           const detail::described (&results)[sizeof...(Out)], const X&... x) const {
    if (detail::all_empty(results)) return;
    detail::require_space<space<X...>>(name_, checked.all());
    const auto where = [&] { return checked.layout_of(results); };
    detail::execute(space<X...>{}, make_call<X...>(out, results, where, x...), stream_);
  }

  // With results that have just been made.
  template <class... X, class... Out>
  void run_new(detail::types<Out...> out, const detail::checked_call& checked,
               const detail::described (&results)[sizeof...(Out)], const X&... x) const {
    if (run_plain<X...>(out, checked.terms(), checked.inputs(), results, x...)) return;
    run<X...>(out, checked, results, x...);
  }

  // A call in a space that is not there fails by its own name, before anything is allocated.
  template <class... X, class Out>
  auto make_results(detail::types<Out> out, const detail::checked_call& checked,
                    const X&... x) const {
    detail::require_space<space<X...>>(name_, checked.all());
    tensor<Out, space<X...>> result(checked.result(0), stream_);
    run_new<X...>(out, checked, {detail::describe(result)}, x...);
    return result;
  }
  template <class... X, class... Out>
  auto make_results(detail::types<Out...> out, const detail::checked_call& checked,
                    const X&... x) const {
    detail::require_space<space<X...>>(name_, checked.all());
    return [&]<std::size_t... I>(std::index_sequence<I...>) {
      std::tuple<tensor<Out, space<X...>>...> results{
          tensor<Out, space<X...>>(checked.result(I), stream_)...};
      run_new<X...>(out, checked, {detail::describe(std::get<I>(results))...}, x...);
      return results;
    }
    (std::index_sequence_for<Out...>{});
  }

  // --- into: how many of the arguments are outputs.

  template <class... X, std::size_t... O>
  static constexpr bool are_writable(std::index_sequence<O...>) {
    return (detail::is_writable<std::tuple_element_t<O, std::tuple<X...>>> && ...);
  }

  template <int Outputs, class... X, std::size_t... O, std::size_t... I>
  static constexpr bool splits_at(std::index_sequence<O...>, std::index_sequence<I...>) {
    using all = std::tuple<X...>;
    if constexpr (!(detail::argument<std::tuple_element_t<Outputs + I, all>> && ...) ||
                  !(tensor_like<std::tuple_element_t<Outputs + I, all>> || ...) ||
                  !(tensor_like<std::tuple_element_t<O, all>> && ...)) {
      return false;
    } else if constexpr (!callable<std::tuple_element_t<Outputs + I, all>...>) {
      return false;
    } else {
      return std::same_as<dtypes_of<std::tuple_element_t<Outputs + I, all>...>,
                          detail::types<element_t<std::tuple_element_t<O, all>>...>>;
    }
  }

  template <class... X, int Outputs = 1>
  static constexpr int outputs_among(std::integral_constant<int, Outputs> = {}) {
    if constexpr (Outputs >= static_cast<int>(sizeof...(X))) {
      return 0;
    } else if constexpr (splits_at<Outputs, X...>(
                             std::make_index_sequence<Outputs>{},
                             std::make_index_sequence<sizeof...(X) - Outputs>{})) {
      return Outputs;
    } else {
      return outputs_among<X...>(std::integral_constant<int, Outputs + 1>{});
    }
  }

  template <class Tuple, std::size_t... O, std::size_t... I>
  void into_split(const Tuple& all, std::index_sequence<O...>, std::index_sequence<I...>) const {
    into_outputs(std::tie(std::get<O>(all)...), std::get<sizeof...(O) + I>(all)...);
  }

  template <class... Y, class... X>
  void into_outputs(const std::tuple<Y&...>& outputs, const X&... x) const {
    const detail::described inputs[] = {detail::describe(x)...};
    const detail::call_terms terms = terms_for<X...>();
    std::apply(
        [&](auto&... y) {
          const detail::described given[] = {detail::describe(y)...};
          if (run_plain<X...>(dtypes_of<X...>{}, terms, inputs, given, x...)) return;
          const detail::checked_call checked(terms, inputs);
          if (checked.may_write(given)) {
            run<X...>(dtypes_of<X...>{}, checked, given, x...);
          } else if constexpr (sizeof...(Y) == 1) {
            (copy_into(y, make_results<X...>(dtypes_of<X...>{}, checked, x...)), ...);
          } else {
            const auto made = make_results<X...>(dtypes_of<X...>{}, checked, x...);
            std::apply([&](const auto&... m) { (copy_into(y, m), ...); }, made);
          }
        },
        outputs);
  }

  template <class Y, class Made>
  void copy_into(Y& output, const Made& made) const;

  F formula_;
  axis_selector axis_;
  bool keep_ = false;
  stream stream_;
  std::string_view name_ = detail::formula_name<F>();
};

/// Makes a formula for one vector a function of tensors, along the last axis unless told otherwise.
template <class F>
constexpr fused<F> fuse(const F& formula) {
  return fused<F>(formula);
}

template <class F>
template <class Y, class Made>
void fused<F>::copy_into(Y& output, const Made& made) const {
  fuse(formulas::copy_formula{}).on(stream_).into(output, made);
}

template <any_dtype T, any_space Space>
tensor<T, Space>::tensor(const tensor_view<const T, Space>& v, const numfuse::stream& on)
    : tensor(fuse(formulas::copy_formula{}).on(on)(v)) {}

}  // namespace numfuse
