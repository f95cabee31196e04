// Carries out lines as user.go describes them, with the C++ client and its default policies.
//
// usage: cluster_user NAMESPACE THREADS HOST:PORT[,HOST:PORT...]

#include <client/client.h>
#include <fmt/format.h>

#include <condition_variable>
#include <deque>
#include <iostream>
#include <mutex>
#include <optional>
#include <sstream>
#include <thread>

namespace fc = flotilla::client;

namespace {

/// Lines that wait for a thread. Ends when the input does.
class Lines {
 public:
  void push(std::string line) {
    const std::scoped_lock lock(mutex_);
    lines_.push_back(std::move(line));
    some_.notify_one();
  }
  void end() {
    const std::scoped_lock lock(mutex_);
    ended_ = true;
    some_.notify_all();
  }
  std::optional<std::string> pop() {
    std::unique_lock lock(mutex_);
    some_.wait(lock, [this] { return ended_ || !lines_.empty(); });
    if (lines_.empty()) return std::nullopt;
    std::string line = std::move(lines_.front());
    lines_.pop_front();
    return line;
  }

 private:
  std::mutex mutex_;
  std::condition_variable some_;
  std::deque<std::string> lines_;
  bool ended_ = false;
};

void say(const std::string& line) {
  static std::mutex mutex;
  const std::scoped_lock lock(mutex);
  std::cout << line << '\n' << std::flush;
}

std::string ending(const fc::Failure& failure) {
  if (failure.is(flotilla::Code::NotFound)) return "none";
  return fmt::format("{} {} {:.160}", failure.in_doubt ? "doubt" : "refused", failure.code,
                     failure.message);
}

std::string found(const fc::Record& record) {
  const fc::Value* const version = record.find("v");
  const fc::Value* const payload = record.find("p");
  const auto* const number = version == nullptr ? nullptr : version->get_if<std::int64_t>();
  const auto* const text = payload == nullptr ? nullptr : payload->get_if<std::string>();
  return fmt::format("found {} {}", number == nullptr ? -1 : *number,
                     text == nullptr ? "-" : *text);
}

std::string carry_out(const fc::Client& client, const char* ns, const std::string& line) {
  std::istringstream words(line);
  std::string id;
  std::string what;
  std::string set;
  std::int64_t number = 0;
  words >> id >> what >> set >> number;
  const auto key = fc::Key::make(ns, set, number);
  if (!key) return id + " " + ending(key.error());
  const auto answer = [&](const auto& result) {
    return id + " " + (result ? "done" : ending(result.error()));
  };
  if (what == "put") {
    std::int64_t version = 0;
    std::string payload;
    words >> version >> payload;
    return answer(client.put(*key, std::vector<fc::Bin>{{"v", version}, {"p", payload}}));
  }
  if (what == "remove") return answer(client.remove(*key));
  if (what == "add") return answer(client.operate(*key, std::vector{fc::op::add("n", 1)}));
  const auto record = client.get(*key);
  return id + " " + (record ? found(*record) : ending(record.error()));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  const auto seeds = fc::parse_addresses(argv[3]);
  const auto client = fc::Client::connect(seeds.value());
  if (!client) {
    std::cerr << client.error().message << '\n';
    return 1;
  }
  Lines lines;
  std::vector<std::jthread> threads;
  for (int i = std::stoi(argv[2]); i > 0; --i)
    threads.emplace_back([&] {
      while (const auto line = lines.pop()) say(carry_out(*client, argv[1], *line));
    });
  say("ready");
  for (std::string line; std::getline(std::cin, line);) lines.push(std::move(line));
  lines.end();
}
