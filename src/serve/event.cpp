#include "serve/event.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace cms::serve {
namespace {

using Json = nlohmann::json;

constexpr std::array<std::string_view, 11> kKinds = {"action_changed", "score",          "label",        "override",
                                                     "erased",         "policy_changed", "atlas_loaded", "shed",
                                                     "store_failed",   "store_recovered", "campaign"};
constexpr std::size_t kActionCount = 5;
constexpr std::string_view kDigits = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
constexpr std::size_t kIdLength = 26;
constexpr std::uint64_t kMillisecondsMax = (1ULL << 48) - 1;

std::string key_of(const std::string& tenant, const std::string& pseudonym) {
  return fmt::format("{}\n{}", tenant, pseudonym);
}

void shrink(ActionWatch& watch, std::size_t accounts_max) {
  if (watch.accounts.size() <= accounts_max) return;
  std::vector<double> times;
  times.reserve(watch.accounts.size());
  for (const auto& [key, announced] : watch.accounts) times.push_back(announced.time);
  const auto middle = times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2);
  std::nth_element(times.begin(), middle, times.end());
  const double oldest = *middle;
  std::erase_if(watch.accounts, [&](const auto& entry) { return entry.second.time < oldest; });
  // All changed at one time: there is no older half.
  if (watch.accounts.size() > accounts_max) watch.accounts.clear();
}

void announce(ActionWatch& watch, const std::string& key, Action action, double time, const EventOptions& options) {
  if (action == Action::allow) {
    watch.accounts.erase(key);
    return;
  }
  watch.accounts[key] = {action, time};
  shrink(watch, options.accounts_max);
}

Action next_action(const ActionWatch::Announced& last, const EventOptions& options, const pipeline::Change& change,
                   const Decide& decide) {
  const Action now = decide(change.score);
  if (now >= last.action) return now;
  if (change.time - last.time < options.hold_s) return last.action;
  Score harsher = change.score;
  harsher.poh /= options.release;
  return std::clamp(decide(harsher), now, last.action);
}

template <typename T>
Json or_null(const std::optional<T>& value) {
  return value ? Json(*value) : Json(nullptr);
}

Json text_or_null(const std::string& text) { return text.empty() ? Json(nullptr) : Json(text); }

Json action_or_null(const std::optional<Action>& action) { return action ? Json(name(*action)) : Json(nullptr); }

tl::unexpected<Error> wrong(std::string_view key, std::string_view expected) {
  return fail(ErrorCode::bad_input, fmt::format("\"{}\" must be {}", key, expected));
}

// The value of a key; null when it is missing.
const Json& at(const Json& object, const char* key) {
  static const Json kNull;
  const auto found = object.find(key);
  return found == object.end() ? kNull : *found;
}

Result<std::string> text(const Json& object, const char* key) {
  const Json& value = at(object, key);
  if (value.is_null()) return std::string();
  if (!value.is_string()) return wrong(key, "a string or null");
  return value.get<std::string>();
}

Result<std::optional<Action>> action(const Json& object, const char* key) {
  CMS_TRY(word, text(object, key));
  if (word.empty()) return std::nullopt;
  for (std::size_t a = 0; a < kActionCount; ++a) {
    if (name(static_cast<Action>(a)) == word) return static_cast<Action>(a);
  }
  return wrong(key, "an action or null");
}

Result<std::vector<pipeline::Reason>> reasons_of(const Json& value) {
  std::vector<pipeline::Reason> result;
  if (value.is_null()) return result;
  if (!value.is_array()) return wrong("reasons", "an array");
  for (const auto& entry : value) {
    if (!entry.is_object() || !at(entry, "share").is_number()) return wrong("reasons", "channels with shares");
    CMS_TRY(word, text(entry, "channel"));
    std::size_t c = 0;
    while (c < kChannelCount && name(static_cast<Channel>(c)) != word) ++c;
    if (c == kChannelCount) return wrong("reasons", "channels with shares");
    result.push_back({static_cast<Channel>(c), at(entry, "share").get<double>()});
  }
  return result;
}

Result<std::optional<Event::Campaign>> campaign_of(const Json& value) {
  if (value.is_null()) return std::nullopt;
  if (!value.is_object() || !at(value, "accounts").is_number_unsigned()) return wrong("campaign", "a campaign or null");
  Event::Campaign campaign;
  CMS_TRY(id, text(value, "id"));
  campaign.id = id;
  campaign.accounts = at(value, "accounts").get<std::uint32_t>();
  CMS_TRY(word, text(value, "change"));
  for (const auto change : {fleet::CampaignChange::flagged, fleet::CampaignChange::grown,
                            fleet::CampaignChange::released}) {
    campaign.change = change;
    if (fleet::name(change) == word) return std::optional(campaign);
  }
  return wrong("change", "flagged, grown or released");
}

}  // namespace

std::string_view name(EventKind kind) { return kKinds[static_cast<std::size_t>(kind)]; }

std::string event_id(double time, std::uint64_t counter, std::uint16_t series) {
  const double whole = std::isfinite(time) && time > 0 ? std::floor(time * 1000) : 0;
  std::uint64_t milliseconds =
      whole >= static_cast<double>(kMillisecondsMax) ? kMillisecondsMax : static_cast<std::uint64_t>(whole);
  std::string id(kIdLength, '0');
  for (std::size_t i = 10; i-- > 0; milliseconds >>= 5) id[i] = kDigits[milliseconds & 31];
  std::uint64_t above = series;  // what lies above the counter's 64 bits
  for (std::size_t i = kIdLength; i-- > 10; above >>= 5) {
    id[i] = kDigits[counter & 31];
    counter = counter >> 5 | (above & 31) << 59;
  }
  return id;
}

std::uint64_t first_counter(double clock) {
  return std::isfinite(clock) && clock > 0 ? static_cast<std::uint64_t>(std::min(clock, 0x1p39)) << 24 : 0;
}

std::optional<Event> take(ActionWatch& watch, const EventOptions& options, const pipeline::Change& change,
                          const std::string& pseudonym, std::string_view atlas, const Decide& decide,
                          std::uint64_t counter, std::uint16_t series) {
  const std::string key = key_of(change.name.tenant, pseudonym);
  const auto found = watch.accounts.find(key);
  const auto last = found == watch.accounts.end() ? ActionWatch::Announced{Action::allow, -HUGE_VAL} : found->second;
  const Action action = next_action(last, options, change, decide);
  const bool changed = action != last.action;
  if (!changed && !options.scores) return std::nullopt;
  if (changed) announce(watch, key, action, change.time, options);

  Event event;
  event.id = event_id(change.time, counter, series);
  event.time = change.time;
  event.kind = changed ? EventKind::action_changed : EventKind::score;
  event.tenant = change.name.tenant;
  event.account = pseudonym;
  if (options.names) event.name = change.name.account;
  if (change.score.computed) event.poh = change.score.poh;
  event.before = last.action;
  event.action = action;
  if (change.score.computed) event.reasons = pipeline::reasons(change.score);
  event.requests = change.score.requests;
  event.atlas = atlas;
  return event;
}

void recall(ActionWatch& watch, const Event& event, const EventOptions& options) {
  if (event.kind == EventKind::erased) forget(watch, event.tenant, event.account);
  if (event.kind != EventKind::action_changed || !event.action) return;
  announce(watch, key_of(event.tenant, event.account), *event.action, event.time, options);
}

void forget(ActionWatch& watch, const std::string& tenant, const std::string& pseudonym) {
  watch.accounts.erase(key_of(tenant, pseudonym));
}

nlohmann::ordered_json event_json(const Event& event) {
  auto reasons = nlohmann::ordered_json::array();
  for (const auto& reason : event.reasons) {
    reasons.push_back({{"channel", name(reason.channel)}, {"share", reason.share}});
  }
  nlohmann::ordered_json line;
  line["id"] = event.id;
  line["time"] = event.time;
  line["kind"] = name(event.kind);
  line["tenant"] = text_or_null(event.tenant);
  line["account"] = text_or_null(event.account);
  if (!event.name.empty()) line["name"] = event.name;
  line["poh"] = or_null(event.poh);
  line["before"] = action_or_null(event.before);
  line["action"] = action_or_null(event.action);
  line["reasons"] = std::move(reasons);
  line["requests"] = event.requests;
  line["atlas"] = text_or_null(event.atlas);
  line["why"] = text_or_null(event.why);
  if (event.campaign) {
    line["campaign"] = {{"id", event.campaign->id},
                        {"change", fleet::name(event.campaign->change)},
                        {"accounts", event.campaign->accounts}};
  }
  return line;
}

std::string event_line(const Event& event) {
  return event_json(event).dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

Result<Event> parse_event(const Json& object) {
  if (!object.is_object()) return fail(ErrorCode::bad_input, "an event is a JSON object");
  Event event;
  CMS_TRY(id, text(object, "id"));
  if (id.size() != kIdLength || id.find_first_not_of(kDigits) != std::string::npos) {
    return wrong("id", "26 characters of Crockford's base 32");
  }
  event.id = id;
  if (!at(object, "time").is_number()) return wrong("time", "seconds since 1970");
  event.time = at(object, "time").get<double>();
  CMS_TRY(kind, text(object, "kind"));
  const auto found = std::find(kKinds.begin(), kKinds.end(), kind);
  if (found == kKinds.end()) return wrong("kind", "a kind of event that this version knows");
  event.kind = static_cast<EventKind>(found - kKinds.begin());
  for (const auto& [key, field] : {std::pair{"tenant", &Event::tenant}, {"account", &Event::account},
                                   {"name", &Event::name}, {"atlas", &Event::atlas}, {"why", &Event::why}}) {
    CMS_TRY(value, text(object, key));
    event.*field = value;
  }
  const Json& poh = at(object, "poh");
  if (!poh.is_null() && !(poh.is_number() && poh.get<double>() >= 0 && poh.get<double>() <= 1)) {
    return wrong("poh", "a number from 0 to 1, or null");
  }
  if (poh.is_number()) event.poh = poh.get<double>();
  CMS_TRY(before, action(object, "before"));
  CMS_TRY(after, action(object, "action"));
  event.before = before;
  event.action = after;
  CMS_TRY(reasons, reasons_of(at(object, "reasons")));
  event.reasons = std::move(reasons);
  if (!at(object, "requests").is_number_unsigned()) return wrong("requests", "a whole number >= 0");
  event.requests = at(object, "requests").get<std::uint64_t>();
  CMS_TRY(campaign, campaign_of(at(object, "campaign")));
  event.campaign = campaign;
  return event;
}

}  // namespace cms::serve
