#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>

#include "lab/frontier.hpp"
#include "lab/statistics.hpp"

namespace cms::lab {
namespace {

constexpr double kCostGoal = 10;

// Requests until kReached; later than any where it was not.
double requests_of(const FrontierRun& run) {
  return run.requests > 0 ? run.requests : std::numeric_limits<double>::infinity();
}

// Over seeds, of one way. Runs are in the same order for every seed.
template <typename Get>
double median_of(const FrontierResult& result, std::size_t way, const Get& get) {
  std::vector<double> values;
  for (const auto& runs : result.runs) values.push_back(get(runs[way]));
  return upper_median(std::move(values));
}

std::string name_of(double floor) { return floor <= 0 ? "unwatched" : fmt::format("PoH >= {:.3f}", floor); }

std::string accounts_of(const FrontierRun& way) {
  if (way.one_account) return way.pace == 0 ? "one" : fmt::format("one, pace {}", way.pace);
  return way.account_requests == 0 ? "as needed" : fmt::format("{} each", way.account_requests);
}

// Median over seeds; a bound when any seed's is.
Cost median_cost(const FrontierResult& result, double floor, double account_cost) {
  std::vector<double> multipliers;
  bool reached = true;
  for (const auto& runs : result.runs) {
    const auto cost = cost_at(runs, floor, account_cost, false);
    multipliers.push_back(cost.multiplier);
    reached = reached && cost.reached;
  }
  return {upper_median(std::move(multipliers)), reached};
}

std::string shown(const Cost& cost) {
  if (cost.multiplier <= 0) return "unknown";
  return fmt::format("{}{:.2f}", cost.reached ? "" : "> ", cost.multiplier);
}

}  // namespace

Cost cost_at(const std::vector<FrontierRun>& runs, double floor, double account_cost, bool one_account) {
  const auto price = [&](const FrontierRun& run, double requests) { return requests + run.accounts * account_cost; };
  double unwatched = 0, least = std::numeric_limits<double>::infinity(), bound = least;
  for (const auto& run : runs) {
    if (run.floor <= 0 && run.requests > 0) unwatched = price(run, run.requests);
  }
  if (unwatched <= 0) return {};
  for (const auto& run : runs) {
    if (run.floor != floor || (one_account && !run.one_account)) continue;
    if (run.requests > 0) {
      least = std::min(least, price(run, run.requests));
    } else if (one_account || !run.one_account) {
      bound = std::min(bound, price(run, run.requests_sent));
    }
  }
  const bool reached = least < std::numeric_limits<double>::infinity();
  return {(reached ? least : bound) / unwatched, reached};
}

std::string describe(const FrontierResult& result) {
  if (result.runs.empty()) return "";
  std::string text = fmt::format(
      "frontier: {} seeds, medians; coverage = share of the yardstick's mass within reach\n\n{:<14} {:<12}",
      result.runs.size(), "floor", "accounts");
  for (const auto checkpoint : kCheckpoints) text += fmt::format(" {:>7}", fmt::format("at {}", checkpoint));
  text += fmt::format(" {:>7} {:>9} {:>12} {:>9} {:>9} {:>9} {:>12}\n", "end", "requests", "80% reached", "accounts",
                      "least PoH", "fidelity", "use-weighted");
  for (std::size_t w = 0; w < result.runs.front().size(); ++w) {
    const auto& way = result.runs.front()[w];
    text += fmt::format("{:<14} {:<12}", name_of(way.floor), accounts_of(way));
    for (std::size_t c = 0; c < kCheckpoints.size(); ++c) {
      text += fmt::format(" {:>7.3f}", median_of(result, w, [&](const FrontierRun& r) { return r.at_checkpoints[c]; }));
    }
    const double requests = median_of(result, w, requests_of);
    text += fmt::format(" {:>7.3f} {:>9.0f} {:>12} {:>9.0f} {:>9.4f} {:>9.3f} {:>12.3f}\n",
                        median_of(result, w, [](const FrontierRun& r) { return r.coverage; }),
                        median_of(result, w, [](const FrontierRun& r) { return double(r.requests_sent); }),
                        std::isfinite(requests) ? fmt::format("{:.0f}", requests) : "no",
                        median_of(result, w, [](const FrontierRun& r) { return double(r.accounts); }),
                        median_of(result, w, [](const FrontierRun& r) { return r.poh_min; }),
                        median_of(result, w, [](const FrontierRun& r) { return r.fidelity.cosine; }),
                        median_of(result, w, [](const FrontierRun& r) { return r.fidelity.use_weighted; }));
  }
  text += "\nC(tau): cost of 80% beside the same unwatched; requests + accounts x account cost\n";
  text += fmt::format("{:<14}", "account cost");
  for (const double cost : kAccountCosts) text += fmt::format(" {:>10.0f}", cost);
  text += '\n';
  double floor = 0;
  for (const auto& way : result.runs.front()) {
    if (way.floor == floor) continue;  // the ways of one floor follow one another
    floor = way.floor;
    text += fmt::format("{:<14}", name_of(floor));
    for (const double cost : kAccountCosts) {
      text += fmt::format(" {:>10}", shown(median_cost(result, floor, cost)));
    }
    text += '\n';
  }
  text += "\nhonest accounts, coverage after 100 requests:";
  for (const auto& one : result.honest) text += fmt::format(" {} {:.3f};", one.kind, one.coverage);
  text.back() = '\n';
  return text;
}

std::string goal_lines(const FrontierResult& result) {
  std::string text;
  const auto line = [&](const std::string& what, double figure, const std::string& goal, const nlohmann::json& held) {
    text += nlohmann::json({{"what", what}, {"figure", figure}, {"goal", goal}, {"holds", held}}).dump() + "\n";
  };
  if (result.runs.empty()) return text;
  for (std::size_t w = 0; w < result.runs.front().size(); ++w) {
    const auto& way = result.runs.front()[w];
    line(fmt::format("frontier: coverage, {}, accounts: {}", name_of(way.floor), accounts_of(way)),
         median_of(result, w, [](const FrontierRun& r) { return r.coverage; }), "-", nullptr);
    line(fmt::format("frontier: fidelity, {}, accounts: {}", name_of(way.floor), accounts_of(way)),
         median_of(result, w, [](const FrontierRun& r) { return r.fidelity.cosine; }), "-", nullptr);
  }
  for (const double cost : kAccountCosts) {
    const auto least = median_cost(result, .01, cost);
    // A bound is never a pass.
    const nlohmann::json held = least.reached ? nlohmann::json(least.multiplier >= kCostGoal) : nlohmann::json();
    line(fmt::format("frontier: C(.01), any number of accounts, account cost {:.0f}", cost), least.multiplier,
         fmt::format(">= {:.0f}", kCostGoal), held);
  }
  return text;
}

namespace {

std::vector<double> floors_of(const FrontierResult& result) {
  std::vector<double> floors;
  for (const auto& run : result.runs.front()) {
    const bool known = std::find(floors.begin(), floors.end(), run.floor) != floors.end();
    if (run.floor > 0 && !known) floors.push_back(run.floor);
  }
  std::sort(floors.begin(), floors.end());
  return floors;
}

// The most that one account covers within a checkpoint without falling below the floor, median over seeds.
double best_at(const FrontierResult& result, double floor, std::size_t checkpoint) {
  double best = 0;
  for (std::size_t way = 0; way < result.runs.front().size(); ++way) {
    const auto& run = result.runs.front()[way];
    if (run.floor != floor || !run.one_account) continue;
    const auto covered = [&](const FrontierRun& one) { return one.at_checkpoints[checkpoint]; };
    best = std::max(best, median_of(result, way, covered));
  }
  return best;
}

}  // namespace

nlohmann::json plots(const FrontierResult& result) {
  if (result.runs.empty()) return nlohmann::json::array();
  const auto floors = floors_of(result);
  std::vector<Curve> costs, coverages;
  double dearest = kCostGoal;
  for (const double account_cost : kAccountCosts) {
    Curve curve{fmt::format("an account costs {:.0f} requests", account_cost), {}, false};
    for (const double floor : floors) {
      const auto cost = median_cost(result, floor, account_cost);
      curve.points.push_back({floor, cost.multiplier});
      dearest = std::max(dearest, cost.multiplier);
    }
    costs.push_back(std::move(curve));
  }
  for (std::size_t i = 0; i < kCheckpoints.size(); ++i) {
    Curve curve{fmt::format("{} requests", kCheckpoints[i]), {}, false};
    for (const double floor : floors) curve.points.push_back({floor, best_at(result, floor, i)});
    coverages.push_back(std::move(curve));
  }
  if (floors.empty()) return nlohmann::json::array();
  const Axis floor_axis{"PoH that no account falls below", floors.front(), floors.back(), true};
  const Axis cost_axis{"times the unwatched cost", 0.5, 2 * dearest, true};
  const Axis mass_axis{"share of the yardstick's mass", 0, 1, false};
  const Caption dear{"What extraction costs", "80% of the mass, over the unwatched minimum; a bound if not reached."};
  const Caption wide{"Coverage against clustering", "The most that one white-box account covers at each floor."};
  return nlohmann::json::array({curves_plot(dear, floor_axis, cost_axis, costs),
                                curves_plot(wide, floor_axis, mass_axis, coverages)});
}

}  // namespace cms::lab
