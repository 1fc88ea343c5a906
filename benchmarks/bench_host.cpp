// Measures every function on the host.
#include "host_machine.hpp"
#include "run.hpp"

namespace bench {
namespace {

class host_backend {
 public:
  using space = nf::host;

  machine where() const { return host_machine(); }
  grid sizes(bool quick) const { return host_grid(quick); }
  nf::stream on() const { return {}; }

  template <class F>
  double clock(const F& f) const {
    return wall_seconds(f);
  }

  std::vector<const char*> modes(double) const { return {}; }
  timing time(const char*, const std::function<void(int)>&, int, const patience&) const {
    return {};
  }

  // Plain loops over arrays that no cache holds, on all cores.
  std::map<std::string, double> ceilings(const patience& p) const {
    const std::int64_t n = std::int64_t{1} << 26;
    std::vector<float> x(static_cast<std::size_t>(n), 1.0f), y(static_cast<std::size_t>(n));
    float* to = y.data();
    const float* from = x.data();
    volatile float sink = 0;
    const auto speed = [&](double bytes, const std::function<void(int)>& loop) {
      return bytes / time_calls([&](const auto& f) { return clock(f); }, loop, 1, p).seconds;
    };
    const double bytes = static_cast<double>(n) * sizeof(float);
    return {{"copy", speed(2 * bytes,
                           [&](int) {
#pragma omp parallel for simd
                             for (std::int64_t i = 0; i < n; ++i) to[i] = from[i];
                           })},
            {"read", speed(bytes,
                           [&](int) {
                             float sum = 0;
#pragma omp parallel for simd reduction(+ : sum)
                             for (std::int64_t i = 0; i < n; ++i) sum += from[i];
                             sink = sum;
                           })},
            {"fill", speed(bytes, [&](int) {
#pragma omp parallel for simd
               for (std::int64_t i = 0; i < n; ++i) to[i] = 2.0f;
             })}};
  }
};

}  // namespace
}  // namespace bench

int main(int argc, char** argv) {
  return bench::run_benchmark<bench::host_backend>(argc, argv,
                                                   "Measures numfuse's functions on the host");
}
