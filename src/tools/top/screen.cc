#include "tools/top/screen.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>

#include "tools/admin/sheet.h"

namespace flotilla::tools::top {
namespace {

constexpr std::size_t kFindingsShown = 3;
constexpr std::size_t kNameWidth = 24;

enum class Paint : std::uint8_t { Plain, Heading, Quiet, Good, Alert };

std::string_view code(Paint paint) {
  switch (paint) {
    case Paint::Heading:
      return "\x1b[1m";
    case Paint::Quiet:
      return "\x1b[2m";
    case Paint::Good:
      return "\x1b[32m";
    case Paint::Alert:
      return "\x1b[31m";
    case Paint::Plain:
      break;
  }
  return {};
}

/// Lines of a certain width, from pieces in colours.
class Lines {
 public:
  explicit Lines(const View& view) : view_(view) {}

  /// `columns`: how many the text takes, where bytes and columns differ.
  void add(std::string_view text, Paint paint = Paint::Plain, std::size_t columns = 0) {
    if (columns == 0) {
      text = text.substr(0, view_.width - std::min(used_, view_.width));
      columns = text.size();
    } else if (used_ + columns > view_.width) {
      return;
    }
    used_ += columns;
    const bool painted = view_.colours && paint != Paint::Plain;
    out_ += painted ? fmt::format("{}{}\x1b[0m", code(paint), text) : std::string(text);
  }
  /// So that what follows ends at the right margin.
  void space_before(std::size_t columns) {
    if (used_ + columns < view_.width) add(std::string(view_.width - used_ - columns, ' '));
  }
  void end() {
    if (!view_.colours) out_.erase(out_.find_last_not_of(' ') + 1);
    out_ += '\n';
    used_ = 0;
    ++count_;
  }

  std::size_t count() const { return count_; }
  std::string take() { return std::move(out_); }

 private:
  const View& view_;
  std::string out_;
  std::size_t used_ = 0;
  std::size_t count_ = 0;
};

/// Three digits and a unit: at most five columns.
std::string shortened(double number, double step) {
  constexpr std::array<std::string_view, 6> kUnits = {"", "k", "M", "G", "T", "P"};
  std::size_t unit = 0;
  while (number >= 999.5 && unit + 1 < kUnits.size()) {
    number /= step;
    ++unit;
  }
  const bool is_whole = unit == 0 && (number >= 9.95 || number == static_cast<int>(number));
  if (is_whole || number >= 99.95) return fmt::format("{:.0f}{}", number, kUnits[unit]);
  if (unit == 0 || number >= 9.995) return fmt::format("{:.1f}{}", number, kUnits[unit]);
  return fmt::format("{:.2f}{}", number, kUnits[unit]);
}

struct Field {
  std::string text;
  Paint paint = Paint::Plain;
};

struct NodeColumn {
  std::string_view title;
  std::size_t width;  // 0: as wide as the longest name.
  Field (*field)(const NodeLine&, bool has_rates);
  double (*weight)(const NodeLine&);  // Largest first; null: by name.
};

struct StateWord {
  std::string_view word;
  Paint paint;
};
constexpr std::array<StateWord, 6> kStates = {{{"serves", Paint::Good},
                                               {"migrates", Paint::Plain},
                                               {"quiesced", Paint::Plain},
                                               {"alone", Paint::Alert},
                                               {"silent", Paint::Alert},
                                               {"gone", Paint::Alert}}};

bool is_lost(const NodeLine& node) {
  return node.state == NodeLine::State::Silent || node.state == NodeLine::State::Gone;
}

Field number_field(const NodeLine& node, bool is_known, double number, bool is_alert = false) {
  if (!is_known || is_lost(node)) return {"-", Paint::Quiet};
  return {short_number(number), is_alert ? Paint::Alert : Paint::Plain};
}

Field percentile_field(const Percentile& p) {
  if (p.limit == 0) return {"-", Paint::Quiet};
  return {fmt::format("{}{:.0f}{}", p.is_open ? ">" : "<", p.limit, p.unit)};
}

// The first ones are shown also where there is little room.
constexpr NodeColumn kNodeColumns[] = {
    {"NODE", 0,
     [](const NodeLine& n, bool) {
       return Field{(n.is_principal ? "*" : " ") + n.name,
                    is_lost(n) ? Paint::Alert : Paint::Plain};
     },
     nullptr},
    {"STATE", 9,
     [](const NodeLine& n, bool) {
       const StateWord& state = kStates[static_cast<std::size_t>(n.state)];
       return Field{std::string(state.word), state.paint};
     },
     [](const NodeLine& n) { return static_cast<double>(n.state); }},
    {"READ/S", 7,
     [](const NodeLine& n, bool known) { return number_field(n, known, n.rates.reads); },
     [](const NodeLine& n) { return n.rates.reads; }},
    {"WRITE/S", 8,
     [](const NodeLine& n, bool known) { return number_field(n, known, n.rates.writes); },
     [](const NodeLine& n) { return n.rates.writes; }},
    {"ERR/S", 6,
     [](const NodeLine& n, bool known) {
       return number_field(n, known, n.rates.errors, n.rates.errors > 0);
     },
     [](const NodeLine& n) { return n.rates.errors; }},
    {"R-P99", 7, [](const NodeLine& n, bool) { return percentile_field(n.read_p99); },
     [](const NodeLine& n) { return n.read_p99.milliseconds(); }},
    {"W-P99", 7, [](const NodeLine& n, bool) { return percentile_field(n.write_p99); },
     [](const NodeLine& n) { return n.write_p99.milliseconds(); }},
    {"OBJECTS", 8, [](const NodeLine& n, bool) { return number_field(n, true, n.objects); },
     [](const NodeLine& n) { return n.objects; }},
    {"DATA", 5,
     [](const NodeLine& n, bool) {
       if (is_lost(n)) return Field{"-", Paint::Quiet};
       return Field{fmt::format("{:.0f}%", n.data_used_percent),
                    n.data_used_percent >= 70 ? Paint::Alert : Paint::Plain};
     },
     [](const NodeLine& n) { return n.data_used_percent; }},
    {"MIGR", 6, [](const NodeLine& n, bool) { return number_field(n, true, n.migrations); },
     [](const NodeLine& n) { return n.migrations; }},
    {"QUERY/S", 8,
     [](const NodeLine& n, bool known) { return number_field(n, known, n.rates.queries); },
     [](const NodeLine& n) { return n.rates.queries; }},
    {"PROXY/S", 8,
     [](const NodeLine& n, bool known) { return number_field(n, known, n.rates.proxied); },
     [](const NodeLine& n) { return n.rates.proxied; }},
    {"CLIENTS", 8, [](const NodeLine& n, bool) { return number_field(n, true, n.clients); },
     [](const NodeLine& n) { return n.clients; }},
    {"UP", 10,
     [](const NodeLine& n, bool) {
       if (is_lost(n)) return Field{"-", Paint::Quiet};
       return Field{admin::duration(fmt::format("{:.0f}", n.uptime_seconds))};
     },
     [](const NodeLine& n) { return n.uptime_seconds; }},
};

std::vector<const NodeLine*> sorted(const std::vector<NodeLine>& nodes, const View& view) {
  std::vector<const NodeLine*> order;
  for (const NodeLine& node : nodes) order.push_back(&node);
  std::ranges::stable_sort(order, {}, [](const NodeLine* n) { return std::string_view(n->name); });
  if (const auto weight = kNodeColumns[view.sort_column].weight; weight != nullptr)
    std::ranges::stable_sort(order, std::greater(), [&](const NodeLine* n) { return weight(*n); });
  if (view.reversed) std::ranges::reverse(order);
  return order;
}

/// One bar for each value, the newest at the right.
std::string bars(const std::deque<double>& values, std::size_t count, bool utf8) {
  constexpr std::array<std::string_view, 8> kBlocks = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  constexpr std::array<std::string_view, 8> kAscii = {"_", ".", ":", "-", "=", "+", "*", "#"};
  const std::size_t shown = std::min(count, values.size());
  const auto begin = values.end() - static_cast<std::ptrdiff_t>(shown);
  const double top = shown == 0 ? 0 : *std::max_element(begin, values.end());
  std::string out;
  for (auto value = begin; value != values.end(); ++value) {
    const auto height = top > 0 ? static_cast<std::size_t>(std::lround(*value / top * 7)) : 0;
    out += utf8 ? kBlocks[height] : kAscii[height];
  }
  return out;
}

void draw_head(Lines& lines, const Course& course, const View& view) {
  const auto there =
      std::ranges::count_if(course.nodes(), [](const NodeLine& n) { return !is_lost(n); });
  lines.add(course.cluster_name().empty() ? "cluster" : course.cluster_name(), Paint::Heading);
  lines.add(fmt::format("   {} node{}   key {}{}", there, there == 1 ? "" : "s",
                        course.cluster_key(), view.is_paused ? "   PAUSED" : ""));
  lines.space_before(view.clock.size());
  lines.add(view.clock);
  lines.end();
  if (!course.has_rates()) {
    lines.add("measuring ...", Paint::Quiet);
    lines.end();
    return;
  }
  const Rates& total = course.total();
  lines.add(fmt::format("{} reads/s   {} writes/s   {} queries/s   ", short_number(total.reads),
                        short_number(total.writes), short_number(total.queries)));
  lines.add(fmt::format("{} errors/s", short_number(total.errors)),
            total.errors > 0 ? Paint::Alert : Paint::Plain);
  lines.end();
  const std::size_t room = view.width > 10 ? view.width - 10 : 0;
  const std::string course_text = bars(course.history(), room, view.utf8);
  lines.add(fmt::format("{:>5} op/s ", short_number(total.operations())), Paint::Quiet);
  lines.add(course_text, Paint::Good, std::min(room, course.history().size()));
  lines.end();
}

void draw_findings(Lines& lines, const Course& course) {
  std::size_t shown = 0;
  for (const admin::Finding& finding : course.findings()) {
    if (finding.severity == admin::Finding::Severity::Note) continue;
    if (++shown > kFindingsShown) continue;
    lines.add(fmt::format("! {}: {} {}", finding.subject, finding.problem, finding.advice),
              Paint::Alert);
    lines.end();
  }
  if (shown <= kFindingsShown) return;
  lines.add(fmt::format("! {} more: flotilla admin -e health", shown - kFindingsShown),
            Paint::Alert);
  lines.end();
}

std::size_t name_width(const std::vector<NodeLine>& nodes, std::size_t limit) {
  std::size_t width = 8;
  for (const NodeLine& node : nodes) width = std::max(width, node.name.size() + 1);
  return std::min(width, limit);
}

void draw_nodes(Lines& lines, const Course& course, const View& view, std::size_t room) {
  const std::size_t names = name_width(course.nodes(), std::max(kNameWidth, view.width / 4));
  const auto fitting = [&, used = std::size_t{0}](const NodeColumn& column) mutable {
    used += (column.width == 0 ? names : column.width) + 1;
    return used <= view.width + 1;
  };
  std::size_t shown = 0;
  for (auto fits = fitting; shown < std::size(kNodeColumns) && fits(kNodeColumns[shown]);) ++shown;
  const auto columns = std::span(kNodeColumns).first(std::max<std::size_t>(shown, 1));
  const auto text_of = [&](const NodeColumn& column, std::string_view text) {
    const std::size_t width = column.width == 0 ? names : column.width;
    const bool left = column.width == 0 || column.title == "STATE";
    return left ? fmt::format("{:<{}.{}} ", text, width, width)
                : fmt::format("{:>{}} ", text, width);
  };
  for (const NodeColumn& column : columns) {
    const bool sorts = &column == &kNodeColumns[view.sort_column];
    const std::string title =
        column.width == 0 ? " " + std::string(column.title) : std::string(column.title);
    lines.add(text_of(column, title), sorts ? Paint::Heading : Paint::Quiet);
  }
  lines.end();
  const auto order = sorted(course.nodes(), view);
  const std::size_t first = std::min(view.first_node, order.empty() ? 0 : order.size() - 1);
  const bool all_fit = order.size() - first <= room;
  const std::size_t last = all_fit ? order.size() : first + std::max<std::size_t>(room, 2) - 1;
  for (std::size_t i = first; i < last; ++i) {
    for (const NodeColumn& column : columns) {
      const Field field = column.field(*order[i], course.has_rates());
      lines.add(text_of(column, field.text), field.paint);
    }
    lines.end();
  }
  if (all_fit) return;
  lines.add(fmt::format(" {} more below", order.size() - last), Paint::Quiet);
  lines.end();
}

std::string state_of(const NamespaceLine& ns) {
  if (ns.unavailable > 0) return fmt::format("{:.0f} partitions unavailable", ns.unavailable);
  return ns.stop_writes ? "refuses writes" : "serves";
}

void draw_namespaces(Lines& lines, const Course& course) {
  lines.end();
  lines.add(fmt::format(" {:<15} {:>3} {:>8} {:>8} {:>8} {:>13} {:>8} {:>8}  {}", "NAMESPACE", "RF",
                        "MASTERS", "COPIES", "TOMBST", "DATA", "EXPIRE/S", "EVICT/S", "STATE"),
            Paint::Quiet);
  lines.end();
  for (const NamespaceLine& ns : course.namespaces()) {
    lines.add(fmt::format(" {:<15.15} {:>3} {:>8} {:>8} {:>8} {:>13} {:>8} {:>8}  ", ns.name,
                          ns.replication_factor, short_number(ns.masters), short_number(ns.copies),
                          short_number(ns.tombstones),
                          short_bytes(ns.used_bytes) + "/" + short_bytes(ns.total_bytes),
                          short_number(ns.expired), short_number(ns.evicted)));
    const bool is_bad = ns.unavailable > 0 || ns.stop_writes;
    lines.add(state_of(ns), is_bad ? Paint::Alert : Paint::Good);
    lines.end();
  }
}

void draw_keys(Lines& lines, const View& view) {
  lines.add(
      fmt::format("q quit  s sorted by {}  r reverse  n namespaces  p pause  +/- every {:g} s",
                  kNodeColumns[view.sort_column].title, view.interval_seconds),
      Paint::Quiet);
  lines.end();
}

void change_interval(View& view, bool longer) {
  constexpr std::array<double, 7> kSteps = {0.5, 1, 2, 5, 10, 30, 60};
  if (longer) {
    const auto* const next = std::ranges::upper_bound(kSteps, view.interval_seconds);
    if (next != kSteps.end()) view.interval_seconds = *next;
  } else {
    const auto* const next = std::ranges::lower_bound(kSteps, view.interval_seconds);
    if (next != kSteps.begin()) view.interval_seconds = *(next - 1);
  }
}

}  // namespace

std::string short_number(double number) { return shortened(number, 1000); }
std::string short_bytes(double bytes) { return shortened(bytes, 1024); }

std::string draw(const Course& course, const View& view) {
  Lines lines(view);
  draw_head(lines, course, view);
  draw_findings(lines, course);
  lines.end();
  const std::size_t below = (view.shows_namespaces ? course.namespaces().size() + 2 : 0) +
                            (view.shows_keys ? 1 : 0) + lines.count() + 1;
  const std::size_t room =
      view.height == 0 ? course.nodes().size() : view.height - std::min(view.height, below);
  draw_nodes(lines, course, view, room);
  if (view.shows_namespaces) draw_namespaces(lines, course);
  if (view.shows_keys) draw_keys(lines, view);
  return lines.take();
}

Wish press(View& view, std::string_view key) {
  if (key == "q" || key == "Q" || key == "\x04") return Wish::Quit;
  if (key == "s")
    view.sort_column = (view.sort_column + 1) % std::size(kNodeColumns);
  else if (key == "S")
    view.sort_column = (view.sort_column + std::size(kNodeColumns) - 1) % std::size(kNodeColumns);
  else if (key == "r")
    view.reversed = !view.reversed;
  else if (key == "n")
    view.shows_namespaces = !view.shows_namespaces;
  else if (key == "p" || key == " ")
    view.is_paused = !view.is_paused;
  else if (key == "+" || key == "-")
    change_interval(view, key == "+");
  else if (key == "down" || key == "j")
    ++view.first_node;
  else if ((key == "up" || key == "k") && view.first_node > 0)
    --view.first_node;
  else
    return Wish::None;
  return Wish::Redraw;
}

}  // namespace flotilla::tools::top
