#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "client/value.h"
#include "wire/message.h"

namespace flotilla::client {

/// One step of operate(): what to do with which bin. Steps of one call happen in order, all or
/// none.
struct Operation {
  wire::OpType type;
  std::string bin;  // Empty where the whole record is meant.
  Value value;      // Nil where none is sent.

  bool is_write() const;
};

/// The operations by name.
namespace op {
Operation read(std::string_view bin);
/// All bins; only once in a call.
Operation read_all();
/// A Nil value removes the bin.
Operation write(std::string_view bin, Value value);
Operation add(std::string_view bin, Value number);
Operation append(std::string_view bin, Value text_or_blob);
Operation prepend(std::string_view bin, Value text_or_blob);
Operation touch();
/// Removes all bins; later writes of the same call start from an empty record.
Operation remove_all();
/// A list or map operation: its code (docs/formats/wire.md) and arguments in order.
Operation cdt_read(std::string_view bin, std::int64_t code, std::span<const Value> arguments = {});
Operation cdt_modify(std::string_view bin, std::int64_t code,
                     std::span<const Value> arguments = {});
}  // namespace op

}  // namespace flotilla::client
