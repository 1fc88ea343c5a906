// Arrays as text: which elements are shown, and how they stand in rows.
#include <numfuse/print.hpp>

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "print_float.hpp"

namespace numfuse {
namespace {

/// The positions along one axis that are shown: all, or `edge` at both ends.
struct visible_items {
  std::int64_t size = 0;
  std::int64_t edge = 0;  // 0: all

  visible_items(std::int64_t length, bool summarize, std::int64_t edge_items)
      : size(length), edge(summarize && length > 2 * edge_items ? edge_items : 0) {}

  std::int64_t count() const { return edge == 0 ? size : 2 * edge; }
  std::int64_t position(std::int64_t k) const {
    return edge == 0 || k < edge ? k : size - 2 * edge + k;
  }
  /// Whether "..." stands before the k-th of them.
  bool gap_before(std::int64_t k) const { return edge != 0 && k == edge; }
};

template <any_dtype T>
void gather(const T* data, const std::vector<visible_items>& axes, const strides& st, int axis,
            std::vector<T>& values) {
  if (axis == static_cast<int>(axes.size())) {
    values.push_back(*data);
    return;
  }
  const visible_items& items = axes[static_cast<std::size_t>(axis)];
  for (std::int64_t k = 0; k < items.count(); ++k) {
    gather(data + items.position(k) * st[axis], axes, st, axis + 1, values);
  }
}

template <integral_dtype T>
std::vector<std::string> format_integers(const std::vector<T>& values) {
  std::vector<std::string> words;
  words.reserve(values.size());
  std::size_t width = 0;
  for (T x : values) {
    words.push_back(scalar_to_string(x));
    width = std::max(width, words.back().size());
  }
  // The widest True keeps a blank, so that it stands below False.
  if (std::same_as<T, bool>) width = 5;
  for (std::string& word : words) word.insert(0, width - word.size(), ' ');
  return words;
}

/// Writes words, in the order in which `gather` collected them, in brackets and rows.
class layout {
 public:
  layout(const std::vector<visible_items>& axes, std::vector<std::string> words, int line_width)
      : axes_(axes), words_(std::move(words)), line_width_(line_width) {}

  std::string text() && {
    block(0);
    return std::move(out_);
  }

 private:
  void block(int axis) {
    out_ += '[';
    const int rank = static_cast<int>(axes_.size());
    if (axis == rank - 1) {
      row(axis);
    } else {
      const visible_items& items = axes_[static_cast<std::size_t>(axis)];
      for (std::int64_t k = 0; k < items.count(); ++k) {
        if (items.gap_before(k)) {
          out_ += "...";
          start_line(axis, rank - 1 - axis);
        }
        block(axis + 1);
        if (k + 1 < items.count()) start_line(axis, rank - 1 - axis);
      }
    }
    out_ += ']';
  }

  void row(int axis) {
    const visible_items& items = axes_[static_cast<std::size_t>(axis)];
    column_ = static_cast<std::size_t>(axis) + 1;
    for (std::int64_t k = 0; k < items.count(); ++k) {
      if (k > 0) append_separator();
      if (items.gap_before(k)) {
        put("...", axis);
        append_separator();
      }
      put(words_[next_++], axis);
    }
  }

  void append_separator() {
    out_ += ' ';
    ++column_;
  }

  /// Appends a word, on a new line where it would not fit together with the brackets to come.
  void put(const std::string& word, int axis) {
    const std::size_t indent = static_cast<std::size_t>(axis) + 1;
    const std::int64_t limit = std::int64_t{line_width_} - axis - 1;
    if (static_cast<std::int64_t>(column_ + word.size()) > limit && column_ > indent) {
      out_.erase(out_.find_last_not_of(' ') + 1);
      start_line(axis, 1);
      column_ = indent;
    }
    out_ += word;
    column_ += word.size();
  }

  void start_line(int axis, int newlines) {
    out_.append(static_cast<std::size_t>(newlines), '\n');
    out_.append(static_cast<std::size_t>(axis) + 1, ' ');
  }

  const std::vector<visible_items>& axes_;
  std::vector<std::string> words_;
  int line_width_;
  std::string out_;
  std::size_t column_ = 0;
  std::size_t next_ = 0;
};

}  // namespace

template <any_dtype T>
std::string array_to_string(const T* data, const shape& s, const strides& st,
                            const print_options& options) {
  if (s.rank() != st.rank()) {
    throw shape_error("array_to_string: shape " + to_string(s) + " and strides " + to_string(st) +
                      " differ in rank");
  }
  if (options.precision < 0) {
    throw value_error("array_to_string: precision must be at least 0, not " +
                      std::to_string(options.precision));
  }
  if (options.edge_items < 1) {
    throw value_error("array_to_string: edge_items must be at least 1, not " +
                      std::to_string(options.edge_items));
  }
  if (s.rank() == 0) return scalar_to_string(*data);
  if (s.size() == 0) return "[]";

  std::vector<visible_items> axes;
  for (std::int64_t length : s) {
    axes.emplace_back(length, s.size() > options.threshold, options.edge_items);
  }
  std::vector<T> values;
  gather(data, axes, st, 0, values);
  if constexpr (floating_dtype<T>) {
    return layout(axes, detail::format_floats(values, options), options.line_width).text();
  } else {
    return layout(axes, format_integers(values), options.line_width).text();
  }
}

template <any_dtype T>
std::string scalar_to_string(T x) {
  if constexpr (std::same_as<T, bool>) {
    return x ? "True" : "False";
  } else if constexpr (integral_dtype<T>) {
    return std::to_string(x);
  } else {
    return detail::format_float(x);
  }
}

#define NUMFUSE_INSTANTIATE(T)                                                    \
  template std::string array_to_string<T>(const T*, const shape&, const strides&, \
                                          const print_options&);                  \
  template std::string scalar_to_string<T>(T);
NUMFUSE_FOR_EACH_DTYPE(NUMFUSE_INSTANTIATE)
#undef NUMFUSE_INSTANTIATE

}  // namespace numfuse
