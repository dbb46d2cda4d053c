#include "lab/frontier.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "atlas/atlas.hpp"
#include "base/progress.hpp"
#include "lab/first_study_cells.hpp"
#include "lab/study.hpp"
#include "lab/white_box.hpp"
#include "pipeline/parallel.hpp"
#include "tap/activation_set.hpp"

namespace cms::lab {
namespace {

// The charts of another atlas than the product's, and what each is worth.
struct Yardstick {
  std::vector<std::uint16_t> charts;  // of every row of the corpus
  std::vector<double> mass;           // share of the calibrate part's texts; 0 where the pool has none
};

Result<Yardstick> make_yardstick(const Study& study, const ActivationSet& set, std::span<const std::uint32_t> pool,
                                 std::uint64_t seed) {
  const ActivationSet part[] = {rows_of(set, study.corpus, study.split.calibrate)};
  atlas::FitOptions options;
  options.seed = seed + 1'000;
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

// Share of the yardstick's mass after each request.
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

FrontierRun measure(const Yardstick& yardstick, const WhiteBoxRun& run, const WhiteBoxOptions& options) {
  FrontierRun measured;
  measured.floor = options.floor;
  measured.account_requests = options.account_requests;
  measured.one_account = options.accounts_max == 1;
  measured.pace = options.pace;
  measured.requests_sent = static_cast<std::uint32_t>(run.rows.size());
  measured.poh_min = run.poh_min;
  if (run.rows.empty()) return measured;
  const auto coverage = coverage_of(yardstick, run.rows);
  measured.coverage = coverage.back();
  const auto reached = std::find_if(coverage.begin(), coverage.end(), [](double c) { return c >= kReached; });
  if (reached != coverage.end()) measured.requests = static_cast<std::uint32_t>(reached - coverage.begin() + 1);
  const std::size_t last = measured.requests > 0 ? measured.requests - 1 : run.rows.size() - 1;
  measured.accounts = run.accounts[last] + 1;
  for (std::size_t c = 0; c < kCheckpoints.size(); ++c) {
    measured.at_checkpoints[c] = coverage[std::min<std::size_t>(kCheckpoints[c], coverage.size()) - 1];
  }
  return measured;
}

Result<ActivationSet> read_data(const std::filesystem::path& data) {
  tap::ReadOptions read;
  read.assume_model = "smollm2-135m-q4_0/final/mean";
  CMS_TRY(human, tap::read_set(data / "activations" / "human.npy", read));
  CMS_TRY(distill, tap::read_set(data / "activations" / "distill.npy", read));
  std::vector<ActivationSet> sets;
  sets.push_back(std::move(human));
  sets.push_back(std::move(distill));
  return join(std::move(sets));
}

Result<pipeline::Model> calibrated(const Study& study, const FirstStudyOptions& study_options,
                                   const FrontierOptions& options, Random& random) {
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

void add_honest(const Study& study, const Yardstick& yardstick, const FirstStudyOptions& options, std::uint64_t seed,
                Random& random, std::map<std::string, std::vector<double>>& honest) {
  for (const auto& cell : first_study_cells(study, options, seed, random)) {
    if (!cell.honest) continue;
    for (const auto& account : cell.accounts) {
      const std::size_t asked = std::min<std::size_t>(100, account.rows.size());
      honest[cell.name].push_back(coverage_of(yardstick, std::span(account.rows).first(asked)).back());
    }
  }
}

struct Ground {
  Study study;
  Yardstick yardstick;
  pipeline::Model model;
};

Result<std::vector<FrontierRun>> all_runs(const Ground& ground, const FrontierOptions& options, std::uint64_t seed) {
  std::vector<WhiteBoxOptions> ways;
  for (const double floor : options.floors) {
    if (floor <= 0) {
      ways.push_back({0, 0, 1, 0, options.requests_max});
      continue;
    }
    for (const auto pace : options.paces) ways.push_back({floor, 0, 1, pace, options.requests_max});
    for (const auto length : options.account_requests) ways.push_back({floor, length, 0, 0, options.requests_max});
  }
  const Prize prize{ground.yardstick.charts, ground.yardstick.mass, ground.study.split.test};
  std::vector<FrontierRun> runs(ways.size());
  Progress progress(fmt::format("attacking, seed {}", seed), "attackers", ways.size());
  pipeline::parallel_for(ways.size(), options.threads, [&](unsigned, std::size_t w) {
    const auto run = run_white_box(ground.study, ground.model, prize, ways[w], Random(seed));
    runs[w] = measure(ground.yardstick, run, ways[w]);
    progress.advance(1);
  });
  return runs;
}

}  // namespace

Result<FrontierResult> run_frontier(const FrontierOptions& options) {
  CMS_TRY(set, read_data(options.data));
  FrontierResult result;
  std::map<std::string, std::vector<double>> honest;
  for (const auto seed : options.seeds) {
    FirstStudyOptions study_options;
    study_options.score = options.score;
    study_options.ranking_accounts = options.ranking_accounts;
    StudyOptions ground_options;
    ground_options.split = first_study_split(study_options, seed);
    ground_options.corpus.words_max = 24;
    ground_options.corpus.chars_max = 144;
    ground_options.atlas.seed = seed;
    ground_options.threads = options.threads;
    Random random(seed);
    CMS_TRY(study, make_study(set, ground_options));
    CMS_TRY(yardstick, make_yardstick(study, set, study.split.test, seed));
    CMS_TRY(model, calibrated(study, study_options, options, random));
    add_honest(study, yardstick, study_options, seed, random, honest);
    CMS_TRY(runs, all_runs({std::move(study), std::move(yardstick), std::move(model)}, options, seed));
    result.runs.push_back(std::move(runs));
  }
  for (const auto& [kind, values] : honest) {
    double mean = 0;
    for (const double value : values) mean += value / static_cast<double>(values.size());
    result.honest.push_back({kind, mean});
  }
  return result;
}

}  // namespace cms::lab
