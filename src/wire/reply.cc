#include "wire/reply.h"

#include "base/check.h"
#include "wire/frame.h"

namespace flotilla::wire {

void write_field(OutBuffer& out, FieldType type, Bytes value) {
  std::byte* const at = out.grow(5 + value.size());
  store_be(at, static_cast<std::uint32_t>(value.size() + 1));
  at[4] = static_cast<std::byte>(type);
  if (!value.empty()) std::memcpy(at + 5, value.data(), value.size());
}

void write_op(OutBuffer& out, const Op& op, Bytes rest_of_value) {
  const auto& [type, particle_type, name, value] = op;
  const std::size_t size = name.size() + value.size() + rest_of_value.size();
  std::byte* at = out.grow(Op::kHeaderSize + size);
  store_be(at, static_cast<std::uint32_t>(4 + size));
  at[4] = static_cast<std::byte>(type);
  at[5] = static_cast<std::byte>(particle_type);
  at[6] = std::byte{0};
  at[7] = static_cast<std::byte>(name.size());
  at += Op::kHeaderSize;
  if (!name.empty()) std::memcpy(at, name.data(), name.size());
  at += name.size();
  if (!value.empty()) std::memcpy(at, value.data(), value.size());
  if (!rest_of_value.empty())
    std::memcpy(at + value.size(), rest_of_value.data(), rest_of_value.size());
}

ReplyWriter::ReplyWriter(OutBuffer& out) : out_(out), frame_at_(out.size()) {
  out_.grow(FrameHeader::kSize);
}

void ReplyWriter::begin(const MessageHeader& header) {
  message_at_ = out_.size();
  header.write(out_.grow(MessageHeader::kSize));
  n_fields_ = n_ops_ = 0;
  open_ = true;
}

void ReplyWriter::field(FieldType type, Bytes value) {
  write_field(out_, type, value);
  ++n_fields_;
}

void ReplyWriter::op(OpType type, std::string_view name, ParticleType particle_type, Bytes value) {
  write_op(out_, {type, particle_type, name, value});
  ++n_ops_;
}

void ReplyWriter::op(OpType type, std::string_view name, ParticleType particle_type, Bytes head,
                     Bytes rest) {
  write_op(out_, {type, particle_type, name, head}, rest);
  ++n_ops_;
}

void ReplyWriter::set_header(const MessageHeader& header) {
  FLOTILLA_CHECK(open_);
  header.write(out_.data(message_at_));
}

void ReplyWriter::end() {
  FLOTILLA_CHECK(open_);
  std::byte* const header = out_.data(message_at_);
  store_be(header + 18, n_fields_);
  store_be(header + 20, n_ops_);
  open_ = false;
}

void ReplyWriter::abandon() {
  FLOTILLA_CHECK(open_);
  out_.truncate(message_at_);
  open_ = false;
}

void ReplyWriter::message(Bytes whole) {
  FLOTILLA_CHECK(!open_);
  message_at_ = out_.size();
  out_.append(whole);
}

void ReplyWriter::drop_last() {
  FLOTILLA_CHECK(!open_);
  out_.truncate(message_at_);
}

void ReplyWriter::finish() {
  FLOTILLA_CHECK(!open_);
  const std::size_t size = frame_size();
  if (size == FrameHeader::kSize) {
    out_.truncate(frame_at_);
    return;
  }
  FrameHeader{.kind = FrameKind::Message, .body_size = size - FrameHeader::kSize}.write(
      out_.data(frame_at_));
}

void write_header_reply(OutBuffer& out, const MessageHeader& header) {
  std::byte* const at = out.grow(FrameHeader::kSize + MessageHeader::kSize);
  FrameHeader{.kind = FrameKind::Message, .body_size = MessageHeader::kSize}.write(at);
  header.write(at + FrameHeader::kSize);
}

}  // namespace flotilla::wire
