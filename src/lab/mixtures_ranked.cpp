#include "lab/mixtures_ranked.hpp"

#include <algorithm>

#include "lab/statistics.hpp"

namespace cms::lab {

bool ranks(const score::Trajectory& account, std::uint32_t horizon) {
  return score::in_ranking_half(account.account) && account.requests >= horizon;
}

void add_cells(const TestedSeed& seed, std::span<const Cell> cells, double weight, MixturesResult& result) {
  std::array<std::vector<double>, kPopulationTests> ranking;
  for (std::size_t k = 0; k < kPopulationTests; ++k) {
    for (const auto& one : seed.ranking) ranking[k].push_back(one.tests[k]);
    std::sort(ranking[k].begin(), ranking[k].end());
  }
  const auto of_all = [&](const auto& value) {
    std::vector<double> honest;
    for (std::size_t i = 0; i < cells.size(); ++i) {
      for (const auto& one : seed.cells[i]) {
        if (cells[i].calibration_kind) honest.push_back(value(one));
      }
    }
    return honest;
  };
  const auto area = [&](const std::vector<TestedAccount>& accounts, const auto& value) {
    std::vector<double> values;
    for (const auto& one : accounts) values.push_back(value(one));
    return area_under_curve(values, of_all(value));
  };
  for (std::size_t i = 0; i < cells.size(); ++i) {
    auto& cell = result.cells[i];
    const auto& accounts = seed.cells[i];
    const auto share = [&](const auto& flagged) {
      return weight * static_cast<double>(std::count_if(accounts.begin(), accounts.end(), flagged)) /
             static_cast<double>(std::max<std::size_t>(1, accounts.size()));
    };
    cell.accounts += static_cast<std::uint32_t>(accounts.size());
    cell.score_area += weight * area(accounts, [](const TestedAccount& one) { return one.evidence; });
    cell.score += share([](const TestedAccount& one) { return one.poh <= kFlagged; });
    for (std::size_t k = 0; k < kPopulationTests; ++k) {
      const auto p = [&](const TestedAccount& one) { return conformal_p_value(ranking[k], one.tests[k]); };
      cell.alone[k] += share([&](const TestedAccount& one) { return p(one) <= kFlagged; });
      cell.together[k] += share([&](const TestedAccount& one) { return std::min(p(one), one.poh) <= kFlagged / 2; });
      cell.areas[k] += weight * area(accounts, [&](const TestedAccount& one) { return one.tests[k]; });
    }
  }
}

}  // namespace cms::lab
