// Carries out lines as user.go describes them, with the C++ client and its default policies.
//
// usage: cluster_user [--async] NAMESPACE THREADS HOST:PORT[,HOST:PORT...]
//
// --async: by AsyncClient, whose calls share connections.

#include <client/async.h>
#include <client/client.h>
#include <fmt/format.h>

#include <condition_variable>
#include <deque>
#include <iostream>
#include <mutex>
#include <optional>
#include <span>
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

template <class T>
fc::Expected<T> result_of(fc::Expected<T> result) {
  return result;
}
template <class T>
T result_of(fc::Task<T> call) {
  return fc::wait(std::move(call));
}

/// `client`: a Client or an AsyncClient.
std::string carry_out(const auto& client, const char* ns, const std::string& line) {
  std::istringstream words(line);
  std::string id;
  std::string what;
  std::string set;
  std::int64_t number = 0;
  words >> id >> what >> set >> number;
  const auto key = fc::Key::make(ns, set, number);
  if (!key) return id + " " + ending(key.error());
  const auto answer = [&](auto call) {
    const auto result = result_of(std::move(call));
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
  const auto record = result_of(client.get(*key));
  return id + " " + (record ? found(*record) : ending(record.error()));
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  const bool is_async = !words.empty() && words.front() == "--async";
  const std::span rest = std::span(words).subspan(is_async ? 1 : 0);
  if (rest.size() != 3) return 2;
  const char* const ns = rest[0].c_str();
  const auto seeds = fc::parse_addresses(rest[2]);
  const auto client = fc::Client::connect(seeds.value());
  if (!client) {
    std::cerr << client.error().message << '\n';
    return 1;
  }
  const fc::AsyncClient async(*client);
  Lines lines;
  std::vector<std::jthread> threads;
  for (int i = std::stoi(rest[1]); i > 0; --i)
    threads.emplace_back([&] {
      while (const auto line = lines.pop())
        say(is_async ? carry_out(async, ns, *line) : carry_out(*client, ns, *line));
    });
  say("ready");
  for (std::string line; std::getline(std::cin, line);) lines.push(std::move(line));
  lines.end();
}
