#include "client/bit_operations.h"

#include "operation_call.h"

namespace flotilla::client::op::bits {
namespace {

using wire::OpType;

std::int64_t flags(const Policy& p) {
  return flag_bits({p.create_only, p.update_only, p.no_fail, p.partial});
}

Value blob(Buffer bytes) { return Blob{.bytes = std::move(bytes)}; }

Operation modify(std::string_view bin, std::int64_t code, const std::vector<Value>& arguments) {
  return make_call(OpType::BitsModify, bin, code, arguments);
}
Operation read(std::string_view bin, std::int64_t code, const std::vector<Value>& arguments) {
  return make_call(OpType::BitsRead, bin, code, arguments);
}

std::vector<Value> arithmetic(Range range, std::int64_t value, Arithmetic how,
                              const Policy& policy) {
  return {range.offset, range.size, value, flags(policy),
          static_cast<std::int64_t>(how.overflow) | flag_bits({how.is_signed})};
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
Operation set(std::string_view bin, Range range, Buffer bytes, const Policy& policy) {
  return modify(bin, 3, {range.offset, range.size, blob(std::move(bytes)), flags(policy)});
}
Operation bit_or(std::string_view bin, Range range, Buffer bytes, const Policy& policy) {
  return modify(bin, 4, {range.offset, range.size, blob(std::move(bytes)), flags(policy)});
}
Operation bit_xor(std::string_view bin, Range range, Buffer bytes, const Policy& policy) {
  return modify(bin, 5, {range.offset, range.size, blob(std::move(bytes)), flags(policy)});
}
Operation bit_and(std::string_view bin, Range range, Buffer bytes, const Policy& policy) {
  return modify(bin, 6, {range.offset, range.size, blob(std::move(bytes)), flags(policy)});
}
Operation bit_not(std::string_view bin, Range range, const Policy& policy) {
  return modify(bin, 7, {range.offset, range.size, flags(policy)});
}
Operation shift_left(std::string_view bin, Range range, std::int64_t by, const Policy& policy) {
  return modify(bin, 8, {range.offset, range.size, by, flags(policy)});
}
Operation shift_right(std::string_view bin, Range range, std::int64_t by, const Policy& policy) {
  return modify(bin, 9, {range.offset, range.size, by, flags(policy)});
}
Operation add(std::string_view bin, Range range, std::int64_t value, Arithmetic how,
              const Policy& policy) {
  return modify(bin, 10, arithmetic(range, value, how, policy));
}
Operation subtract(std::string_view bin, Range range, std::int64_t value, Arithmetic how,
                   const Policy& policy) {
  return modify(bin, 11, arithmetic(range, value, how, policy));
}
Operation set_integer(std::string_view bin, Range range, std::int64_t value, const Policy& policy) {
  return modify(bin, 12, {range.offset, range.size, value, flags(policy)});
}
Operation get(std::string_view bin, Range range) {
  return read(bin, 50, {range.offset, range.size});
}
Operation count(std::string_view bin, Range range) {
  return read(bin, 51, {range.offset, range.size});
}
Operation find_first(std::string_view bin, Range range, bool value) {
  return read(bin, 52, {range.offset, range.size, value});
}
Operation find_last(std::string_view bin, Range range, bool value) {
  return read(bin, 53, {range.offset, range.size, value});
}
Operation get_integer(std::string_view bin, Range range, bool is_signed) {
  std::vector<Value> arguments = {range.offset, range.size};
  if (is_signed) arguments.emplace_back(1);
  return read(bin, 54, arguments);
}

}  // namespace flotilla::client::op::bits
