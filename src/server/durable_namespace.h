#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "config/config.h"
#include "server/log_threads.h"
#include "store/log.h"
#include "store/namespace.h"
#include "store/tombstone_pass.h"

namespace flotilla::server {

/// The log behind a namespace that has files or devices: opens them, brings the records back, and
/// keeps them from then on.
class DurableNamespace : public store::LogOwner {
 public:
  struct Hooks {
    std::function<void()> durable;  // Replies may be waiting. Any thread, must not block.
    std::function<void()> failed;   // Nothing more will become durable.
    /// What records name must be on disk when this returns: some are about to be. Any thread.
    std::function<void()> before_write;
    /// How far the records are read back, in words, from time to time. Any thread.
    std::function<void(std::string_view)> reads_back;
  };

  /// `folder`: where relative paths stand. `instance`: the identity whose files these must be.
  /// The namespace gets its log attached and its records back. Unavailable, KeyBusy, Unsupported: a
  /// file cannot be had, is another's, or is not a data file of ours; the log says which and why.
  static Result<std::unique_ptr<DurableNamespace>> open(const config::NamespaceConfig& config,
                                                        store::Namespace& records,
                                                        const std::string& folder,
                                                        const store::Uuid& instance, Hooks hooks);
  /// Everything flushed and marked clean.
  ~DurableNamespace() override;

  const store::Namespace& records() const { return records_; }
  /// Whether everything was read back that had been durable.
  bool is_whole() const;
  /// Writes and syncs what was appended without waiting for its time.
  void request_flush() { log_->request_flush(); }
  store::LogStatistics statistics() const { return log_->statistics(); }
  store::LogStatistics statistics(unsigned file) const { return log_->statistics(file); }
  unsigned files() const { return log_->file_count(); }
  /// Those of the files that are on mounts.
  std::vector<FileOnMount> on_mounts() const;
  /// After a change of the configuration.
  void retune(const config::NamespaceConfig& config);

  /// Looks for tombstones older than `age` that hide nothing, and drops them. Takes its time.
  void collect_tombstones(std::chrono::seconds age);

  store::Recovered recovered(const store::RecordImage& image,
                             const store::RecordPlace& at) override;
  void recovered_some(std::span<store::FoundRecord> found) override;
  void reads_back(std::string_view progress) override { hooks_.reads_back(progress); }
  store::IndexHead index_head(wire::PartitionId partition) override;
  void index_below(wire::PartitionId partition, const wire::Digest* below,
                   std::vector<store::IndexedRecord>& out) override;
  bool index_restored(const store::IndexHead& head,
                      std::span<const store::IndexedRecord> records) override;
  void index_refused(unsigned file) override;
  Result<bool> relocate(const store::RecordImage& image, store::SegmentSlot segment) override;
  bool segment_damaged(store::SegmentSlot segment) override;
  void durable(store::LogPosition position) override;
  void log_failed(unsigned file, std::string_view why) override;
  bool tombstone_pass_begins(unsigned file) override;
  void tombstone_pass_saw(unsigned file, const store::RecordImage& image) override;
  void tombstone_pass_ends(unsigned file, bool complete) override;

 private:
  DurableNamespace(store::Namespace& records, Hooks hooks)
      : records_(records), hooks_(std::move(hooks)) {}

  Result<void> run(const config::NamespaceConfig& config, std::vector<PosixFile> files,
                   const store::Uuid& instance);

  store::Namespace& records_;
  Hooks hooks_;
  std::vector<store::TombstonePass> passes_;  // For each file.
  std::atomic<std::uint64_t> tombstones_before_{
      0};  // Raw hybrid time; younger ones are left alone.
  std::unique_ptr<LogThreads> threads_;
  std::unique_ptr<store::RecordReader> reader_;  // Of a namespace on a device.
  std::unique_ptr<store::Log> log_;
};

}  // namespace flotilla::server
