#include "net/srv.h"

#include <arpa/nameser.h>
#include <netdb.h>
#include <resolv.h>

#include <algorithm>

namespace flotilla::net {

bool is_service_name(std::string_view name) {
  return name.starts_with('_') && name.find("._") != std::string_view::npos;
}

Result<std::vector<Target>> parse_srv(Bytes answer) {
  const auto damaged = [] { return fail(Code::Parameter, "the DNS answer cannot be read"); };
  ns_msg message;
  const auto* data = reinterpret_cast<const unsigned char*>(answer.data());
  if (answer.size() > NS_MAXMSG ||
      ::ns_initparse(data, static_cast<int>(answer.size()), &message) != 0)
    return damaged();
  std::vector<Target> out;
  for (int i = 0; i < ns_msg_count(message, ns_s_an); ++i) {
    ns_rr record;
    if (::ns_parserr(&message, ns_s_an, i, &record) != 0) return damaged();
    constexpr int kFixed = 6;  // Priority, weight, port; then the target.
    if (ns_rr_type(record) != ns_t_srv || ns_rr_rdlen(record) <= kFixed) continue;
    char target[NS_MAXDNAME];
    if (::dn_expand(ns_msg_base(message), ns_msg_end(message), ns_rr_rdata(record) + kFixed, target,
                    sizeof target) < 0)
      return damaged();
    out.push_back({target, static_cast<std::uint16_t>(ns_get16(ns_rr_rdata(record) + 4))});
  }
  return out;
}

Result<std::vector<Target>> look_up_srv(const std::string& name) {
  struct __res_state state{};
  if (::res_ninit(&state) != 0) return fail(Code::Unavailable, "the resolver cannot be set up");
  std::vector<unsigned char> answer(NS_MAXMSG);
  const int size = ::res_nquery(&state, name.c_str(), ns_c_in, ns_t_srv, answer.data(),
                                static_cast<int>(answer.size()));
  const int failure = state.res_h_errno;
  ::res_nclose(&state);
  if (size < 0) {
    if (failure == HOST_NOT_FOUND || failure == NO_DATA)
      return fail(Code::NotFound, "it has no SRV records");
    return fail(Code::Unavailable, "DNS gives no answer");
  }
  answer.resize(std::min(answer.size(), static_cast<std::size_t>(size)));
  return parse_srv(std::as_bytes(std::span(answer)));
}

}  // namespace flotilla::net
