#include "tools/manual.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/parse.h"

namespace flotilla::tools {
namespace {

constexpr std::size_t kWidth = 100;
constexpr std::size_t kNamesWidth = 30;

bool is_long(std::string_view name) { return name.starts_with("--"); }

/// Its short names and its first long one: what people are told of.
std::vector<std::string> shown_names(const OptionRow& row) {
  std::vector<std::string> names;
  bool has_long = false;
  for (const std::string& name : row.names) {
    if (is_long(name) && has_long) continue;
    has_long |= is_long(name);
    names.push_back(name);
  }
  return names;
}

std::string usage_of(const OptionRow& row) {
  const auto names = shown_names(row);
  std::string text = fmt::format("{}", fmt::join(names, ", "));
  if (row.value.empty()) return text;
  // "[=PASSWORD]" brings its own sign.
  const bool own_sign = row.value.starts_with('[');
  if (own_sign) return text + row.value;
  return text + (is_long(names.back()) ? "=" : " ") + row.value;
}

/// Words in lines, each behind `indent`.
std::string fill(const std::vector<std::string>& words, std::string_view indent,
                 std::string_view between) {
  std::string text;
  std::string line(indent);
  for (const std::string& word : words) {
    if (line.size() > indent.size() && line.size() + between.size() + word.size() > kWidth) {
      text += line + '\n';
      line = indent;
    }
    if (line.size() > indent.size()) line += between;
    line += word;
  }
  return line.size() > indent.size() ? text + line + '\n' : text;
}

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  for (const std::string_view word : split(text, ' '))
    if (!word.empty()) words.emplace_back(word);
  return words;
}

/// Nothing that troff takes for a command or an escape.
std::string roff(std::string_view text) {
  std::string result;
  for (const char c : text) {
    if (c == '\\' || c == '-') result += '\\';
    if (c == '\\') {
      result += 'e';
      continue;
    }
    result += c;
  }
  return result;
}

std::string roff_line(std::string_view text) {
  const bool is_command = text.starts_with('.') || text.starts_with('\'');
  return (is_command ? "\\&" : "") + roff(text) + '\n';
}

std::string file_name(std::string program) {
  std::ranges::replace(program, ' ', '-');
  return program;
}

}  // namespace

std::string help_text(const ToolPage& page) {
  std::string text = fmt::format("Usage: {} {}\n\n", page.program, page.arguments);
  text += fill(words_of(page.about), "", " ") + '\n';
  std::vector<std::string> common;
  for (const OptionRow& row : page.options) {
    if (row.help.empty()) continue;
    if (row.is_common) {
      common.push_back(usage_of(row));
      continue;
    }
    const std::string names = usage_of(row);
    const std::string gap(names.size() < kNamesWidth ? kNamesWidth - names.size() : 2, ' ');
    text += fmt::format("  {}{}{}\n", names, gap, row.help);
  }
  text += fill(common, "  ", "  ");
  if (!page.notes.empty()) text += '\n' + page.notes;
  if (!page.examples.empty()) text += "\nExamples:\n";
  for (const std::string& example : page.examples)
    text += fmt::format("  {} {}\n", page.program, example);
  return text;
}

std::string man_page(const ToolPage& page, std::string_view version) {
  std::string text = fmt::format(".TH \"{}\" 1 \"\" \"flotilla {}\" \"Flotilla\"\n",
                                 roff(file_name(page.program)), roff(version));
  text += fmt::format(".SH NAME\n{} \\- {}\n", roff(file_name(page.program)), roff(page.summary));
  text += fmt::format(".SH SYNOPSIS\n.B {}\n{}\n", roff(page.program), roff_line(page.arguments));
  text += ".SH DESCRIPTION\n" + roff_line(page.about) + ".SH OPTIONS\n";
  for (const OptionRow& row : page.options)
    if (!row.help.empty())
      text += fmt::format(".TP\n\\fB{}\\fR\n{}", roff(usage_of(row)), roff_line(row.help));
  if (!page.notes.empty()) {
    text += ".SH NOTES\n.nf\n";
    for (const std::string_view line : split(page.notes, '\n')) text += roff_line(line);
    text += ".fi\n";
  }
  if (!page.examples.empty()) text += ".SH EXAMPLES\n";
  for (const std::string& example : page.examples)
    text += fmt::format(".PP\n.nf\n{}.fi\n", roff_line(page.program + ' ' + example));
  return text;
}

}  // namespace flotilla::tools
