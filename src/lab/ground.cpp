#include "lab/ground.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "atlas/atlas.hpp"
#include "lab/first_study_cells.hpp"
#include "pipeline/step.hpp"
#include "tap/activation_set.hpp"
#include "types/score.hpp"

namespace cms::lab {
namespace {

constexpr std::uint32_t kYardstickCharts = 256;

Result<pipeline::Model> calibrated(const Study& study, const FirstStudyOptions& study_options,
                                   const GroundOptions& options, Random& random) {
  const auto honest = calibration_accounts(study, study_options, random);
  std::vector<std::uint32_t> lengths;
  for (const auto& account : honest) lengths.push_back(static_cast<std::uint32_t>(account.rows.size()));
  CMS_TRY(horizon, score::choose_horizon(lengths, options.score));
  const auto measured = measure_accounts(study, honest, "calibrate", {options.score, 64, horizon, options.threads});
  std::vector<score::Trajectory> trajectories;
  for (const auto& one : measured) trajectories.push_back(one.trajectory);
  CMS_TRY(calibration, score::calibrate(trajectories, horizon, options.score));
  pipeline::Model model;
  model.atlas = study.atlas;
  model.calibration = std::move(calibration);
  return model;
}

}  // namespace

Result<std::vector<ActivationSet>> read_shared(const std::filesystem::path& data) {
  // They were made so (the README beside them); a manifest is not there.
  tap::ReadOptions read;
  read.assume_model = "smollm2-135m-q4_0/final/mean";
  std::vector<ActivationSet> sets;
  for (const std::string kind : kSharedKinds) {
    CMS_TRY(set, tap::read_set(data / "activations" / (kind + ".npy"), read));
    sets.push_back(std::move(set));
  }
  return sets;
}

StudyOptions shared_study_options(const FirstStudyOptions& options, std::uint64_t seed) {
  StudyOptions study_options;
  study_options.split = first_study_split(options, seed);
  study_options.families = options.parts();
  study_options.corpus.words_max = 24;  // what of a text was read
  study_options.corpus.chars_max = 144;
  study_options.atlas.rank = options.rank;
  study_options.atlas.chart_count = options.chart_count;
  study_options.atlas.seed = seed;
  study_options.threads = options.threads;
  return study_options;
}

Result<ActivationSet> read_ground(const std::filesystem::path& data) {
  CMS_TRY(sets, read_shared(data));
  return join(std::move(sets));
}

Result<Ground> make_ground(const ActivationSet& set, const GroundOptions& options, std::uint64_t seed) {
  Ground ground;
  ground.options.score = options.score;
  ground.options.families = options.families;
  ground.options.ranking_accounts = options.ranking_accounts;
  ground.options.threads = options.threads;
  Random random(seed);
  CMS_TRY(study, make_study(set, shared_study_options(ground.options, seed)));
  CMS_CHECK(check_known(study.corpus, options.families));
  ground.study = std::move(study);
  CMS_TRY(yardstick, make_yardstick(ground.study, set, ground.study.split.test, seed));
  ground.yardstick = std::move(yardstick);
  CMS_TRY(model, calibrated(ground.study, ground.options, options, random));
  ground.model = std::move(model);
  ground.options.scale = options.scale;
  return ground;
}

Result<Yardstick> make_yardstick(const Study& study, const ActivationSet& set, std::span<const std::uint32_t> pool,
                                 std::uint64_t seed) {
  const ActivationSet part[] = {rows_of(set, study.corpus, study.split.calibrate)};
  atlas::FitOptions options;
  options.seed = seed + 1'000;
  options.chart_count = kYardstickCharts;
  CMS_TRY(atlas, atlas::fit(part, part, options));
  Yardstick yardstick;
  atlas::ProjectScratch scratch;
  Projected projected;
  for (const auto& row : study.corpus.rows) {
    atlas::project(atlas, set.row(row.source_row), scratch, projected);
    yardstick.charts.push_back(projected.chart);
  }
  std::vector<double> counts(atlas.chart_count());
  std::vector<bool> within_reach(counts.size());
  for (const auto row : pool) within_reach[yardstick.charts[row]] = true;
  double total = 0;
  for (const auto row : study.split.calibrate) {
    if (within_reach[yardstick.charts[row]]) counts[yardstick.charts[row]] += 1, total += 1;
  }
  for (const double count : counts) yardstick.mass.push_back(count / total);
  return yardstick;
}

std::vector<double> coverage_of(const Yardstick& yardstick, std::span<const std::uint32_t> rows) {
  std::vector<bool> seen(yardstick.mass.size());
  std::vector<double> coverage;
  double sum = 0;
  for (const auto row : rows) {
    const auto chart = yardstick.charts[row];
    if (!seen[chart]) sum += yardstick.mass[chart];
    seen[chart] = true;
    coverage.push_back(sum);
  }
  return coverage;
}

std::uint32_t requests_until(std::span<const double> coverage, double share) {
  const auto reached = std::find_if(coverage.begin(), coverage.end(), [share](double one) { return one >= share; });
  return reached == coverage.end() ? 0 : static_cast<std::uint32_t>(reached - coverage.begin() + 1);
}

std::vector<double> poh_of(const Ground& ground, std::span<const std::uint32_t> rows) {
  auto state = pipeline::make_account(ground.model);
  pipeline::Scratch scratch;
  std::vector<double> poh;
  for (const auto row : rows) {
    pipeline::advance(ground.model, state, ground.study.projected[row], 0, scratch);
    poh.push_back(pipeline::score_at(ground.model, state, 0).poh);
  }
  return poh;
}

Standing standing_of(const Ground& ground, std::span<const std::uint32_t> rows) {
  Standing standing;
  const auto poh = poh_of(ground, rows);
  for (std::size_t i = 0; i < poh.size(); ++i) {
    standing.poh_min = std::min(standing.poh_min, poh[i]);
    if (poh[i] <= kFlagged && standing.first_flag == 0) standing.first_flag = static_cast<std::uint32_t>(i + 1);
  }
  return standing;
}

}  // namespace cms::lab
