// Owns the text of a report: a line for people as each measurement arrives, JSON at the end.
#pragma once

#include <cstdio>
#include <fstream>
#include <map>
#include <sstream>
#include <stdexcept>

#include "measure.hpp"

namespace bench {

struct machine {
  std::string name;
  std::string kind;  // gpu or cpu
  std::map<std::string, std::string> software;
};

struct report {
  std::string producer = "numfuse";
  std::string commit;
  machine where;
  std::map<std::string, double> ceilings;  // copy, read, fill: bytes a second
  std::vector<measurement> results;
  std::vector<std::pair<std::string, std::string>> skipped;  // what, why
};

inline std::string json_text(const std::string& s) {
  std::string text = "\"";
  for (char c : s) {
    if (c == '"' || c == '\\') text += '\\';
    if (static_cast<unsigned char>(c) < 0x20) c = ' ';
    text += c;
  }
  return text + '"';
}

inline std::string shape_text(const std::vector<std::int64_t>& shape) {
  std::string text;
  for (std::int64_t n : shape) text += (text.empty() ? "" : ", ") + std::to_string(n);
  return text;
}

inline void write_json(std::ostream& out, const report& r) {
  const auto number = [](double x) {
    char text[32];
    std::snprintf(text, sizeof text, "%.6g", x);
    return std::string(text);
  };
  out << "{\n\"producer\": " << json_text(r.producer) << ",\n\"commit\": " << json_text(r.commit)
      << ",\n";
  out << "\"machine\": {\"name\": " << json_text(r.where.name)
      << ", \"kind\": " << json_text(r.where.kind) << ", \"software\": {";
  const char* comma = "";
  for (const auto& [name, version] : r.where.software) {
    out << comma << json_text(name) << ": " << json_text(version);
    comma = ", ";
  }
  out << "}},\n\"ceilings\": {";
  comma = "";
  for (const auto& [name, speed] : r.ceilings) {
    out << comma << json_text(name) << ": " << number(speed);
    comma = ", ";
  }
  out << "},\n\"results\": [";
  comma = "\n";
  for (const measurement& m : r.results) {
    out << comma << "{\"library\": " << json_text(m.library)
        << ", \"function\": " << json_text(m.function) << ", \"shape\": [" << shape_text(m.shape)
        << "], \"axis\": " << (m.axis ? std::to_string(*m.axis) : "null")
        << ", \"dtype\": " << json_text(m.dtype) << ", \"mode\": " << json_text(m.mode)
        << ", \"seconds\": " << number(m.time.seconds) << ", \"spread\": " << number(m.time.spread)
        << ", \"bytes\": " << number(m.bytes) << ", \"bound\": " << json_text(m.bound)
        << ", \"plan\": " << json_text(m.plan) << "}";
    comma = ",\n";
  }
  out << "\n],\n\"skipped\": [";
  comma = "\n";
  for (const auto& [what, why] : r.skipped) {
    out << comma << "{\"what\": " << json_text(what) << ", \"why\": " << json_text(why) << "}";
    comma = ",\n";
  }
  out << "\n]\n}\n";
}

/// Throws std::runtime_error where the file cannot be written whole.
inline void save_json(const std::string& path, const report& r) {
  std::ofstream out(path);
  write_json(out, r);
  out.close();
  if (!out) throw std::runtime_error("cannot write " + path);
}

inline void print_line(const report& r, const measurement& m) {
  const double speed = m.bytes / m.time.seconds;
  char share[24] = "       ";
  if (const auto c = r.ceilings.find(m.bound); c != r.ceilings.end()) {
    std::snprintf(share, sizeof share, "%6.1f%%", 100 * speed / c->second);
  }
  std::printf("%-20s %-22s %-5s %-9s %-5s %12.3f us %9.2f GB/s %s of %s  +-%.0f%%\n",
              m.function.c_str(), ("(" + shape_text(m.shape) + ")").c_str(),
              m.axis ? std::to_string(*m.axis).c_str() : "all", m.dtype.c_str(), m.mode.c_str(),
              1e6 * m.time.seconds, 1e-9 * speed, share, m.bound.c_str(), 100 * m.time.spread);
  std::fflush(stdout);
}

}  // namespace bench
