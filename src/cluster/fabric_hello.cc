#include "cluster/fabric_hello.h"

#include <algorithm>

namespace flotilla::cluster {
namespace {

constexpr std::string_view kMagic = "FLTF";
constexpr std::uint8_t kVersion = 1;
constexpr std::size_t kNameMost = 63;

void put(Buffer& to, const Process& process) {
  append(to, Bytes(process.node));
  append_be(to, process.boot);
}

Process take_process(Reader& in) {
  Process out;
  const Bytes node = in.bytes(out.node.size());
  std::ranges::copy(node, out.node.begin());
  out.boot = in.be<std::uint64_t>();
  return out;
}

}  // namespace

Buffer FabricHello::encode() const {
  Buffer out;
  append(out, kMagic);
  append_be(out, kVersion);
  put(out, from);
  put(out, to);
  append_be(out, static_cast<std::uint8_t>(cluster_name.size()));
  append(out, cluster_name);
  return out;
}

Result<FabricHello> FabricHello::parse(Bytes frame) {
  Reader in(frame);
  if (in.text(kMagic.size()) != kMagic || in.be<std::uint8_t>() != kVersion)
    return fail(Code::Parameter, "fabric hello: not ours");
  FabricHello out;
  out.from = take_process(in);
  out.to = take_process(in);
  const std::size_t size = in.be<std::uint8_t>();
  out.cluster_name = in.text(size);
  if (!in.ok() || in.left() != 0 || size > kNameMost)
    return fail(Code::Parameter, "fabric hello: malformed");
  return out;
}

}  // namespace flotilla::cluster
