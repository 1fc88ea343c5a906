// Where data lives and code runs, as compile-time tags, and what may be marked for both.
#pragma once

#include <string>

#include <numfuse/detail/macros.hpp>

namespace numfuse {

struct host {};    ///< The CPU and its memory.
struct device {};  ///< The current CUDA GPU and its memory.

/// True for the tags above. A new space says so here, and brings its memory and its executor.
template <class S>
inline constexpr bool is_space = false;
template <>
inline constexpr bool is_space<host> = true;
template <>
inline constexpr bool is_space<device> = true;

template <class S>
concept any_space = is_space<S>;

/// Whose memory a space uses: its own, unless it says so here.
template <class S>
struct memory_of {
  using type = S;
};

/// True where a CUDA GPU can be used: the library was built for CUDA and the driver finds a GPU.
bool device_available() noexcept;

/// One line for people: the GPU's name and memory, or why there is none.
std::string device_description();

}  // namespace numfuse
