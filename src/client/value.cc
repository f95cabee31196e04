#include "client/value.h"

namespace flotilla::client {

Value::Value(List value) : variant_(std::move(value)) {}
Value::Value(Map value) : variant_(std::move(value)) {}

bool operator==(const List& a, const List& b) {
  return a.is_ordered == b.is_ordered && a.items == b.items;
}

bool operator==(const Map& a, const Map& b) { return a.order == b.order && a.entries == b.entries; }

}  // namespace flotilla::client
