// Owns the count of kernels that have run: every kernel that the program could launch through
// `launch_counted` is on the list before main, because it was compiled.
#pragma once

#include "simt.hpp"

#include <atomic>
#include <string>
#include <vector>

namespace numfuse::simt {

struct kernel_record {
  std::string name;
  std::atomic<long> launches{0};
};

/// All kernels of the program.
inline std::vector<kernel_record*>& kernel_records() {
  static std::vector<kernel_record*> records;
  return records;
}

namespace detail {

/// The kernel as the compiler writes it, without the namespaces that all of them share.
template <auto Kernel>
std::string kernel_name() {
  std::string name = __PRETTY_FUNCTION__;
  const auto begin = name.find("Kernel = ") + 9;
  name = name.substr(begin, name.find_last_of(';') - begin);
  for (const char* common : {"numfuse::", "cuda::", "detail::", "formulas::"}) {
    for (auto at = name.find(common); at != std::string::npos; at = name.find(common)) {
      name.erase(at, std::strlen(common));
    }
  }
  return name;
}

template <auto Kernel>
struct registered {
  struct made : kernel_record {
    made() {
      name = kernel_name<Kernel>();
      kernel_records().push_back(this);
    }
  };
  static inline made record;
};

}  // namespace detail

/// Launches a kernel and counts it.
template <auto Kernel, class... Args>
void launch_counted(const config& shape, Args&&... args) {
  detail::registered<Kernel>::record.launches += 1;
  launch(shape, Kernel, std::forward<Args>(args)...);
}

}  // namespace numfuse::simt
