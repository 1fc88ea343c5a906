// Shapes, axes and broadcasting.
#include <numfuse/shape.hpp>

#include <algorithm>
#include <limits>

namespace numfuse {
namespace {

// Throws shape_error where a size is negative or their product leaves int64.
void check_sizes(const extents& sizes) {
  std::int64_t size = 1;
  bool empty = false, too_large = false;
  for (std::int64_t n : sizes) {
    if (n < 0) throw shape_error("shape: negative size in " + to_string(sizes));
    empty |= n == 0;
    too_large |= __builtin_mul_overflow(size, n, &size);
  }
  // A zero anywhere makes the product zero, whatever the others are.
  if (too_large && !empty) {
    throw shape_error("shape: " + to_string(sizes) + " has more than 2^63 elements");
  }
}

}  // namespace

extents::extents(std::initializer_list<std::int64_t> values) {
  for (std::int64_t value : values) push_back(value);
}

void extents::refuse_index(int d) const {
  throw axis_error("index " + std::to_string(d) + " is out of bounds for " + to_string(*this));
}

void extents::refuse_more() {
  throw shape_error("shape: more than " + std::to_string(max_rank) + " dimensions");
}

void extents::insert(int d, std::int64_t value) {
  if (rank_ == max_rank) refuse_more();
  std::copy_backward(values_ + d, values_ + rank_, values_ + rank_ + 1);
  values_[d] = value;
  ++rank_;
}

void extents::erase(int d) {
  std::copy(values_ + d + 1, values_ + rank_, values_ + d);
  --rank_;
}

shape::shape(std::initializer_list<std::int64_t> sizes) : extents(sizes) { check_sizes(*this); }

shape::shape(const extents& sizes) : extents(sizes) { check_sizes(*this); }

std::string to_string(const extents& e) {
  std::string text = "(";
  for (int d = 0; d < e.rank(); ++d) {
    if (d > 0) text += ", ";
    text += std::to_string(e[d]);
  }
  return text + (e.rank() == 1 ? ",)" : ")");
}

strides contiguous_strides(const shape& s) {
  strides result;
  for (int d = 0; d < s.rank(); ++d) result.push_back(1);
  for (int d = s.rank() - 2; d >= 0; --d) {
    // Unsigned: where there are no elements the others' product may be anything.
    result[d] =
        static_cast<std::int64_t>(static_cast<std::uint64_t>(result[d + 1]) *
                                  static_cast<std::uint64_t>(std::max<std::int64_t>(s[d + 1], 1)));
  }
  return result;
}

void detail::refuse_axis(int axis, const shape& s, std::string_view function) {
  throw axis_error(std::string(function) + ": axis " + std::to_string(axis) +
                   " is out of bounds for shape " + to_string(s));
}

shape broadcast_shapes(const shape& a, const shape& b, std::string_view function) {
  if (a == b) return a;
  const int rank = std::max(a.rank(), b.rank());
  extents result;
  for (int d = 0; d < rank; ++d) {
    const int da = d - (rank - a.rank());
    const int db = d - (rank - b.rank());
    const std::int64_t na = da < 0 ? 1 : a[da];
    const std::int64_t nb = db < 0 ? 1 : b[db];
    if (na != nb && na != 1 && nb != 1) {
      throw shape_error(std::string(function) + ": shapes " + to_string(a) + " and " +
                        to_string(b) + " do not broadcast: axis " + std::to_string(d) +
                        " has sizes " + std::to_string(na) + " and " + std::to_string(nb));
    }
    result.push_back(na == 1 ? nb : na);
  }
  return shape(result);
}

bool broadcasts_to(const shape& from, const shape& to) {
  const int added = to.rank() - from.rank();
  if (added < 0) return false;
  for (int d = 0; d < from.rank(); ++d) {
    if (from[d] != 1 && from[d] != to[d + added]) return false;
  }
  return true;
}

strides broadcast_strides(const shape& from, const strides& s, const shape& to,
                          std::string_view function) {
  if (!broadcasts_to(from, to)) {
    throw shape_error(std::string(function) + ": shape " + to_string(from) +
                      " does not broadcast to shape " + to_string(to));
  }
  return detail::repeating_strides(from, s, to);
}

strides detail::repeating_strides(const shape& from, const strides& s, const shape& to) {
  const int added = to.rank() - from.rank();
  strides result;
  for (int d = 0; d < added; ++d) result.push_back(0);
  for (int d = 0; d < from.rank(); ++d) {
    const bool repeated = from[d] == 1 && to[d + added] != 1;
    result.push_back(repeated ? 0 : s[d]);
  }
  return result;
}

shape resolve_reshape(const shape& from, const extents& requested, std::string_view function) {
  const auto fail = [&](const std::string& why) {
    throw shape_error(std::string(function) + ": cannot reshape " + to_string(from) + " to " +
                      to_string(requested) + ": " + why);
  };
  extents sizes = requested;
  int unknown = -1;
  std::int64_t known = 1;
  for (int d = 0; d < sizes.rank(); ++d) {
    if (sizes[d] == -1) {
      if (unknown >= 0) fail("only one size may be -1");
      unknown = d;
    } else if (sizes[d] < 0) {
      fail("negative size");
    } else {
      if (sizes[d] != 0 && known > std::numeric_limits<std::int64_t>::max() / sizes[d]) {
        fail("more than 2^63 elements");
      }
      known *= sizes[d];
    }
  }
  if (unknown >= 0) {
    if (known == 0 || from.size() % known != 0) {
      fail(std::to_string(from.size()) + " elements do not divide by " + std::to_string(known));
    }
    sizes[unknown] = from.size() / known;
  } else if (known != from.size()) {
    fail("the sizes are " + std::to_string(from.size()) + " and " + std::to_string(known));
  }
  return shape(sizes);
}

}  // namespace numfuse
