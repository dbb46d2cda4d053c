#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <functional>
#include <nlohmann/json.hpp>

#include "lab/statistics.hpp"
#include "lab/students.hpp"
#include "types/score.hpp"

namespace cms::lab {
namespace {

using Get = double (*)(const StudentOutcome&);

double coverage(const StudentOutcome& one) { return one.coverage; }
double nearness(const StudentOutcome& one) { return one.nearness; }

double cosine_of(const StudentOutcome& one) { return one.fidelity.cosine; }
double use_weighted(const StudentOutcome& one) { return one.fidelity.use_weighted; }
double charts_of(const StudentOutcome& one) { return one.fidelity.charts; }

double correlation_over(const StudentsResult& result, bool attackers_only, Get predictor, Get fidelity) {
  std::vector<double> predicted, found;
  for (const auto& one : result.students) {
    if (attackers_only && one.honest) continue;
    predicted.push_back(predictor(one));
    found.push_back(fidelity(one));
  }
  return correlation(predicted, found);
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

std::string theft_table(const StudentsResult& result) {
  std::string text = fmt::format("\n{:<42}", "Knockoff Nets and ActiveThief, cosine");
  for (const auto checkpoint : kTheftCheckpoints) text += fmt::format(" {:>8}", fmt::format("at {}", checkpoint));
  text += fmt::format(" {:>8} {:>12}\n", "flagged", "first flag");
  for (const auto& kind : names(result.thefts, &StudentTheft::kind)) {
    const auto mean_theft = [&](const std::function<double(const StudentTheft&)>& get) {
      return mean(result.thefts, &StudentTheft::kind, kind, get);
    };
    text += fmt::format("{:<42}", kind);
    for (std::size_t c = 0; c < kTheftCheckpoints.size(); ++c) {
      text += fmt::format(" {:>8.3f}", mean_theft([c](const StudentTheft& one) { return one.fidelity[c]; }));
    }
    const double share = flagged_share(result, kind);
    const double flags = mean_theft([](const StudentTheft& one) { return double(one.first_flag); });
    text += fmt::format(" {:>8.3f} {:>12.1f}\n", share, share > 0 ? flags / share : 0);
  }
  return text;
}

}  // namespace

std::string describe(const StudentsResult& result) {
  std::string text = fmt::format(
      "students of {} requests on texts nobody asked: cosine to the model's answer, the same weighted by use, share in "
      "the model's chart; own: on the account's own field\n\n"
      "{:<30} {:>8} {:>8} {:>8} {:>8} {:>8} {:>8} {:>8} {:>8}\n",
      kStudentRequests, "cell", "students", "coverage", "nearness", "cosine", "weighted", "charts", "own cos",
      "own chts");
  for (const auto& cell : names(result.students, &StudentOutcome::cell)) {
    text += fmt::format("{:<30} {:>8}", cell, std::count_if(result.students.begin(), result.students.end(),
                                                           [&](const auto& one) { return one.cell == cell; }));
    for (const Get get : {coverage, nearness, cosine_of, use_weighted, charts_of}) {
      text += fmt::format(" {:>8.3f}", mean<StudentOutcome>(result.students, &StudentOutcome::cell, cell, get));
    }
    text += fmt::format(" {:>8} {:>8}\n", figure_or_dash(own_field(result, cell, &Fidelity::cosine)),
                        figure_or_dash(own_field(result, cell, &Fidelity::charts)));
  }
  text += fmt::format("\n{:<44} {:>8} {:>8} {:>8}\n", "Pearson of fidelity", "cosine", "weighted", "charts");
  for (const bool attackers : {false, true}) {
    for (const auto& [predictor, get] : {std::pair<const char*, Get>{"coverage", coverage}, {"nearness", nearness}}) {
      text += fmt::format("{:<44}", fmt::format("with {}, {}", predictor, attackers ? "attackers" : "all accounts"));
      for (const Get fidelity : {cosine_of, use_weighted, charts_of}) {
        text += fmt::format(" {:>8.3f}", correlation_over(result, attackers, get, fidelity));
      }
      text += '\n';
    }
  }
  return text + theft_table(result);
}

std::string goal_lines(const StudentsResult& result) {
  std::string text;
  const auto line = [&](const std::string& what, const nlohmann::json& figure, const std::string& goal,
                        const nlohmann::json& held) {
    text += nlohmann::json({{"what", what}, {"figure", figure}, {"goal", goal}, {"holds", held}}).dump() + "\n";
  };
  const std::pair<const char*, Get> fidelities[] = {
      {"cosine", cosine_of}, {"use-weighted", use_weighted}, {"charts", charts_of}};
  for (const auto& [name, fidelity] : fidelities) {
    const double all = correlation_over(result, false, coverage, fidelity);
    const double among = correlation_over(result, true, coverage, fidelity);
    const auto what = fmt::format("students: Pearson of fidelity ({}) with", name);
    line(what + " coverage, all accounts", all, ">= 0.95", all >= .95);
    line(what + " coverage, attackers", among, ">= 0.80", among >= .80);
    line(what + " nearness, attackers", correlation_over(result, true, nearness, fidelity), "-", nullptr);
  }
  for (const auto& cell : names(result.students, &StudentOutcome::cell)) {
    if (!is_narrow(cell)) continue;
    const double weighted = mean<StudentOutcome>(result.students, &StudentOutcome::cell, cell, use_weighted);
    line("students: fidelity (use-weighted) over the manifold, " + cell, weighted, "<= 0.15", weighted <= .15);
    const auto own = own_field(result, cell, &Fidelity::cosine);
    line("students: fidelity (cosine) on its own field, " + cell, own ? nlohmann::json(*own) : nlohmann::json(), "-",
         nullptr);
  }
  for (const auto& kind : names(result.thefts, &StudentTheft::kind)) {
    const double share = flagged_share(result, kind);
    const bool random = kind.starts_with("Knockoff random");
    line("students: share flagged, " + kind, share, random ? ">= 0.99" : "-",
         random ? nlohmann::json(share >= .99) : nlohmann::json());
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
