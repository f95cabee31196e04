#pragma once

#include <vector>

#include "store/namespace.h"

namespace flotilla::store {

/// A namespace's part in the passes that its log makes over one of its files to find tombstones
/// that hide nothing any more (LogOwner::tombstone_pass_...; docs/algorithms/log.md). On the thread
/// of that file.
class TombstonePass {
 public:
  /// In one pass; the others wait for the next.
  static constexpr std::size_t kCandidatesMost = 1 << 20;

  /// The partitions of file `file` are those whose number modulo `files` is `file`.
  TombstonePass(Namespace& ns, unsigned file, unsigned files)
      : ns_(ns), file_(file), files_(files) {}

  /// Notes the tombstones that were made before `made_before`. False: there are none.
  bool begin(HlcTime made_before);
  /// A copy in the file. An older one than a candidate's is what the candidate hides.
  void saw(const RecordImage& image);
  /// Drops the candidates that hide nothing, if every copy was shown. Returns how many.
  std::uint64_t end(bool complete);

 private:
  struct Candidate {
    wire::Digest digest;
    Lsn lsn;
    bool hides = false;  // A copy that is older was seen.
  };

  Namespace& ns_;
  unsigned file_;
  unsigned files_;
  std::vector<Candidate> candidates_;  // By digest.
};

}  // namespace flotilla::store
