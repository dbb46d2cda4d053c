#include "lab/frontier.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/progress.hpp"
#include "lab/first_study_cells.hpp"
#include "lab/ground.hpp"
#include "lab/school.hpp"
#include "lab/white_box.hpp"
#include "pipeline/parallel.hpp"

namespace cms::lab {
namespace {

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
  measured.requests = requests_until(coverage, kReached);
  const std::size_t last = measured.requests > 0 ? measured.requests - 1 : run.rows.size() - 1;
  measured.accounts = run.accounts[last] + 1;
  for (std::size_t c = 0; c < kCheckpoints.size(); ++c) {
    measured.at_checkpoints[c] = coverage[std::min<std::size_t>(kCheckpoints[c], coverage.size()) - 1];
  }
  return measured;
}

void add_honest(const Ground& ground, std::uint64_t seed, std::map<std::string, std::vector<double>>& honest,
                TextsUsed& texts) {
  Random random(seed + 1);
  const auto cells = honest_cells(ground.study, ground.options, seed, random);
  note_cells(ground.study, cells, texts);
  for (const auto& cell : cells) {
    for (const auto& account : cell.accounts) {
      const std::size_t asked = std::min<std::size_t>(100, account.rows.size());
      honest[cell.name].push_back(coverage_of(ground.yardstick, std::span(account.rows).first(asked)).back());
    }
  }
}

Result<std::vector<FrontierRun>> all_runs(const School& school, const FrontierOptions& options, std::uint64_t seed) {
  const auto& ground = *school.ground;
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
    if (!run.rows.empty()) runs[w].fidelity = school.fidelity_of(run.rows);
    progress.advance(1);
  });
  return runs;
}

}  // namespace

Result<FrontierResult> run_frontier(const FrontierOptions& options, TextsUsed& texts) {
  CMS_TRY(set, read_ground(options.data, options.families));
  FrontierResult result;
  std::map<std::string, std::vector<double>> honest;
  for (const auto seed : options.seeds) {
    const GroundOptions standing{options.score, options.ranking_accounts, 1, options.threads, options.families};
    CMS_TRY(ground, make_ground(set, standing, seed, texts));
    add_honest(ground, seed, honest, texts);
    Random random(seed + 2);
    const auto school = make_school(ground, set, options.examination, random);
    texts.add("attackers, to choose from", ground.study, ground.study.split.test);
    texts.add("examination of students", ground.study, school.examination.rows);
    CMS_TRY(runs, all_runs(school, options, seed));
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
