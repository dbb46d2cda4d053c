// The trained score in the first study: fitted, ranked, and judged with the families of each cell left out.
#include <algorithm>
#include <map>

#include "lab/first_study_measured.hpp"
#include "lab/statistics.hpp"
#include "lab/trained.hpp"
#include "pipeline/parallel.hpp"

namespace cms::lab {
namespace {

using FamilyNames = std::set<std::string>;
using CellPeaks = std::vector<std::vector<Peaks>>;  // per cell, per account

bool apart(const FamilyNames& a, const FamilyNames& b) {
  return std::none_of(a.begin(), a.end(), [&](const std::string& one) { return b.contains(one); });
}

// What training sees, channel by channel.
struct Material {
  std::vector<Peaks> honest;  // of half A
  CellPeaks cells;            // of sample.measured
  CellPeaks training;         // of sample.training
};

// Adds what channel `c` alone says of every account.
Result<void> add_channel(const Sample& sample, const score::Options& options, std::size_t c, Material& material) {
  auto alone = options;
  alone.weights = {};
  alone.weights[c] = 1;
  CMS_TRY(calibration, score::calibrate(sample.trajectories, sample.horizon, alone));
  const auto peak = [&](const Measured& one) { return fate_of(calibration, one.trajectory).evidence; };
  std::size_t at = 0;
  for (const auto& one : sample.calibration) {
    if (!score::in_ranking_half(one.trajectory.account)) material.honest[at++][c] = peak(one);
  }
  const auto add = [&](const std::vector<MeasuredCell>& cells, CellPeaks& peaks) {
    for (std::size_t i = 0; i < cells.size(); ++i) {
      for (std::size_t k = 0; k < cells[i].accounts.size(); ++k) peaks[i][k][c] = peak(cells[i].accounts[k]);
    }
  };
  add(sample.measured, material.cells);
  add(sample.training, material.training);
  return {};
}

Result<Material> material_of(const Sample& sample, const score::Options& options, unsigned threads) {
  Material material;
  const auto in_a = std::count_if(sample.calibration.begin(), sample.calibration.end(), [](const Measured& one) {
    return !score::in_ranking_half(one.trajectory.account);
  });
  material.honest.resize(static_cast<std::size_t>(in_a));
  for (const auto& cell : sample.measured) material.cells.emplace_back(cell.accounts.size());
  for (const auto& cell : sample.training) material.training.emplace_back(cell.accounts.size());
  std::vector<Result<void>> done(kChannelCount, Result<void>{});
  pipeline::parallel_for(kChannelCount, threads, [&](unsigned, std::size_t c) {
    done[c] = add_channel(sample, options, c, material);
  });
  for (const auto& one : done) CMS_CHECK(one);
  return material;
}

// Attackers whose families are apart from `left_out`. Replays of the calibrate part's people stand for those of the
// test part, which are judged.
TrainingSet training_set(const Sample& sample, const Material& material, const FamilyNames& left_out) {
  TrainingSet set{material.honest, {}};
  for (std::size_t i = 0; i < sample.cells.size(); ++i) {
    const auto& cell = sample.cells[i];
    if (cell.honest || cell.families.contains(kPeople) || cell.accounts.empty()) continue;
    if (apart(cell.families, left_out)) set.attackers.push_back(material.cells[i]);
  }
  for (std::size_t i = 0; i < sample.training_cells.size(); ++i) {
    if (left_out.contains(kPeople) || material.training[i].empty()) continue;
    set.attackers.push_back(material.training[i]);
  }
  return set;
}

// The lesser of two PoH counts twice.
double combined_poh(const Fate& a, const Fate& b) { return std::min(1.0, 2 * std::min(a.poh_min, b.poh_min)); }

Verdict verdict_of(const std::vector<double>& poh, const std::vector<double>& honest) {
  std::vector<double> low, negatives;
  double flagged = 0;
  for (const double one : poh) {
    low.push_back(-one);
    flagged += one <= kFlagged ? 1 : 0;
  }
  for (const double one : honest) negatives.push_back(-one);
  return {flagged / static_cast<double>(std::max<std::size_t>(1, poh.size())), area_under_curve(low, negatives), 0};
}

// Cells that leave out `left_out`, judged by weights learnt without it.
Result<void> judge_without(const Sample& sample, const Material& material, const FamilyNames& left_out,
                           std::span<const std::size_t> cells, const score::Options& options,
                           std::span<const std::vector<Fate>> label_free, std::vector<TrainedVerdict>& verdicts) {
  auto trained = options;
  trained.weights = train_weights(training_set(sample, material, left_out));
  CMS_TRY(judged, judge(sample.trajectories, sample.measured, sample.horizon, trained));
  const auto lowest = [&](std::size_t i, bool both) {
    std::vector<double> values;
    for (std::size_t k = 0; k < judged.fates[i].size(); ++k) {
      values.push_back(both ? combined_poh(judged.fates[i][k], label_free[i][k]) : judged.fates[i][k].poh_min);
    }
    return values;
  };
  std::vector<double> honest, honest_both;
  for (std::size_t i = 0; i < sample.cells.size(); ++i) {
    if (!sample.cells[i].calibration_kind) continue;
    const auto one = lowest(i, false), both = lowest(i, true);
    honest.insert(honest.end(), one.begin(), one.end());
    honest_both.insert(honest_both.end(), both.begin(), both.end());
  }
  for (const auto i : cells) {
    verdicts[i] = {verdict_of(lowest(i, false), honest), verdict_of(lowest(i, true), honest_both)};
  }
  return {};
}

}  // namespace

Result<std::vector<TrainedVerdict>> judge_trained(const Sample& sample, const score::Options& options,
                                                  std::span<const std::vector<Fate>> label_free, unsigned threads) {
  CMS_TRY(material, material_of(sample, options, threads));
  std::map<FamilyNames, std::vector<std::size_t>> by_families;
  for (std::size_t i = 0; i < sample.cells.size(); ++i) {
    const auto& cell = sample.cells[i];
    by_families[cell.honest ? FamilyNames{} : cell.families].push_back(i);
  }
  const std::vector<std::pair<FamilyNames, std::vector<std::size_t>>> jobs(by_families.begin(), by_families.end());
  std::vector<TrainedVerdict> verdicts(sample.cells.size());
  std::vector<Result<void>> done(jobs.size(), Result<void>{});
  pipeline::parallel_for(jobs.size(), threads, [&](unsigned, std::size_t j) {
    done[j] = judge_without(sample, material, jobs[j].first, jobs[j].second, options, label_free, verdicts);
  });
  for (const auto& one : done) CMS_CHECK(one);
  return verdicts;
}

}  // namespace cms::lab
