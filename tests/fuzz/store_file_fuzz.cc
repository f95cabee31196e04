// Recovery of any bytes as a data file: never crashes, and every record that it hands over has the
// digest, LSN and body of one that was written.
//
// Checksums keep random bytes out, so the input is a list of changes to a good file. One flag of a
// change recomputes the checksum of the structure that it hits, as no accident but an enemy would;
// that of records in an encrypted file alone, whose bodies are vouched for by more than that.
#include <algorithm>
#include <chrono>
#include <cstdint>

#include "base/check.h"
#include "base/crc32c.h"
#include "base/log.h"
#include "sim/keys.h"
#include "sim/log_driver.h"
#include "store/segment_scan.h"

namespace flotilla {
namespace {

using namespace std::chrono_literals;

constexpr std::uint32_t kSegment = store::kSegmentSizeMin;
constexpr std::uint32_t kSegments = 9;

store::LogOptions options(bool checkpoint, bool encrypted) {
  static const store::Encryption kKeys = sim::make_encryption("the operator's key");
  store::LogOptions out;
  if (encrypted) out.encryption = &kKeys;
  out.checkpoint = checkpoint;
  out.packs = true;
  if (checkpoint) out.tuning.packing = {.codec = store::Codec::Lz4};
  out.namespace_name = "test";
  out.fresh_id = 3;
  out.segment_size = kSegment;
  out.tuning.flush_size = 2048;
  return out;
}

Buffer body_of(std::uint32_t key) { return Buffer(key % 300, static_cast<std::byte>(key)); }

wire::Digest digest_of(std::uint32_t key) {
  wire::Digest digest;
  store_be(digest.bytes.data() + 2, key);
  return digest;
}

/// How the file was left.
enum class Left { Open, Closed, WithCheckpoint };

Buffer good_file(Left left, bool encrypted) {
  Random random(1);
  sim::Disk disk(std::size_t{kSegment} * kSegments, random);
  sim::DrivenLog node(options(left == Left::WithCheckpoint, encrypted), disk, Instant{1s});
  for (std::uint32_t i = 0; i < 120; ++i) {
    const std::uint32_t key = i % 90;
    const bool remove = i % 7 == 0;
    (void)node.owner.put(digest_of(key), {.lsn = store::Lsn(i + 1),
                                          .flags = remove ? store::kTombstone : std::uint8_t{0},
                                          .body = remove ? Buffer() : body_of(key)});
    if (i % 10 == 0) node.pass(1s);
  }
  node.pass(1s);
  if (left != Left::Open) node.close();
  return {disk.bytes().begin(), disk.bytes().end()};
}

/// Makes the root or chunk of a checkpoint that begins at `at` check again.
void reseal_checkpoint(MutableBytes at) {
  const std::string_view magic = as_text(at.first(8));
  if (magic != "flotroot" && magic != "flotchnk") return;
  const auto size = load_le<std::uint32_t>(at.data() + 12);
  if (size >= 12 && size <= at.size()) store_le(at.data() + 8, crc32c(at.subspan(12, size - 12)));
}

/// Makes whatever structure begins at `at` check again.
void reseal(MutableBytes at) {
  if (at.size() < store::FileHeader::kSize) return;
  const std::string_view magic = as_text(at.first(8));
  if (magic == "flotilla") {
    constexpr std::size_t kKeyAt = store::FileHeader::kSize;
    store_le(at.data() + 8, crc32c(at.subspan(12, kKeyAt - 12)));
    if (load_le<std::uint32_t>(at.data() + 12) == store::kLogVersionEncrypted)
      store_le(at.data() + kKeyAt,
               crc32c(at.subspan(kKeyAt + 4, store::FileHeader::kSizeEncrypted - kKeyAt - 4)));
  }
  if (magic == "flotsegm")
    store_le(at.data() + 8, crc32c(at.subspan(12, store::SegmentMark::kSize - 12)));
  if (magic.substr(0, 4) == "UNIT")
    store_le(at.data() + 4, crc32c(at.subspan(8, store::UnitHeader::kSize - 8)));
}

/// Where records of a good file stand, and how large they are.
struct Stored {
  std::size_t at = 0;
  std::size_t size = 0;
  store::StoredPlace place;
};
std::vector<Stored> records_of(Bytes file) {
  std::vector<Stored> out;
  for (std::size_t at = 0; at < file.size(); at += 512) {
    const auto unit = store::UnitHeader::parse(file.subspan(at));
    if (!unit) continue;
    for (std::size_t done = 0; done < unit->payload_size;) {
      const std::size_t where = at + store::UnitHeader::kSize + done;
      const auto record = store::StoredRecord::parse(file.subspan(where));
      FLOTILLA_CHECK(record.has_value());
      out.push_back({.at = where,
                     .size = record->padded_size(),
                     .place = {.log_id = unit->log_id,
                               .segment = unit->segment,
                               .offset = static_cast<std::uint32_t>(where % kSegment)}});
      done += record->padded_size();
    }
  }
  return out;
}

/// Makes records check again whose bytes `at` and the next three may have been changed.
void reseal_records(MutableBytes file, std::span<const Stored> records, std::size_t at) {
  for (const Stored& each : records) {
    if (at + 4 <= each.at || at >= each.at + each.size) continue;
    const MutableBytes bytes = file.subspan(each.at, each.size);
    const auto record = store::StoredRecord::parse(bytes);
    if (!record || record->padded_size() != each.size) continue;
    Buffer sealed(each.size);
    store::RecordEncoder(record->image).write(sealed, each.place);
    std::ranges::copy(sealed, bytes.begin());
  }
}

/// Serves only what was written: an owner that looks closely. Of a checkpoint that an enemy has
/// sealed again it can only say that no digest comes twice; what is read by it is checked then.
class Witness : public sim::PlainOwner {
 public:
  store::Recovered recovered(const store::RecordImage& image,
                             const store::RecordPlace& at) override {
    const auto key = load_be<std::uint32_t>(image.digest.bytes.data() + 2);
    const bool tombstone = (image.flags & store::kTombstone) != 0;
    FLOTILLA_CHECK(key < 90 && image.digest == digest_of(key) && image.set.empty());
    FLOTILLA_CHECK(equal(image.body, tombstone ? Buffer() : body_of(key)));
    FLOTILLA_CHECK(image.lsn.raw() >= 1 && image.lsn.raw() <= 120);
    return PlainOwner::recovered(image, at);
  }
};

}  // namespace
}  // namespace flotilla

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace flotilla;
  set_log_level(static_cast<LogLevel>(static_cast<int>(LogLevel::Critical) + 1));
  static const Buffer kGood[6] = {
      good_file(Left::Open, false),           good_file(Left::Closed, false),
      good_file(Left::WithCheckpoint, false), good_file(Left::Open, true),
      good_file(Left::Closed, true),          good_file(Left::WithCheckpoint, true)};
  Reader in(Bytes(reinterpret_cast<const std::byte*>(data), size));
  const bool raw = in.be<std::uint8_t>() == 0xFF;
  const std::uint8_t choice = in.be<std::uint8_t>();
  const std::uint8_t which = choice % 4;
  const bool encrypted = choice >= 0x80;
  static const std::vector<Stored> kRecords[3] = {records_of(kGood[3]), records_of(kGood[4]),
                                                  records_of(kGood[5])};
  Buffer file = kGood[which % 3 + (encrypted ? 3 : 0)];
  if (raw) {
    const Bytes rest = in.rest().first(std::min(in.left(), file.size()));
    std::ranges::copy(rest, file.begin());
  }
  while (!raw && in.left() >= 7) {
    const auto sector = static_cast<std::uint32_t>(in.be<std::uint16_t>() % (file.size() / 512));
    const std::uint32_t offset = in.be<std::uint8_t>();  // Headers stand at the start of sectors.
    const auto value = in.be<std::uint32_t>();
    const MutableBytes at = MutableBytes(file).subspan(sector * std::size_t{512});
    store_be(at.data() + offset / 2, value);
    if (offset % 2 != 0) reseal(at);
    if (offset % 2 != 0 && encrypted)
      reseal_records(file, kRecords[which % 3], sector * std::size_t{512} + offset / 2);
    // Entries stand in sectors that begin with no structure of their own.
    for (std::size_t back = 0; offset % 2 != 0 && back < kSegment; back += 512)
      if (back <= sector * std::size_t{512})
        reseal_checkpoint(MutableBytes(file).subspan(sector * std::size_t{512} - back));
  }
  Random random(1);
  sim::Disk disk(file.size(), random);
  for (std::size_t i = 0; i < file.size(); ++i) disk.damage(i, file[i]);
  Witness owner;
  const std::uint64_t sizes[] = {disk.size()};
  owner.parts = 1 + which % 2;
  store::Log log(options(true, encrypted), sizes, owner, owner);
  owner.attach(log);
  const auto feed = [&](const store::Log::Event& event) {
    for (const auto& request : log.step(0, Instant{1s}, event)) disk.submit(request);
  };
  feed(store::Log::Tick{});
  for (int i = 0; i < 10'000 && !disk.idle(); ++i) feed(disk.complete_first());
  FLOTILLA_CHECK(log.state(0) == store::Log::State::Ready ||
                 log.state(0) == store::Log::State::Refused);
  if (log.state(0) == store::Log::State::Ready && !disk.idle()) FLOTILLA_CHECK(false);
  return 0;
}
