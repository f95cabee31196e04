#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "server/posix_file.h"
#include "store/log.h"

namespace flotilla::server {

class Crew;

/// Drives a store::Log over real files: one thread for each file, which steps its part of the log
/// and carries out what it asks for; with helpers, as many as there are processors, until all files
/// are open and while they are closed. The log is made with this as its host, then run.
///
///   LogThreads threads(std::move(files));
///   store::Log log(options, threads.sizes(), owner, threads);
///   threads.run(log);
///   threads.wait_until_open();  // log.state(i) is Ready or Refused for each file.
///   ...
///   threads.stop();             // Flushed, marked clean. The log may go now.
class LogThreads : public store::LogHost {
 public:
  /// `before_write`: called on the file's thread before each write that may hold records; null:
  /// nothing.
  explicit LogThreads(std::vector<PosixFile> files, std::function<void()> before_write = nullptr);
  ~LogThreads() override;
  LogThreads(const LogThreads&) = delete;
  LogThreads& operator=(const LogThreads&) = delete;

  std::vector<std::uint64_t> sizes() const;
  /// For whoever reads beside the log. As long as this lives.
  std::vector<const PosixFile*> files() const;
  /// `log` must outlive stop().
  void run(store::Log& log);
  void wait_until_open();
  /// Closes the log, once it is open, and ends the threads. No appends may be under way that count
  /// on it.
  void stop();

  void wake(unsigned file) override;
  unsigned parallel() const override;
  /// Until the files are open, and in stop().
  void in_parallel(unsigned parts, const std::function<void(unsigned)>& work) override;

 private:
  struct Lane {
    explicit Lane(PosixFile opened) : file(std::move(opened)) {}
    PosixFile file;
    std::mutex mutex;
    std::condition_variable changed;
    bool woken = false;
    bool open = false;
    std::thread thread;
  };

  void drive(unsigned index);
  bool ended(unsigned index) const;
  void wait(unsigned index);

  std::vector<std::unique_ptr<Lane>> lanes_;
  const unsigned parallel_;
  std::unique_ptr<Crew> crew_;  // None while the files are open.
  std::function<void()> before_write_;
  store::Log* log_ = nullptr;
};

}  // namespace flotilla::server
