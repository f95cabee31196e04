#pragma once

#include "background.h"
#include "server.h"

namespace flotilla::server {

/// What belongs to one reactor.
struct Server::ReactorParts {
  ReactorParts(Server& server, unsigned number)
      : reactor(server.limits_),
        executor(server.node_, number),
        context{.executor = executor,
                .info = *server.info_,
                .wall = WallClock([&server] { return server.cluster_wall(); }),
                .run_in_background =
                    [this](std::unique_ptr<exec::Task> task) {
                      background.add(std::move(task));
                      reactor.wake_background();
                    },
                .storage_failed = server.storage_failed_} {
    executor.set_wake([this] {
      reactor.notify();
      reactor.wake_background();
    });
    reactor.set_background([this] { return background.run(net::Reactor::now()).more; });
    reactor.set_look_ahead(
        [this](std::span<const Bytes> received) { look_ahead(executor, received); });
    reactor.set_on_notify([this] { executor.forwarding().send_held(net::Reactor::now()); });
  }

  net::Reactor reactor;
  exec::Executor executor;
  Background background;
  ReactorContext context;
};

}  // namespace flotilla::server
