#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>

#include "store/aligned_buffer.h"
#include "store/record_log.h"

namespace flotilla::store {

/// Which copy of which record is wanted.
struct RecordWanted {
  wire::Digest digest{};
  Lsn lsn{};
  RecordPlace at{};

  friend bool operator==(const RecordWanted&, const RecordWanted&) = default;
};

/// One read of a record's copy from its file. Asked for by one thread, carried out by another,
/// looked at by the first again: what is found is the record that was wanted, or nothing.
class RecordRead {
 public:
  RecordRead(const RecordWanted& wanted, const RecordExtent& extent,
             const std::function<void()>* wake)
      : wanted_(wanted), extent_(extent), wake_(wake) {}

  // Whoever carries it out.
  const RecordExtent& extent() const { return extent_; }
  /// Room for `size` bytes; whoever reads past the page cache makes it larger than the extent.
  MutableBytes room(std::size_t size);
  /// Completes it if the log has the bytes in memory. False: it must be read.
  bool complete_from(const RecordLog& log);
  /// All of the extent stands in the room from `skip` on; an error: it could not be read. Last.
  void complete(Result<std::size_t> skip);

  // Whoever asked.
  bool done() const { return done_.load(std::memory_order_acquire); }
  const RecordWanted& wanted() const { return wanted_; }
  /// Once done: the record, its checksum held; a view into this. Nothing: it could not be read, or
  /// something else stands there.
  const std::optional<RecordImage>& image() const { return image_; }
  /// Once done, without an image: in words.
  std::string_view why() const { return failed_ ? "cannot be read" : "does not check"; }

 private:
  RecordWanted wanted_;
  RecordExtent extent_;
  const std::function<void()>* wake_;
  void take(MutableBytes stored);

  AlignedBuffer room_;
  Buffer body_;  // Of a record that is compressed.
  std::optional<RecordImage> image_;
  bool failed_ = false;
  std::atomic<bool> done_{false};
};

/// The record that bytes from a log hold, if it is the one that is wanted; decrypted in place with
/// the file's key (null: it has none), and compressed, if it is so there. The checksum is not
/// looked at: for bytes that never left memory.
std::optional<RecordImage> find_wanted(MutableBytes stored, const RecordWanted& wanted,
                                       const DataKey* key);

/// Carries reads out. Any thread.
class RecordReader {
 public:
  virtual ~RecordReader() = default;
  /// Begins it. It is completed, from any thread, before or after this returns.
  virtual void submit(std::shared_ptr<RecordRead> read) = 0;
  /// Carries it out before this returns, on the caller's thread.
  virtual void carry_out(RecordRead& read) = 0;
};

}  // namespace flotilla::store
