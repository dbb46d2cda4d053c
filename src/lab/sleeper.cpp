#include "lab/sleeper.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/progress.hpp"
#include "lab/attackers.hpp"
#include "lab/first_study_cells.hpp"
#include "lab/ground.hpp"
#include "pipeline/parallel.hpp"
#include "types/score.hpp"

namespace cms::lab {
namespace {

SleeperOutcome judge(const Ground& ground, const Sleeper& sleeper, std::string attack) {
  const auto poh = poh_of(ground, sleeper.account.rows);
  SleeperOutcome outcome{std::move(attack), sleeper.onset, false, 0, 0};
  const auto flags = [](double one) { return one <= kFlagged; };
  outcome.flagged_before = std::any_of(poh.begin(), poh.begin() + sleeper.onset, flags);
  for (std::uint32_t i = sleeper.onset; i < sleeper.end && outcome.delay == 0; ++i) {
    if (poh[i] <= kFlagged) outcome.delay = i + 1 - sleeper.onset;
  }
  for (std::uint32_t i = sleeper.end; i < poh.size() && outcome.recovery == 0; ++i) {
    if (poh[i] > kRecovered) outcome.recovery = i + 1 - sleeper.end;
  }
  return outcome;
}

struct Task {
  std::string attack;
  std::optional<Sleeper> sleeper;
};

std::vector<Task> tasks_of(const Ground& ground, const SleeperOptions& options, Random& random) {
  const auto& study = ground.study;
  const auto people = known_people(study, study.split.test), sets = instruction_sets(study);
  const std::pair<const char*, Pool> pools[] = {{"instruction sets", sets}, {"people's prompts", people}};
  std::vector<Task> tasks;
  for (const bool systematic_attack : {false, true}) {
    for (const auto& [name, pool] : pools) {
      for (const auto asleep : options.asleep) {
        for (std::uint32_t a = 0, tries = 0; a < options.accounts && tries < 20 * options.accounts; ++tries) {
          auto one = sleeper(study.corpus, {pool, people}, asleep, options.attack_requests, options.after_requests,
                             systematic_attack, random);
          if (!one) continue;
          tasks.push_back({fmt::format("{}, {}", systematic_attack ? "systematic" : "naive", name), std::move(one)});
          ++a;
        }
      }
    }
  }
  return tasks;
}

}  // namespace

std::optional<Sleeper> sleeper(const Corpus& corpus, const SleeperParts& parts, std::uint32_t asleep,
                               std::uint32_t attack, std::uint32_t after, bool systematic_attack, Random& random) {
  HonestOptions honest;
  honest.length = {asleep + after, std::max(1U, asleep)};
  const auto cover = power(corpus, parts.cover, honest, random);
  if (!cover) return std::nullopt;
  AttackOptions options;
  // What the cover has taken of the same texts is left out, so that as many are drawn more.
  options.length = {attack + asleep, attack};
  options.pool_factor = 2;
  const auto stolen = systematic_attack ? systematic(corpus, parts.attack, options, random)
                                        : naive(corpus, parts.attack, options, random);
  if (!stolen) return std::nullopt;
  Sleeper made;
  made.account.kind = "sleeper";
  UsedTexts used(corpus);
  const auto add = [&](std::uint32_t row, bool attacks) {
    if (!used.take(row)) return false;
    made.account.rows.push_back(row);
    made.account.from_attacker.push_back(attacks);
    return true;
  };
  for (std::uint32_t i = 0; i < asleep; ++i) add(cover->rows[i], false);
  made.onset = asleep;
  std::uint32_t sent = 0;
  for (std::size_t i = 0; i < stolen->rows.size() && sent < attack; ++i) sent += add(stolen->rows[i], true) ? 1 : 0;
  if (sent < attack) return std::nullopt;
  made.end = asleep + sent;
  for (std::size_t i = asleep; i < cover->rows.size(); ++i) add(cover->rows[i], false);
  return made;
}

Result<std::vector<SleeperOutcome>> run_sleepers(const SleeperOptions& options, TextsUsed& texts) {
  CMS_TRY(set, read_ground(options.data, options.families));
  std::vector<SleeperOutcome> outcomes;
  for (const auto seed : options.seeds) {
    const GroundOptions standing{options.score, options.ranking_accounts, 1, options.threads, options.families};
    CMS_TRY(ground, make_ground(set, standing, seed, texts));
    Random random(seed + 3);
    const auto tasks = tasks_of(ground, options, random);
    std::vector<ComposedAccount> sleepers;
    for (const auto& task : tasks) sleepers.push_back(task.sleeper->account);
    texts.add("sleepers", ground.study, sleepers);
    std::vector<SleeperOutcome> judged(tasks.size());
    Progress progress(fmt::format("sleepers, seed {}", seed), "accounts", tasks.size());
    pipeline::parallel_for(tasks.size(), options.threads, [&](unsigned, std::size_t t) {
      judged[t] = judge(ground, *tasks[t].sleeper, tasks[t].attack);
      progress.advance(1);
    });
    outcomes.insert(outcomes.end(), judged.begin(), judged.end());
  }
  if (outcomes.empty()) {
    return fail(ErrorCode::bad_input, "the data have too few texts for any sleeper: shorter --asleep, fewer "
                                      "--attack-requests, or more texts of people and of instruction sets are needed");
  }
  return outcomes;
}

}  // namespace cms::lab
