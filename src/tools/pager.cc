#include "pager.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <string_view>

#include "base/parse.h"

namespace flotilla::tools {
namespace {

bool is_installed(std::string_view program) {
  const char* const path = std::getenv("PATH");
  for (const std::string_view folder : split(path == nullptr ? "" : path, ':'))
    if (::access((std::string(folder) + '/' + std::string(program)).c_str(), X_OK) == 0)
      return true;
  return false;
}

/// An empty PAGER wants none. Long lines are not wrapped, tables could not be read otherwise.
std::string pager_command() {
  if (const char* const wish = std::getenv("PAGER"); wish != nullptr) return wish;
  return is_installed("less") ? "less -SRX" : "";
}

}  // namespace

Pager::Pager(std::ostream& out) : out_(out) {
  if (::isatty(STDOUT_FILENO) != 0) command_ = pager_command();
}

Pager::~Pager() { end(); }

void Pager::begin() { holds_ = !command_.empty(); }

void Pager::end() {
  if (pipe_ != nullptr) {
    ::pclose(pipe_);
    pipe_ = nullptr;
    std::signal(SIGPIPE, SIG_DFL);
  }
  holds_ = false;
  out_ << held_ << std::flush;
  held_.clear();
  stream_.clear();
}

bool Pager::fits() const {
  winsize window{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &window) != 0 || window.ws_row == 0) return true;
  std::size_t rows = 0;
  for (const std::string_view line : split(held_, '\n')) {
    ++rows;
    if (line.size() > window.ws_col) return false;
  }
  return rows <= window.ws_row;
}

void Pager::open() {
  holds_ = false;
  out_.flush();
  pipe_ = ::popen(command_.c_str(), "w");
  if (pipe_ == nullptr) {
    out_ << held_;
  } else {
    // The person may leave the pager before the end.
    std::signal(SIGPIPE, SIG_IGN);
    std::fwrite(held_.data(), 1, held_.size(), pipe_);
  }
  held_.clear();
}

Pager::int_type Pager::overflow(int_type c) {
  const char text = traits_type::to_char_type(c);
  return xsputn(&text, 1) == 1 ? c : traits_type::eof();
}

std::streamsize Pager::xsputn(const char* text, std::streamsize size) {
  const auto bytes = static_cast<std::size_t>(size);
  if (pipe_ != nullptr) return static_cast<std::streamsize>(std::fwrite(text, 1, bytes, pipe_));
  if (!holds_) return out_.write(text, size) ? size : 0;
  held_.append(text, bytes);
  // Only whole lines are counted, so that a cell more does not count them all again.
  if (std::ranges::find(text, text + size, '\n') != text + size && !fits()) open();
  return size;
}

int Pager::sync() {
  if (pipe_ != nullptr) return std::fflush(pipe_) == 0 ? 0 : -1;
  if (!holds_) out_.flush();
  return out_ ? 0 : -1;
}

}  // namespace flotilla::tools
