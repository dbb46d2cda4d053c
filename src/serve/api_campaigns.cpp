// Campaigns: the list of a tenant, with the figures of its fleet, and one whole.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <tuple>

#include "serve/api_handlers.hpp"
#include "serve/decision.hpp"

namespace cms::serve {
namespace {

constexpr std::size_t kPageMax = 1000, kPageUsual = 100;

using Picture = std::shared_ptr<const CampaignPicture>;

template <typename T>
Json if_judged(const CampaignPicture& campaign, const T& value) {
  return campaign.judged ? Json(value) : Json(nullptr);
}

Json campaign_json(const ApiContext& context, const std::string& tenant, const CampaignPicture& campaign) {
  const auto& reading = campaign.reading;
  const auto decision = decide(*context.parts.policy(), tenant, campaign, context.parts.clock());
  const bool over = campaign.until.has_value();
  const double charts_all = context.parts.model->atlas.chart_count();
  Json body{{"id", campaign.id}, {"state", over ? "released" : "flagged"}, {"since", campaign.since}};
  body["until"] = over ? Json(*campaign.until) : Json(nullptr);
  body["poh"] = campaign.poh;
  body["poh_held"] = campaign.held_poh;
  body["action"] = name(over ? Action::allow : decision.action);
  body["would_be"] = name(over ? Action::allow : decision.would_be);
  body["accounts"] = campaign.accounts;
  body["evidence"] = if_judged(campaign, campaign.evidence);
  body["requests"] = if_judged(campaign, reading.requests);
  body["charts"] = if_judged(campaign, reading.charts);
  body["coverage"] = if_judged(campaign, reading.charts / charts_all);
  body["effective_charts"] = if_judged(campaign, reading.effective_charts);
  body["expected_charts"] = if_judged(campaign, campaign.expected_charts);
  body["distance"] = if_judged(campaign, reading.distance);
  body["distance_honest"] = if_judged(campaign, campaign.honest_distance);
  body["breadth"] = if_judged(campaign, reading.breadth);
  body["overlap"] = if_judged(campaign, reading.overlap);
  body["community"] = if_judged(campaign, reading.accounts);
  body["suspects"] = campaign.judged && reading.suspects ? Json(*reading.suspects) : Json(nullptr);
  body["words"] = campaign.words;
  return body;
}

// Newest first.
bool comes_before(const CampaignPicture& a, double since, const std::string& id) {
  return std::tie(since, a.id) < std::tie(a.since, id);
}

// What a cursor of the list says: the last campaign of the page before.
struct After {
  double since = 0;
  std::string id;
};

std::optional<After> parse_after(const std::string& cursor) {
  const auto space = cursor.find(' ');
  After after;
  if (space == std::string::npos) return std::nullopt;
  const auto* end = cursor.data() + space;
  const auto read = std::from_chars(cursor.data(), end, after.since);
  if (read.ec != std::errc() || read.ptr != end) return std::nullopt;
  after.id = cursor.substr(space + 1);
  return after;
}

Json member_json(const CampaignPicture::Member& member, const pipeline::Standing& standing, Action action) {
  const auto& score = standing.score;
  return {{"account", member.account},
          {"time", standing.time},
          {"requests", score.requests},
          {"distinct", member.requests},
          {"charts", member.charts},
          {"breadth", member.breadth},
          {"poh", score.computed ? Json(score.poh) : Json(nullptr)},
          {"action", name(action)}};
}

// A page of members after `after`; those that are no longer there, or cannot be read now, are left out. The name to go
// on after, where there are more.
std::optional<std::string> put_members(const ApiContext& context, const std::string& tenant,
                                       const CampaignPicture& campaign, const std::string& after, std::size_t limit,
                                       Json& body) {
  const double now = context.parts.clock();
  auto at = std::ranges::upper_bound(campaign.members, after, {}, &CampaignPicture::Member::account);
  Json members = Json::array();
  for (std::size_t i = 0; i < limit && at != campaign.members.end(); ++i, ++at) {
    const store::AccountName name{tenant, at->account};
    const auto standing = context.parts.engine->look_up(name, now);
    if (!standing || !*standing) continue;
    members.push_back(member_json(*at, **standing, decide(context, name, (*standing)->score, now).action));
  }
  body["members"] = std::move(members);
  if (at == campaign.members.end()) return std::nullopt;
  return std::prev(at)->account;
}

// What members have covered together: the charts that the fleet remembers, and their honest mass.
Json ledger_json(const ApiContext& context, const CampaignPicture& campaign) {
  if (!campaign.judged) return nullptr;
  double mass = 0;
  for (const auto& [chart, members] : campaign.charts) mass += context.parts.model->atlas.charts[chart].benign_mass;
  return {{"distinct", campaign.distinct},
          {"charts", campaign.charts.size()},
          {"charts_all", context.parts.model->atlas.chart_count()},
          {"covered_mass", std::min(1.0, mass)}};
}

Json graph_json(const CampaignPicture& campaign) {
  Json links = Json::array();
  for (const auto& link : campaign.links) {
    links.push_back(Json::array({link.a, link.b, shortest(static_cast<float>(link.weight))}));
  }
  return {{"accounts", campaign.drawn}, {"links", std::move(links)}};
}

Picture find_campaign(const FleetPicture& fleet, const std::string& id) {
  for (const auto* some : {&fleet.flagged, &fleet.released}) {
    const auto found = std::ranges::find(*some, id, [](const Picture& one) { return one->id; });
    if (found != some->end()) return *found;
  }
  return nullptr;
}

std::shared_ptr<const FleetPicture> fleet_of(const ApiContext& context, const std::string& tenant) {
  if (context.parts.campaigns == nullptr) return std::make_shared<FleetPicture>();
  return context.parts.campaigns->picture(tenant);
}

Json fleet_json(const ApiContext& context, const FleetPicture& fleet) {
  const auto* campaigns = context.parts.campaigns;
  Json body{{"on", campaigns != nullptr}};
  body["time"] = fleet.time;
  body["filled"] = fleet.filled;
  body["capped"] = fleet.capped;
  body["level"] = campaigns != nullptr ? Json(campaigns->options().level) : Json(nullptr);
  body["poh_min"] = campaigns != nullptr ? Json(campaigns->poh_min()) : Json(nullptr);
  body["accounts"] = fleet.accounts;
  body["accounts_max"] = campaigns != nullptr ? Json(campaigns->options().accounts_max) : Json(nullptr);
  body["judged_accounts"] = fleet.judged_accounts;
  body["judged_communities"] = fleet.judged_communities;
  body["poh_least"] = fleet.judged_communities > 0 ? Json(fleet.poh_least) : Json(nullptr);
  return body;
}

}  // namespace

Response list_campaigns(const ApiContext& context, const Call& call) {
  const auto limit = limit_of(call, kPageUsual, kPageMax);
  if (!limit) return wrong_limit(kPageMax);
  const auto state = call.target.value("state").value_or("flagged");
  if (state != "flagged" && state != "released" && state != "all") {
    return problem(Problem::bad_request, "\"state\" must be flagged, released or all.");
  }
  const auto cursor = from_hex(call.target.value("cursor").value_or(""));
  const auto after = cursor && !cursor->empty() ? parse_after(*cursor) : std::nullopt;
  if (!cursor || (!cursor->empty() && !after)) return wrong_cursor();
  const auto fleet = fleet_of(context, call.tenant);
  std::vector<Picture> chosen;
  if (state != "released") chosen.insert(chosen.end(), fleet->flagged.begin(), fleet->flagged.end());
  if (state != "flagged") chosen.insert(chosen.end(), fleet->released.begin(), fleet->released.end());
  std::ranges::sort(chosen, [](const Picture& a, const Picture& b) { return comes_before(*a, b->since, b->id); });
  auto body = fleet_json(context, *fleet);
  body["total"] = chosen.size();
  if (after) {
    std::erase_if(chosen, [&](const Picture& one) {
      return one->id == after->id || comes_before(*one, after->since, after->id);
    });
  }
  Json campaigns = Json::array();
  for (std::size_t i = 0; i < std::min(*limit, chosen.size()); ++i) {
    campaigns.push_back(campaign_json(context, call.tenant, *chosen[i]));
  }
  body["campaigns"] = std::move(campaigns);
  body["cursor"] = nullptr;
  if (chosen.size() <= *limit) return weakly_tagged_response(call, body, "time");
  const auto& last = *chosen[*limit - 1];
  const auto next = hex_text(fmt::format("{} {}", last.since, last.id));
  body["cursor"] = next;
  auto response = weakly_tagged_response(call, body, "time");
  link_next(response, fmt::format("/v1/tenants/{}/campaigns?state={}&cursor={}&limit={}", call.tenant, state, next,
                                  *limit));
  return response;
}

Response get_campaign(const ApiContext& context, const Call& call) {
  const auto limit = limit_of(call, kPageUsual, kPageMax);
  if (!limit) return wrong_limit(kPageMax);
  const auto after = from_hex(call.target.value("cursor").value_or(""));
  if (!after) return wrong_cursor();
  const auto fleet = fleet_of(context, call.tenant);
  const auto campaign = find_campaign(*fleet, call.campaign);
  if (!campaign) return not_found();
  Json body{{"campaign", campaign_json(context, call.tenant, *campaign)}};
  Json covered = Json::array();
  for (const auto& [chart, members] : campaign->charts) covered.push_back(Json::array({chart, members}));
  body["covered"] = std::move(covered);
  body["ledger"] = ledger_json(context, *campaign);
  body["graph"] = graph_json(*campaign);
  const auto last = put_members(context, call.tenant, *campaign, *after, *limit, body);
  body["cursor"] = nullptr;
  if (!last) return tagged_response(call, body);
  const auto next = hex_text(*last);
  body["cursor"] = next;
  auto response = tagged_response(call, body);
  link_next(response, fmt::format("/v1/tenants/{}/campaigns/{}?cursor={}&limit={}", call.tenant, campaign->id, next,
                                  *limit));
  return response;
}

}  // namespace cms::serve
