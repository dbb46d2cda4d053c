// The degradation ladder over real honest accounts: at each rung as few fall to PoH <= .01 as the promise says.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cmath>
#include <cstdlib>

#include "lab/first_study_cells.hpp"
#include "lab/ground.hpp"
#include "pipeline/parallel.hpp"
#include "pipeline/step.hpp"

namespace cms::lab {
namespace {

struct Rung {
  const char* name;
  std::size_t h1_every;        // 0 = never
  std::size_t sampled_one_of;  // of clean accounts
};

// What pipeline/engine.cpp does at each.
constexpr Rung kRungs[] = {{"everything", 1, 1}, {"H1 every eighth", 8, 1}, {"H0 only", 0, 1}, {"sampled", 0, 4}};
constexpr double kClean = .1;  // PoH above which an account is sampled
constexpr std::uint32_t kRanking = 500;

double lowest_poh(const Ground& ground, const ComposedAccount& account, std::size_t number, const Rung& rung,
                  pipeline::Scratch& scratch) {
  auto state = pipeline::make_account(ground.model);
  double poh = 1;
  for (std::size_t i = 0; i < account.rows.size(); ++i) {
    if (poh > kClean && (i + number) % rung.sampled_one_of != 0) continue;
    const bool full = rung.h1_every > 0 && i % rung.h1_every == 0;
    advance(ground.model, state, ground.study.projected[account.rows[i]], 0, scratch,
            full ? pipeline::Effort::full : pipeline::Effort::without_h1);
    poh = score_at(ground.model, state, 0).poh;
  }
  return state.score.poh_min;
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
  const auto ground = make_ground(*set, options, 1);
  ASSERT_TRUE(ground) << ground.error().message;
  Random random(2);
  std::vector<ComposedAccount> accounts;
  for (auto& cell : honest_cells(ground->study, ground->options, 1, random)) {
    if (!cell.calibration_kind || cell.name == "batch") continue;
    std::ranges::move(cell.accounts, std::back_inserter(accounts));
  }
  ASSERT_GE(accounts.size(), 400U);
  const auto count = static_cast<double>(accounts.size());
  // The share is of these accounts, ranked among others: both are chance.
  const double chance = std::sqrt(kFlagged * (1 - kFlagged) * (1 / count + 1.0 / kRanking));
  for (const auto& rung : kRungs) {
    std::atomic<int> fallen{0};
    std::vector<pipeline::Scratch> scratches(options.threads);
    pipeline::parallel_for(accounts.size(), options.threads, [&](unsigned thread, std::size_t a) {
      if (lowest_poh(*ground, accounts[a], a, rung, scratches[thread]) <= kFlagged) ++fallen;
    });
    EXPECT_LE(fallen / count, kFlagged + 3 * chance) << rung.name;
    RecordProperty(rung.name, fmt::format("{} of {}", fallen.load(), accounts.size()));
  }
}

}  // namespace
}  // namespace cms::lab
