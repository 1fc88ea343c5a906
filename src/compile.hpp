// How the library compiles its calls, for the space whose executor is at hand.
#pragma once

#include <array>

#include "calls.hpp"

namespace numfuse::detail {

/// The code of calls: a table of its addresses makes the compiler keep it.
template <class Space, class... Call>
std::array<const void*, sizeof...(Call)> code_of(types<Call...>) {
  return {reinterpret_cast<const void*>(
      static_cast<void (*)(Space, const Call&, const stream&)>(&execute_compiled<Call>))...};
}

}  // namespace numfuse::detail
