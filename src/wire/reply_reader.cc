#include "wire/reply_reader.h"

namespace flotilla::wire {

Result<void> ReplyReader::next() {
  const Bytes header = rest_.bytes(MessageHeader::kSize);
  if (!rest_.ok()) return fail(Code::Parameter, "reply: short header");
  header_ = MessageHeader::load(header.data());
  fields_ = Fields();
  if (!fields_.parse(rest_, header_.n_fields)) return fail(Code::Parameter, "reply: field");
  if (!ops_.parse(rest_, header_.n_ops)) return fail(Code::Parameter, "reply: operation");
  return {};
}

}  // namespace flotilla::wire
