#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace flotilla::discovery {

/// An IP address, never a name. IPv4 stands as its mapped IPv6 form, so that each has one value.
class IpAddress {
 public:
  /// Dotted, or IPv6 with or without brackets. Nothing: it is a name, or nonsense.
  static std::optional<IpAddress> parse(std::string_view text);

  bool is_v4() const;
  std::string text() const;
  const std::array<std::uint8_t, 16>& bytes() const { return bytes_; }
  friend auto operator<=>(const IpAddress&, const IpAddress&) = default;

 private:
  std::array<std::uint8_t, 16> bytes_{};
};

/// Addresses that share the first `bits` of 128.
struct AddressRange {
  IpAddress first;
  unsigned bits = 128;

  /// "10.0.0.3/24"; without a length a single address.
  static std::optional<AddressRange> parse(std::string_view text);
  bool contains(const IpAddress& address) const;
  friend bool operator==(const AddressRange&, const AddressRange&) = default;
};

/// One spelling for each address, names as they are: hosts are compared by this.
std::string canonical_host(std::string_view host);
/// "host:port", IPv6 in brackets.
std::string host_and_port(std::string_view host, std::uint16_t port);

/// A host and a port apart.
struct HostPort {
  std::string host;
  std::uint16_t port;
};
/// "host", "host:port", "[v6]", "[v6]:port", and a bare v6. Nothing: a port that is none.
std::optional<HostPort> parse_host_port(std::string_view text, std::uint16_t default_port);

}  // namespace flotilla::discovery
