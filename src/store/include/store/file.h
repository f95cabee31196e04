#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace flotilla::store {

/// What a file is asked for and how it answers: values that a machine gives out and takes in. Who
/// carries them out, a thread, a ring, or a simulator, owns every completion.
///
///  - Requests may complete in any order, and each completes once. Writes that overlap are never in
///    flight together.
///  - A Sync makes durable every write that had completed before the sync was submitted, and
///    nothing else for sure.
///  - A write that has not been synced may be lost, whole or in sectors of 512 bytes, when the
///    machine stops.
///  - After a failed write or sync nothing is known of the file's unsynced contents; it is not to
///    be tried again.
enum class IoKind : std::uint8_t { Read, Write, Sync };

/// One thing to be done to a file. The memory behind `into` or `from` belongs to whoever asked and
/// stays untouched until the completion with the same token.
struct IoRequest {
  IoKind kind = IoKind::Sync;
  std::uint64_t token = 0;
  std::uint64_t offset = 0;
  MutableBytes into{};  // Read.
  Bytes from{};         // Write.
};

/// How a request ended: the bytes read or written (all that were asked for, or it failed; a read
/// past the end is short), 0 for a sync.
struct IoCompletion {
  std::uint64_t token = 0;
  Result<std::size_t> result{0};
};

/// Held until destroyed: nobody else, in this process or another, holds the lock of the same name.
class FolderLock {
 public:
  virtual ~FolderLock() = default;
};

/// The folder of small files that a node keeps for itself, and where its slots are. Blocking: for
/// start, stop, and rare changes, off the reactors. Names are relative, with '/' between folders.
class Folder {
 public:
  virtual ~Folder() = default;
  /// Names in a folder ("" is this one), sorted. NotFound when there is no such folder.
  virtual Result<std::vector<std::string>> list(std::string_view name) = 0;
  /// Creates the folder if it is not there, durably.
  virtual Result<void> make(std::string_view name) = 0;
  /// Contents of a small file. NotFound; TooBig above `size_max`.
  virtual Result<Buffer> read(std::string_view name, std::size_t size_max) = 0;
  /// Afterwards, and after any crash, the file holds either its old contents or all of the new; on
  /// success the new ones are durable.
  virtual Result<void> replace(std::string_view name, Bytes contents) = 0;
  /// KeyBusy when somebody else holds it. The file is created if need be.
  virtual Result<std::unique_ptr<FolderLock>> lock(std::string_view name) = 0;
};

}  // namespace flotilla::store
