// Numbers in environment variables.
#include "environment.hpp"

#include <charconv>
#include <cstdlib>
#include <string>

#include <numfuse/error.hpp>

namespace numfuse::detail {

std::optional<int> positive_number_in(const char* variable) {
  const char* const text = std::getenv(variable);
  if (text == nullptr || *text == '\0') return std::nullopt;
  const std::string given(text);
  int n = 0;
  const auto [end, error] = std::from_chars(given.data(), given.data() + given.size(), n);
  if (error != std::errc{} || end != given.data() + given.size() || n < 1) {
    throw value_error(std::string(variable) + ": \"" + given + "\" is not a positive number");
  }
  return n;
}

}  // namespace numfuse::detail
