#include "lab/students.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "base/progress.hpp"
#include "lab/first_study_cells.hpp"
#include "lab/ground.hpp"
#include "lab/knockoff.hpp"
#include "lab/student.hpp"
#include "pipeline/parallel.hpp"

namespace cms::lab {
namespace {

using Asked = std::span<const std::uint32_t>;

// What students of one seed are made of.
struct School {
  const Ground& ground;
  std::vector<TextFeatures> features;  // of every row
  Examination examination;

  [[nodiscard]] Student taught(Asked rows) const {
    std::vector<const TextFeatures*> texts;
    Rows answers(rows.size(), ground.study.corpus.rank);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      texts.push_back(&features[rows[i]]);
      const auto point = ground.study.corpus.point(rows[i]);
      std::copy(point.begin(), point.end(), answers.row(static_cast<Eigen::Index>(i)).data());
    }
    return {texts, answers};
  }
  [[nodiscard]] Fidelity fidelity_of(Asked rows) const {
    return fidelity(taught(rows), ground.study, features, examination, rows);
  }
  [[nodiscard]] double nearness_of(Asked rows) const {
    const auto& corpus = ground.study.corpus;
    UsedTexts asked(corpus);
    for (const auto row : rows) asked.take(row);
    double sum = 0, count = 0;
    for (const auto text : examination.rows) {
      if (asked.contains(text)) continue;
      float nearest = -1;
      for (const auto row : rows) nearest = std::max(nearest, cosine(corpus, text, row));
      sum += nearest;
      count += 1;
    }
    return count > 0 ? sum / count : 0;
  }
};

School make_school(const Ground& ground, const ActivationSet& set, std::uint32_t examined, Random& random) {
  School school{ground, {}, {}};
  const auto& corpus = ground.study.corpus;
  for (const auto& row : corpus.rows) {
    school.features.push_back(text_features(set.rows[row.source_row].more.value("text", std::string())));
  }
  school.examination.rows = draw(corpus, ground.study.split.test, examined, random);
  const auto& yardstick = ground.yardstick;
  std::vector<double> counts(yardstick.mass.size());
  for (const auto row : school.examination.rows) {
    school.examination.charts.push_back(ground.study.projected[row].chart);
    counts[yardstick.charts[row]] += 1;
  }
  // A chart counts what it is worth, however many of its texts are examined.
  for (const auto row : school.examination.rows) {
    school.examination.weights.push_back(yardstick.mass[yardstick.charts[row]] / counts[yardstick.charts[row]]);
  }
  return school;
}

void examine_cells(const School& school, std::uint64_t seed, unsigned threads, StudentsResult& result) {
  Random random(seed + 1);
  std::vector<StudentOutcome> outcomes;
  std::vector<std::vector<std::uint32_t>> rows;
  for (const auto& cell : first_study_cells(school.ground.study, school.ground.options, seed, random)) {
    for (const auto& account : cell.accounts) {
      if (account.rows.size() < kStudentRequests) continue;
      outcomes.push_back({cell.name, cell.honest, 0, 0, {}});
      rows.emplace_back(account.rows.begin(), account.rows.begin() + kStudentRequests);
    }
  }
  Progress progress(fmt::format("students, seed {}", seed), "students", outcomes.size());
  pipeline::parallel_for(outcomes.size(), threads, [&](unsigned, std::size_t i) {
    outcomes[i].coverage = coverage_of(school.ground.yardstick, rows[i]).back();
    outcomes[i].nearness = school.nearness_of(rows[i]);
    outcomes[i].fidelity = school.fidelity_of(rows[i]);
    progress.advance(1);
  });
  result.students.insert(result.students.end(), outcomes.begin(), outcomes.end());
}

void run_knockoffs(const School& school, std::uint64_t seed, const StudentsOptions& options, StudentsResult& result) {
  const auto& study = school.ground.study;
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
      outcome.fidelity[c] = school.fidelity_of(Asked(rows).first(asked)).cosine;
    }
    const auto standing = standing_of(school.ground, rows);
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
    CMS_TRY(ground, make_ground(set, {options.score, options.ranking_accounts, options.scale, options.threads}, seed));
    Random random(seed + 2);
    const auto school = make_school(ground, set, options.examination, random);
    examine_cells(school, seed, options.threads, result);
    run_knockoffs(school, seed, options, result);
  }
  return result;
}

}  // namespace cms::lab
