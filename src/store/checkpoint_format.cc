#include "store/checkpoint_format.h"

#include <algorithm>
#include <limits>

#include "base/check.h"
#include "base/crc32c.h"
#include "byte_writer.h"

namespace flotilla::store {
namespace {

constexpr std::string_view kRootMagic = "flotroot";
constexpr std::string_view kChunkMagic = "flotchnk";
constexpr std::size_t kMagicSize = 8;
constexpr std::size_t kCrcAt = 8;
constexpr std::size_t kCoveredFrom = kCrcAt + 4;
constexpr std::size_t kNamesMost = std::numeric_limits<std::uint16_t>::max();

void seal(MutableBytes whole) {
  store_le(whole.data() + kCrcAt, crc32c(whole.subspan(kCoveredFrom)));
}

/// The structure at the start of `in`, if it has this magic and checks; what is left of it behind
/// magic, checksum, and size.
Result<Reader> open_sealed(Bytes in, std::string_view magic, std::size_t size_least) {
  Reader r(in);
  const bool known = r.text(kMagicSize) == magic;
  const auto crc = r.le<std::uint32_t>();
  const auto size = r.le<std::uint32_t>();
  if (!r.ok() || !known) return fail(Code::Parameter, "nothing of the kind is there");
  if (size < size_least || size > in.size()) return fail(Code::Parameter, "its size is impossible");
  if (crc32c(in.first(size).subspan(kCoveredFrom)) != crc)
    return fail(Code::Parameter, "its checksum does not hold");
  return Reader(in.first(size).subspan(kCoveredFrom + 4));
}

}  // namespace

void CheckpointRoot::encode(MutableBytes to) const {
  FLOTILLA_CHECK(to.size() == size());
  std::ranges::fill(to.first(kHeaderSize), std::byte{0});
  ByteWriter w(to.data());
  w.bytes(as_bytes(kRootMagic)).le(std::uint32_t{0}).le(static_cast<std::uint32_t>(size()));
  w.le(id.log_id).le(id.number).le(entries);
  w.le(static_cast<std::uint32_t>(chunks.size())).le(static_cast<std::uint32_t>(segments.size()));
  w.le(young);
  ByteWriter rest(to.data() + kHeaderSize);
  for (const std::uint32_t slot : chunks) rest.le(slot);
  for (const Segment& each : segments)
    rest.le(each.slot).le(each.filled).le(each.live).le(std::uint32_t{0}).le(each.number);
  seal(to);
}

Result<CheckpointRoot> CheckpointRoot::parse(Bytes in, std::uint64_t log_id) {
  auto r = open_sealed(in, kRootMagic, kHeaderSize);
  if (!r) return tl::unexpected(r.error());
  CheckpointRoot out;
  out.id.log_id = r->le<std::uint64_t>();
  out.id.number = r->le<std::uint64_t>();
  if (out.id.log_id != log_id) return fail(Code::Parameter, "it is of another file");
  out.entries = r->le<std::uint64_t>();
  const auto chunks = r->le<std::uint32_t>();
  const auto segments = r->le<std::uint32_t>();
  out.young = r->le<std::uint64_t>();
  r->bytes(kHeaderSize - 56);
  if (out.young == 0 || out.young > out.id.number)
    return fail(Code::Parameter, "it does not say what is younger");
  if (chunks > r->left() / 4 || segments > r->left() / Segment::kSize)
    return fail(Code::Parameter, "its counts are impossible");
  for (std::uint32_t i = 0; i < chunks; ++i) out.chunks.push_back(r->le<std::uint32_t>());
  for (std::uint32_t i = 0; i < segments; ++i) {
    Segment& each = out.segments.emplace_back();
    each.slot = r->le<std::uint32_t>();
    each.filled = r->le<std::uint32_t>();
    each.live = r->le<std::uint32_t>();
    r->le<std::uint32_t>();
    each.number = r->le<std::uint64_t>();
  }
  if (!r->ok() || r->left() != 0) return fail(Code::Parameter, "its counts are impossible");
  return out;
}

// ---------------------------------------------------------------------------------------------
// writing chunks

void CheckpointChunkWriter::start(MutableBytes room) {
  FLOTILLA_CHECK(room.size() > CheckpointChunk::kHeaderSize);
  room_ = room;
  at_ = CheckpointChunk::kHeaderSize;
  runs_ = run_entries_ = entries_ = 0;
  names_.clear();
  names_size_ = 0;
  numbers_.clear();
  last_name_ = {};
  last_number_ = 0;
}

bool CheckpointChunkWriter::begin_run(const IndexHead& head) {
  if (!fits(CheckpointChunk::kRunSize)) return false;
  run_at_ = at_;
  run_entries_ = 0;
  ++runs_;
  ByteWriter w(room_.data() + at_);
  w.le(head.partition.raw()).le(std::uint16_t{0}).le(run_entries_);
  w.le(head.last.raw()).le(head.records).le(std::uint32_t{0});
  at_ += CheckpointChunk::kRunSize;
  return true;
}

/// Its number in this chunk, from 1; 0: the record is in none.
std::uint16_t CheckpointChunkWriter::set_number(std::string_view name) {
  if (name.data() == last_name_.data() && name.size() == last_name_.size()) return last_number_;
  const auto [found, is_new] =
      numbers_.emplace(name, static_cast<std::uint16_t>(names_.size() + 1));
  if (is_new) {
    names_.push_back(name);
    names_size_ += 1 + name.size();
  }
  last_name_ = name;
  return last_number_ = found->second;
}

bool CheckpointChunkWriter::add(const IndexedRecord& record) {
  const RecordImage& image = record.image;
  FLOTILLA_CHECK(runs_ != 0 && image.set.size() <= UINT8_MAX);
  if (!fits(CheckpointChunk::kEntrySize + 1 + image.set.size()) || names_.size() == kNamesMost)
    return false;
  const std::uint16_t set = image.set.empty() ? std::uint16_t{0} : set_number(image.set);
  const std::uint32_t slot = record.at.slot();
  ByteWriter w(room_.data() + at_);
  w.bytes(image.digest.bytes).le(image.void_time).le(image.lsn.raw()).le(image.last_update.raw());
  w.le(record.body_size).le(record.at.offset).le(record.at.size);
  w.le(slot | std::uint32_t{image.flags} << 24).le(image.generation).le(set);
  at_ += CheckpointChunk::kEntrySize;
  ++entries_;
  store_le(room_.data() + run_at_ + 4, ++run_entries_);
  return true;
}

std::size_t CheckpointChunkWriter::finish(const CheckpointId& id, std::uint32_t index) {
  const auto names_at = static_cast<std::uint32_t>(at_);
  for (const std::string_view name : names_) {
    room_[at_++] = static_cast<std::byte>(name.size());
    std::ranges::copy(as_bytes(name), room_.begin() + static_cast<std::ptrdiff_t>(at_));
    at_ += name.size();
  }
  const MutableBytes whole = room_.first(at_);
  std::ranges::fill(whole.first(CheckpointChunk::kHeaderSize), std::byte{0});
  ByteWriter w(whole.data());
  w.bytes(as_bytes(kChunkMagic)).le(std::uint32_t{0}).le(static_cast<std::uint32_t>(at_));
  w.le(id.log_id).le(id.number).le(index).le(runs_).le(entries_).le(names_at);
  w.le(static_cast<std::uint32_t>(names_.size()));
  seal(whole);
  return at_;
}

// --------------------------------------------------------------------------------------------
// reading chunks

Result<CheckpointChunk> CheckpointChunk::parse(Bytes in, const CheckpointId& id,
                                               std::uint32_t index) {
  auto r = open_sealed(in, kChunkMagic, kHeaderSize);
  if (!r) return tl::unexpected(r.error());
  const std::size_t whole = kCoveredFrom + 4 + r->left();
  CheckpointId found;
  found.log_id = r->le<std::uint64_t>();
  found.number = r->le<std::uint64_t>();
  const bool wanted = found == id && r->le<std::uint32_t>() == index;
  if (!wanted) return fail(Code::Parameter, "it is of another checkpoint");
  const auto runs = r->le<std::uint32_t>();
  CheckpointChunk out;
  out.entries_ = r->le<std::uint32_t>();
  const auto names_at = r->le<std::uint32_t>();
  const auto names = r->le<std::uint32_t>();
  if (names_at < kHeaderSize || names_at > whole)
    return fail(Code::Parameter, "its counts are impossible");
  Reader body(in.subspan(kHeaderSize, names_at - kHeaderSize));
  std::uint64_t entries = 0;
  for (std::uint32_t i = 0; i < runs && body.ok(); ++i) {
    Run run;
    run.head.partition = wire::PartitionId(body.le<std::uint16_t>());
    body.le<std::uint16_t>();
    const auto count = body.le<std::uint32_t>();
    run.head.last = Lsn(body.le<std::uint64_t>());
    run.head.records = body.le<std::uint32_t>();
    body.le<std::uint32_t>();
    run.entries = body.bytes(std::size_t{count} * kEntrySize);
    entries += run.size();
    out.runs_.push_back(run);
  }
  Reader texts(in.subspan(names_at, whole - names_at));
  out.names_.emplace_back();
  for (std::uint32_t i = 0; i < names && texts.ok(); ++i)
    out.names_.push_back(texts.text(texts.be<std::uint8_t>()));
  const bool complete = body.ok() && body.left() == 0 && texts.ok() && texts.left() == 0;
  if (!complete || entries != out.entries_)
    return fail(Code::Parameter, "its counts are impossible");
  return out;
}

bool CheckpointChunk::read(const Run& run, std::size_t i, unsigned file, IndexedRecord& out) const {
  Reader r(run.entries.subspan(i * kEntrySize, kEntrySize));
  RecordImage& image = out.image;
  image.digest = wire::Digest::load(r.bytes(wire::Digest::kSize).data());
  image.void_time = r.le<std::uint32_t>();
  image.lsn = Lsn(r.le<std::uint64_t>());
  image.last_update = HlcTime(r.le<std::uint64_t>());
  out.body_size = r.le<std::uint32_t>();
  out.at.offset = r.le<std::uint32_t>();
  out.at.size = r.le<std::uint32_t>();
  const auto slot_and_flags = r.le<std::uint32_t>();
  out.at.segment = SegmentSlot(file << 24 | (slot_and_flags & 0xFFFFFF));
  image.flags = static_cast<std::uint8_t>(slot_and_flags >> 24);
  image.generation = r.le<std::uint16_t>();
  const auto set = r.le<std::uint16_t>();
  if (set >= names_.size()) return false;
  image.set = names_[set];
  return true;
}

}  // namespace flotilla::store
