#pragma once

#include <set>

#include "tools/admin/command.h"

/// What sheets have in common: reading answers.
namespace flotilla::tools::admin {

/// Records of an answer, "k=v:k=v;k=v:...": none when there is no answer or it is an error.
std::vector<Answers> records_of(const Answers& answers, std::string_view command,
                                char pair_separator = ':');
/// The namespaces that any member has and `only` (parts of names; empty: all) chooses.
std::set<std::string> namespaces_of(const std::vector<Answers>& answers,
                                    const std::vector<std::string>& only = {});
/// Asks first.
std::set<std::string> namespaces_of(const Console& console, const std::vector<Member>& members,
                                    const Request& request);
/// Whether a name has one of the parts in it; no parts: every name.
bool is_like(std::string_view name, const std::vector<std::string>& parts);
/// 0 where there is no number.
double number_of(const Answers& pairs, std::string_view name);
bool truth_of(const Answers& pairs, std::string_view name);

}  // namespace flotilla::tools::admin
