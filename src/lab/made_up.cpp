#include "lab/made_up.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/progress.hpp"
#include "lab/attackers.hpp"
#include "lab/first_study_cells.hpp"
#include "lab/ground.hpp"
#include "lab/grown_study.hpp"
#include "lab/knockoff.hpp"
#include "lab/made_up_texts.hpp"
#include "lab/packed_tap.hpp"
#include "lab/school.hpp"
#include "lab/statistics.hpp"
#include "pipeline/parallel.hpp"

namespace cms::lab {
namespace {

constexpr std::size_t kVocabulary = 10'000;
constexpr std::uint32_t kStudied = 100;  // requests that a student learns from, as in the students experiment

std::vector<std::string> texts_in(const ActivationSet& set) {
  std::vector<std::string> texts;
  for (const auto& row : set.rows) texts.push_back(row.more.value("text", std::string()));
  return texts;
}

// What is made up before any model is asked: the same under every seed, so that it is read once.
struct Pools {
  std::vector<std::string> vocabulary, words, characters;
};

Pools make_pools(const ActivationSet& set, std::uint32_t count) {
  const auto texts = texts_in(set);
  Pools pools;
  pools.vocabulary = vocabulary_of(texts, kVocabulary);
  Random random(1);
  pools.words = made_up(count, texts, [&](std::size_t n, Random& r) { return random_words(pools.vocabulary, n, r); },
                        random);
  pools.characters = made_up(
      count, texts, [&](std::size_t n, Random& r) { return random_characters(pools.vocabulary, n, r); }, random);
  return pools;
}

// One seed's ground, with a set of its own that grows by what is made up.
struct Stage {
  ActivationSet set;
  Ground ground;
  const Pools& pools;
  SequenceVectors& vectors;
  const MadeUpOptions& options;
};

// One account of augmentation: the texts known, and their rows in the order asked.
struct Augmentation {
  std::vector<std::string> texts;
  std::vector<std::uint32_t> rows;
};

// The texts that the next round asks: each known one changed once, as far as the account still has requests.
std::vector<std::string> next_round(const Stage& stage, const Augmentation& known, Random random) {
  const auto& study = stage.ground.study;
  std::vector<TextFeatures> features;
  std::vector<const TextFeatures*> asked;
  for (const auto& text : known.texts) features.push_back(text_features(text));
  for (const auto& one : features) asked.push_back(&one);
  const Student student(asked, points_of(study.corpus, known.rows));
  std::set<std::string> taken(known.texts.begin(), known.texts.end());
  std::vector<std::string> made;
  for (std::size_t i = 0; i < known.texts.size() && known.texts.size() + made.size() < stage.options.requests; ++i) {
    const auto answered = study.projected[known.rows[i]].chart;
    const auto confidence = [&](const std::string& text) {
      Eigen::RowVectorXf answer = student.answer(text_features(text));
      if (answer.norm() > 0) answer.normalize();
      return chart_distribution(study.atlas, {answer.data(), static_cast<std::size_t>(answer.size())})[answered];
    };
    auto text = changed(known.texts[i], stage.pools.vocabulary, confidence,
                        [&](const std::string& one) { return taken.contains(one); }, {}, random);
    if (!text) continue;
    taken.insert(*text);
    made.push_back(std::move(*text));
  }
  return made;
}

// Rows of each account. Accounts go through their rounds together, so that a round is read at once.
Result<std::vector<std::vector<std::uint32_t>>> augmented(Stage& stage, Random& random) {
  const auto& corpus = stage.ground.study.corpus;
  const auto pool = instruction_sets(stage.ground.study);
  std::vector<Augmentation> accounts(stage.options.augmented);
  for (auto& account : accounts) {
    account.rows = draw(corpus, pool, stage.options.seeds_of_augmentation, random);
    for (const auto row : account.rows) {
      const auto text = stage.set.rows[corpus.rows[row].source_row].more.value("text", std::string());
      account.texts.push_back(tap::cut_text(text, kSegment));
    }
  }
  while (true) {
    std::vector<std::vector<std::string>> rounds(accounts.size());
    std::vector<std::uint64_t> chances;
    for (std::size_t a = 0; a < accounts.size(); ++a) chances.push_back(random.bits());
    pipeline::parallel_for(accounts.size(), stage.options.threads, [&](unsigned, std::size_t a) {
      rounds[a] = next_round(stage, accounts[a], Random(chances[a]));
    });
    std::vector<std::string> all;
    for (const auto& round : rounds) all.insert(all.end(), round.begin(), round.end());
    if (all.empty()) break;
    CMS_CHECK(read_missing(stage.vectors, all, stage.options.model, stage.options.work, stage.options.threads));
    for (std::size_t a = 0; a < accounts.size(); ++a) {
      const auto rows = add_texts(stage.ground.study, stage.set, "augmented", rounds[a], stage.vectors);
      accounts[a].rows.insert(accounts[a].rows.end(), rows.begin(), rows.end());
      accounts[a].texts.insert(accounts[a].texts.end(), rounds[a].begin(), rounds[a].end());
    }
  }
  std::vector<std::vector<std::uint32_t>> rows;
  for (auto& account : accounts) rows.push_back(std::move(account.rows));
  return rows;
}

struct Kind {
  std::string name;
  bool honest = false;
  std::vector<std::vector<std::uint32_t>> accounts;  // rows of the corpus
};

std::vector<std::vector<std::uint32_t>> rows_of_all(std::span<const ComposedAccount> accounts) {
  std::vector<std::vector<std::uint32_t>> rows;
  for (const auto& account : accounts) rows.push_back(account.rows);
  return rows;
}

Result<std::vector<Kind>> make_kinds(Stage& stage, std::uint64_t seed) {
  auto& study = stage.ground.study;
  Random random(seed + 1);
  std::vector<Kind> kinds;
  for (const auto& cell : honest_cells(study, stage.ground.options, seed, random)) {
    kinds.push_back({cell.name, true, rows_of_all(cell.accounts)});
  }
  AttackOptions attack;
  attack.length = {stage.options.requests, stage.options.requests};
  const auto real = instruction_sets(study);
  for (const auto& [name, compose] : {std::pair{"naive, instruction sets", &naive},
                                      std::pair{"systematic, instruction sets", &systematic}}) {
    kinds.push_back({name, false, rows_of_all(compose_many(stage.options.accounts, [&] {
                       return compose(study.corpus, real, attack, random);
                     }))});
  }
  for (const auto& [name, texts] : {std::pair{"random words", &stage.pools.words},
                                    std::pair{"random characters", &stage.pools.characters}}) {
    const auto rows = add_texts(study, stage.set, name, *texts, stage.vectors);
    Kind kind{name, false, {}};
    for (std::uint32_t a = 0; a < stage.options.accounts; ++a) {
      kind.accounts.push_back(draw(study.corpus, rows, stage.options.requests, random));
    }
    kinds.push_back(std::move(kind));
  }
  CMS_TRY(rows, augmented(stage, random));
  kinds.push_back({"Jacobian augmentation", false, std::move(rows)});
  return kinds;
}

// Baselines' scores of the accounts that calibrated the ground, rising, by baseline.
std::vector<std::vector<double>> ranked_baselines(const Stage& stage, const BaselineFits& fits, std::uint64_t seed) {
  auto options = stage.ground.options;
  options.scale = 1;
  Random random(seed);  // as make_ground composes them
  const auto honest = calibration_accounts(stage.ground.study, options, random);
  std::vector<BaselineScores> scores(honest.size());
  pipeline::parallel_for(honest.size(), stage.options.threads, [&](unsigned, std::size_t a) {
    scores[a] = measure_baselines(stage.ground.study, stage.set, fits, honest[a].rows);
  });
  std::vector<std::vector<double>> ranked(kBaselines.size());
  for (std::size_t b = 0; b < ranked.size(); ++b) {
    for (const auto& one : scores) ranked[b].push_back(one[b]);
    std::ranges::sort(ranked[b]);
  }
  return ranked;
}

Result<void> run_seed(Stage& stage, std::uint64_t seed, std::vector<MadeUpAccount>& result, TextsUsed& texts) {
  CMS_TRY(kinds, make_kinds(stage, seed));
  CMS_TRY(fits, fit_baselines(stage.ground.study, stage.set));
  const auto ranked = ranked_baselines(stage, fits, seed);
  Random random(seed + 2);
  const auto school = make_school(stage.ground, stage.set, stage.options.examination, random);
  std::vector<std::pair<const Kind*, std::span<const std::uint32_t>>> accounts;
  for (const auto& kind : kinds) {
    for (const auto& rows : kind.accounts) accounts.emplace_back(&kind, rows);
  }
  texts.add("baselines", stage.ground.study, stage.ground.study.split.fit);
  for (const auto& [kind, rows] : accounts) texts.add(use_of(kind->name, kind->honest), stage.ground.study, rows);
  texts.add("examination of students", stage.ground.study, school.examination.rows);
  std::vector<MadeUpAccount> outcomes(accounts.size());
  Progress progress(fmt::format("accounts, seed {}", seed), "accounts", accounts.size());
  pipeline::parallel_for(accounts.size(), stage.options.threads, [&](unsigned, std::size_t a) {
    const auto& [kind, rows] = accounts[a];
    auto& outcome = outcomes[a];
    outcome.kind = kind->name;
    outcome.honest = kind->honest;
    const auto standing = standing_of(stage.ground, rows);
    outcome.poh_min = standing.poh_min;
    outcome.first_flag = standing.first_flag;
    const auto scores = measure_baselines(stage.ground.study, stage.set, fits, rows);
    for (std::size_t b = 0; b < scores.size(); ++b) {
      outcome.baselines[b] = conformal_p_value(ranked[b], scores[b]) <= kFlagged;
    }
    outcome.fidelity = school.fidelity_of(rows.first(std::min<std::size_t>(kStudied, rows.size())));
    progress.advance(1);
  });
  result.insert(result.end(), outcomes.begin(), outcomes.end());
  return {};
}

}  // namespace

Result<std::vector<MadeUpAccount>> run_made_up(const MadeUpOptions& options, TextsUsed& texts) {
  CMS_TRY(set, read_ground(options.data, options.families));
  // Says which row has no text before texts are made up of them.
  const auto corpus = make_corpus(set.rows, set.values, set.manifest.dimension, {});
  if (!corpus) return tl::make_unexpected(corpus.error());
  CMS_TRY(vectors, open_sequences(set, options.work));
  if (vocabulary_of(texts_in(set), 1).empty()) return fail(ErrorCode::bad_input, "the texts of the data have no words");
  const auto pools = make_pools(set, options.pool);
  auto made = pools.words;
  made.insert(made.end(), pools.characters.begin(), pools.characters.end());
  CMS_CHECK(read_missing(vectors, made, options.model, options.work, options.threads));
  std::vector<MadeUpAccount> accounts;
  for (const auto seed : options.seeds) {
    const GroundOptions standing{options.score, options.ranking_accounts, options.scale, options.threads,
                                 options.families};
    CMS_TRY(ground, make_ground(set, standing, seed, texts));
    Stage stage{set, std::move(ground), pools, vectors, options};
    CMS_CHECK(run_seed(stage, seed, accounts, texts));
  }
  return accounts;
}

}  // namespace cms::lab
