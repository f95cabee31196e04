#include "grammar.h"
#include "text.h"

namespace flotilla::tools::sql::grammar {
namespace {

Statement create_index(TokenReader& in) {
  CreateIndex index;
  if (in.take("list"))
    index.collection = "list";
  else if (in.take("mapkeys"))
    index.collection = "mapkeys";
  else if (in.take("mapvalues"))
    index.collection = "mapvalues";
  in.expect("INDEX");
  index.name = in.name("an index name");
  in.expect("ON");
  index.target = in.target();
  in.expect('(');
  index.bin = in.name("a bin name");
  in.expect(')');
  for (const std::string_view type : {"numeric", "string", "geo2dsphere", "blob"})
    if (in.take(type)) index.type = type;
  if (index.type.empty()) in.unexpected("NUMERIC, STRING, GEO2DSPHERE, or BLOB");
  return index;
}

void module_word(TokenReader& in) {
  if (!in.take("module") && !in.take("package")) in.unexpected("MODULE");
}

/// "file.lua", with or without quotes.
std::string file_name(TokenReader& in) {
  std::string name = in.name("the name of a module");
  while (in.take('.')) name += '.' + in.name("the end of the name");
  return name;
}

}  // namespace

Statement show(TokenReader& in) {
  if (in.take("namespaces")) return Show{.what = Show::What::Namespaces};
  if (in.take("sets")) return Show{.what = Show::What::Sets};
  if (in.take("bins")) return Show{.what = Show::What::Bins};
  if (in.take("modules") || in.take("packages")) return Show{.what = Show::What::Modules};
  if (in.take("indexes")) {
    Show show{.what = Show::What::Indexes};
    if (!in.at_end()) show.ns = in.name("a namespace");
    return show;
  }
  if (in.take("scans") || in.take("queries")) return Show{.what = Show::What::Jobs};
  for (const std::string_view word : {"users", "user", "roles", "role"})
    if (in.next_is(word)) return users_not_yet(in);
  in.unexpected("NAMESPACES, SETS, BINS, INDEXES, MODULES, or QUERIES");
  return {};
}

Statement create(TokenReader& in) {
  if (in.next_is("user") || in.next_is("role")) return users_not_yet(in);
  return create_index(in);
}

Statement drop(TokenReader& in) {
  if (in.next_is("user") || in.next_is("role")) return users_not_yet(in);
  in.expect("INDEX");
  DropIndex index;
  index.target = in.target();
  index.name = in.name("an index name");
  return index;
}

Statement truncate(TokenReader& in) {
  Truncate truncate;
  truncate.target = in.target();
  if (in.take("upto")) {
    const std::int64_t until = in.integer("nanoseconds since 1970");
    if (until <= 0) in.meaningless("UPTO wants nanoseconds since 1970");
    truncate.until_ns = static_cast<std::uint64_t>(until);
  }
  return truncate;
}

Statement stat(TokenReader& in) {
  if (in.take("system")) return Stat{.what = Stat::What::System};
  if (in.take("namespace"))
    return Stat{.what = Stat::What::Namespace, .ns = in.name("a namespace")};
  if (in.take("index")) {
    Stat stat{.what = Stat::What::Index};
    stat.ns = in.name("a namespace");
    stat.index = in.name("an index name");
    return stat;
  }
  in.unexpected("SYSTEM, NAMESPACE, or INDEX");
  return {};
}

Statement register_module(TokenReader& in) {
  module_word(in);
  return RegisterModule{in.quoted("a path in quotes")};
}

Statement remove_module(TokenReader& in) {
  module_word(in);
  return RemoveModule{file_name(in)};
}

Statement describe_module(TokenReader& in) {
  module_word(in);
  return DescribeModule{file_name(in)};
}

Statement kill_job(TokenReader& in) { return KillJob{in.unsigned_integer("the id of a job")}; }

Statement asinfo(TokenReader& in) { return Asinfo{in.quoted("an info command in quotes")}; }

}  // namespace flotilla::tools::sql::grammar
