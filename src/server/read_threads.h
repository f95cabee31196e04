#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <vector>

#include "server/posix_file.h"
#include "store/record_read.h"

namespace flotilla::server {

/// Reads records from data files on threads of its own: what works everywhere.
class ReadThreads : public store::RecordReader {
 public:
  /// The files, in the order of the log's, outlive this.
  explicit ReadThreads(std::vector<const PosixFile*> files);
  /// What was submitted is carried out first.
  ~ReadThreads() override;
  ReadThreads(const ReadThreads&) = delete;
  ReadThreads& operator=(const ReadThreads&) = delete;

  void submit(std::shared_ptr<store::RecordRead> read) override;
  void carry_out(store::RecordRead& read) override;

 private:
  void work();

  std::vector<const PosixFile*> files_;
  std::mutex mutex_;  // Guards what follows.
  std::condition_variable changed_;
  std::deque<std::shared_ptr<store::RecordRead>> waiting_;
  std::size_t idle_ = 0;
  bool ending_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace flotilla::server
