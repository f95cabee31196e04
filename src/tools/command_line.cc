#include "command_line.h"

#include <fmt/format.h>

#include <iostream>

namespace flotilla::tools {
namespace {

OptionRow row_of(const CLI::Option& option, const char* common) {
  OptionRow row{.help = option.get_description(), .is_common = option.get_group() == common};
  for (const std::string& name : option.get_snames()) row.names.push_back('-' + name);
  for (const std::string& name : option.get_lnames()) row.names.push_back("--" + name);
  if (option.get_type_size() != 0) row.value = option.get_type_name();
  return row;
}

}  // namespace

CommandLine::CommandLine(const Invocation& invocation, ToolPage page)
    : invocation_(invocation), page_(std::move(page)) {
  page_.program = invocation.program;
  app_.set_help_flag();
  common(flag("-V,--version", version_, "The version, and nothing else"));
  common(flag("-E,--help", help_, "This page"));
}

CLI::Option* CommandLine::describe(CLI::Option* option, std::string_view value,
                                   std::string_view help) {
  option->description(std::string(help));
  if (!value.empty()) option->type_name(std::string(value));
  return option;
}

ToolPage CommandLine::page() const {
  ToolPage page = page_;
  for (const CLI::Option* option : app_.get_options())
    if (!option->get_group().empty() && !option->get_positional())
      page.options.push_back(row_of(*option, kCommon));
  return page;
}

tl::expected<bool, std::string> CommandLine::parse() {
  if (invocation_.describe != nullptr) {
    *invocation_.describe = page();
    return true;
  }
  try {
    app_.parse(
        std::vector<std::string>(invocation_.arguments.rbegin(), invocation_.arguments.rend()));
  } catch (const CLI::ParseError& error) {
    return tl::unexpected<std::string>(error.what());
  }
  if (help_)
    std::cout << help_text(page());
  else if (version_)
    std::cout << (version_text_.empty()
                      ? fmt::format("{} {}\n", invocation_.program, FLOTILLA_VERSION)
                      : version_text_);
  return help_ || version_;
}

}  // namespace flotilla::tools
