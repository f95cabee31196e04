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
      {"(", {"PK"}},
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

std::string_view last_statement(std::string_view line) {
  return line.substr(line.rfind(';') + 1);  // Also of none: npos + 1 is 0.
}

/// The token in front of the word, in upper case; empty at the beginning of a statement.
std::string word_before(std::string_view line) {
  const auto tokens = tokenize(last_statement(line));
  return tokens.size() < 2 ? std::string() : upper(tokens[tokens.size() - 2].text);
}

bool names_a_target(std::string_view word) {
  return word == "FROM" || word == "INTO" || word == "ON" || word == "UPDATE";
}

/// Whether a bin may stand behind `before`; SET is also the beginning of a statement on settings.
bool precedes_bin(std::string_view before, std::string_view line) {
  const auto tokens = tokenize(last_statement(line));
  const bool updates = same_word(tokens[0].text, "UPDATE");
  if (std::ranges::any_of(tokens, [](const Token& t) { return same_word(t.text, "VALUES"); }))
    return false;
  return before == "WHERE" || before == "AND" || before == "BY" || before == "," || before == "(" ||
         (before == "SET" && updates);
}

}  // namespace

std::string target_of(std::string_view line) {
  const auto tokens = tokenize(last_statement(line));
  for (std::size_t i = 0; i + 1 < tokens.size(); ++i) {
    if (!names_a_target(upper(tokens[i].text))) continue;
    std::string target(tokens[i + 1].text);
    if (i + 3 < tokens.size() && tokens[i + 2].text == ".")
      target += '.' + std::string(tokens[i + 3].text);
    return target;
  }
  return {};
}

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
  if (names_a_target(before) || before == "TRUNCATE" || before == "NAMESPACE") {
    offer(schema.namespaces);
    offer(schema.sets);
    is_known = true;
  }
  if (before == "(" && !precedes_bin(before, line)) {
    possible.clear();
  } else if (precedes_bin(before, line)) {
    offer(schema.bins);
    is_known = true;
  } else if (before == "SET" || before == "GET" || before == "RESET") {
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
