#include "server.h"

#include <atomic>
#include <charconv>
#include <cstring>
#include <iostream>
#include <optional>
#include <random>

namespace flotilla::client::suite {
namespace {

std::optional<Client> client;

}  // namespace

void use_server(std::uint16_t port) {
  client.emplace(need(Client::connect({{.host = "127.0.0.1", .port = port}})));
}
const Client& server() { return *client; }

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

int main(int argc, char** argv) {
  testing::InitGoogleMock(&argc, argv);
  std::uint16_t port = 0;
  const char* const text = argc > 1 ? argv[1] : "";
  if (std::from_chars(text, text + std::strlen(text), port).ec != std::errc()) {
    std::cerr << "usage: client_suite PORT [--gtest_...]\n";
    return 2;
  }
  flotilla::client::suite::use_server(port);
  const int code = RUN_ALL_TESTS();
  const auto& tests = *testing::UnitTest::GetInstance();
  std::cout << tests.successful_test_count() << " passed, " << tests.failed_test_count()
            << " failed\n";
  return code;
}
