#pragma once

#include <gmock/gmock.h>

#include <string>
#include <string_view>
#include <vector>

#include "client/client.h"

/// What the suites of the C++ client share: the server they were given, and short words.
namespace flotilla::client::suite {

inline constexpr const char* kNamespace = "test";

/// Set by main().
void use_server(std::uint16_t port);
const Client& server();

/// A key in a set of the suite that no other test has used.
Key new_key(std::string_view set = "client_suite");
Key key_of(std::string_view set, Value user_key);

/// The value, or a failure of the test and the end of it.
template <class T>
T need(Expected<T> result) {
  if (!result) throw std::runtime_error(result.error().message);
  if constexpr (!std::is_void_v<T>) return *std::move(result);
}

/// The bin's value; nil where there is none.
Value value_of(const Record& record, std::string_view bin);
Value stored(const Key& key, std::string_view bin);
void put(const Key& key, std::vector<Bin> bins, const WritePolicy& policy = {});
/// What one operation hands back.
Value run(const Key& key, const Operation& operation);

MATCHER_P(fails_with, code, "") { return !arg && arg.error().is(code); }

}  // namespace flotilla::client::suite
