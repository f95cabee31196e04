#include "store/stored_record.h"

#include "base/check.h"
#include "base/crc32c.h"

namespace flotilla::store {
namespace {

constexpr std::size_t kCoveredFrom = 4;  // The checksum does not cover itself.

std::size_t padded(std::size_t size) {
  return (size + StoredRecord::kAlign - 1) / StoredRecord::kAlign * StoredRecord::kAlign;
}

std::uint32_t salted(std::uint32_t crc, const StoredPlace& place) {
  std::array<std::byte, 20> salt;
  store_le(salt.data(), place.log_id);
  store_le(salt.data() + 8, place.segment);
  store_le(salt.data() + 16, place.offset);
  return crc32c(salt, crc);
}

}  // namespace

bool StoredRecord::checks_at(const StoredPlace& place) const {
  return salted(crc32c(covered), place) == crc;
}

Result<StoredRecord> StoredRecord::parse(Bytes in) {
  Reader r(in);
  StoredRecord record;
  record.crc = r.le<std::uint32_t>();
  record.size = r.le<std::uint32_t>();
  const Bytes digest = r.bytes(wire::Digest::kSize);
  RecordImage& image = record.image;
  image.void_time = r.le<std::uint32_t>();
  image.lsn = Lsn(r.le<std::uint64_t>());
  image.last_update = HlcTime(r.le<std::uint64_t>());
  image.generation = r.le<std::uint16_t>();
  image.flags = static_cast<std::uint8_t>(r.be<std::uint8_t>());
  const std::size_t set_size = r.be<std::uint8_t>();
  if (!r.ok()) return fail(Code::Parameter, "record: short header");
  if (record.padded_size() > in.size() || record.size > in.size())
    return fail(Code::Parameter, "record: size past the end");
  if (record.size < kHeaderSize + set_size)
    return fail(Code::Parameter, "record: size below header and set name");
  image.digest = wire::Digest::load(digest.data());
  image.set = r.text(set_size);
  image.body = r.bytes(record.size - kHeaderSize - set_size);
  record.covered = in.subspan(kCoveredFrom, record.padded_size() - kCoveredFrom);
  return record;
}

std::size_t stored_size(std::size_t set_name_size, std::size_t body_size) {
  return padded(StoredRecord::kHeaderSize + set_name_size + body_size);
}

std::size_t stored_size(const RecordImage& image) {
  return stored_size(image.set.size(), image.body.size());
}

StoredHead::StoredHead(const RecordImage& image) {
  FLOTILLA_CHECK(image.set.size() <= 255);
  std::byte* const at = bytes.data();
  store_le(at, std::uint32_t{0});
  store_le(at + 4, static_cast<std::uint32_t>(StoredRecord::kHeaderSize + image.set.size() +
                                              image.body.size()));
  std::memcpy(at + 8, image.digest.bytes.data(), wire::Digest::kSize);
  store_le(at + 28, image.void_time);
  store_le(at + 32, image.lsn.raw());
  store_le(at + 40, image.last_update.raw());
  store_le(at + 48, image.generation);
  at[50] = static_cast<std::byte>(image.flags);
  at[51] = static_cast<std::byte>(image.set.size());
}

RecordEncoder::RecordEncoder(const RecordImage& image) : image_(image), head_(image) {
  crc_ = crc32c(Bytes(head_.bytes).subspan(kCoveredFrom));
  crc_ = crc32c(as_bytes(image.set), crc_);
  crc_ = crc32c(image.body, crc_);
  const std::array<std::byte, StoredRecord::kAlign> zeros{};
  const std::size_t size = head_.bytes.size() + image.set.size() + image.body.size();
  crc_ = crc32c(Bytes(zeros).first(padded(size) - size), crc_);
}

std::size_t RecordEncoder::padded_size() const { return stored_size(image_); }

void RecordEncoder::write(MutableBytes to, const StoredPlace& place) const {
  FLOTILLA_CHECK(to.size() == padded_size());
  std::byte* at = to.data();
  std::memcpy(at, head_.bytes.data(), head_.bytes.size());
  store_le(at, salted(crc_, place));
  at += head_.bytes.size();
  if (!image_.set.empty()) std::memcpy(at, image_.set.data(), image_.set.size());
  at += image_.set.size();
  if (!image_.body.empty()) std::memcpy(at, image_.body.data(), image_.body.size());
  at += image_.body.size();
  std::memset(at, 0, static_cast<std::size_t>(to.data() + to.size() - at));
}

}  // namespace flotilla::store
