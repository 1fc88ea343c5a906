// What the examples share: running on the device where there is one, else on the host; and a clock.
#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <exception>
#include <iostream>

#include <numfuse/numfuse.hpp>

namespace nf = numfuse;

namespace example {

/// Whether the functions of the library can be called on device tensors.
#if NUMFUSE_HAS_CUDA
inline constexpr bool library_has_device = true;
#else
inline constexpr bool library_has_device = false;
#endif

/// Whether this file may fuse formulas of its own for the device: only nvcc can compile those.
#if NUMFUSE_HAS_CUDA && defined(__CUDACC__)
inline constexpr bool can_fuse_for_device = true;
#else
inline constexpr bool can_fuse_for_device = false;
#endif

/// Says where the example runs, and calls body(Space{}) there. The value is that of main.
template <bool DeviceCompiled, class Body>
int run(const Body& body) try {
  if constexpr (DeviceCompiled) {
    if (nf::device_available()) {
      std::cout << "Running on the device: " << nf::device_description() << "\n\n";
      body(nf::device{});
      return 0;
    }
  }
  std::cout << "Running on the host ("
            << (nf::device_available() ? "this program was compiled without CUDA"
                                       : nf::device_description())
            << ")\n\n";
  body(nf::host{});
  return 0;
} catch (const std::exception& failure) {
  std::cerr << "error: " << failure.what() << '\n';
  return 1;
}

/// The median time of several runs in Space, in microseconds. A first run, which warms up, does not
/// count.
template <class Space, class Work>
double median_time(const Work& work) {
  std::array<double, 7> times;
  for (int i = -1; i < static_cast<int>(times.size()); ++i) {
    const auto start = std::chrono::steady_clock::now();
    const auto result = work();
    if constexpr (std::same_as<Space, nf::device>) {
      nf::stream{}.synchronize();  // a device works on while the host goes its way
    }
    const std::chrono::duration<double, std::micro> passed =
        std::chrono::steady_clock::now() - start;
    if (i >= 0) times[static_cast<std::size_t>(i)] = passed.count();
  }
  std::sort(times.begin(), times.end());
  return times[times.size() / 2];
}

}  // namespace example
