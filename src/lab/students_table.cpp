#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <iterator>
#include <nlohmann/json.hpp>

#include "lab/statistics.hpp"
#include "lab/students.hpp"
#include "types/score.hpp"

namespace cms::lab {
namespace {

// Of the manifold, what a narrow stream that is not flagged may teach: with use as weights, and with charts equal.
constexpr double kNarrowBound = .15;

using Get = double (*)(const StudentOutcome&);

struct Figure {
  const char* name;
  Get get;
  bool by_charts = false;  // of a fidelity: predicted by the share of charts covered, not by their mass
};

double coverage(const StudentOutcome& one) { return one.coverage; }
double nearness(const StudentOutcome& one) { return one.nearness.cosine; }
double nearness_of_ten(const StudentOutcome& one) { return one.nearness.ten_distance; }
double use_weighted(const StudentOutcome& one) { return one.fidelity.use_weighted; }
double charts_equal(const StudentOutcome& one) { return one.fidelity.charts_equal; }

constexpr Figure kCoverage{"coverage", coverage}, kNearness{"nearness", nearness};
constexpr Figure kNearnessOfTen{"nearness of ten", nearness_of_ten};
constexpr Figure kChartsCovered{"charts covered", [](const StudentOutcome& one) { return one.charts; }};
constexpr Figure kDistinct{"log distinct texts",
                           [](const StudentOutcome& one) { return std::log(static_cast<double>(one.distinct_texts)); }};
constexpr Figure kFidelities[] = {
    {"cosine", [](const StudentOutcome& one) { return one.fidelity.cosine; }},
    {"use-weighted", use_weighted},
    {"charts equal", charts_equal, true},
    {"charts", [](const StudentOutcome& one) { return one.fidelity.charts; }},
};
constexpr Figure kPretrained[] = {  // where students begin with a model
    {"pretrained", [](const StudentOutcome& one) { return one.pretrained->use_weighted; }},
    {"pretr. equal", [](const StudentOutcome& one) { return one.pretrained->charts_equal; }, true},
};
constexpr Figure kAgreements[] = {  // where there is a model
    {"next token", [](const StudentOutcome& one) { return one.next_token->student; }},
    {"next weighted", [](const StudentOutcome& one) { return one.next_token->weighted; }},
};
constexpr Figure kCommonest{"commonest", [](const StudentOutcome& one) { return one.next_token->commonest; }};

bool speak(const StudentsResult& result) {
  return std::ranges::all_of(result.students, [](const auto& one) { return one.next_token.has_value(); });
}

// What of a student is compared.
std::vector<Figure> fidelities_of(const StudentsResult& result) {
  std::vector<Figure> all(std::begin(kFidelities), std::end(kFidelities));
  const auto& students = result.students;
  if (std::ranges::all_of(students, [](const auto& one) { return one.pretrained.has_value(); })) {
    all.insert(all.end(), std::begin(kPretrained), std::end(kPretrained));
  }
  if (speak(result)) all.insert(all.end(), std::begin(kAgreements), std::end(kAgreements));
  return all;
}

// What `get` gives of every student compared, in order.
std::vector<double> values_of(const StudentsResult& result, bool attackers_only, Get get) {
  std::vector<double> values;
  for (const auto& one : result.students) {
    if (!attackers_only || !one.honest) values.push_back(get(one));
  }
  return values;
}

double correlation_over(const StudentsResult& result, bool attackers_only, Get predictor, Get fidelity) {
  return correlation(values_of(result, attackers_only, predictor), values_of(result, attackers_only, fidelity));
}

// Nothing correlates with what is the same for everybody.
bool is_constant(const std::vector<double>& values) {
  return std::ranges::adjacent_find(values, std::not_equal_to()) == values.end();
}

// Distinct values of `name` in order of first appearance.
template <typename Item>
std::vector<std::string> names(const std::vector<Item>& items, std::string Item::* name) {
  std::vector<std::string> found;
  for (const auto& item : items) {
    if (std::find(found.begin(), found.end(), item.*name) == found.end()) found.push_back(item.*name);
  }
  return found;
}

// Mean of what `get` gives over the items of a name.
template <typename Item>
double mean(const std::vector<Item>& items, std::string Item::* name, const std::string& wanted,
            const std::function<double(const Item&)>& get) {
  double sum = 0, count = 0;
  for (const auto& item : items) {
    if (item.*name != wanted) continue;
    sum += get(item);
    count += 1;
  }
  return count > 0 ? sum / count : 0;
}

double flagged_share(const StudentsResult& result, const std::string& kind) {
  return mean<StudentTheft>(result.thefts, &StudentTheft::kind, kind,
                            [](const auto& one) { return one.poh_min <= kFlagged ? 1.0 : 0.0; });
}

// Mean of a fidelity over the students of a cell whose own field could be examined; nothing of none.
std::optional<double> own_field(const StudentsResult& result, const std::string& cell, double Fidelity::* fidelity) {
  double sum = 0, count = 0;
  for (const auto& one : result.students) {
    if (one.cell != cell || !one.own_field) continue;
    sum += (*one.own_field).*fidelity;
    count += 1;
  }
  return count > 0 ? std::optional(sum / count) : std::nullopt;
}

std::string figure_or_dash(const std::optional<double>& figure) {
  return figure ? fmt::format("{:.3f}", *figure) : "-";
}

// Streams that a score of breadth takes for specialists: they may pass where they buy little of the manifold.
bool is_narrow(const std::string& cell) {
  return std::ranges::any_of(std::array{"stream selfinstruct", "stream chatdoctor", "stream mea_"},
                             [&](const char* name) { return cell.starts_with(name); });
}

// Requests until the first flag of those that are flagged.
double median_first_flag(const StudentsResult& result, const std::string& kind) {
  std::vector<double> flags;
  for (const auto& theft : result.thefts) {
    if (theft.kind == kind && theft.first_flag > 0) flags.push_back(theft.first_flag);
  }
  return upper_median(std::move(flags));
}

std::string theft_table(const StudentsResult& result) {
  std::string text = fmt::format("\n{:<50}", "Knockoff Nets and ActiveThief, cosine");
  for (const auto checkpoint : kTheftCheckpoints) text += fmt::format(" {:>8}", fmt::format("at {}", checkpoint));
  text += fmt::format(" {:>10} {:>8} {:>12}\n", "next token", "flagged", "first flag");
  const bool spoke = !result.thefts.empty() && result.thefts.front().next_token;
  for (const auto& kind : names(result.thefts, &StudentTheft::kind)) {
    const auto mean_theft = [&](const std::function<double(const StudentTheft&)>& get) {
      return mean(result.thefts, &StudentTheft::kind, kind, get);
    };
    text += fmt::format("{:<50}", kind);
    for (std::size_t c = 0; c < kTheftCheckpoints.size(); ++c) {
      text += fmt::format(" {:>8.3f}", mean_theft([c](const StudentTheft& one) { return one.fidelity[c]; }));
    }
    const auto agreed = [](const StudentTheft& one) { return one.next_token->student; };
    text += fmt::format(" {:>10} {:>8.3f} {:>12.0f}\n", spoke ? fmt::format("{:.3f}", mean_theft(agreed)) : "-",
                        flagged_share(result, kind), median_first_flag(result, kind));
  }
  return text;
}

std::string cell_table(const StudentsResult& result, const std::vector<Figure>& columns) {
  std::string text = fmt::format("{:<30} {:>8}", "cell", "students");
  for (const auto& column : columns) text += fmt::format(" {:>14}", column.name);
  text += fmt::format(" {:>8} {:>8}\n", "own cos", "own chts");
  for (const auto& cell : names(result.students, &StudentOutcome::cell)) {
    text += fmt::format("{:<30} {:>8}", cell, std::count_if(result.students.begin(), result.students.end(),
                                                           [&](const auto& one) { return one.cell == cell; }));
    for (const auto& column : columns) {
      text += fmt::format(" {:>14.3f}", mean<StudentOutcome>(result.students, &StudentOutcome::cell, cell, column.get));
    }
    text += fmt::format(" {:>8} {:>8}\n", figure_or_dash(own_field(result, cell, &Fidelity::cosine)),
                        figure_or_dash(own_field(result, cell, &Fidelity::charts)));
  }
  return text;
}

std::string correlation_table(const StudentsResult& result, const std::vector<Figure>& fidelities) {
  std::string text = fmt::format("\n{:<44}", "Pearson of fidelity");
  for (const auto& fidelity : fidelities) text += fmt::format(" {:>14}", fidelity.name);
  text += '\n';
  for (const bool attackers : {false, true}) {
    for (const auto& predictor : {kCoverage, kChartsCovered, kNearness, kNearnessOfTen, kDistinct}) {
      text += fmt::format("{:<44}", fmt::format("with {}, {}", predictor.name,
                                                attackers ? "attackers" : "all accounts"));
      if (is_constant(values_of(result, attackers, predictor.get))) {
        text += " undefined: constant\n";
        continue;
      }
      for (const auto& fidelity : fidelities) {
        text += fmt::format(" {:>14.3f}", correlation_over(result, attackers, predictor.get, fidelity.get));
      }
      text += '\n';
    }
  }
  return text;
}

}  // namespace

std::string describe(const StudentsResult& result) {
  const auto fidelities = fidelities_of(result);
  std::vector<Figure> columns = {kCoverage, kChartsCovered, kNearness};
  columns.insert(columns.end(), fidelities.begin(), fidelities.end());
  if (speak(result)) columns.push_back(kCommonest);
  const auto what = fmt::format(
      "students of {} requests on texts nobody asked: cosine to the model's answer, the same weighted by use and with "
      "charts equal, share in the model's chart, share whose next token is the model's; pretrained: of a student that "
      "begins with a model of its own, weighted by use and with charts equal; own: on the account's own field\n\n",
      kStudentRequests);
  return what + cell_table(result, columns) + correlation_table(result, fidelities) + theft_table(result);
}

namespace {

// Adds a line of what, figure, goal, holds.
using Json = nlohmann::json;
using AddLine = std::function<void(const std::string&, const Json&, const std::string&, const Json&)>;

void correlation_lines(const StudentsResult& result, const AddLine& line) {
  for (const auto& fidelity : fidelities_of(result)) {
    const auto predictor = fidelity.by_charts ? kChartsCovered : kCoverage;
    const double all = correlation_over(result, false, predictor.get, fidelity.get);
    const double among = correlation_over(result, true, predictor.get, fidelity.get);
    const auto rival = [&](bool attackers) {  // the better of both
      return std::max(correlation_over(result, attackers, nearness, fidelity.get),
                      correlation_over(result, attackers, nearness_of_ten, fidelity.get));
    };
    const auto what = fmt::format("students: Pearson of fidelity ({}) with {}", fidelity.name, predictor.name);
    line(what + ", all accounts", all, ">= 0.95", all >= .95);
    line(what + ", attackers", among, ">= 0.80", among >= .80);
    line(what + ", all accounts, above nearness", all - rival(false), "> 0", all > rival(false));
    line(what + ", attackers, above nearness", among - rival(true), "> 0", among > rival(true));
  }
}

}  // namespace

std::string goal_lines(const StudentsResult& result) {
  std::string text;
  const AddLine line = [&](const std::string& what, const nlohmann::json& figure, const std::string& goal,
                           const nlohmann::json& held) {
    text += nlohmann::json({{"what", what}, {"figure", figure}, {"goal", goal}, {"holds", held}}).dump() + "\n";
  };
  correlation_lines(result, line);
  for (const auto& cell : names(result.students, &StudentOutcome::cell)) {
    if (!is_narrow(cell)) continue;
    for (const auto& [how, fidelity] : {std::pair{"use-weighted", &use_weighted},
                                        std::pair{"charts equal", &charts_equal}}) {
      const double bought = mean<StudentOutcome>(result.students, &StudentOutcome::cell, cell, fidelity);
      line(fmt::format("students: fidelity ({}) over the manifold, {}", how, cell), bought,
           fmt::format("<= {:.2f}", kNarrowBound), bought <= kNarrowBound);
    }
    const auto own = own_field(result, cell, &Fidelity::cosine);
    line("students: fidelity (cosine) on its own field, " + cell, own ? nlohmann::json(*own) : nlohmann::json(), "-",
         nullptr);
  }
  for (const auto& kind : names(result.thefts, &StudentTheft::kind)) {
    const double share = flagged_share(result, kind), first = median_first_flag(result, kind);
    const bool random = kind.starts_with("Knockoff random") && !kind.ends_with("unseen kinds too");
    const auto judged = [random](bool held) { return random ? nlohmann::json(held) : nlohmann::json(); };
    line("students: share flagged, " + kind, share, random ? ">= 0.99" : "-", judged(share >= .99));
    line("students: median first flag, " + kind, first, random ? "<= 96" : "-", judged(first > 0 && first <= 96));
  }
  return text;
}

nlohmann::json plots(const StudentsResult& result) {
  std::vector<Curve> sides = {{"attackers", {}, false, true}, {"honest accounts", {}, true, true}};
  double widest = .1, best = .1;
  for (const auto& one : result.students) {
    sides[one.honest ? 1 : 0].points.push_back({one.coverage, one.fidelity.use_weighted});
    widest = std::max(widest, one.coverage);
    best = std::max(best, one.fidelity.use_weighted);
  }
  const Axis coverage{"coverage of the yardstick", 0, widest, false};
  const Axis fidelity{"use-weighted fidelity", 0, best, false};
  const Caption caption{"Fidelity follows coverage", "What a student knows that was shown an account's answers."};
  return nlohmann::json::array({curves_plot(caption, coverage, fidelity, sides)});
}

}  // namespace cms::lab
