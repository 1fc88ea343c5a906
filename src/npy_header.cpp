// The header of a .npy file: a Python dictionary as text, which states dtype, order and shape.
#include "npy_header.hpp"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <iterator>
#include <limits>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

namespace numfuse::detail {
namespace {

constexpr std::size_t alignment = 64;  // of the data in the files that are written

/// A text from a file as an error may show it: short, and of printable characters only.
std::string quote(std::string_view text) {
  constexpr std::size_t longest = 40;
  std::string result = "'";
  for (char c : text.substr(0, longest)) result += c >= ' ' && c <= '~' ? c : '?';
  return result + (text.size() > longest ? "..." : "") + "'";
}

struct dtype_name {
  dtype type;
  std::string_view written;  // as np.save writes it, byte order first
  std::int64_t bytes;
};
constexpr dtype_name dtype_names[] = {
    {dtype::float32, "<f4", 4},  {dtype::float64, "<f8", 8}, {dtype::float16, "<f2", 2},
    {dtype::bfloat16, "<V2", 2}, {dtype::int32, "<i4", 4},   {dtype::int64, "<i8", 8},
    {dtype::uint8, "|u1", 1},    {dtype::boolean, "|b1", 1},
};

const dtype_name& name_in_files(dtype type) {
  return *std::find_if(std::begin(dtype_names), std::end(dtype_names),
                       [type](const dtype_name& n) { return n.type == type; });
}

dtype parse_dtype(std::string_view text, const std::string& file) {
  std::string_view kind = text;
  char order = '=';  // a name without a byte order means the machine's own
  if (!kind.empty() && std::string_view("<>|=").find(kind[0]) != std::string_view::npos) {
    order = kind[0];
    kind.remove_prefix(1);
  }
  if (kind == "?") kind = "b1";
  for (const dtype_name& name : dtype_names) {
    if (kind != name.written.substr(1)) continue;
    const bool no_order = name.bytes == 1 || name.type == dtype::bfloat16;
    if (order == '<' || order == '=' || no_order) return name.type;
    if (order == '>') {
      fail_on_file(file, "dtype " + quote(text) + " is big-endian, which is not supported");
    }
  }
  fail_on_file(file, "dtype " + quote(text) + " is not supported");
}

/// Reads the dictionary of a header.
class header_parser {
 public:
  header_parser(std::string_view text, const std::string& file) : text_(text), file_(file) {}

  npy_header parse() {
    npy_header header;
    bool has_type = false;
    bool has_order = false;
    bool has_sizes = false;
    expect('{');
    while (!accept('}')) {
      const std::string_view key = quoted("a quoted key or '}'");
      expect(':');
      if (key == "descr" && !has_type) {
        if (accept('[')) fail_on_file(file_, "structured dtypes are not supported");
        header.type = parse_dtype(quoted("a quoted dtype"), file_);
        has_type = true;
      } else if (key == "fortran_order" && !has_order) {
        header.fortran_order = truth();
        has_order = true;
      } else if (key == "shape" && !has_sizes) {
        sizes_ = tuple();
        has_sizes = true;
      } else {
        const bool known = key == "descr" || key == "fortran_order" || key == "shape";
        fail_on_file(file_, "malformed header: " + std::string(known ? "second" : "unknown") +
                                " key " + quote(key));
      }
      if (!accept(',')) {
        expect('}');
        break;
      }
    }
    skip_blanks();
    if (at_ < text_.size()) expected("nothing after '}'");
    for (const auto& [present, key] :
         {std::pair(has_type, "descr"), std::pair(has_order, "fortran_order"),
          std::pair(has_sizes, "shape")}) {
      if (!present) fail_on_file(file_, "malformed header: no key '" + std::string(key) + "'");
    }
    npy_bytes(header.type, sizes_, file_);  // throws before a shape with an overflow exists
    header.sizes = shape(sizes_);
    return header;
  }

 private:
  [[noreturn]] void expected(const std::string& what) const {
    const bool ended = at_ == text_.size();
    fail_on_file(file_, "malformed header: expected " + what + " at character " +
                            std::to_string(at_) + ", found " +
                            (ended ? "its end" : quote(text_.substr(at_))));
  }

  void skip_blanks() {
    while (at_ < text_.size() &&
           std::string_view(" \t\r\n").find(text_[at_]) != std::string_view::npos) {
      ++at_;
    }
  }

  bool accept(char c) {
    skip_blanks();
    if (at_ == text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  void expect(char c) {
    if (!accept(c)) expected(std::string("'") + c + "'");
  }

  std::string_view quoted(const char* what) {
    skip_blanks();
    const char mark = at_ < text_.size() ? text_[at_] : ' ';
    if (mark != '\'' && mark != '"') expected(what);
    const std::size_t begin = at_ + 1;
    const std::size_t end = text_.find(mark, begin);
    if (end == std::string_view::npos) expected("a string that ends");
    at_ = end + 1;
    return text_.substr(begin, end - begin);
  }

  bool truth() {
    skip_blanks();
    for (const bool value : {false, true}) {
      const std::string_view name = value ? "True" : "False";
      if (text_.substr(at_, name.size()) != name) continue;
      at_ += name.size();
      return value;
    }
    expected("True or False");
  }

  /// "()", "(2,)", "(2, 3)", "(2, 3,)"; "(2)" is a number to Python.
  extents tuple() {
    extents result;
    expect('(');
    while (!accept(')')) {
      if (result.rank() == max_rank) {
        fail_on_file(file_, "more than " + std::to_string(max_rank) + " dimensions");
      }
      result.push_back(size());
      if (!accept(',')) {
        if (result.rank() == 1) expected("','");
        expect(')');
        break;
      }
    }
    return result;
  }

  std::int64_t size() {
    skip_blanks();
    if (at_ < text_.size() && text_[at_] == '-') expected("a size that is not negative");
    std::int64_t value = 0;
    const char* const begin = text_.data() + at_;
    const auto [end, problem] = std::from_chars(begin, text_.data() + text_.size(), value);
    if (problem == std::errc::result_out_of_range) {
      fail_on_file(file_, "size " + quote({begin, end}) + " is too large: it overflows");
    }
    if (problem != std::errc()) expected("a size or ')'");
    at_ += static_cast<std::size_t>(end - begin);
    // Python 2 ended long integers with an L.
    if (at_ < text_.size() && text_[at_] == 'L') ++at_;
    return value;
  }

  std::string_view text_;
  const std::string& file_;
  std::size_t at_ = 0;
  extents sizes_;
};

}  // namespace

void fail_on_file(const std::string& file, const std::string& cause) {
  throw io_error(file + ": " + cause);
}

std::int64_t npy_bytes(dtype type, const extents& sizes, const std::string& file) {
  std::int64_t total = name_in_files(type).bytes;
  bool empty = false;
  for (std::int64_t n : sizes) {
    empty = empty || n == 0;
    if (n == 0) continue;
    if (total > std::numeric_limits<std::int64_t>::max() / n) {
      fail_on_file(file, "sizes " + to_string(sizes) + " are too large: their product overflows");
    }
    total *= n;
  }
  return empty ? 0 : total;
}

npy_header parse_npy_dictionary(std::string_view text, const std::string& file) {
  return header_parser(text, file).parse();
}

std::string npy_front(dtype type, const shape& sizes, bool fortran_order) {
  std::string text = "{'descr': '" + std::string(name_in_files(type).written) +
                     "', 'fortran_order': " + (fortran_order ? "True" : "False") +
                     ", 'shape': " + to_string(sizes) + ", }";
  // Room for the size of the slowest axis to grow to 21 digits in place.
  if (sizes.rank() > 0) {
    const std::int64_t slowest = fortran_order ? sizes.back() : sizes[0];
    text.append(21 - std::to_string(slowest).size(), ' ');
  }
  const std::size_t used = npy_magic.size() + 4 + text.size() + 1;
  text.append(alignment - used % alignment, ' ');
  text += '\n';
  std::string bytes(npy_magic);
  bytes += '\x01';
  bytes += '\x00';
  bytes += static_cast<char>(text.size() & 0xff);
  bytes += static_cast<char>(text.size() >> 8);
  return bytes + text;
}

}  // namespace numfuse::detail
