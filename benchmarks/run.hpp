// Owns the order of a benchmark: ceilings first, then every workload in every mode, within a
// budget.
#pragma once

#include <chrono>
#include <cmath>
#include <exception>

#include <CLI/CLI.hpp>

#include "report.hpp"
#include "workloads.hpp"

namespace bench {

struct options {
  std::string output;
  std::string commit;
  std::vector<std::string> only;  // functions; none for all
  bool quick = false;
  bool list = false;
  double budget = 300;  // seconds
};

/// Reads the command line. Returns an exit status where the program is to end.
inline std::optional<int> parse(int argc, char** argv, const char* about, options& o) {
  CLI::App app(about);
  app.add_option("--output", o.output, "Write the measurements to this file, as JSON");
  app.add_option("--commit", o.commit, "The commit that is measured, for the report");
  app.add_option("--only", o.only, "Measure only these functions, say exp,log")->delimiter(',');
  app.add_option("--budget", o.budget, "Stop after so many seconds")->check(CLI::PositiveNumber);
  app.add_flag("--quick", o.quick, "Few sizes, few repeats");
  app.add_flag("--list", o.list, "Only print each function and its number of cases");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return app.exit(e);
  }
  return std::nullopt;
}

/// A back end has
///   space                         where it runs;
///   where()                       the machine;
///   sizes(quick)                  the grid;
///   on()                          the stream of the calls;
///   clock(f)                      seconds of f();
///   ceilings(patience)            name to bytes a second;
///   modes(elements)               how calls of this size are timed beside "warm";
///   time(mode, call, patience)    one of those.
template <class Backend>
class benchmark {
 public:
  benchmark(Backend& b, const options& o) : backend_(b), options_(o), grid_(b.sizes(o.quick)) {
    if (o.quick) patience_ = {1e-3, 5};
  }

  /// A line for each function, in their order.
  void list() {
    std::vector<std::pair<std::string, int>> counts;
    for_each_dtype([&](workload& w) {
      const std::string& name = w.what.function;
      auto found = std::find_if(counts.begin(), counts.end(),
                                [&](const auto& entry) { return entry.first == name; });
      if (found == counts.end()) found = counts.insert(found, {name, 0});
      ++found->second;
    });
    for (const auto& [name, count] : counts) std::printf("%s %d\n", name.c_str(), count);
  }

  report run() {
    report_.commit = options_.commit;
    report_.where = backend_.where();
    std::printf("%s\n", report_.where.name.c_str());
    report_.ceilings = backend_.ceilings(patience_);
    for (const auto& [name, speed] : report_.ceilings) {
      std::printf("ceiling of %-22s %9.2f GB/s\n", name.c_str(), 1e-9 * speed);
    }
    for_each_dtype([this](workload& w) { attempt(w); });
    return std::move(report_);
  }

 private:
  template <class Use>
  void for_each_dtype(const Use& use) {
    for_each<float>(use);
#if NUMFUSE_HAS_CUDA
    if (std::same_as<typename Backend::space, nf::device>) for_each<nf::bfloat16>(use);
#endif
    for_each<double>(use);
#if NUMFUSE_HAS_CUDA
    if (std::same_as<typename Backend::space, nf::device>) for_each<nf::half>(use);
#endif
  }

  /// Every workload that is wanted.
  template <class T, class Use>
  void for_each(const Use& use) {
    for (workload& w : workloads<T, typename Backend::space>(grid_, backend_.on()).all()) {
      if (is_wanted(w.what.function)) use(w);
    }
  }

  void attempt(workload& w) {
    const std::string name =
        w.what.function + " (" + shape_text(w.what.shape) + ") " + w.what.dtype;
    if (seconds_since_start() > options_.budget) {
      report_.skipped.emplace_back(name, "the time was up");
      return;
    }
    try {
      measure(w);
    } catch (const std::exception& e) {
      report_.skipped.emplace_back(name, e.what());
      std::printf("%s: %s\n", name.c_str(), e.what());
    }
  }

  bool is_wanted(const std::string& function) const {
    const auto& only = options_.only;
    return only.empty() || std::find(only.begin(), only.end(), function) != only.end();
  }

  void measure(workload& w) {
    const int copies = static_cast<int>(
        std::clamp(std::ceil(2 * grid_.cache_bytes / std::max(w.footprint, 1.0)), 1.0, 64.0));
    const auto call = w.prepare(copies);
    add(w.what, "warm",
        time_calls([&](const auto& f) { return backend_.clock(f); }, call, copies, patience_));
    double elements = 1;
    for (std::int64_t n : w.what.shape) elements *= static_cast<double>(n);
    for (const char* mode : backend_.modes(elements)) {
      add(w.what, mode, backend_.time(mode, call, copies, patience_));
    }
  }

  void add(measurement m, const char* mode, const timing& t) {
    m.mode = mode;
    m.time = t;
    print_line(report_, m);
    report_.results.push_back(std::move(m));
  }

  double seconds_since_start() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  }

  Backend& backend_;
  options options_;
  grid grid_;
  patience patience_;
  report report_;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

struct no_peers {
  template <class Backend>
  void operator()(Backend&, const options&, report&) const {}
};

/// The whole of main. `peers(backend, options, report)` adds what others need for the same work.
template <class Backend, class Peers = no_peers>
int run_benchmark(int argc, char** argv, const char* about, const Peers& peers = {}) {
  options o;
  if (const auto status = parse(argc, argv, about, o)) return *status;
  try {
    Backend backend;
    if (o.list) {
      benchmark<Backend>(backend, o).list();
      return 0;
    }
    report r = benchmark<Backend>(backend, o).run();
    peers(backend, o, r);
    if (!o.output.empty()) save_json(o.output, r);
    std::printf("%zu measurements, %zu skipped\n", r.results.size(), r.skipped.size());
  } catch (const std::exception& e) {
    std::fprintf(stderr, "%s: %s\n", argv[0], e.what());
    return 1;
  }
  return 0;
}

}  // namespace bench
