#include "answers.h"

#include <algorithm>

#include "base/parse.h"
#include "text.h"

namespace flotilla::tools::admin {

std::vector<Answers> records_of(const Answers& answers, std::string_view command,
                                char pair_separator) {
  std::vector<Answers> records;
  const std::string_view answer = value_of(answers, command);
  if (client::is_info_error(answer)) return records;
  for (const std::string_view part : split(answer, ';')) {
    Answers record;
    for (auto& [name, value] : client::parse_pairs(part, pair_separator))
      record[std::move(name)] = std::move(value);
    if (!record.empty()) records.push_back(std::move(record));
  }
  return records;
}

std::set<std::string> namespaces_of(const std::vector<Answers>& answers,
                                    const std::vector<std::string>& only) {
  std::set<std::string> names;
  for (const Answers& answer : answers)
    for (const std::string_view name : split(value_of(answer, "namespaces"), ';'))
      if (!name.empty() && is_like(name, only)) names.emplace(name);
  return names;
}

std::set<std::string> namespaces_of(const Console& console, const std::vector<Member>& members,
                                    const Request& request) {
  return namespaces_of(console.fleet.ask(members, {"namespaces"}), request.only);
}

bool is_like(std::string_view name, const std::vector<std::string>& parts) {
  return parts.empty() || std::ranges::any_of(parts, [&](const std::string& part) {
           return name.find(part) != std::string_view::npos;
         });
}

double number_of(const Answers& pairs, std::string_view name) {
  return parse_real(value_of(pairs, name)).value_or(0);
}

bool truth_of(const Answers& pairs, std::string_view name) {
  return parse_truth(value_of(pairs, name)).value_or(false);
}

}  // namespace flotilla::tools::admin
