// How the library compiles its calls, for the space whose executor is at hand.
#pragma once

#include <array>

#include "calls.hpp"

namespace numfuse::detail {

/// The address of a function, to which a constant can point.
template <auto Function>
inline constexpr auto entry = Function;

/// The code of calls: a table of its entries makes the compiler keep it. The table is a constant:
/// code that fills it would run at the start of every program, on any CPU, in the instructions for
/// which its file is compiled.
template <class Space, class... Call>
constexpr std::array<const void*, sizeof...(Call)> code_of(types<Call...>) {
  return {
      &entry<static_cast<void (*)(Space, const Call&, const stream&)>(&execute_compiled<Call>)>...};
}

}  // namespace numfuse::detail
