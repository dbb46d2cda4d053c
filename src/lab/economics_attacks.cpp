#include "lab/economics_attacks.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "lab/frontier.hpp"
#include "pipeline/step.hpp"

namespace cms::lab {
namespace {

constexpr std::size_t kDrawn = 100;

// What a run of `count` requests costs under one rule.
double paid_for(const PriceGround& prices, const Rule& rule, const WhiteBoxRun& run, std::size_t count, bool as_one) {
  std::map<std::uint32_t, Purse> purses;
  double paid = 0;
  for (std::size_t i = 0; i < count; ++i) {
    auto& purse = purses.try_emplace(as_one ? 0 : run.accounts[i], make_purse(prices)).first->second;
    const double charged = price(prices, rule, purse, run.rows[i], run.poh[i]);
    pay(prices, purse, run.rows[i], charged);
    paid += charged;
  }
  return paid;
}

// New mass of the rows beyond what is covered already.
double gain_of(const Yardstick& yardstick, std::span<const std::uint32_t> rows, std::vector<bool> covered) {
  double gain = 0;
  for (const auto row : rows) {
    const auto chart = yardstick.charts[row];
    if (!covered[chart]) gain += yardstick.mass[chart];
    covered[chart] = true;
  }
  return gain;
}

}  // namespace

Honest draw_team(std::span<const Honest> honest, const std::set<std::string>& kinds, const TeamSize& size,
                 Random& random) {
  std::vector<const Honest*> known, team;
  for (const auto& account : honest) {
    if (kinds.contains(account.kind)) known.push_back(&account);
  }
  for (std::uint32_t m = 0; m < size.members; ++m) team.push_back(known[random.below(known.size())]);
  Honest together{fmt::format("team of {}", size.members), {}, {}};
  for (std::size_t i = 0; i < size.requests; ++i) {
    for (const auto* member : team) {
      if (i >= member->rows.size()) continue;
      together.rows.push_back(member->rows[i]);
      together.poh.push_back(member->poh[i]);
    }
  }
  return together;
}

std::uint32_t requests_to_reach(const Ground& ground, std::span<const std::uint32_t> rows) {
  const auto reached = requests_until(coverage_of(ground.yardstick, rows), kReached);
  return reached == 0 ? UINT32_MAX : reached;
}

Attack judge(const Ground& ground, const PriceGround& prices, const Rules& rules, const std::string& attacker,
             const WhiteBoxRun& run) {
  Attack attack;
  attack.attacker = attacker;
  if (run.rows.empty()) return attack;
  const auto reached = requests_to_reach(ground, run.rows);
  attack.reached = reached != UINT32_MAX;
  attack.requests = attack.reached ? reached : static_cast<std::uint32_t>(run.rows.size());
  attack.coverage = coverage_of(ground.yardstick, std::span(run.rows).first(attack.requests)).back();
  attack.poh_min = *std::min_element(run.poh.begin(), run.poh.begin() + attack.requests);
  attack.accounts = run.accounts[attack.requests - 1] + 1;
  charge(prices, rules, run, attack);
  return attack;
}

void charge(const PriceGround& prices, const Rules& rules, const WhiteBoxRun& run, Attack& attack) {
  for (std::size_t r = 0; r < kRuleCount; ++r) {
    attack.paid[r] = paid_for(prices, rules[r], run, attack.requests, false);
    attack.paid_as_one[r] = paid_for(prices, rules[r], run, attack.requests, true);
  }
}

std::vector<Bill> bills_of(const PriceGround& prices, const Rules& rules, std::span<const Honest> honest,
                           std::uint32_t requests) {
  std::map<std::string, Bill> by_kind;
  for (const auto& account : honest) {
    if (account.rows.size() < std::min(requests, 100U)) continue;
    auto& bill = by_kind[account.kind];
    bill.kind = account.kind;
    bill.requests = requests;
    PerRule surcharges{};
    for (std::size_t r = 0; r < kRuleCount; ++r) surcharges[r] = surcharge(prices, rules[r], account, requests);
    bill.surcharges.push_back(surcharges);
  }
  std::vector<Bill> bills;
  for (auto& [kind, bill] : by_kind) bills.push_back(std::move(bill));
  return bills;
}

WhiteBoxRun run_stream(const Ground& ground, std::span<const std::uint32_t> order, const StreamOptions& options) {
  WhiteBoxRun run;
  pipeline::Scratch scratch;
  auto state = pipeline::make_account(ground.model);
  std::uint32_t account = 0, sent = 0;
  const auto send = [&](std::uint32_t row) {
    auto trial = state;
    pipeline::advance(ground.model, trial, ground.study.projected[row], 0, scratch);
    const double poh = pipeline::score_at(ground.model, trial, 0).poh;
    if (poh < options.floor) return false;
    state = std::move(trial);
    run.rows.push_back(row);
    run.accounts.push_back(account);
    run.poh.push_back(poh);
    run.poh_min = std::min(run.poh_min, poh);
    ++sent;
    return true;
  };
  for (const auto row : order) {
    const bool left = options.account_requests > 0 && sent == options.account_requests;
    if (!left && send(row)) continue;
    if (account + 1 == options.accounts_max) break;
    state = pipeline::make_account(ground.model);
    sent = 0;
    ++account;
    send(row);  // nothing is evaluated at the first request
  }
  return run;
}

WhiteBoxRun replay_fastest(const Ground& ground, std::span<const Honest> honest, std::uint32_t requests,
                           Random& random) {
  WhiteBoxRun run;
  std::vector<std::size_t> left;
  for (std::size_t i = 0; i < honest.size(); ++i) left.push_back(i);
  std::vector<bool> covered(ground.yardstick.mass.size());
  const auto first_of = [&](std::size_t i) {
    return std::span(honest[i].rows).first(std::min<std::size_t>(requests, honest[i].rows.size()));
  };
  double got = 0;
  for (std::uint32_t account = 0; got < kReached && !left.empty(); ++account) {
    random.shuffle(left);
    std::size_t best = 0;
    double most = -1;
    for (std::size_t d = 0; d < std::min(kDrawn, left.size()); ++d) {
      const double gain = gain_of(ground.yardstick, first_of(left[d]), covered);
      if (gain > most) best = d, most = gain;
    }
    const auto& chosen = honest[left[best]];
    const auto rows = first_of(left[best]);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      run.rows.push_back(rows[i]);
      run.accounts.push_back(account);
      run.poh.push_back(chosen.poh[i]);
      run.poh_min = std::min(run.poh_min, chosen.poh[i]);
      covered[ground.yardstick.charts[rows[i]]] = true;
    }
    got += most;
    left.erase(left.begin() + static_cast<std::ptrdiff_t>(best));
  }
  return run;
}

}  // namespace cms::lab
