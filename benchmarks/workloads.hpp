// Owns what is measured: every function at every size of the grid, for one dtype in one space.
#pragma once

#include <cmath>
#include <memory>
#include <tuple>

#include "formulas.hpp"
#include "grid.hpp"
#include "measure.hpp"

namespace bench {

namespace nf = numfuse;

/// One thing to measure. Inputs and results are made when it is asked to, and freed with it.
struct workload {
  measurement what;  // without a time
  std::function<std::function<void(int)>(int copies)> prepare;
  double footprint = 0;  // bytes of one set of inputs and results
};

/// Runs on a stream, so that it can be captured in a CUDA graph.
template <class T, class Space>
class workloads {
 public:
  workloads(const grid& g, const nf::stream& on) : grid_(g), on_(on) {}

  std::vector<workload> all() {
    elementwise();
    rows_and_columns();
    whole_tensors();
    products();
    return std::move(list_);
  }

 private:
  using array = nf::tensor<T, Space>;
  using shapes = std::vector<std::vector<std::int64_t>>;

  static nf::shape shape_of(const std::vector<std::int64_t>& sizes) {
    nf::extents e;
    for (std::int64_t n : sizes) e.push_back(n);
    return nf::shape(e);
  }

  // Inputs stay near 1 on either side: every function is defined, and none takes a shortcut.
  static array input(const std::vector<std::int64_t>& sizes, int number) {
    return nf::random_uniform<T, Space>(shape_of(sizes), static_cast<std::uint64_t>(number) + 1,
                                        0.5, 1.5);
  }

  measurement describe(std::string name, std::vector<std::int64_t> sizes, std::optional<int> axis,
                       std::string bound, double bytes) {
    measurement m;
    m.function = std::move(name);
    m.shape = std::move(sizes);
    m.axis = axis;
    m.dtype = nf::name_of(nf::dtype_of<T>);
    m.bound = std::move(bound);
    m.bytes = bytes;
    return m;
  }

  /// A formula of as many inputs as there are shapes, without their first `skip` elements.
  template <std::size_t Inputs, class F>
  void add(std::string name, nf::fused<F> f, const std::vector<std::int64_t>& sizes,
           std::optional<int> axis, const shapes& inputs, std::int64_t skip = 0) {
    f = f.along(axis ? nf::axis_selector(*axis) : nf::axis_selector(nf::all)).on(on_);
    using view = nf::tensor_view<const T, Space>;
    const auto with_inputs = [](const auto& use, const std::vector<view>& x) {
      return [&]<std::size_t... I>(std::index_sequence<I...>) { return use(x[I]...); }
      (std::make_index_sequence<Inputs>{});
    };
    // A plan needs shapes, not memory: no element is behind this address.
    const auto* nowhere = reinterpret_cast<const T*>(std::uintptr_t{256});
    std::vector<view> nothing;
    for (const auto& s : inputs) {
      nothing.push_back(view(nowhere, shape_of(s))(nf::slice{skip}));
    }
    const nf::plan p = with_inputs([&](const auto&... in) { return f.plan(in...); }, nothing);

    workload w;
    using result_type = decltype(with_inputs(f, nothing));
    const bool reduces = p.bytes_written * 8 < p.bytes_read / p.reads;
    w.what = describe(std::move(name), sizes, axis, reduces ? "read" : "copy",
                      static_cast<double>(p.bytes_read / p.reads + p.bytes_written));
    w.what.plan = nf::to_string(p);
    w.footprint = w.what.bytes;
    w.prepare = [=](int copies) -> std::function<void(int)> {
      auto arrays = std::make_shared<std::vector<array>>();
      auto x = std::make_shared<std::vector<std::vector<view>>>();
      auto y = std::make_shared<std::vector<result_type>>();
      for (int c = 0; c < copies; ++c) {
        x->emplace_back();
        for (const auto& s : inputs) {
          arrays->push_back(input(s, c));
          x->back().push_back(std::as_const(arrays->back()).view()(nf::slice{skip}));
        }
        y->push_back(with_inputs(f, x->back()));
      }
      return [=](int c) {
        static_cast<void>(arrays);  // what x looks at
        with_inputs([&](const auto&... in) { f.into((*y)[static_cast<std::size_t>(c)], in...); },
                    (*x)[static_cast<std::size_t>(c)]);
      };
    };
    list_.push_back(std::move(w));
  }

  void elementwise() {
    namespace fs = nf::formulas;
    const auto unary = [&](const std::vector<std::int64_t>& s, std::int64_t skip = 0) {
      const std::vector<std::int64_t> n{s[0] - skip};
      add<1>("exp", nf::fuse(fs::exp_formula{}), n, std::nullopt, {s}, skip);
      add<1>("log", nf::fuse(fs::log_formula{}), n, std::nullopt, {s}, skip);
      add<1>("sigmoid", nf::fuse(fs::sigmoid_formula{}), n, std::nullopt, {s}, skip);
      add<1>("sigmoid_derivative", nf::fuse(fs::sigmoid_derivative_formula{}), n, std::nullopt, {s},
             skip);
      add<1>("tanh", nf::fuse(fs::tanh_formula{}), n, std::nullopt, {s}, skip);
      add<2>("add", nf::fuse(fs::add_formula{}), n, std::nullopt, {s, s}, skip);
      add<2>("abs_difference", nf::fuse(abs_difference{}), n, std::nullopt, {s, s}, skip);
    };
    for (std::int64_t n : grid_.elementwise) {
      unary({n});
      const std::int64_t columns = std::int64_t{1} << (std::ilogb(static_cast<double>(n)) / 2);
      const std::int64_t rows = n / columns;
      add<2>("add_row", nf::fuse(fs::add_formula{}), {rows, columns}, std::nullopt,
             {{rows, columns}, {columns}});
      add<2>("multiply_column", nf::fuse(fs::multiply_formula{}), {rows, columns}, std::nullopt,
             {{rows, columns}, {rows, 1}});
    }
    if (grid_.unaligned > 0) unary({grid_.unaligned + 1}, 1);
  }

  void rows_and_columns() {
    namespace fs = nf::formulas;
    const auto both = [&](const matrix_size& s, int axis) {
      const std::vector<std::int64_t> sizes{s.rows, s.columns};
      add<1>("softmax", nf::fuse(fs::softmax_formula{}), sizes, axis, {sizes});
      add<1>("log_softmax", nf::fuse(fs::log_softmax_formula{}), sizes, axis, {sizes});
      add<1>("normalize_rows", nf::fuse(fs::normalize_rows_formula{}), sizes, axis, {sizes});
      add<1>("sum", nf::fuse(fs::sum_formula{}), sizes, axis, {sizes});
      add<1>("max", nf::fuse(fs::max_formula{}), sizes, axis, {sizes});
      add<1>("norm", nf::fuse(fs::norm_formula{}), sizes, axis, {sizes});
    };
    for (const matrix_size& s : grid_.rows) {
      both(s, 1);
      add<3>("layer_norm", nf::fuse(layer_norm{}), {s.rows, s.columns}, 1,
             {{s.rows, s.columns}, {s.columns}, {s.columns}});
    }
    for (const matrix_size& s : grid_.columns) both(s, 0);
  }

  void whole_tensors() {
    namespace fs = nf::formulas;
    for (std::int64_t n : grid_.whole) {
      const std::vector<std::int64_t> s{n};
      add<1>("sum", nf::fuse(fs::sum_formula{}), s, std::nullopt, {s});
      add<1>("norm", nf::fuse(fs::norm_formula{}), s, std::nullopt, {s});
      add<2>("l1_loss", nf::fuse(fs::l1_loss_formula{}), s, std::nullopt, {s, s});
      add<2>("l2_loss", nf::fuse(fs::l2_loss_formula{}), s, std::nullopt, {s, s});
      add_call(
          "dot", s, {s, s}, "read", 2.0 * static_cast<double>(n) * sizeof(T),
          [](const array& x, const array& y, const nf::stream& s) { return nf::dot(x, y, s); });
    }
  }

  void products() {
    for (const matrix_size& s : grid_.outer) {
      add_call(
          "outer", {s.rows, s.columns}, {{s.rows}, {s.columns}}, "fill",
          static_cast<double>(s.rows * s.columns) * sizeof(T),
          [](const array& x, const array& y, const nf::stream& s) { return nf::outer(x, y, s); });
    }
    for (const product_size& s : grid_.matmul) {
      add_call(
          "matmul", {s.m, s.n, s.k}, {{s.m, s.k}, {s.k, s.n}}, "compute",
          static_cast<double>(s.m * s.k + s.k * s.n + s.m * s.n) * sizeof(T),
          [](const array& x, const array& y, const nf::stream& s) { return nf::matmul(x, y, s); });
    }
  }

  /// A function of two tensors and a stream that allocates its result.
  template <class F>
  void add_call(std::string name, const std::vector<std::int64_t>& sizes, const shapes& inputs,
                std::string bound, double bytes, F f) {
    workload w;
    w.what = describe(std::move(name), sizes, std::nullopt, std::move(bound), bytes);
    w.footprint = bytes;
    w.prepare = [=, on = on_](int copies) -> std::function<void(int)> {
      auto x = std::make_shared<std::vector<std::pair<array, array>>>();
      for (int c = 0; c < copies; ++c) x->emplace_back(input(inputs[0], c), input(inputs[1], -c));
      return [=](int c) {
        const auto& [a, b] = (*x)[static_cast<std::size_t>(c)];
        f(a, b, on);
      };
    };
    list_.push_back(std::move(w));
  }

  grid grid_;
  nf::stream on_;
  std::vector<workload> list_;
};

}  // namespace bench
