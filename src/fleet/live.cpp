#include "fleet/live.hpp"

#include <fmt/format.h>
#include <omp.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

namespace cms::fleet {
namespace {

constexpr std::size_t kSlack = 4;  // neighbours held beyond those that are linked

template <typename Held>
const Held* find_in(std::span<const Held> some, std::uint32_t account) {
  for (const auto& one : some) {
    if (one.near.account == account) return &one;
  }
  return nullptr;
}

// Eight in reserve: doubling would cost a tenth of all that is held.
template <typename Holder>
void add_holder(std::vector<Holder>& holders, const Holder& one) {
  if (holders.size() == holders.capacity()) holders.reserve(holders.size() + 8);
  holders.push_back(one);
}

template <typename Holder>
auto find_holder(std::vector<Holder>& holders, std::uint32_t account) {
  return std::find_if(holders.begin(), holders.end(), [&](const Holder& one) { return one.account == account; });
}

// Requires the account to be among them.
template <typename Holder>
void remove_holder(std::vector<Holder>& holders, std::uint32_t account) {
  *find_holder(holders, account) = holders.back();
  holders.pop_back();
}

}  // namespace

// An update on its way.
struct LiveFleet::Change {
  struct Before {
    std::uint32_t account = 0;
    std::vector<Held> linked;      // that it was linked to by itself
    bool changed = false;
  };
  std::vector<std::uint32_t> accounts;  // that have changed, ascending
  std::vector<Before> before;           // of every account whose neighbours may change
  std::vector<std::uint32_t> poor;      // that may have too few neighbours left
};

void use_threads(unsigned threads) { omp_set_num_threads(static_cast<int>(threads)); }

LiveFleet::LiveFleet(std::vector<Signature> accounts, Pohs pohs, const BreadthNorm& norm, const LiveOptions& options)
    : accounts_(std::move(accounts)), norm_(norm), options_(options),
      outlyingness_(outlyingness_of(norm, options.links, accounts_, pohs)),
      cells_([&] {
        std::vector<Place> places(accounts_.size());
        for (std::uint32_t i = 0; i < places.size(); ++i) places[i] = place_of(i);
        return Cells(places, {options.cells, options.links.probes, options.links.seed});
      }()),
      near_(accounts_.size()), bound_(accounts_.size()), holders_(accounts_.size()),
      strength_(accounts_.size()), stirring_(accounts_.size()), community_(accounts_.size()), mark_(accounts_.size()) {}

Result<LiveFleet> LiveFleet::make(std::vector<Signature>&& accounts, Pohs pohs, const BreadthNorm& norm,
                                  const LiveOptions& options, const Stop& stop) {
  if (accounts.empty()) return fail(ErrorCode::bad_input, "a live fleet begins with an account");
  if (options.links.style > 0) return fail(ErrorCode::bad_input, "a live fleet has no links by style");
  if (!pohs.empty() && pohs.size() != accounts.size()) {
    return fail(ErrorCode::bad_input, "the own PoH of every account is needed, or of none");
  }
  LiveFleet fleet(std::move(accounts), pohs, norm, options);
  constexpr std::uint32_t kTogether = 16'384;  // looks whose results are held at once
  const auto count = static_cast<std::uint32_t>(fleet.accounts_.size());
  for (std::uint32_t first = 0; first < count; first += kTogether) {
    std::vector<std::uint32_t> some;
    for (std::uint32_t i = first; i < std::min(count, first + kTogether); ++i) {
      if (linkable(fleet.accounts_[i])) some.push_back(i);
      else fleet.hold(i, {});
    }
    auto found = fleet.cells_.scan(some, fleet.held_wanted() + 1, false, stop);
    if (stopped(stop)) {
      accounts = std::move(fleet.accounts_);
      return told_to_stop();
    }
    for (std::size_t i = 0; i < some.size(); ++i) fleet.hold(some[i], std::move(found[i].nearest));
  }
#pragma omp parallel for schedule(static)
  for (std::uint32_t i = 0; i < count; ++i) {
    const auto linked = fleet.linked(i).size();
    for (std::size_t k = 0; k < linked; ++k) {
      fleet.near_[i][k].weight = fleet.weigh(i, fleet.near_[i][k].near.account);
    }
  }
#pragma omp parallel for schedule(static)
  for (std::uint32_t i = 0; i < count; ++i) {
    for (auto& holder : fleet.holders_[i]) {
      if (const auto* held = find_in(fleet.linked(holder.account), i)) holder.weight = held->weight;
    }
  }
  for (std::uint32_t i = 0; i < count; ++i) {
    for (const auto& tie : fleet.ties_of(i)) fleet.strength_[i] += tie.weight;
    fleet.total_ += fleet.strength_[i];
    fleet.present_ += fleet.present(i);
    fleet.join(i, fleet.fresh_community());
  }
  fleet.total_ /= 2;
  return fleet;
}

std::size_t LiveFleet::held_wanted() const { return options_.links.neighbours + kSlack; }
std::size_t LiveFleet::held_max() const { return held_wanted() + kSlack; }

Place LiveFleet::place_of(std::uint32_t account) const {
  return fleet::place_of(accounts_[account], outlyingness_[account], options_.links);
}

std::span<const LiveFleet::Held> LiveFleet::linked(std::uint32_t account) const {
  return std::span(near_[account]).first(std::min<std::size_t>(options_.links.neighbours, near_[account].size()));
}

LiveFleet::Weight LiveFleet::weigh(std::uint32_t a, std::uint32_t b) const {
  const auto &first = accounts_[a], &second = accounts_[b];
  if (!linkable(first) || !linkable(second)) return 0;
  const double weight = link_weight(std::min(outlyingness_[a], outlyingness_[b]), options_.links, first, second);
  return static_cast<Weight>(std::lround(weight / kWeightUnit));  // e^kOutlyingnessMax at most
}

void LiveFleet::set_weight(std::uint32_t account, std::uint32_t other, Weight weight) {
  const auto is_other = [&](const Held& one) { return one.near.account == other; };
  const auto held = std::find_if(near_[account].begin(), near_[account].end(), is_other);
  if (held != near_[account].end()) held->weight = weight;
  const auto holder = find_holder(holders_[account], other);
  if (holder != holders_[account].end()) holder->weight = weight;
}

// Both lists lie with the account, so nobody else's is read.
std::vector<LiveFleet::Tie> LiveFleet::ties_of(std::uint32_t account) const {
  std::vector<Tie> ties;
  ties.reserve(near_[account].size() + holders_[account].size());
  for (const auto& held : near_[account]) {
    if (held.weight > 0) ties.push_back({held.near.account, held.weight});
  }
  for (const auto& holder : holders_[account]) {
    if (holder.weight > 0) ties.push_back(holder);
  }
  std::sort(ties.begin(), ties.end(), [](const Tie& a, const Tie& b) { return a.account < b.account; });
  const auto same = [](const Tie& a, const Tie& b) { return a.account == b.account; };
  ties.erase(std::unique(ties.begin(), ties.end(), same), ties.end());
  return ties;
}

// --- links ---------------------------------------------------------------------------------------------------------

void LiveFleet::release(std::uint32_t account) {
  for (const auto& held : near_[account]) remove_holder(holders_[held.near.account], account);
  near_[account].clear();
}

// Takes what a look has found: the last of as many as were wanted is the bound.
void LiveFleet::hold(std::uint32_t account, std::vector<Near> nearest) {
  const auto before = near_[account];  // who stays keeps the weight of the link: nothing may have changed in it
  release(account);
  bound_[account] = Near{};
  if (!linkable(accounts_[account])) bound_[account] = Near{-1, 0};  // who has no links holds nobody
  if (nearest.size() > held_wanted()) {
    bound_[account] = nearest[held_wanted()];
    nearest.resize(held_wanted());
  }
  near_[account].reserve(held_max());  // where more come near, for a moment, it grows
  for (const auto& near : nearest) {
    const auto* stays = find_in(std::span<const Held>(before), near.account);
    const auto weight = stays != nullptr ? stays->weight : 0;
    near_[account].push_back({near, weight});
    add_holder(holders_[near.account], {account, weight});
  }
  cells_.set_bound(account, bound_[account].distance);
}

// Lets the farthest go where many have come near.
void LiveFleet::trim(std::uint32_t account) {
  auto& held = near_[account];
  if (held.size() <= held_max()) return;
  bound_[account] = held[held_wanted()].near;
  for (std::size_t i = held_wanted(); i < held.size(); ++i) remove_holder(holders_[held[i].near.account], account);
  held.resize(held_wanted());
  cells_.set_bound(account, bound_[account].distance);
}

void LiveFleet::put(std::uint32_t account, const Near& near) {
  auto& held = near_[account];
  const auto before = [](const Held& one, const Near& other) { return one.near < other; };
  held.insert(std::lower_bound(held.begin(), held.end(), near, before), {near, 0});
}

void LiveFleet::touch(std::uint32_t account, Change& change) {
  if (mark_[account] > 0) return;
  const auto now = linked(account);
  change.before.push_back({account, {now.begin(), now.end()}, false});
  mark_[account] = static_cast<std::uint32_t>(change.before.size());
}

// Takes new signatures in; accounts and what they were are in the change.
Result<LiveFleet::Change> LiveFleet::begin(std::span<const std::uint32_t> accounts,
                                           std::span<const Signature> signatures, Pohs pohs) {
  if (accounts.size() != signatures.size() || (!pohs.empty() && pohs.size() != accounts.size())) {
    return fail(ErrorCode::bad_input, "as many accounts as signatures are needed, and as many PoHs or none");
  }
  std::map<std::uint32_t, std::size_t> last;
  for (std::size_t i = 0; i < accounts.size(); ++i) last[accounts[i]] = i;
  std::size_t next = accounts_.size();
  for (const auto& [account, i] : last) {
    if (account > next) {
      return fail(ErrorCode::bad_input, fmt::format("account {} leaves a gap after {} accounts", account, next));
    }
    if (account == next) ++next;
  }
  Change change;
  for (const auto& [account, i] : last) {
    const bool fresh = account == accounts_.size();
    const double outlyingness = outlyingness_of(norm_, options_.links, signatures[i], poh_of(pohs, i));
    if (!fresh && accounts_[account] == signatures[i] && outlyingness_[account] == outlyingness) continue;
    if (fresh) {
      accounts_.push_back(signatures[i]);
      outlyingness_.push_back(outlyingness);
      near_.emplace_back(), holders_.emplace_back(), bound_.emplace_back();
      strength_.push_back(0), stirring_.push_back(0), community_.push_back(0), mark_.push_back(0);
      cells_.move(account, place_of(account));
      join(account, fresh_community());
    } else {
      accounts_[account] = signatures[i];
      outlyingness_[account] = outlyingness;
    }
    change.accounts.push_back(account);
    touch(account, change);
    change.before.back().changed = true;
  }
  return change;
}

// Who has changed lies elsewhere; who held it measures again, and lets go of what lies beyond its bound.
void LiveFleet::measure_holders(Change& change) {
  for (const auto account : change.accounts) {
    const auto place = cells_.place(account);
    const auto holders = holders_[account];
    for (const auto& [holder, weight] : holders) {
      touch(holder, change);
      auto& held = near_[holder];
      held.erase(std::find_if(held.begin(), held.end(), [&](const Held& one) { return one.near.account == account; }));
      const Near now{place_distance(place, cells_.place(holder)), account};
      if (now < bound_[holder]) {
        put(holder, now);
        continue;
      }
      remove_holder(holders_[account], holder);
      change.poor.push_back(holder);
    }
  }
}

void LiveFleet::move_places(Change& change) {
  std::vector<Place> places(change.accounts.size());
#pragma omp parallel for schedule(static)
  for (std::size_t i = 0; i < places.size(); ++i) places[i] = place_of(change.accounts[i]);
  for (const auto account : change.accounts) release(account);
  for (std::size_t i = 0; i < places.size(); ++i) cells_.move(change.accounts[i], places[i]);
}

void LiveFleet::look_around(Change& change, LiveUpdate& done, const Stop& stop) {
  // Who is not linkable comes near nobody, and would look through all others who are not.
  std::vector<std::uint32_t> asked;
  for (const auto account : change.accounts) {
    if (linkable(accounts_[account])) asked.push_back(account);
    else hold(account, {});
  }
  auto found = cells_.scan(asked, held_wanted() + 1, true, stop);
  if (stopped(stop)) return;
  for (std::size_t i = 0; i < found.size(); ++i) {
    const auto account = asked[i];
    for (const auto& entered : found[i].entered) {
      const Near now{entered.distance, account};
      if (!(now < bound_[entered.account])) continue;
      if (find_in(std::span<const Held>(near_[entered.account]), account) != nullptr) continue;
      touch(entered.account, change);
      put(entered.account, now);
      add_holder(holders_[account], {entered.account, 0});
    }
  }
  for (std::size_t i = 0; i < found.size(); ++i) hold(asked[i], std::move(found[i].nearest));
  std::sort(change.poor.begin(), change.poor.end());
  change.poor.erase(std::unique(change.poor.begin(), change.poor.end()), change.poor.end());
  std::erase_if(change.poor, [&](std::uint32_t account) {
    return near_[account].size() >= options_.links.neighbours || bound_[account] == Near{};
  });
  auto again = cells_.scan(change.poor, held_wanted() + 1, false, stop);
  for (std::size_t i = 0; i < again.size(); ++i) hold(change.poor[i], std::move(again[i].nearest));
  done.looked_anew = static_cast<std::uint32_t>(change.poor.size());
  for (const auto& before : change.before) trim(before.account);
}

// Whose link may weigh another amount than before: a < b, ascending.
std::vector<std::pair<std::uint32_t, std::uint32_t>> LiveFleet::pairs_of(const Change& change) const {
  const auto changed = [&](std::uint32_t i) { return mark_[i] > 0 && change.before[mark_[i] - 1].changed; };
  std::vector<std::pair<std::uint32_t, std::uint32_t>> pairs;
#pragma omp parallel
  {
    std::vector<std::pair<std::uint32_t, std::uint32_t>> own;  // of this thread
#pragma omp for schedule(static)
    for (std::size_t t = 0; t < change.before.size(); ++t) {
      const auto& before = change.before[t];
      const auto i = before.account;
      const std::span<const Held> was = before.linked, now = linked(i);
      const auto look = [&](std::span<const Held> some, std::span<const Held> others) {
        for (const auto& held : some) {
          const auto x = held.near.account;
          if (!changed(i) && !changed(x) && find_in(others, x) != nullptr) continue;
          own.emplace_back(std::min(i, x), std::max(i, x));
        }
      };
      look(was, now);
      look(now, was);
    }
#pragma omp critical
    pairs.insert(pairs.end(), own.begin(), own.end());
  }
  std::sort(pairs.begin(), pairs.end());
  pairs.erase(std::unique(pairs.begin(), pairs.end()), pairs.end());
  return pairs;
}

// Enters what links weigh now instead of before. Accounts to look at, ascending.
std::vector<std::uint32_t> LiveFleet::settle_weights(const Change& change) {
  const auto pairs = pairs_of(change);
  const auto before = [&](std::uint32_t i, std::uint32_t x) {
    return find_in(mark_[i] > 0 ? std::span<const Held>(change.before[mark_[i] - 1].linked) : linked(i), x);
  };
  std::vector<Weight> now(pairs.size()), was(pairs.size());
#pragma omp parallel for schedule(static)
  for (std::size_t p = 0; p < pairs.size(); ++p) {
    const auto [a, b] = pairs[p];
    if (find_in(linked(a), b) != nullptr || find_in(linked(b), a) != nullptr) now[p] = weigh(a, b);
    const auto* old = before(a, b);
    if (old == nullptr) old = before(b, a);
    if (old != nullptr) was[p] = old->weight;
    // No two pairs are one, so no other thread reads or writes these weights.
    set_weight(a, b, now[p]);
    set_weight(b, a, now[p]);
  }
  std::vector<std::uint32_t> waiting(change.accounts);
  for (std::size_t p = 0; p < pairs.size(); ++p) {
    const auto [a, b] = pairs[p];
    const auto moved = std::int64_t{now[p]} - std::int64_t{was[p]};
    total_ += moved;
    for (const auto i : {a, b}) {
      total_of_[community_[i]] -= counted(i);
      present_ -= present(i);
      strength_[i] += moved;
      present_ += present(i);
      total_of_[community_[i]] += counted(i);
      if (stir(i, std::abs(moved))) waiting.push_back(i);
    }
  }
  std::sort(waiting.begin(), waiting.end());
  waiting.erase(std::unique(waiting.begin(), waiting.end()), waiting.end());
  return waiting;
}

bool LiveFleet::stir(std::uint32_t account, std::int64_t weight) {
  stirring_[account] += weight;
  return static_cast<double>(stirring_[account]) > options_.stirred * static_cast<double>(strength_[account]);
}

Result<LiveUpdate> LiveFleet::update(std::span<const std::uint32_t> accounts, std::span<const Signature> signatures,
                                     Pohs pohs, const Stop& stop) {
  LiveUpdate done;
  CMS_TRY(change, begin(accounts, signatures, pohs));
  done.changed = static_cast<std::uint32_t>(change.accounts.size());
  if (change.accounts.empty()) return done;
  move_places(change);
  measure_holders(change);
  look_around(change, done, stop);
  if (stopped(stop)) return told_to_stop();
  const auto stirred = settle_weights(change);
  for (const auto& before : change.before) mark_[before.account] = 0;
  CMS_TRY(waiting, cluster_small(stirred, done, stop));
  move_accounts(std::move(waiting), done, stop);
  if (stopped(stop)) return told_to_stop();
  return done;
}

std::vector<Link> LiveFleet::links() const {
  std::vector<Link> links;
  for (std::uint32_t i = 0; i < accounts_.size(); ++i) {
    for (const auto& held : linked(i)) links.push_back({i, held.near.account, 0});
  }
  weigh_links(links, accounts_, outlyingness_, options_.links);
  return links;
}

std::vector<Link> LiveFleet::links_among(std::span<const std::uint32_t> accounts) const {
  std::vector<Link> links;
  for (const auto account : accounts) {
    for (const auto& tie : ties_of(account)) {
      if (tie.account < account || !std::binary_search(accounts.begin(), accounts.end(), tie.account)) continue;
      links.push_back({account, tie.account, static_cast<double>(tie.weight) * kWeightUnit});
    }
  }
  return links;
}

std::size_t LiveFleet::bytes() const {
  std::size_t sum = cells_.bytes() + bound_.capacity() * sizeof(Near) + outlyingness_.capacity() * sizeof(double) +
                    (strength_.capacity() + stirring_.capacity() + total_of_.capacity()) * sizeof(std::int64_t) +
                    (community_.capacity() + mark_.capacity() + size_of_.capacity()) * sizeof(std::uint32_t);
  for (const auto& near : near_) sum += sizeof(near) + near.capacity() * sizeof(Held);
  for (const auto& holders : holders_) sum += sizeof(holders) + holders.capacity() * sizeof(Tie);
  return sum;
}

}  // namespace cms::fleet
