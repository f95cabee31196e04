#include "client/address.h"

#include <fmt/format.h>

#include "base/parse.h"

namespace flotilla::client {
namespace {

Expected<std::uint16_t> parse_port(std::string_view text) {
  const auto port = parse_u64(text);
  if (!port || *port == 0 || *port > 65535)
    return fail(Status::InvalidHost, fmt::format("'{}' is not a port", text));
  return static_cast<std::uint16_t>(*port);
}

Expected<Address> parse_address(std::string_view text, std::uint16_t default_port) {
  Address address{.host = {}, .port = default_port, .tls_name = {}};
  std::string_view rest;
  if (text.starts_with('[')) {
    const std::size_t close = text.find(']');
    if (close == std::string_view::npos)
      return fail(Status::InvalidHost, fmt::format("'{}' lacks its closing bracket", text));
    address.host = text.substr(1, close - 1);
    rest = text.substr(close + 1);
    if (!rest.empty() && rest[0] != ':')
      return fail(Status::InvalidHost, fmt::format("'{}' is not a host", text));
  } else {
    const std::size_t colon = text.find(':');
    address.host = text.substr(0, colon);
    rest = colon == std::string_view::npos ? std::string_view() : text.substr(colon);
  }
  if (address.host.empty()) return fail(Status::InvalidHost, "a host name is empty");
  if (rest.empty()) return address;
  rest.remove_prefix(1);
  const std::size_t colon = rest.find(':');
  // One part alone is a port when it is a number, else the name in the certificate.
  if (colon == std::string_view::npos && !parse_u64(rest)) {
    address.tls_name = rest;
    return address;
  }
  if (colon != std::string_view::npos) {
    address.tls_name = rest.substr(0, colon);
    rest.remove_prefix(colon + 1);
  }
  const auto port = parse_port(rest);
  if (!port) return tl::unexpected(port.error());
  address.port = *port;
  return address;
}

}  // namespace

std::string Address::text() const {
  if (host.find(':') != std::string::npos) return fmt::format("[{}]:{}", host, port);
  return fmt::format("{}:{}", host, port);
}

Expected<std::vector<Address>> parse_addresses(std::string_view text, std::uint16_t default_port) {
  std::vector<Address> addresses;
  for (const std::string_view part : split(text, ',')) {
    auto address = parse_address(trim(part), default_port);
    if (!address) return tl::unexpected(address.error());
    addresses.push_back(*std::move(address));
  }
  if (addresses.empty()) return fail(Status::InvalidHost, "no host is given");
  return addresses;
}

}  // namespace flotilla::client
