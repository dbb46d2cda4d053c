// The communities of a live fleet: components clustered anew, and moves of single accounts.
#include <algorithm>
#include <cmath>
#include <deque>
#include <limits>

#include "fleet/live.hpp"

namespace cms::fleet {
namespace {

constexpr double kUnbounded = std::numeric_limits<double>::infinity();

// Members of a component of at most `most` accounts, ascending; empty where it has more, or leads to a `known` one.
// Everybody met is marked in `known` where that is so.
template <typename Neighbours>
std::vector<std::uint32_t> small_component(std::uint32_t from, std::uint32_t most, const Neighbours& neighbours,
                                           std::vector<bool>& known) {
  std::vector<std::uint32_t> met = {from}, sorted = {from};
  bool large = known[from] || most == 0;
  for (std::size_t next = 0; next < met.size() && !large; ++next) {
    for (const auto account : neighbours(met[next])) {
      const auto at = std::lower_bound(sorted.begin(), sorted.end(), account);
      if (at != sorted.end() && *at == account) continue;
      sorted.insert(at, account);
      met.push_back(account);
      large |= known[account] || met.size() > most;
    }
  }
  if (!large) return sorted;
  for (const auto account : met) known[account] = true;
  return {};
}

}  // namespace

std::uint32_t LiveFleet::fresh_community() {
  if (!free_.empty()) {
    const auto community = free_.back();
    free_.pop_back();
    return community;
  }
  size_of_.push_back(0);
  total_of_.push_back(0);
  return static_cast<std::uint32_t>(size_of_.size() - 1);
}

std::int64_t LiveFleet::counted(std::uint32_t account) const {
  const auto& null = options_.communities.null;
  const auto strength = strength_[account];
  const double counts = fleet::counted(static_cast<double>(strength) * kWeightUnit, null);
  return null.mean > 0 ? std::llround(counts / kWeightUnit) : strength;
}

std::int64_t LiveFleet::present(std::uint32_t account) const {
  return presence(static_cast<double>(strength_[account]) * kWeightUnit, options_.communities.null);
}

double LiveFleet::whole() const {
  const auto& null = options_.communities.null;
  return null.mean > 0 ? whole_of(null, present_) / kWeightUnit : static_cast<double>(total_);
}

void LiveFleet::join(std::uint32_t account, std::uint32_t community) {
  community_[account] = community;
  size_of_[community] += 1;
  total_of_[community] += counted(account);
}

void LiveFleet::leave(std::uint32_t account) {
  const auto community = community_[account];
  size_of_[community] -= 1;
  total_of_[community] -= counted(account);
  if (size_of_[community] == 0) free_.push_back(community);
}

// Gives all of some whole components new communities.
Result<void> LiveFleet::cluster(std::span<const std::uint32_t> members, const Stop& stop) {
  std::vector<Link> links;
  for (std::size_t i = 0; i < members.size(); ++i) {
    for (const auto& tie : ties_of(members[i])) {
      if (tie.account < members[i]) continue;
      const auto other = std::lower_bound(members.begin(), members.end(), tie.account) - members.begin();
      links.push_back({static_cast<std::uint32_t>(i), static_cast<std::uint32_t>(other),
                       static_cast<double>(tie.weight) * kWeightUnit});
    }
  }
  auto options = options_.communities;
  std::int64_t here = 0;
  for (const auto account : members) here += present(account);
  // Chance is of the whole graph, whatever part of it this is.
  if (options.null.mean == 0) options.null = {1, kUnbounded};
  if (here > 0 && (options_.communities.null.mean == 0 || here < present_)) {
    options.null.mean *= whole() * kWeightUnit / whole_of(options.null, here);
  }
  CMS_TRY(found, find_communities(static_cast<std::uint32_t>(members.size()), links, options, stop));
  for (const auto account : members) leave(account);
  for (const auto& one : found) {
    const auto community = fresh_community();
    for (const auto i : one) join(members[i], community);
  }
  for (const auto account : members) stirring_[account] = 0;
  return {};
}

Result<void> LiveFleet::rebuild(const Stop& stop) {
  std::vector<std::uint32_t> all(accounts_.size());
  for (std::uint32_t i = 0; i < all.size(); ++i) all[i] = i;
  return cluster(all, stop);
}

// Clusters the small components of accounts that have been stirred; the accounts of great ones are left.
Result<std::vector<std::uint32_t>> LiveFleet::cluster_small(std::span<const std::uint32_t> stirred, LiveUpdate& done,
                                                            const Stop& stop) {
  std::vector<bool> great(accounts_.size()), clustered(accounts_.size());
  std::vector<std::uint32_t> left;
  const auto neighbours = [&](std::uint32_t account) {
    std::vector<std::uint32_t> some;
    for (const auto& tie : ties_of(account)) some.push_back(tie.account);
    return some;
  };
  for (const auto account : stirred) {
    if (clustered[account]) continue;
    const auto members = small_component(account, options_.component_max, neighbours, great);
    if (members.empty()) {
      left.push_back(account);
      continue;
    }
    CMS_CHECK(cluster(members, stop));
    for (const auto member : members) clustered[member] = true;
    done.clustered += static_cast<std::uint32_t>(members.size());
  }
  return left;
}

// The community of greatest gain in modularity; its own unless another is better, a fresh one where to be alone is.
std::uint32_t LiveFleet::best_community(std::uint32_t account, std::span<const Tie> ties) const {
  std::vector<std::pair<std::uint32_t, std::int64_t>> weights;
  for (const auto& tie : ties) weights.emplace_back(community_[tie.account], tie.weight);
  std::sort(weights.begin(), weights.end());
  const auto own = community_[account];
  const double per = options_.communities.resolution / (2 * whole());
  const auto strength = static_cast<double>(counted(account));
  const auto gain = [&](std::uint32_t community, std::int64_t weight) {
    const auto others = total_of_[community] - (community == own ? counted(account) : 0);
    return static_cast<double>(weight) - per * strength * static_cast<double>(others);
  };
  std::int64_t inside = 0;
  for (const auto& [community, weight] : weights) inside += community == own ? weight : 0;
  auto best = own;
  double most = gain(own, inside);
  for (std::size_t i = 0; i < weights.size();) {
    const auto community = weights[i].first;
    std::int64_t weight = 0;
    for (; i < weights.size() && weights[i].first == community; ++i) weight += weights[i].second;
    if (const double one = gain(community, weight); one > most) best = community, most = one;
  }
  return most < 0 && size_of_[own] > 1 ? UINT32_MAX : best;
}

void LiveFleet::move_accounts(std::vector<std::uint32_t> waiting, LiveUpdate& done, const Stop& stop) {
  if (total_ == 0) return;
  std::deque<std::uint32_t> queue(waiting.begin(), waiting.end());
  std::vector<bool> queued(accounts_.size());
  for (const auto account : waiting) queued[account] = true;
  while (!queue.empty() && !stopped(stop)) {
    const auto account = queue.front();
    queue.pop_front();
    queued[account] = false;
    stirring_[account] = 0;
    done.visited += 1;
    const auto ties = ties_of(account);
    auto best = best_community(account, ties);
    if (best == community_[account]) continue;
    done.moved += 1;
    if (best == UINT32_MAX) best = fresh_community();
    leave(account);
    join(account, best);
    for (const auto& tie : ties) {
      if (community_[tie.account] == best || queued[tie.account] || !stir(tie.account, tie.weight)) continue;
      queued[tie.account] = true;
      queue.push_back(tie.account);
    }
  }
}

std::vector<Members> LiveFleet::communities() const {
  std::vector<std::uint32_t> number(size_of_.size(), UINT32_MAX);
  std::vector<Members> communities;
  for (std::uint32_t i = 0; i < accounts_.size(); ++i) {
    auto& at = number[community_[i]];
    if (at == UINT32_MAX) at = static_cast<std::uint32_t>(communities.size()), communities.emplace_back();
    communities[at].push_back(i);
  }
  return communities;
}

}  // namespace cms::fleet
