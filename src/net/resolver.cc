#include "net/resolver.h"

#include <netdb.h>

#include <algorithm>
#include <cstring>
#include <memory>

#include "net/srv.h"

namespace flotilla::net {
namespace {

void add_addresses(const std::string& name, std::uint16_t port, std::vector<Target>& out) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (::getaddrinfo(name.c_str(), nullptr, &hints, &found) != 0) return;
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(found, &::freeaddrinfo);
  for (const addrinfo* i = found; i != nullptr; i = i->ai_next) {
    sockaddr_storage address{};
    std::memcpy(&address, i->ai_addr, i->ai_addrlen);
    Target target{host_of(address), port};
    if (!target.host.empty() && std::ranges::find(out, target) == out.end())
      out.push_back(std::move(target));
  }
}

}  // namespace

std::vector<Target> look_up(const std::string& name) {
  std::vector<Target> out;
  if (!is_service_name(name)) {
    add_addresses(name, 0, out);
    return out;
  }
  for (const Target& place : look_up_srv(name).value_or(std::vector<Target>{}))
    add_addresses(place.host, place.port, out);
  return out;
}

Resolver::Resolver(Answer answer) : answer_(std::move(answer)), thread_([this] { loop(); }) {}

Resolver::~Resolver() {
  {
    const std::scoped_lock lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

void Resolver::resolve(const std::string& name) {
  {
    const std::scoped_lock lock(mutex_);
    if (waiting_.size() >= kWaitingMost || std::ranges::find(waiting_, name) != waiting_.end())
      return;
    waiting_.push_back(name);
  }
  wake_.notify_all();
}

void Resolver::loop() {
  std::unique_lock lock(mutex_);
  for (;;) {
    wake_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
    if (stopping_) return;
    const std::string name = waiting_.front();
    lock.unlock();
    answer_(name, look_up(name));
    lock.lock();
    // Only now: who asked meanwhile has got this answer.
    waiting_.pop_front();
  }
}

}  // namespace flotilla::net
