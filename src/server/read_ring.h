#pragma once

#include <liburing.h>

#include <deque>
#include <mutex>
#include <thread>
#include <vector>

#include "server/posix_file.h"
#include "store/record_read.h"

namespace flotilla::server {

/// Reads records from data files by io_uring, as many at once as there are.
class ReadRing : public store::RecordReader {
 public:
  /// The files, in the order of the log's, outlive this. Null: the kernel has no io_uring, or the
  /// container does not allow it; `why` says which.
  static std::unique_ptr<ReadRing> make(std::vector<const PosixFile*> files, std::string& why);
  /// What was submitted is carried out first.
  ~ReadRing() override;
  ReadRing(const ReadRing&) = delete;
  ReadRing& operator=(const ReadRing&) = delete;

  void submit(std::shared_ptr<store::RecordRead> read) override;
  void carry_out(store::RecordRead& read) override;

 private:
  /// One read, until its completion; the kernel has its address.
  struct Asked {
    std::shared_ptr<store::RecordRead> read;
    FileRange range;
  };

  ReadRing(std::vector<const PosixFile*> files, const io_uring& ring);
  void push(std::shared_ptr<store::RecordRead> read);
  void work();
  void finish(std::unique_ptr<Asked> asked, int result);

  std::vector<const PosixFile*> files_;
  io_uring ring_{};
  std::mutex mutex_;  // Guards the submission queue and what follows.
  std::deque<std::shared_ptr<store::RecordRead>> waiting_;  // For room in the ring.
  unsigned in_flight_ = 0;
  bool ending_ = false;
  std::thread thread_;  // Takes completions.
};

}  // namespace flotilla::server
