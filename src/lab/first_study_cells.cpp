#include "lab/first_study_cells.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <set>

#include "lab/attackers.hpp"
#include "lab/first_study_goals.hpp"
#include "lab/honest.hpp"

namespace cms::lab {
namespace {

using Names = std::vector<std::string>;
using Rows = std::vector<std::uint32_t>;

constexpr std::uint32_t kBurst = 25;  // requests, half of what an average forgets in

Rows people_of(const Corpus& corpus, std::span<const std::uint32_t> pool) {
  return of_origin(corpus, pool, Origin::people);
}

Rows without(const Corpus& corpus, std::span<const std::uint32_t> pool, const Names& names) {
  return subset(corpus, pool, [&](const CorpusRow& row) {
    return std::find(names.begin(), names.end(), corpus.families[row.family]) == names.end();
  });
}

std::uint32_t scaled(std::uint32_t count, double scale) {
  return std::max(10U, static_cast<std::uint32_t>(std::lround(count * scale)));
}

// Adds cells one after another from the same chance.
class Composer {
 public:
  Composer(const Study& study, const FirstStudyOptions& options, Random& random)
      : study_(study), options_(options), random_(random) {
    honest_.length = {options.requests, std::min(100U, options.requests)};
    attack_.length = honest_.length;
    attack_.cover = honest_;
  }

  using Honest = std::optional<ComposedAccount> (*)(const Corpus&, Pool, const HonestOptions&, Random&);
  using Attack = std::optional<ComposedAccount> (*)(const Corpus&, Pool, const AttackOptions&, Random&);

  void honest(const std::string& name, Honest compose, const Rows& pool, bool calibration_kind,
              double whole_conversations = 0.8) {
    auto options = honest_;
    options.whole_conversations = whole_conversations;
    auto accounts = compose_many(scaled(options_.honest_accounts, options_.scale),
                                 [&] { return compose(study_.corpus, pool, options, random_); });
    add({name, true, calibration_kind, {}, std::move(accounts)});
  }

  void attack(const std::string& name, Attack compose, const Rows& pool) {
    auto accounts = compose_many(scaled(options_.attack_accounts, options_.scale),
                                 [&] { return compose(study_.corpus, pool, attack_, random_); });
    add({name, false, false, {}, std::move(accounts), families_of(pool)});
  }

  void diluted_at(double share, const Rows& pool, const Rows& cover, std::uint32_t burst = 1) {
    auto options = attack_;
    options.share = share;
    options.burst = burst;
    auto accounts = compose_many(scaled(options_.attack_accounts, options_.scale),
                                 [&] { return diluted(study_.corpus, {pool, cover}, options, random_); });
    auto families = families_of(pool);
    families.insert(kPeople);  // the cover's
    const auto name = fmt::format("diluted {:g}%", 100 * share);
    add({burst == 1 ? name : fmt::format("{}, bursts of {}", name, burst), false, false, {}, std::move(accounts),
         families});
  }

  void alike_at(double similarity, const std::string& over, const Rows& pool) {
    auto options = attack_;
    options.similarity = similarity;
    auto accounts = compose_many(scaled(options_.attack_accounts, options_.scale),
                                 [&] { return alike(study_.corpus, pool, options, random_); });
    add({fmt::format("alike {:.1f}, {}", similarity, over), false, false, {}, std::move(accounts), families_of(pool),
         similarity});
  }

  std::vector<Cell> cells;

 private:
  void add(Cell cell) {
    if (!options_.jobs_declared || cell.name != "batch") cell.goal = goal_of(cell.name, options_.goals).flagged;
    cells.push_back(std::move(cell));
  }

  [[nodiscard]] std::set<std::string> families_of(const Rows& pool) const {
    std::set<std::string> names;
    for (const auto row : pool) {
      const auto& one = study_.corpus.rows[row];
      const auto& family = study_.corpus.families[one.family];
      names.insert(one.origin == Origin::people ? kPeople : family.starts_with(kPairs) ? kPairs : family);
    }
    return names;
  }

  const Study& study_;
  const FirstStudyOptions& options_;
  Random& random_;
  HonestOptions honest_;
  AttackOptions attack_;
};

void add_attackers(Composer& composer, const Rows& sets, const Rows& people, const std::vector<double>& shares) {
  composer.attack("systematic, instruction sets", systematic, sets);
  composer.attack("systematic, people's prompts", systematic, people);
  composer.attack("naive, instruction sets", naive, sets);
  composer.attack("naive, people's prompts", naive, people);
  composer.attack("sorted, instruction sets", sorted, sets);
  composer.attack("sorted, people's prompts", sorted, people);
  composer.attack("clustered, instruction sets", clustered, sets);
  composer.attack("clustered, people's prompts", clustered, people);
  for (const double share : shares) composer.diluted_at(share, sets, people);
}

void add_honest(Composer& composer, const Corpus& corpus, const Families& families, const Rows& people,
                const Rows& unseen) {
  composer.honest("single", single, people, true);
  composer.honest("mixed", mixed, people, true);
  composer.honest("power", power, people, true);
  composer.honest("generalist", generalist, of_families(corpus, people, families.generalist), true);
  composer.honest("batch", batch, people, false);
  if (!unseen.empty()) composer.honest("unseen single", single, unseen, false);
  if (!unseen.empty()) composer.honest("unseen power", power, unseen, false);
  const auto conversations = of_families(corpus, people, families.conversations);
  composer.honest("conversations", single, conversations, false, 1.0);
}

}  // namespace

SplitOptions first_study_split(const FirstStudyOptions& options, std::uint64_t seed) {
  const bool tune = !options.tune.empty();
  SplitOptions split;
  split.seed = seed;
  split.fit = 0.25;
  split.calibrate = 0.35;
  split.test = 0.40;
  split.manifold = options.parts().manifold;
  if (options.by_kind) split.held_out = options.families.held_out;
  // What lies wholly in the test part: in the tune mode all of the report's families too, so that they are not read.
  std::set<std::string> whole;
  const auto add = [&whole](const FamilyParts& parts) {
    whole.insert(parts.unseen.begin(), parts.unseen.end());
    whole.insert(parts.instruction_sets.begin(), parts.instruction_sets.end());
    whole.insert(parts.streams.begin(), parts.streams.end());
  };
  add(options.families.report);
  if (tune) add(options.families.tune);
  split.unseen.assign(whole.begin(), whole.end());
  return split;
}

namespace {

// People of the calibrate part: whose texts make the tables, whose rank, whose are under test in the tune mode, and
// those of families held out, which rank alone. Generalists have families of their own.
struct PeoplePools {
  Rows tables, rank, tune, unseen;
  Rows general_tables, general_rank;

  [[nodiscard]] const Rows& of(char kind, bool ranks) const {
    if (kind == 'S' || kind == 'P') return unseen;
    if (kind == 'g') return ranks ? general_rank : general_tables;
    return ranks ? rank : tables;
  }
};

PeoplePools people_pools(const Study& study, const FirstStudyOptions& options) {
  const auto all = people_of(study.corpus, study.split.calibrate);
  PeoplePools pools;
  if (options.by_kind) pools.unseen = of_families(study.corpus, all, options.families.held_out);
  const auto people = options.by_kind ? without(study.corpus, all, options.families.held_out) : all;
  pools.tables = pools.rank = pools.tune = people;
  if (options.halves_apart) {
    const bool tune = !options.tune.empty();
    auto parts = apart(study.corpus, people, tune ? 3 : 2, study.split.seed);
    pools.tables = std::move(parts[0]);
    pools.rank = std::move(parts[1]);
    if (tune) pools.tune = std::move(parts[2]);
  }
  pools.general_tables = of_families(study.corpus, pools.tables, options.families.generalist);
  pools.general_rank = of_families(study.corpus, pools.rank, options.families.generalist);
  return pools;
}

using Compose = std::optional<ComposedAccount> (*)(const Corpus&, Pool, const HonestOptions&, Random&);

Compose composer_of(char kind) {
  return kind == 's' || kind == 'S'   ? single
         : kind == 'm'                ? mixed
         : kind == 'p' || kind == 'P' ? power
         : kind == 'g'                ? generalist
                                      : batch;
}

// 20 a round: single 4, mixed 4, power 3, generalist 3, batch 6 unless they are declared. By kind all alike, and unseen
// ones (S, P) rank.
char kind_of(const FirstStudyOptions& options, bool ranks, std::uint32_t turn) {
  const std::string_view mix = options.jobs_declared ? "ssssmmmmpppggg" : "ssssmmmmpppgggbbbbbb";
  const std::string_view round = !options.by_kind ? mix : ranks ? "smpgbSP" : "smpgb";
  return round[turn % round.size()];
}

}  // namespace

std::vector<ComposedAccount> calibration_accounts(const Study& study, const FirstStudyOptions& options,
                                                  Random& random) {
  const auto pools = people_pools(study, options);
  HonestOptions honest;
  honest.length = {options.requests, std::min(100U, options.requests)};
  const std::uint32_t wanted = scaled(options.ranking_accounts, options.scale);
  std::vector<ComposedAccount> accounts;
  std::uint32_t ranked = 0;
  std::array<std::uint32_t, 2> turns{};  // of tables, of ranking
  for (std::uint32_t tries = 0; ranked < wanted && tries < 20 * wanted; ++tries) {
    const bool ranks = score::in_ranking_half(fmt::format("calibrate-{}", accounts.size()));
    const char kind = kind_of(options, ranks, options.by_kind ? turns[ranks ? 1 : 0]++ : tries);
    auto account = composer_of(kind)(study.corpus, pools.of(kind, ranks), honest, random);
    if (!account) continue;
    const bool whole = account->rows.size() >= options.requests;
    // One that is too short to rank would make tables, of texts that rank.
    if (options.halves_apart && ranks && !whole) continue;
    if (kind == 'S' || kind == 'P') account->kind = "unseen " + account->kind;
    ranked += whole && ranks ? 1 : 0;
    accounts.push_back(std::move(*account));
  }
  return accounts;
}

Result<std::uint32_t> calibration_horizon(std::span<const ComposedAccount> honest, const score::Options& options) {
  std::vector<std::uint32_t> lengths;
  for (const auto& account : honest) lengths.push_back(static_cast<std::uint32_t>(account.rows.size()));
  auto horizon = score::choose_horizon(lengths, options);
  std::size_t ranking = 0;
  for (std::size_t i = 0; horizon && i < lengths.size(); ++i) {
    ranking += score::in_ranking_half(fmt::format("calibrate-{}", i)) && lengths[i] >= *horizon ? 1 : 0;
  }
  const auto few = std::min(ranking, lengths.size() - ranking);
  if (horizon && few >= score::kRankingMin) return horizon;
  return fail(ErrorCode::bad_input,
              fmt::format("only {} honest accounts, {} of which rank, could be composed of the people's texts of the "
                          "calibrate part, too few to calibrate with: it takes several families of people with some "
                          "300 texts each, or shorter accounts (--requests, where an experiment has it)",
                          lengths.size(), ranking));
}

void note_ground(const Study& study, std::span<const ComposedAccount> honest, std::uint32_t horizon, TextsUsed& texts) {
  std::vector<ComposedAccount> tables, ranking;
  for (std::size_t i = 0; i < honest.size(); ++i) {
    const bool ranks = honest[i].rows.size() >= horizon && score::in_ranking_half(fmt::format("calibrate-{}", i));
    (ranks ? ranking : tables).push_back(honest[i]);
  }
  texts.add("atlas", study, study.split.fit);
  texts.add("honest accounts that make the tables", study, tables);
  texts.add("honest accounts that rank", study, ranking);
}

std::string use_of(const std::string& cell, bool honest) {
  if (!honest) return "attackers";
  return cell.starts_with("unseen ") ? "honest accounts of unseen kinds" : "honest accounts under test";
}

void note_cells(const Study& study, std::span<const Cell> cells, TextsUsed& texts) {
  for (const auto& cell : cells) texts.add(use_of(cell.name, cell.honest), study, cell.accounts);
}

namespace {

// Rows of the tune mode's unseen families that the report does not test on.
Rows tune_unseen(const Study& study, const FirstStudyOptions& options, std::uint64_t seed) {
  auto rows = of_families(study.corpus, study.split.test, options.families.tune.unseen);
  FirstStudyOptions report;
  report.families = options.families;
  report.by_kind = options.by_kind;
  const auto reported = split_corpus(study.corpus, first_study_split(report, seed));
  if (!reported) return {};
  const std::set<std::uint32_t> tested(reported->test.begin(), reported->test.end());
  std::erase_if(rows, [&](std::uint32_t row) { return tested.contains(row); });
  return rows;
}

// The people that accounts under test are composed of; in the tune mode those of the calibration part.
Rows test_people(const Study& study, const FirstStudyOptions& options) {
  if (!options.tune.empty()) return people_pools(study, options).tune;
  return known_people(study, study.split.test);
}

Rows test_unseen(const Study& study, const FirstStudyOptions& options, std::uint64_t seed) {
  if (!options.tune.empty()) return tune_unseen(study, options, seed);
  return of_families(study.corpus, people_of(study.corpus, study.split.test), study.families.unseen);
}

}  // namespace

Result<void> check_known(const Corpus& corpus, const Families& families) {
  for (const auto* names : {&families.generalist, &families.conversations}) {
    for (const auto& name : *names) {
      if (std::find(corpus.families.begin(), corpus.families.end(), name) != corpus.families.end()) continue;
      return fail(ErrorCode::bad_input, no_family(name));
    }
  }
  return {};
}

Result<void> check_shares(const std::vector<double>& shares) {
  for (auto share = shares.begin(); share != shares.end(); ++share) {
    if (!(*share > 0 && *share <= 1)) return fail(ErrorCode::usage, "shares lie above 0 and up to 1");
    const auto same = [&](double other) { return fmt::format("{:g}", other) == fmt::format("{:g}", *share); };
    if (std::any_of(shares.begin(), share, same)) {
      return fail(ErrorCode::usage, fmt::format("share {:g} is given twice", *share));
    }
  }
  return {};
}

std::vector<std::uint32_t> known_people(const Study& study, Pool pool) {
  return without(study.corpus, people_of(study.corpus, pool), study.families.unseen);
}

std::vector<std::uint32_t> instruction_sets(const Study& study) {
  return of_families(study.corpus, study.split.test, study.families.instruction_sets);
}

std::vector<Cell> training_cells(const Study& study, const FirstStudyOptions& options, Random& random) {
  auto few = options;
  few.attack_accounts = 50;
  Composer composer(study, few, random);
  const auto people = known_people(study, study.split.calibrate);
  composer.attack("systematic", systematic, people);
  composer.attack("naive", naive, people);
  composer.attack("sorted", sorted, people);
  composer.attack("clustered", clustered, people);
  return std::move(composer.cells);
}

std::vector<Cell> evasive_cells(const Study& study, const FirstStudyOptions& options, Random& random) {
  Composer composer(study, options, random);
  const auto people = test_people(study, options), sets = instruction_sets(study);
  composer.attack("alternating, instruction sets", alternating, sets);
  composer.attack("alternating, people's prompts", alternating, people);
  composer.diluted_at(.5, sets, people, kBurst);
  composer.diluted_at(.3, sets, people, kBurst);
  return std::move(composer.cells);
}

std::vector<Cell> alike_cells(const Study& study, const FirstStudyOptions& options, Random& random) {
  Composer composer(study, options, random);
  const auto people = test_people(study, options), sets = instruction_sets(study);
  for (const double similarity : kSimilarities) {
    composer.alike_at(similarity, "instruction sets", sets);
    composer.alike_at(similarity, "people's prompts", people);
  }
  return std::move(composer.cells);
}

std::vector<Cell> honest_cells(const Study& study, const FirstStudyOptions& options, std::uint64_t seed,
                               Random& random) {
  Composer composer(study, options, random);
  add_honest(composer, study.corpus, options.families, test_people(study, options),
             test_unseen(study, options, seed));
  return std::move(composer.cells);
}

std::vector<Cell> compose_cells(const Study& study, const FirstStudyOptions& options, const CellPools& pools,
                                Random& random) {
  Composer composer(study, options, random);
  add_honest(composer, study.corpus, options.families, pools.people, pools.unseen);
  add_attackers(composer, pools.sets, pools.people, options.shares);
  for (const auto& name : pools.streams) {
    composer.attack("stream " + name, stream, of_families(study.corpus, study.split.test, {&name, 1}));
  }
  return std::move(composer.cells);
}

std::vector<Cell> first_study_cells(const Study& study, const FirstStudyOptions& options, std::uint64_t seed,
                                    Random& random) {
  return compose_cells(study, options,
                       {test_people(study, options), test_unseen(study, options, seed), instruction_sets(study),
                        study.families.streams},
                       random);
}

}  // namespace cms::lab
