#include "messages.h"

#include <utility>

// gcc 12 takes the alternatives that a variant does not hold for uninitialized.
#ifndef __clang__
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif

namespace flotilla::cluster {

namespace {

template <std::size_t... I>
bool parse_body(Kind kind, Decoder& d, Message& body, std::index_sequence<I...>) {
  const auto attempt = [&]<std::size_t N>() {
    using M = std::variant_alternative_t<N, Message>;
    if (kind != M::kKind) return false;
    d(body.template emplace<N>());
    return true;
  };
  return (attempt.template operator()<I>() || ...);
}

struct Space {
  NamespaceRows& rows;
  template <class A>
  void fields(A& a) {
    a(rows.name, rows.replication_factor, rows.rows);
  }
};

template <class A>
void view_fields(A& a, View& view) {
  a(view.epoch, view.base, view.leader, view.members, view.away, view.clock_offset_ms);
}

}  // namespace

Result<Parsed> parse_message(Bytes frame) {
  Result<Parsed> parsed(tl::in_place);
  Decoder d(frame);
  d(parsed->header);
  if (!d.ok()) return fail(Code::Parameter, "a message's header is damaged");
  if (!parse_body(parsed->header.kind, d, parsed->body,
                  std::make_index_sequence<std::variant_size_v<Message>>()))
    return fail(Code::Parameter, "a message of an unknown kind");
  if (!d.done()) return fail(Code::Parameter, "a message is damaged");
  return parsed;
}

Result<Header> parse_header(Bytes frame) {
  Decoder d(frame);
  Header header;
  d(header);
  // one_hop_on() counts on a byte each.
  if (!d.ok() || std::to_integer<unsigned>(frame[0]) != static_cast<unsigned>(header.kind) ||
      std::to_integer<unsigned>(frame[1]) != header.hops)
    return fail(Code::Parameter, "a message's header is damaged");
  return header;
}

Buffer one_hop_on(Bytes frame) {
  Buffer out(frame.begin(), frame.end());
  out[1] = static_cast<std::byte>(std::to_integer<unsigned>(out[1]) + 1);
  return out;
}

Buffer encode_view(const View& view) {
  Encoder e;
  auto& v = const_cast<View&>(view);
  view_fields(e, v);
  e(view.namespaces.size());
  for (NamespaceRows& ns : v.namespaces) e(Space{ns});
  return std::move(e.out);
}

Result<View> parse_view(Bytes bytes) {
  Decoder d(bytes);
  View view;
  view_fields(d, view);
  std::size_t spaces = 0;
  d(spaces);
  for (std::size_t i = 0; i < spaces && d.ok(); ++i) {
    Space space{view.namespaces.emplace_back()};
    d(space);
  }
  if (!d.done()) return fail(Code::Parameter, "a stored view is damaged");
  return view;
}

}  // namespace flotilla::cluster
