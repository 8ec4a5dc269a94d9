// The clients' part in `reconnect`: when the coordinator says so, all of them drop their
// connections and come back, however often they are turned away; and when it says so, each is
// pushed to once, to see whether it is served again.
//
// Owner: PublishTask.   Thread: its worker's.   Bound: none of its own.
#pragma once

#include <cstdint>

#include "bench/load/options.h"
#include "bench/load/scenario/client_set.h"
#include "bench/load/scenario/control.h"

namespace load {

class Reconnect {
 public:
  Reconnect(ClientSet& clients, Control& control, Drop how)
      : clients_(clients), control_(control), how_(how) {}

  // Returns when a client that was turned away wants to try again.
  std::int64_t turn(std::int64_t now);

  // True once for each roll call that was ordered.
  [[nodiscard]] bool take_roll_call();

 private:
  ClientSet& clients_;
  Control& control_;
  const Drop how_;
  std::uint32_t drops_ = 0;       // Orders carried out.
  std::uint32_t roll_calls_ = 0;  // …
  bool away_ = false;             // Not all clients are back.
};

}  // namespace load
