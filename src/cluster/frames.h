#pragma once

#include <array>
#include <memory>
#include <vector>

#include "cluster/history.h"
#include "store/record_read.h"

namespace flotilla::cluster {

/// Frames between the copies of one partition (docs/formats/replication.md). Integers
/// little-endian.
///
///   kind u8 | namespace tag u32 | partition u16 | term 20 | ...
///
/// The term is the one that the frame speaks of: of the primary that sends it or is meant by it.
enum class Kind : std::uint8_t {
  Repl = 1,      // Primary: one mutation.
  Ack = 2,       // Everything up to seq is here.
  Start = 3,     // Primary: my history; mutations follow from `from`.
  Offer = 4,     // Holder: I have a copy that you do not send to.
  Refuse = 5,    // Your term is over: my row is newer.
  Branch = 6,    // Holder: what I have and you never saw.
  Branched = 7,  // Primary: dealt with.
  Pull = 8,      // Receiver: send what I lack.
  Copies = 9,    // Primary: here.
  Grant = 10,    // Primary: be primary under this row.
  Ungrant = 11,  // Never under that row.
  Release = 12,  // Primary: nobody needs your copy any more.
  Want = 13,     // A copy: I cannot read these.
  Have = 14,     // Another: here, as far as I have them.
};

struct FrameHead {
  Kind kind = Kind::Repl;
  std::uint32_t ns = 0;
  wire::PartitionId partition;
  Term term;
};

/// A record between nodes: its number in full; image.lsn is not set. A view.
struct NumberedRecord {
  Position position;
  store::RecordImage image;
  /// What the image looks into, of a record that was read from a device.
  std::shared_ptr<const store::RecordRead> keeps{};
};

/// About what it takes in a frame.
inline std::size_t wire_size(const NumberedRecord& record) {
  return 68 + record.image.set.size() + record.image.body.size();
}

struct KeyPosition {
  wire::Digest digest;
  Position position;

  friend bool operator==(const KeyPosition&, const KeyPosition&) = default;
};

struct ReplFrame {
  enum class What : std::uint8_t { Record, Empty, Absorb };

  RowVersion row;
  std::uint64_t seq = 0;
  What what = What::Record;
  NumberedRecord record{};               // The key's newest: may be later than seq.
  std::vector<HistoryEntry> absorbed{};  // All notes of the history.
};

/// `from` names the stream that is meant: its first seq.
struct AckFrame {
  std::uint64_t from = 0;
  std::uint64_t contiguous = 0;
  bool complete = false;  // The copy holds everything up to there, not only the stream.
};

struct StartFrame {
  RowVersion row;
  std::uint64_t from = 0;
  std::vector<HistoryEntry> history;
};

struct OfferFrame {
  RowVersion row;
  bool nothing_new = false;  // The primary has seen everything that is in the copy.
};

struct RowFrame {  // Refuse, Ungrant, Release.
  RowVersion row;
};

struct BranchFrame {
  std::uint64_t from = 0;
  std::uint32_t chunk = 0;  // From 0.
  bool tail = false;        // Nothing of it was ever acknowledged.
  bool last = false;
  std::vector<HistoryEntry> history;  // Of the sender.
  std::vector<NumberedRecord> records;
};

struct BranchedFrame {
  std::uint64_t from = 0;
  std::uint32_t chunk = 0;
};

inline constexpr std::size_t kLeaves = 256;
using LeafHashes = std::array<std::uint64_t, kLeaves>;
using LeafSet = std::array<std::uint8_t, kLeaves / 8>;

enum class PullMode : std::uint8_t { Delta, Hashes, Range };

struct PullFrame {
  std::uint64_t from = 0;
  std::uint32_t number = 0;
  PullMode mode = PullMode::Delta;
  Position after{};      // Delta.
  LeafHashes hashes{};   // Hashes.
  bool from_top = true;  // Range: below `below`, or all, down to `low` itself.
  wire::Digest below{};
  wire::Digest low{};
  std::vector<KeyPosition> held{};  // Range: all that the receiver has there, in descending order.
};

struct CopiesFrame {
  std::uint64_t from = 0;
  std::uint32_t number = 0;
  PullMode mode = PullMode::Delta;
  std::uint64_t as_of = 0;  // Seq of the primary.
  bool possible = true;     // Delta: the ring reaches back far enough.
  bool done = true;         // Else: go on after `reached` or below `low`.
  Position reached{};       // Delta.
  wire::Digest low{};       // Range: all down to this is dealt with.
  LeafSet differing{};      // Hashes.
  std::vector<NumberedRecord> records{};
  std::vector<wire::Digest> gone{};
};

struct GrantFrame {
  std::uint64_t base = 0;
  Row row;
};

struct WantFrame {
  std::vector<KeyPosition> records;
};

struct HaveFrame {
  std::vector<NumberedRecord> records;
  std::vector<wire::Digest> lacking;  // What was wanted and is not here, or cannot be read.
};

Buffer encode(const FrameHead& head, const ReplFrame& frame);
Buffer encode(const FrameHead& head, const AckFrame& frame);
Buffer encode(const FrameHead& head, const StartFrame& frame);
Buffer encode(const FrameHead& head, const OfferFrame& frame);
Buffer encode(const FrameHead& head, const RowFrame& frame);
Buffer encode(const FrameHead& head, const BranchFrame& frame);
Buffer encode(const FrameHead& head, const BranchedFrame& frame);
Buffer encode(const FrameHead& head, const PullFrame& frame);
Buffer encode(const FrameHead& head, const CopiesFrame& frame);
Buffer encode(const FrameHead& head, const GrantFrame& frame);
Buffer encode(const FrameHead& head, const WantFrame& frame);
Buffer encode(const FrameHead& head, const HaveFrame& frame);

/// Each takes all that follows the head. False: it does not parse to its last byte. What is parsed
/// are views into `in`, and nothing is sized by a number that the bytes do not back.
bool parse(Reader& in, FrameHead& out);
bool parse(Reader& in, ReplFrame& out);
bool parse(Reader& in, AckFrame& out);
bool parse(Reader& in, StartFrame& out);
bool parse(Reader& in, OfferFrame& out);
bool parse(Reader& in, RowFrame& out);
bool parse(Reader& in, BranchFrame& out);
bool parse(Reader& in, BranchedFrame& out);
bool parse(Reader& in, PullFrame& out);
bool parse(Reader& in, CopiesFrame& out);
bool parse(Reader& in, GrantFrame& out);
bool parse(Reader& in, WantFrame& out);
bool parse(Reader& in, HaveFrame& out);

// Pieces that what is saved has too.
void write_history(Buffer& out, std::span<const HistoryEntry> history);
void write_row(Buffer& out, const Row& row);
std::vector<HistoryEntry> read_history(Reader& in);
Row read_row(Reader& in);

}  // namespace flotilla::cluster
