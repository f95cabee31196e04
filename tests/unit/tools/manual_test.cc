#include "tools/manual.h"

#include <gmock/gmock.h>

#include <algorithm>

#include "base/parse.h"
#include "tools/verbs.h"

namespace flotilla::tools {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

ToolPage small_page() {
  return {.program = "flotilla sample",
          .summary = "Does a little",
          .about = "Does a little and ends.",
          .options = {{.names = {"-n", "--name", "--old-name"}, .value = "NAME", .help = "Whose"},
                      {.names = {"-q"}, .value = "N", .help = "How many"},
                      {.names = {"--password"}, .value = "[=WORD]", .help = "It's secret: [x]"},
                      {.names = {"--config"}, .value = "PATH", .help = "File", .is_common = true},
                      {.names = {"--silent"}, .help = ""}},
          .notes = ".a note\n",
          .examples = {"-n a"}};
}

TEST(HelpText, HasALineForEachOptionAndNamesTheCommonOnes) {
  EXPECT_EQ(help_text(small_page()),
            "Usage: flotilla sample [options]\n\n"
            "Does a little and ends.\n\n"
            "  -n, --name=NAME               Whose\n"
            "  -q N                          How many\n"
            "  --password[=WORD]             It's secret: [x]\n"
            "  --config=PATH\n"
            "\n.a note\n"
            "\nExamples:\n"
            "  flotilla sample -n a\n");
}

TEST(ManPage, ProtectsWhatTroffWouldTakeForCommands) {
  const std::string text = man_page(small_page(), "1.0");
  EXPECT_THAT(text, HasSubstr(".TH \"flotilla\\-sample\" 1 \"\" \"flotilla 1.0\" \"Flotilla\"\n"));
  EXPECT_THAT(text, HasSubstr("flotilla\\-sample \\- Does a little\n"));
  EXPECT_THAT(text, HasSubstr(".TP\n\\fB\\-n, \\-\\-name=NAME\\fR\nWhose\n"));
  EXPECT_THAT(text, HasSubstr("\\&.a note\n"));
  EXPECT_THAT(text, Not(HasSubstr("silent")));
}

TEST(CompletionScript, QuotesForEachShell) {
  const NamedPage pages[] = {{.verb = "sample", .alias = "old", .page = small_page()}};
  EXPECT_THAT(
      completion_script(pages, ShellKind::Bash),
      HasSubstr("    sample|old) words='-n --name --old-name -q --password --config' ;;\n"));
  EXPECT_THAT(completion_script(pages, ShellKind::Zsh),
              HasSubstr(R"('(--password)--password=[It'\''s secret\: \[x\]]::WORD:_files')"));
  EXPECT_THAT(completion_script(pages, ShellKind::Fish),
              HasSubstr("complete -c old -s n -l name -l old-name -r -d 'Whose'\n"));
}

TEST(VerbPages, AllFitAScreenAndDescribeTheirOptions) {
  const auto pages = verb_pages();
  ASSERT_GE(pages.size(), 8U);
  for (const NamedPage& named : pages) {
    const std::string text = help_text(named.page);
    EXPECT_LE(std::ranges::count(text, '\n'), 50) << named.verb;
    for (const std::string_view line : split(text, '\n'))
      EXPECT_LE(line.size(), 100U) << named.verb << ": " << line;
    for (const OptionRow& row : named.page.options) EXPECT_FALSE(row.names.empty()) << named.verb;
  }
}

}  // namespace
}  // namespace flotilla::tools
