// Owns what a measurement is: its record, and how a call is repeated until its time is known.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace bench {

/// Seconds of one call: the median over repeats, and their interquartile range as a share of it.
struct timing {
  double seconds = 0;
  double spread = 0;
};

/// One line of a report.
struct measurement {
  std::string library = "numfuse";
  std::string function;
  std::vector<std::int64_t> shape;
  std::optional<int> axis;
  std::string dtype;
  std::string mode;  // warm, cold or graph
  timing time;
  double bytes = 0;   // each input read once, each result written once
  std::string bound;  // the ceiling that limits it: copy, read, fill or compute
  std::string plan;
};

/// How long to measure one thing.
struct patience {
  double batch_seconds = 2e-3;  // of calls back to back, timed together
  int repeats = 9;
  double longest = 2;  // seconds, of all repeats of one case together, where a few will do
};

inline timing summary(std::vector<double> seconds) {
  std::sort(seconds.begin(), seconds.end());
  const std::size_t n = seconds.size();
  const double median = (seconds[(n - 1) / 2] + seconds[n / 2]) / 2;
  return {median, (seconds[n - 1 - n / 4] - seconds[n / 4]) / median};
}

/// Times batches of calls. `clock(calls)` returns the seconds that it took to run `calls`. Call
/// number i is handed i % copies: the inputs take turns, so that none waits in a cache.
template <class Clock>
timing time_calls(Clock&& clock, const std::function<void(int)>& call, int copies,
                  const patience& p) {
  int next = 0;
  const auto batch = [&](std::int64_t calls) {
    return clock([&] {
             for (std::int64_t i = 0; i < calls; ++i) {
               call(next);
               next = (next + 1) % copies;
             }
           }) /
           static_cast<double>(calls);
  };
  batch(copies);  // the first call of each is another matter
  std::int64_t calls = 1;
  double each = batch(calls);
  for (; each * static_cast<double>(calls) < p.batch_seconds; each = batch(calls)) {
    const double wanted = 1.2 * p.batch_seconds / std::max(each, 1e-9);
    calls = std::clamp<std::int64_t>(static_cast<std::int64_t>(wanted), calls + 1, calls * 100);
  }
  std::vector<double> seconds;
  const auto affordable = static_cast<int>(p.longest / (each * static_cast<double>(calls)));
  const int repeats = std::clamp(affordable, 3, p.repeats);
  for (int r = 0; r < repeats; ++r) seconds.push_back(batch(calls));
  return summary(seconds);
}

}  // namespace bench
