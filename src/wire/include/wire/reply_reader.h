#pragma once

#include "wire/message.h"

namespace flotilla::wire {

/// Walks the messages in the body of one reply frame: one for a single record, many for a batch or
/// a query. Views into the body, which must outlive it. The bytes come from a peer: every bound is
/// checked.
///
///   ReplyReader reply(body);
///   while (reply.left() > 0) { if (!reply.next()) ...; use reply.header(), fields(), ops(); }
class ReplyReader {
 public:
  explicit ReplyReader(Bytes body) : rest_(body) {}

  std::size_t left() const { return rest_.left(); }
  /// Reads one message. Parameter: it is short, or a field or an operation runs over the end.
  Result<void> next();

  const MessageHeader& header() const { return header_; }
  const Fields& fields() const { return fields_; }
  const Ops& ops() const { return ops_; }
  /// The stream of a batch or a query ends here.
  bool is_last() const { return (header_.info3 & info3::kLast) != 0; }

 private:
  Reader rest_;
  MessageHeader header_;
  Fields fields_;
  Ops ops_;
};

}  // namespace flotilla::wire
