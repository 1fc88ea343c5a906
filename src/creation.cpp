// What the numbers that make new tensors must be.
#include <cmath>
#include <sstream>

#include <numfuse/creation.hpp>

namespace numfuse::detail {

std::int64_t arange_count(double start, double stop, double step) {
  if (step == 0) throw value_error("arange: the step must not be 0");
  const double count = std::ceil((stop - start) / step);
  if (!(count < 0x1p63)) {  // NaN, too
    std::ostringstream text;
    text << "arange: from " << start << " to " << stop << " in steps of " << step
         << ": there is no such number of elements";
    throw value_error(text.str());
  }
  return count > 0 ? static_cast<std::int64_t>(count) : 0;
}

std::int64_t arange_count(std::int64_t start, std::int64_t stop, std::int64_t step) {
  if (step == 0) throw value_error("arange: the step must not be 0");
  if (step > 0 ? start >= stop : start <= stop) return 0;
  // Unsigned: the distance between two numbers may not fit one.
  const auto from = static_cast<std::uint64_t>(start), to = static_cast<std::uint64_t>(stop);
  const auto by = static_cast<std::uint64_t>(step);
  const std::uint64_t steps = step > 0 ? (to - from - 1) / by : (from - to - 1) / (0 - by);
  if (steps >= std::uint64_t{1} << 62) {
    throw value_error("arange: from " + std::to_string(start) + " to " + std::to_string(stop) +
                      " in steps of " + std::to_string(step) +
                      ": there is no such number of elements");
  }
  return static_cast<std::int64_t>(steps) + 1;
}

void check_interval(double low, double high, double least, double most) {
  if (std::isfinite(high - low) && std::isfinite(least) && std::isfinite(most)) return;
  std::ostringstream text;
  text << "random_uniform: the interval from " << low << " to " << high << " is not finite";
  throw value_error(text.str());
}

void check_deviation(double deviation) {
  if (deviation >= 0) return;
  std::ostringstream text;
  text << "random_normal: the deviation " << deviation << " is below 0";
  throw value_error(text.str());
}

}  // namespace numfuse::detail
