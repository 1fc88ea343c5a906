// The element types: their names, what they compute in, and NumPy's promotion between them.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <type_traits>

#if NUMFUSE_HAS_CUDA
#include <cuda_bf16.h>
#include <cuda_fp16.h>
#endif

#include <numfuse/space.hpp>

namespace numfuse {

#if NUMFUSE_HAS_CUDA
using half = __half;
using bfloat16 = __nv_bfloat16;
/// Applies M to every dtype. One list, so that a dtype is added in one place.
#define NUMFUSE_FOR_EACH_HALF(M) M(::numfuse::half) M(::numfuse::bfloat16)
#else
#define NUMFUSE_FOR_EACH_HALF(M)
#endif
#define NUMFUSE_FOR_EACH_FLOATING(M) M(float) M(double) NUMFUSE_FOR_EACH_HALF(M)
#define NUMFUSE_FOR_EACH_INTEGRAL(M) M(std::int32_t) M(std::int64_t) M(std::uint8_t)
#define NUMFUSE_FOR_EACH_DTYPE(M) NUMFUSE_FOR_EACH_FLOATING(M) NUMFUSE_FOR_EACH_INTEGRAL(M) M(bool)

enum class dtype : std::uint8_t {
  float32,
  float64,
  float16,
  bfloat16,
  int32,
  int64,
  uint8,
  boolean
};

namespace detail {

template <class T>
struct dtype_traits;  // undefined: not a dtype of numfuse

template <dtype Id, class Compute, bool Floating>
struct dtype_row {
  static constexpr dtype id = Id;
  static constexpr bool floating = Floating;
  using compute = Compute;  // the type in which formulas compute
};

// clang-format off
template <> struct dtype_traits<float>        : dtype_row<dtype::float32, float, true> {};
template <> struct dtype_traits<double>       : dtype_row<dtype::float64, double, true> {};
template <> struct dtype_traits<std::int32_t> : dtype_row<dtype::int32, std::int32_t, false> {};
template <> struct dtype_traits<std::int64_t> : dtype_row<dtype::int64, std::int64_t, false> {};
template <> struct dtype_traits<std::uint8_t> : dtype_row<dtype::uint8, std::uint8_t, false> {};
template <> struct dtype_traits<bool>         : dtype_row<dtype::boolean, bool, false> {};
#if NUMFUSE_HAS_CUDA
template <> struct dtype_traits<half>         : dtype_row<dtype::float16, float, true> {};
template <> struct dtype_traits<bfloat16>     : dtype_row<dtype::bfloat16, float, true> {};
#endif
// clang-format on

}  // namespace detail

template <class T>
concept any_dtype = requires {
  detail::dtype_traits<T>::id;
};
template <class T>
concept floating_dtype = any_dtype<T> && detail::dtype_traits<T>::floating;
template <class T>
concept integral_dtype = any_dtype<T> && !floating_dtype<T>;  // bool included, as in NumPy's casts

template <any_dtype T>
inline constexpr dtype dtype_of = detail::dtype_traits<T>::id;

/// The type in which formulas compute on T: float for half and bfloat16, T itself otherwise.
template <any_dtype T>
using compute_t = typename detail::dtype_traits<T>::compute;

/// NumPy's name: "float32", "bool", ...
constexpr const char* name_of(dtype d) {
  switch (d) {
    case dtype::float32:
      return "float32";
    case dtype::float64:
      return "float64";
    case dtype::float16:
      return "float16";
    case dtype::bfloat16:
      return "bfloat16";
    case dtype::int32:
      return "int32";
    case dtype::int64:
      return "int64";
    case dtype::uint8:
      return "uint8";
    case dtype::boolean:
      return "bool";
  }
  return "?";
}

namespace detail {

/// The unsigned type as wide as C, of 1, 2, 4 or 8 bytes.
template <class C>
using as_wide_as = std::conditional_t<
    sizeof(C) == 8, std::uint64_t,
    std::conditional_t<sizeof(C) == 4, std::uint32_t,
                       std::conditional_t<sizeof(C) == 2, std::uint16_t, std::uint8_t>>>;

template <class A, class B>
constexpr auto promote() {
  if constexpr (std::same_as<A, B> || std::same_as<B, bool>) {
    return std::type_identity<A>{};
  } else if constexpr (std::same_as<A, bool>) {
    return std::type_identity<B>{};
  } else if constexpr (floating_dtype<A> && floating_dtype<B>) {
    // Two different types of 16 bits meet in float32, as wide as both.
    using wider = std::conditional_t<(sizeof(A) > sizeof(B)), A, B>;
    return std::type_identity<std::conditional_t<sizeof(A) == sizeof(B), float, wider>>{};
  } else if constexpr (floating_dtype<A> || floating_dtype<B>) {
    using floating = std::conditional_t<floating_dtype<A>, A, B>;
    using integer = std::conditional_t<floating_dtype<A>, B, A>;
    // uint8 fits every floating dtype; wider integers need float64.
    return std::type_identity<std::conditional_t<sizeof(integer) == 1, floating, double>>{};
  } else {
    return std::type_identity<std::conditional_t<(sizeof(A) > sizeof(B)), A, B>>{};
  }
}

template <class A, class... Rest>
struct promoted {
  using type = A;
};
template <class A, class B, class... Rest>
struct promoted<A, B, Rest...> : promoted<typename decltype(promote<A, B>())::type, Rest...> {};

}  // namespace detail

/// The dtype in which NumPy combines its operands: float32 with int32 gives float64.
template <any_dtype... Ts>
using promote_t = typename detail::promoted<Ts...>::type;

/// The dtype of exp, mean, ...: T where it is floating, else float64.
template <any_dtype T>
using floating_t = std::conditional_t<floating_dtype<T>, T, double>;

/// The dtype of sum and prod: T where it is floating, else int64.
template <any_dtype T>
using accumulate_t = std::conditional_t<floating_dtype<T>, T, std::int64_t>;

namespace detail {

/// True for a dtype that is computed with in another type: half, bfloat16.
template <class T>
inline constexpr bool is_narrow = false;
template <any_dtype T>
inline constexpr bool is_narrow<T> = !std::same_as<compute_t<T>, T>;

/// A number of C++, or of a dtype.
template <class X>
concept plain_number = std::is_arithmetic_v<X> || is_narrow<X>;

}  // namespace detail

/// Converts between dtypes as C++ does; every pair is allowed, NaN to bool is true.
template <any_dtype To, class From>
NUMFUSE_INLINE To convert(From x) {
  if constexpr (std::same_as<To, From>) {
    return x;
  } else if constexpr (detail::is_narrow<From>) {
    return convert<To>(static_cast<float>(x));
  } else if constexpr (detail::is_narrow<To>) {
    // double to a 16-bit type rounds once: CUDA's headers have that conversion.
    if constexpr (std::same_as<From, double> || std::same_as<From, float>) {
      return To(x);
    } else {
      return To(static_cast<float>(x));
    }
  } else if constexpr (std::same_as<To, bool>) {
    return x != From(0);
  } else if constexpr (std::same_as<From, bool>) {
    return x ? To(1) : To(0);  // a choice, which compilers find vector instructions for
  } else {
    return static_cast<To>(x);
  }
}

}  // namespace numfuse
