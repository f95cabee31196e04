#include "process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>
#include <utility>

#include "base/parse.h"

extern "C" {  // The header of glibc 2.36 forgot it.
#include <sys/pidfd.h>
}

namespace flotilla::tools::dev {
namespace {

constexpr int kCannotStart = 127;

std::filesystem::path proc(pid_t pid, std::string_view file) {
  return fmt::format("/proc/{}/{}", pid, file);
}

/// The program of a process by its file name; a rebuilt one has " (deleted)" behind it.
std::string program_of(pid_t pid) {
  std::error_code error;
  std::string path = std::filesystem::read_symlink(proc(pid, "exe"), error).string();
  constexpr std::string_view kDeleted = " (deleted)";
  if (path.ends_with(kDeleted)) path.resize(path.size() - kDeleted.size());
  return path.substr(path.rfind('/') + 1);
}

bool was_started_with(pid_t pid, const std::filesystem::path& config) {
  const auto arguments = read_text(proc(pid, "cmdline"));
  if (!arguments) return false;
  for (const std::string_view argument : split(*arguments, '\0'))
    if (argument == config.string()) return true;
  return false;
}

std::vector<char*> pointers_of(const std::vector<std::string>& command) {
  std::vector<char*> pointers;
  pointers.reserve(command.size() + 1);
  for (const std::string& word : command) pointers.push_back(const_cast<char*>(word.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

/// In the child: its own session and descriptors, then the program. Does not return.
[[noreturn]] void become(const std::vector<char*>& command, int log, int network) {
  ::setsid();
  const int nothing = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  const bool ready = ::dup2(nothing, STDIN_FILENO) >= 0 && ::dup2(log, STDOUT_FILENO) >= 0 &&
                     ::dup2(log, STDERR_FILENO) >= 0 &&
                     (network < 0 || ::setns(network, CLONE_NEWNET) == 0);
  if (ready) ::execvp(command[0], command.data());
  ::_exit(kCannotStart);
}

std::string read_all(int from) {
  std::string text;
  std::array<char, 4096> part{};
  for (ssize_t size = 0; (size = ::read(from, part.data(), part.size())) > 0;)
    text.append(part.data(), static_cast<std::size_t>(size));
  return text;
}

}  // namespace

std::optional<Process> Process::find(const NodeFiles& files) {
  const auto text = read_text(files.pid());
  const auto number = text ? parse_u64(trim(*text)) : std::nullopt;
  if (!number || *number == 0 || *number > INT32_MAX) return std::nullopt;
  const auto pid = static_cast<pid_t>(*number);
  const int handle = ::pidfd_open(pid, 0);
  if (handle < 0) return std::nullopt;
  Process process(pid, handle);
  // Looked at through /proc only now: as long as the handle says that it runs, the number is its.
  if (program_of(pid) != "flotillad" || !was_started_with(pid, files.config()) ||
      process.wait_for_end(std::chrono::milliseconds(0)))
    return std::nullopt;
  return process;
}

Process::Process(Process&& other) noexcept
    : pid_(other.pid_), handle_(std::exchange(other.handle_, -1)) {}

Process& Process::operator=(Process&& other) noexcept {
  std::swap(pid_, other.pid_);
  std::swap(handle_, other.handle_);
  return *this;
}

Process::~Process() {
  if (handle_ >= 0) ::close(handle_);
}

bool Process::is_paused() const {
  const auto stat = read_text(proc(pid_, "stat"));
  if (!stat) return false;
  // The state stands behind the program's name, which is in brackets and may hold any letter.
  const std::size_t name_end = stat->rfind(')');
  return name_end + 2 < stat->size() && (*stat)[name_end + 2] == 'T';
}

bool Process::send(int signal) const {
  return ::pidfd_send_signal(handle_, signal, nullptr, 0) == 0;
}

bool Process::wait_for_end(std::chrono::milliseconds limit) const {
  pollfd end{.fd = handle_, .events = POLLIN, .revents = 0};
  if (::poll(&end, 1, static_cast<int>(limit.count())) != 1) return false;
  ::waitpid(pid_, nullptr, WNOHANG);  // When it is our own child.
  return true;
}

Outcome<pid_t> spawn(const std::vector<std::string>& command, const std::filesystem::path& log,
                     const std::string& network) {
  const int log_file = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (log_file < 0) return tl::unexpected(fmt::format("cannot write '{}'", log.string()));
  const int network_file =
      network.empty() ? -1 : ::open(("/run/netns/" + network).c_str(), O_RDONLY | O_CLOEXEC);
  // The child's end closes when the program begins, or when there is none.
  std::array<int, 2> begun{-1, -1};
  const auto words = pointers_of(command);
  const bool can_start =
      (network.empty() || network_file >= 0) && ::pipe2(begun.data(), O_CLOEXEC) == 0;
  const pid_t child = can_start ? ::fork() : -1;
  if (child == 0) become(words, log_file, network_file);
  for (const int file : {log_file, network_file, begun[1]})
    if (file >= 0) ::close(file);
  if (begun[0] >= 0) {
    read_all(begun[0]);
    ::close(begun[0]);
  }
  if (!can_start) return tl::unexpected(fmt::format("there is no network namespace '{}'", network));
  if (child < 0) return tl::unexpected(fmt::format("cannot start: {}", std::strerror(errno)));
  return child;
}

Outcome<void> run(const std::vector<std::string>& command) {
  std::array<int, 2> pipe{};
  if (::pipe2(pipe.data(), O_CLOEXEC) != 0) return tl::unexpected<std::string>("no pipe");
  const auto words = pointers_of(command);
  const pid_t child = ::fork();
  if (child == 0) become(words, pipe[1], -1);
  ::close(pipe[1]);
  const std::string output = read_all(pipe[0]);
  ::close(pipe[0]);
  int status = 0;
  if (child < 0 || ::waitpid(child, &status, 0) != child)
    return tl::unexpected<std::string>("no process");
  if (status == 0) return {};
  if (WIFEXITED(status) && WEXITSTATUS(status) == kCannotStart)
    return tl::unexpected(fmt::format("there is no program '{}'", command[0]));
  return tl::unexpected(fmt::format("{}: {}", fmt::join(command, " "), trim(output)));
}

std::optional<std::string> read_text(const std::filesystem::path& file) {
  const std::ifstream in(file, std::ios::binary);
  if (!in) return std::nullopt;
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

Outcome<void> write_text(const std::filesystem::path& file, std::string_view text) {
  const std::filesystem::path fresh = file.string() + ".new";
  std::ofstream out(fresh, std::ios::binary | std::ios::trunc);
  out << text;
  out.close();
  std::error_code error;
  if (out) std::filesystem::rename(fresh, file, error);
  if (!out || error) return tl::unexpected(fmt::format("cannot write '{}'", file.string()));
  return {};
}

std::string tail_of(const std::filesystem::path& file, std::size_t lines) {
  const std::string text = read_text(file).value_or("");
  std::size_t at = text.size();
  for (std::size_t seen = 0; at > 0; --at)
    if (text[at - 1] == '\n' && at != text.size() && ++seen == lines) break;
  return text.substr(at);
}

}  // namespace flotilla::tools::dev
