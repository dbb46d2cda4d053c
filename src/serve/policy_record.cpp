#include "serve/policy_record.hpp"

#include <nlohmann/json.hpp>

#include "base/hash.hpp"
#include "tap/json_lines.hpp"

namespace cms::serve {
namespace {

constexpr const char* kAction = "policy";

// The digest that an entry says came into force; empty where it says none, as where somebody asked for the policy to be
// read again.
std::string digest_of(const store::AuditEntry& entry) {
  if (entry.tenant != "*" || entry.action != kAction) return {};
  const auto detail = tap::parse_object(entry.detail);
  const auto digest = detail ? detail->value("digest", nlohmann::json()) : nlohmann::json();
  return digest.is_string() ? digest.get<std::string>() : std::string();
}

}  // namespace

std::string policy_digest(const policy::Policy& policy, const Config& config) {
  auto allowances = nlohmann::json::array();
  for (const auto& one : policy.allowances) {
    allowances.push_back({one.tenant, one.account, one.until, name(one.at_most), one.why});
  }
  const auto& ladder = policy.ladder;
  const auto& gate = config.gate;
  const nlohmann::json all = {
      {"ladder", {ladder.observe, ladder.price, ladder.limit, ladder.review}},
      {"campaign_at_most", name(policy.campaign_at_most)},
      {"shadow", policy.shadow},
      {"jitter", policy.jitter},
      {"jitter_key", policy.jitter_key ? nlohmann::json(*policy.jitter_key) : nullptr},
      {"allowances", allowances},
      {"gate", {gate.limit_per_minute, gate.review_per_minute, gate.fail_open}},
      {"fleet_level", config.fleet.calibration.empty() ? nlohmann::json() : nlohmann::json(config.fleet.level)}};
  const auto text = all.dump();
  return to_hex(sha256({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}));
}

Result<bool> record_policy(store::Store& store, const policy::Policy& policy, const Config& config,
                           const std::string& by, double time) {
  const auto digest = policy_digest(policy, config);
  const auto last = store.last_audit([](const auto& entry) { return !digest_of(entry).empty(); });
  // A damaged log does not say; serving goes on, and from then on it does.
  if (!last && last.error().code != ErrorCode::bad_input) return tl::unexpected(last.error());
  const bool known = last && last->has_value();
  if (known && digest_of(**last) == digest) return false;
  const nlohmann::json detail = {{"by", by}, {"digest", digest}};
  CMS_CHECK(store.append_audit({.number = 0, .time = time, .tenant = "*", .actor = "cms", .action = kAction,
                                .detail = detail.dump(), .hash = ""}));
  return known;
}

}  // namespace cms::serve
