// How the library compiles its operations for the device; see src/compile.hpp.
#pragma once

#include "../src/compile.hpp"

namespace numfuse::detail {

template <class Call>
void execute_compiled(device, const Call& c, const stream& on) {
  cuda::run(c, on);
}

}  // namespace numfuse::detail
