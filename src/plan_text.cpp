// Plans as text.
#include <numfuse/plan.hpp>

#include <cstdio>

namespace numfuse {
namespace {

std::string size_text(std::int64_t bytes) {
  const char* units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
  double value = static_cast<double>(bytes);
  int unit = 0;
  for (; value >= 1024 && unit < 4; ++unit) value /= 1024;
  char text[32];
  std::snprintf(text, sizeof text, unit == 0 ? "%.0f %s" : "%.1f %s", value, units[unit]);
  return text;
}

std::string group_text(const plan& p, const char* vector) {
  const int threads = p.group * p.side_by_side;
  std::string who = threads < 32    ? std::to_string(p.group) + " of a warp's lanes"
                    : threads == 32 ? "a warp"
                                    : "a block of " + std::to_string(threads) + " threads";
  if (p.side_by_side > 1) {
    return who + " for " + std::to_string(p.side_by_side * p.items) + " neighbouring columns";
  }
  return who + " for each " + vector;
}

constexpr const char* streamed_once = ", streamed once";

std::string held_text(const plan& p) {
  const int elements = p.chunks * p.items;
  return ", " + std::to_string(elements) + (elements == 1 ? " element" : " elements") +
         " a thread in registers";
}

std::string team_text(const plan& p, const char* vector) {
  const std::string each = p.side_by_side > 1
                               ? std::to_string(p.side_by_side * p.items) + " neighbouring columns"
                               : std::string("each ") + vector;
  std::string text;
  if (p.cluster) {
    text = "a cluster of " + std::to_string(p.team) + " blocks for " + each;
  } else {
    text = std::to_string(p.team) + (p.team == 1 ? " block for " : " blocks for ") + each;
  }
  if (p.reads == 1) return text + (p.kept_inputs != 0 ? ", held in shared memory" : streamed_once);
  char share[64];
  std::snprintf(share, sizeof share, ", %.0f %% held in shared memory, the rest streamed %d times",
                100 * p.kept_share, p.reads);
  return text + share;
}

std::string device_text(const plan& p) {
  switch (p.how) {
    case strategy::elementwise:
      return "element by element";
    case strategy::transposed:
      return "transposed in square tiles through shared memory";
    case strategy::row_held:
      return group_text(p, "row") + held_text(p);
    case strategy::column_held:
      return group_text(p, "column") + held_text(p);
    case strategy::row_streamed:
      return p.team > 1 ? team_text(p, "row") : group_text(p, "row") + streamed_once;
    case strategy::column_streamed:
      return p.team > 1 ? team_text(p, "column") : group_text(p, "column") + streamed_once;
    case strategy::row_team:
      return team_text(p, "row");
    case strategy::column_team:
      return team_text(p, "column");
  }
  return "";
}

std::string host_text(const plan& p) {
  switch (p.how) {
    case strategy::elementwise:
      return "element by element";
    case strategy::column_streamed:
      return "neighbouring columns together";
    default:
      return "vector by vector";
  }
}

}  // namespace

std::string to_string(const plan& p) {
  std::string text = p.on_device ? std::to_string(p.launches) + " launch" : "on the host";
  text += "; reads " + size_text(p.bytes_read) + ", writes " + size_text(p.bytes_written) + "; ";
  return text + (p.on_device ? device_text(p) : host_text(p));
}

}  // namespace numfuse
