#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "lab/ablation.hpp"

namespace cms::lab {
namespace {

// What chance moves a mean over attackers by, roughly: two standard errors (docs/lab/ablation.md).
constexpr double kIndifferent = .02;
// A configuration that flags more honest accounts than the product and than this is no candidate.
constexpr double kHonestMost = .03;

std::string block_name(const AblationRow& row) {
  return kAblationBlocks[static_cast<std::size_t>(row.block)];
}

// How far the product's row is behind the best of its block that flags honest accounts as little; 0 = it is the best.
double behind(const std::vector<AblationRow>& rows, const AblationRow& product) {
  double best = product.attackers;
  for (const auto& row : rows) {
    const bool candidate = row.block == product.block &&
                           row.honest_worst <= std::max(kHonestMost, product.honest_worst);
    if (candidate) best = std::max(best, row.attackers);
  }
  return best - product.attackers;
}

}  // namespace

std::string describe(const std::vector<AblationRow>& rows) {
  std::string text = fmt::format("{:<30} {:>22}", "share flagged", "honest, worst kind");
  for (const auto* group : kAblationGroups) text += fmt::format(" {:>13}", group);
  text += fmt::format(" {:>9} {:>6}\n", "attackers", "AUC");
  for (const auto& row : rows) {
    text += fmt::format("{:<30} {:>6.3f} {:>15}", row.name + (row.product ? " *" : ""), row.honest_worst,
                        row.worst_kind);
    for (const double flagged : row.flagged) text += fmt::format(" {:>13.3f}", flagged);
    text += fmt::format(" {:>9.3f} {:>6.3f}\n", row.attackers, row.area);
  }
  return text + "*: as the product has it; attackers: mean over all cells of attackers, AUC likewise\n";
}

std::string goal_lines(const std::vector<AblationRow>& rows) {
  std::string text;
  const auto line = [&](const std::string& what, double figure, const std::string& goal, const nlohmann::json& held) {
    text += nlohmann::json({{"what", what}, {"figure", figure}, {"goal", goal}, {"holds", held}}).dump() + "\n";
  };
  for (const auto& row : rows) {
    line("ablation: attackers flagged, " + row.name, row.attackers, "-", nullptr);
    line("ablation: AUC of attackers, " + row.name, row.area, "-", nullptr);
    line("ablation: honest flagged, worst kind, " + row.name, row.honest_worst, "-", nullptr);
    if (!row.product) continue;
    const double gap = behind(rows, row);
    line("ablation: the product's choice behind the best, " + block_name(row), gap,
         fmt::format("<= {:.2f} of attackers", kIndifferent), gap <= kIndifferent);
  }
  return text;
}

nlohmann::json plots(const std::vector<AblationRow>& rows) {
  auto all = nlohmann::json::array();
  const Axis share{"attackers flagged, mean over cells", 0, 1, false};
  for (const auto* block : kAblationBlocks) {
    std::vector<std::string> names;
    std::vector<std::vector<double>> bars;
    for (const auto& row : rows) {
      if (block_name(row) != block) continue;
      names.push_back(fmt::format("{}{} ({:.3f})", row.name, row.product ? " *" : "", row.honest_worst));
      bars.push_back({row.attackers});
    }
    if (names.empty()) continue;
    const Caption caption{fmt::format("Ablation: {}", block),
                          "* as the product has it; in brackets honest accounts flagged, worst kind."};
    all.push_back(bars_plot(caption, share, names, {"attackers"}, bars));
  }
  return all;
}

}  // namespace cms::lab
