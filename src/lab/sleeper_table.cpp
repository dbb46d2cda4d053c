#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "lab/sleeper.hpp"
#include "lab/statistics.hpp"

namespace cms::lab {
namespace {

constexpr double kHonestGoal = .01;  // of sleepers flagged while asleep: the first study's for power accounts

struct Row {
  double accounts = 0, before = 0, flagged = 0, recovered = 0;
  std::vector<double> delays, recoveries;
};

// Attacks in order of first appearance, each by time asleep.
std::vector<std::pair<std::string, std::map<std::uint32_t, Row>>> rows_of(const std::vector<SleeperOutcome>& outcomes) {
  std::vector<std::pair<std::string, std::map<std::uint32_t, Row>>> rows;
  for (const auto& one : outcomes) {
    auto found = std::find_if(rows.begin(), rows.end(), [&](const auto& row) { return row.first == one.attack; });
    if (found == rows.end()) found = rows.insert(rows.end(), {one.attack, {}});
    auto& row = found->second[one.asleep];
    row.accounts += 1;
    row.before += one.flagged_before ? 1 : 0;
    if (one.delay > 0) row.flagged += 1, row.delays.push_back(one.delay);
    if (one.recovery > 0) row.recovered += 1, row.recoveries.push_back(one.recovery);
  }
  return rows;
}

// Of all accounts: those that were not flagged count as later than any; 0 when the median is one of them.
double median_delay(const Row& row) {
  auto sorted = row.delays;
  std::sort(sorted.begin(), sorted.end());
  const auto middle = static_cast<std::size_t>(row.accounts / 2);
  return middle < sorted.size() ? sorted[middle] : 0;
}

std::string goal_line(const std::string& what, const nlohmann::json& figure, const std::string& goal,
                      const nlohmann::json& holds) {
  return nlohmann::json({{"what", "sleeper: " + what}, {"figure", figure}, {"goal", goal}, {"holds", holds}}).dump() +
         "\n";
}

}  // namespace

std::string describe(const std::vector<SleeperOutcome>& outcomes) {
  std::string text = fmt::format("{:<30} {:>7} {:>9} {:>8} {:>8} {:>8} {:>10} {:>9}\n", "attack", "asleep", "accounts",
                                 "before", "flagged", "delay", "recovered", "after");
  for (const auto& [attack, by_sleep] : rows_of(outcomes)) {
    for (const auto& [asleep, row] : by_sleep) {
      text += fmt::format("{:<30} {:>7} {:>9.0f} {:>8.3f} {:>8.3f} {:>8.0f} {:>10.3f} {:>9.0f}\n", attack, asleep,
                          row.accounts, row.before / row.accounts, row.flagged / row.accounts, median_delay(row),
                          row.recovered / row.accounts, upper_median(row.recoveries));
    }
  }
  return text +
         "before: share flagged while still honest; delay: requests from the onset to the flag, median over all "
         "accounts (0 = half were not flagged);\nafter: honest requests until PoH > .25, median of those that got "
         "there\n";
}

std::string goal_lines(const std::vector<SleeperOutcome>& outcomes) {
  std::string text;
  for (const auto& [attack, by_sleep] : rows_of(outcomes)) {
    const double early = median_delay(by_sleep.begin()->second);
    for (const auto& [asleep, row] : by_sleep) {
      const double delay = median_delay(row);
      const bool judged = asleep > 0 && early > 0;
      nlohmann::json held;
      if (judged) held = delay > 0 && delay <= 2 * early;
      text += goal_line(fmt::format("delay, {}, after {} honest requests", attack, asleep),
                        delay > 0 ? nlohmann::json(delay) : nlohmann::json(),
                        judged ? fmt::format("<= {:.0f}, twice an early attacker's", 2 * early) : "-", held);
      if (asleep == 0) continue;
      const double before = row.before / row.accounts;
      text += goal_line(fmt::format("flagged in {} honest requests before the attack, {}", asleep, attack), before,
                        fmt::format("<= {:.2f}", kHonestGoal), before <= kHonestGoal);
    }
  }
  return text;
}

nlohmann::json plots(const std::vector<SleeperOutcome>& outcomes) {
  std::vector<nlohmann::json> pictures;
  for (const auto& [attack, by_sleep] : rows_of(outcomes)) {
    std::vector<Curve> curves;
    for (const auto& [asleep, row] : by_sleep) {
      Curve curve{fmt::format("after {} honest", asleep), {}, false};
      for (int n = 0; n <= 300; n += 4) {
        const auto is_early = [n](double delay) { return delay <= n; };
        const auto by_then = std::count_if(row.delays.begin(), row.delays.end(), is_early);
        curve.points.push_back({static_cast<double>(n), static_cast<double>(by_then) / row.accounts});
      }
      curves.push_back(std::move(curve));
    }
    const Axis since{"requests since the onset", 0, 300, false}, share{"share flagged", 0, 1, false};
    pictures.push_back(curves_plot({"Sleepers: " + attack, "Accounts flagged since the attack began."}, since, share,
                                   curves));
  }
  return pictures;
}

}  // namespace cms::lab
