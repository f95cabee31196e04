#pragma once

#include "model/msgpack.h"

/// Lists and maps that an expression's constants brought into bins. They are kept and answered
/// exactly as they were given, unsorted keys and long encodings included; whatever works on
/// collections wants their stored form. So such a bin carries a mark, from which the form is made
/// when it is needed.
namespace flotilla::model {

/// In the flags element of a constant's or bin's list or map; never on the wire.
inline constexpr std::uint8_t kAsGiven = 0x40;

/// `value` is one list or map. Unmarked if it is in its stored form already.
Bytes mark_as_given(Arena& arena, Bytes value);
/// A list or map with these flags only, else byte for byte.
Bytes with_flags(Arena& arena, Bytes value, std::uint8_t flags);
/// The stored form of a list or map, marked or not. What has none (keys twice, an ordered list out
/// of order) stays as it is, and operations on it find what they find.
Bytes stored_form(Arena& arena, Bytes value);
/// A bin as operations want it.
Particle settled(Arena& arena, const Particle& bin);

}  // namespace flotilla::model
