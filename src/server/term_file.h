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
/// A number is with the system, in case the process ends, before intern() returns, and on disk at
/// the next sync(): a view change brings thousands of terms, and none of them may wait for a disk.
/// No record may be on disk before the number that it names: sync() comes before any write of them.
///
/// An entry that was cut off by a crash was never given out and is written over; one that is
/// damaged names no term any more, and its number is not given again.
class TermFile final : public cluster::TermTable {
 public:
  /// Unavailable: the file cannot be read or written. Unknown: it is no file of terms.
  static Result<std::unique_ptr<TermFile>> open(const std::string& path);

  /// A term that cannot be written is numbered all the same, for the time of this process, and the
  /// log says so.
  std::uint32_t intern(const cluster::Term& term, std::uint32_t after) override;
  cluster::Term term(std::uint32_t index) const override;
  void reserve(std::uint32_t index) override;
  /// Numbers those that have no number yet, with one write.
  void prepare(const std::vector<cluster::Term>& terms);
  /// Waits until all that was numbered before is on disk. Any thread.
  void sync();

 private:
  explicit TermFile(net::Fd file) : file_(std::move(file)) {}

  bool load();
  void write(std::size_t first);

  mutable std::mutex mutex_;  // Guards what stands below. Nothing else is locked under it.
  net::Fd file_;
  std::mutex sync_mutex_;  // Held while a sync is under way: others wait for it too.
  std::atomic<bool> unsynced_{false};
  std::vector<cluster::Term> terms_;  // Index 1 comes first.
  std::map<cluster::Term, std::uint32_t> newest_;
};

}  // namespace flotilla::server
