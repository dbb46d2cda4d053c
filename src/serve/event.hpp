// An event: one thing that happened and that somebody outside may want to hear of. The log of events, webhooks, the
// event stream and SIEM exports all carry this one struct.
//
// Of accounts an event holds the pseudonym; the name only where the operator asked for names. It never holds a prompt
// or a number of an activation. An account's action is announced when it changes, and not when it only wavers round a
// threshold: what that means is at ActionWatch. Format of a line: docs/formats/event.md.
// Threads: plain values and functions of them. Cost: about 2 us for a change that is no event; 10 us to make a line.
#pragma once

#include <cstdint>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.hpp"
#include "fleet/tracking.hpp"
#include "pipeline/engine.hpp"
#include "pipeline/score_line.hpp"
#include "types/score.hpp"

namespace cms::serve {

// By name in JSON.
enum class EventKind : std::uint8_t {
  action_changed,   // an account's action is another one
  score,            // an account was scored; only where the operator asked for every score
  label,            // an analyst labelled an account
  override,         // an analyst set or ended an override
  erased,           // an account was erased
  policy_changed,   // another policy is in force
  atlas_loaded,     // another atlas is in force
  shed,             // items were dropped under load
  store_failed,     // nothing is durable, so nothing is acknowledged
  store_recovered,  // commits succeed again
  campaign,         // a campaign is flagged, has grown or is released
};
std::string_view name(EventKind kind);

struct Event {
  std::string id;    // 26 letters and digits, see event_id()
  double time = 0;   // seconds since 1970, of what happened
  EventKind kind = EventKind::action_changed;
  std::string tenant;    // empty: of the whole daemon
  std::string account;   // pseudonym; empty: of no account
  std::string name;      // of the account; empty unless the operator asked for names
  std::optional<double> poh;      // nothing where not computed
  std::optional<Action> before;   // what was announced before
  std::optional<Action> action;   // what holds from now on
  std::vector<pipeline::Reason> reasons;  // largest first
  std::uint64_t requests = 0;     // of the account
  std::string atlas;              // name of the atlas the score is of
  std::string why;                // in words, for what is no change of action; no account names
  struct Campaign {
    std::string id;               // 16 hex digits
    fleet::CampaignChange change = fleet::CampaignChange::flagged;
    std::uint32_t accounts = 0;   // members

    bool operator==(const Campaign&) const = default;
  };
  std::optional<Campaign> campaign;  // of a campaign; `poh`, `action` and `requests` are then the campaign's

  bool operator==(const Event&) const = default;
};

struct EventOptions {
  bool names = false;    // events carry account names
  bool scores = false;   // an event for every score, too
  double release = 1.5;  // a milder action holds only once PoH / release deserves it as well; >= 1
  double hold_s = 300;   // and no sooner than this after the last change; >= 0
  std::size_t accounts_max = 1'000'000;  // with an action other than allow that are remembered; >= 1
};

// A ULID-like identifier: 48 bits of milliseconds, 16 of `series`, 64 of `counter`, in Crockford's base 32. Sorts by
// time, then series, then counter. The same arguments always give the same identifier, so that a counter must not come
// twice with one time and series; a time below 0 or not a number counts as 0. Reference: github.com/ulid/spec.
std::string event_id(double time, std::uint64_t counter, std::uint16_t series = 0);

// Where a daemon that starts at `clock` (seconds since 1970) begins to count, so that its counters are none of an
// earlier run's: 2^24 events a second of run are free.
std::uint64_t first_counter(double clock);

// The last announced action of each account whose action is not `allow`.
//
// An action that is harsher than the announced one is announced at once. A milder one is announced when it would hold
// with PoH / release too (a Schmitt trigger), and at least hold_s of the requests' own time passed since the last
// change. So PoH that wavers within a factor `release` round a threshold makes one event, and whatever PoH does, an
// account makes at most five events in any hold_s (one release, and one for each rung upwards). What is announced is
// never milder than what the policy says.
// When accounts_max is passed, the half that changed longest ago is forgotten: such accounts are announced anew.
struct ActionWatch {
  struct Announced {
    Action action = Action::allow;
    double time = 0;  // of the change
  };
  std::unordered_map<std::string, Announced> accounts;  // by tenant, line feed, pseudonym
};

// What the policy makes of a score; must not become milder when PoH falls.
using Decide = std::function<Action(const Score&)>;

// What a durable change of an account means: action_changed when its action is announced as another one, else `score`
// where the operator wants all scores, else nothing. `pseudonym` is the account's (Store::pseudonym).
std::optional<Event> take(ActionWatch& watch, const EventOptions& options, const pipeline::Change& change,
                          const std::string& pseudonym, std::string_view atlas, const Decide& decide,
                          std::uint64_t counter, std::uint16_t series = 0);

// Brings `watch` to what it was after `event` was made: a daemon that starts reads its own log with it, so that nothing
// is announced twice. Events of other kinds than action_changed and erased change nothing.
void recall(ActionWatch& watch, const Event& event, const EventOptions& options);

// Forgets an account that was erased.
void forget(ActionWatch& watch, const std::string& tenant, const std::string& pseudonym);

// The event as a JSON object, and as a line with its newline. Keys that do not apply are null.
nlohmann::ordered_json event_json(const Event& event);
std::string event_line(const Event& event);

// The event of an object that event_json() made. Errors: `bad_input`, naming the key that is missing or wrong; unknown
// keys are passed over, since later versions may add some.
Result<Event> parse_event(const nlohmann::json& object);

}  // namespace cms::serve
