#pragma once

#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "base/result.h"
#include "wire/ids.h"

namespace flotilla::wire {

/// Flags of MessageHeader::info1 to info4. Names follow the protocol's description
/// (docs/formats/wire.md).
namespace info1 {
inline constexpr std::uint8_t kRead = 0x01;
inline constexpr std::uint8_t kGetAll = 0x02;
inline constexpr std::uint8_t kShortQuery = 0x04;
inline constexpr std::uint8_t kBatch = 0x08;
inline constexpr std::uint8_t kXdr = 0x10;
inline constexpr std::uint8_t kGetNoBins = 0x20;
inline constexpr std::uint8_t kConsistencyAll = 0x40;
inline constexpr std::uint8_t kCompressResponse = 0x80;
}  // namespace info1
namespace info2 {
inline constexpr std::uint8_t kWrite = 0x01;
inline constexpr std::uint8_t kDelete = 0x02;
inline constexpr std::uint8_t kGeneration = 0x04;
inline constexpr std::uint8_t kGenerationGreater = 0x08;
inline constexpr std::uint8_t kDurableDelete = 0x10;
inline constexpr std::uint8_t kCreateOnly = 0x20;
inline constexpr std::uint8_t kRelaxLongQuery = 0x40;
inline constexpr std::uint8_t kRespondAllOps = 0x80;
}  // namespace info2
namespace info3 {
inline constexpr std::uint8_t kLast = 0x01;
inline constexpr std::uint8_t kCommitMaster = 0x02;
inline constexpr std::uint8_t kPartitionDone = 0x04;
inline constexpr std::uint8_t kUpdateOnly = 0x08;
inline constexpr std::uint8_t kCreateOrReplace = 0x10;
inline constexpr std::uint8_t kReplaceOnly = 0x20;
inline constexpr std::uint8_t kScReadType = 0x40;
inline constexpr std::uint8_t kScReadRelax = 0x80;
}  // namespace info3
namespace info4 {
inline constexpr std::uint8_t kVerifyRead = 0x01;
inline constexpr std::uint8_t kRollForward = 0x02;
inline constexpr std::uint8_t kRollBack = 0x04;
}  // namespace info4

/// The 22 bytes at the start of a message's body; a batch or query reply concatenates many.
///
///   | header size u8 = 22 | info1..info4 u8 | result u8 | generation u32 | ttl u32 | transaction
///   ttl u32 | field count u16 | operation count u16 |            all big-endian
///
/// `ttl`: seconds or a special value in a write, read-touch percentage in a read, void-time in a
/// reply. `transaction_ttl`: the client's remaining milliseconds; in the rows of a batch reply the
/// row's index.
struct MessageHeader {
  static constexpr std::size_t kSize = 22;
  static constexpr std::size_t kResultAt = 5;  // Of the result byte.

  std::uint8_t info1 = 0;
  std::uint8_t info2 = 0;
  std::uint8_t info3 = 0;
  std::uint8_t info4 = 0;
  std::uint8_t result = 0;
  std::uint32_t generation = 0;
  std::uint32_t ttl = 0;
  std::uint32_t transaction_ttl = 0;
  std::uint16_t n_fields = 0;
  std::uint16_t n_ops = 0;

  /// `from` must hold kSize bytes. The size byte is not looked at: the original does not either.
  static MessageHeader load(const std::byte* from);
  void write(std::byte* to) const;
};

enum class FieldType : std::uint8_t {
  Namespace = 0,
  Set = 1,
  Key = 2,
  RecordVersion = 3,
  Digest = 4,
  TransactionId = 5,
  TransactionDeadline = 6,
  TaskId = 7,
  SocketTimeout = 9,
  RecordsPerSecond = 10,
  Partitions = 11,
  Digests = 12,
  MaxRecords = 13,
  LastUpdate = 14,
  IndexValues = 15,
  IndexName = 21,
  IndexRange = 22,
  IndexContext = 23,
  IndexExpression = 24,
  IndexType = 26,
  UdfPackage = 30,
  UdfFunction = 31,
  UdfArguments = 32,
  UdfOp = 33,
  QueryBins = 40,
  Batch = 41,
  BatchWithSet = 42,
  Filter = 43,
};

/// The fields of one message, by type; views into the request. Unknown types are skipped, the first
/// of a repeated type counts.
class Fields {
 public:
  bool has(FieldType type) const { return (present_ >> static_cast<unsigned>(type) & 1U) != 0; }
  /// Empty when absent.
  Bytes get(FieldType type) const {
    return has(type) ? Bytes{at_[static_cast<unsigned>(type)], size_[static_cast<unsigned>(type)]}
                     : Bytes{};
  }
  std::string_view text(FieldType type) const { return as_text(get(type)); }

  /// Reads `count` fields. False: a field is empty or runs over the end. Only a batch's rows may
  /// claim more than there is: clients count the filter in front of them twice. They end with the
  /// message.
  bool parse(Reader& from, std::uint16_t count);

 private:
  static constexpr unsigned kTypes = 64;

  std::uint64_t present_ = 0;
  const std::byte*
      at_[kTypes];  // NOLINT(cppcoreguidelines-pro-type-member-init): present_ tells which are set.
  std::uint32_t size_[kTypes];
};

enum class OpType : std::uint8_t {
  Read = 1,
  Write = 2,
  CdtRead = 3,
  CdtModify = 4,
  Increment = 5,
  ExpRead = 7,
  ExpModify = 8,
  Append = 9,
  Prepend = 10,
  Touch = 11,
  BitsRead = 12,
  BitsModify = 13,
  DeleteAll = 14,
  HllRead = 15,
  HllModify = 16,
};

/// One operation on a bin: | size u32 (of what follows) | op u8 | particle type u8 | flags u8 |
/// name size u8 | name | value | Flag bit 0 puts an 8-byte last-update time between name and value
/// (cross-datacenter shipping); it is skipped.
struct Op {
  static constexpr std::size_t kHeaderSize = 8;

  OpType type;
  ParticleType particle_type;
  std::string_view name;
  Bytes value;
};

/// The operations of one message, walked in place: bounds were checked once by parse().
class Ops {
 public:
  Ops() = default;

  class Iterator {
   public:
    explicit Iterator(const std::byte* at) : at_(at) {}
    Op operator*() const;
    Iterator& operator++() {
      at_ += 4 + load_be<std::uint32_t>(at_);
      return *this;
    }
    friend bool operator==(const Iterator&, const Iterator&) = default;

   private:
    const std::byte* at_;
  };

  Iterator begin() const { return Iterator(bytes_.data()); }
  Iterator end() const { return Iterator(bytes_.data() + bytes_.size()); }
  std::uint16_t count() const { return count_; }
  bool empty() const { return count_ == 0; }

  /// Reads `count` operations. False: one runs over the end or is inconsistent.
  bool parse(Reader& from, std::uint16_t count);

 private:
  Bytes bytes_;
  std::uint16_t count_ = 0;
};

/// A request message. Everything is a view into the body, which must outlive it.
struct Message {
  MessageHeader header;
  Fields fields;
  Ops ops;

  /// Fills this from a whole message body. Parameter: short, overrunning, or trailing bytes.
  Result<void> parse(Bytes body);
};

/// Namespace and digest of a single-record message that has not been parsed yet: a hint for
/// prefetching, nothing is checked that safety does not ask for.
struct PeekedKey {
  std::string_view ns;
  Digest digest;
};
std::optional<PeekedKey> peek_key(Bytes body);

}  // namespace flotilla::wire
