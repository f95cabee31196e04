#include "client/operation.h"

#include "base/check.h"
#include "client/codec.h"

namespace flotilla::client {

using wire::OpType;

bool Operation::is_write() const {
  switch (type) {
    case OpType::Read:
    case OpType::CdtRead:
    case OpType::ExpRead:
    case OpType::BitsRead:
    case OpType::HllRead:
      return false;
    default:
      return true;
  }
}

namespace op {
namespace {

Operation cdt(OpType type, std::string_view bin, std::int64_t code,
              std::span<const Value> arguments) {
  List call{.items = {Value(code)}, .is_ordered = false};
  call.items.insert(call.items.end(), arguments.begin(), arguments.end());
  Buffer packed;
  // Arguments that nest too deeply become an operation without a code, which every server refuses.
  const auto done = pack(Value(std::move(call)), packed);
  if (!done) packed.clear();
  return {type, std::string(bin), Value(Blob{.bytes = std::move(packed)})};
}

}  // namespace

Operation read(std::string_view bin) { return {OpType::Read, std::string(bin), Nil{}}; }
Operation read_all() { return {OpType::Read, {}, Nil{}}; }
Operation write(std::string_view bin, Value value) {
  return {OpType::Write, std::string(bin), std::move(value)};
}
Operation add(std::string_view bin, Value number) {
  return {OpType::Increment, std::string(bin), std::move(number)};
}
Operation append(std::string_view bin, Value text_or_blob) {
  return {OpType::Append, std::string(bin), std::move(text_or_blob)};
}
Operation prepend(std::string_view bin, Value text_or_blob) {
  return {OpType::Prepend, std::string(bin), std::move(text_or_blob)};
}
Operation touch() { return {OpType::Touch, {}, Nil{}}; }
Operation remove_all() { return {OpType::DeleteAll, {}, Nil{}}; }
Operation cdt_read(std::string_view bin, std::int64_t code, std::span<const Value> arguments) {
  return cdt(OpType::CdtRead, bin, code, arguments);
}
Operation cdt_modify(std::string_view bin, std::int64_t code, std::span<const Value> arguments) {
  return cdt(OpType::CdtModify, bin, code, arguments);
}

}  // namespace op
}  // namespace flotilla::client
