// Measures C++ libraries at the cases of a file that bench_host wrote, as peers.py measures
// Python's. Each formula is compared with plain loops before it is timed.
#include <cmath>
#include <cstdint>
#include <exception>
#include <set>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "host_machine.hpp"
#include "host_peers/reference.hpp"

namespace bench::host_peers {
namespace {

std::vector<library> libraries(report& r) {
  std::vector<library> found;
#if NUMFUSE_BENCH_EIGEN
  found.push_back(eigen());
#else
  r.skipped.emplace_back("Eigen", "not installed where bench_host_peers was built");
#endif
#if NUMFUSE_BENCH_XTENSOR
  found.push_back(xtensor());
#else
  r.skipped.emplace_back("xtensor", "not installed where bench_host_peers was built");
#endif
  for (const library& l : found) r.where.software.insert(l.software.begin(), l.software.end());
  return found;
}

measurement case_of(const nlohmann::json& result) {
  measurement m;
  m.function = result.at("function");
  m.shape = result.at("shape").get<std::vector<std::int64_t>>();
  if (!result.at("axis").is_null()) m.axis = result.at("axis").get<int>();
  if (m.axis && *m.axis < 0) *m.axis += static_cast<int>(m.shape.size());
  m.dtype = result.at("dtype");
  m.mode = result.at("mode");
  m.bytes = result.at("bytes");
  m.bound = result.at("bound");
  return m;
}

/// The measurements of the file, each once, without its time, library and plan.
std::vector<measurement> cases_of(const std::string& path) {
  std::ifstream file(path);
  if (!file) throw std::runtime_error(path + ": cannot be read");
  std::vector<measurement> cases;
  std::set<std::string> seen;
  try {
    const nlohmann::json data = nlohmann::json::parse(file);
    for (const nlohmann::json& result : data.at("results")) {
      measurement m = case_of(result);
      const std::string axis = m.axis ? std::to_string(*m.axis) : "all";
      const std::string name = m.function + " " + shape_text(m.shape) + " " + axis + " " + m.dtype;
      if (m.mode == "warm" && seen.insert(name).second) cases.push_back(std::move(m));
    }
  } catch (const nlohmann::json::exception& e) {
    throw std::runtime_error(path + ": not what bench_host writes: " + e.what());
  }
  return cases;
}

struct input_shape {
  std::int64_t rows, columns;
};

/// A vector is a matrix of one row. Nothing where the shape is not the function's.
std::vector<input_shape> inputs_of(const std::string& function,
                                   const std::vector<std::int64_t>& shape) {
  const std::size_t rank = shape.size();
  if (function == "matmul" && rank == 3) return {{shape[0], shape[2]}, {shape[2], shape[1]}};
  if (rank < 1 || rank > 2 || function == "matmul") return {};
  const input_shape x{rank == 2 ? shape[0] : 1, shape[rank - 1]};
  if (function == "outer") return {{1, x.rows}, {1, x.columns}};
  if (function == "add_row") return {x, {1, x.columns}};
  if (function == "multiply_column") return {x, {x.rows, 1}};
  if (function == "layer_norm") return {x, {1, x.columns}, {1, x.columns}};
  if (function == "add" || function == "abs_difference" || function == "dot" ||
      function == "l1_loss" || function == "l2_loss") {
    return {x, x};
  }
  return {x};
}

along axis_of(const measurement& m) {
  if (m.axis) return *m.axis == 0 ? along::columns : along::rows;
  for (const char* name : {"sum", "max", "norm", "dot", "l1_loss", "l2_loss"}) {
    if (m.function == name) return along::whole;
  }
  return along::every_element;
}

/// Inputs near 1 on either side, as bench_host has them.
template <class T>
work<T> work_of(const measurement& m, const std::vector<std::int64_t>& shape) {
  work<T> w{m.function, axis_of(m), {}};
  std::uint64_t state = 1;
  for (const input_shape& s : inputs_of(m.function, shape)) {
    values<T> v{s.rows, s.columns};
    v.elements.resize(static_cast<std::size_t>(s.rows * s.columns));
    for (T& x : v.elements) {
      state = state * 6364136223846793005u + 1442695040888963407u;
      x = static_cast<T>(0.5 + static_cast<double>(state >> 40) * 0x1p-24);
    }
    w.inputs.push_back(std::move(v));
  }
  return w;
}

prepared prepare(const library& l, const work<float>& w) { return l.prepare_float(w); }
prepared prepare(const library& l, const work<double>& w) { return l.prepare_double(w); }

/// What is wrong with a library's formula, found on a few elements: odd sizes, no two alike, and
/// rows that are short where the measured ones are.
template <class T>
std::string fault(const library& l, const measurement& m) {
  const bool is_short = !m.shape.empty() && m.shape.back() < short_row;
  const std::vector<std::int64_t> sizes{37, is_short ? 29 : 67, 23};
  const work<T> w =
      work_of<T>(m, {sizes.begin(), sizes.begin() + static_cast<std::ptrdiff_t>(m.shape.size())});
  if (w.inputs.empty()) return "bench_host_peers does not know this shape of " + m.function;
  const prepared p = prepare(l, w);
  if (!p.call) return l.name + " is not measured with " + m.function;
  p.call();
  const std::vector<double> got = p.result(), want = expected(w);
  if (got.size() != want.size()) return "wrong result: its size";
  double largest = 0, error = 0;
  for (std::size_t i = 0; i < want.size(); ++i) {
    largest = std::max(largest, std::abs(want[i]));
    const double off = std::abs(got[i] - want[i]);
    if (!(off <= error)) error = off;  // NaN stays
  }
  const double tolerance = sizeof(T) == 4 ? 1e-5 : 1e-11;
  return error <= tolerance * largest ? "" : "wrong result: off by " + std::to_string(error);
}

template <class T>
void measure(const library& l, measurement m, const patience& p, report& r) {
  const std::string name = l.name + ": " + m.function + " (" + shape_text(m.shape) + ") " + m.dtype;
  const std::string wrong = fault<T>(l, m);
  if (!wrong.empty()) {
    r.skipped.emplace_back(name, wrong);
    return;
  }
  const prepared call = prepare(l, work_of<T>(m, m.shape));
  m.library = l.name;
  m.time =
      time_calls([](const auto& f) { return wall_seconds(f); }, [&](int) { call.call(); }, 1, p);
  print_line(r, m);
  r.results.push_back(std::move(m));
}

struct options {
  std::string cases, output;
  bool quick = false;
  double budget = 300;  // seconds
};

void run(const options& o, report& r) {
  r.producer = "peers";
  r.where = host_machine();
  const std::vector<library> all = libraries(r);
  const patience p = o.quick ? patience{1e-3, 5} : patience{};
  const auto start = std::chrono::steady_clock::now();
  for (const measurement& m : cases_of(o.cases)) {
    for (const library& l : all) {
      const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - start;
      const std::string name = l.name + ": " + m.function + " (" + shape_text(m.shape) + ") ";
      if (spent.count() > o.budget) {
        r.skipped.emplace_back(name + m.dtype, "the time was up");
      } else if (m.dtype == "float32") {
        measure<float>(l, m, p, r);
      } else if (m.dtype == "float64") {
        measure<double>(l, m, p, r);
      } else {
        r.skipped.emplace_back(name + m.dtype, "it has no " + m.dtype);
      }
    }
  }
}

}  // namespace
}  // namespace bench::host_peers

int main(int argc, char** argv) {
  bench::host_peers::options o;
  CLI::App app("Measures C++ libraries at the cases that bench_host measured");
  app.add_option("--cases", o.cases, "A file that bench_host wrote")->required();
  app.add_option("--output", o.output, "Write the measurements to this file, as JSON")->required();
  app.add_option("--budget", o.budget, "Stop after so many seconds")->check(CLI::PositiveNumber);
  app.add_flag("--quick", o.quick, "Few repeats");
  CLI11_PARSE(app, argc, argv);
  try {
    bench::report r;
    bench::host_peers::run(o, r);
    bench::save_json(o.output, r);
    std::printf("%zu measurements, %zu skipped\n", r.results.size(), r.skipped.size());
  } catch (const std::exception& e) {
    std::fprintf(stderr, "%s: %s\n", argv[0], e.what());
    return 1;
  }
}
