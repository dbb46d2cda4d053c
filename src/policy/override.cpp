#include "policy/override.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <nlohmann/json.hpp>

namespace cms::policy {
namespace {

using Json = nlohmann::json;

constexpr std::array<std::string_view, 3> kKeys = {"action", "until", "why"};

Result<Override> from_json(const Json& json) {
  for (const auto& [key, value] : json.items()) {
    if (std::find(kKeys.begin(), kKeys.end(), key) == kKeys.end()) {
      return fail(ErrorCode::bad_input, "an override has \"action\", \"until\" and \"why\", and nothing else");
    }
  }
  Override found;
  const auto action = json.find("action");
  const auto named = action != json.end() && action->is_string() ? parse_action(action->get<std::string>())
                                                                  : std::nullopt;
  if (!named) {
    return fail(ErrorCode::bad_input, "\"action\" of an override is allow, observe, price, limit or review");
  }
  found.action = *named;
  const auto until = json.find("until");
  if (until == json.end() || !until->is_number() || !std::isfinite(until->get<double>())) {
    return fail(ErrorCode::bad_input, "\"until\" of an override is the second since 1970 at which it ends");
  }
  found.until = until->get<double>();
  const auto why = json.find("why");
  if (why != json.end() && why->is_string()) found.why = why->get<std::string>();
  if (found.why.empty() || found.why.size() > kWhyBytesMax) {
    return fail(ErrorCode::bad_input,
                fmt::format("\"why\" of an override is a text of 1 to {} bytes: say why", kWhyBytesMax));
  }
  return found;
}

}  // namespace

std::optional<Action> parse_action(std::string_view text) {
  for (const auto action : {Action::allow, Action::observe, Action::price, Action::limit, Action::review}) {
    if (text == name(action)) return action;
  }
  return std::nullopt;
}

Result<Override> parse_override(std::string_view text) {
  // A depth beyond 2 cannot be an override, and the parser would follow it down the stack.
  const auto shallow = [](int depth, Json::parse_event_t, const Json&) { return depth <= 2; };
  const auto json = Json::parse(text, shallow, false);
  if (!json.is_object()) return fail(ErrorCode::bad_input, "an override is a JSON object");
  return from_json(json);
}

std::string format_override(const Override& value) {
  nlohmann::ordered_json json;
  json["action"] = name(value.action);
  json["until"] = value.until;
  json["why"] = value.why;
  // What is no UTF-8 cannot come from parse_override(); it is marked, for a reason is there to be read.
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace cms::policy
