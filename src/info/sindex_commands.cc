// Secondary indexes.

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "base/parse.h"
#include "command.h"
#include "key_values.h"

namespace flotilla::info {
namespace {

constexpr std::size_t kNameLongest = 63;
constexpr std::size_t kBinLongest = 15;
constexpr std::size_t kBase64Longest = 1 << 16;
constexpr std::string_view kNoIndex = "no index";
constexpr std::string_view kTypes[] = {"numeric", "string", "blob", "geo2dsphere"};
constexpr std::string_view kIndexTypes[] = {"default", "list", "mapkeys", "mapvalues", "set"};

std::string lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(),
                         [](unsigned char ch) { return static_cast<char>(std::tolower(ch)); });
  return out;
}

template <std::size_t N>
bool one_of(const std::string_view (&words)[N], std::string_view word) {
  return std::ranges::find(words, word) != std::end(words);
}

using Checked = Parsed<void>;
tl::unexpected<std::string> bad(std::string_view text) {
  return tl::unexpected(error(Code::Parameter, text));
}

Checked take_text(const Params& params, const Params::Wanted& wanted, std::string& to) {
  const auto value = params.optional(wanted);
  if (!value) return tl::unexpected(value.error());
  to = value->value_or(std::string_view());
  return {};
}

// bin and type stood in one parameter once: indexdata=bin,type
Checked take_index_data(std::string_view data, SindexDefinition& d) {
  const std::size_t comma = data.find(',');
  if (comma == std::string_view::npos) return bad("'indexdata' missing bin type");
  d.bin = data.substr(0, comma);
  d.type = lower(data.substr(comma + 1));
  if (!one_of(kTypes, d.type))
    return bad(
        "bad 'indexdata' bin type - must be one of 'numeric', 'string', 'blob', 'geo2dsphere'");
  return {};
}

Checked take_bin_and_type(const Params& params, SindexDefinition& d) {
  std::string data;
  std::string type;
  if (auto c = take_text(params, {"indexdata", 256}, data); !c) return c;
  if (auto c = take_text(params, {"type", 32}, type); !c) return c;
  if (auto c = take_text(params, {"bin", kBinLongest}, d.bin); !c) return c;
  if (!data.empty() && !type.empty()) return bad("both 'indexdata' and 'type' are specified");
  if (data.empty() && type.empty()) return bad("both 'indexdata' and 'type' are missing");
  if (!data.empty()) {
    if (auto c = take_index_data(data, d); !c) return c;
  } else {
    d.type = lower(type);
    if (!one_of(kTypes, d.type))
      return bad("bad 'type' - must be one of 'numeric', 'string', 'blob', 'geo2dsphere'");
  }
  if (d.bin.size() > kBinLongest) return bad("'bin' value too long");
  if (d.bin.empty() && d.expression.empty()) return bad("both 'bin' and 'exp' are missing");
  if (!d.bin.empty() && !d.expression.empty()) return bad("both 'bin' and 'exp' are specified");
  return {};
}

Checked take_encoded(const Params& params, SindexDefinition& d) {
  Buffer plain;
  if (auto c = take_text(params, {"context", kBase64Longest}, d.context); !c) return c;
  if (!d.context.empty() && !from_base64(d.context, plain)) return bad("'context' invalid base64");
  if (auto c = take_text(params, {"exp", kBase64Longest}, d.expression); !c) return c;
  if (!d.expression.empty() && !from_base64(d.expression, plain)) return bad("bad 'exp'");
  if (!d.context.empty() && !d.expression.empty())
    return bad("both 'context' and 'exp' are specified");
  return {};
}

Parsed<SindexDefinition> definition_in(const Params& params) {
  SindexDefinition d;
  const auto name = params.required({"indexname", kNameLongest});
  if (!name) return tl::unexpected(name.error());
  const auto ns = params.namespace_name();
  if (!ns) return tl::unexpected(ns.error());
  d.name = *name;
  d.ns = *ns;
  if (auto c = take_text(params, {"set", config::NamespaceConfig::kSetNameMax}, d.set); !c)
    return tl::unexpected(c.error());
  std::string index_type;
  if (auto c = take_text(params, {"indextype", 32}, index_type); !c)
    return tl::unexpected(c.error());
  d.index_type = index_type.empty() ? "default" : lower(index_type);
  if (!one_of(kIndexTypes, d.index_type))
    return bad("bad 'indextype' - must be one of 'default', 'list', 'mapkeys', 'mapvalues'");
  if (d.index_type == "set") return d;
  if (auto c = take_encoded(params, d); !c) return tl::unexpected(c.error());
  if (auto c = take_bin_and_type(params, d); !c) return tl::unexpected(c.error());
  return d;
}

std::string create(Context& c, const Request& request) {
  const auto definition = definition_in(Params(request.args));
  return definition ? done(c.node.create_sindex(*definition)) : definition.error();
}

struct Named {
  std::string_view ns;
  std::string_view index;
};

Parsed<Named> name_in(const Params& params) {
  const auto index = params.required({"indexname", kNameLongest});
  if (!index) return tl::unexpected(index.error());
  const auto ns = params.namespace_name();
  if (!ns) return tl::unexpected(ns.error());
  return Named{*ns, *index};
}

std::string remove(Context& c, const Request& request) {
  const auto named = name_in(Params(request.args));
  return named ? done(c.node.delete_sindex(named->ns, named->index)) : named.error();
}

std::optional<SindexLine> find(Context& c, const Named& named) {
  for (SindexLine& line : c.node.sindexes())
    if (line.definition.ns == named.ns && line.definition.name == named.index)
      return std::move(line);
  return std::nullopt;
}

std::string exists(Context& c, const Request& request) {
  const Params params(request.args);
  const auto named = name_in(params);
  if (!named) return named.error();
  if (const auto ns = params.namespace_of(c); !ns) return ns.error();
  return find(c, *named) ? "true" : "false";
}

std::string print_line(const SindexLine& line, bool base64) {
  const SindexDefinition& d = line.definition;
  const auto or_null = [](std::string_view text) {
    return text.empty() ? std::string_view("null") : text;
  };
  KeyValues out(':');
  out.add("ns", d.ns);
  out.add("indexname", d.name);
  out.add("set", or_null(d.set));
  if (d.index_type != "set") {
    out.add("bin", or_null(d.bin));
    out.add("type", d.type);
  }
  out.add("indextype", d.index_type);
  if (d.index_type == "set") return std::move(out).text();
  out.add("context", or_null(base64 ? d.context : line.context_text));
  out.add("exp", or_null(base64 ? d.expression : line.expression_text));
  out.add("state", line.state);
  return std::move(out).text();
}

std::string print_statistics(const SindexLine& line) {
  KeyValues out;
  out.add("entries", line.entries);
  out.add("used_bytes", line.used_bytes);
  if (line.definition.index_type == "set") {
    out.add("load_pct", line.load_pct);
    return std::move(out).text();
  }
  out.add("entries_per_bval", line.entries_per_bval);
  out.add("entries_per_rec", line.entries_per_rec);
  out.add("load_pct", line.load_pct);
  out.add("load_time", line.load_seconds);
  out.add("stat_gc_recs", line.collected);
  return std::move(out).text();
}

std::string print_lines(Context& c, std::string_view ns, bool base64) {
  std::string out;
  for (const SindexLine& line : c.node.sindexes()) {
    if (!ns.empty() && line.definition.ns != ns) continue;
    out += (out.empty() ? "" : ";") + print_line(line, base64);
  }
  return out;
}

std::string list(Context& c, const Request& request) {
  const Params params(request.args);
  const auto base64 = params.optional({"b64", 5});
  if (!base64) return base64.error();
  if (*base64 && **base64 != "true" && **base64 != "false")
    return error(Code::Parameter, "bad b64");
  std::string_view only;
  if (params.find("namespace") || params.find("ns") || params.find("id")) {
    const auto ns = params.namespace_of(c);
    if (!ns) return ns.error();
    only = (*ns)->name;
  }
  return print_lines(c, only, *base64 && **base64 == "true");
}

std::string statistics_of(Context& c, const Named& named) {
  const auto line = find(c, named);
  return line ? print_statistics(*line) : error(Code::IndexNotFound, kNoIndex);
}

std::string stat(Context& c, const Request& request) {
  const Params params(request.args);
  const auto named = name_in(params);
  if (!named) return named.error();
  const auto ns = params.namespace_of(c);
  return ns ? statistics_of(c, *named) : ns.error();
}

// sindex, sindex/NS, sindex/NS/INDEX
std::string sindex(Context& c, const Request& request) {
  c.node.count_deprecated();
  const std::vector<std::string_view> parts = split(request.args, '/');
  if (parts.empty()) return print_lines(c, {}, false);
  if (c.node.config().find_namespace(parts[0]) == nullptr) return "ns_type=unknown";
  return parts.size() == 1 ? print_lines(c, parts[0], false)
                           : statistics_of(c, {parts[0], parts[1]});
}

constexpr Command kCommands[] = {
    {"sindex", "sindex[/NS[/INDEX]]: older form of sindex-list and sindex-stat", &sindex},
    {"sindex-create",
     "namespace=NS;[set=S;]indexname=I;[context=BASE64;|exp=BASE64;][indextype=T;]bin=B;type=T: "
     "makes an index",
     &create},
    {"sindex-delete", "namespace=NS;indexname=I: removes an index", &remove},
    {"sindex-exists", "namespace=NS;indexname=I: true or false", &exists},
    {"sindex-list", "[namespace=NS;][b64=B]: all indexes", &list},
    {"sindex-stat", "namespace=NS;indexname=I: statistics of an index", &stat},
};

}  // namespace

std::span<const Command> sindex_commands() { return kCommands; }

}  // namespace flotilla::info
