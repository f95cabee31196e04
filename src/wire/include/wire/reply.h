#pragma once

#include "base/out_buffer.h"
#include "wire/message.h"

namespace flotilla::wire {

/// One field or one operation, as they stand in messages both ways and in the rows of a batch
/// request.
void write_field(OutBuffer& out, FieldType type, Bytes value);
void write_op(OutBuffer& out, const Op& op, Bytes rest_of_value = {});

/// Writes messages of a reply into a connection's send buffer: one frame, in it one message or many
/// (batch, query).
///
///   ReplyWriter reply(out);           // Reserves the frame header.
///   reply.begin(header);              // One message; counts of fields and operations are filled
///   in by finish(). reply.field(...); reply.op(...); reply.finish();                   // Frame
///   size patched; nothing reaches the socket before.
///
/// An unfinished message can be taken back with abandon(): everything since begin() is dropped.
class ReplyWriter {
 public:
  explicit ReplyWriter(OutBuffer& out);
  ReplyWriter(const ReplyWriter&) = delete;
  ReplyWriter& operator=(const ReplyWriter&) = delete;

  void begin(const MessageHeader& header);
  void field(FieldType type, Bytes value);
  void op(OpType type, std::string_view name, ParticleType particle_type, Bytes value);
  /// The same with a value in two parts.
  void op(OpType type, std::string_view name, ParticleType particle_type, Bytes head, Bytes rest);
  /// The begun message's header, for what is known only at its end.
  void set_header(const MessageHeader& header);
  void end();
  void abandon();
  /// A whole message that was written elsewhere.
  void message(Bytes whole);
  /// Drops the message that end() or message() closed last; once.
  void drop_last();
  /// Ends the frame. A frame without messages is taken back whole.
  void finish();

  std::size_t frame_size() const { return out_.size() - frame_at_; }
  /// The result of the message that began when frame_size() was `offset`; zero: success.
  Code result_at(std::size_t offset) const {
    return static_cast<Code>(out_.data(frame_at_ + offset)[MessageHeader::kResultAt]);
  }
  bool message_open() const { return open_; }
  std::uint16_t ops() const { return n_ops_; }

 private:
  OutBuffer& out_;
  std::size_t frame_at_;
  std::size_t message_at_ = 0;
  std::uint16_t n_fields_ = 0;
  std::uint16_t n_ops_ = 0;
  bool open_ = false;
};

/// A whole reply that is a header alone: most writes, all errors.
void write_header_reply(OutBuffer& out, const MessageHeader& header);

}  // namespace flotilla::wire
