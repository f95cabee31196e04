#include "discovery/address.h"

#include <arpa/inet.h>

#include <algorithm>
#include <cstring>

#include "base/parse.h"

namespace flotilla::discovery {
namespace {

constexpr std::array<std::uint8_t, 12> kMapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};
constexpr unsigned kMappedBits = 96;

}  // namespace

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
  if (text.starts_with('[') && text.ends_with(']')) text = text.substr(1, text.size() - 2);
  if (text.size() >= INET6_ADDRSTRLEN) return std::nullopt;
  const std::string copy(text);
  IpAddress out;
  if (in_addr v4{}; ::inet_pton(AF_INET, copy.c_str(), &v4) == 1) {
    std::ranges::copy(kMapped, out.bytes_.begin());
    std::memcpy(&out.bytes_[kMapped.size()], &v4, sizeof v4);
    return out;
  }
  if (::inet_pton(AF_INET6, copy.c_str(), out.bytes_.data()) == 1) return out;
  return std::nullopt;
}

bool IpAddress::is_v4() const { return std::equal(kMapped.begin(), kMapped.end(), bytes_.begin()); }

std::string IpAddress::text() const {
  char out[INET6_ADDRSTRLEN] = {};
  if (is_v4())
    ::inet_ntop(AF_INET, &bytes_[kMapped.size()], out, sizeof out);
  else
    ::inet_ntop(AF_INET6, bytes_.data(), out, sizeof out);
  return out;
}

std::optional<AddressRange> AddressRange::parse(std::string_view text) {
  const std::size_t slash = text.find('/');
  const auto address = IpAddress::parse(text.substr(0, slash));
  if (!address) return std::nullopt;
  const unsigned most = address->is_v4() ? 32 : 128;
  std::uint64_t length = most;
  if (slash != std::string_view::npos) {
    const auto given = parse_u64(text.substr(slash + 1));
    if (!given || *given > most) return std::nullopt;
    length = *given;
  }
  return AddressRange{*address,
                      static_cast<unsigned>(length) + (address->is_v4() ? kMappedBits : 0)};
}

bool AddressRange::contains(const IpAddress& address) const {
  const unsigned whole = bits / 8;
  if (!std::equal(first.bytes().begin(), first.bytes().begin() + whole, address.bytes().begin()))
    return false;
  if (bits % 8 == 0) return true;
  const unsigned mask = 0xFFU << (8 - bits % 8);
  return ((first.bytes()[whole] ^ address.bytes()[whole]) & mask & 0xFFU) == 0;
}

std::string canonical_host(std::string_view host) {
  const auto address = IpAddress::parse(host);
  return address ? address->text() : std::string(host);
}

std::string host_and_port(std::string_view host, std::uint16_t port) {
  const bool bracket = host.find(':') != std::string_view::npos && !host.starts_with('[');
  return (bracket ? '[' + std::string(host) + ']' : std::string(host)) + ':' + std::to_string(port);
}

std::optional<HostPort> parse_host_port(std::string_view text, std::uint16_t default_port) {
  std::size_t colon = text.rfind(':');
  if (text.starts_with('[')) {
    const std::size_t end = text.find(']');
    if (end == std::string_view::npos) return std::nullopt;
    if (end + 1 == text.size()) colon = std::string_view::npos;
    if (colon != std::string_view::npos && colon != end + 1) return std::nullopt;
  } else if (text.find(':') != colon) {
    colon = std::string_view::npos;  // A bare IPv6 address.
  }
  HostPort out{std::string(text.substr(0, colon)), default_port};
  if (colon != std::string_view::npos) {
    const auto port = parse_u64(text.substr(colon + 1));
    if (!port || *port == 0 || *port > UINT16_MAX) return std::nullopt;
    out.port = static_cast<std::uint16_t>(*port);
  }
  if (out.host.starts_with('[')) out.host = out.host.substr(1, out.host.size() - 2);
  if (out.host.empty()) return std::nullopt;
  return out;
}

}  // namespace flotilla::discovery
