// Measures every function on the host.
#include "host_ceilings.hpp"
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

  std::map<std::string, double> ceilings(const patience& p) const {
    return host_ceilings::measure(p);
  }
};

}  // namespace
}  // namespace bench

int main(int argc, char** argv) {
  return bench::run_benchmark<bench::host_backend>(argc, argv,
                                                   "Measures numfuse's functions on the host");
}
