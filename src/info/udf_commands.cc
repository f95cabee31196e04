// UDF modules.

#include <fmt/format.h>

#include "base/parse.h"
#include "command.h"

namespace flotilla::info {
namespace {

constexpr std::size_t kNameLongest = 127;
constexpr std::size_t kContentLongest = 1 << 20;

bool good_name(std::string_view name) {
  const std::size_t dot = name.find('.');
  return !name.empty() && name.size() <= kNameLongest && dot != std::string_view::npos &&
         dot != 0 && name.back() != '.';
}

std::string put(Context& c, const Request& request) {
  const Params params(request.args);
  const std::string_view name = params.find("filename").value_or("");
  if (!good_name(name)) return "error=invalid_filename";
  const auto length = parse_u64(params.find("content-len").value_or(""));
  if (!length) return "error=invalid_content_len";
  const auto type = params.find("udf-type");
  if (type && *type != "LUA") return "error=invalid_udf_type";
  const auto content = params.find("content");
  if (!content || content->empty() || *length == 0) return "error=invalid_content";
  if (*length > kContentLongest) return "error=invalid_udf_content_len,>1M";
  if (content->size() != *length) return "error=invalid_content_len";
  Buffer plain;
  if (!from_base64(*content, plain)) return "error=invalid_base64_content";
  UdfProblem problem;
  const auto put = c.node.put_udf(name, std::string(as_text(plain)), problem);
  if (put || put.error().code != Code::UdfFailed) return done(put);
  return fmt::format("error=compile_error;file={};line={};message={}", problem.file, problem.line,
                     to_base64(as_bytes(problem.message)));
}

std::string get(Context& c, const Request& request) {
  const std::string_view name = Params(request.args).find("filename").value_or("");
  if (name.empty() || name.size() > kNameLongest) return "error=invalid_filename";
  for (const UdfModule& module : c.node.udf_modules()) {
    if (module.filename != name) continue;
    if (module.content.empty()) return "error=empty";
    return fmt::format("type=LUA;content={};", to_base64(as_bytes(module.content)));
  }
  return "error=not_found";
}

std::string list(Context& c, const Request&) {
  std::string out;
  for (const UdfModule& m : c.node.udf_modules())
    out += fmt::format("filename={},hash={},type=LUA;", m.filename, m.hash);
  return out;
}

std::string remove(Context& c, const Request& request) {
  const std::string_view name = Params(request.args).find("filename").value_or("");
  if (name.empty() || name.size() > kNameLongest) return "error=invalid_filename";
  return done(c.node.remove_udf(name));
}

std::string clear_cache(Context&, const Request&) { return "ok"; }

constexpr Command kCommands[] = {
    {"udf-clear-cache", "does nothing: modules are read anew when they change", &clear_cache},
    {"udf-get", "filename=F: a module's text", &get},
    {"udf-list", "all modules", &list},
    {"udf-put", "filename=F;content=BASE64;content-len=N;udf-type=LUA: adds or replaces a module",
     &put},
    {"udf-remove", "filename=F: removes a module", &remove},
};

}  // namespace

std::span<const Command> udf_commands() { return kCommands; }

}  // namespace flotilla::info
