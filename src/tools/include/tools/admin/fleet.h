#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "client/client.h"

/// All nodes of a cluster, to be asked together.
namespace flotilla::tools::admin {

/// Info command to answer; a node that did not answer has none.
using Answers = std::map<std::string, std::string, std::less<>>;

struct Member {
  std::string id;
  std::string name;           // "host:port", the host by its name where it has one.
  std::string address;        // "ip:port".
  bool is_self = false;       // The node that was given on the command line.
  bool is_principal = false;  // As the nodes say.
};

/// Which members a command is about: `with` of the original. A member is meant by its name, its
/// address, with or without port, or the beginning of its id. Empty, or "all": everybody.
std::vector<Member> select(const std::vector<Member>& members,
                           const std::vector<std::string>& with);

class Fleet {
 public:
  /// `seeds`: as given. `single`: the first seed that answers alone.
  static client::Expected<Fleet> connect(const std::vector<client::Address>& seeds,
                                         client::ClientOptions options,
                                         std::chrono::milliseconds timeout, bool single);

  /// What one question may take.
  std::chrono::milliseconds timeout() const { return timeout_; }
  /// As given on the command line; some may belong to no cluster, or to another.
  const std::vector<client::Address>& seeds() const { return seeds_; }

  /// Asks one address directly, whether it is a member or not; empty when it does not answer.
  Answers ask_address(const client::Address& address,
                      const std::vector<std::string>& commands) const;
  /// The members at present, in the order of their names.
  std::vector<Member> members() const;
  /// Asks each of them, all at the same time; the answers stand in the order of `members`.
  std::vector<Answers> ask(const std::vector<Member>& members,
                           const std::vector<std::string>& commands) const;

 private:
  Fleet(client::Client client, std::chrono::milliseconds timeout, bool single)
      : client_(std::move(client)), timeout_(timeout), single_(single) {}

  client::Client client_;
  std::vector<client::Address> seeds_;
  std::string self_;  // Id of the first seed that answered.
  std::chrono::milliseconds timeout_;
  bool single_;
};

/// "name=value;..." of an answer; empty when the node did not answer or refused.
Answers pairs_of(const Answers& answers, std::string_view command);
/// The value of a statistic; empty when there is none.
std::string_view value_of(const Answers& pairs, std::string_view name);

}  // namespace flotilla::tools::admin
