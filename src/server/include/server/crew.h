#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "server/posix_file.h"

namespace flotilla::server {

/// Threads that share work with whoever calls run(). Several callers take turns.
class Crew {
 public:
  /// `size`: with the caller, at least 1.
  explicit Crew(unsigned size);
  ~Crew();
  Crew(const Crew&) = delete;
  Crew& operator=(const Crew&) = delete;

  unsigned size() const { return static_cast<unsigned>(threads_.size()) + 1; }
  /// work(0) ... work(parts - 1), each once, here and on the threads; all are done on return.
  void run(unsigned parts, const std::function<void(unsigned)>& work);

 private:
  void serve();
  bool take_one(std::unique_lock<std::mutex>& lock);

  std::mutex callers_;
  std::mutex mutex_;
  std::condition_variable changed_;
  const std::function<void(unsigned)>* work_ = nullptr;
  unsigned next_ = 0;   // Part to take ...
  unsigned parts_ = 0;  // ... of these.
  unsigned left_ = 0;   // Not done yet.
  bool ending_ = false;
  std::vector<std::thread> threads_;
};

/// Reads several stretches of a file at a time. One thread submits and takes.
class Readers {
 public:
  /// `file` must outlive it.
  Readers(const PosixFile& file, unsigned threads);
  /// What was submitted is still read.
  ~Readers();
  Readers(const Readers&) = delete;
  Readers& operator=(const Readers&) = delete;

  void submit(const store::IoRequest& read);
  /// Submitted and not taken.
  std::size_t under_way() const { return under_way_; }
  /// Waits for one of them; there must be one.
  store::IoCompletion take();

 private:
  void serve();

  const PosixFile& file_;
  std::size_t under_way_ = 0;  // The submitting thread's alone.
  std::mutex mutex_;
  std::condition_variable asked_changed_;
  std::condition_variable done_changed_;
  std::deque<store::IoRequest> asked_;
  std::deque<store::IoCompletion> done_;
  bool ending_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace flotilla::server
