#include "shell.h"

#include <histedit.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <ostream>

#include "base/parse.h"
#include "tools/sql/completion.h"
#include "tools/sql/lexer.h"

namespace flotilla::tools::sql {
namespace {

constexpr int kHistorySize = 1000;
constexpr int kInterrupted = 255;

const char* prompt_text = "aql> ";
volatile std::sig_atomic_t interrupted = 0;

const char* show_prompt(EditLine*) { return prompt_text; }

std::string history_path() {
  const char* const home = std::getenv("HOME");
  return home == nullptr ? std::string() : std::string(home) + "/.aql_history";
}

/// Names of the cluster, asked for when Tab is first pressed on a line and kept for some seconds.
class SchemaCache {
 public:
  explicit SchemaCache(const client::Client& client) : client_(client) {}

  const Schema& get() {
    const auto now = std::chrono::steady_clock::now();
    if (asked_ && now - *asked_ < std::chrono::seconds(5)) return schema_;
    asked_ = now;
    const std::string_view commands[] = {"namespaces", "sets"};
    const auto answers = client_.info({}, commands, client::Milliseconds(500));
    if (!answers || answers->size() != 2) return schema_;
    schema_ = {};
    for (const std::string_view ns : split((*answers)[0].value, ';'))
      schema_.namespaces.emplace_back(ns);
    for (const std::string_view part : split((*answers)[1].value, ';')) {
      std::string ns;
      std::string set;
      for (const auto& [key, value] : client::parse_pairs(part, ':')) {
        if (key == "ns") ns = value;
        if (key == "set") set = value;
      }
      if (!set.empty()) schema_.sets.push_back(ns + '.' + set);
    }
    return schema_;
  }

 private:
  const client::Client& client_;
  std::optional<std::chrono::steady_clock::time_point> asked_;
  Schema schema_;
};

SchemaCache* schema_cache =
    nullptr;  // For the editing library's callback, which knows no context of ours.

unsigned char complete_word(EditLine* editor, int) {
  const LineInfo* const info = el_line(editor);
  const std::string_view line(info->buffer, static_cast<std::size_t>(info->cursor - info->buffer));
  const Completion found = complete(line, schema_cache->get());
  if (found.candidates.empty()) return CC_REFRESH_BEEP;
  std::string insert = common_beginning(found.candidates);
  const std::size_t typed = line.size() - found.word_begin;
  if (found.candidates.size() == 1) {
    insert += ' ';
  } else if (insert.size() <= typed) {
    std::fputc('\n', stdout);
    for (const std::string& candidate : found.candidates)
      std::fprintf(stdout, "%s  ", candidate.c_str());
    std::fputc('\n', stdout);
    return CC_REDISPLAY;
  }
  el_deletestr(editor, static_cast<int>(typed));
  el_insertstr(editor, insert.c_str());
  return CC_REFRESH;
}

/// The line editor with its history; the history is on disk when this is gone.
class Editor {
 public:
  explicit Editor(const char* program)
      : history_(history_init(), &history_end),
        editor_(el_init(program, stdin, stdout, stderr), &el_end) {
    HistEvent event;
    history(history_.get(), &event, H_SETSIZE, kHistorySize);
    history(history_.get(), &event, H_SETUNIQUE, 1);
    path_ = history_path();
    if (!path_.empty()) history(history_.get(), &event, H_LOAD, path_.c_str());
    el_set(editor_.get(), EL_PROMPT, &show_prompt);
    el_set(editor_.get(), EL_EDITOR, "emacs");
    el_set(editor_.get(), EL_HIST, history, history_.get());
    el_set(editor_.get(), EL_ADDFN, "ed-complete-sql", "Complete the word", &complete_word);
    el_set(editor_.get(), EL_BIND, "^I", "ed-complete-sql", nullptr);
    el_set(editor_.get(), EL_BIND, "^R", "em-inc-search-prev", nullptr);
    el_source(editor_.get(), nullptr);
  }
  Editor(const Editor&) = delete;
  Editor& operator=(const Editor&) = delete;
  ~Editor() {
    HistEvent event;
    if (!path_.empty()) history(history_.get(), &event, H_SAVE, path_.c_str());
  }

  /// Nothing at the end of the input.
  std::optional<std::string> line() {
    int size = 0;
    const char* const text = el_gets(editor_.get(), &size);
    if (text == nullptr || size <= 0) return std::nullopt;
    return std::string(text, static_cast<std::size_t>(size));
  }
  void forget_line() { el_reset(editor_.get()); }
  void remember(const std::string& text) {
    HistEvent event;
    history(history_.get(), &event, H_ENTER, text.c_str());
  }

 private:
  std::unique_ptr<History, decltype(&history_end)> history_;
  std::unique_ptr<EditLine, decltype(&el_end)> editor_;
  std::string path_;
};

void on_interrupt(int) { interrupted = 1; }

}  // namespace

int run_shell(Session& session, const client::Client& client, Streams streams) {
  SchemaCache cache(client);
  schema_cache = &cache;
  struct sigaction action{};
  action.sa_handler = &on_interrupt;
  sigaction(SIGINT, &action, nullptr);
  Editor editor("aql");
  std::string open;  // The beginning of a statement that goes on.
  for (;;) {
    prompt_text = open.empty() ? "aql> " : "  -> ";
    const auto line = editor.line();
    if (interrupted != 0) {
      interrupted = 0;
      streams.out << '\n';
      if (session.dialect() == Dialect::Classic) return kInterrupted;
      open.clear();
      editor.forget_line();
      continue;
    }
    if (!line) break;
    open += *line;
    const std::string text(trim(open));
    if (text.empty()) {
      open.clear();
      continue;
    }
    const auto statements = split_statements(open);
    auto verdict = Session::Verdict::Done;
    std::string unfinished;
    for (std::size_t i = 0; i < statements.size(); ++i) {
      const bool closed = i + 1 < statements.size() || text.ends_with(';');
      verdict = session.run_statement(statements[i], !closed);
      if (verdict == Session::Verdict::Exit) break;
      if (verdict == Session::Verdict::Incomplete) unfinished = std::string(statements[i]) + '\n';
    }
    open = unfinished;
    if (open.empty()) editor.remember(text);
    if (verdict == Session::Verdict::Exit) break;
  }
  streams.out << '\n';
  return 0;
}

}  // namespace flotilla::tools::sql
