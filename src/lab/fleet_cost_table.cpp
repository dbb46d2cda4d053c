#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>

#include "lab/fleet_cost.hpp"
#include "lab/statistics.hpp"

namespace cms::lab {
namespace {

constexpr double kRatioGoal = 3;  // at kCostPlotted an account

using Question = FleetCostQuestion;

std::vector<std::string> attackers_of(std::span<const FleetCosts> seeds) {
  std::vector<std::string> names;
  for (const auto& row : seeds.front().rows) {
    if (std::find(names.begin(), names.end(), row.attacker) == names.end()) names.push_back(row.attacker);
  }
  return names;
}

std::string shown(std::span<const FleetCosts> seeds, const Question& question) {
  const auto both = cost_both(seeds, question);
  if (both.seeds == 0) return "-";
  const auto text = fmt::format("{:.2f} / {:.2f} = {:.2f}", both.on, both.off, both.ratio);
  return both.seeds == seeds.size() ? text : text + fmt::format(" ({})", both.seeds);
}

std::string prize_table(std::span<const FleetCosts> seeds, PrizeKind prize, const std::string& title) {
  std::string text = fmt::format("\n{}; fleet on / off = ratio, medians (seeds, where some never got there)\n{:<32}",
                                 title, "attacker, account cost");
  for (const double cost : kAccountCosts) text += fmt::format(" {:>25g}", cost);
  text += '\n';
  auto names = attackers_of(seeds);
  names.emplace_back();
  for (const auto& name : names) {
    text += fmt::format("{:<32}", name.empty() ? "the cheapest of them" : name);
    for (const double cost : kAccountCosts) text += fmt::format(" {:>25}", shown(seeds, {prize, cost, false, name}));
    text += '\n';
  }
  return text;
}

std::string spent(const Spent& spent) {
  return spent.reached ? fmt::format("{} / {}", spent.requests, spent.accounts) : "-";
}

// Every way of the first seed, as it went.
std::string ways_table(const FleetCosts& seed) {
  std::string text = fmt::format(
      "\nfirst seed: requests / accounts for the coverage, and for {} answers\n{:<32} {:>7} {:>7} {:>13} {:>13} "
      "{:>13} {:>13} {:>8}\n",
      seed.answers, "attacker", "at once", "at most", "covered, off", "on", "answers, off", "on", "refused");
  for (const auto& row : seed.rows) {
    text += fmt::format("{:<32} {:>7} {:>7} {:>13} {:>13} {:>13} {:>13} {:>8}\n", row.attacker, row.at_once,
                        row.account_requests > 0 ? fmt::format("{}", row.account_requests) : "-",
                        spent(row.off.coverage), spent(row.on.coverage), spent(row.off.answers),
                        spent(row.on.answers), row.on.refused);
  }
  return text;
}

}  // namespace

CostBoth cost_both(std::span<const FleetCosts> seeds, FleetCostQuestion question) {
  std::vector<double> off, on, ratios;
  for (const auto& seed : seeds) {
    question.watched = false;
    const auto unseen = cost_of(seed, question);
    question.watched = true;
    const auto seen = cost_of(seed, question);
    if (!unseen.reached || !seen.reached) continue;
    off.push_back(unseen.multiplier);
    on.push_back(seen.multiplier);
    ratios.push_back(seen.multiplier / unseen.multiplier);
  }
  return {upper_median(off), upper_median(on), upper_median(ratios), ratios.size()};
}

std::string describe(std::span<const FleetCosts> seeds) {
  if (seeds.empty()) return {};
  const auto title = [](const std::string& prize, const std::string& unit) {
    return fmt::format("C(.01) of {}, any number of accounts, refused once flagged, over {} unwatched", prize, unit);
  };
  return prize_table(seeds, PrizeKind::coverage,
                     title(fmt::format("{:.0f}% of the yardstick", 100 * kReached),
                           fmt::format("{:.0f} requests", seeds.front().unwatched))) +
         prize_table(seeds, PrizeKind::answers,
                     title(fmt::format("{} answers", seeds.front().answers), "as many requests of one account")) +
         ways_table(seeds.front());
}

std::string goal_lines(std::span<const FleetCosts> seeds) {
  if (seeds.empty()) return {};
  std::string text;
  const auto line = [&](const std::string& what, double figure, std::optional<double> goal) {
    const nlohmann::json holds = goal ? nlohmann::json(figure >= *goal) : nlohmann::json();
    text += nlohmann::json({{"what", "fleet: " + what},
                            {"figure", figure},
                            {"goal", goal ? fmt::format(">= {:g}", *goal) : "-"},
                            {"holds", holds}})
                .dump() +
            "\n";
  };
  const std::pair<PrizeKind, std::string> prizes[] = {
      {PrizeKind::coverage, fmt::format("{:.0f}%", 100 * kReached)},
      {PrizeKind::answers, fmt::format("{} answers", seeds.front().answers)}};
  for (const auto& [prize, name] : prizes) {
    for (const double cost : kAccountCosts) {
      const auto both = cost_both(seeds, {prize, cost, false, ""});
      if (both.seeds == 0) continue;
      const auto what = fmt::format("C(.01) of {}, any number of accounts, account cost {:g}, fleet", name, cost);
      const bool is_goal = prize == PrizeKind::coverage && cost == kCostPlotted;
      line(what + " off", both.off, std::nullopt);
      line(what + " on", both.on, std::nullopt);
      line(what + " on over off", both.ratio, is_goal ? std::optional(kRatioGoal) : std::nullopt);
    }
    for (const auto& attacker : attackers_of(seeds)) {
      const auto both = cost_both(seeds, {prize, kCostPlotted, false, attacker});
      if (both.seeds == 0) continue;
      line(fmt::format("C(.01) of {}, account cost {:g}, fleet on over off, {}", name, kCostPlotted, attacker),
           both.ratio, std::nullopt);
    }
  }
  return text;
}

}  // namespace cms::lab
