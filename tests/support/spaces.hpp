// Where the typed tests run: every dtype in every space, each space behind one policy. The programs
// simt_* run the same tests in the emulated space.
//
// A policy has
//   space           the tag of its tensors,
//   name            for the names of tests,
//   skip_reason()   why its tests cannot run here, or an empty text,
//   to_space(x)     a host tensor, brought there,
//   back(x)         a tensor or view of that space, brought to the host in C order.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include <numfuse/numfuse.hpp>

#if defined(NUMFUSE_TEST_SIMT)
#include <simt/emulated.hpp>
#endif

namespace numfuse::tests {

struct host_space {
  using space = host;
  static constexpr const char* name = "host";
  static std::string skip_reason() { return {}; }

  template <any_dtype T>
  static host_tensor<T> to_space(const host_tensor<T>& x) {
    return x;
  }
  template <any_dtype T>
  static host_tensor<T> back(const host_tensor<T>& x) {
    return x;
  }
  template <class T>
  static auto back(const tensor_view<T, host>& x) {
    return copy(x);
  }
};

struct device_space {
  using space = device;
  static constexpr const char* name = "device";
  static std::string skip_reason() {
    return device_available() ? std::string() : device_description();
  }

  template <any_dtype T>
  static device_tensor<T> to_space(const host_tensor<T>& x) {
    return x.template to<device>();
  }
  template <any_dtype T>
  static host_tensor<T> back(const device_tensor<T>& x) {
    return x.template to<host>();
  }
  template <class T>
  static auto back(const tensor_view<T, device>& x) {
    return copy(x).template to<host>();
  }
};

#if defined(NUMFUSE_TEST_SIMT)
/// The kernels of the CUDA executor, emulated.
struct simt_space {
  using space = emulated;
  static constexpr const char* name = "simt";
  static std::string skip_reason() { return {}; }

  template <any_dtype T>
  static tensor<T, emulated> to_space(const host_tensor<T>& x) {
    return x.template to<emulated>();
  }
  template <any_dtype T>
  static host_tensor<T> back(const tensor<T, emulated>& x) {
    return x.template to<host>();
  }
  template <class T>
  static auto back(const tensor_view<T, emulated>& x) {
    return copy(x).template to<host>();
  }
};
#endif

/// One entry of a list of typed tests.
template <any_dtype T, class Policy>
struct on {
  using dtype = T;
  using policy = Policy;
  using space = typename Policy::space;
};

#if defined(NUMFUSE_TEST_SIMT)
#define NUMFUSE_IN_SPACES(T) on<T, simt_space>
#elif NUMFUSE_HAS_CUDA
#define NUMFUSE_IN_SPACES(T) on<T, host_space>, on<T, device_space>
#else
#define NUMFUSE_IN_SPACES(T) on<T, host_space>
#endif
#if NUMFUSE_HAS_CUDA
#define NUMFUSE_HALVES_IN_SPACES , NUMFUSE_IN_SPACES(half), NUMFUSE_IN_SPACES(bfloat16)
#else
#define NUMFUSE_HALVES_IN_SPACES
#endif
#define NUMFUSE_FLOATING_CASES \
  NUMFUSE_IN_SPACES(float), NUMFUSE_IN_SPACES(double) NUMFUSE_HALVES_IN_SPACES
#define NUMFUSE_INTEGER_CASES \
  NUMFUSE_IN_SPACES(std::int32_t), NUMFUSE_IN_SPACES(std::int64_t), NUMFUSE_IN_SPACES(std::uint8_t)

using floating_cases = ::testing::Types<NUMFUSE_FLOATING_CASES>;
using integer_cases = ::testing::Types<NUMFUSE_INTEGER_CASES>;
using whole_number_cases = ::testing::Types<NUMFUSE_INTEGER_CASES, NUMFUSE_IN_SPACES(bool)>;
using all_cases =
    ::testing::Types<NUMFUSE_FLOATING_CASES, NUMFUSE_INTEGER_CASES, NUMFUSE_IN_SPACES(bool)>;
/// Where users' own formulas run: on the device they need nvcc.
#if defined(NUMFUSE_TEST_SIMT)
using own_formula_cases = floating_cases;
#elif NUMFUSE_HAS_CUDA
using own_formula_cases = ::testing::Types<on<float, host_space>, on<double, host_space>,
                                           on<half, host_space>, on<bfloat16, host_space>>;
#else
using own_formula_cases = ::testing::Types<on<float, host_space>, on<double, host_space>>;
#endif
/// Where the dtype does not matter.
using space_cases = ::testing::Types<NUMFUSE_IN_SPACES(float)>;

/// "float32_host" in the names of tests.
struct case_names {
  template <class Case>
  static std::string GetName(int) {
    return std::string(name_of(dtype_of<typename Case::dtype>)) + "_" + Case::policy::name;
  }
};

/// Base of every typed test: skips, with the reason, where the space is not available.
template <class Case>
class typed_test : public ::testing::Test {
 protected:
  void SetUp() override {
    const std::string reason = Case::policy::skip_reason();
    if (!reason.empty()) GTEST_SKIP() << reason;
  }
};

template <class Case, any_dtype T>
tensor<T, typename Case::space> to_space(const host_tensor<T>& x) {
  return Case::policy::to_space(x);
}
template <class Case, tensor_like X>
host_tensor<element_t<X>> back(const X& x) {
  return Case::policy::back(x);
}

}  // namespace numfuse::tests
