#include "wire/request_writer.h"

#include "base/check.h"
#include "wire/frame.h"

namespace flotilla::wire {
namespace {

constexpr std::uint8_t kRepeat = 0x01;
constexpr std::uint8_t kHasInfo = 0x02;
constexpr std::uint8_t kHasGeneration = 0x04;
constexpr std::uint8_t kHasTtl = 0x08;
constexpr std::size_t kBatchFieldAt = FrameHeader::kSize + MessageHeader::kSize;
constexpr std::size_t kRowStartSize = 4 + Digest::kSize + 1;
// info1 to info3, generation, ttl, and the two counts.
constexpr std::size_t kAttributesSize = 3 + 2 + 4 + 4;

}  // namespace

void write_info_request(OutBuffer& out, std::span<const std::string_view> commands) {
  std::size_t size = 0;
  for (const std::string_view command : commands) size += command.size() + 1;
  FrameHeader{.kind = FrameKind::Info, .body_size = size}.write(out.grow(FrameHeader::kSize));
  for (const std::string_view command : commands) {
    out.append(as_bytes(command));
    *out.grow(1) = std::byte{'\n'};
  }
}

BatchWriter::BatchWriter(OutBuffer& out, MessageHeader parent, BatchHeader header)
    : out_(out), frame_at_(out.size()), rows_left_(header.count) {
  parent.info1 |= info1::kBatch;
  parent.n_fields = 1;
  parent.n_ops = 0;
  out_.grow(FrameHeader::kSize);
  parent.write(out_.grow(MessageHeader::kSize));
  std::byte* const at = out_.grow(4 + 1 + 4 + 1);
  at[4] = static_cast<std::byte>(FieldType::Batch);
  store_be(at + 5, header.count);
  at[9] = std::byte{header.flags};
}

std::byte* BatchWriter::start_row(std::uint32_t index, const Digest& digest,
                                  std::size_t attributes_size) {
  FLOTILLA_CHECK(rows_left_ > 0);
  end_row();
  --rows_left_;
  std::byte* const at = out_.grow(kRowStartSize + attributes_size);
  store_be(at, index);
  std::memcpy(at + 4, digest.bytes.data(), Digest::kSize);
  return at + 4 + Digest::kSize;
}

void BatchWriter::row(std::uint32_t index, const Digest& digest, const MessageHeader& header) {
  std::byte* at = start_row(index, digest, kAttributesSize);
  at[0] = std::byte{kHasInfo | kHasGeneration | kHasTtl};
  at[1] = std::byte{header.info1};
  at[2] = std::byte{header.info2};
  at[3] = std::byte{header.info3};
  store_be(at + 4, static_cast<std::uint16_t>(header.generation));
  store_be(at + 6, header.ttl);
  counts_at_ = out_.size() - 4;
  n_fields_ = n_ops_ = 0;
}

void BatchWriter::repeat_row(std::uint32_t index, const Digest& digest) {
  *start_row(index, digest, 0) = std::byte{kRepeat};
}

void BatchWriter::field(FieldType type, Bytes value) {
  write_field(out_, type, value);
  ++n_fields_;
}

void BatchWriter::op(OpType type, std::string_view name, ParticleType particle_type, Bytes value) {
  write_op(out_, {type, particle_type, name, value});
  ++n_ops_;
}

void BatchWriter::end_row() {
  if (counts_at_ == 0) return;
  store_be(out_.data(counts_at_), n_fields_);
  store_be(out_.data(counts_at_ + 2), n_ops_);
  counts_at_ = 0;
}

void BatchWriter::finish() {
  FLOTILLA_CHECK(rows_left_ == 0);
  end_row();
  const std::size_t body_size = out_.size() - frame_at_ - FrameHeader::kSize;
  const std::size_t field_size = body_size - MessageHeader::kSize - 4;
  std::byte* const frame = out_.data(frame_at_);
  FrameHeader{.kind = FrameKind::Message, .body_size = body_size}.write(frame);
  store_be(frame + kBatchFieldAt, static_cast<std::uint32_t>(field_size));
}

}  // namespace flotilla::wire
