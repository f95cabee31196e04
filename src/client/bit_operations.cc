#include "client/bit_operations.h"

#include "operation_call.h"

namespace flotilla::client::op::bits {
namespace {

using wire::OpType;

std::int64_t flags(const Policy& p) {
  return (p.create_only ? 1 : 0) | (p.update_only ? 2 : 0) | (p.no_fail ? 4 : 0) |
         (p.partial ? 8 : 0);
}

Value blob(Buffer bytes) { return Blob{.bytes = std::move(bytes)}; }

Operation modify(std::string_view bin, std::int64_t code, const std::vector<Value>& arguments) {
  return make_call(OpType::BitsModify, bin, code, arguments);
}
Operation read(std::string_view bin, std::int64_t code, const std::vector<Value>& arguments) {
  return make_call(OpType::BitsRead, bin, code, arguments);
}

Operation arithmetic(std::string_view bin, std::int64_t code, std::int64_t offset,
                     std::int64_t size, std::int64_t value, bool is_signed, Overflow overflow,
                     const Policy& policy) {
  return modify(bin, code,
                {offset, size, value, flags(policy),
                 static_cast<std::int64_t>(overflow) | (is_signed ? 1 : 0)});
}

}  // namespace

Operation resize(std::string_view bin, std::int64_t size, Resize how, const Policy& policy) {
  return modify(bin, 0, {size, flags(policy), static_cast<std::int64_t>(how)});
}
Operation insert(std::string_view bin, std::int64_t offset, Buffer bytes, const Policy& policy) {
  return modify(bin, 1, {offset, blob(std::move(bytes)), flags(policy)});
}
Operation remove(std::string_view bin, std::int64_t offset, std::int64_t size,
                 const Policy& policy) {
  return modify(bin, 2, {offset, size, flags(policy)});
}
Operation set(std::string_view bin, std::int64_t offset, std::int64_t size, Buffer bytes,
              const Policy& policy) {
  return modify(bin, 3, {offset, size, blob(std::move(bytes)), flags(policy)});
}
Operation bit_or(std::string_view bin, std::int64_t offset, std::int64_t size, Buffer bytes,
                 const Policy& policy) {
  return modify(bin, 4, {offset, size, blob(std::move(bytes)), flags(policy)});
}
Operation bit_xor(std::string_view bin, std::int64_t offset, std::int64_t size, Buffer bytes,
                  const Policy& policy) {
  return modify(bin, 5, {offset, size, blob(std::move(bytes)), flags(policy)});
}
Operation bit_and(std::string_view bin, std::int64_t offset, std::int64_t size, Buffer bytes,
                  const Policy& policy) {
  return modify(bin, 6, {offset, size, blob(std::move(bytes)), flags(policy)});
}
Operation bit_not(std::string_view bin, std::int64_t offset, std::int64_t size,
                  const Policy& policy) {
  return modify(bin, 7, {offset, size, flags(policy)});
}
Operation shift_left(std::string_view bin, std::int64_t offset, std::int64_t size, std::int64_t by,
                     const Policy& policy) {
  return modify(bin, 8, {offset, size, by, flags(policy)});
}
Operation shift_right(std::string_view bin, std::int64_t offset, std::int64_t size, std::int64_t by,
                      const Policy& policy) {
  return modify(bin, 9, {offset, size, by, flags(policy)});
}
Operation add(std::string_view bin, std::int64_t offset, std::int64_t size, std::int64_t value,
              bool is_signed, Overflow overflow, const Policy& policy) {
  return arithmetic(bin, 10, offset, size, value, is_signed, overflow, policy);
}
Operation subtract(std::string_view bin, std::int64_t offset, std::int64_t size, std::int64_t value,
                   bool is_signed, Overflow overflow, const Policy& policy) {
  return arithmetic(bin, 11, offset, size, value, is_signed, overflow, policy);
}
Operation set_integer(std::string_view bin, std::int64_t offset, std::int64_t size,
                      std::int64_t value, const Policy& policy) {
  return modify(bin, 12, {offset, size, value, flags(policy)});
}
Operation get(std::string_view bin, std::int64_t offset, std::int64_t size) {
  return read(bin, 50, {offset, size});
}
Operation count(std::string_view bin, std::int64_t offset, std::int64_t size) {
  return read(bin, 51, {offset, size});
}
Operation find_first(std::string_view bin, std::int64_t offset, std::int64_t size, bool value) {
  return read(bin, 52, {offset, size, value});
}
Operation find_last(std::string_view bin, std::int64_t offset, std::int64_t size, bool value) {
  return read(bin, 53, {offset, size, value});
}
Operation get_integer(std::string_view bin, std::int64_t offset, std::int64_t size,
                      bool is_signed) {
  std::vector<Value> arguments = {offset, size};
  if (is_signed) arguments.emplace_back(1);
  return read(bin, 54, arguments);
}

}  // namespace flotilla::client::op::bits
