#include "server/crew.h"

#include <pthread.h>

namespace flotilla::server {
namespace {

void name_thread(std::thread& thread, const char* name) {
  ::pthread_setname_np(thread.native_handle(), name);
}

}  // namespace

Crew::Crew(unsigned size) {
  for (unsigned i = 1; i < size; ++i) {
    threads_.emplace_back([this] { serve(); });
    name_thread(threads_.back(), "restore");
  }
}

Crew::~Crew() {
  {
    const std::scoped_lock lock(mutex_);
    ending_ = true;
  }
  changed_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void Crew::run(unsigned parts, const std::function<void(unsigned)>& work) {
  const std::scoped_lock one_caller(callers_);
  std::unique_lock lock(mutex_);
  work_ = &work;
  next_ = 0;
  parts_ = left_ = parts;
  changed_.notify_all();
  while (take_one(lock)) {
  }
  changed_.wait(lock, [&] { return left_ == 0; });
  work_ = nullptr;
}

/// False: there is none to take. The lock is let go while the part is worked on.
bool Crew::take_one(std::unique_lock<std::mutex>& lock) {
  if (next_ == parts_) return false;
  const unsigned part = next_++;
  lock.unlock();
  (*work_)(part);
  lock.lock();
  if (--left_ == 0) changed_.notify_all();
  return true;
}

void Crew::serve() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [&] { return ending_ || next_ != parts_; });
    if (ending_) return;
    take_one(lock);
  }
}

Readers::Readers(const PosixFile& file, unsigned threads) : file_(file) {
  for (unsigned i = 0; i < threads; ++i) {
    threads_.emplace_back([this] { serve(); });
    name_thread(threads_.back(), "restore-read");
  }
}

Readers::~Readers() {
  {
    const std::scoped_lock lock(mutex_);
    ending_ = true;
  }
  asked_changed_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void Readers::submit(const store::IoRequest& read) {
  ++under_way_;
  {
    const std::scoped_lock lock(mutex_);
    asked_.push_back(read);
  }
  asked_changed_.notify_one();
}

store::IoCompletion Readers::take() {
  std::unique_lock lock(mutex_);
  done_changed_.wait(lock, [&] { return !done_.empty(); });
  const store::IoCompletion done = done_.front();
  done_.pop_front();
  --under_way_;
  return done;
}

void Readers::serve() {
  std::unique_lock lock(mutex_);
  for (;;) {
    asked_changed_.wait(lock, [&] { return ending_ || !asked_.empty(); });
    if (asked_.empty()) return;
    const store::IoRequest read = asked_.front();
    asked_.pop_front();
    lock.unlock();
    const store::IoCompletion done{.token = read.token,
                                   .result = file_.read_at(read.offset, read.into)};
    lock.lock();
    done_.push_back(done);
    done_changed_.notify_one();
  }
}

}  // namespace flotilla::server
