#include "fleet/judged.hpp"

#include <algorithm>
#include <atomic>
#include <iterator>
#include <utility>

namespace cms::fleet {
namespace {

constexpr std::uint32_t kNowhere = UINT32_MAX;

}  // namespace

// What an update has to look at.
struct JudgedCommunities::Look {
  const CampaignCalibration& calibration;
  std::span<const Signature> accounts;
  std::span<const AccountChange> changed;
  std::vector<std::uint32_t> change_of;  // by account: in `changed`, or kNowhere

  Look(const CampaignCalibration& by, std::span<const Signature> all, std::span<const AccountChange> some)
      : calibration(by), accounts(all), changed(some), change_of(all.size(), kNowhere) {
    for (std::uint32_t c = 0; c < changed.size(); ++c) change_of[changed[c].account] = c;
  }
  [[nodiscard]] bool has_changed(std::uint32_t account) const { return change_of[account] != kNowhere; }
  [[nodiscard]] const Signature& before(std::uint32_t account) const {
    return has_changed(account) ? changed[change_of[account]].before : accounts[account];
  }
};

std::uint32_t JudgedCommunities::place_of(std::uint32_t account) const {
  return account < places_.size() ? places_[account] : kNowhere;
}

bool JudgedCommunities::is_as_before(const Look& look, const Members& members) const {
  const auto place = place_of(members.front());
  return place != kNowhere && all_[place].community.members == members &&
         std::ranges::none_of(members, [&](auto member) { return look.has_changed(member); });
}

// The sums of the community that was at `place`, brought to what these members are now; nothing where they are as soon
// read.
std::optional<CommunitySums> JudgedCommunities::followed(const Look& look, std::uint32_t place,
                                                         const Members& members) const {
  if (place == kNowhere || sums_[place] == nullptr) return std::nullopt;
  Members gone, come, stayed;
  std::ranges::set_difference(all_[place].community.members, members, std::back_inserter(gone));
  std::ranges::copy_if(members, std::back_inserter(come), [&](auto member) { return place_of(member) != place; });
  std::ranges::copy_if(members, std::back_inserter(stayed),
                       [&](auto member) { return place_of(member) == place && look.has_changed(member); });
  if (gone.size() + come.size() + 2 * stayed.size() >= members.size()) return std::nullopt;
  auto sums = *sums_[place];
  const auto& norm = look.calibration.breadth;
  for (const auto member : gone) sums.remove(look.before(member), norm);
  for (const auto member : stayed) sums.remove(look.before(member), norm), sums.add(look.accounts[member], norm);
  for (const auto member : come) sums.add(look.accounts[member], norm);
  return sums;
}

// By the difference from where most of it was, as three of its members tell.
CommunitySums JudgedCommunities::sums_now(const Look& look, const Members& members) const {
  if (members.size() >= kSummedMin) {
    for (const auto member : {members[members.size() / 2], members.front(), members.back()}) {
      if (const auto sums = followed(look, place_of(member), members)) return *sums;
    }
  }
  return sums_of(look.accounts, members, look.calibration.breadth);
}

Result<void> JudgedCommunities::update(const CampaignCalibration& calibration, std::vector<Members> communities,
                                       std::span<const Signature> accounts, Pohs pohs,
                                       std::span<const AccountChange> changed, const Stop& stop) {
  const auto least = std::max(2U, calibration.options.members_min);
  std::erase_if(communities, [&](const Members& members) { return members.size() < least; });
  const Look look(calibration, accounts, changed);
  std::vector<JudgedCommunity> all(communities.size());
  std::vector<std::unique_ptr<CommunitySums>> sums(communities.size());
  std::vector<bool> kept(communities.size());
  for (std::size_t c = 0; c < communities.size(); ++c) kept[c] = is_as_before(look, communities[c]);
  std::atomic<bool> over = false;
#pragma omp parallel for schedule(dynamic)
  for (std::size_t c = 0; c < communities.size(); ++c) {
    if (over || kept[c]) continue;
    if (stopped(stop)) {
      over = true;
      continue;
    }
    auto now = sums_now(look, communities[c]);
    if (communities[c].size() >= kSummedMin) sums[c] = std::make_unique<CommunitySums>(now);
    all[c].community = judge(calibration, now, std::move(communities[c]), pohs);
  }
  if (over) return told_to_stop();
  std::vector<std::uint32_t> places(accounts.size(), kNowhere);
  for (std::uint32_t c = 0; c < all.size(); ++c) {
    if (kept[c]) {
      const auto before = place_of(communities[c].front());
      all[c] = {std::move(all_[before].community), false};
      sums[c] = std::move(sums_[before]);
    }
    for (const auto member : all[c].community.members) places[member] = c;
  }
  all_ = std::move(all);
  sums_ = std::move(sums);
  places_ = std::move(places);
  return {};
}

void JudgedCommunities::clear() { *this = {}; }

std::uint64_t JudgedCommunities::accounts() const {
  std::uint64_t sum = 0;
  for (const auto& one : all_) sum += one.community.members.size();
  return sum;
}

std::size_t JudgedCommunities::bytes() const {
  std::size_t sum = all_.capacity() * (sizeof(JudgedCommunity) + sizeof(sums_[0])) +
                    places_.capacity() * sizeof(std::uint32_t);
  for (std::size_t c = 0; c < all_.size(); ++c) {
    const auto& community = all_[c].community;
    sum += (community.members.capacity() + community.suspects.capacity()) * sizeof(std::uint32_t) +
           (sums_[c] != nullptr ? sizeof(CommunitySums) : 0);
  }
  return sum;
}

}  // namespace cms::fleet
