#include "client/login.h"

#include <crypt.h>
#include <fmt/format.h>

#include <cstring>
#include <memory>

#include "wire/frame.h"
#include "wire/security.h"

namespace flotilla::client {
namespace {

using Command = wire::SecurityCommand;
using Header = wire::SecurityHeader;

enum class Field : std::uint8_t {
  User = 0,
  Credential = 3,
  ClearPassword = 4,
  SessionToken = 5,
  SessionTtl = 6
};

constexpr const char* kSalt = "$2a$10$7EqJtq98hPqEX7fNZaFWoO";
// Of a password: what bcrypt takes in.
constexpr std::size_t kPasswordMost = 72;

class Message {
 public:
  explicit Message(Command command) : out_(wire::FrameHeader::kSize + Header::kSize) {
    header()[Header::kCommandAt] = static_cast<std::byte>(command);
  }
  Message& field(Field id, std::string_view value) {
    append_be<std::uint32_t>(out_, static_cast<std::uint32_t>(value.size() + 1));
    out_.push_back(static_cast<std::byte>(id));
    append(out_, value);
    header()[Header::kFieldsAt] =
        static_cast<std::byte>(static_cast<unsigned>(header()[Header::kFieldsAt]) + 1);
    return *this;
  }
  Buffer finish() {
    const wire::FrameHeader frame{.kind = wire::FrameKind::Security,
                                  .body_size = out_.size() - wire::FrameHeader::kSize};
    frame.write(out_.data());
    return std::move(out_);
  }

 private:
  std::byte* header() { return out_.data() + wire::FrameHeader::kSize; }

  Buffer out_;
};

}  // namespace

Expected<std::string> hash_password(const std::string& password) {
  if (password.size() > kPasswordMost)
    return fail(Status::Parameter,
                fmt::format("the nodes' password is longer than {} bytes", kPasswordMost));
  const auto work = std::make_unique<crypt_data>();
  const char* hash = ::crypt_r(password.c_str(), kSalt, work.get());
  if (hash == nullptr || std::strncmp(hash, kSalt, 7) != 0)
    return fail(Status::Client, "the C library cannot hash passwords by bcrypt");
  return std::string(hash);
}

Buffer login_request(const Login& login) {
  Message message(Command::Login);
  if (login.auth != Auth::Pki)
    message.field(Field::User, login.user).field(Field::Credential, login.credential);
  if (login.auth == Auth::External) message.field(Field::ClearPassword, login.password);
  return message.finish();
}

Buffer authenticate_request(std::string_view user, std::string_view token) {
  Message message(Command::Authenticate);
  if (!user.empty()) message.field(Field::User, user);
  return message.field(Field::SessionToken, token).finish();
}

Expected<LoginReply> parse_login_reply(Bytes body) {
  const auto is_none = [] {
    return fail(Status::Client, "the node's answer to the login cannot be read");
  };
  if (body.size() < Header::kSize) return is_none();
  LoginReply out;
  out.code = static_cast<std::uint8_t>(body[Header::kResultAt]);
  Reader in(body.subspan(Header::kSize));
  for (auto left = static_cast<unsigned>(body[Header::kFieldsAt]); left > 0; --left) {
    const auto size = in.be<std::uint32_t>();
    const auto id = static_cast<Field>(in.be<std::uint8_t>());
    if (!in.ok() || size == 0) return is_none();
    const std::string_view value = in.text(size - 1);
    if (!in.ok()) return is_none();
    if (id == Field::SessionToken) out.token = value;
    if (id == Field::SessionTtl && value.size() == sizeof(std::uint32_t))
      out.ttl = std::chrono::seconds(load_be<std::uint32_t>(as_bytes(value).data()));
  }
  return out;
}

std::string login_failure(std::uint8_t code, std::string_view user) {
  switch (code) {
    case 60:
      return fmt::format("knows no user '{}'", user);
    case 61:
    case 62:
    case 65:
      return fmt::format("refuses the password of user '{}'", user);
    case 63:
      return fmt::format("wants a new password for user '{}': the old one has expired", user);
    case kNotAuthenticated:
      return "wants a login";
    case kRoleViolation:
      return fmt::format("does not let user '{}' do that", user);
    case 82:
      return "takes no login from this address";
    default:
      return fmt::format("refuses the login of user '{}' with code {}", user, code);
  }
}

}  // namespace flotilla::client
