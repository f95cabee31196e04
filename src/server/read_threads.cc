#include "read_threads.h"

#include <pthread.h>

#include <algorithm>

namespace flotilla::server {
namespace {

constexpr std::size_t kThreadsOfAFile = 8;
constexpr std::size_t kThreadsMost = 32;

}  // namespace

ReadThreads::ReadThreads(std::vector<const PosixFile*> files) : files_(std::move(files)) {
  const std::size_t count = std::min(kThreadsMost, kThreadsOfAFile * files_.size());
  for (std::size_t i = 0; i < count; ++i) {
    threads_.emplace_back([this] { work(); });
    ::pthread_setname_np(threads_.back().native_handle(), "reads");
  }
}

ReadThreads::~ReadThreads() {
  {
    const std::scoped_lock lock(mutex_);
    ending_ = true;
  }
  changed_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void ReadThreads::submit(std::shared_ptr<store::RecordRead> read) {
  bool wakes = false;
  {
    const std::scoped_lock lock(mutex_);
    waiting_.push_back(std::move(read));
    wakes = idle_ > 0;
  }
  if (wakes) changed_.notify_one();
}

void ReadThreads::carry_out(store::RecordRead& read) {
  files_[read.extent().file]->carry_out(read);
}

void ReadThreads::work() {
  std::unique_lock lock(mutex_);
  for (;;) {
    ++idle_;
    changed_.wait(lock, [this] { return ending_ || !waiting_.empty(); });
    --idle_;
    if (waiting_.empty()) return;
    const auto read = std::move(waiting_.front());
    waiting_.pop_front();
    lock.unlock();
    carry_out(*read);
    lock.lock();
  }
}

}  // namespace flotilla::server
