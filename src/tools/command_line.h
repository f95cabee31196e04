#pragma once

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

#include "tools/manual.h"
#include "tools/verbs.h"

namespace flotilla::tools {

/// The command line of one verb: its options, declared once, read and described.
///
///   CommandLine line(invocation, {.about = "..."});
///   line.option("-n,--namespace", a.ns, "NS", "What to write");
///   if (auto answered = line.parse(); !answered || *answered) ...
class CommandLine {
 public:
  /// `page`: its program and options are filled in here.
  CommandLine(const Invocation& invocation, ToolPage page);

  CLI::App& app() { return app_; }
  template <class T>
  CLI::Option* option(const std::string& names, T& into, std::string_view value,
                      std::string_view help) {
    return describe(app_.add_option(names, into), value, help);
  }
  CLI::Option* flag(const std::string& names, bool& into, std::string_view help) {
    return describe(app_.add_flag(names, into), {}, help);
  }
  /// Of every tool: the help page only names it.
  static CLI::Option* common(CLI::Option* option) { return option->group(kCommon); }
  /// The same for what few people need; the manual page explains it.
  static CLI::Option* rare(CLI::Option* option) { return common(option); }
  /// Accepted for the sake of old scripts, and not shown.
  template <class T>
  CLI::Option* silent(const std::string& names, T& into) {
    return app_.add_option(names, into)->group("");
  }
  CLI::Option* silent_flag(const std::string& names) {
    return app_.add_flag(names, ignored_)->group("");
  }
  /// Counted as given on the command line.
  bool has(const std::string& name) const { return app_.count(name) > 0; }

  /// Reads the arguments. True: help or version was asked for and has been told, there is nothing
  /// more to do. The error is a sentence.
  tl::expected<bool, std::string> parse();
  /// What --version prints instead of "<program> <version>".
  void set_version(std::string text) { version_text_ = std::move(text); }
  ToolPage page() const;

  /// For whoever adds options without this class's help.
  static CLI::Option* describe(CLI::Option* option, std::string_view value, std::string_view help);

 private:
  static constexpr const char* kCommon = "Common";

  const Invocation& invocation_;
  ToolPage page_;
  CLI::App app_;
  std::string version_text_;
  bool ignored_ = false;
  bool help_ = false;
  bool version_ = false;
};

}  // namespace flotilla::tools
