#pragma once

#include "info/info.h"
#include "server_view.h"
#include "session.h"

namespace flotilla::server {

/// Info requests of client connections, answered by the info module.
class InfoPort : public InfoService {
 public:
  explicit InfoPort(ServerView& view) : view_(view) {}

  std::string answer(Asker& asker, std::string_view request) override;
  void connection_closed(const Asker& asker) override;

 private:
  ServerView& view_;
};

}  // namespace flotilla::server
