// Which of its kernels OpenBLAS takes.
#pragma once

#include <string_view>

#include "isa.hpp"

namespace numfuse::detail {

/// The kernels that OpenBLAS should take instead of those of the name `taken`, on a processor with
/// these instructions; null where they are right.
const char* better_kernels(std::string_view taken, isa widest);

/// Has OpenBLAS take them, unless the environment variable OPENBLAS_CORETYPE, OpenBLAS's own, says
/// which ones. To be called before there are threads. True where it changed something.
bool correct_kernels_of_openblas();

}  // namespace numfuse::detail
