#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "lab/economics.hpp"
#include "lab/statistics.hpp"

namespace cms::lab {
namespace {

constexpr double kCostGoal = 10;
constexpr double kGoalFloor = .01;
constexpr std::array<std::uint32_t, 6> kAccounts = {1, 2, 4, 8, 16, 0};  // 0 = any number
constexpr int kRuleWidth = 21;                                           // of the longest name of a rule

std::string name_of(double floor) { return floor <= 0 ? "none" : fmt::format("{:g}", floor); }

// Median over seeds; a bound when any seed's is.
Cost median_cost(const EconomicsResult& result, const CostQuestion& question) {
  std::vector<double> multipliers;
  bool reached = true;
  for (const auto& seed : result.seeds) {
    const auto cost = cost_of(seed, question);
    multipliers.push_back(cost.multiplier);
    reached = reached && cost.reached;
  }
  return {upper_median(std::move(multipliers)), reached};
}

std::string shown(const EconomicsResult& result, const CostQuestion& question) {
  const auto cost = median_cost(result, question);
  if (cost.multiplier <= 0) return "-";
  return fmt::format("{}{:.2f}", cost.reached ? "" : "> ", cost.multiplier);
}

// All surcharges of one kind at one age, over seeds, by one rule.
std::vector<double> surcharges_of(const EconomicsResult& result, const Bill& wanted, std::size_t rule,
                                  std::vector<Bill> EconomicsSeed::* bills) {
  std::vector<double> found;
  for (const auto& seed : result.seeds) {
    for (const auto& bill : seed.*bills) {
      if (bill.kind != wanted.kind || bill.requests != wanted.requests) continue;
      for (const auto& one : bill.surcharges) found.push_back(one[rule]);
    }
  }
  return found;
}

bool is_old(const Bill& bill) { return bill.kind.starts_with("old "); }

// The worst kind of those that are old, or are not: the greatest quantile.
double worst(const EconomicsResult& result, std::size_t rule, double p, bool old) {
  double most = 0;
  for (const auto& bill : result.seeds.front().bills) {
    if (is_old(bill) != old) continue;
    most = std::max(most, quantile(surcharges_of(result, bill, rule, &EconomicsSeed::bills), p));
  }
  return most;
}

template <typename Get>
double median_over(const EconomicsResult& result, const Get& get) {
  std::vector<double> values;
  for (const auto& seed : result.seeds) values.push_back(get(seed));
  return upper_median(std::move(values));
}

// A column of a table of rules; the rule that it asks about is the row's.
struct Column {
  std::string head;
  CostQuestion question;
};

// The last three know no rule and keep no floor.
std::vector<Column> rule_columns() {
  using enum RuleKind;
  return {{"one,.01", {flat, .01, 0, 1, false, ""}},
          {"any,.01", {flat, .01, 0, 0, false, ""}},
          {"any+100", {flat, .01, 100, 0, false, ""}},
          {"as one", {flat, .01, 0, 0, true, ""}},
          {"blind,.01", {flat, .01, 0, 1, false, kBlind}},
          {"blind any", {flat, .01, 0, 0, false, kBlind}},
          {"greedy", {flat, 0, 0, 1, false, "white-box, greedy"}},
          {"system.", {flat, 0, 0, 1, false, "systematic"}},
          {"mimicry", {flat, 0, 0, 1, false, "honest mimicry"}}};
}

std::vector<RuleKind> all_rules() {
  std::vector<RuleKind> rules;
  for (std::size_t r = 0; r < kRuleCount; ++r) rules.push_back(static_cast<RuleKind>(r));
  return rules;
}

// Where every scale is set anew, charts+ladder and its fitted form are one.
std::vector<RuleKind> rules_at_equal_surcharge() {
  auto rules = all_rules();
  std::erase(rules, RuleKind::charts_ladder_fitted);
  return rules;
}

std::string rules_table(const EconomicsResult& result, const std::string& title, std::span<const RuleKind> rules,
                        std::span<const Column> columns) {
  std::string text = fmt::format("{}\n{:<{}} {:>9} {:>8} {:>8} {:>8} {:>8}", title, "rule", kRuleWidth, "scale",
                                 "median", "99%", "old 50%", "old 99%");
  for (const auto& column : columns) text += fmt::format(" {:>9}", column.head);
  text += '\n';
  for (const auto rule : rules) {
    const auto r = static_cast<std::size_t>(rule);
    text += fmt::format("{:<{}} {:>9.3g} {:>8.3f} {:>8.3f} {:>8.3f} {:>8.3f}", name(rule), kRuleWidth,
                        median_over(result, [r](const auto& seed) { return seed.rules[r].scale; }),
                        worst(result, r, .5, false), worst(result, r, .99, false), worst(result, r, .5, true),
                        worst(result, r, .99, true));
    for (auto [head, question] : columns) {
      question.rule = rule;
      text += fmt::format(" {:>9}", shown(result, question));
    }
    text += '\n';
  }
  return text;
}

// As if the seeds had been charged so.
EconomicsResult equal_of(const EconomicsResult& result) { return {result.equal, result.floors, {}, result.tune}; }

// The comparison at equal surcharge, and every attacker's bill by it.
std::string equal_table(const EconomicsResult& result) {
  auto columns = rule_columns();
  for (const auto& [head, attacker] : {std::pair("planning", "white-box, planning"), {"naive", "naive"},
                                       {"sorted", "sorted"}, {"clustered", kClusteredPeople}}) {
    columns.push_back({head, {RuleKind::flat, 0, 0, 1, false, attacker}});
  }
  const auto title = fmt::format(
      "\nrules at equal surcharge: scales set on the honest accounts of the {} part itself, so that 99% is {:.2f}; "
      "reported only, nothing is chosen by it",
      result.tune ? "calibrate" : "test", kSurchargeHighMax);
  return rules_table(equal_of(result), title, rules_at_equal_surcharge(), columns);
}

std::string floors_table(const EconomicsResult& result) {
  std::string text = fmt::format("\nC(tau), rule: {}\n{:<8} {:>9}", name(kProductRule), "floor", "one");
  for (const double cost : kAccountCosts) text += fmt::format(" {:>9}", fmt::format("any+{:g}", cost));
  for (const double cost : kAccountCosts) text += fmt::format(" {:>11}", fmt::format("as one+{:g}", cost));
  text += '\n';
  for (const double floor : result.floors) {
    text += fmt::format("{:<8} {:>9}", name_of(floor), shown(result, {kProductRule, floor, 0, 1, false, ""}));
    for (const double cost : kAccountCosts) {
      text += fmt::format(" {:>9}", shown(result, {kProductRule, floor, cost, 0, false, ""}));
    }
    for (const double cost : kAccountCosts) {
      text += fmt::format(" {:>11}", shown(result, {kProductRule, floor, cost, 0, true, ""}));
    }
    text += '\n';
  }
  return text;
}

std::vector<std::string> attackers_of(const EconomicsResult& result) {
  std::vector<std::string> names;
  for (const auto& attack : result.seeds.front().attacks) {
    if (std::find(names.begin(), names.end(), attack.attacker) == names.end()) names.push_back(attack.attacker);
  }
  return names;
}

std::string attackers_table(const EconomicsResult& result) {
  std::string text = fmt::format(
      "\nC(tau) by attacker, rule: {}, accounts free: one account / any number / any charged as one\n{:<21}",
      name(kProductRule), "attacker");
  for (const double floor : result.floors) text += fmt::format(" {:>22}", name_of(floor));
  text += '\n';
  for (const auto& attacker : attackers_of(result)) {
    text += fmt::format("{:<21}", attacker);
    for (const double floor : result.floors) {
      text += fmt::format(" {:>22}", fmt::format("{} / {} / {}",
                                                 shown(result, {kProductRule, floor, 0, 1, false, attacker}),
                                                 shown(result, {kProductRule, floor, 0, 0, false, attacker}),
                                                 shown(result, {kProductRule, floor, 0, 0, true, attacker})));
    }
    text += '\n';
  }
  return text;
}

// The widest run of one account that kept a floor, of one attacker: share of the yardstick's mass.
double widest(const EconomicsSeed& seed, double floor, const std::string& attacker) {
  double most = 0;
  for (const auto& attack : seed.attacks) {
    if (attack.accounts != 1 || attack.poh_min < floor || attack.attacker != attacker) continue;
    most = std::max(most, attack.coverage);
  }
  return most;
}

std::string coverage_table(const EconomicsResult& result) {
  std::string text = fmt::format("\ncoverage of one account at each floor, up to {:.2f}\n{:<21}", kReached, "attacker");
  for (const double floor : result.floors) text += fmt::format(" {:>8}", name_of(floor));
  for (const auto& attacker : attackers_of(result)) {
    text += fmt::format("\n{:<21}", attacker);
    for (const double floor : result.floors) {
      text += fmt::format(" {:>8.3f}", median_over(result, [&](const auto& s) { return widest(s, floor, attacker); }));
    }
  }
  return text + "\n";
}

std::string accounts_table(const EconomicsResult& result) {
  std::string text = "\nC(.01) by the number of accounts, account cost 0 / 100: each for itself, and charged as one\n";
  text += fmt::format("{:<24}", "rule");
  for (const auto count : kAccounts) {
    text += fmt::format(" {:>15}", count > 0 ? fmt::format("A <= {}", count) : "any");
  }
  text += '\n';
  for (const auto rule : {RuleKind::flat, RuleKind::charts, RuleKind::b4b_charts, kProductRule}) {
    for (const bool as_one : {false, true}) {
      text += fmt::format("{:<24}", name(rule) + (as_one ? ", as one" : ""));
      for (const auto count : kAccounts) {
        text += fmt::format(" {:>15}", fmt::format("{} / {}", shown(result, {rule, .01, 0, count, as_one, ""}),
                                                   shown(result, {rule, .01, 100, count, as_one, ""})));
      }
      text += '\n';
    }
  }
  return text;
}

std::string bills_table(const EconomicsResult& result, std::vector<Bill> EconomicsSeed::* bills,
                        const std::string& title) {
  std::string text = fmt::format("\n{}: surcharge, median / 99%\n{:<16} {:>5} {:>5}", title, "kind", "age", "n");
  const auto width_of = [](std::size_t r) { return std::max<std::size_t>(14, name(static_cast<RuleKind>(r)).size()); };
  for (std::size_t r = 1; r < kRuleCount; ++r) {
    text += fmt::format(" {:>{}}", name(static_cast<RuleKind>(r)), width_of(r));
  }
  text += '\n';
  for (const auto& bill : result.seeds.front().*bills) {
    text += fmt::format("{:<16} {:>5} {:>5}", bill.kind, bill.requests, surcharges_of(result, bill, 0, bills).size());
    for (std::size_t r = 1; r < kRuleCount; ++r) {
      const auto values = surcharges_of(result, bill, r, bills);
      const auto both = fmt::format("{:.3f} / {:.3f}", quantile(values, .5), quantile(values, .99));
      text += fmt::format(" {:>{}}", both, width_of(r));
    }
    text += '\n';
  }
  return text;
}

std::string students_table(const EconomicsResult& result) {
  std::string text =
      "\nwhat a budget buys one account with PoH >= .01: coverage / use-weighted fidelity of a student\n";
  std::vector<double> budgets;
  for (const auto& bought : result.seeds.front().bought) {
    if (std::find(budgets.begin(), budgets.end(), bought.budget) == budgets.end()) budgets.push_back(bought.budget);
  }
  text += fmt::format("{:<{}}", "budget", kRuleWidth);
  for (const double budget : budgets) text += fmt::format(" {:>13.0f}", budget);
  for (std::size_t i = 0; i < result.seeds.front().bought.size(); ++i) {
    const auto& bought = result.seeds.front().bought[i];
    if (i % budgets.size() == 0) text += fmt::format("\n{:<{}}", name(bought.rule), kRuleWidth);
    const double coverage = median_over(result, [i](const auto& seed) { return seed.bought[i].coverage; });
    const double weighted = median_over(result, [i](const auto& seed) { return seed.bought[i].fidelity.use_weighted; });
    text += fmt::format(" {:>13}", fmt::format("{:.3f} / {:.3f}", coverage, weighted));
  }
  text += "\n\nC(.01) of one account by seed:";
  for (const auto& seed : result.seeds) {
    const auto cost = cost_of(seed, {kProductRule, kGoalFloor, 0, 1, false, ""});
    text += fmt::format(" {}{:.2f}", cost.reached ? "" : "> ", cost.multiplier);
  }
  text += "\n\nstudents of the shortest run of one account with 80%, any PoH\n";
  for (const auto& seed : result.seeds) {
    for (const auto& learnt : seed.learnt) {
      text += fmt::format("{:<21} {:>5} requests, cosine {:.3f}, use-weighted {:.3f}\n", learnt.attacker,
                          learnt.requests, learnt.fidelity.cosine, learnt.fidelity.use_weighted);
    }
  }
  return text;
}

// What is only reported; of a bound the goal says so.
std::string reported(const std::string& what, double figure, const std::string& goal = "-") {
  const nlohmann::json line = {{"what", "economics: " + what}, {"figure", figure}, {"goal", goal}, {"holds", nullptr}};
  return line.dump() + "\n";
}

std::string reported(const std::string& what, const Cost& cost) {
  return reported(what, cost.multiplier, cost.reached ? "-" : "not reached: a bound");
}

// Of the comparison at equal surcharge, which chooses nothing: no goals.
std::string equal_lines(const EconomicsResult& result) {
  const auto equal = equal_of(result);
  std::string text;
  for (const auto rule : rules_at_equal_surcharge()) {
    const auto said = fmt::format("at equal surcharge, rule {}: ", name(rule));
    const double median = worst(equal, static_cast<std::size_t>(rule), .5, false);
    text += reported(said + "median honest surcharge, worst kind", median);
    text += reported(said + "C(.01), one account", median_cost(equal, {rule, kGoalFloor, 0, 1, false, ""}));
    text += reported(said + "C, systematic, one account", median_cost(equal, {rule, 0, 0, 1, false, "systematic"}));
  }
  return text;
}

}  // namespace

std::string describe(const EconomicsResult& result) {
  if (result.seeds.empty()) return "";
  const auto count = [](double requests) {
    return requests < UINT32_MAX ? fmt::format("{:.0f}", requests) : std::string("never");
  };
  std::string text = fmt::format(
      "economics: {} seeds, medians; unwatched: {} requests for 80%, {} by one who does not know the yardstick; half "
      "of old generalists have 80% after: {}\n\n",
      result.seeds.size(), count(median_over(result, [](const auto& seed) { return seed.unwatched; })),
      count(median_over(result, [](const auto& seed) { return seed.unwatched_blind; })),
      count(median_over(result, [](const auto& seed) { return double(seed.median_honest); })));
  const std::string title =
      "rules, scaled to one bound of honest surcharge but the default; C of 80%, accounts free unless said";
  return text + rules_table(result, title, all_rules(), rule_columns()) + equal_table(result) + floors_table(result) +
         attackers_table(result) + coverage_table(result) + accounts_table(result) +
         bills_table(result, &EconomicsSeed::bills, "honest accounts") +
         bills_table(result, &EconomicsSeed::teams, "honest teams, charged as one") + students_table(result);
}

std::string goal_lines(const EconomicsResult& result) {
  std::string text;
  const auto line = [&](const std::string& what, double figure, const std::string& goal, const nlohmann::json& held) {
    text += nlohmann::json({{"what", what}, {"figure", figure}, {"goal", goal}, {"holds", held}}).dump() + "\n";
  };
  if (result.seeds.empty()) return text;
  const auto product = static_cast<std::size_t>(kProductRule);
  const auto report = [&](const std::string& what, const CostQuestion& question) {
    text += reported(what, median_cost(result, question));
  };
  const auto one = median_cost(result, {kProductRule, kGoalFloor, 0, 1, false, ""});
  // A bound is never a pass.
  line("economics: C(.01), one account", one.multiplier, fmt::format(">= {:.0f}", kCostGoal),
       one.reached ? nlohmann::json(one.multiplier >= kCostGoal) : nlohmann::json());
  const double median = worst(result, product, .5, false), high = worst(result, product, .99, false);
  line("economics: median honest surcharge, worst kind", median, "0", median <= 0);
  line("economics: 99th percentile of honest surcharge, worst kind", high, "<= 0.10", high <= kSurchargeHighMax);
  line("economics: median honest surcharge, old accounts, worst kind", worst(result, product, .5, true), "-", nullptr);
  for (const double cost : kAccountCosts) {
    report(fmt::format("C(.01), any number of accounts, account cost {:g}", cost),
           {kProductRule, kGoalFloor, cost, 0, false, ""});
    report(fmt::format("C(.01), any number charged as one, account cost {:g}", cost),
           {kProductRule, kGoalFloor, cost, 0, true, ""});
  }
  report("C(.01), one account that does not know the yardstick", {kProductRule, kGoalFloor, 0, 1, false, kBlind});
  const auto clustered = median_cost(result, {kProductRule, kGoalFloor, 0, 1, false, kClusteredPeople});
  line("economics: C(.01), clustered people's prompts, one account", clustered.multiplier, ">= 5",
       clustered.reached ? nlohmann::json(clustered.multiplier >= 5) : nlohmann::json());
  report("C, honest mimicry, one account", {kProductRule, 0, 0, 1, false, "honest mimicry"});
  report("C, honest mimicry, any number of accounts", {kProductRule, 0, 0, 0, false, "honest mimicry"});
  for (std::size_t r = 0; r < kRuleCount; ++r) {
    const auto rule = static_cast<RuleKind>(r);
    report("C(.01), one account, rule " + name(rule), {rule, kGoalFloor, 0, 1, false, ""});
  }
  return text + equal_lines(result);
}

nlohmann::json plots(const EconomicsResult& result) {
  if (result.seeds.empty()) return nlohmann::json::array();
  std::vector<std::string> names;
  std::vector<std::vector<double>> one, any;
  double dearest = kCostGoal;
  for (std::size_t r = 0; r < kRuleCount; ++r) {
    const auto rule = static_cast<RuleKind>(r);
    names.push_back(name(rule));
    one.push_back({median_cost(result, {rule, kGoalFloor, 0, 1, false, ""}).multiplier});
    any.push_back({median_cost(result, {rule, kGoalFloor, 100, 0, false, ""}).multiplier});
    dearest = std::max({dearest, one.back().front(), any.back().front()});
  }
  const Axis axis{"times the unwatched cost (goal: 10)", 0.5, 2 * dearest, true};
  const std::string says = "Rules are scaled to one bound of honest surcharge, the default is milder; where 80% is not "
                           "reached the bar is a bound.";
  const Caption alone{"What 80% costs one account that keeps PoH >= .01", says};
  const Caption together{"The same with any number of accounts at 100 requests each", says};
  return nlohmann::json::array(
      {bars_plot(alone, axis, names, {"C"}, one), bars_plot(together, axis, names, {"C"}, any)});
}

}  // namespace cms::lab
