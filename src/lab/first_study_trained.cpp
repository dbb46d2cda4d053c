// The trained score in the first study: fitted, ranked, and judged with the families of each cell left out.
#include <algorithm>

#include "lab/first_study_measured.hpp"
#include "lab/statistics.hpp"
#include "lab/trained.hpp"
#include "pipeline/parallel.hpp"

namespace cms::lab {
namespace {

using FamilyNames = std::set<std::string>;
using CellPeaks = std::vector<std::vector<Peaks>>;  // per cell, per account

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

// Attacks of the test part that hold no text of people, and replays of the calibrate part's people: what training sees
// of people is never judged.
std::vector<KnownAttack> known_attacks(const Sample& sample, const Material& material) {
  std::vector<KnownAttack> attacks;
  for (std::size_t i = 0; i < sample.cells.size(); ++i) {
    const auto& cell = sample.cells[i];
    if (trains(cell)) attacks.push_back({cell.families, material.cells[i]});
  }
  for (std::size_t i = 0; i < sample.training_cells.size(); ++i) attacks.push_back({{kPeople}, material.training[i]});
  return attacks;
}

// The lesser of two PoH counts twice.
double combined_poh(const Fate& a, const Fate& b) { return std::min(1.0, 2 * std::min(a.poh_min, b.poh_min)); }

double share_flagged(const std::vector<Fate>& fates) {
  const auto flagged = std::ranges::count_if(fates, [](const Fate& fate) { return fate.poh_min <= kFlagged; });
  return static_cast<double>(flagged) / static_cast<double>(std::max<std::size_t>(1, fates.size()));
}

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

// Every cell, judged by weights that were learnt without `left_out`.
Result<std::vector<TrainedVerdict>> judge_without(const Sample& sample, const Material& material,
                                                  std::span<const KnownAttack> attacks, const FamilyNames& left_out,
                                                  const score::Options& options,
                                                  std::span<const std::vector<Fate>> label_free) {
  auto trained = options;
  trained.weights = train_weights(training_set(material.honest, attacks, left_out));
  CMS_TRY(judged, judge(sample.trajectories, sample.measured, sample.horizon, trained));
  std::vector<std::vector<double>> both(sample.cells.size());
  std::vector<double> honest;
  for (std::size_t i = 0; i < sample.cells.size(); ++i) {
    for (std::size_t k = 0; k < judged.fates[i].size(); ++k) {
      both[i].push_back(combined_poh(judged.fates[i][k], label_free[i][k]));
    }
    if (sample.cells[i].calibration_kind) honest.insert(honest.end(), both[i].begin(), both[i].end());
  }
  std::vector<TrainedVerdict> verdicts;
  for (std::size_t i = 0; i < sample.cells.size(); ++i) {
    verdicts.push_back({judged.verdicts[i], verdict_of(both[i], honest)});
  }
  return verdicts;
}

void take_greater(Verdict& verdict, const Verdict& other) {
  verdict.flagged = std::max(verdict.flagged, other.flagged);
  verdict.area = std::max(verdict.area, other.area);
}

}  // namespace

// Diluted accounts are mostly people, so none of them trains; those that are alike are judged only.
bool trains(const Cell& cell) { return !cell.honest && !cell.similarity && !cell.families.contains(kPeople); }

std::optional<double> mix_flagged(const Sample& sample, const std::function<double(std::size_t cell)>& flagged) {
  double share = 0, known = 0;
  for (std::size_t i = 0; i < sample.measured.size(); ++i) {
    const auto& cell = *sample.measured[i].cell;
    const auto kind = sample.ranking_mix.find(cell.name);
    if (!cell.honest || sample.measured[i].accounts.empty() || kind == sample.ranking_mix.end()) continue;
    share += kind->second * flagged(i);
    known += kind->second;
  }
  return known > 0 ? std::optional(share / known) : std::nullopt;
}

Result<JudgedByTrained> judge_trained(const Sample& sample, const score::Options& options,
                                      std::span<const std::vector<Fate>> label_free, unsigned threads) {
  CMS_TRY(material, material_of(sample, options, threads));
  const auto attacks = known_attacks(sample, material);
  std::set<FamilyNames> distinct;
  for (const auto& cell : sample.cells) {
    if (!cell.honest) distinct.insert(cell.families);
  }
  const std::vector<FamilyNames> jobs(distinct.begin(), distinct.end());
  std::vector<Result<std::vector<TrainedVerdict>>> judged(jobs.size(), fail(ErrorCode::failed, "not judged"));
  pipeline::parallel_for(jobs.size(), threads, [&](unsigned, std::size_t j) {
    judged[j] = judge_without(sample, material, attacks, jobs[j], options, label_free);
  });
  JudgedByTrained all;
  auto& verdicts = all.verdicts;
  verdicts.resize(sample.cells.size());
  for (auto& verdict : verdicts) verdict.trained.area = verdict.combined.area = 0;
  for (std::size_t j = 0; j < jobs.size(); ++j) {
    if (!judged[j]) return tl::make_unexpected(judged[j].error());
    const auto& by_one = *judged[j];
    const auto free = mix_flagged(sample, [&](auto i) { return share_flagged(label_free[i]); });
    const auto trained = mix_flagged(sample, [&](auto i) { return by_one[i].trained.flagged; });
    const auto combined = mix_flagged(sample, [&](auto i) { return by_one[i].combined.flagged; });
    if (combined) all.mixes.push_back({*free, *trained, *combined});
    for (std::size_t i = 0; i < sample.cells.size(); ++i) {
      const auto& one = by_one[i];
      if (!sample.cells[i].honest && sample.cells[i].families != jobs[j]) continue;
      take_greater(verdicts[i].trained, one.trained);
      take_greater(verdicts[i].combined, one.combined);
    }
  }
  return all;
}

}  // namespace cms::lab
