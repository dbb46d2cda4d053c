// An event of an account, and one with nothing set that may be missing, for tests.
#pragma once

#include "serve/event.hpp"

namespace cms::serve {

inline Event example_event() {
  Event event;
  event.id = event_id(1'700'000'000.25, 7);
  event.time = 1'700'000'000.25;
  event.kind = EventKind::action_changed;
  event.tenant = "acme";
  event.account = "0123456789abcdef";
  event.poh = 0.004;
  event.before = Action::observe;
  event.action = Action::limit;
  event.reasons = {{Channel::breadth, 0.75}, {Channel::mixture, 0.25}};
  event.requests = 212;
  event.atlas = "0123456789ab";
  return event;
}

inline Event bare_event() {
  Event event;
  event.id = event_id(0, 0);
  return event;
}

}  // namespace cms::serve
