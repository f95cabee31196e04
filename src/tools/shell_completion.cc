#include <fmt/format.h>

#include <algorithm>

#include "tools/manual.h"

namespace flotilla::tools {
namespace {

std::vector<std::string> option_names(const ToolPage& page) {
  std::vector<std::string> names;
  for (const OptionRow& row : page.options)
    if (!row.help.empty()) names.insert(names.end(), row.names.begin(), row.names.end());
  return names;
}

std::vector<std::string> aliases(std::span<const NamedPage> pages) {
  std::vector<std::string> names;
  for (const NamedPage& page : pages)
    if (!page.alias.empty()) names.push_back(page.alias);
  return names;
}

/// In single quotes for a shell: a quote inside ends them, stands alone, and begins them again.
std::string quoted(std::string_view text) {
  std::string result = "'";
  for (const char c : text) {
    if (c == '\'')
      result += "'\\''";
    else
      result += c;
  }
  return result + "'";
}

std::string bash(std::span<const NamedPage> pages) {
  std::vector<std::string> verbs;
  for (const NamedPage& page : pages) verbs.push_back(page.verb);
  std::string text =
      "# bash completion of flotilla\n"
      "_flotilla() {\n"
      "  local cur=${COMP_WORDS[COMP_CWORD]} tool=${COMP_WORDS[0]##*/} words=\n"
      "  if [ \"$tool\" = flotilla ]; then\n"
      "    if [ \"$COMP_CWORD\" -eq 1 ]; then\n";
  text += fmt::format(
      "      COMPREPLY=($(compgen -W {} -- \"$cur\"))\n"
      "      return\n"
      "    fi\n"
      "    tool=${{COMP_WORDS[1]}}\n"
      "  fi\n"
      "  case $tool in\n",
      quoted(fmt::format("{}", fmt::join(verbs, " "))));
  for (const NamedPage& page : pages)
    text +=
        fmt::format("    {}{}{}) words={} ;;\n", page.verb, page.alias.empty() ? "" : "|",
                    page.alias, quoted(fmt::format("{}", fmt::join(option_names(page.page), " "))));
  text += fmt::format(
      "  esac\n"
      "  case $cur in -*) COMPREPLY=($(compgen -W \"$words\" -- \"$cur\")) ;; esac\n"
      "}}\n"
      "complete -o default -F _flotilla flotilla {}\n",
      fmt::join(aliases(pages), " "));
  return text;
}

/// What _arguments wants of one option: exclusive names, the help in brackets, the argument.
std::string zsh_spec(const OptionRow& row) {
  std::string help;
  for (const char c : row.help) {
    if (c == '[' || c == ']' || c == ':') help += '\\';
    help += c;
  }
  std::string value;
  if (!row.value.empty()) {
    std::string name;
    for (const char c : row.value)
      if (c != '[' && c != ']' && c != '=' && c != ':') name += c;
    value = fmt::format("{}:{}:_files", row.value.starts_with('[') ? ":" : "", name);
  }
  std::string text;
  for (const std::string& name : row.names) {
    const std::string_view sign = row.value.empty() ? "" : (name.starts_with("--") ? "=" : "+");
    text +=
        "      " +
        quoted(fmt::format("({}){}{}[{}]{}", fmt::join(row.names, " "), name, sign, help, value)) +
        " \\\n";
  }
  return text;
}

std::string zsh(std::span<const NamedPage> pages) {
  std::string text = fmt::format(
      "#compdef flotilla {}\n"
      "_flotilla_options() {{\n  case $1 in\n",
      fmt::join(aliases(pages), " "));
  for (const NamedPage& page : pages) {
    text += fmt::format("    {}{}{})\n      _arguments \\\n", page.verb,
                        page.alias.empty() ? "" : "|", page.alias);
    for (const OptionRow& row : page.page.options)
      if (!row.help.empty()) text += zsh_spec(row);
    text += "      '*:file:_files' ;;\n";
  }
  text +=
      "  esac\n}\n"
      "if [[ $service != flotilla ]]; then\n"
      "  _flotilla_options $service\n"
      "elif (( CURRENT == 2 )); then\n"
      "  local -a verbs=(\n";
  for (const NamedPage& page : pages)
    text += "    " + quoted(fmt::format("{}:{}", page.verb, page.page.summary)) + '\n';
  text +=
      "  )\n"
      "  _describe verb verbs\n"
      "else\n"
      "  local verb=$words[2]\n"
      "  shift words\n"
      "  (( CURRENT-- ))\n"
      "  _flotilla_options $verb\n"
      "fi\n";
  return text;
}

std::string fish_options(const OptionRow& row, const std::string& command) {
  std::string text = "complete " + command;
  for (const std::string& name : row.names)
    text += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
  if (!row.value.empty() && !row.value.starts_with('[')) text += " -r";
  return text + " -d " + quoted(row.help) + '\n';
}

std::string fish(std::span<const NamedPage> pages) {
  std::string text = "# fish completion of flotilla\n";
  for (const NamedPage& page : pages)
    text += fmt::format("complete -c flotilla -f -n __fish_use_subcommand -a {} -d {}\n", page.verb,
                        quoted(page.page.summary));
  for (const NamedPage& page : pages) {
    const std::string behind_verb =
        fmt::format("-c flotilla -n '__fish_seen_subcommand_from {}'", page.verb);
    for (const OptionRow& row : page.page.options) {
      if (row.help.empty()) continue;
      text += fish_options(row, behind_verb);
      if (!page.alias.empty()) text += fish_options(row, "-c " + page.alias);
    }
  }
  return text;
}

}  // namespace

std::optional<ShellKind> parse_shell(std::string_view name) {
  if (name == "bash") return ShellKind::Bash;
  if (name == "zsh") return ShellKind::Zsh;
  if (name == "fish") return ShellKind::Fish;
  return std::nullopt;
}

std::string completion_script(std::span<const NamedPage> pages, ShellKind shell) {
  switch (shell) {
    case ShellKind::Bash:
      return bash(pages);
    case ShellKind::Zsh:
      return zsh(pages);
    case ShellKind::Fish:
      return fish(pages);
  }
  return {};
}

}  // namespace flotilla::tools
