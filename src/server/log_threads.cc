#include "server/log_threads.h"

#include <pthread.h>

#include <algorithm>
#include <deque>

#include "server/crew.h"

namespace flotilla::server {
namespace {

constexpr unsigned kCrewMost = 16;
constexpr unsigned kReaders = 4;  // Of a file: to keep a disk busy while it is read back.

Instant now() { return {std::chrono::steady_clock::now().time_since_epoch()}; }

}  // namespace

LogThreads::LogThreads(std::vector<PosixFile> files, std::function<void()> before_write)
    : parallel_(std::clamp(std::thread::hardware_concurrency(), 1U, kCrewMost)),
      crew_(std::make_unique<Crew>(parallel_)),
      before_write_(std::move(before_write)) {
  for (PosixFile& file : files) lanes_.push_back(std::make_unique<Lane>(std::move(file)));
}

LogThreads::~LogThreads() { stop(); }

unsigned LogThreads::parallel() const { return parallel_; }

void LogThreads::in_parallel(unsigned parts, const std::function<void(unsigned)>& work) {
  crew_->run(parts, work);
}

std::vector<std::uint64_t> LogThreads::sizes() const {
  std::vector<std::uint64_t> sizes;
  for (const auto& lane : lanes_) sizes.push_back(lane->file.size());
  return sizes;
}

std::vector<const PosixFile*> LogThreads::files() const {
  std::vector<const PosixFile*> files;
  for (const auto& lane : lanes_) files.push_back(&lane->file);
  return files;
}

void LogThreads::run(store::Log& log) {
  log_ = &log;
  for (unsigned i = 0; i < lanes_.size(); ++i) {
    lanes_[i]->thread = std::thread([this, i] { drive(i); });
    ::pthread_setname_np(lanes_[i]->thread.native_handle(), "storage");
  }
}

void LogThreads::drive(unsigned index) {
  Lane& lane = *lanes_[index];
  auto readers = std::make_unique<Readers>(lane.file, kReaders);
  std::deque<store::IoRequest> asked;
  const auto step = [&](const store::Log::Event& event) {
    for (const store::IoRequest& request : log_->step(index, now(), event))
      asked.push_back(request);
  };
  step(store::Log::Tick{});
  while (!ended(index)) {
    while (!asked.empty() || (readers && readers->under_way() != 0)) {
      if (asked.empty()) {
        step(readers->take());
        continue;
      }
      const store::IoRequest request = asked.front();
      asked.pop_front();
      if (readers && request.kind == store::IoKind::Read) {
        readers->submit(request);
        continue;
      }
      if (before_write_ && request.kind == store::IoKind::Write) before_write_();
      step(lane.file.carry_out(request));
    }
    if (ended(index)) break;
    if (log_->state(index) == store::Log::State::Ready) readers.reset();
    wait(index);
    step(store::Log::Tick{});
  }
  const std::scoped_lock lock(lane.mutex);
  lane.open = true;
  lane.changed.notify_all();
}

bool LogThreads::ended(unsigned index) const {
  using enum store::Log::State;
  const auto state = log_->state(index);
  return state == Refused || state == Closed || state == Failed;
}

/// Until woken or due. Says on the way that the file is open.
void LogThreads::wait(unsigned index) {
  Lane& lane = *lanes_[index];
  const std::optional<Instant> due = log_->deadline(index);
  std::unique_lock lock(lane.mutex);
  if (!lane.open && log_->state(index) == store::Log::State::Ready) {
    lane.open = true;
    lane.changed.notify_all();
  }
  const auto woken = [&] { return lane.woken; };
  if (due) {
    lane.changed.wait_until(lock, std::chrono::steady_clock::time_point(due->since_start), woken);
  } else {
    lane.changed.wait(lock, woken);
  }
  lane.woken = false;
}

void LogThreads::wake(unsigned file) {
  Lane& lane = *lanes_[file];
  {
    const std::scoped_lock lock(lane.mutex);
    lane.woken = true;
  }
  lane.changed.notify_all();
}

void LogThreads::wait_until_open() {
  for (const auto& lane : lanes_) {
    std::unique_lock lock(lane->mutex);
    lane->changed.wait(lock, [&] { return lane->open; });
  }
  crew_.reset();
}

void LogThreads::stop() {
  if (log_ == nullptr) return;
  wait_until_open();
  crew_ = std::make_unique<Crew>(parallel_);
  log_->close();
  for (const auto& lane : lanes_)
    if (lane->thread.joinable()) lane->thread.join();
  crew_.reset();
  log_ = nullptr;
}

}  // namespace flotilla::server
