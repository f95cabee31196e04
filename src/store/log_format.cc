#include "store/log_format.h"

#include <algorithm>

#include "base/check.h"
#include "base/crc32c.h"
#include "byte_writer.h"

namespace flotilla::store {
namespace {

constexpr std::string_view kFileMagic = "flotilla";
constexpr std::string_view kMarkMagic = "flotsegm";
constexpr std::uint32_t kUnitMagic = 0x54494E55;  // "UNIT"
constexpr std::size_t kNameSize = 32;
constexpr std::size_t kMagicSize = 8;
constexpr std::size_t kCrcAt = 8;  // After the magic of headers and marks; covers what follows it.

ByteWriter& put(ByteWriter& w, const LogPoint& point) {
  return w.le(point.segment).le(point.offset);
}

LogPoint point(Reader& r) {
  LogPoint out;
  out.segment = r.le<std::uint64_t>();
  out.offset = r.le<std::uint32_t>();
  return out;
}

bool blank(Bytes in) {
  return std::ranges::all_of(in, [](std::byte b) { return b == std::byte{0}; });
}

void seal(MutableBytes whole, std::size_t crc_at) {
  store_le(whole.data() + crc_at, crc32c(whole.subspan(crc_at + 4)));
}

bool sealed(Bytes whole, std::size_t crc_at) {
  return load_le<std::uint32_t>(whole.data() + crc_at) == crc32c(whole.subspan(crc_at + 4));
}

/// What stands behind the header of an encrypted file.
bool parse_key(Bytes sector, FileHeader& out) {
  const Bytes in = sector.first(FileHeader::kSizeEncrypted).subspan(FileHeader::kSize);
  Reader r(in);
  r.le<std::uint32_t>();
  out.key.cipher = static_cast<Cipher>(r.le<std::uint16_t>());
  out.packs = r.le<std::uint16_t>() != 0;
  for (const MutableBytes to :
       {MutableBytes(out.key.salt), MutableBytes(out.key.key), MutableBytes(out.key.tag)})
    std::ranges::copy(r.bytes(to.size()), to.begin());
  const bool known = out.key.cipher == Cipher::Aes128 || out.key.cipher == Cipher::Aes256;
  return known && sealed(in, 0);
}

}  // namespace

void FileHeader::allow_packed() {
  packs = true;
  version = std::max(version, kLogVersionPacked);
}

void FileHeader::set_key(const WrappedKey& to) {
  key = to;
  version = kLogVersionEncrypted;
}

void FileHeader::encode(MutableBytes to) const {
  FLOTILLA_CHECK(to.size() == kSectorSize && namespace_name.size() < kNameSize);
  std::ranges::fill(to, std::byte{0});
  ByteWriter w(to.data());
  w.bytes(as_bytes(kFileMagic)).le(std::uint32_t{0}).le(version);
  w.le(sequence).le(log_id).bytes(instance);
  std::array<std::byte, kNameSize> name{};
  std::memcpy(name.data(), namespace_name.data(), namespace_name.size());
  w.bytes(name)
      .le(file_index)
      .le(file_count)
      .le(segment_size)
      .le(segments)
      .le(align)
      .le(created.ms);
  w.le(boot).le(std::uint32_t{clean});
  put(w, end).le(checkpoint);
  seal(to.first(kSize), kCrcAt);
  if (version < kLogVersionEncrypted) return;
  w.le(std::uint32_t{0}).le(static_cast<std::uint16_t>(key.cipher)).le(std::uint16_t{packs});
  w.bytes(key.salt).bytes(key.key).bytes(key.tag);
  seal(to.first(kSizeEncrypted).subspan(kSize), 0);
}

FileHeader::State FileHeader::parse(Bytes in, FileHeader& out) {
  FLOTILLA_CHECK(in.size() == kSectorSize);
  if (blank(in)) return State::Blank;
  Reader r(in.first(kSize));
  if (r.text(kMagicSize) != kFileMagic) return State::Foreign;
  r.le<std::uint32_t>();
  out.version = r.le<std::uint32_t>();
  // Magic, checksum, version and what the checksum covers stay as they are in all versions to come.
  if (!sealed(in.first(kSize), kCrcAt)) return State::Damaged;
  if (out.version > kLogVersion) return State::Newer;
  out.sequence = r.le<std::uint64_t>();
  out.log_id = r.le<std::uint64_t>();
  std::ranges::copy(r.bytes(out.instance.size()), out.instance.begin());
  const std::string_view name = r.text(kNameSize);
  out.namespace_name = name.substr(0, name.find('\0'));
  out.file_index = r.le<std::uint16_t>();
  out.file_count = r.le<std::uint16_t>();
  out.segment_size = r.le<std::uint32_t>();
  out.segments = r.le<std::uint32_t>();
  out.align = r.le<std::uint32_t>();
  out.created.ms = r.le<std::uint64_t>();
  out.boot = r.le<std::uint32_t>();
  out.clean = r.le<std::uint32_t>() != 0;
  out.end = point(r);
  out.checkpoint = r.le<std::uint32_t>();
  out.packs = out.version == kLogVersionPacked;
  const bool key_fits = out.version < kLogVersionEncrypted || parse_key(in, out);
  const bool sizes_fit = out.segment_size >= kSegmentSizeMin &&
                         out.segment_size <= kSegmentSizeMax && out.segment_size % 4096 == 0 &&
                         (out.align == 512 || out.align == 4096);
  return r.ok() && key_fits && sizes_fit && !out.namespace_name.empty() &&
                 out.namespace_name.size() < kNameSize
             ? State::Valid
             : State::Damaged;
}

void SegmentMark::encode(MutableBytes to) const {
  FLOTILLA_CHECK(to.size() >= kSize);
  std::ranges::fill(to, std::byte{0});
  ByteWriter w(to.data());
  w.bytes(as_bytes(kMarkMagic)).le(std::uint32_t{0}).le(static_cast<std::uint32_t>(state));
  w.le(log_id).le(number).le(slot).le(end).le(torn_from).le(records);
  put(w, synced);
  seal(to.first(kSize), kCrcAt);
}

SegmentMark::Reading SegmentMark::parse(Bytes in, SegmentMark& out) {
  FLOTILLA_CHECK(in.size() >= kSize);
  in = in.first(kSize);
  if (blank(in)) return Reading::Blank;
  Reader r(in);
  if (r.text(kMagicSize) != kMarkMagic || !sealed(in, kCrcAt)) return Reading::Damaged;
  r.le<std::uint32_t>();
  const auto state = r.le<std::uint32_t>();
  if (state < 1 || state > 3) return Reading::Damaged;
  out.state = static_cast<State>(state);
  out.log_id = r.le<std::uint64_t>();
  out.number = r.le<std::uint64_t>();
  out.slot = r.le<std::uint32_t>();
  out.end = r.le<std::uint32_t>();
  out.torn_from = r.le<std::uint32_t>();
  out.records = r.le<std::uint32_t>();
  out.synced = point(r);
  return Reading::Valid;
}

void UnitHeader::encode(MutableBytes to) const {
  FLOTILLA_CHECK(to.size() >= kSize);
  ByteWriter w(to.data());
  w.le(kUnitMagic).le(std::uint32_t{0}).le(log_id).le(segment).le(offset).le(index);
  w.le(payload_size).le(records);
  put(w, synced);
  std::ranges::fill(to.subspan(kSize - 12, 12), std::byte{0});
  seal(to.first(kSize), 4);
}

Result<UnitHeader> UnitHeader::parse(Bytes in) {
  if (in.size() < kSize) return fail(Code::Parameter, "unit: short header");
  Reader r(in.first(kSize));
  if (r.le<std::uint32_t>() != kUnitMagic) return fail(Code::Parameter, "unit: magic");
  if (!sealed(in.first(kSize), 4)) return fail(Code::Parameter, "unit: checksum");
  r.le<std::uint32_t>();
  UnitHeader out;
  out.log_id = r.le<std::uint64_t>();
  out.segment = r.le<std::uint64_t>();
  out.offset = r.le<std::uint32_t>();
  out.index = r.le<std::uint32_t>();
  out.payload_size = r.le<std::uint32_t>();
  out.records = r.le<std::uint32_t>();
  out.synced = point(r);
  return out;
}

}  // namespace flotilla::store
