#include "tools/sql/completion.h"

#include <algorithm>
#include <span>

#include "text.h"
#include "tools/sql/lexer.h"

namespace flotilla::tools::sql {
namespace {

struct Follow {
  std::string_view before;  // The word in front; empty: at the beginning of a statement.
  std::vector<std::string_view> words;
};

const std::vector<Follow>& follows() {
  static const std::vector<Follow> kFollows = {
      {"", {"ASINFO", "CREATE", "DELETE",     "DESC",    "DROP",  "EXIT", "EXPLAIN",  "GET",
            "HELP",   "INSERT", "KILL_QUERY", "OPERATE", "PRINT", "QUIT", "REGISTER", "REMOVE",
            "RESET",  "RUN",    "SELECT",     "SET",     "SHOW",  "STAT", "TRUNCATE", "UPDATE"}},
      {"REGISTER", {"MODULE"}},
      {"REMOVE", {"MODULE"}},
      {"DESC", {"MODULE"}},
      {"INSERT", {"INTO"}},
      {"DELETE", {"FROM"}},
      {"EXPLAIN", {"SELECT"}},
      {"SELECT", {"*", "COUNT(*)"}},
      {"*", {"FROM"}},
      {"SHOW", {"BINS", "INDEXES", "MODULES", "NAMESPACES", "QUERIES", "SETS"}},
      {"STAT", {"INDEX", "NAMESPACE", "SYSTEM"}},
      {"CREATE", {"INDEX", "LIST", "MAPKEYS", "MAPVALUES"}},
      {"DROP", {"INDEX"}},
      {"WHERE", {"DIGEST", "EDIGEST", "PK"}},
      {"ORDER", {"BY"}},
      {"IN", {"LIST", "MAPKEYS", "MAPVALUES"}},
      {"GET", {"ALL"}},
  };
  return kFollows;
}

constexpr std::string_view kSettings[] = {"DURABLE_DELETE",
                                          "ECHO",
                                          "KEY_SEND",
                                          "LUA_USERPATH",
                                          "NO_BINS",
                                          "OUTPUT",
                                          "OUTPUT_TYPES",
                                          "RECORD_PRINT_METADATA",
                                          "RECORD_TTL",
                                          "REPLICA_ANY",
                                          "SCAN_RECORDS_PER_SECOND",
                                          "SOCKET_TIMEOUT",
                                          "TIMEOUT",
                                          "VERBOSE"};
constexpr std::string_view kAnywhere[] = {"AND", "BETWEEN", "CONTAINS", "FROM",
                                          "IN",  "LIMIT",   "ON",       "ORDER",
                                          "SET", "VALUES",  "WHERE",    "WITHIN"};

bool ends_name(char c) {
  return c == ' ' || c == '\t' || c == '(' || c == ')' || c == ',' || c == ';' || c == '=';
}

/// The token in front of the word, in upper case; empty at the beginning of a statement.
std::string word_before(std::string_view line) {
  const std::size_t statement = line.rfind(';');
  const auto tokens =
      tokenize(statement == std::string_view::npos ? line : line.substr(statement + 1));
  return tokens.size() < 2 ? std::string() : upper(tokens[tokens.size() - 2].text);
}

}  // namespace

Completion complete(std::string_view line, const Schema& schema) {
  std::size_t begin = line.size();
  while (begin > 0 && !ends_name(line[begin - 1])) --begin;
  const std::string_view word = line.substr(begin);
  const std::string before = word_before(line.substr(0, begin));
  std::vector<std::string> possible;
  const auto offer = [&](const auto& words) {
    possible.insert(possible.end(), words.begin(), words.end());
  };
  bool is_known = false;
  for (const Follow& follow : follows()) {
    if (follow.before != before) continue;
    offer(follow.words);
    is_known = true;
  }
  if (before == "FROM" || before == "INTO" || before == "ON" || before == "UPDATE" ||
      before == "TRUNCATE" || before == "NAMESPACE") {
    offer(schema.namespaces);
    offer(schema.sets);
    is_known = true;
  }
  if (before == "SET" || before == "GET" || before == "RESET") {
    offer(std::span(kSettings));
    is_known = true;
  }
  if (!is_known) offer(std::span(kAnywhere));
  std::erase_if(possible, [&](const std::string& candidate) {
    return candidate.size() < word.size() ||
           !same_word(std::string_view(candidate).substr(0, word.size()), word);
  });
  std::ranges::sort(possible);
  return {.word_begin = begin, .candidates = std::move(possible)};
}

}  // namespace flotilla::tools::sql
