// Numbers in environment variables.
#pragma once

#include <optional>

namespace numfuse::detail {

/// The number in an environment variable; none where it is unset or empty. Throws value_error,
/// which names the variable, where it is not a positive number.
std::optional<int> positive_number_in(const char* variable);

}  // namespace numfuse::detail
