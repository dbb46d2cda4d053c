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
  info["uid"] = fmt::format("{}/{}", event.tenant, event.account);
  info["title"] = "An account covers the model's capabilities as an extractor would";
  info["desc"] =
      fmt::format("The action of account {} went from {} to {} after {} requests.", event.account,
                  name(event.before.value_or(Action::allow)), name(*event.action), event.requests);
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

}  // namespace

std::optional<Json> ocsf_finding(const Event& event, std::string_view version) {
  if (event.kind != EventKind::action_changed || !event.action) return std::nullopt;
  const bool begins = event.before.value_or(Action::allow) == Action::allow, ends = *event.action == Action::allow;
  const int activity = ends ? kClose : begins ? kCreate : kUpdate;
  const auto [severity_id, severity_name] = severity(*event.action);
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
  finding["is_alert"] = *event.action >= Action::limit;
  auto& metadata = finding["metadata"];
  metadata["version"] = "1.4.0";
  metadata["uid"] = event.id;
  metadata["tenant_uid"] = event.tenant;
  metadata["product"]["name"] = "CMS";
  metadata["product"]["vendor_name"] = "CMS";
  metadata["product"]["version"] = version;
  finding["finding_info"] = finding_info(event);
  auto& user = finding["evidences"][0]["actor"]["user"];
  user["uid"] = event.account;
  if (!event.name.empty()) user["name"] = event.name;
  const Json whole = event_json(event);
  for (const auto* key : {"action", "before", "poh", "requests", "reasons", "atlas"}) {
    finding["unmapped"][key] = whole[key];
  }
  return finding;
}

}  // namespace cms::serve
