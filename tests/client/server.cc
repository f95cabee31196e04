#include "server.h"

#include <atomic>
#include <charconv>
#include <cstring>
#include <iostream>
#include <optional>
#include <random>
#include <thread>

namespace flotilla::client::suite {
namespace {

std::optional<Server> used;

/// A server that has just started is not ready at once.
Client connect(std::uint16_t port) {
  for (int left = 100;; --left) {
    auto client = Client::connect({{.host = "127.0.0.1", .port = port}});
    if (client || left == 0) return need(std::move(client));
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
}

/// The first round blocks, the second one does not.
class Ways : public testing::EmptyTestEventListener {
 public:
  static constexpr int kRounds = 2;

  void OnTestIterationStart(const testing::UnitTest&, int round) override {
    used->use(round == 0 ? Server::Way::Blocking : Server::Way::Coroutine);
    std::cout << (round == 0 ? "blocking calls" : "coroutines") << '\n' << std::flush;
  }
  void OnTestIterationEnd(const testing::UnitTest& tests, int) override {
    passed += tests.successful_test_count();
    failed += tests.failed_test_count();
  }

  int passed = 0;
  int failed = 0;
};

}  // namespace

Server::Server(std::uint16_t port) : client_(connect(port)), async_(client_) {}

Expected<Record> Server::get(const Key& key, const std::vector<std::string>& bin_names,
                             const ReadPolicy& policy) const {
  return blocks() ? client_.get(key, bin_names, policy) : wait(async_.get(key, bin_names, policy));
}
Expected<std::optional<Record>> Server::get_header(const Key& key, const ReadPolicy& policy) const {
  return blocks() ? client_.get_header(key, policy) : wait(async_.get_header(key, policy));
}
Expected<bool> Server::exists(const Key& key, const ReadPolicy& policy) const {
  return blocks() ? client_.exists(key, policy) : wait(async_.exists(key, policy));
}
Expected<Written> Server::put(const Key& key, const std::vector<Bin>& bins,
                              const WritePolicy& policy) const {
  return blocks() ? client_.put(key, bins, policy) : wait(async_.put(key, bins, policy));
}
Expected<bool> Server::remove(const Key& key, const WritePolicy& policy) const {
  return blocks() ? client_.remove(key, policy) : wait(async_.remove(key, policy));
}
Expected<Written> Server::touch(const Key& key, const WritePolicy& policy) const {
  return blocks() ? client_.touch(key, policy) : wait(async_.touch(key, policy));
}
Expected<Record> Server::operate(const Key& key, std::span<const Operation> operations,
                                 const WritePolicy& policy) const {
  if (blocks()) return client_.operate(key, operations, policy);
  return wait(async_.operate(key, {operations.begin(), operations.end()}, policy));
}
Expected<void> Server::batch(std::vector<BatchRow>& rows, const BatchPolicy& policy) const {
  if (blocks()) return client_.batch(rows, policy);
  AsyncBatch done = wait(async_.batch(std::move(rows), policy));
  rows = std::move(done.rows);
  return done.outcome;
}
Expected<void> Server::scan(const ScanSpec& spec, ScanCursor& cursor,
                            const Client::OnRecord& on_record, const ScanPolicy& policy) const {
  if (blocks()) return client_.scan(spec, cursor, on_record, policy);
  AsyncScan done = wait(async_.scan(spec, std::move(cursor), on_record, policy));
  cursor = std::move(done.cursor);
  return done.outcome;
}
Expected<std::vector<InfoAnswer>> Server::info(const std::string& node,
                                               std::span<const std::string_view> commands) const {
  if (blocks()) return client_.info(node, commands);
  return wait(async_.info(node, {commands.begin(), commands.end()}));
}

const Server& server() { return *used; }

Key key_of(std::string_view set, Value user_key) {
  return need(Key::make(kNamespace, set, std::move(user_key)));
}
Key new_key(std::string_view set) {
  static const std::string run = std::to_string(std::random_device()());
  static std::atomic<int> next = 0;
  return key_of(set, run + '-' + std::to_string(++next));
}

Value value_of(const Record& record, std::string_view bin) {
  const Value* const found = record.find(bin);
  return found == nullptr ? Value() : *found;
}
Value stored(const Key& key, std::string_view bin) {
  return value_of(need(server().get(key)), bin);
}
void put(const Key& key, std::vector<Bin> bins, const WritePolicy& policy) {
  need(server().put(key, bins, policy));
}
Value run(const Key& key, const Operation& operation) {
  const Record record = need(server().operate(key, std::vector{operation}));
  return record.bins.empty() ? Value() : record.bins.front().value;
}

}  // namespace flotilla::client::suite

// NOLINTNEXTLINE(bugprone-exception-escape): without a server there is no suite.
int main(int argc, char** argv) {
  testing::InitGoogleMock(&argc, argv);
  std::uint16_t port = 0;
  const char* const text = argc > 1 ? argv[1] : "";
  if (std::from_chars(text, text + std::strlen(text), port).ec != std::errc()) {
    std::cerr << "usage: client_suite PORT [--gtest_...]\n";
    return 2;
  }
  using namespace flotilla::client::suite;
  used.emplace(port);
  testing::GTEST_FLAG(repeat) = Ways::kRounds;
  auto* const ways = new Ways;  // Owned by the list of listeners.
  testing::UnitTest::GetInstance()->listeners().Append(ways);
  const int code = RUN_ALL_TESTS();
  std::cout << ways->passed << " passed, " << ways->failed << " failed\n";
  return code;
}
