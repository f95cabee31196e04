#include "client/operation.h"

#include "client/codec.h"
#include "operation_call.h"

namespace flotilla::client {

using wire::OpType;

namespace {

constexpr std::int64_t kContext = 0xFF;  // In front of a call that has one.

}  // namespace

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

Operation make_call(OpType type, std::string_view bin, std::int64_t code,
                    std::span<const Value> arguments, const Context& context) {
  List call{.items = {Value(code)}, .is_ordered = false};
  call.items.insert(call.items.end(), arguments.begin(), arguments.end());
  if (!context.is_empty())
    call = {
        .items = {Value(kContext), Value(List{.items = context.steps()}), Value(std::move(call))},
        .is_ordered = false};
  Buffer packed;
  // Arguments that nest too deeply become an operation without a code, which every server refuses.
  const auto done = pack(Value(std::move(call)), packed);
  if (!done) packed.clear();
  return {type, std::string(bin), Value(Blob{.bytes = std::move(packed)})};
}

std::int64_t flag_bits(std::initializer_list<bool> bits) {
  std::int64_t flags = 0;
  std::int64_t bit = 1;
  for (const bool is_set : bits) {
    if (is_set) flags |= bit;
    bit *= 2;
  }
  return flags;
}

namespace op {
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
  return make_call(OpType::CdtRead, bin, code, arguments);
}
Operation cdt_modify(std::string_view bin, std::int64_t code, std::span<const Value> arguments) {
  return make_call(OpType::CdtModify, bin, code, arguments);
}

}  // namespace op
}  // namespace flotilla::client
