#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "membership_core.h"

namespace flotilla::cluster {

namespace {

constexpr Duration kHelloLimit = std::chrono::seconds(2);
constexpr Duration kStrangerForgotten = std::chrono::seconds(60);
constexpr std::size_t kStrangersMax = 4096;

bool numeric(const std::string& host) {
  return host.find(':') != std::string::npos ||
         (!host.empty() && host.find_first_not_of("0123456789.") == std::string::npos);
}

}  // namespace

// --- Whom to dial.

void Membership::Core::want_seed(const Endpoint& at) {
  if (numeric(at.host)) return want_address(at, true);
  Name& name = names_[at.host];
  if (std::ranges::find(name.ports, at.port) == name.ports.end()) name.ports.push_back(at.port);
}

void Membership::Core::want_address(const Endpoint& at, bool configured) {
  if (at.host.empty() || at.port == 0) return;
  Address& address = addresses_[at];
  address.configured |= configured;
}

void Membership::Core::on(const Tip& event) {
  if (std::ranges::find(tips, event.at) == tips.end()) tips.push_back(event.at);
  persist_tips();
  want_seed(event.at);
}

void Membership::Core::on(const TipClear& event) {
  std::vector<Endpoint> cleared;
  for (const Endpoint& tip : tips)
    if (!event.at || tip == *event.at) cleared.push_back(tip);
  std::erase_if(tips, [&](const Endpoint& tip) { return !event.at || tip == *event.at; });
  persist_tips();
  for (const Endpoint& tip : cleared) {
    if (std::ranges::find(o.seeds, tip) != o.seeds.end()) continue;
    addresses_.erase(tip);
    names_.erase(tip.host);
  }
}

void Membership::Core::on(const Resolved& event) {
  const auto at = names_.find(event.name);
  if (at == names_.end()) return;
  Name& name = at->second;
  name.asked = false;
  name.answered = true;
  name.next = now_ + o.resolve_every;
  std::set<Endpoint> found;
  for (const Endpoint& address : event.addresses) {
    if (address.port != 0) found.insert(address);
    for (const std::uint16_t port : name.ports)
      if (address.port == 0) found.insert({address.host, port});
  }
  // What the name stands for no more is dialled no more, unless a node itself says it is there.
  for (const Endpoint& old : name.found)
    if (!found.contains(old) && addresses_.contains(old)) addresses_[old].configured = false;
  for (const Endpoint& address : found) want_address(address, true);
  name.found = std::move(found);
}

/// An address of nobody known is tried if it was configured; a node's own, while it is a member or
/// was seen lately and has no connection.
bool Membership::Core::wanted(const Address& address, const Endpoint& at) const {
  if (address.own || address.dialling) return false;
  if (address.process)
    if (const Known* known = find(*address.process)) return !known->link && !known->said_left;
  if (address.configured) return true;
  return std::ranges::any_of(known_, [&](const auto& each) {
    const Known& known = each.second;
    return !known.link && !known.said_left &&
           std::ranges::find(known.info.heartbeat, at) != known.info.heartbeat.end();
  });
}

void Membership::Core::dial_and_resolve() {
  for (auto& [host, name] : names_)
    if (!name.asked && now_ >= name.next) {
      name.asked = true;
      act(Resolve{host});
    }
  for (auto& [at, address] : addresses_)
    if (now_ >= address.next_dial && wanted(address, at)) dial(at, address);
  std::vector<LinkId> mute;
  for (const auto& [id, link] : links_)
    if (is_mute(id, link)) mute.push_back(id);
  for (const LinkId id : mute) {
    if (links_[id].dialled && !links_[id].process)
      address_failed(*links_[id].dialled, "connected, but says nothing", o.retry_least);
    drop_link(id, true);
  }
  forget_strangers();
}

/// Says nothing, was given up for another one, or is open at this end only: beats go out on it, and
/// none comes back.
bool Membership::Core::is_mute(LinkId id, const Link& link) const {
  if (!link.process) return now_ - link.since > kHelloLimit;
  if (link.retired) return now_ - *link.retired > kHelloLimit;
  const Known* known = find(*link.process);
  if (known == nullptr || known->link != id) return false;
  const bool beaten = known->in_contact || !in_view || view->member(*link.process) == nullptr;
  return beaten && now_ >= no_accusing_until_ &&
         now_ - std::max(known->heard_direct, link.since) > 2 * dead_after();
}

void Membership::Core::dial(const Endpoint& at, Address& address) {
  address.dialling = true;
  const bool member = view && address.process && view->member(*address.process) != nullptr;
  address.backoff =
      std::clamp(address.backoff * 2, o.retry_least,
                 member ? std::min(o.retry_most, Duration(std::chrono::seconds(1))) : o.retry_most);
  address.next_dial = now_ + address.backoff +
                      Duration(static_cast<std::int64_t>(
                          random_.below(static_cast<std::uint64_t>(o.retry_least.count()))));
  act(Dial{at});
}

void Membership::Core::address_failed(const Endpoint& at, std::string why, Duration wait) {
  const auto it = addresses_.find(at);
  if (it == addresses_.end()) return;
  it->second.dialling = false;
  it->second.tried = true;
  it->second.why = std::move(why);
  it->second.next_dial = std::max(it->second.next_dial, now_ + wait);
}

void Membership::Core::on(const DialFailed& event) {
  address_failed(event.to, event.refused ? "the connection is refused" : "no answer", Duration(0));
  for (auto& [process, known] : known_)
    if (known.is_looked_for() &&
        std::ranges::find(known.info.heartbeat, event.to) != known.info.heartbeat.end())
      find_unreachable(process, known);
}

// --- Connections.

void Membership::Core::on(const LinkUp& event) {
  links_[event.link] = {event.dialled, event.remote_host, now_, {}, {}, 0, {}};
  if (event.dialled) {
    const auto it = addresses_.find(*event.dialled);
    if (it != addresses_.end()) it->second.dialling = false;
  }
  say_hello(event.link);
}

void Membership::Core::say_hello(LinkId id) {
  message::Hello hello;
  hello.cluster_name = o.cluster_name;
  hello.node = self;
  act(Send{id, encode_message(self.process, {}, hello)});
}

void Membership::Core::on(const LinkDown& event) { drop_link(event.link, false); }

void Membership::Core::drop_link(LinkId id, bool hang_up) {
  const auto it = links_.find(id);
  if (it == links_.end()) return;
  const std::optional<Process> process = it->second.process;
  if (!process && it->second.dialled && !hang_up)
    address_failed(*it->second.dialled, "the connection ended without a word", Duration(0));
  links_.erase(it);
  if (hang_up) act(Hangup{id});
  if (!process) return;
  Known* known = find(*process);
  if (known == nullptr || known->link != id) return;
  known->link.reset();
  // Another connection to it may stand.
  for (const auto& [other, link] : links_)
    if (link.process == process && !link.retired) known->link = other;
  if (known->link) return;
  known->link_lost = true;
  known->link_lost_at = now_;
  known->unreachable = false;
  for (const Endpoint& at : known->info.heartbeat) {
    want_address(at, false);
    addresses_[at].process = *process;
    addresses_[at].next_dial = now_;
    addresses_[at].backoff = Duration(0);
  }
}

void Membership::Core::bad_frame(LinkId id) {
  ++stats.bad_frames;
  if (links_.contains(id) && links_[id].dialled)
    address_failed(*links_[id].dialled, "does not speak this protocol", o.retry_most);
  drop_link(id, true);
}

void Membership::Core::on(const Frame& event) { on_bytes(event.link, event.bytes); }

void Membership::Core::on_bytes(LinkId id, Bytes bytes) {
  const auto it = links_.find(id);
  if (it == links_.end()) return;
  const Result<Header> header = parse_header(bytes);
  if (!header) return bad_frame(id);
  if (header->kind != Kind::Hello) {
    if (!it->second.process) return;  // Before its HELLO: lost its way.
    if (header->to != self.process) return relay(*header, bytes);
  }
  const Result<Parsed> parsed = parse_message(bytes);
  if (!parsed) return bad_frame(id);
  if (const auto* hello = std::get_if<message::Hello>(&parsed->body)) return on_hello(id, *hello);
  if (const auto* fragment = std::get_if<message::Fragment>(&parsed->body))
    return on_fragment(id, *fragment);
  const Process via = *it->second.process;
  if (header->from == self.process) return;
  if (header->from != via) {
    Known* known = find(header->from);
    if (known == nullptr) known = &known_.try_emplace(header->from).first->second;
    if (known->info.process == Process{}) known->info.process = header->from;
    known->via = via;
    known->via_at = now_;
    arrived_by_ = via;
  }
  dispatch(header->from, parsed->body);
  arrived_by_.reset();
}

void Membership::Core::on_fragment(LinkId id, const message::Fragment& fragment) {
  Link& link = links_[id];
  if (fragment.index == 0) {
    link.partial.clear();
    link.next_fragment = 0;
  }
  if (fragment.index != link.next_fragment) return;  // One was lost; the whole is sent again.
  if (link.partial.size() + fragment.bytes.size() > kMessageMax) return bad_frame(id);
  append(link.partial, fragment.bytes);
  ++link.next_fragment;
  if (!fragment.last) return;
  const Buffer whole = std::move(link.partial);
  link.partial = {};
  link.next_fragment = 0;
  // A fragment within fragments would be a loop.
  const Result<Header> header = parse_header(whole);
  if (!header || header->kind == Kind::Fragment || header->kind == Kind::Hello)
    return bad_frame(id);
  on_bytes(id, whole);
}

// --- HELLO.

bool Membership::Core::acceptable(LinkId id, const message::Hello& hello) {
  const std::optional<Endpoint> dialled = links_[id].dialled;
  const auto refuse = [&](std::string why) {
    if (dialled) address_failed(*dialled, std::move(why), o.retry_most);
    drop_link(id, true);
    return false;
  };
  if (hello.magic != kMagic) return refuse("does not speak this protocol");
  if (hello.node.process == self.process) {
    if (dialled) addresses_[*dialled].own = addresses_[*dialled].tried = true;
    drop_link(id, true);
    return false;
  }
  if (hello.protocol_least > kProtocolMost || hello.protocol_most < kProtocolLeast)
    return refuse(fmt::format("speaks versions {} to {} of the protocol, this node {} to {}",
                              hello.protocol_least, hello.protocol_most, kProtocolLeast,
                              kProtocolMost));
  if (hello.cluster_name != o.cluster_name)
    return refuse(fmt::format("its cluster name is '{}', this node's is '{}'", hello.cluster_name,
                              o.cluster_name));
  if (hello.node.process.node == self.process.node) {
    if (duplicates.insert(hello.node.process).second)
      log(true, "another node runs with the UUID of this one: its data folder was copied");
    return refuse("has the UUID of this node: its data folder was copied");
  }
  return true;
}

void Membership::Core::on_hello(LinkId id, const message::Hello& hello) {
  if (links_[id].process) return;
  if (!acceptable(id, hello)) return;
  const Process process = hello.node.process;
  links_[id].process = process;
  // The same node in a new life: what it was before is over, unless that still answers (a clone).
  for (auto& [other, known] : known_)
    if (other.node == process.node && other != process && !known.link) known.proven = true;
  Known& known = know(hello.node);
  if (const auto& dialled = links_[id].dialled) {
    Address& address = addresses_[*dialled];
    address.process = process;
    address.tried = true;
    address.why.clear();
    address.backoff = Duration(0);
  }
  if (known.is_looked_for()) {
    FLOTILLA_MARK("a connection was reset, and its node lives");
    ++stats.link_resets;
    known.link_lost = known.unreachable = false;
    known.found_gone_by.clear();
  }
  settle_twin_links(id, known);
  act(Send{*known.link, encode_message(self.process, process, beat_to(known, true, true))});
}

/// Both ends dialled: both keep the connection that the lesser process made; of two of one end, the
/// newer, as the older may be half open.
void Membership::Core::settle_twin_links(LinkId id, Known& known) {
  if (!known.link || *known.link == id || !links_.contains(*known.link)) {
    known.link = id;
    return;
  }
  const auto by_lesser = [&](LinkId link) {
    return links_[link].dialled.has_value() == (self.process < known.info.process);
  };
  const LinkId old = *known.link;
  const LinkId lose = by_lesser(old) && !by_lesser(id) ? id : old;
  known.link = lose == id ? old : id;
  FLOTILLA_MARK("two connections to one node");
  links_[lose].retired = now_;  // What is under way on it may still come.
}

Membership::Core::Known& Membership::Core::know(const NodeInfo& info) {
  const auto [it, fresh] = known_.try_emplace(info.process);
  Known& known = it->second;
  if (fresh || known.info.id.raw() == 0) {
    known.first_seen = now_;
    known.heard = known.heard_direct = std::max(known.heard, now_);
  }
  known.info = info;
  for (const Endpoint& at : info.heartbeat) {
    want_address(at, false);
    if (!addresses_[at].process || !find(*addresses_[at].process))
      addresses_[at].process = info.process;
  }
  return known;
}

Membership::Core::Known* Membership::Core::find(const Process& process) {
  const auto it = known_.find(process);
  return it == known_.end() ? nullptr : &it->second;
}
const Membership::Core::Known* Membership::Core::find(const Process& process) const {
  const auto it = known_.find(process);
  return it == known_.end() ? nullptr : &it->second;
}

/// Who is no member and has no connection is forgotten after a minute, and what it said of its
/// addresses with it.
void Membership::Core::forget_strangers() {
  const auto stale = [&](const auto& each) {
    const auto& [process, known] = each;
    if (known.link || (view && view->member(process) != nullptr)) return false;
    if (proposal_ && proposal_->promises.contains(process)) return false;
    const Instant last = std::max({known.heard, known.beat_at, known.first_seen, known.via_at});
    return now_ - last > kStrangerForgotten || known_.size() > kStrangersMax;
  };
  if (std::erase_if(known_, stale) == 0) return;
  std::erase_if(addresses_, [&](const auto& each) {
    const auto& address = each.second;
    if (address.configured || address.own || address.dialling) return false;
    return std::ranges::none_of(known_, [&](const auto& k) {
      const auto& listens = k.second.info.heartbeat;
      return std::ranges::find(listens, each.first) != listens.end();
    });
  });
  for (auto& [at, address] : addresses_)
    if (address.process && find(*address.process) == nullptr) address.process.reset();
}

// --- Sending.

void Membership::Core::send_bytes(LinkId id, Buffer bytes) {
  stats.bytes_sent += bytes.size();
  if (bytes.size() <= o.frame_bytes) return act(Send{id, std::move(bytes)});
  const Bytes all(bytes);
  const Process to = links_[id].process.value_or(Process{});
  std::uint32_t index = 0;
  for (std::size_t at = 0; at < all.size(); at += o.frame_bytes) {
    const Bytes piece = all.subspan(at, std::min(o.frame_bytes, all.size() - at));
    message::Fragment fragment{
        index++, at + piece.size() == all.size(), {piece.begin(), piece.end()}};
    act(Send{id, encode_message(self.process, to, fragment)});
  }
}

/// By the connection to it, else by way of somebody who lately reached it. False: neither is there.
bool Membership::Core::deliver(const Process& to, Buffer bytes) {
  const Known* known = find(to);
  if (known == nullptr) return false;
  if (known->link && !(doubtful(*known) && known->via && now_ - known->via_at < dead_after())) {
    send_bytes(*known->link, std::move(bytes));
    return true;
  }
  if (!known->via) return false;
  const Known* helper = find(*known->via);
  if (helper == nullptr || !helper->link) return false;
  send_bytes(*helper->link, std::move(bytes));
  return true;
}

/// A connection that carries nothing back may be cut; what came by another way lately is surer.
bool Membership::Core::doubtful(const Known& known) const {
  return now_ - known.heard_direct > dead_after() / 2;
}

template <class M>
void Membership::Core::send_through(const Process& helper, const Process& to, const M& message) {
  const Known* known = find(helper);
  if (known != nullptr && known->link)
    send_bytes(*known->link, encode_message(self.process, to, message));
}

void Membership::Core::relay(const Header& header, Bytes bytes) {
  if (header.hops + 1U > kHopsMax || header.to.node == self.process.node) return;
  const Known* known = find(header.to);
  if (known != nullptr && known->link) {
    FLOTILLA_MARK("a message is relayed");
    send_bytes(*known->link, one_hop_on(bytes));
  }
}

template void Membership::Core::send_through(const Process&, const Process&, const message::Beat&);

}  // namespace flotilla::cluster
