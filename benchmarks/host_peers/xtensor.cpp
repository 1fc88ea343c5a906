// The functions as users of xtensor write them: lazy expressions into a result that exists, SIMD by
// xsimd, threads by OpenMP as xtensor itself uses it. A number of each row broadcasts without SIMD,
// so rows are adapted one by one, unless they are short.
#include <memory>

// Below, a thread costs more than it gives; xtensor's own threshold is none.
#define XTENSOR_OPENMP_TRESHOLD 32768
#include <xtensor/xadapt.hpp>
#include <xtensor/xmath.hpp>
#include <xtensor/xnoalias.hpp>
#include <xtensor/xnorm.hpp>
#include <xtensor/xtensor.hpp>
#include <xtensor/xview.hpp>

#include "work.hpp"

namespace bench::host_peers {
namespace {

template <class T>
struct arrays {
  xt::xtensor<T, 2> x, y, z;  // the inputs
  xt::xtensor<T, 2> out;
};

template <class T>
using table = std::map<std::string, void (*)(arrays<T>&)>;

constexpr auto now = xt::evaluation_strategy::immediate;

template <class Matrix>
auto row_of(Matrix& m, std::size_t i) {
  const std::size_t n = m.shape(1);
  return xt::adapt(m.data() + i * n, n, xt::no_ownership(), std::array<std::size_t, 1>{n});
}

// f(row of the result, row of x) for each.
template <class T, class F>
void each_row(arrays<T>& a, const F& f) {
  for (std::size_t i = 0; i < a.x.shape(0); ++i) {
    auto out = row_of(a.out, i);
    const auto x = row_of(a.x, i);
    f(out, x);
  }
}

template <class T>
table<T> of_every_element() {
  using in = arrays<T>;
  return {
      {"exp", [](in& a) { xt::noalias(a.out) = xt::exp(a.x); }},
      {"log", [](in& a) { xt::noalias(a.out) = xt::log(a.x); }},
      {"sigmoid", [](in& a) { xt::noalias(a.out) = T(1) / (T(1) + xt::exp(-a.x)); }},
      {"sigmoid_derivative",
       [](in& a) {
         xt::noalias(a.out) = T(1) / (T(1) + xt::exp(-a.x));
         xt::noalias(a.out) = a.out * (T(1) - a.out);
       }},
      {"tanh", [](in& a) { xt::noalias(a.out) = xt::tanh(a.x); }},
      {"add", [](in& a) { xt::noalias(a.out) = a.x + a.y; }},
      {"abs_difference", [](in& a) { xt::noalias(a.out) = xt::abs(a.x - a.y); }},
      {"add_row", [](in& a) { xt::noalias(a.out) = a.x + a.y; }},
      {"multiply_column",
       [](in& a) {
         for (std::size_t i = 0; i < a.x.shape(0); ++i) {
           auto out = row_of(a.out, i);
           xt::noalias(out) = row_of(a.x, i) * a.y(i, 0);
         }
       }},
      {"outer",
       [](in& a) {
         for (std::size_t i = 0; i < a.x.shape(1); ++i) {
           auto out = row_of(a.out, i);
           xt::noalias(out) = a.x(0, i) * row_of(a.y, 0);
         }
       }},
  };
}

template <class T>
table<T> of_rows() {
  using in = arrays<T>;
  return {
      {"softmax",
       [](in& a) {
         each_row(a, [](auto& out, const auto& x) {
           xt::noalias(out) = xt::exp(x - xt::amax(x, now)());
           out *= T(1) / xt::sum(out, now)();
         });
       }},
      {"log_softmax",
       [](in& a) {
         each_row(a, [](auto& out, const auto& x) {
           const T largest = xt::amax(x, now)();
           xt::noalias(out) = xt::exp(x - largest);
           const T shift = largest + std::log(xt::sum(out, now)());
           xt::noalias(out) = x - shift;
         });
       }},
      {"normalize_rows",
       [](in& a) {
         each_row(a, [](auto& out, const auto& x) {
           const T scale = T(1) / std::sqrt(xt::sum(x * x, now)());
           xt::noalias(out) = x * scale;
         });
       }},
      {"layer_norm",
       [](in& a) {
         const auto gamma = row_of(a.y, 0), beta = row_of(a.z, 0);
         each_row(a, [&](auto& out, const auto& x) {
           const T n = static_cast<T>(x.size());
           const T mean = xt::sum(x, now)() / n;
           xt::noalias(out) = x - mean;
           const T scale = T(1) / std::sqrt(xt::sum(out * out, now)() / n + T(epsilon));
           xt::noalias(out) = out * scale * gamma + beta;
         });
       }},
      {"sum", [](in& a) { xt::noalias(a.out) = xt::sum(a.x, {1}, now | xt::keep_dims); }},
      {"max", [](in& a) { xt::noalias(a.out) = xt::amax(a.x, {1}, now | xt::keep_dims); }},
      {"norm",
       [](in& a) { xt::noalias(a.out) = xt::sqrt(xt::sum(a.x * a.x, {1}, now | xt::keep_dims)); }},
  };
}

template <class T>
table<T> of_short_rows() {
  using in = arrays<T>;
  using numbers = xt::xtensor<T, 2>;  // one of each row
  return {
      {"softmax",
       [](in& a) {
         const numbers largest = xt::amax(a.x, {1}, now | xt::keep_dims);
         xt::noalias(a.out) = a.x - largest;
         xt::noalias(a.out) = xt::exp(a.out);
         const numbers scale = T(1) / xt::sum(a.out, {1}, now | xt::keep_dims);
         xt::noalias(a.out) = a.out * scale;
       }},
      {"log_softmax",
       [](in& a) {
         const numbers largest = xt::amax(a.x, {1}, now | xt::keep_dims);
         xt::noalias(a.out) = a.x - largest;
         xt::noalias(a.out) = xt::exp(a.out);
         const numbers shift = largest + xt::log(xt::sum(a.out, {1}, now | xt::keep_dims));
         xt::noalias(a.out) = a.x - shift;
       }},
      {"normalize_rows",
       [](in& a) {
         const numbers scale = T(1) / xt::sqrt(xt::sum(a.x * a.x, {1}, now | xt::keep_dims));
         xt::noalias(a.out) = a.x * scale;
       }},
      {"layer_norm",
       [](in& a) {
         const T n = static_cast<T>(a.x.shape(1));
         const numbers mean = xt::sum(a.x, {1}, now | xt::keep_dims) / n;
         xt::noalias(a.out) = a.x - mean;
         const numbers variance = xt::sum(a.out * a.out, {1}, now | xt::keep_dims) / n;
         const numbers scale = T(1) / xt::sqrt(variance + T(epsilon));
         xt::noalias(a.out) = a.out * scale * a.y + a.z;
       }},
  };
}

// The largest and the total of each column, then one sweep over the rows.
template <class T>
table<T> of_columns() {
  using in = arrays<T>;
  return {
      {"softmax",
       [](in& a) {
         const xt::xtensor<T, 1> largest = xt::amax(a.x, {0}, now);
         each_row(a, [&](auto& out, const auto& x) { xt::noalias(out) = xt::exp(x - largest); });
         const xt::xtensor<T, 1> scale = T(1) / xt::sum(a.out, {0}, now);
         each_row(a, [&](auto& out, const auto&) { out *= scale; });
       }},
      {"log_softmax",
       [](in& a) {
         const xt::xtensor<T, 1> largest = xt::amax(a.x, {0}, now);
         each_row(a, [&](auto& out, const auto& x) { xt::noalias(out) = xt::exp(x - largest); });
         const xt::xtensor<T, 1> shift = xt::log(xt::sum(a.out, {0}, now)) + largest;
         each_row(a, [&](auto& out, const auto& x) { xt::noalias(out) = x - shift; });
       }},
      {"normalize_rows",
       [](in& a) {
         const xt::xtensor<T, 1> scale = T(1) / xt::sqrt(xt::sum(a.x * a.x, {0}, now));
         each_row(a, [&](auto& out, const auto& x) { xt::noalias(out) = x * scale; });
       }},
      {"sum", [](in& a) { xt::noalias(a.out) = xt::sum(a.x, {0}, now | xt::keep_dims); }},
      {"max", [](in& a) { xt::noalias(a.out) = xt::amax(a.x, {0}, now | xt::keep_dims); }},
      {"norm",
       [](in& a) { xt::noalias(a.out) = xt::sqrt(xt::sum(a.x * a.x, {0}, now | xt::keep_dims)); }},
  };
}

template <class T>
table<T> of_all() {
  using in = arrays<T>;
  return {
      {"sum", [](in& a) { a.out(0, 0) = xt::sum(a.x, now)(); }},
      {"norm", [](in& a) { a.out(0, 0) = std::sqrt(xt::sum(a.x * a.x, now)()); }},
      {"dot", [](in& a) { a.out(0, 0) = xt::sum(a.x * a.y, now)(); }},
      {"l1_loss", [](in& a) { a.out(0, 0) = xt::sum(xt::abs(a.y - a.x), now)(); }},
      {"l2_loss", [](in& a) { a.out(0, 0) = xt::sum(xt::square(a.y - a.x), now)(); }},
  };
}

template <class T>
prepared prepare(const work<T>& w) {
  table<T> functions = w.axis == along::every_element ? of_every_element<T>()
                       : w.axis == along::rows        ? of_rows<T>()
                       : w.axis == along::columns     ? of_columns<T>()
                                                      : of_all<T>();
  if (w.axis == along::rows && w.inputs[0].columns < short_row) {
    for (const auto& [name, f] : of_short_rows<T>()) functions[name] = f;
  }
  const auto found = functions.find(w.function);
  if (found == functions.end()) return {};
  const auto a = std::make_shared<arrays<T>>();
  const auto shape = [](std::int64_t rows, std::int64_t columns) {
    return std::array<std::size_t, 2>{static_cast<std::size_t>(rows),
                                      static_cast<std::size_t>(columns)};
  };
  xt::xtensor<T, 2>* inputs[] = {&a->x, &a->y, &a->z};
  for (std::size_t i = 0; i < w.inputs.size(); ++i) {
    const values<T>& v = w.inputs[i];
    inputs[i]->resize(shape(v.rows, v.columns));
    std::copy(v.elements.begin(), v.elements.end(), inputs[i]->begin());
  }
  const shape_of_result s = shape_of(w);
  a->out = xt::zeros<T>(shape(s.rows, s.columns));
  return {[a, f = found->second] { f(*a); },
          [a] { return std::vector<double>(a->out.begin(), a->out.end()); }};
}

}  // namespace

library xtensor() {
  const std::string version = std::to_string(XTENSOR_VERSION_MAJOR) + "." +
                              std::to_string(XTENSOR_VERSION_MINOR) + "." +
                              std::to_string(XTENSOR_VERSION_PATCH);
  return {"xtensor", {{"xtensor", version}}, prepare<float>, prepare<double>};
}

}  // namespace bench::host_peers
