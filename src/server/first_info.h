#pragma once

#include "exec/node.h"
#include "session.h"

namespace flotilla::server {

class FirstInfo : public InfoService {
 public:
  explicit FirstInfo(const exec::Node& node) : node_(node) {}
  std::string answer(Asker& asker, std::string_view request) override;

 private:
  std::string value_of(const Asker& asker, std::string_view name) const;
  const exec::Node& node_;
};

}  // namespace flotilla::server
