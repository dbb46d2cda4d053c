#include "lab/students.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <set>

#include "base/progress.hpp"
#include "lab/activethief.hpp"
#include "lab/first_study_cells.hpp"
#include "lab/ground.hpp"
#include "lab/knockoff.hpp"
#include "lab/reread.hpp"
#include "lab/school.hpp"
#include "pipeline/parallel.hpp"

namespace cms::lab {
namespace {

// The same charts, each worth the same.
Yardstick charts_equal(Yardstick yardstick) {
  const auto within_reach = [](double mass) { return mass > 0; };
  const double share = 1.0 / static_cast<double>(std::ranges::count_if(yardstick.mass, within_reach));
  for (double& mass : yardstick.mass) mass = mass > 0 ? share : 0;
  return yardstick;
}

std::uint32_t distinct_texts(const Corpus& corpus, std::span<const std::uint32_t> rows) {
  std::set<std::uint32_t> texts;
  for (const auto row : rows) texts.insert(corpus.rows[row].text_id);
  return static_cast<std::uint32_t>(texts.size());
}

void examine_cells(const School& school, std::uint64_t seed, unsigned threads, StudentsResult& result,
                   TextsUsed& texts) {
  Random random(seed + 1);
  std::vector<StudentOutcome> outcomes;
  std::vector<std::vector<std::uint32_t>> rows;
  for (const auto& cell : first_study_cells(school.ground->study, school.ground->options, seed, random)) {
    for (const auto& account : cell.accounts) {
      if (account.rows.size() < kStudentRequests) continue;
      auto& outcome = outcomes.emplace_back();
      outcome.cell = cell.name;
      outcome.honest = cell.honest;
      rows.emplace_back(account.rows.begin(), account.rows.begin() + kStudentRequests);
      texts.add("students of " + use_of(cell.name, cell.honest), school.ground->study, rows.back());
    }
  }
  const auto equal = charts_equal(school.ground->yardstick);
  Progress progress(fmt::format("students, seed {}", seed), "students", outcomes.size());
  pipeline::parallel_for(outcomes.size(), threads, [&](unsigned, std::size_t i) {
    outcomes[i].coverage = coverage_of(school.ground->yardstick, rows[i]).back();
    outcomes[i].charts = coverage_of(equal, rows[i]).back();
    outcomes[i].nearness = school.nearness_of(rows[i]);
    outcomes[i].distinct_texts = distinct_texts(school.ground->study.corpus, rows[i]);
    outcomes[i].fidelity = school.fidelity_of(rows[i]);
    outcomes[i].own_field = school.own_field_of(rows[i]);
    outcomes[i].pretrained = school.pretrained_fidelity_of(rows[i]);
    outcomes[i].next_token = school.agreement_of(rows[i]);
    progress.advance(1);
  });
  result.students.insert(result.students.end(), outcomes.begin(), outcomes.end());
}

struct Way {
  std::string name;
  std::function<std::vector<std::uint32_t>(const School&, Pool, Random&)> steal;
};

std::vector<Way> ways() {
  std::vector<Way> all;
  for (const bool adaptive : {false, true}) {
    all.push_back({adaptive ? "Knockoff adaptive" : "Knockoff random",
                   [=](const School& school, Pool pool, Random& random) {
                     return knockoff(school.ground->study, school.features, pool, {.adaptive = adaptive}, random);
                   }});
  }
  const std::pair<const char*, Strategy> strategies[] = {{"uncertainty", Strategy::uncertainty},
                                                         {"k-centre", Strategy::k_center},
                                                         {"uncertain k-centre", Strategy::uncertain_k_center}};
  for (const auto& [name, strategy] : strategies) {
    all.push_back({fmt::format("ActiveThief {}", name), [=](const School& school, Pool pool, Random& random) {
                     return active_thief(school.ground->study, school.features, pool, {.strategy = strategy}, random);
                   }});
  }
  return all;
}

StudentTheft judged(const School& school, std::string kind, std::span<const std::uint32_t> rows) {
  StudentTheft theft;
  theft.kind = std::move(kind);
  for (std::size_t c = 0; c < kTheftCheckpoints.size(); ++c) {
    const auto asked = std::min<std::size_t>(kTheftCheckpoints[c], rows.size());
    theft.fidelity[c] = school.fidelity_of(rows.first(asked)).cosine;
  }
  const auto standing = standing_of(*school.ground, rows);
  theft.poh_min = standing.poh_min;
  theft.first_flag = standing.first_flag;
  theft.next_token = school.agreement_of(rows);
  return theft;
}

void run_thefts(const School& school, std::uint64_t seed, const StudentsOptions& options, StudentsResult& result,
                TextsUsed& texts) {
  const auto& study = school.ground->study;
  // What the first study's attackers draw from, and everything that people wrote, kinds that calibration never saw
  // among it.
  std::vector<std::pair<std::string, std::vector<std::uint32_t>>> pools = {
      {"instruction sets", instruction_sets(study)},
      {"people's prompts", known_people(study, study.split.test)},
      {"people's, unseen kinds too", of_origin(study.corpus, study.split.test, Origin::people)}};
  if (pools[2].second == pools[1].second) pools.pop_back();
  std::erase_if(pools, [](const auto& pool) { return pool.second.empty(); });
  for (const auto& [name, pool] : pools) texts.add("thefts, to choose from", study, pool);
  const auto all = ways();
  const std::size_t runs = options.theft_runs;
  std::vector<StudentTheft> thefts(all.size() * pools.size() * runs);
  Progress progress(fmt::format("thefts, seed {}", seed), "thefts", thefts.size());
  pipeline::parallel_for(thefts.size(), options.threads, [&](unsigned, std::size_t t) {
    const auto& way = all[t / runs / pools.size()];
    const auto& [pool_name, pool] = pools[t / runs % pools.size()];
    Random random(1'000 * seed + t % runs);
    const auto rows = way.steal(school, pool, random);
    thefts[t] = judged(school, fmt::format("{}, {}", way.name, pool_name), rows);
    progress.advance(1);
  });
  result.thefts.insert(result.thefts.end(), thefts.begin(), thefts.end());
}

// Every row of the ground as a model of the student's has it, which never saw the served one: a point of an atlas
// fitted on the same part.
Result<std::vector<TextFeatures>> begun_with(const ActivationSet& set, const Ground& ground, std::uint64_t seed) {
  CMS_TRY(study, make_study(set, data_study_options(set.manifest, ground.options, seed)));
  if (study.corpus.rows.size() != ground.study.corpus.rows.size()) {
    return fail(ErrorCode::refused, "the student's model was given other texts than the served one");
  }
  std::vector<TextFeatures> features;
  for (std::uint32_t row = 0; row < study.corpus.rows.size(); ++row) {
    features.push_back(point_features(study.corpus.point(row)));
  }
  return features;
}

}  // namespace

Result<StudentsResult> run_students(const StudentsOptions& options, TextsUsed& texts) {
  if (options.work.empty() && !(options.model.empty() && options.pretrained.empty())) {
    return fail(ErrorCode::usage, "with a model, --work names the folder for what is read with it");
  }
  CMS_TRY(set, read_ground(options.data, options.families));
  std::optional<Speech> speech;
  if (!options.model.empty()) {
    CMS_TRY(opened, Speech::open(options.data, options.model, options.work, options.threads));
    speech = std::move(opened);
  }
  std::optional<ActivationSet> pretrained;
  if (!options.pretrained.empty()) {
    CMS_TRY(sets, reread(options.data, {options.pretrained, options.work / "pretrained", tap::Pooling::mean,
                                        options.threads}));
    CMS_TRY(joined, join(std::move(sets)));
    CMS_CHECK(merge_families(joined, options.families));
    pretrained = std::move(joined);
  }
  StudentsResult result;
  for (const auto seed : options.seeds) {
    const GroundOptions standing{options.score, options.ranking_accounts, options.scale, options.threads,
                                 options.families};
    CMS_TRY(ground, make_ground(set, standing, seed, texts));
    Random random(seed + 2);
    auto school = make_school(ground, set, options.examination, random);
    const auto& split = ground.study.split;
    texts.add("examination of students", ground.study, school.examination.rows);
    texts.add("examination on their own field, drawn from", ground.study, split.test);
    if (speech) school.speech = &*speech;
    if (pretrained) {
      CMS_TRY(features, begun_with(*pretrained, ground, seed));
      texts.add("atlas of the student's own model", ground.study, split.fit);
      school.pretrained = std::move(features);
    }
    examine_cells(school, seed, options.threads, result, texts);
    run_thefts(school, seed, options, result, texts);
  }
  return result;
}

}  // namespace cms::lab
