#include "line_editor.h"

#include <histedit.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "text.h"

namespace flotilla::tools {
namespace {

constexpr int kHistorySize = 1000;

volatile std::sig_atomic_t interrupted = 0;

void on_interrupt(int) { interrupted = 1; }

}  // namespace

struct LineEditor::State {
  std::string prompt;
  std::string path;
  Complete complete;
  std::unique_ptr<History, decltype(&history_end)> history{history_init(), &history_end};
  std::unique_ptr<EditLine, decltype(&el_end)> editor{nullptr, &el_end};
  struct sigaction before{};

  static State& of(EditLine* editor) {
    void* state = nullptr;
    el_get(editor, EL_CLIENTDATA, &state);
    return *static_cast<State*>(state);
  }
  static const char* show_prompt(EditLine* editor) { return of(editor).prompt.c_str(); }
  static unsigned char on_tab(EditLine* editor, int) {
    State& state = of(editor);
    const LineInfo* const info = el_line(editor);
    const std::string_view line(info->buffer,
                                static_cast<std::size_t>(info->cursor - info->buffer));
    const Proposal proposal = state.complete ? state.complete(line) : Proposal();
    if (!proposal.insertion.empty()) {
      if (proposal.replaced > 0) el_deletestr(editor, static_cast<int>(proposal.replaced));
      el_insertstr(editor, proposal.insertion.c_str());
      return CC_REFRESH;
    }
    if (proposal.choices.empty()) return CC_REFRESH_BEEP;
    std::fputc('\n', stdout);
    for (const std::string& choice : proposal.choices) std::fprintf(stdout, "%s  ", choice.c_str());
    std::fputc('\n', stdout);
    return CC_REDISPLAY;
  }
};

LineEditor::Proposal LineEditor::propose(std::size_t typed,
                                         const std::vector<std::string>& candidates) {
  if (candidates.empty()) return {};
  if (candidates.size() == 1)
    return {.replaced = typed, .insertion = candidates[0] + ' ', .choices = {}};
  const std::string common = common_beginning(candidates);
  if (common.size() > typed) return {.replaced = typed, .insertion = common, .choices = {}};
  return {.replaced = 0, .insertion = {}, .choices = candidates};
}

LineEditor::LineEditor(const char* program, std::string_view history_file, Complete complete)
    : state_(std::make_unique<State>()) {
  State& s = *state_;
  s.complete = std::move(complete);
  if (const char* const home = std::getenv("HOME"); home != nullptr)
    s.path = std::string(home) + '/' + std::string(history_file);
  HistEvent event;
  history(s.history.get(), &event, H_SETSIZE, kHistorySize);
  history(s.history.get(), &event, H_SETUNIQUE, 1);
  if (!s.path.empty()) history(s.history.get(), &event, H_LOAD, s.path.c_str());
  s.editor.reset(el_init(program, stdin, stdout, stderr));
  el_set(s.editor.get(), EL_CLIENTDATA, &s);
  el_set(s.editor.get(), EL_PROMPT, &State::show_prompt);
  el_set(s.editor.get(), EL_EDITOR, "emacs");
  el_set(s.editor.get(), EL_HIST, history, s.history.get());
  el_set(s.editor.get(), EL_ADDFN, "flotilla-complete", "Complete the word", &State::on_tab);
  el_set(s.editor.get(), EL_BIND, "^I", "flotilla-complete", nullptr);
  el_set(s.editor.get(), EL_BIND, "^R", "em-inc-search-prev", nullptr);
  el_source(s.editor.get(), nullptr);
  struct sigaction action{};
  action.sa_handler = &on_interrupt;
  sigaction(SIGINT, &action, &s.before);
}

LineEditor::~LineEditor() {
  HistEvent event;
  if (!state_->path.empty()) history(state_->history.get(), &event, H_SAVE, state_->path.c_str());
  sigaction(SIGINT, &state_->before, nullptr);
}

LineEditor::Line LineEditor::read(std::string_view prompt) {
  state_->prompt = prompt;
  int size = 0;
  const char* const text = el_gets(state_->editor.get(), &size);
  if (interrupted != 0) {
    interrupted = 0;
    std::fputc('\n', stdout);
    el_reset(state_->editor.get());
    return {Line::Kind::Interrupted, {}};
  }
  if (text == nullptr || size <= 0) return {Line::Kind::End, {}};
  return {Line::Kind::Text, std::string(text, static_cast<std::size_t>(size))};
}

void LineEditor::remember(const std::string& text) {
  HistEvent event;
  history(state_->history.get(), &event, H_ENTER, text.c_str());
}

}  // namespace flotilla::tools
