#include "serve/ocsf.hpp"

#include <fmt/format.h>

#include <cmath>

namespace cms::serve {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kCategory = 2, kClass = 2004;
constexpr int kCreate = 1, kUpdate = 2, kClose = 3;
constexpr int kStatistical = 3;
constexpr int kNew = 1, kInProgress = 2, kResolved = 4;

struct Severity {
  int id;
  std::string_view name;
};

// A rank among honest accounts accuses nobody, so nothing is critical.
Severity severity(Action action) {
  switch (action) {
    case Action::allow:
      return {1, "Informational"};
    case Action::observe:
    case Action::price:
      return {2, "Low"};
    case Action::limit:
      return {3, "Medium"};
    case Action::review:
      return {4, "High"};
  }
  return {0, "Unknown"};
}

Json finding_info(const Event& event) {
  Json info;
  if (event.campaign) {
    info["uid"] = fmt::format("{}/campaign/{}", event.tenant, event.campaign->id);
    info["title"] = "Accounts cover the model's capabilities together as one extractor would";
    info["desc"] = fmt::format("Campaign {} of {} accounts: {}. {}", event.campaign->id, event.campaign->accounts,
                               fleet::name(event.campaign->change), event.why);
  } else {
    info["uid"] = fmt::format("{}/{}", event.tenant, event.account);
    info["title"] = "An account covers the model's capabilities as an extractor would";
    info["desc"] =
        fmt::format("The action of account {} went from {} to {} after {} requests.", event.account,
                    name(event.before.value_or(Action::allow)), name(*event.action), event.requests);
  }
  info["types"] = Json::array({"Model extraction"});
  auto& analytic = info["analytic"];
  analytic["name"] = "Proof-of-Humanity";
  analytic["type"] = "Statistical";
  analytic["type_id"] = kStatistical;
  analytic["uid"] = event.atlas;
  auto& attack = info["attacks"][0];
  attack["technique"]["name"] = "Exfiltration via AI Inference API: Extract AI Model";
  attack["technique"]["uid"] = "AML.T0024.002";
  attack["version"] = "MITRE ATLAS";
  return info;
}

// What becomes of a finding: of an account by its actions, of a campaign by what is said.
int activity_of(const Event& event) {
  if (event.campaign) {
    constexpr int kOfChange[] = {kCreate, kUpdate, kClose};  // flagged, grown, released
    return kOfChange[static_cast<std::size_t>(event.campaign->change)];
  }
  if (*event.action == Action::allow) return kClose;
  return event.before.value_or(Action::allow) == Action::allow ? kCreate : kUpdate;
}

}  // namespace

std::optional<Json> ocsf_finding(const Event& event, std::string_view version) {
  const bool is_finding = event.kind == EventKind::action_changed ||
                          (event.kind == EventKind::campaign && event.campaign);
  if (!is_finding || !event.action) return std::nullopt;
  const int activity = activity_of(event);
  const bool begins = activity == kCreate, ends = activity == kClose;
  // A campaign is as grave in shadow, where nothing follows from it.
  const auto [severity_id, severity_name] = severity(event.campaign && !ends ? Action::limit : *event.action);
  Json finding;
  finding["class_uid"] = kClass;
  finding["class_name"] = "Detection Finding";
  finding["category_uid"] = kCategory;
  finding["category_name"] = "Findings";
  finding["activity_id"] = activity;
  finding["activity_name"] = ends ? "Close" : begins ? "Create" : "Update";
  finding["type_uid"] = kClass * 100 + activity;
  finding["time"] = static_cast<std::int64_t>(std::floor(event.time * 1000));
  finding["severity_id"] = severity_id;
  finding["severity"] = severity_name;
  finding["status_id"] = ends ? kResolved : begins ? kNew : kInProgress;
  finding["status"] = ends ? "Resolved" : begins ? "New" : "In Progress";
  finding["is_alert"] = severity_id >= severity(Action::limit).id;
  auto& metadata = finding["metadata"];
  metadata["version"] = "1.4.0";
  metadata["uid"] = event.id;
  metadata["tenant_uid"] = event.tenant;
  metadata["product"]["name"] = "CMS";
  metadata["product"]["vendor_name"] = "CMS";
  metadata["product"]["version"] = version;
  finding["finding_info"] = finding_info(event);
  if (!event.campaign) {
    auto& user = finding["evidences"][0]["actor"]["user"];
    user["uid"] = event.account;
    if (!event.name.empty()) user["name"] = event.name;
  }
  const Json whole = event_json(event);
  if (event.campaign) finding["unmapped"]["campaign"] = whole["campaign"];
  for (const auto* key : {"action", "before", "poh", "requests", "reasons", "atlas"}) {
    finding["unmapped"][key] = whole[key];
  }
  return finding;
}

}  // namespace cms::serve
