// What a formula is, found out without running it on data: its results, levels and reductions.
#pragma once

#include <tuple>
#include <type_traits>

#include <numfuse/formula.hpp>

namespace numfuse::detail {

/// A list of types, for overload and instantiation.
template <class... T>
struct types {
  static constexpr int size = sizeof...(T);
};

/// A context without data. The types that a formula returns for it say everything about the
/// results; a call with it counts the reductions.
struct probe {
  static constexpr int width = 1;
  static constexpr int lanes = 1;

  int reductions = 0;
  bool needs_elements = false;  // some reduction has no value for no numbers
  bool costly = false;          // some operation takes many instructions
  bool asks_index = false;      // some operation depends on where a number stands

  static NUMFUSE_INLINE std::int64_t length() { return 1; }
  NUMFUSE_INLINE std::int64_t index(int) {
    asks_index = true;
    return 0;
  }
  static NUMFUSE_HD constexpr bool knows(int) { return true; }

  template <class V>
  NUMFUSE_INLINE const V& keep_costly(const V& v) {
    costly = true;
    return v;
  }

  template <class R, class T, int Level>
  NUMFUSE_INLINE auto reduce(const R& r, const vector_value<T, Level, probe>&) {
    ++reductions;
    needs_elements |= r.needs_elements();
    return scalar_value<typename R::template result<T>, Level + 1, probe>{{}, this};
  }
};

/// The types of what a formula returns, in order.
template <class R>
struct result_types {
  using type = types<R>;
};
template <class... X>
struct result_types<formula_outputs<X...>> {
  using type = types<X...>;
};

template <class T>
using probe_vector = vector_value<T, 0, probe>;

template <class F, class... T>
concept formula_of = requires(const F& f, const probe_vector<T>&... v) {
  f(v...);
};

template <class Values>
struct values_info;
template <class... X>
struct values_info<types<X...>> {
  static_assert((formula_value<X> && ...),
                "numfuse: a formula returns a vector, a scalar, or outputs(...) of both kinds");
  using dtypes = types<typename X::dtype...>;
  static constexpr bool is_vector[] = {X::is_vector...};
  static constexpr int levels = [] {
    int most = 0;
    ((most = X::level > most ? X::level : most), ...);
    return most;
  }();
  static constexpr bool any_vector = (X::is_vector || ...);
  static constexpr bool any_scalar = (!X::is_vector || ...);
};

/// Everything about formula F for vectors of dtypes T.
template <class F, class... T>
struct formula_info : values_info<typename result_types<decltype(std::declval<const F&>()(
                          std::declval<const probe_vector<T>&>()...))>::type> {
  static_assert(std::is_trivially_copyable_v<F>,
                "numfuse: a formula is copied to the GPU: its members must be trivially copyable");

  /// The reductions of one call, counted by making it.
  static NUMFUSE_INLINE probe trace(const F& f) {
    probe p;
    static_cast<void>(f(probe_vector<T>{{}, &p}...));
    return p;
  }
};

}  // namespace numfuse::detail
