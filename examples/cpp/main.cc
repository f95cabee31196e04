// Puts, gets, operates on, batch-reads, and scans twenty records through the C++ client, then gets
// them all at once from coroutines.
//
// usage: example PORT        of a server on this machine with namespace `test`
#include <client/async.h>

#include <cstdlib>
#include <iostream>

namespace fc = flotilla::client;

namespace {

constexpr int kRecords = 20;

/// The value, or the end of the program with the reason.
template <class T>
T need(const char* what, fc::Expected<T> result) {
  if (!result) {
    std::cerr << what << ": " << result.error().message << '\n';
    std::exit(1);
  }
  if constexpr (!std::is_void_v<T>) return *std::move(result);
}

void want(const char* what, bool holds) {
  if (holds) return;
  std::cerr << what << ": not what was expected\n";
  std::exit(1);
}

std::string text(int i) { return "text " + std::to_string(i); }

std::vector<fc::Key> put(const fc::Client& client) {
  std::vector<fc::Key> keys;
  for (int i = 0; i < kRecords; ++i) {
    keys.push_back(need("key", fc::Key::make("test", "example_cpp", i)));
    need("put", client.put(keys.back(), std::vector<fc::Bin>{{"n", i}, {"s", text(i)}}));
  }
  return keys;
}

void get(const fc::Client& client, const fc::Key& key) {
  const fc::Record record = need("get", client.get(key));
  want("get", *record.find("n") == fc::Value(7) && *record.find("s") == fc::Value(text(7)));
}

void operate(const fc::Client& client, const fc::Key& key) {
  const fc::Operation operations[] = {fc::op::add("n", 5), fc::op::append("s", "!"),
                                      fc::op::read_all()};
  const fc::Record record = need("operate", client.operate(key, operations));
  want("operate",
       *record.find("n") == fc::Value(12) && *record.find("s") == fc::Value(text(7) + "!"));
}

void batch(const fc::Client& client, const std::vector<fc::Key>& keys) {
  std::vector<fc::BatchRow> rows;
  for (const fc::Key& key : keys) rows.push_back({.key = key});
  need("batch", client.batch(rows));
  for (int i = 0; i < kRecords; ++i) {
    const fc::Record record = need("batch", rows[i].result);
    want("batch", i == 7 || *record.find("n") == fc::Value(i));
  }
}

void scan(const fc::Client& client) {
  fc::ScanCursor cursor;
  int seen = 0;
  need("scan", client.scan({.ns = "test", .set = "example_cpp"}, cursor,
                           [&](fc::Record&&) { return ++seen > 0; }));
  want("scan", seen == kRecords);
}

fc::Task<std::int64_t> sum(const fc::AsyncClient& client, const std::vector<fc::Key>& keys) {
  std::int64_t total = 0;
  for (const fc::Key& key : keys)
    if (const auto record = co_await client.get(key))
      total += *record->find("n")->get_if<std::int64_t>();
  co_return total;
}

}  // namespace

int main(int argc, char** argv) {
  const auto port = static_cast<std::uint16_t>(argc > 1 ? std::atoi(argv[1]) : fc::kDefaultPort);
  const fc::Client client =
      need("connect", fc::Client::connect({{.host = "127.0.0.1", .port = port}}));
  const std::vector<fc::Key> keys = put(client);
  get(client, keys[7]);
  operate(client, keys[7]);
  batch(client, keys);
  scan(client);
  const fc::AsyncClient async(client);
  want("coroutine", fc::wait(sum(async, keys)) == kRecords * (kRecords - 1) / 2 + 5);
  std::cout << "smoke cpp: ok\n";
}
