#pragma once

#include <cstddef>
#include <cstdint>

/// The body of a frame of kind Security: a header, then fields
/// | size u32 BE, of what follows | id u8 | value |.
namespace flotilla::wire {

/// | scheme u8 = 0 | result u8 | command u8 | number of fields u8 | 12 zeros |
struct SecurityHeader {
  static constexpr std::size_t kSize = 16;
  static constexpr std::size_t kResultAt = 1;
  static constexpr std::size_t kCommandAt = 2;
  static constexpr std::size_t kFieldsAt = 3;
};

enum class SecurityCommand : std::uint8_t { Authenticate = 0, Login = 20 };

}  // namespace flotilla::wire
