// What the last rung of the degradation ladder sheds, request by request, against the rule and the pure step.
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <utility>

#include "pipeline/engine_example.hpp"
#include "pipeline/standing.hpp"

namespace cms::pipeline {
namespace {

constexpr std::size_t kBatch = kTogether;  // looked at before any of it is stepped
constexpr std::uint32_t kQueue = 18;       // of which a batch takes more than 85%

TEST_F(EngineTest, at_the_last_rung_suspects_are_kept_whole_and_clean_accounts_lose_what_chance_draws) {
  const Traffic traffic(24, 120, 14);
  auto store = open();
  std::map<std::string, AccountState> states;
  Scratch scratch;
  std::size_t shed = 0, suspects_drawn = 0;
  {
    auto engine = start(store, {.shards = 1, .queue_items = kQueue});
    for (std::size_t first = 0; first + kBatch <= traffic.items.size(); first += kBatch) {
      const std::span items(traffic.items.data() + first, kBatch);
      Batch batch;
      batch.tenant = "t";
      batch.items.assign(items.begin(), items.end());
      const auto refusals = engine.ingest(std::move(batch)).refusals;
      ASSERT_EQ(refusals.size(), kBatch);
      std::map<std::string, double> pohs;  // before the batch
      for (const auto& item : items) {
        const auto& state = states.try_emplace(item.account, make_account(example())).first->second;
        pohs.try_emplace(item.account, score_at(example(), state, state.time).poh);
      }
      for (std::size_t i = 0; i < kBatch; ++i) {
        const auto& item = items[i];
        const bool drawn = is_left_out(1 + first / kBatch, i);
        const bool clean = pohs[item.account] > kCleanPoh;
        ASSERT_EQ(refusals[i], drawn && clean ? Refusal::shed : Refusal::none) << first + i;
        shed += drawn && clean;
        suspects_drawn += drawn && !clean;
        if (drawn && clean) continue;
        auto& state = states.at(item.account);
        const auto projected = project_together(example(), std::span(&item, 1), scratch);
        advance(example(), state, projected[0], item.time, scratch, effort_at(3, example(), state));
      }
    }
    EXPECT_EQ(engine.counters().at_rung[3], traffic.items.size() / kBatch * kBatch);
    EXPECT_EQ(engine.counters().shed, shed);
  }
  EXPECT_GT(shed, 100U);
  EXPECT_GT(suspects_drawn, 100U);
  Hashes wanted;
  for (const auto& [account, state] : states) wanted[account] = hash_of(state);
  EXPECT_EQ(stored(store, wanted), wanted);
}

}  // namespace
}  // namespace cms::pipeline
