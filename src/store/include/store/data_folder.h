#pragma once

#include <memory>
#include <string>

#include "store/file.h"
#include "store/log_format.h"
#include "wire/ids.h"

namespace flotilla::store {

/// Who a node is, for as long as its data lives. Addresses are soft state; this is not.
struct Identity {
  Uuid uuid{};          // Data files carry it: another node's are refused.
  wire::NodeId node{};  // What clients see.

  friend bool operator==(const Identity&, const Identity&) = default;
};

/// A node's place in a data folder: slot-0, slot-1, ... Several nodes may share one folder (scaled
/// replicas with one volume); each locks the first slot that is free and takes the identity that it
/// finds there, so a recreated container finds its data again. docs/formats/data-folder.md.
class DataFolder {
 public:
  static constexpr unsigned kSlotsMost = 256;

  /// `fresh` becomes the identity of a slot that has none yet. Unavailable: the folder cannot be
  /// written, or all slots are taken. Unknown: an identity file is damaged; it is never replaced
  /// silently, because its data files would be lost.
  static Result<DataFolder> take(Folder& folder, const Identity& fresh);

  /// Relative to the folder.
  const std::string& slot() const { return slot_; }
  const Identity& identity() const { return identity_; }

 private:
  DataFolder(std::string slot, const Identity& identity, std::unique_ptr<FolderLock> lock)
      : slot_(std::move(slot)), identity_(identity), lock_(std::move(lock)) {}

  std::string slot_;
  Identity identity_;
  std::unique_ptr<FolderLock> lock_;
};

}  // namespace flotilla::store
