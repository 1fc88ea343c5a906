// Decimal digits of floating values, and the format that NumPy chooses for an array of them.
//
// Two sources of digits: the shortest decimal that reads back as the value, and the value rounded
// at a given place. Rounding starts from the exact value, never from the shortest decimal, and
// settles ties towards the even digit.
#include "print_float.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdlib>
#include <string_view>
#include <utility>

namespace numfuse::detail {
namespace {

/// How many decimal digits every value of T keeps; numeric_limits has no answer for 16 bits.
template <floating_dtype T>
constexpr int decimal_digits() {
  switch (dtype_of<T>) {
    case dtype::float64:
      return 15;
    case dtype::float32:
      return 6;
    case dtype::float16:
      return 3;
    default:
      return 2;
  }
}

/// Beyond this many digits after the point no double needs any.
constexpr int most_places = 1100;

constexpr double power_of_ten(int n) { return n == 0 ? 1.0 : 10.0 * power_of_ten(n - 1); }

/// |x| = d.ddd * 10^exponent; `digits` holds the d's without the point.
struct decimal {
  std::string digits;
  int exponent = 0;
};

/// The text of a number in three parts: sign and digits before the point, digits after it, and
/// the exponent with its sign ("" where there is none).
struct number_text {
  std::string whole;
  std::string fraction;
  std::string exponent;
};

decimal parse_scientific(std::string_view text) {
  if (text.front() == '-') text.remove_prefix(1);
  const std::size_t e = text.find('e');
  decimal result;
  for (char c : text.substr(0, e)) {
    if (c != '.') result.digits += c;
  }
  const std::string_view exponent = text.substr(e + 2);
  std::from_chars(exponent.data(), exponent.data() + exponent.size(), result.exponent);
  if (text[e + 1] == '-') result.exponent = -result.exponent;
  return result;
}

/// x rounded to `places` digits after the point of its scientific form.
decimal round_scientific(double x, int places) {
  char buffer[most_places + 16];
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, x, std::chars_format::scientific,
                                 std::min(places, most_places));
  return parse_scientific({buffer, end.ptr});
}

/// Whether a decimal, read as a T, is `exact`.
template <floating_dtype T>
bool reads_back(const char* begin, const char* end, double exact) {
  double value = 0;
  std::from_chars(begin, end, value);
  return static_cast<double>(static_cast<float>(convert<T>(value))) == exact;
}

/// The decimal with the fewest digits that reads back as x in T; of several, the nearest to x.
template <floating_dtype T>
decimal shortest(T x) {
  if constexpr (sizeof(T) > 2) {
    char buffer[64];
    const auto end =
        std::to_chars(buffer, buffer + sizeof buffer, x, std::chars_format::scientific);
    return parse_scientific({buffer, end.ptr});
  } else {
    // Five digits identify any 16-bit value, so trying each count is cheap.
    const double exact = static_cast<float>(x);
    char buffer[64];
    for (int places = 0;; ++places) {
      const char* const end = std::to_chars(buffer, buffer + sizeof buffer, exact,
                                            std::chars_format::scientific, places)
                                  .ptr;
      if (reads_back<T>(buffer, end, exact)) return parse_scientific({buffer, end});
      // A power of two lies closer to the value below it than to the one above. The decimal above
      // it may then read back where the nearest one, below, does not.
      char& last = *(std::find(buffer, buffer + sizeof buffer, 'e') - 1);
      if (last == '9') continue;
      ++last;
      if (reads_back<T>(buffer, end, exact)) return parse_scientific({buffer, end});
    }
  }
}

void trim_zeros(std::string& digits) {
  digits.erase(digits.find_last_not_of('0') + 1);  // npos + 1 is 0: nothing but zeros
}

/// "+05", "-12", "+300": always a sign and two digits or more.
std::string exponent_text(int exponent) {
  const std::string digits = std::to_string(std::abs(exponent));
  return (exponent < 0 ? "-" : "+") + std::string(digits.size() < 2 ? 1 : 0, '0') + digits;
}

/// x with an exponent and at most `places` digits after the point; with exactly that many where
/// `fill` is set. Filling shows further digits of x, not zeros: 1e-5 in float32 to seven places
/// is 9.9999997e-06.
template <floating_dtype T>
number_text scientific(T x, int places, bool fill) {
  decimal d = shortest(x);
  const std::size_t wanted = static_cast<std::size_t>(places) + 1;
  if (d.digits.size() > wanted || (fill && d.digits.size() < wanted)) {
    d = round_scientific(static_cast<double>(static_cast<compute_t<T>>(x)), places);
  }
  number_text text;
  text.whole = std::signbit(static_cast<compute_t<T>>(x)) ? "-" : "";
  text.whole += d.digits.front();
  text.fraction = d.digits.substr(1);
  if (!fill) trim_zeros(text.fraction);
  text.exponent = exponent_text(d.exponent);
  return text;
}

/// x without an exponent and with at most `places` digits after the point.
template <floating_dtype T>
number_text positional(T x, int places) {
  const auto value = static_cast<compute_t<T>>(x);
  const decimal d = shortest(x);
  number_text text;
  const int count = static_cast<int>(d.digits.size());
  if (count - 1 - d.exponent > places) {
    char buffer[most_places + 64];
    const auto end = std::to_chars(buffer, buffer + sizeof buffer, static_cast<double>(value),
                                   std::chars_format::fixed, std::min(places, most_places));
    const std::string_view all(buffer, static_cast<std::size_t>(end.ptr - buffer));
    const std::size_t point = std::min(all.find('.'), all.size());
    text.whole = all.substr(0, point);
    text.fraction = all.substr(std::min(point + 1, all.size()));
  } else {
    text.whole = std::signbit(value) ? "-" : "";
    if (d.exponent < 0) {
      text.whole += '0';
      text.fraction = std::string(static_cast<std::size_t>(-d.exponent - 1), '0') + d.digits;
    } else {
      const std::size_t before = static_cast<std::size_t>(d.exponent) + 1;
      text.whole += d.digits.substr(0, before);
      if (d.digits.size() < before) text.whole.append(before - d.digits.size(), '0');
      if (d.digits.size() > before) text.fraction = d.digits.substr(before);
    }
  }
  trim_zeros(text.fraction);
  return text;
}

/// Whether an array with these nonzero extremes, both absolute, needs exponents. The comparisons
/// and the ratio are those of T, as NumPy's are.
template <floating_dtype T>
bool needs_exponents(T smallest, T largest, bool suppress) {
  using compute = compute_t<T>;
  const auto low = static_cast<compute>(smallest);
  const auto high = static_cast<compute>(largest);
  if (high >= static_cast<compute>(power_of_ten(std::min(8, decimal_digits<T>())))) return true;
  if (suppress) return false;
  const auto ratio = static_cast<compute>(convert<T>(high / low));
  return low < static_cast<compute>(convert<T>(0.0001)) || ratio > compute(1000);
}

}  // namespace

template <floating_dtype T>
std::vector<std::string> format_floats(const std::vector<T>& values, const print_options& options) {
  using compute = compute_t<T>;
  bool any_nonzero = false;
  T smallest{};
  T largest{};
  std::vector<T> finite;
  bool negative_infinity = false;
  for (T x : values) {
    const auto value = static_cast<compute>(x);
    if (!std::isfinite(value)) {
      negative_infinity = negative_infinity || value < 0;
      continue;
    }
    finite.push_back(x);
    if (value == 0) continue;
    const compute magnitude = std::abs(value);
    if (!any_nonzero || magnitude < static_cast<compute>(smallest)) smallest = T(magnitude);
    if (!any_nonzero || magnitude > static_cast<compute>(largest)) largest = T(magnitude);
    any_nonzero = true;
  }
  const bool exponents = any_nonzero && needs_exponents(smallest, largest, options.suppress);

  // A first pass finds what the widest number takes; with exponents, all then get as many places.
  std::size_t left = 0;
  std::size_t right = 0;
  std::size_t exponent_width = 0;
  std::vector<number_text> texts;
  texts.reserve(finite.size());
  for (T x : finite) {
    texts.push_back(exponents ? scientific(x, options.precision, false)
                              : positional(x, options.precision));
    left = std::max(left, texts.back().whole.size());
    right = std::max(right, texts.back().fraction.size());
    exponent_width = std::max(exponent_width, texts.back().exponent.size());
  }
  const int places = static_cast<int>(right);
  if (exponents) right += 1 + exponent_width;
  if (finite.size() != values.size()) {
    const std::size_t name = negative_infinity ? 4 : 3;  // "-inf", "nan"
    if (name > left + right + 1) left = name - right - 1;
  }

  std::vector<std::string> words;
  words.reserve(values.size());
  std::size_t next = 0;
  for (T x : values) {
    const auto value = static_cast<compute>(x);
    std::string word;
    if (!std::isfinite(value)) {
      const char* name = std::isnan(value) ? "nan" : value < 0 ? "-inf" : "inf";
      word = name;
      words.push_back(std::string(left + right + 1 - word.size(), ' ') + word);
      continue;
    }
    number_text text = std::move(texts[next++]);
    if (exponents) {
      text = scientific(x, places, true);
      // "+10" beside "-300" reads "+010".
      text.exponent.insert(1, exponent_width - std::min(exponent_width, text.exponent.size()), '0');
    }
    word.append(left - std::min(left, text.whole.size()), ' ');
    word += text.whole + '.' + text.fraction;
    if (exponents) word += 'e' + text.exponent;
    word.append(left + right + 1 - std::min(left + right + 1, word.size()), ' ');
    words.push_back(std::move(word));
  }
  return words;
}

template <floating_dtype T>
std::string format_float(T x) {
  const auto value = static_cast<compute_t<T>>(x);
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value < 0 ? "-inf" : "inf";
  const double magnitude = std::abs(static_cast<double>(value));
  const int digits = dtype_of<T> == dtype::float64 ? 16 : decimal_digits<T>();
  if (magnitude == 0 || (magnitude >= 0.0001 && magnitude < power_of_ten(digits))) {
    const number_text text = positional(x, most_places);
    return text.whole + '.' + (text.fraction.empty() ? "0" : text.fraction);
  }
  const number_text text = scientific(x, most_places, false);
  return text.whole + (text.fraction.empty() ? "" : '.' + text.fraction) + 'e' + text.exponent;
}

#define NUMFUSE_INSTANTIATE(T)                                                                     \
  template std::vector<std::string> format_floats<T>(const std::vector<T>&, const print_options&); \
  template std::string format_float<T>(T);
NUMFUSE_FOR_EACH_FLOATING(NUMFUSE_INSTANTIATE)
#undef NUMFUSE_INSTANTIATE

}  // namespace numfuse::detail
