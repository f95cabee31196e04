#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "client/access.h"
#include "client/address.h"
#include "client/failure.h"

namespace flotilla::client {

/// One answered command: the command as sent, and its value.
struct InfoAnswer {
  std::string command;
  std::string value;
};

/// "name<TAB>value<LF>" lines; a line without a tab has an empty value.
std::vector<InfoAnswer> parse_info(std::string_view body);

/// An answer that is an error, "ERROR:code:message" or "FAIL:code:message" in any case: its code (0
/// when it has none) and its message. Nothing otherwise.
struct InfoError {
  int code = 0;
  std::string message;
};
bool is_info_error(std::string_view value, InfoError* error = nullptr);

/// "k=v;k=v" in order; parts without '=' are left out.
std::vector<std::pair<std::string, std::string>> parse_pairs(std::string_view text,
                                                             char separator = ';');

/// Asks one node over a connection of its own, without getting to know its cluster: by `access`
/// over TLS and after a login. No command asks for the summary.
Expected<std::vector<InfoAnswer>> ask(const Address& address,
                                      std::span<const std::string_view> commands,
                                      std::chrono::milliseconds timeout,
                                      const std::shared_ptr<Access>& access = nullptr);

}  // namespace flotilla::client
