#include "lab/students.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "base/progress.hpp"
#include "lab/first_study_cells.hpp"
#include "lab/ground.hpp"
#include "lab/knockoff.hpp"
#include "lab/school.hpp"
#include "pipeline/parallel.hpp"

namespace cms::lab {
namespace {

void examine_cells(const School& school, std::uint64_t seed, unsigned threads, StudentsResult& result) {
  Random random(seed + 1);
  std::vector<StudentOutcome> outcomes;
  std::vector<std::vector<std::uint32_t>> rows;
  for (const auto& cell : first_study_cells(school.ground->study, school.ground->options, seed, random)) {
    for (const auto& account : cell.accounts) {
      if (account.rows.size() < kStudentRequests) continue;
      outcomes.push_back({cell.name, cell.honest, 0, 0, {}});
      rows.emplace_back(account.rows.begin(), account.rows.begin() + kStudentRequests);
    }
  }
  Progress progress(fmt::format("students, seed {}", seed), "students", outcomes.size());
  pipeline::parallel_for(outcomes.size(), threads, [&](unsigned, std::size_t i) {
    outcomes[i].coverage = coverage_of(school.ground->yardstick, rows[i]).back();
    outcomes[i].nearness = school.nearness_of(rows[i]);
    outcomes[i].fidelity = school.fidelity_of(rows[i]);
    progress.advance(1);
  });
  result.students.insert(result.students.end(), outcomes.begin(), outcomes.end());
}

void run_knockoffs(const School& school, std::uint64_t seed, const StudentsOptions& options, StudentsResult& result) {
  const auto& study = school.ground->study;
  const auto of = [&](Origin origin) {
    return subset(study.corpus, study.split.test, [origin](const CorpusRow& row) { return row.origin == origin; });
  };
  const std::array<std::pair<std::string, std::vector<std::uint32_t>>, 2> pools = {
      {{"instruction sets", of(Origin::distiller)}, {"people's prompts", of(Origin::people)}}};
  std::vector<std::tuple<bool, std::size_t, std::uint64_t>> ways;
  for (const bool adaptive : {false, true}) {
    for (std::size_t pool = 0; pool < pools.size(); ++pool) {
      for (std::uint32_t run = 0; run < options.knockoff_runs; ++run) ways.emplace_back(adaptive, pool, run);
    }
  }
  std::vector<KnockoffOutcome> outcomes(ways.size());
  Progress progress(fmt::format("knockoff nets, seed {}", seed), "thefts", ways.size());
  pipeline::parallel_for(ways.size(), options.threads, [&](unsigned, std::size_t w) {
    const auto [adaptive, pool, run] = ways[w];
    Random random(1'000 * seed + run);
    const auto rows = knockoff(study, school.features, pools[pool].second, {.adaptive = adaptive}, random);
    auto& outcome = outcomes[w];
    outcome.kind = fmt::format("{}, {}", adaptive ? "adaptive" : "random", pools[pool].first);
    for (std::size_t c = 0; c < kKnockoffCheckpoints.size(); ++c) {
      const auto asked = std::min<std::size_t>(kKnockoffCheckpoints[c], rows.size());
      outcome.fidelity[c] = school.fidelity_of(std::span(rows).first(asked)).cosine;
    }
    const auto standing = standing_of(*school.ground, rows);
    outcome.poh_min = standing.poh_min;
    outcome.first_flag = standing.first_flag;
    progress.advance(1);
  });
  result.knockoffs.insert(result.knockoffs.end(), outcomes.begin(), outcomes.end());
}

}  // namespace

Result<StudentsResult> run_students(const StudentsOptions& options) {
  CMS_TRY(set, read_ground(options.data));
  StudentsResult result;
  for (const auto seed : options.seeds) {
    const GroundOptions standing{options.score, options.ranking_accounts, options.scale, options.threads,
                                 options.families};
    CMS_TRY(ground, make_ground(set, standing, seed));
    Random random(seed + 2);
    const auto school = make_school(ground, set, options.examination, random);
    examine_cells(school, seed, options.threads, result);
    run_knockoffs(school, seed, options, result);
  }
  return result;
}

}  // namespace cms::lab
