// Owns the sizes at which everything is measured.
#pragma once

#include <cstdint>
#include <vector>

namespace bench {

struct matrix_size {
  std::int64_t rows;
  std::int64_t columns;
};
struct product_size {
  std::int64_t m, n, k;
};

struct grid {
  std::vector<std::int64_t> elementwise;  // elements
  std::int64_t unaligned = 0;             // elements, of views that start one later
  std::vector<matrix_size> rows;          // along the last axis
  std::vector<matrix_size> columns;       // along axis 0
  std::vector<std::int64_t> whole;        // elements
  std::vector<matrix_size> outer;
  std::vector<product_size> matmul;
  double cache_bytes = 0;  // inputs take turns until they are twice as large
};

inline std::vector<product_size> square_products(std::int64_t first, std::int64_t last) {
  std::vector<product_size> sizes;
  for (std::int64_t n = first; n <= last; n *= 2) sizes.push_back({n, n, n});
  return sizes;
}

/// Powers of two from 2^first to 2^last.
inline std::vector<std::int64_t> powers(int first, int last, int step = 1) {
  std::vector<std::int64_t> sizes;
  for (int p = first; p <= last; p += step) sizes.push_back(std::int64_t{1} << p);
  return sizes;
}

inline grid device_grid(bool quick) {
  grid g;
  g.cache_bytes = 64e6;
  g.elementwise = quick ? powers(14, 28, 14) : powers(10, 18, 4);
  if (!quick) {
    for (int p : {20, 24, 28}) g.elementwise.push_back(std::int64_t{1} << p);
  }
  g.unaligned = (1 << 24) + 1;
  const std::int64_t all = 1 << 26;
  for (std::int64_t n :
       {8, 33, 64, 256, 1000, 1024, 4096, 16384, 65536, 262144, 1 << 20, 1 << 24}) {
    if (quick && n != 256 && n != 1024 && n != 65536) continue;
    g.rows.push_back({all / n, n});
  }
  if (!quick) {
    for (std::int64_t rows : {1, 8, 64}) {
      for (std::int64_t n : {4096, 65536, 1 << 20}) g.rows.push_back({rows, n});
    }
  }
  g.columns = {{4096, 4096}, {1 << 20, 16}, {16, 1 << 20}, {65536, 1000}};
  g.whole = quick ? powers(20, 28, 8) : powers(10, 30, 4);
  if (!quick) g.whole.push_back(1 << 28);
  g.outer = {{4096, 4096}, {3, 1 << 22}};
  g.matmul = quick ? square_products(4096, 4096) : square_products(64, 8192);
  return g;
}

inline grid host_grid(bool quick) {
  grid g;
  if (quick) {
    g.elementwise = {1 << 10, 1 << 14};
    g.unaligned = (1 << 10) + 1;
    g.rows = {{1000, 5}, {64, 1024}};
    g.columns = {{256, 256}};
    g.whole = {1 << 10, 1 << 16};
    g.outer = {{64, 64}};
    g.matmul = square_products(64, 64);
    return g;
  }
  g.elementwise = {1 << 10, 1 << 14, 1 << 17, 1 << 20, 1 << 24};
  g.unaligned = (1 << 20) + 1;
  g.rows = {{100000, 5},  {65536, 10}, {10000, 100}, {16384, 1000},
            {1024, 1024}, {64, 65536}, {4, 1 << 20}};
  g.columns = {{4096, 4096}, {1 << 20, 16}, {1000, 65536}};
  g.whole = powers(10, 26, 4);
  g.outer = {{4096, 4096}};
  g.matmul = square_products(64, 2048);
  return g;
}

}  // namespace bench
