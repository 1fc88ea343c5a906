// Owns what the benchmarks of the host say about the machine. `peer_libraries/on_cpu.py` gives it
// the same name, so that their measurements join.
#pragma once

#include <omp.h>

#include <chrono>
#include <fstream>

#include "report.hpp"

namespace bench {

inline machine host_machine() {
  machine m{"an unknown processor", "cpu", {}};
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);) {
    if (line.rfind("model name", 0) == 0) m.name = line.substr(line.find(':') + 2);
  }
  m.software["threads"] = std::to_string(omp_get_max_threads());
  m.software["compiler"] = __VERSION__;
  return m;
}

/// Seconds of f() by the wall's clock.
template <class F>
double wall_seconds(const F& f) {
  const auto start = std::chrono::steady_clock::now();
  f();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace bench
