#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "cluster/replica.h"
#include "net/fd.h"

namespace flotilla::server {

/// The numbers of terms, kept in a file that only grows, since records on disk name their terms by
/// them. docs/formats/data-folder.md.
///
/// Numbers are given in memory and written by sync(): a view change brings thousands of terms, and
/// neither clients nor heartbeats wait for a disk. No record may be in a file before the number
/// that it names: sync() comes before any write of them.
///
/// An entry that was cut off by a crash was never given out and is written over; one that is
/// damaged names no term any more, and its number is not given again.
class TermFile final : public cluster::TermTable {
 public:
  /// Unavailable: the file cannot be read or written. Unknown: it is no file of terms.
  static Result<std::unique_ptr<TermFile>> open(const std::string& path);

  std::uint32_t intern(const cluster::Term& term, std::uint32_t after) override;
  cluster::Term term(std::uint32_t index) const override;
  void reserve(std::uint32_t index) override;
  /// Numbers those that have no number yet.
  void prepare(const std::vector<cluster::Term>& terms);
  /// Waits until all that was numbered before is on disk. What cannot be written is tried again the
  /// next time, and the log says so. Any thread but those that clients or heartbeats wait for.
  void sync();

 private:
  explicit TermFile(net::Fd file) : file_(std::move(file)) {}

  bool load();
  void number(const cluster::Term& term);

  std::mutex sync_mutex_;    // Held while a sync is under way: others wait for it too.
  net::Fd file_;             // Under sync_mutex_,
  std::size_t durable_ = 0;  // as is the number of terms on disk.
  std::atomic<bool> unsynced_{false};
  mutable std::mutex mutex_;          // Guards what stands below. Nothing else is locked under it.
  std::vector<cluster::Term> terms_;  // Index 1 comes first.
  std::map<cluster::Term, std::uint32_t> newest_;
};

}  // namespace flotilla::server
