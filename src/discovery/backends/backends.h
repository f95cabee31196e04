#pragma once

#include <utility>

#include "discovery/backend.h"

namespace flotilla::discovery {

Expected<std::unique_ptr<Backend>> make_aerospike(const Options& options);
Expected<std::unique_ptr<Backend>> make_template(const Options& options);

/// A template's text with the members in place: pure. Problem: the template's own mistake.
Expected<std::string> render_template(const std::string& text, const Listing& listing);

/// One node's answers, by command; missing ones and errors are as empty ones.
Observed read_answers(std::string id, std::span<const std::pair<std::string, std::string>> answers);

/// The seeds in an answer of get-config:context=network.
std::vector<Seed> read_seeds(std::string_view config);

}  // namespace flotilla::discovery
