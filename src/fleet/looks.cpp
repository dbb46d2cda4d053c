#include "fleet/looks.hpp"

#include <algorithm>
#include <map>

#include "fleet/campaign.hpp"

namespace cms::fleet {
namespace {

constexpr std::uint32_t kNone = UINT32_MAX;

// The community of a look, as `places` says of each account, that most of the members are in; kNone where none is.
std::uint32_t heir_of(std::span<const std::uint32_t> places, const std::vector<Members>& look, const Members& members) {
  std::map<std::uint32_t, std::size_t> counts;
  for (const auto member : members) {
    if (places[member] != kNone) ++counts[places[member]];
  }
  auto heir = kNone;
  for (const auto& [place, count] : counts) {
    if (heir == kNone || count > counts[heir] || (count == counts[heir] && look[place].front() < look[heir].front())) {
      heir = place;
    }
  }
  return heir;
}

}  // namespace

Followed follow_communities(std::uint32_t accounts, std::span<const std::vector<Members>> looks) {
  Followed followed;
  followed.numbers.resize(looks.size());
  std::vector<std::vector<std::uint32_t>> places(looks.size(), std::vector<std::uint32_t>(accounts, kNone));
  for (std::size_t look = looks.size(); look-- > 0;) {
    for (std::uint32_t c = 0; c < looks[look].size(); ++c) {
      const auto& members = looks[look][c];
      for (const auto member : members) places[look][member] = c;
      auto number = kNone;
      for (std::size_t later = look + 1; later < looks.size() && number == kNone; ++later) {
        const auto heir = heir_of(places[later], looks[later], members);
        if (heir != kNone) number = followed.numbers[later][heir];
      }
      followed.numbers[look].push_back(number != kNone ? number : followed.count++);
    }
  }
  return followed;
}

std::size_t sent_at(std::size_t look, std::size_t looks, std::size_t requests) {
  return (requests * (look + 1) + looks - 1) / looks;
}

std::vector<LeastStanding> least_standings(std::uint32_t accounts, std::span<const std::vector<Campaign>> looks) {
  std::vector<std::vector<Members>> members;
  for (const auto& look : looks) {
    members.emplace_back();
    for (const auto& one : look) members.back().push_back(one.members);
  }
  const auto followed = follow_communities(accounts, members);
  std::vector<LeastStanding> least(followed.count);
  for (std::size_t look = 0; look < looks.size(); ++look) {
    for (std::size_t c = 0; c < looks[look].size(); ++c) {
      auto& one = least[followed.numbers[look][c]];
      one.poh = std::min(one.poh, looks[look][c].poh);
      one.evidence = std::max(one.evidence, looks[look][c].evidence);
    }
  }
  return least;
}

}  // namespace cms::fleet
