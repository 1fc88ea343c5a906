// The arguments of a fused function: tensors, views and plain numbers, brought to one shape.
#pragma once

#include <span>
#include <string_view>
#include <type_traits>

#include <numfuse/axis.hpp>
#include <numfuse/detail/call.hpp>
#include <numfuse/detail/replay.hpp>
#include <numfuse/tensor.hpp>

namespace numfuse::detail {

/// One number repeated to a shape: an input that takes no memory.
template <any_dtype T, any_space Space>
struct repeated {
  numfuse::shape sizes;
  T number;
};

template <class T, class Space>
struct tensor_traits<repeated<T, Space>> {
  static constexpr bool is_tensor = true;
  using value_type = T;
  using space = Space;
};

template <class X>
concept number = plain_number<std::remove_cvref_t<X>>;

/// An argument of a fused function: a tensor, a view, or a plain number.
template <class X>
concept argument = tensor_like<X> || number<X>;

/// The space of the first tensor among the arguments.
template <class X, class... Rest>
struct space_of_arguments : space_of_arguments<Rest...> {};
template <tensor_like X, class... Rest>
struct space_of_arguments<X, Rest...> {
  using type = space_t<X>;
  static constexpr bool same = ((!tensor_like<Rest> ||
                                 [] {
                                   if constexpr (tensor_like<Rest>) {
                                     return std::same_as<space_t<Rest>, type>;
                                   } else {
                                     return true;
                                   }
                                 }()) &&
                                ...);
};

template <class T, class... X>
struct tensors_dtype {
  using type = T;
};
template <class T, class X, class... Rest>
struct tensors_dtype<T, X, Rest...> : tensors_dtype<T, Rest...> {};
template <class T, tensor_like X, class... Rest>
struct tensors_dtype<T, X, Rest...>
    : tensors_dtype<typename std::conditional_t<std::is_void_v<T>, std::type_identity<element_t<X>>,
                                                promoted<T, element_t<X>>>::type,
                    Rest...> {};
template <tensor_like X, class... Rest>
struct tensors_dtype<void, X, Rest...> : tensors_dtype<element_t<X>, Rest...> {};

/// The dtype that an argument has in a formula: its own, or for a number the one it takes on.
template <class X, class... All>
struct argument_dtype {
  using type = with_number<typename tensors_dtype<void, std::remove_cvref_t<All>...>::type,
                           std::remove_cvref_t<X>>;
};
template <tensor_like X, class... All>
struct argument_dtype<X, All...> {
  using type = element_t<X>;
};

/// An argument with its type erased to what a layout needs. It refers to the argument's own shape
/// and strides: copies would take a good part of a small call.
struct described {
  const shape& sizes;
  const numfuse::strides& strides;  // as many as there are sizes, or more
  const void* data = nullptr;
  int item_bytes = 0;
  bool in_one_run = false;  // the elements lie side by side, in C order
};

/// The shape of a number, and the strides of what is one number everywhere, in any shape.
extern const shape number_shape;
extern const strides zero_strides;

template <argument X>
described describe(const X& x) {
  if constexpr (number<X>) {
    return {number_shape, zero_strides};
  } else if constexpr (requires { x.number; }) {
    return {x.sizes, zero_strides};
  } else {
    bool in_one_run = true;  // as a tensor's elements always are
    if constexpr (requires { x.is_contiguous(); }) in_one_run = x.is_contiguous();
    return {x.shape(), x.strides(), x.data(), sizeof(element_t<X>), in_one_run};
  }
}

[[noreturn]] void refuse_number(const std::string& number, dtype type, std::string_view function);

/// Throws value_error for a whole number that an integral dtype does not have.
template <class T, class X>
void check_number(X x, std::string_view function) {
  if constexpr (std::integral<X> && std::integral<T> && !std::same_as<T, bool>) {
    using wide = std::conditional_t<std::is_signed_v<X>, long long, unsigned long long>;
    if (!std::in_range<T>(static_cast<wide>(x))) {
      refuse_number(std::to_string(x), dtype_of<T>, function);
    }
  }
}

template <class T, argument X>
input<T> input_of(const X& x, std::string_view function) {
  if constexpr (number<X>) {
    check_number<T>(x, function);
    return {nullptr, convert<compute_t<T>>(x)};
  } else if constexpr (requires { x.number; }) {
    return {nullptr, convert<compute_t<T>>(x.number)};
  } else {
    return {x.data(), {}};
  }
}

/// What a call of a fused formula is but for its types.
struct call_terms {
  std::string_view name;
  axis_selector axis;
  bool keepdims;
  int levels;                       // of the formula
  std::span<const bool> is_vector;  // each of its results
  probe seen;                       // what it does
};

/// True for a plain call, of which `where` becomes the layout: its operands are runs of memory of
/// one shape, or single numbers, all elements are one vector, and the results may be written while
/// the inputs are read. So are most calls of small tensors, and this takes the least time to find
/// it out. False for all others, and where something is wrong: a checked_call says what.
__attribute__((always_inline)) inline bool is_plain(const call_terms& terms,
                                                    std::span<const described> inputs,
                                                    std::span<const described> outputs,
                                                    layout& where) {
  const shape* all = nullptr;
  bool plain = true;
  std::size_t k = 0;
  for (const described& in : inputs) {
    const bool is_number = in.data == nullptr && in.sizes.rank() == 0;
    where.strides[k++][0] = is_number ? 0 : 1;
    if (is_number) continue;
    if (all == nullptr) all = &in.sizes;
    plain &= in.in_one_run && in.sizes == *all;
  }
  if (!plain || all == nullptr) return false;
  const std::int64_t size = all->size();
  for (const described& out : outputs) {
    const bool is_vector = terms.is_vector[k - inputs.size()];
    where.strides[k++][0] = is_vector ? 1 : 0;
    plain &=
        is_vector ? out.in_one_run && out.sizes == *all : out.sizes.rank() == 0 && !terms.keepdims;
    const auto* const written = static_cast<const char*>(out.data);
    const auto* const written_end = written + (is_vector ? size : 1) * out.item_bytes;
    for (const described& other : outputs) {
      if (&other == &out) break;
      plain &= other.data != out.data;
    }
    for (const described& in : inputs) {
      const auto* const read = static_cast<const char*>(in.data);
      const bool apart = read + size * in.item_bytes <= written || written_end <= read;
      plain &= apart || (is_vector && read == written && in.item_bytes == out.item_bytes);
    }
  }
  const bool has_axis = !terms.axis.is_all() && (terms.levels > 0 || all->rank() > 0);
  const bool along_rows = terms.axis.is_last(*all);
  where.length = size;
  where.vector_rank = size == 1 ? 0 : 1;
  where.sizes[0] = size;
  where.formula_length = along_rows ? all->back() : size;
  plain &= !has_axis || (along_rows && (terms.levels == 0 || all->rank() == 1));
  return plain && size > 0 && terms.seen.reductions <= max_reductions;
}

/// A call whose inputs go together: their shapes and the axis. All that can be said of it without
/// its types, compiled once for all calls.
class checked_call {
 public:
  /// Throws shape_error, axis_error, and value_error where there are vectors without elements that
  /// the formula needs, or more reductions than can be replayed. The terms and the inputs must
  /// outlive the call.
  checked_call(const call_terms& terms, std::span<const described> inputs);
  checked_call(const checked_call&) = delete;  // all_ may point into it
  checked_call& operator=(const checked_call&) = delete;

  const call_terms& terms() const { return terms_; }
  std::span<const described> inputs() const { return inputs_; }

  /// The shape to which all inputs broadcast.
  const shape& all() const { return *all_; }

  /// The shape of result i.
  shape result(int i) const;

  /// The layout of the call, with results at these places.
  layout layout_of(std::span<const described> results) const;

  /// True where these outputs may be written while the inputs are read: none shares memory with an
  /// input, or it is the very same window, each element of which is read before it is written.
  /// Throws shape_error where one has not the shape of its result, value_error where two of them
  /// start at the same element.
  bool may_write(std::span<const described> outputs) const;

 private:
  bool is_result_shape(const shape& s, int i) const;

  const call_terms& terms_;
  std::span<const described> inputs_;
  shape broadcast_;  // what all_ points to where no input has that shape
  const shape* all_;
  axis_set axes_;
};

/// The shape of a result: the broadcast shape, without the axes where the result is a scalar.
shape result_shape(const shape& all, axis_set axes, bool is_vector, bool keep);

/// True where there is nothing to write.
inline bool all_empty(std::span<const described> results) {
  for (const described& r : results) {
    if (r.sizes.size() != 0) return false;
  }
  return true;
}

}  // namespace numfuse::detail
