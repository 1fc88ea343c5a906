// The functions as users of Eigen write them: into a result that exists; where a formula has
// several steps row by row, so that a row stays in cache between them, unless rows are short.
#include <Eigen/Core>

#include <memory>

#include "work.hpp"

namespace bench::host_peers {
namespace {

template <class T>
using array = Eigen::Array<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
template <class T>
using row_array = Eigen::Array<T, 1, Eigen::Dynamic>;
template <class T>
using column_array = Eigen::Array<T, Eigen::Dynamic, 1>;

template <class T>
struct arrays {
  array<T> x, y, z;  // the inputs
  array<T> out;
  row_array<T> largest, total;  // of the columns
  column_array<T> of_row;       // a number of each row
};

template <class T>
using table = std::map<std::string, void (*)(arrays<T>&)>;

template <class T>
table<T> of_every_element() {
  using in = arrays<T>;
  return {
      {"exp", [](in& a) { a.out = a.x.exp(); }},
      {"log", [](in& a) { a.out = a.x.log(); }},
      {"sigmoid", [](in& a) { a.out = a.x.logistic(); }},
      {"sigmoid_derivative",
       [](in& a) {
         a.out = a.x.logistic();
         a.out *= 1 - a.out;
       }},
      {"tanh", [](in& a) { a.out = a.x.tanh(); }},
      {"add", [](in& a) { a.out = a.x + a.y; }},
      {"abs_difference", [](in& a) { a.out = (a.x - a.y).abs(); }},
      {"add_row",
       [](in& a) {
         for (Eigen::Index i = 0; i < a.x.rows(); ++i) a.out.row(i) = a.x.row(i) + a.y.row(0);
       }},
      {"multiply_column",
       [](in& a) {
         for (Eigen::Index i = 0; i < a.x.rows(); ++i) a.out.row(i) = a.x.row(i) * a.y(i, 0);
       }},
      {"outer",
       [](in& a) {
         a.out.matrix().noalias() = a.x.row(0).matrix().transpose() * a.y.row(0).matrix();
       }},
      {"matmul", [](in& a) { a.out.matrix().noalias() = a.x.matrix() * a.y.matrix(); }},
  };
}

template <class T>
table<T> of_rows() {
  using in = arrays<T>;
  return {
      {"softmax",
       [](in& a) {
         for (Eigen::Index i = 0; i < a.x.rows(); ++i) {
           auto out = a.out.row(i);
           out = (a.x.row(i) - a.x.row(i).maxCoeff()).exp();
           out *= 1 / out.sum();
         }
       }},
      {"log_softmax",
       [](in& a) {
         for (Eigen::Index i = 0; i < a.x.rows(); ++i) {
           auto out = a.out.row(i);
           out = a.x.row(i) - a.x.row(i).maxCoeff();
           out -= std::log(out.exp().sum());
         }
       }},
      {"normalize_rows",
       [](in& a) {
         for (Eigen::Index i = 0; i < a.x.rows(); ++i) {
           a.out.row(i) = a.x.row(i) * (1 / a.x.row(i).matrix().norm());
         }
       }},
      {"layer_norm",
       [](in& a) {
         for (Eigen::Index i = 0; i < a.x.rows(); ++i) {
           auto out = a.out.row(i);
           out = a.x.row(i) - a.x.row(i).mean();
           const T scale = 1 / std::sqrt(out.square().mean() + T(epsilon));
           out = out * scale * a.y.row(0) + a.z.row(0);
         }
       }},
      {"sum", [](in& a) { a.out.col(0) = a.x.rowwise().sum(); }},
      {"max", [](in& a) { a.out.col(0) = a.x.rowwise().maxCoeff(); }},
      {"norm", [](in& a) { a.out.col(0).matrix() = a.x.matrix().rowwise().norm(); }},
  };
}

template <class T>
table<T> of_short_rows() {
  using in = arrays<T>;
  return {
      {"softmax",
       [](in& a) {
         a.of_row = a.x.rowwise().maxCoeff();
         a.out = a.x.colwise() - a.of_row;
         a.out = a.out.exp();
         a.of_row = a.out.rowwise().sum().inverse();
         a.out.colwise() *= a.of_row;
       }},
      {"log_softmax",
       [](in& a) {
         a.of_row = a.x.rowwise().maxCoeff();
         a.z = a.x.colwise() - a.of_row;
         a.out = a.z.exp();
         a.of_row = a.out.rowwise().sum();
         a.of_row = a.of_row.log();
         a.out = a.z.colwise() - a.of_row;
       }},
      {"layer_norm",
       [](in& a) {
         a.of_row = a.x.rowwise().mean();
         a.out = a.x.colwise() - a.of_row;
         a.of_row = a.out.square().rowwise().mean();
         a.of_row = (a.of_row + T(epsilon)).sqrt().inverse();
         for (Eigen::Index i = 0; i < a.x.rows(); ++i) {
           a.out.row(i) = a.out.row(i) * a.of_row(i) * a.y.row(0) + a.z.row(0);
         }
       }},
  };
}

// Along memory: whole rows are folded into one row, which stays in cache.
template <class T>
table<T> of_columns() {
  using in = arrays<T>;
  return {
      {"softmax",
       [](in& a) {
         a.largest = a.x.row(0);
         for (Eigen::Index i = 1; i < a.x.rows(); ++i) a.largest = a.largest.max(a.x.row(i));
         a.total.setZero();
         for (Eigen::Index i = 0; i < a.x.rows(); ++i) {
           a.out.row(i) = (a.x.row(i) - a.largest).exp();
           a.total += a.out.row(i);
         }
         a.total = a.total.inverse();
         for (Eigen::Index i = 0; i < a.x.rows(); ++i) a.out.row(i) *= a.total;
       }},
      {"log_softmax",
       [](in& a) {
         a.largest = a.x.row(0);
         for (Eigen::Index i = 1; i < a.x.rows(); ++i) a.largest = a.largest.max(a.x.row(i));
         a.total.setZero();
         for (Eigen::Index i = 0; i < a.x.rows(); ++i) a.total += (a.x.row(i) - a.largest).exp();
         a.total = a.total.log() + a.largest;
         for (Eigen::Index i = 0; i < a.x.rows(); ++i) a.out.row(i) = a.x.row(i) - a.total;
       }},
      {"normalize_rows",
       [](in& a) {
         a.total.setZero();
         for (Eigen::Index i = 0; i < a.x.rows(); ++i) a.total += a.x.row(i).square();
         a.total = a.total.sqrt().inverse();
         for (Eigen::Index i = 0; i < a.x.rows(); ++i) a.out.row(i) = a.x.row(i) * a.total;
       }},
      {"sum",
       [](in& a) {
         a.out = a.x.row(0);
         for (Eigen::Index i = 1; i < a.x.rows(); ++i) a.out.row(0) += a.x.row(i);
       }},
      {"max",
       [](in& a) {
         a.out = a.x.row(0);
         for (Eigen::Index i = 1; i < a.x.rows(); ++i) a.out.row(0) = a.out.row(0).max(a.x.row(i));
       }},
      {"norm",
       [](in& a) {
         a.out = a.x.row(0).square();
         for (Eigen::Index i = 1; i < a.x.rows(); ++i) a.out.row(0) += a.x.row(i).square();
         a.out = a.out.sqrt();
       }},
  };
}

template <class T>
table<T> of_all() {
  using in = arrays<T>;
  return {
      {"sum", [](in& a) { a.out(0, 0) = a.x.sum(); }},
      {"norm", [](in& a) { a.out(0, 0) = a.x.matrix().norm(); }},
      {"dot", [](in& a) { a.out(0, 0) = a.x.row(0).matrix().dot(a.y.row(0).matrix()); }},
      {"l1_loss", [](in& a) { a.out(0, 0) = (a.y - a.x).abs().sum(); }},
      {"l2_loss", [](in& a) { a.out(0, 0) = (a.y - a.x).square().sum(); }},
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
  array<T>* inputs[] = {&a->x, &a->y, &a->z};
  for (std::size_t i = 0; i < w.inputs.size(); ++i) {
    const values<T>& v = w.inputs[i];
    *inputs[i] = Eigen::Map<const array<T>>(v.elements.data(), v.rows, v.columns);
  }
  const shape_of_result s = shape_of(w);
  a->out.setZero(s.rows, s.columns);
  a->largest.setZero(a->x.cols());
  a->total.setZero(a->x.cols());
  return {[a, f = found->second] { f(*a); },
          [a] { return std::vector<double>(a->out.data(), a->out.data() + a->out.size()); }};
}

}  // namespace

library eigen() {
  const std::string version = std::to_string(EIGEN_WORLD_VERSION) + "." +
                              std::to_string(EIGEN_MAJOR_VERSION) + "." +
                              std::to_string(EIGEN_MINOR_VERSION);
  return {"Eigen",
          {{"Eigen", version + " with " + Eigen::SimdInstructionSetsInUse()}},
          prepare<float>,
          prepare<double>};
}

}  // namespace bench::host_peers
