#include "client/info.h"

#include <algorithm>
#include <cctype>

#include "base/parse.h"
#include "info_exchange.h"
#include "wire/request_writer.h"

namespace flotilla::client {
namespace {

/// Whether the text begins with the word, in any case, and the word ends there: "failed_..." is the
/// name of a statistic.
bool begins_with_word(std::string_view text, std::string_view word) {
  if (text.size() < word.size() ||
      !std::ranges::equal(text.substr(0, word.size()), word, [](char a, char b) {
        return std::tolower(static_cast<unsigned char>(a)) == b;
      }))
    return false;
  if (text.size() == word.size()) return true;
  const char next = text[word.size()];
  return std::isalnum(static_cast<unsigned char>(next)) == 0 && next != '_';
}

}  // namespace

std::vector<InfoAnswer> parse_info(std::string_view body) {
  std::vector<InfoAnswer> answers;
  if (body.ends_with('\n')) body.remove_suffix(1);
  for (const std::string_view line : split(body, '\n')) {
    const std::size_t tab = line.find('\t');
    answers.push_back({std::string(line.substr(0, tab)),
                       std::string(tab == std::string_view::npos ? "" : line.substr(tab + 1))});
  }
  return answers;
}

bool is_info_error(std::string_view value, InfoError* error) {
  if (!begins_with_word(value, "error") && !begins_with_word(value, "fail")) return false;
  if (error == nullptr) return true;
  *error = {};
  const auto parts = split(value, ':');
  if (parts.size() >= 2) error->code = static_cast<int>(parse_i64(parts[1]).value_or(0));
  const std::size_t second = parts.size() >= 3 ? parts[0].size() + 1 + parts[1].size() + 1 : 0;
  error->message = value.substr(second);
  return true;
}

std::vector<std::pair<std::string, std::string>> parse_pairs(std::string_view text,
                                                             char separator) {
  std::vector<std::pair<std::string, std::string>> pairs;
  for (const std::string_view part : split(text, separator)) {
    const std::size_t equals = part.find('=');
    if (equals == std::string_view::npos) continue;
    pairs.emplace_back(part.substr(0, equals), part.substr(equals + 1));
  }
  return pairs;
}

Expected<std::vector<InfoAnswer>> exchange_info(Connection& connection,
                                                std::span<const std::string_view> commands,
                                                Deadline deadline) {
  OutBuffer out;
  wire::write_info_request(out, commands);
  if (const auto sent = connection.send(out.view(), deadline); !sent)
    return tl::unexpected(sent.error());
  const auto frame = connection.receive(deadline);
  if (!frame) return tl::unexpected(frame.error());
  if (frame->kind != wire::FrameKind::Info)
    return fail(Status::Client, "the node answered an info request with something else",
                connection.peer());
  return parse_info(as_text(frame->body));
}

Expected<std::vector<InfoAnswer>> ask(const Address& address,
                                      std::span<const std::string_view> commands,
                                      std::chrono::milliseconds timeout,
                                      const std::shared_ptr<Access>& access) {
  const Deadline deadline = deadline_after(timeout);
  auto connection = Connection::open(address, deadline, access);
  if (!connection) return tl::unexpected(connection.error());
  return exchange_info(*connection, commands, deadline);
}

}  // namespace flotilla::client
