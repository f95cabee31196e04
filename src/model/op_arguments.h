#pragma once

#include <cstdint>

#include "model/msgpack.h"

namespace flotilla::model {

/// Memory that the operations of one command may take from its arena before they are refused with
/// TooBig: chained operations on large values would otherwise multiply.
inline constexpr std::size_t kScratchMax = 256U << 20;
/// Bytes that they may walk through: thousands of searches in one large value would keep a thread
/// for minutes.
inline constexpr std::size_t kWalkMax = 1U << 30;
inline Result<void> check_room(const Arena& arena, std::size_t more = 0) {
  if (arena.used() + more <= kScratchMax && arena.walked() <= kWalkMax) return {};
  return fail(Code::TooBig, "too much in one command");
}

/// The msgpack list `[opcode, argument...]` of a bit or HLL operation, read from left to right.
/// What is missing or of another type reads as zero and latches ok() to false, so that an operation
/// reads all it wants and asks once.
class OpArguments {
 public:
  /// Not ok when `op` is no list that begins with an integer.
  explicit OpArguments(Bytes op) : at_({}) {
    const msgpack::Container list = msgpack::open(op);
    at_ = msgpack::Cursor(list.elements);
    left_ = list.count;
    ok_ = list.kind == msgpack::Kind::List && list.flags == 0;
    opcode_ = integer();
  }

  bool ok() const { return ok_ && at_.ok(); }
  std::int64_t opcode() const { return opcode_; }
  /// Arguments not read yet.
  std::uint32_t left() const { return left_; }

  /// Any 64 bits: what does not fit a signed integer wraps.
  std::int64_t integer() { return next(msgpack::Kind::Integer).integer(); }
  std::uint64_t unsigned_integer() {
    const msgpack::Head head = next(msgpack::Kind::Integer);
    if (head.is_negative) ok_ = false;
    return head.bits;
  }
  bool boolean() {
    const msgpack::Head head = next();
    ok_ = ok_ && (head.kind == msgpack::Kind::True || head.kind == msgpack::Kind::False);
    return head.kind == msgpack::Kind::True;
  }
  /// Raw bytes of any type, without the type byte.
  Bytes content() {
    const msgpack::Head head = next();
    ok_ = ok_ && head.is_raw();
    return head.content();
  }
  /// The next argument as it is encoded.
  Bytes encoded() {
    take();
    return ok_ ? at_.skip() : Bytes{};
  }

 private:
  void take() {
    if (left_ == 0) {
      ok_ = false;
    } else {
      --left_;
    }
  }
  msgpack::Head next() {
    take();
    return ok_ ? at_.next() : msgpack::Head{};
  }
  msgpack::Head next(msgpack::Kind kind) {
    const msgpack::Head head = next();
    ok_ = ok_ && head.kind == kind;
    return head;
  }

  msgpack::Cursor at_;
  std::uint32_t left_ = 0;
  bool ok_ = true;
  std::int64_t opcode_ = 0;
};

}  // namespace flotilla::model
