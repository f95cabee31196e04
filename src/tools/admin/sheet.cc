#include "tools/admin/sheet.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "base/parse.h"
#include "text.h"

namespace flotilla::tools::admin {
namespace {

constexpr char kSeparator = '|';

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  for (const std::string_view word : split(text, ' '))
    if (!word.empty()) words.emplace_back(word);
  return words;
}

/// The title in lines of at most `width`, unless a single word is longer.
std::vector<std::string> wrap(const std::string& title, std::size_t width) {
  std::vector<std::string> lines;
  for (const std::string& word : words_of(title)) {
    if (!lines.empty() && lines.back().size() + 1 + word.size() <= width)
      lines.back() += ' ' + word;
    else
      lines.push_back(word);
  }
  return lines;
}

std::string between_tildes(std::string_view text, std::size_t width) {
  const std::size_t left = width > text.size() ? (width - text.size()) / 2 : 0;
  const std::size_t right = width > text.size() ? width - text.size() - left : 0;
  return std::string(left, '~') + std::string(text) + std::string(right, '~');
}

std::string aligned(std::string_view text, std::size_t width, Align align) {
  return align == Align::Left ? fmt::format("{:<{}}", text, width)
                              : fmt::format("{:>{}}", text, width);
}

std::string_view colour(Tint tint) {
  switch (tint) {
    case Tint::Good:
      return "\x1b[32m";
    case Tint::Note:
      return "\x1b[36m";
    case Tint::Alert:
      return "\x1b[31m";
    case Tint::None:
      break;
  }
  return {};
}

/// One table being printed: knows how wide everything is.
class Printer {
 public:
  Printer(const Sheet& sheet, const Style& style) : sheet_(sheet), style_(style) {
    measure();
    widen_groups();
  }

  std::string print() const {
    std::string out = between_tildes(
        style_.time.empty() ? sheet_.title : fmt::format("{} ({})", sheet_.title, style_.time),
        total_width());
    out += '\n';
    const bool grouped =
        std::ranges::any_of(sheet_.columns, [](const Column& c) { return !c.group.empty(); });
    std::size_t lines = 0;
    for (std::size_t i = 0; i < titles_.size(); ++i)
      lines = std::max(lines,
                       titles_[i].size() + (grouped && !sheet_.columns[i].group.empty() ? 1 : 0));
    std::string headings;
    for (std::size_t line = 0; line < lines; ++line) headings += heading(line);
    out += headings;
    std::size_t count = 0;
    for (const Row& row : sheet_.rows) {
      if (style_.repeats_after > 0 && count > 0 && count % style_.repeats_after == 0 &&
          !row.is_total)
        out += headings;
      out += line_of(row);
      count += row.is_total ? 0 : 1;
    }
    return out + fmt::format("Number of rows: {}\n", count);
  }

 private:
  void measure() {
    for (std::size_t i = 0; i < sheet_.columns.size(); ++i) {
      std::size_t width = 0;
      for (const Row& row : sheet_.rows) width = std::max(width, row.cells[i].text.size());
      for (const std::string& word : words_of(sheet_.columns[i].title))
        width = std::max(width, word.size());
      widths_.push_back(width);
      titles_.push_back(wrap(sheet_.columns[i].title, width));
    }
  }

  /// First and one-past-last column of the group at `i`.
  std::pair<std::size_t, std::size_t> group_at(std::size_t i) const {
    const std::string& group = sheet_.columns[i].group;
    std::size_t end = i + 1;
    if (group.empty()) return {i, end};
    while (end < sheet_.columns.size() && sheet_.columns[end].group == group) ++end;
    return {i, end};
  }

  std::size_t width_of(std::size_t begin, std::size_t end) const {
    std::size_t width = end - begin - 1;
    for (std::size_t i = begin; i < end; ++i) width += widths_[i];
    return width;
  }

  /// A heading wider than its columns widens the last of them.
  void widen_groups() {
    for (std::size_t i = 0; i < sheet_.columns.size();) {
      const auto [begin, end] = group_at(i);
      const std::size_t wanted = sheet_.columns[begin].group.size() + 2;
      const std::size_t width = width_of(begin, end);
      if (!sheet_.columns[begin].group.empty() && width < wanted)
        widths_[end - 1] += wanted - width;
      i = end;
    }
  }

  std::size_t total_width() const { return widths_.empty() ? 0 : width_of(0, widths_.size()); }

  std::string heading(std::size_t line) const {
    std::string out;
    for (std::size_t i = 0; i < sheet_.columns.size();) {
      const auto [begin, end] = group_at(i);
      const bool grouped = !sheet_.columns[begin].group.empty();
      if (begin > 0) out += kSeparator;
      if (grouped && line == 0) {
        out += between_tildes(sheet_.columns[begin].group, width_of(begin, end));
      } else {
        for (std::size_t c = begin; c < end; ++c) {
          if (c > begin) out += kSeparator;
          const std::size_t own = grouped ? line - 1 : line;
          const std::string title = own < titles_[c].size() ? titles_[c][own] : std::string();
          out += aligned(title, widths_[c], sheet_.columns[c].align);
        }
      }
      i = end;
    }
    return trim_right(out) + '\n';
  }

  std::string line_of(const Row& row) const {
    std::string out;
    for (std::size_t i = 0; i < row.cells.size(); ++i) {
      if (i > 0) out += kSeparator;
      const std::string text = aligned(row.cells[i].text, widths_[i], sheet_.columns[i].align);
      const bool tinted = style_.colours && row.cells[i].tint != Tint::None;
      out += tinted ? fmt::format("{}{}\x1b[0m", colour(row.cells[i].tint), text) : text;
    }
    return trim_right(out) + '\n';
  }

  static std::string trim_right(std::string text) {
    text.erase(text.find_last_not_of(' ') + 1);
    return text;
  }

  const Sheet& sheet_;
  const Style& style_;
  std::vector<std::size_t> widths_;
  std::vector<std::vector<std::string>> titles_;
};

/// Divides by `step` until the number is short; the unit that goes with it.
std::pair<double, std::size_t> scale(double number, double step, std::size_t units) {
  std::size_t unit = 0;
  while (std::abs(number) >= step && unit + 1 < units) {
    number /= step;
    ++unit;
  }
  return {number, unit};
}

}  // namespace

std::string print(const Sheet& sheet, const Style& style) { return Printer(sheet, style).print(); }

Sheet flipped(const Sheet& sheet) {
  Sheet result{.title = sheet.title, .columns = {}, .rows = {}};
  if (sheet.columns.empty()) return result;
  result.columns.push_back({.group = {}, .title = sheet.columns[0].title, .align = Align::Left});
  for (std::size_t i = 1; i < sheet.columns.size(); ++i) {
    const Column& column = sheet.columns[i];
    const std::string name =
        column.group.empty() ? column.title : fmt::format("{} {}", column.group, column.title);
    result.rows.push_back({.cells = {{.text = name}}});
  }
  for (const Row& row : sheet.rows) {
    if (row.is_total) continue;
    result.columns.push_back({.group = {}, .title = row.cells[0].text, .align = Align::Left});
    for (std::size_t i = 1; i < row.cells.size(); ++i)
      result.rows[i - 1].cells.push_back(row.cells[i]);
  }
  return result;
}

nlohmann::ordered_json to_json(const Sheet& sheet) {
  using Json = nlohmann::ordered_json;
  Json records = Json::array();
  for (const Row& row : sheet.rows) {
    if (row.is_total) continue;
    Json record = Json::object();
    for (std::size_t i = 0; i < row.cells.size(); ++i) {
      const Column& column = sheet.columns[i];
      const Cell& cell = row.cells[i];
      const Json value{{"raw", cell.raw.empty() ? cell.text : cell.raw}, {"converted", cell.text}};
      if (column.group.empty())
        record[column.title] = value;
      else
        record[column.group][column.title] = value;
    }
    records.push_back(std::move(record));
  }
  return Json{{"title", sheet.title},
              {"groups", Json::array({Json{{"records", std::move(records)}}})}};
}

std::string json_text(const Sheet& sheet) {
  return to_json(sheet).dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) +
         '\n';
}

std::string scaled_count(std::string_view number) {
  const auto value = parse_real(number);
  if (!value) return std::string(number);
  constexpr std::array<std::string_view, 6> kUnits = {" ", "K", "M", "G", "T", "P"};
  const auto [scaled, unit] = scale(*value, 1000, kUnits.size());
  return fmt::format("{:.3f} {}", scaled, kUnits[unit]);
}

std::string scaled_bytes(std::string_view number) {
  const auto value = parse_real(number);
  if (!value) return std::string(number);
  constexpr std::array<std::string_view, 6> kUnits = {"B ", "KB", "MB", "GB", "TB", "PB"};
  const auto [scaled, unit] = scale(*value, 1024, kUnits.size());
  return fmt::format("{:.3f} {}", scaled, kUnits[unit]);
}

std::string percentage(std::string_view number) {
  const auto value = parse_real(number);
  return value ? fmt::format("{:.1f} %", *value) : std::string(number);
}

std::string duration(std::string_view seconds) {
  const auto value = parse_u64(seconds);
  if (!value) return std::string(seconds);
  return fmt::format("{:02}:{:02}:{:02}", *value / 3600, *value / 60 % 60, *value % 60);
}

}  // namespace flotilla::tools::admin
