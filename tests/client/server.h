#pragma once

#include <gmock/gmock.h>

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "client/async.h"
#include "client/client.h"

/// What the suites of the C++ client share: the server they were given, and short words. All tests
/// run twice: what the blocking calls promise, the coroutines promise too.
namespace flotilla::client::suite {

inline constexpr const char* kNamespace = "test";

/// The calls of Client, made in one way or the other.
class Server {
 public:
  enum class Way : std::uint8_t { Blocking, Coroutine };

  explicit Server(std::uint16_t port);
  void use(Way way) { way_ = way; }

  Expected<Record> get(const Key& key, const std::vector<std::string>& bin_names = {},
                       const ReadPolicy& policy = {}) const;
  Expected<std::optional<Record>> get_header(const Key& key, const ReadPolicy& policy = {}) const;
  Expected<bool> exists(const Key& key, const ReadPolicy& policy = {}) const;
  Expected<Written> put(const Key& key, const std::vector<Bin>& bins,
                        const WritePolicy& policy = {}) const;
  Expected<bool> remove(const Key& key, const WritePolicy& policy = {}) const;
  Expected<Written> touch(const Key& key, const WritePolicy& policy = {}) const;
  Expected<Record> operate(const Key& key, std::span<const Operation> operations,
                           const WritePolicy& policy = {}) const;
  Expected<void> batch(std::vector<BatchRow>& rows, const BatchPolicy& policy = {}) const;
  Expected<void> scan(const ScanSpec& spec, ScanCursor& cursor, const Client::OnRecord& on_record,
                      const ScanPolicy& policy = {}) const;
  Expected<std::vector<InfoAnswer>> info(const std::string& node,
                                         std::span<const std::string_view> commands) const;
  std::vector<NodeName> nodes() const { return client_.nodes(); }

 private:
  bool blocks() const { return way_ == Way::Blocking; }

  Client client_;
  AsyncClient async_;
  Way way_ = Way::Blocking;
};

/// Made by main().
const Server& server();

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
