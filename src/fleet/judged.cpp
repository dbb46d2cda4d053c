#include "fleet/judged.hpp"

#include <algorithm>
#include <atomic>
#include <utility>

namespace cms::fleet {

// What is known of a community of just these members. They are disjoint, so its first member says which it can be.
JudgedCommunity* JudgedCommunities::before(const Members& members) {
  const auto first = [](const JudgedCommunity& one) { return one.community.members.front(); };
  const auto found = std::ranges::lower_bound(all_, members.front(), {}, first);
  return found != all_.end() && found->community.members == members ? &*found : nullptr;
}

Result<void> JudgedCommunities::update(const CampaignCalibration& calibration, std::vector<Members> communities,
                                       std::span<const Signature> accounts, Pohs pohs,
                                       std::span<const std::uint32_t> changed, const Stop& stop) {
  const auto least = std::max(2U, calibration.options.members_min);
  std::erase_if(communities, [&](const Members& members) { return members.size() < least; });
  std::vector<bool> moved(accounts.size());
  for (const auto account : changed) moved[account] = true;
  std::vector<JudgedCommunity*> kept(communities.size());
  std::vector<std::size_t> unread;
  for (std::size_t c = 0; c < communities.size(); ++c) {
    if (std::ranges::none_of(communities[c], [&](auto member) { return moved[member]; })) {
      kept[c] = before(communities[c]);
    }
    if (kept[c] == nullptr) unread.push_back(c);
  }
  std::vector<JudgedCommunity> read(unread.size());
  std::atomic<bool> over = false;
#pragma omp parallel for schedule(dynamic)
  for (std::size_t u = 0; u < unread.size(); ++u) {
    if (over || stopped(stop)) {
      over = true;
      continue;
    }
    read[u].community = judge(calibration, accounts, std::move(communities[unread[u]]), pohs);
  }
  if (over) return told_to_stop();
  std::vector<JudgedCommunity> all(communities.size());
  for (std::size_t u = 0; u < unread.size(); ++u) all[unread[u]] = std::move(read[u]);
  for (std::size_t c = 0; c < kept.size(); ++c) {
    if (kept[c] != nullptr) all[c] = {std::move(kept[c]->community), false};
  }
  all_ = std::move(all);
  return {};
}

std::uint64_t JudgedCommunities::accounts() const {
  std::uint64_t sum = 0;
  for (const auto& one : all_) sum += one.community.members.size();
  return sum;
}

std::size_t JudgedCommunities::bytes() const {
  std::size_t sum = all_.capacity() * sizeof(JudgedCommunity);
  for (const auto& [community, anew] : all_) {
    sum += (community.members.capacity() + community.suspects.capacity()) * sizeof(std::uint32_t);
  }
  return sum;
}

}  // namespace cms::fleet
