// Owns the proof that the emulation finds faults: kernels with planted faults, each of which must
// be reported, their clean twins, which must pass, and what correct kernels must compute.
#include "simt.hpp"

#include <gtest/gtest-spi.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <cstdlib>
#include <functional>
#include <numeric>
#include <stdexcept>
#include <string>
#include <vector>

// Defined where the program is linked with UBSan; GCC has no macro that says so.
extern "C" [[gnu::weak]] void __ubsan_handle_type_mismatch_v1_abort(void*, void*);

namespace {

namespace simt = numfuse::simt;

constexpr unsigned full_mask = 0xffffffffu;

#if defined(NUMFUSE_SIMT_ASAN)
constexpr bool has_asan = true;
#else
constexpr bool has_asan = false;
#endif
#if defined(NUMFUSE_SIMT_TSAN)
constexpr bool has_tsan = true;
#else
constexpr bool has_tsan = false;
#endif

bool has_ubsan() { return &__ubsan_handle_type_mismatch_v1_abort != nullptr; }

const std::vector<simt::order>& orders() {
  static const std::vector<simt::order> all = {{simt::order::forward, 0},
                                               {simt::order::reverse, 0},
                                               {simt::order::random, 1},
                                               {simt::order::random, 77}};
  return all;
}

/// Runs `body` under every order, then puts back the order of before.
void in_every_order(const std::function<void()>& body) {
  const simt::order before = simt::current_order();
  for (const simt::order& o : orders()) {
    SCOPED_TRACE("order " + std::to_string(o.kind) + " seed " + std::to_string(o.seed));
    simt::set_order(o);
    body();
  }
  simt::set_order(before);
}

/// The launch must throw a fault whose message holds `text`, under every order.
template <class Kernel>
void expect_fault(const std::string& text, const simt::config& shape, const Kernel& kernel) {
  in_every_order([&] {
    try {
      simt::launch(shape, kernel);
      ADD_FAILURE() << "no fault, expected: " << text;
    } catch (const simt::fault& f) {
      EXPECT_NE(std::string(f.what()).find(text), std::string::npos) << f.what();
    }
  });
}

template <class Kernel>
void expect_clean(const simt::config& shape, const Kernel& kernel) {
  in_every_order([&] { EXPECT_NO_THROW(simt::launch(shape, kernel)); });
}

float* shared_floats() { return reinterpret_cast<float*>(simt::shared_memory()); }

// ---- what correct kernels compute ---------------------------------------------------------------

__device__ float warp_sum(float v) {
  for (int lanes = 16; lanes > 0; lanes /= 2) v += __shfl_xor_sync(full_mask, v, lanes);
  return v;
}

/// Sums `v` over the block; all threads get the sum. The shared memory may be used again after.
__device__ float block_sum(float v, float* shared) {
  const unsigned lane = threadIdx.x % 32;
  const unsigned warps = (blockDim.x + 31) / 32;
  v = warp_sum(v);
  if (lane == 0) shared[threadIdx.x / 32] = v;
  __syncthreads();
  float sum = 0;
  for (unsigned w = 0; w < warps; ++w) sum += shared[w];
  __syncthreads();
  return sum;
}

__global__ void block_sums(const float* in, float* out) {
  const float sum = block_sum(in[blockIdx.x * blockDim.x + threadIdx.x], shared_floats());
  if (threadIdx.x == 0) out[blockIdx.x] = sum;
}

std::vector<float> counting(std::size_t n) {
  std::vector<float> values(n);
  for (std::size_t i = 0; i < n; ++i) values[i] = static_cast<float>(i % 7);
  return values;
}

float sum_of(const std::vector<float>& v) { return std::accumulate(v.begin(), v.end(), 0.0f); }

TEST(functional, indices_cover_grid_and_block) {
  in_every_order([] {
    std::vector<int> hits(2 * 3 * 2 * 4 * 3 * 2, 0);
    simt::launch({dim3(2, 3, 2), dim3(4, 3, 2)}, [&] {
      const unsigned b = (blockIdx.z * gridDim.y + blockIdx.y) * gridDim.x + blockIdx.x;
      const unsigned t = (threadIdx.z * blockDim.y + threadIdx.y) * blockDim.x + threadIdx.x;
      hits[b * blockDim.x * blockDim.y * blockDim.z + t] += 1;
    });
    for (int h : hits) EXPECT_EQ(h, 1);
  });
}

TEST(functional, warp_xor_reduce) {
  in_every_order([] {
    std::vector<float> out(64);
    simt::launch({1, 64}, [&] { out[threadIdx.x] = warp_sum(static_cast<float>(threadIdx.x)); });
    for (int i = 0; i < 64; ++i) EXPECT_EQ(out[i], i < 32 ? 496.0f : 1520.0f);
  });
}

TEST(functional, shuffles_of_width_8) {
  in_every_order([] {
    std::vector<int> idx(32), down(32), up(32), exchanged(32);
    std::vector<double> wide(32);
    simt::launch({1, 32}, [&] {
      const int lane = static_cast<int>(threadIdx.x);
      idx[lane] = __shfl_sync(full_mask, lane, 3, 8);
      down[lane] = __shfl_down_sync(full_mask, lane, 2, 8);
      up[lane] = __shfl_up_sync(full_mask, lane, 2, 8);
      exchanged[lane] = __shfl_xor_sync(full_mask, lane, 4, 8);
      wide[lane] = __shfl_sync(full_mask, lane + 0.25, 9, 8);
    });
    for (int lane = 0; lane < 32; ++lane) {
      const int begin = lane / 8 * 8;
      EXPECT_EQ(idx[lane], begin + 3);
      EXPECT_EQ(down[lane], lane % 8 < 6 ? lane + 2 : lane);
      EXPECT_EQ(up[lane], lane % 8 >= 2 ? lane - 2 : lane);
      EXPECT_EQ(exchanged[lane], lane ^ 4);
      EXPECT_EQ(wide[lane], begin + 1.25);
    }
  });
}

TEST(functional, votes_of_half_warps) {
  in_every_order([] {
    std::vector<unsigned> ballot(32);
    std::vector<int> any(32), all(32);
    simt::launch({1, 32}, [&] {
      const unsigned lane = threadIdx.x;
      const unsigned mask = lane < 16 ? 0x0000ffffu : 0xffff0000u;
      ballot[lane] = __ballot_sync(mask, lane % 2);
      any[lane] = __any_sync(mask, lane == 3);
      all[lane] = __all_sync(mask, lane >= 16);
    });
    for (unsigned lane = 0; lane < 32; ++lane) {
      EXPECT_EQ(ballot[lane], lane < 16 ? 0x0000aaaau : 0xaaaa0000u);
      EXPECT_EQ(any[lane], lane < 16);
      EXPECT_EQ(all[lane], lane >= 16);
    }
  });
}

TEST(functional, barriers_that_vote) {
  in_every_order([] {
    std::vector<int> count(96), any(96), all(96);
    simt::launch({1, 96}, [&] {
      const unsigned t = threadIdx.x;
      count[t] = __syncthreads_count(t % 3 == 0);
      any[t] = __syncthreads_or(t == 95);
      all[t] = __syncthreads_and(t != 95);
    });
    for (unsigned t = 0; t < 96; ++t) {
      EXPECT_EQ(count[t], 32);
      EXPECT_EQ(any[t], 1);
      EXPECT_EQ(all[t], 0);
    }
  });
}

TEST(functional, block_reduction_through_shared_memory) {
  in_every_order([] {
    const std::vector<float> in = counting(3 * 128);
    std::vector<float> out(3);
    simt::launch({3, 128, 4 * sizeof(float)}, block_sums, in.data(), out.data());
    for (int b = 0; b < 3; ++b) {
      EXPECT_EQ(out[b], std::accumulate(&in[b * 128], &in[b * 128] + 128, 0.0f));
    }
  });
}

TEST(functional, block_of_1024_threads) {
  const std::vector<float> in = counting(1024);
  float out = 0;
  simt::launch({1, 1024, 32 * sizeof(float)}, block_sums, in.data(), &out);
  EXPECT_EQ(out, sum_of(in));
}

template <bool synced>
__global__ void grid_sum(const float* in, float* partial, float* out) {
  const float sum = block_sum(in[blockIdx.x * blockDim.x + threadIdx.x], shared_floats());
  if (threadIdx.x == 0) partial[blockIdx.x] = sum;
  if constexpr (synced) simt::grid_sync();
  if (blockIdx.x == gridDim.x - 1 && threadIdx.x == 0) {
    float total = 0;
    for (unsigned b = 0; b < gridDim.x; ++b) total += partial[b];
    *out = total;
  }
}

TEST(functional, cooperative_grid_reduction) {
  in_every_order([] {
    const std::vector<float> in = counting(8 * 64);
    std::vector<float> partial(8);
    float out = 0;
    simt::launch({.grid = 8, .block = 64, .shared_bytes = 2 * sizeof(float), .cooperative = true},
                 grid_sum<true>, in.data(), partial.data(), &out);
    EXPECT_EQ(out, sum_of(in));
  });
}

enum class fence { none, block, device };

/// The block that draws the last ticket folds what all blocks wrote.
template <fence used>
__global__ void last_block_sum(const float* in, float* partial, unsigned* ticket, float* out) {
  const float sum = block_sum(in[blockIdx.x * blockDim.x + threadIdx.x], shared_floats());
  bool last = false;
  if (threadIdx.x == 0) {
    partial[blockIdx.x] = sum;
    if constexpr (used == fence::block) __threadfence_block();
    if constexpr (used == fence::device) __threadfence();
    last = atomicAdd(ticket, 1) == gridDim.x - 1;
  }
  if (__syncthreads_or(last)) {
    const float total =
        block_sum(threadIdx.x < gridDim.x ? partial[threadIdx.x] : 0.0f, shared_floats());
    if (threadIdx.x == 0) *out = total;
  }
}

TEST(functional, last_block_folds) {
  in_every_order([] {
    const std::vector<float> in = counting(8 * 64);
    std::vector<float> partial(8);
    unsigned ticket = 0;
    float out = 0;
    simt::launch({8, 64, 2 * sizeof(float)}, last_block_sum<fence::device>, in.data(),
                 partial.data(), &ticket, &out);
    EXPECT_EQ(out, sum_of(in));
    EXPECT_EQ(ticket, 8u);
  });
}

template <bool synced>
__global__ void exchange_in_cluster(unsigned* out) {
  auto* own = reinterpret_cast<unsigned*>(simt::shared_memory());
  own[threadIdx.x] = blockIdx.x * 100 + threadIdx.x;
  if constexpr (synced) simt::cluster_sync();
  const unsigned* other = simt::map_shared_rank(own, simt::cluster_rank() ^ 1u);
  out[blockIdx.x * blockDim.x + threadIdx.x] = other[blockDim.x - 1 - threadIdx.x];
  simt::cluster_sync();
}

TEST(functional, cluster_of_two_maps_shared_memory) {
  in_every_order([] {
    std::vector<unsigned> out(4 * 48);
    simt::launch({.grid = 4, .block = 48, .shared_bytes = 48 * sizeof(unsigned), .cluster = 2},
                 exchange_in_cluster<true>, out.data());
    for (unsigned i = 0; i < out.size(); ++i) {
      EXPECT_EQ(out[i], ((i / 48) ^ 1u) * 100 + (47 - i % 48));
    }
  });
}

TEST(functional, atomics) {
  in_every_order([] {
    int sum = 0, low = 100, high = -100, swapped = -1, winner = -1;
    unsigned wheel = 0;
    unsigned long long wide = 0;
    float single = 0;
    double twice = 0;
    simt::launch({2, 50}, [&] {
      const int t = static_cast<int>(threadIdx.x);
      atomicAdd(&sum, t);
      atomicAdd(&wide, 1ull << 40);
      atomicAdd(&single, 0.5f);
      atomicAdd(&twice, 0.25);
      atomicMax(&high, t);
      atomicMin(&low, t);
      atomicInc(&wheel, 8);
      atomicExch(&swapped, 5);
      atomicCAS(&winner, -1, 9);
    });
    EXPECT_EQ(sum, 2450);
    EXPECT_EQ(wide, 100ull << 40);
    EXPECT_EQ(single, 50.0f);
    EXPECT_EQ(twice, 25.0);
    EXPECT_EQ(high, 49);
    EXPECT_EQ(low, 0);
    EXPECT_EQ(wheel, 100u % 9);
    EXPECT_EQ(swapped, 5);
    EXPECT_EQ(winner, 9);
  });
}

struct parameters {
  int base = 0;
  int steps[4] = {};
};

__global__ void changes_its_copy(parameters p, std::size_t n, int* out) {
  p.base += static_cast<int>(threadIdx.x);
  __syncthreads();
  if (threadIdx.x < n) out[threadIdx.x] = p.base + p.steps[threadIdx.x % 4];
}

TEST(functional, arguments_are_copied_by_value) {
  parameters p{100, {0, 10, 20, 30}};
  std::vector<int> out(40);
  simt::launch({1, 64}, changes_its_copy, p, 40, out.data());
  for (int i = 0; i < 40; ++i) EXPECT_EQ(out[i], 100 + i + 10 * (i % 4));
  EXPECT_EQ(p.base, 100);
}

TEST(functional, exceptions_reach_the_caller) {
  in_every_order([] {
    const auto throwing = [] {
      __syncthreads();
      if (blockIdx.x == 1 && threadIdx.x == 40) throw std::out_of_range("planted");
      __syncthreads();
    };
    EXPECT_THROW(simt::launch({3, 64}, throwing), std::out_of_range);
  });
  expect_clean({3, 64}, [] { __syncthreads(); });
}

TEST(functional, expectations_inside_a_kernel_count) {
  EXPECT_NONFATAL_FAILURE(simt::launch({1, 32}, [] { EXPECT_NE(threadIdx.x, 7u) << "planted"; }),
                          "planted");
}

TEST(functional, launches_reuse_stacks) {
  const auto& pool = simt::detail::fiber_pool::mine();
  expect_clean({4, 128}, [] { __syncthreads(); });
  const std::size_t before = pool.size();
  for (int i = 0; i < 20; ++i) expect_clean({4, 128}, [] { __syncthreads(); });
  EXPECT_EQ(pool.size(), before);
}

TEST(functional, an_order_repeats_and_orders_differ) {
  const simt::order before = simt::current_order();
  const auto trace = [](simt::order o) {
    simt::set_order(o);
    std::vector<unsigned> seen(4 * 64);
    unsigned at = 0;
    simt::launch({4, 64}, [&] { seen[atomicAdd(&at, 1)] = blockIdx.x * 64 + threadIdx.x; });
    return seen;
  };
  for (std::size_t i = 0; i < orders().size(); ++i) {
    EXPECT_EQ(trace(orders()[i]), trace(orders()[i]));
    for (std::size_t j = 0; j < i; ++j) EXPECT_NE(trace(orders()[i]), trace(orders()[j]));
  }
  EXPECT_EQ(trace({simt::order::reverse, 0}).front(), 4u * 64 - 1);
  simt::set_order(before);
}

TEST(functional, order_is_read_from_text) {
  using simt::detail::parse_order;
  EXPECT_EQ(parse_order(nullptr).kind, simt::order::forward);
  EXPECT_EQ(parse_order("reverse").kind, simt::order::reverse);
  EXPECT_EQ(parse_order("seed:42").kind, simt::order::random);
  EXPECT_EQ(parse_order("seed:42").seed, 42u);
  EXPECT_THROW(parse_order("seed:"), simt::fault);
  EXPECT_THROW(parse_order("backward"), simt::fault);
}

__global__ void softmax_rows(const float* in, float* out, int columns) {
  float* shared = shared_floats();
  const std::size_t at = std::size_t{blockIdx.x} * columns + threadIdx.x;
  float peak = in[at];
  for (int lanes = 16; lanes > 0; lanes /= 2) {
    peak = fmaxf(peak, __shfl_xor_sync(full_mask, peak, lanes));
  }
  if (threadIdx.x % 32 == 0) shared[threadIdx.x / 32] = peak;
  __syncthreads();
  for (unsigned w = 0; w < blockDim.x / 32; ++w) peak = fmaxf(peak, shared[w]);
  __syncthreads();
  const float e = expf(in[at] - peak);
  out[at] = e / block_sum(e, shared);
}

TEST(performance, softmax_of_1024_rows) {
  const int rows = has_tsan ? 1 : 1024;
  const std::vector<float> in = counting(std::size_t{1024} * rows);
  std::vector<float> out(in.size());
  const auto start = std::chrono::steady_clock::now();
  simt::launch({static_cast<unsigned>(rows), 1024, 32 * sizeof(float)}, softmax_rows, in.data(),
               out.data(), 1024);
  const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - start;
  RecordProperty("seconds", std::to_string(spent.count()));
  for (int r = 0; r < rows; ++r) {
    EXPECT_NEAR(std::accumulate(&out[r * 1024], &out[r * 1024] + 1024, 0.0f), 1.0f, 1e-4f);
  }
}

// ---- faults that the emulation itself reports ---------------------------------------------------

TEST(fault, divergent_barrier) {
  expect_fault("divergent barrier", {2, 64}, [] {
    if (threadIdx.x < 32) {
      __syncthreads();
    } else {
      __syncthreads();
    }
  });
  expect_clean({2, 64}, [] { __syncthreads(); });
}

TEST(fault, divergent_kinds_of_barrier) {
  expect_fault("divergent barrier", {1, 64}, [] {
    if (threadIdx.x == 5) {
      __syncthreads_or(1);
    } else {
      __syncthreads();
    }
  });
}

TEST(fault, barrier_never_reached) {
  const auto kernel = [](unsigned n) {
    return [n] {
      if (threadIdx.x >= n) return;
      __syncthreads();
    };
  };
  expect_fault("barrier not reached by thread (63,0,0)", {1, 64}, kernel(63));
  expect_fault("barrier not reached", {1, 64}, kernel(20));
  expect_clean({1, 64}, kernel(64));
  expect_clean({1, 64}, kernel(0));
}

TEST(fault, barrier_against_warp_operation) {
  expect_fault("waits in __syncthreads", {1, 64}, [] {
    if (threadIdx.x % 32 < 16) {
      __syncwarp();
    } else {
      __syncthreads();
    }
  });
}

TEST(fault, shuffle_with_exited_lane) {
  const auto kernel = [](unsigned lanes) {
    return [lanes] {
      if (threadIdx.x >= lanes) return;
      __shfl_xor_sync(full_mask, 1.0f, 1);
    };
  };
  expect_fault("absent lane", {1, 32}, kernel(31));
  expect_clean({1, 32}, kernel(32));
}

TEST(fault, shuffle_with_lane_that_never_existed) {
  expect_fault("absent lane", {1, 48}, [] { __shfl_xor_sync(full_mask, 1.0f, 1); });
  expect_clean({1, 48},
               [] { __shfl_xor_sync(threadIdx.x < 32 ? full_mask : 0x0000ffffu, 1.0f, 1); });
}

TEST(fault, shuffle_with_lane_in_another_branch) {
  expect_fault("absent lane", {1, 32}, [] {
    if (threadIdx.x < 8) {
      __shfl_sync(full_mask, 1, 0);
    } else {
      __shfl_sync(0xffffff00u, 1, 8);
    }
  });
  expect_clean({1, 32}, [] {
    if (threadIdx.x < 8) {
      __shfl_sync(0x000000ffu, 1, 0);
    } else {
      __shfl_sync(0xffffff00u, 1, 8);
    }
  });
}

TEST(fault, lane_outside_its_own_mask) {
  expect_fault("lane outside its own mask", {1, 32}, [] { __syncwarp(0x7fffffffu); });
  expect_clean({1, 32}, [] {
    if (threadIdx.x < 31) __syncwarp(0x7fffffffu);
  });
}

TEST(fault, shuffle_from_outside_the_mask) {
  const auto kernel = [](int source) {
    return [source] {
      if (threadIdx.x < 16) __shfl_sync(0x0000ffffu, 1, source);
    };
  };
  expect_fault("shuffle from a lane outside the mask", {1, 32}, kernel(16));
  expect_clean({1, 32}, kernel(15));
}

TEST(fault, different_operations_under_one_mask) {
  expect_fault("different warp operations", {1, 32}, [] {
    if (threadIdx.x % 2 == 0) {
      __shfl_sync(full_mask, 1, 0);
    } else {
      __ballot_sync(full_mask, 1);
    }
  });
  expect_fault("different warp operations", {1, 32}, [] {
    if (threadIdx.x % 2 == 0) {
      __syncwarp();
    } else {
      __syncwarp();
    }
  });
}

TEST(fault, masks_that_wait_for_each_other) {
  expect_fault("absent lane", {1, 32}, [] {
    if (threadIdx.x == 0) __syncwarp(0x3u);
    if (threadIdx.x == 1) __syncwarp(0x6u);
    if (threadIdx.x == 2) __syncwarp(0x5u);
  });
}

TEST(fault, shuffle_width) {
  expect_fault("shuffle width 12", {1, 32}, [] { __shfl_sync(full_mask, 1, 0, 12); });
}

TEST(fault, grid_sync_of_a_plain_launch) {
  expect_fault("not cooperative", {2, 32}, [] { simt::grid_sync(); });
  expect_clean({.grid = 2, .block = 32, .cooperative = true}, [] { simt::grid_sync(); });
}

TEST(fault, grid_sync_missed_by_a_block) {
  expect_fault("barrier not reached", {.grid = 3, .block = 32, .cooperative = true}, [] {
    if (blockIdx.x != 1) simt::grid_sync();
  });
  expect_fault("barrier not reached", {.grid = 3, .block = 32, .cooperative = true}, [] {
    if (blockIdx.x == 1 && threadIdx.x != 0) __syncthreads();
    simt::grid_sync();
  });
}

TEST(fault, cluster_rank_out_of_range) {
  const auto kernel = [](unsigned rank) {
    return [rank] {
      simt::map_shared_rank(simt::shared_memory(), rank);
      simt::cluster_sync();
    };
  };
  const simt::config shape{.grid = 4, .block = 32, .shared_bytes = 16, .cluster = 2};
  expect_fault("a rank outside its cluster", shape, kernel(2));
  expect_clean(shape, kernel(1));
}

TEST(fault, block_that_exits_while_others_look) {
  const simt::config shape{.grid = 4, .block = 64, .shared_bytes = 16, .cluster = 2};
  const auto kernel = [](bool synced) {
    return [=] {
      simt::cluster_sync();
      simt::map_shared_rank(simt::shared_memory(), simt::cluster_rank() ^ 1u);
      __syncthreads();  // all have looked before the first one exits
      if (synced) simt::cluster_sync();
    };
  };
  expect_fault("shared memory that is gone", shape, kernel(false));
  expect_clean(shape, kernel(true));
}

TEST(fault, impossible_launches) {
  expect_fault("bad launch", {0, 32}, [] {});
  expect_fault("bad launch", {1, 1025}, [] {});
  expect_fault("bad launch", {1, 32, 228 * 1024}, [] {});
  expect_fault("bad launch", {.grid = 3, .block = 32, .cluster = 2}, [] {});
  expect_fault("launched from inside", {1, 1}, [] { simt::launch({1, 1}, [] {}); });
}

TEST(fault, device_function_outside_a_kernel) {
  EXPECT_THROW(__syncthreads(), simt::fault);
  EXPECT_THROW(simt::shared_memory(), simt::fault);
}

TEST(fault, uninitialised_shared_memory_reads_nan) {
  const auto kernel = [](bool written, float* out) {
    if (written) shared_floats()[threadIdx.x] = 1.0f;
    out[threadIdx.x] = shared_floats()[threadIdx.x];
  };
  std::vector<float> out(32);
  // What an earlier block wrote must not show.
  simt::launch({1, 32, 32 * sizeof(float)}, kernel, true, out.data());
  for (float v : out) EXPECT_EQ(v, 1.0f);
  simt::launch({1, 32, 32 * sizeof(float)}, kernel, false, out.data());
  for (float v : out) EXPECT_TRUE(std::isnan(v));
}

// ---- faults that the sanitizers report ----------------------------------------------------------

TEST(fault, copy_read_before_it_was_waited_for) {
  const float from[2] = {1, 2};
  float seen[2];
  const simt::config shape{1, 1, 2 * sizeof(float)};
  const auto kernel = [&](int newest) {
    for (int i = 0; i < 2; ++i) {
      simt::copy_async(shared_floats() + i, from + i, sizeof(float));
      simt::commit_copies();
    }
    simt::wait_copies(newest);
    for (int i = 0; i < 2; ++i) seen[i] = shared_floats()[i];
  };
  in_every_order([&] {
    const bool at_once = simt::current_order().kind == simt::order::reverse;
    simt::launch(shape, kernel, 1);
    EXPECT_EQ(seen[0], 1);
    EXPECT_NE(std::isnan(seen[1]), at_once);
    simt::launch(shape, kernel, 0);
    EXPECT_EQ(seen[1], 2);
  });
}

TEST(fault, copy_of_another_size_or_misaligned) {
  alignas(16) const float from[8] = {};
  const auto copies = [&](int offset, std::size_t bytes) {
    return [&, offset, bytes] {
      simt::copy_async(simt::shared_memory(), from + offset, bytes);
      simt::commit_copies();
      simt::wait_copies(0);
    };
  };
  expect_fault("bad copy_async", {1, 1, 32}, copies(1, 16));
  expect_fault("bad copy_async", {1, 1, 32}, copies(0, 2));
  expect_clean({1, 1, 32}, copies(4, 16));
  expect_clean({1, 1, 32}, copies(1, 4));
}

TEST(address_sanitizer, overrun_of_global_memory) {
  if (!has_asan) GTEST_SKIP() << "needs -fsanitize=address";
  const auto kernel = [](float* out, unsigned n) {
    const unsigned i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) out[i] = 1.0f;
  };
  std::vector<float> out(100);
  simt::launch({4, 32}, kernel, out.data(), 100u);
  EXPECT_DEATH(simt::launch({4, 32}, kernel, out.data(), 101u), "heap-buffer-overflow");
}

TEST(address_sanitizer, overrun_of_shared_memory) {
  if (!has_asan) GTEST_SKIP() << "needs -fsanitize=address";
  const auto kernel = [] { shared_floats()[threadIdx.x] = 1.0f; };
  expect_clean({2, 33, 33 * sizeof(float)}, kernel);
  EXPECT_DEATH(simt::launch({2, 33, 32 * sizeof(float)}, kernel), "heap-buffer-overflow");
}

TEST(undefined_sanitizer, misaligned_vector_load) {
  if (!has_ubsan()) GTEST_SKIP() << "needs -fsanitize=undefined -fno-sanitize-recover=undefined";
  const auto kernel = [](const float* in, float* out) {
    const float4 v = *reinterpret_cast<const float4*>(in + 4 * threadIdx.x);
    out[threadIdx.x] = v.x + v.y + v.z + v.w;
  };
  alignas(16) float in[132] = {};
  float out[32];
  simt::launch({1, 32}, kernel, in, out);
  EXPECT_DEATH(simt::launch({1, 32}, kernel, in + 1, out), "misaligned address");
}

TEST(undefined_sanitizer, misaligned_vector_in_shared_memory) {
  if (!has_ubsan()) GTEST_SKIP() << "needs -fsanitize=undefined -fno-sanitize-recover=undefined";
  const auto kernel = [](unsigned skipped) {
    reinterpret_cast<float4*>(shared_floats() + skipped)[threadIdx.x] = make_float4(1, 2, 3, 4);
  };
  simt::launch({1, 32, 33 * sizeof(float4)}, kernel, 4u);
  EXPECT_DEATH(simt::launch({1, 32, 33 * sizeof(float4)}, kernel, 2u), "misaligned address");
}

/// Runs a launch in a child process, which ThreadSanitizer ends with code 66 if it saw a race.
class thread_sanitizer : public testing::Test {
 protected:
  void SetUp() override {
    if (!has_tsan) GTEST_SKIP() << "needs -fsanitize=thread";
    // ThreadSanitizer stops working in a child forked while fibers exist; this style starts afresh.
    GTEST_FLAG_SET(death_test_style, "threadsafe");
  }
  void TearDown() override { GTEST_FLAG_SET(death_test_style, "fast"); }

  static void expect_race(const std::function<void()>& launches) {
    in_every_order(
        [&] { EXPECT_EXIT((launches(), std::exit(0)), testing::ExitedWithCode(66), "data race"); });
  }
  static void expect_no_race(const std::function<void()>& launches) {
    EXPECT_EXIT((in_every_order(launches), std::exit(0)), testing::ExitedWithCode(0), "");
  }
};

constexpr simt::config one_block{1, 64, 64 * sizeof(float)};
constexpr simt::config one_warp{1, 32, 32 * sizeof(float)};

TEST_F(thread_sanitizer, read_after_write) {
  const auto kernel = [](bool synced) {
    float* s = shared_floats();
    s[threadIdx.x] = 1.0f;
    if (synced) __syncthreads();
    if (s[63 - threadIdx.x] != 1.0f) __threadfence();
  };
  expect_race([&] { simt::launch(one_block, kernel, false); });
  expect_no_race([&] { simt::launch(one_block, kernel, true); });
}

TEST_F(thread_sanitizer, write_after_read) {
  const auto kernel = [](bool synced) {
    float* s = shared_floats();
    s[threadIdx.x] = 1.0f;
    __syncthreads();
    const float other = s[(threadIdx.x + 1) % 64];
    if (synced) __syncthreads();
    s[threadIdx.x] = other + 1;
  };
  expect_race([&] { simt::launch(one_block, kernel, false); });
  expect_no_race([&] { simt::launch(one_block, kernel, true); });
}

TEST_F(thread_sanitizer, across_warps) {
  const auto kernel = [](bool whole_block) {
    float* s = shared_floats();
    s[threadIdx.x] = 1.0f;
    if (whole_block) {
      __syncthreads();
    } else {
      __syncwarp();
    }
    if (s[(threadIdx.x + 32) % 64] != 1.0f) __threadfence();
  };
  expect_race([&] { simt::launch(one_block, kernel, false); });
  expect_no_race([&] { simt::launch(one_block, kernel, true); });
}

TEST_F(thread_sanitizer, missing_syncwarp) {
  // The shuffle makes the lanes meet, but orders no memory.
  const auto kernel = [](bool synced) {
    float* s = shared_floats();
    s[threadIdx.x] = 1.0f;
    __shfl_xor_sync(full_mask, 1, 1);
    if (synced) __syncwarp();
    if (s[threadIdx.x ^ 1] != 1.0f) __threadfence();
  };
  expect_race([&] { simt::launch(one_warp, kernel, false); });
  expect_no_race([&] { simt::launch(one_warp, kernel, true); });
}

TEST_F(thread_sanitizer, syncwarp_of_other_lanes) {
  const auto kernel = [](unsigned group) {
    float* s = shared_floats();
    s[threadIdx.x] = 1.0f;
    __syncwarp(((1u << group) - 1) << (threadIdx.x / group * group));
    if (s[threadIdx.x ^ 8] != 1.0f) __threadfence();
  };
  expect_race([&] { simt::launch(one_warp, kernel, 8u); });
  expect_no_race([&] { simt::launch(one_warp, kernel, 16u); });
}

TEST_F(thread_sanitizer, a_barrier_does_not_order_the_past_of_the_next_one) {
  // A thread that leaves a barrier late must still race with one that is at the next barrier.
  const auto kernel = [](bool synced) {
    float* s = shared_floats();
    if (threadIdx.x == 63) s[0] = 0.0f;
    __syncthreads();
    if (threadIdx.x == 63) s[0] = 1.0f;
    if (synced) __syncthreads();
    if (threadIdx.x == 0 && s[0] == 2.0f) __threadfence();
    __syncthreads();
  };
  expect_race([&] { simt::launch(one_block, kernel, false); });
  expect_no_race([&] { simt::launch(one_block, kernel, true); });
}

TEST_F(thread_sanitizer, between_blocks) {
  std::vector<float> out(4 * 32 + 1);
  const auto kernel = [&out](unsigned extra) {
    const unsigned i = blockIdx.x * blockDim.x + threadIdx.x;
    for (unsigned j = i; j <= i + (threadIdx.x == 31 ? extra : 0); ++j) out[j] = 1.0f;
  };
  expect_race([&] { simt::launch({4, 32}, kernel, 1u); });
  expect_no_race([&] { simt::launch({4, 32}, kernel, 0u); });
}

TEST_F(thread_sanitizer, between_blocks_with_barriers) {
  std::vector<float> out(4);
  const auto kernel = [&out](bool apart) {
    __syncthreads();
    if (threadIdx.x == 0) out[apart ? blockIdx.x : 0] = 1.0f;
    __syncthreads();
  };
  expect_race([&] { simt::launch({4, 32}, kernel, false); });
  expect_no_race([&] { simt::launch({4, 32}, kernel, true); });
}

TEST_F(thread_sanitizer, last_block_fold_without_fence) {
  const std::vector<float> in = counting(4 * 32);
  std::vector<float> partial(4);
  unsigned ticket = 0;
  float out = 0;
  const simt::config shape{4, 32, sizeof(float)};
  expect_race([&] {
    simt::launch(shape, last_block_sum<fence::none>, in.data(), partial.data(), &ticket, &out);
  });
  expect_race([&] {
    simt::launch(shape, last_block_sum<fence::block>, in.data(), partial.data(), &ticket, &out);
  });
  expect_no_race([&] {
    simt::launch(shape, last_block_sum<fence::device>, in.data(), partial.data(), &ticket, &out);
  });
}

TEST_F(thread_sanitizer, missing_grid_sync) {
  const std::vector<float> in = counting(4 * 32);
  std::vector<float> partial(4);
  float out = 0;
  const simt::config shape{4, 32, sizeof(float), true};
  expect_race([&] { simt::launch(shape, grid_sum<false>, in.data(), partial.data(), &out); });
  expect_no_race([&] { simt::launch(shape, grid_sum<true>, in.data(), partial.data(), &out); });
}

TEST_F(thread_sanitizer, missing_cluster_sync) {
  std::vector<unsigned> out(4 * 32);
  const simt::config shape{4, 32, 32 * sizeof(unsigned), false, 2};
  expect_race([&] { simt::launch(shape, exchange_in_cluster<false>, out.data()); });
  expect_no_race([&] { simt::launch(shape, exchange_in_cluster<true>, out.data()); });
}

TEST_F(thread_sanitizer, memory_may_be_freed_after_a_fault) {
  expect_no_race([] {
    for (int i = 0; i < 3; ++i) {
      std::vector<float> out(64);
      const auto kernel = [&out] {
        out[threadIdx.x] = 1.0f;
        if (threadIdx.x == 5) return;
        __syncthreads();
      };
      try {
        simt::launch({1, 64}, kernel);
      } catch (const simt::fault&) {
      }
      out.assign(64, 0.0f);
    }
  });
}

}  // namespace
