// New tensors: constants, sequences and random numbers, in either space.
#pragma once

#include <concepts>

#include <numfuse/functions.hpp>

namespace numfuse {

/// Elements of any value: for `into` to write.
template <any_dtype T, any_space Space = host>
tensor<T, Space> empty(const shape& s) {
  return tensor<T, Space>(s);
}

namespace detail {
template <any_dtype T, any_space Space>
tensor<T, Space> filled(const shape& s, T value, std::string_view function) {
  return fuse(formulas::copy_formula{}).along(all).named(function)(repeated<T, Space>{s, value});
}
}  // namespace detail

template <any_dtype T, any_space Space = host>
tensor<T, Space> full(const shape& s, T value) {
  return detail::filled<T, Space>(s, value, "full");
}

template <any_dtype T, any_space Space = host>
tensor<T, Space> zeros(const shape& s) {
  return detail::filled<T, Space>(s, convert<T>(0), "zeros");
}

template <any_dtype T, any_space Space = host>
tensor<T, Space> ones(const shape& s) {
  return detail::filled<T, Space>(s, convert<T>(1), "ones");
}

namespace detail {

/// How many numbers start, start + step, ... come before stop.
std::int64_t arange_count(double start, double stop, double step);
std::int64_t arange_count(std::int64_t start, std::int64_t stop, std::int64_t step);

/// `least` and `most` are what the ends become in the dtype of the results.
void check_interval(double low, double high, double least, double most);
void check_deviation(double deviation);

template <class T, class Space, class Number>
tensor<T, Space> arange_of(Number start, Number stop, Number step) {
  using formula = formulas::arange_formula<T>;
  using number = typename formula::number;
  const std::int64_t count = arange_count(start, stop, step);
  return fuse(formula{{}, static_cast<number>(start), static_cast<number>(step)})
      .along(all)(repeated<T, Space>{{count}, T{}});
}

}  // namespace detail

/// start, start + step, ... before stop. Throws value_error for a step of 0, and where there is no
/// number of elements.
template <any_dtype T, any_space Space = host>
tensor<T, Space> arange(double start, double stop, double step = 1) {
  return detail::arange_of<T, Space>(start, stop, step);
}
template <any_dtype T, any_space Space = host>
tensor<T, Space> arange(std::integral auto start, std::integral auto stop) {
  return detail::arange_of<T, Space>(static_cast<std::int64_t>(start),
                                     static_cast<std::int64_t>(stop), std::int64_t{1});
}
template <any_dtype T, any_space Space = host>
tensor<T, Space> arange(std::integral auto start, std::integral auto stop,
                        std::integral auto step) {
  return detail::arange_of<T, Space>(static_cast<std::int64_t>(start),
                                     static_cast<std::int64_t>(stop),
                                     static_cast<std::int64_t>(step));
}

/// 0, 1, ... before stop.
template <any_dtype T, any_space Space = host>
tensor<T, Space> arange(double stop) {
  return detail::arange_of<T, Space>(0.0, stop, 1.0);
}

/// `count` numbers from start to stop, both included.
template <floating_dtype T, any_space Space = host>
tensor<T, Space> linspace(double start, double stop, std::int64_t count = 50) {
  if (count < 0) throw value_error("linspace: the count " + std::to_string(count) + " is negative");
  const double step = count > 1 ? (stop - start) / static_cast<double>(count - 1) : 0;
  auto result = fuse(formulas::arange_formula<T>{{}, start, step})
                    .named("linspace")
                    .along(all)(detail::repeated<T, Space>{{count}, T{}});
  // The last number is `stop` itself, not what rounding makes of it.
  if (count > 1) copyto(result(count - 1), stop);
  return result;
}

/// The identity matrix of n rows.
template <any_dtype T, any_space Space = host>
tensor<T, Space> eye(std::int64_t n) {
  auto result = detail::filled<T, Space>({n, n}, convert<T>(0), "eye");
  tensor_view<T, Space> diagonal(result.data(), shape{n}, strides{n + 1});
  copyto(diagonal, 1);
  return result;
}

/// Random numbers evenly distributed over [low, high). The same seed gives the same numbers in both
/// spaces, to the last bit. Throws value_error where the interval is not finite in T.
template <floating_dtype T, any_space Space = host>
tensor<T, Space> random_uniform(const shape& s, std::uint64_t seed, double low = 0,
                                double high = 1) {
  detail::check_interval(low, high, static_cast<double>(convert<T>(low)),
                         static_cast<double>(convert<T>(high)));
  return fuse(formulas::random_uniform_formula<T>{{}, seed, low, high})
      .along(all)(detail::repeated<T, Space>{s, T{}});
}

/// Random numbers, normally distributed. The same seed gives the same numbers in both spaces.
/// Throws value_error for a deviation below 0.
template <floating_dtype T, any_space Space = host>
tensor<T, Space> random_normal(const shape& s, std::uint64_t seed, double mean = 0,
                               double deviation = 1) {
  detail::check_deviation(deviation);
  return fuse(formulas::random_normal_formula<T>{{}, seed, mean, deviation})
      .along(all)(detail::repeated<T, Space>{s, T{}});
}

/// An uninitialised host tensor in page-locked memory, to and from which copies run at full speed.
/// Pays where the same memory is copied again and again: making it is slow. Ordinary memory in a
/// library built without CUDA.
template <any_dtype T>
host_tensor<T> pinned(const shape& s) {
  return host_tensor<T>(s, detail::allocate_pinned<T>(s.size()));
}

}  // namespace numfuse
