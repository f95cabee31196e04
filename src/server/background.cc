#include "background.h"

#include <algorithm>

namespace flotilla::server {
namespace {

constexpr Duration kSlice = std::chrono::microseconds(200);

}  // namespace

Background::Due Background::run(Instant now) {
  Due due;
  std::erase_if(tasks_, [&](const std::unique_ptr<exec::Task>& task) {
    if (task->resume_at() > now) {
      due.next = due.waiting ? std::min(due.next, task->resume_at()) : task->resume_at();
      due.waiting = true;
      return false;
    }
    const auto progress = task->run(unread_, now + kSlice);
    unread_.consume(unread_.size());
    if (progress == exec::Task::Progress::More || progress == exec::Task::Progress::Waiting) {
      due.more = true;
      return false;
    }
    return true;
  });
  return due;
}

}  // namespace flotilla::server
