// The degradation ladder over real honest accounts: at each rung as few fall to PoH <= .01 as the promise says.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cmath>
#include <cstdlib>
#include <optional>

#include "lab/first_study_cells.hpp"
#include "lab/ground.hpp"
#include "pipeline/admission.hpp"
#include "pipeline/parallel.hpp"
#include "pipeline/step.hpp"

namespace cms::lab {
namespace {

// By number.
constexpr const char* kRungs[] = {"everything", "H1 every eighth", "H0 only", "sampled"};
constexpr std::uint32_t kSampled = 3;
constexpr std::uint32_t kRanking = 500;

struct Walk {
  std::optional<double> lowest_poh;  // nothing where no score was computed
  std::size_t taken = 0;             // requests that were not left out
};

// As pipeline/engine.cpp does at the rung.
Walk walk(const Ground& ground, const ComposedAccount& account, std::size_t number, std::uint32_t rung,
          pipeline::Scratch& scratch) {
  auto state = pipeline::make_account(ground.model);
  double poh = 1;
  Walk done;
  for (std::size_t i = 0; i < account.rows.size(); ++i) {
    if (rung == kSampled && poh > pipeline::kCleanPoh && pipeline::is_left_out(number, i)) continue;
    advance(ground.model, state, ground.study.projected[account.rows[i]], 0, scratch,
            pipeline::effort_at(rung, ground.model, state));
    poh = score_at(ground.model, state, 0).poh;
    ++done.taken;
  }
  if (score_at(ground.model, state, 0).computed) done.lowest_poh = state.score.poh_min;
  return done;
}

struct Fallen {
  double scored = 0, fallen = 0;  // accounts
  double taken = 0;               // share of requests
};

Fallen at_rung(const Ground& ground, std::span<const ComposedAccount> accounts, std::uint32_t rung, unsigned threads) {
  std::atomic<int> scored{0}, fallen{0};
  std::atomic<std::size_t> taken{0}, sent{0};
  std::vector<pipeline::Scratch> scratches(threads);
  pipeline::parallel_for(accounts.size(), threads, [&](unsigned thread, std::size_t a) {
    const auto [lowest, count] = walk(ground, accounts[a], a, rung, scratches[thread]);
    scored += lowest ? 1 : 0;
    fallen += lowest && *lowest <= kFlagged ? 1 : 0;
    taken += count;
    sent += accounts[a].rows.size();
  });
  return {double(scored), double(fallen), double(taken) / double(sent)};
}

TEST(shared_rungs, keep_the_promise_to_real_honest_accounts) {
  const char* folder = std::getenv("CMS_SHARED_DIR");
  if (folder == nullptr) GTEST_SKIP() << "CMS_SHARED_DIR is not set";
  const auto data = std::filesystem::path(folder) / "data";
  if (!std::filesystem::exists(data)) GTEST_SKIP() << data << " does not exist";
  const auto set = read_ground(data);
  ASSERT_TRUE(set) << set.error().message;
  GroundOptions options;
  options.scale = .5;
  options.ranking_accounts = kRanking;
  options.threads = pipeline::default_threads();
  TextsUsed texts;
  const auto ground = make_ground(*set, options, 1, texts);
  ASSERT_TRUE(ground) << ground.error().message;
  Random random(2);
  std::vector<ComposedAccount> honest, attackers;
  for (auto& cell : first_study_cells(ground->study, ground->options, 1, random)) {
    if (cell.calibration_kind && cell.name != "batch") std::ranges::move(cell.accounts, std::back_inserter(honest));
    if (cell.name == "systematic, people's prompts") attackers = std::move(cell.accounts);
  }
  ASSERT_GE(honest.size(), 400U);
  ASSERT_GE(attackers.size(), 50U);
  const auto count = static_cast<double>(honest.size());
  // The share is of these accounts, ranked among others: both are chance.
  const double chance = std::sqrt(kFlagged * (1 - kFlagged) * (1 / count + 1.0 / kRanking));
  for (std::uint32_t rung = 0; rung < std::size(kRungs); ++rung) {
    const auto people = at_rung(*ground, honest, rung, options.threads);
    const auto caught = at_rung(*ground, attackers, rung, options.threads);
    EXPECT_GE(people.scored, .9 * count) << kRungs[rung] << ": who is not scored keeps any promise";
    EXPECT_LE(people.fallen / count, kFlagged + 3 * chance) << kRungs[rung];
    // A score that flags nobody keeps it too. With three in four requests shed .92 were flagged at the last rung.
    EXPECT_GE(caught.fallen, .95 * double(attackers.size())) << kRungs[rung];
    RecordProperty(kRungs[rung], fmt::format("{} of {} honest, {} of {} attackers, {:.2f} and {:.2f} of requests",
                                          people.fallen, count, caught.fallen, attackers.size(), people.taken,
                                          caught.taken));
  }
}

}  // namespace
}  // namespace cms::lab
