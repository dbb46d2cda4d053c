#include "fleet/live.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <deque>
#include <limits>
#include <map>
#include <optional>

namespace cms::fleet {
namespace {

constexpr std::size_t kSlack = 8;  // neighbours held beyond those that are linked
constexpr double kUnits = 0x1p32;  // of weights

bool names(std::span<const Near> some, std::uint32_t account) {
  return std::any_of(some.begin(), some.end(), [&](const Near& one) { return one.account == account; });
}

}  // namespace

// An update on its way.
struct LiveFleet::Change {
  struct Before {
    std::uint32_t account = 0;
    std::vector<std::uint32_t> linked;         // that it was linked to by itself
    std::optional<Signature> signature;        // where it changes
  };
  std::vector<std::uint32_t> accounts;  // that have changed, ascending
  std::vector<Before> before;           // of every account whose neighbours may change
  std::vector<std::uint32_t> poor;      // that may have too few neighbours left
};

LiveFleet::LiveFleet(std::vector<Signature> accounts, const BreadthNorm& norm, const LiveOptions& options)
    : accounts_(std::move(accounts)), norm_(norm), options_(options),
      cells_([&] {
        std::vector<Place> places(accounts_.size());
        for (std::size_t i = 0; i < places.size(); ++i) places[i] = place_of(accounts_[i]);
        return Cells(places, {options.cells, options.links.probes, options.links.seed});
      }()),
      near_(accounts_.size()), bound_(accounts_.size()), holders_(accounts_.size()), strength_(accounts_.size()),
      stirring_(accounts_.size()), community_(accounts_.size()), mark_(accounts_.size()) {}

Result<LiveFleet> LiveFleet::make(std::vector<Signature> accounts, const BreadthNorm& norm,
                                  const LiveOptions& options) {
  if (accounts.empty()) return fail(ErrorCode::bad_input, "a live fleet begins with an account");
  LiveFleet fleet(std::move(accounts), norm, options);
  constexpr std::uint32_t kTogether = 16'384;  // looks whose results are held at once
  const auto count = static_cast<std::uint32_t>(fleet.accounts_.size());
  for (std::uint32_t first = 0; first < count; first += kTogether) {
    std::vector<std::uint32_t> some;
    for (std::uint32_t i = first; i < std::min(count, first + kTogether); ++i) some.push_back(i);
    auto found = fleet.cells_.scan(some, fleet.held() + 1, false);
    for (std::size_t i = 0; i < some.size(); ++i) fleet.hold(some[i], std::move(found[i].nearest));
  }
  for (std::uint32_t i = 0; i < count; ++i) {
    for (const auto& tie : fleet.ties_of(i)) fleet.strength_[i] += tie.weight;
    fleet.total_ += fleet.strength_[i];
    fleet.join(i, fleet.fresh_community());
  }
  fleet.total_ /= 2;
  return fleet;
}

std::size_t LiveFleet::held() const { return options_.links.neighbours + kSlack; }

Place LiveFleet::place_of(const Signature& signature) const {
  Place place;
  const auto mean = mean_point(signature);
  std::copy(mean.begin(), mean.end(), place.begin());
  place.back() = static_cast<float>(options_.links.breadth_coordinate * breadth_of(norm_, signature));
  return place;
}

std::span<const Near> LiveFleet::linked(std::uint32_t account) const {
  return std::span(near_[account]).first(std::min<std::size_t>(options_.links.neighbours, near_[account].size()));
}

std::int64_t LiveFleet::weight_of(const Signature& a, const Signature& b) const {
  if (a.requests < kRequestsMin || b.requests < kRequestsMin) return 0;
  return std::llround(link_weight(norm_, options_.links, a, b) * kUnits);
}

std::vector<LiveFleet::Tie> LiveFleet::ties_of(std::uint32_t account) const {
  std::vector<Tie> ties;
  for (const auto& near : linked(account)) ties.push_back({near.account, 0});
  for (const auto holder : holders_[account]) {
    if (names(linked(holder), account) && !names(linked(account), holder)) ties.push_back({holder, 0});
  }
  std::sort(ties.begin(), ties.end(), [](const Tie& a, const Tie& b) { return a.account < b.account; });
  for (auto& tie : ties) tie.weight = weight_of(accounts_[account], accounts_[tie.account]);
  std::erase_if(ties, [](const Tie& tie) { return tie.weight == 0; });
  return ties;
}

// --- links ---------------------------------------------------------------------------------------------------------

void LiveFleet::release(std::uint32_t account) {
  for (const auto& near : near_[account]) {
    auto& holders = holders_[near.account];
    *std::find(holders.begin(), holders.end(), account) = holders.back();
    holders.pop_back();
  }
  near_[account].clear();
}

// Takes what a look has found: the last of as many as were wanted is the bound.
void LiveFleet::hold(std::uint32_t account, std::vector<Near> nearest) {
  release(account);
  bound_[account] = Near{};
  if (nearest.size() > held()) {
    bound_[account] = nearest[held()];
    nearest.resize(held());
  }
  near_[account].assign(nearest.begin(), nearest.end());
  for (const auto& near : near_[account]) holders_[near.account].push_back(account);
  cells_.set_bound(account, bound_[account].distance);
}

void LiveFleet::trim(std::uint32_t account) {
  if (near_[account].size() > held() + kSlack) hold(account, std::vector<Near>(near_[account]));
}

void LiveFleet::touch(std::uint32_t account, Change& change) {
  if (mark_[account] > 0) return;
  change.before.push_back({account, {}, {}});
  for (const auto& near : linked(account)) change.before.back().linked.push_back(near.account);
  mark_[account] = static_cast<std::uint32_t>(change.before.size());
}

// Takes new signatures in; accounts and what they were are in the change.
Result<LiveFleet::Change> LiveFleet::begin(std::span<const std::uint32_t> accounts,
                                           std::span<const Signature> signatures) {
  if (accounts.size() != signatures.size()) {
    return fail(ErrorCode::bad_input, "as many accounts as signatures are needed");
  }
  std::map<std::uint32_t, std::size_t> last;
  for (std::size_t i = 0; i < accounts.size(); ++i) last[accounts[i]] = i;
  std::size_t next = accounts_.size();
  for (const auto& [account, i] : last) {
    if (account > next) return fail(ErrorCode::bad_input, fmt::format("account {} leaves a gap after {}", account, next));
    if (account == next) ++next;
  }
  Change change;
  for (const auto& [account, i] : last) {
    const bool fresh = account == accounts_.size();
    if (!fresh && accounts_[account] == signatures[i]) continue;
    if (fresh) {
      accounts_.emplace_back();
      near_.emplace_back(), holders_.emplace_back(), bound_.emplace_back();
      strength_.push_back(0), stirring_.push_back(0), community_.push_back(0), mark_.push_back(0);
      cells_.move(account, place_of(signatures[i]));
      join(account, fresh_community());
    }
    change.accounts.push_back(account);
    touch(account, change);
    change.before.back().signature = accounts_[account];
    accounts_[account] = signatures[i];
  }
  return change;
}

// Who has changed lies elsewhere; who held it measures again, and lets go of what lies beyond its bound.
void LiveFleet::measure_holders(Change& change) {
  for (const auto account : change.accounts) {
    const auto place = cells_.place(account);
    const auto holders = holders_[account];
    for (const auto holder : holders) {
      touch(holder, change);
      auto& held = near_[holder];
      const auto old = std::find_if(held.begin(), held.end(), [&](const Near& n) { return n.account == account; });
      held.erase(old);
      const Near now{place_distance(place, cells_.place(holder)), account};
      if (now < bound_[holder]) {
        held.insert(std::lower_bound(held.begin(), held.end(), now), now);
        continue;
      }
      auto& left = holders_[account];
      *std::find(left.begin(), left.end(), holder) = left.back();
      left.pop_back();
      change.poor.push_back(holder);
    }
  }
}

void LiveFleet::move_places(Change& change) {
  std::vector<Place> places(change.accounts.size());
#pragma omp parallel for schedule(static)
  for (std::size_t i = 0; i < places.size(); ++i) places[i] = place_of(accounts_[change.accounts[i]]);
  for (const auto account : change.accounts) {
    // Touched as they are released: their own lists are made anew.
    release(account);
  }
  for (std::size_t i = 0; i < places.size(); ++i) cells_.move(change.accounts[i], places[i]);
}

void LiveFleet::look_around(Change& change, LiveUpdate& done) {
  auto found = cells_.scan(change.accounts, held() + 1, true);
  for (std::size_t i = 0; i < found.size(); ++i) {
    const auto account = change.accounts[i];
    for (const auto& entered : found[i].entered) {
      const Near now{entered.distance, account};
      auto& held = near_[entered.account];
      const auto at = std::lower_bound(held.begin(), held.end(), now);
      if (!(now < bound_[entered.account]) || (at != held.end() && *at == now)) continue;
      touch(entered.account, change);
      held.insert(at, now);
      holders_[account].push_back(entered.account);
    }
  }
  for (std::size_t i = 0; i < found.size(); ++i) hold(change.accounts[i], std::move(found[i].nearest));
  std::sort(change.poor.begin(), change.poor.end());
  change.poor.erase(std::unique(change.poor.begin(), change.poor.end()), change.poor.end());
  std::erase_if(change.poor, [&](std::uint32_t account) {
    return near_[account].size() >= options_.links.neighbours || bound_[account] == Near{};
  });
  auto again = cells_.scan(change.poor, held() + 1, false);
  for (std::size_t i = 0; i < again.size(); ++i) hold(change.poor[i], std::move(again[i].nearest));
  done.looked_anew = static_cast<std::uint32_t>(change.poor.size());
  for (const auto& before : change.before) trim(before.account);
}

// Enters what links weigh now instead of before. Accounts to look at, ascending.
std::vector<std::uint32_t> LiveFleet::settle_weights(const Change& change) {
  const auto was = [&](std::uint32_t i) -> const Change::Before* {
    return mark_[i] > 0 ? &change.before[mark_[i] - 1] : nullptr;
  };
  const auto changed = [&](std::uint32_t i) { return was(i) != nullptr && was(i)->signature.has_value(); };
  std::vector<std::pair<std::uint32_t, std::uint32_t>> pairs;
  for (const auto& before : change.before) {
    const auto i = before.account;
    const auto now = linked(i);
    const auto pair = [&](std::uint32_t x) { pairs.emplace_back(std::min(i, x), std::max(i, x)); };
    for (const auto x : before.linked) {
      if (changed(i) || changed(x) || !names(now, x)) pair(x);
    }
    for (const auto& near : now) {
      const auto x = near.account;
      if (changed(i) || changed(x) || std::find(before.linked.begin(), before.linked.end(), x) == before.linked.end()) {
        pair(x);
      }
    }
  }
  std::sort(pairs.begin(), pairs.end());
  pairs.erase(std::unique(pairs.begin(), pairs.end()), pairs.end());
  const auto had = [&](std::uint32_t i, std::uint32_t x) {
    const auto* before = was(i);
    if (before == nullptr) return names(linked(i), x);
    return std::find(before->linked.begin(), before->linked.end(), x) != before->linked.end();
  };
  const auto old = [&](std::uint32_t i) -> const Signature& { return changed(i) ? *was(i)->signature : accounts_[i]; };
  std::vector<std::int64_t> moved(pairs.size());
#pragma omp parallel for schedule(static)
  for (std::size_t p = 0; p < pairs.size(); ++p) {
    const auto [a, b] = pairs[p];
    if (names(linked(a), b) || names(linked(b), a)) moved[p] += weight_of(accounts_[a], accounts_[b]);
    if (had(a, b) || had(b, a)) moved[p] -= weight_of(old(a), old(b));
  }
  std::vector<std::uint32_t> waiting(change.accounts);
  for (std::size_t p = 0; p < pairs.size(); ++p) {
    total_ += moved[p];
    for (const auto i : {pairs[p].first, pairs[p].second}) {
      strength_[i] += moved[p];
      total_of_[community_[i]] += moved[p];
      stirring_[i] += std::abs(moved[p]);
      if (static_cast<double>(stirring_[i]) > options_.stirred * static_cast<double>(strength_[i])) waiting.push_back(i);
    }
  }
  std::sort(waiting.begin(), waiting.end());
  waiting.erase(std::unique(waiting.begin(), waiting.end()), waiting.end());
  return waiting;
}

Result<LiveUpdate> LiveFleet::update(std::span<const std::uint32_t> accounts, std::span<const Signature> signatures) {
  LiveUpdate done;
  CMS_TRY(change, begin(accounts, signatures));
  done.changed = static_cast<std::uint32_t>(change.accounts.size());
  if (change.accounts.empty()) return done;
  move_places(change);
  measure_holders(change);
  look_around(change, done);
  const auto stirred = settle_weights(change);
  for (const auto& before : change.before) mark_[before.account] = 0;
  CMS_TRY(waiting, cluster_small(stirred, done));
  move_accounts(std::move(waiting), done);
  return done;
}

std::vector<Link> LiveFleet::links() const {
  std::vector<Link> links;
  for (std::uint32_t i = 0; i < accounts_.size(); ++i) {
    if (accounts_[i].requests < kRequestsMin) continue;
    for (const auto& near : linked(i)) {
      if (accounts_[near.account].requests < kRequestsMin) continue;
      links.push_back({std::min(i, near.account), std::max(i, near.account), 0});
    }
  }
  const auto before = [](const Link& x, const Link& y) { return std::pair(x.a, x.b) < std::pair(y.a, y.b); };
  std::sort(links.begin(), links.end(), before);
  links.erase(std::unique(links.begin(), links.end()), links.end());
  for (auto& link : links) link.weight = link_weight(norm_, options_.links, accounts_[link.a], accounts_[link.b]);
  return links;
}

std::size_t LiveFleet::bytes() const {
  std::size_t sum = cells_.bytes() + bound_.capacity() * sizeof(Near) +
                    (strength_.capacity() + stirring_.capacity() + total_of_.capacity()) * sizeof(std::int64_t) +
                    (community_.capacity() + mark_.capacity() + size_of_.capacity()) * sizeof(std::uint32_t);
  for (const auto& near : near_) sum += sizeof(near) + near.capacity() * sizeof(Near);
  for (const auto& holders : holders_) sum += sizeof(holders) + holders.capacity() * sizeof(std::uint32_t);
  return sum;
}

}  // namespace cms::fleet
