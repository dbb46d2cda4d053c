#include "serve/campaign_picture.hpp"

#include <algorithm>

namespace cms::serve {
namespace {

bool has_any(const CampaignPicture& campaign, const std::set<std::string>& accounts) {
  return std::ranges::any_of(accounts, [&](const auto& account) {
    return std::ranges::binary_search(campaign.members, account, {}, &CampaignPicture::Member::account);
  });
}

// Takes accounts out of the graph: who is left moves up, and links follow.
void redraw(CampaignPicture& campaign, const std::set<std::string>& accounts) {
  std::vector<std::optional<std::uint32_t>> places;
  std::vector<std::string> drawn;
  for (auto& account : campaign.drawn) {
    const bool stays = !accounts.contains(account);
    places.push_back(stays ? std::optional(static_cast<std::uint32_t>(drawn.size())) : std::nullopt);
    if (stays) drawn.push_back(std::move(account));
  }
  std::erase_if(campaign.links, [&](const fleet::Link& link) { return !places[link.a] || !places[link.b]; });
  for (auto& link : campaign.links) {
    link.a = *places[link.a];
    link.b = *places[link.b];
  }
  campaign.drawn = std::move(drawn);
}

}  // namespace

void cut(CampaignPicture& campaign, std::size_t most) {
  if (campaign.members.size() <= most) return;
  std::set<std::string> gone;
  for (std::size_t i = most; i < campaign.members.size(); ++i) gone.insert(std::move(campaign.members[i].account));
  campaign.members.resize(most);
  redraw(campaign, gone);
}

std::shared_ptr<const CampaignPicture> without(const std::shared_ptr<const CampaignPicture>& campaign,
                                               const std::set<std::string>& accounts) {
  if (!has_any(*campaign, accounts)) return campaign;
  auto left = std::make_shared<CampaignPicture>(*campaign);
  const auto gone = std::erase_if(left->members, [&](const auto& one) { return accounts.contains(one.account); });
  left->accounts -= static_cast<std::uint32_t>(gone);
  redraw(*left, accounts);
  return left;
}

std::shared_ptr<const FleetPicture> without(const std::shared_ptr<const FleetPicture>& fleet,
                                            const std::set<std::string>& accounts) {
  const auto told = [&](const FleetPicture::Campaign& one) { return has_any(*one, accounts); };
  if (std::ranges::none_of(fleet->flagged, told) && std::ranges::none_of(fleet->released, told)) return fleet;
  auto left = std::make_shared<FleetPicture>(*fleet);
  for (auto& one : left->released) one = without(one, accounts);
  left->members.clear();
  for (auto& one : left->flagged) {
    one = without(one, accounts);
    for (const auto& member : one->members) left->members.emplace(member.account, one);
  }
  return left;
}

std::vector<std::string> moved_between(const FleetPicture& before, const FleetPicture& now) {
  std::vector<std::string> accounts;
  for (const auto& [account, campaign] : now.members) {
    const auto was = before.members.find(account);
    if (was == before.members.end() || was->second->held_poh != campaign->held_poh) accounts.push_back(account);
  }
  for (const auto& [account, campaign] : before.members) {
    if (!now.members.contains(account)) accounts.push_back(account);
  }
  return accounts;
}

}  // namespace cms::serve
