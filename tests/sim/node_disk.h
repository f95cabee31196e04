#pragma once

#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "base/random.h"
#include "cluster/membership.h"
#include "cluster/replica.h"
#include "store/namespace.h"

namespace flotilla::sim {

/// How a node's life ends.
enum class End : std::uint8_t {
  Clean,     // All that it knows is kept.
  Killed,    // What the process had in memory alone is gone.
  PowerCut,  // And what the system had not synced.
};

/// Numbers of terms: with the system once given, on disk at the next sync().
class KeptTerms final : public cluster::TermTable {
 public:
  std::uint32_t intern(const cluster::Term& term, std::uint32_t after) override;
  cluster::Term term(std::uint32_t index) const override { return table_->term(index); }
  void reserve(std::uint32_t index) override;
  void sync() { synced_ = size_; }
  /// Of those that were not synced, some of the last are forgotten.
  void cut_power(Random& random);

 private:
  std::unique_ptr<cluster::MemoryTermTable> table_ = std::make_unique<cluster::MemoryTermTable>();
  std::uint32_t size_ = 0;
  std::uint32_t synced_ = 0;
};

/// The log of a namespace as it is seen from above: some files, each of which is flushed unit by
/// unit and in any order, and synced then; garbage goes once what replaced it is durable, or stays.
class KeptLog final : public store::RecordLog {
 public:
  KeptLog(Random& random, unsigned files, KeptTerms& terms)
      : random_(random), files_(files), terms_(terms) {}

  Result<Place> append(const store::RecordImage& image) override;
  bool is_durable(store::LogPosition position) const override;
  std::vector<store::LogPosition> ends() const override;
  void released(const store::RecordPlace& at) override;

  /// What was written is synced, and what was appended since is being written: the numbers of terms
  /// that it names come first.
  void flush();
  void end(End how);
  /// Into the namespace, which this is attached to.
  void recover(store::Namespace& records);

 private:
  struct Entry {
    store::RecordImage image;
    Buffer body;                               // The image's.
    std::optional<std::size_t> released_with;  // So many were appended by then.
    bool there = true;
  };
  struct File {
    std::vector<Entry> entries;
    std::size_t durable = 0;  // Of them.
    std::size_t written = 0;
  };

  void keep_some(File& file);

  Random& random_;
  std::vector<File> files_;
  KeptTerms& terms_;
};

/// What a node has at the next start of what it had, as the server keeps it.
struct NodeDisk {
  NodeDisk(Random& random, unsigned files) : log(random, files, terms) {}

  void end(End how, Random& random);

  cluster::Membership::Restored items;         // Durable before anything follows from them.
  std::map<wire::PartitionId, Buffer> states;  // Replica::save(); replaced as a whole.
  KeptTerms terms;
  KeptLog log;
};

}  // namespace flotilla::sim
