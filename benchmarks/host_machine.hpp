// Owns what the benchmarks of the host say about the machine. `peer_libraries/on_cpu.py` gives it
// the same name, so that their measurements join.
#pragma once

#include <omp.h>

#include <chrono>
#include <fstream>
#include <map>
#include <string>

#include "report.hpp"

namespace bench {

inline machine host_machine() {
  machine m{"an unknown processor", "cpu", {}};
  std::ifstream info("/proc/cpuinfo");
  std::map<std::string, std::string> said;
  for (std::string line; std::getline(info, line);) {  // cpu family\t: 26
    const std::size_t colon = line.find(": ");
    if (colon != line.npos) said[line.substr(0, line.find('\t'))] = line.substr(colon + 2);
  }
  if (said.count("model name") > 0) m.name = said["model name"];
  // Virtual machines leave out of the name which generation it is.
  if (said.count("cpu family") > 0) {
    m.name += ", family " + said["cpu family"] + ", model " + said["model"];
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
