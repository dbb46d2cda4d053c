#include "fleet/judged.hpp"

#include <gtest/gtest.h>
#include <omp.h>

#include <algorithm>
#include <atomic>
#include <map>

#include "fleet/campaign_example.hpp"

namespace cms::fleet {
namespace {

// A fleet whose communities are told by who is in which, so that any change can be made.
struct Example {
  ExampleWorld world{41};
  Random random{42};
  CampaignCalibration calibration = *calibrate(honest_fleets(world, 16, random), small_options());
  std::vector<Signature> accounts;
  std::vector<std::uint32_t> community_of;

  Example() {
    for (std::uint32_t i = 0; i < 400; ++i) {
      accounts.push_back(world.account(ExampleWorld::some(6, random), 30, random));
      community_of.push_back(static_cast<std::uint32_t>(random.below(24)));
    }
  }
  [[nodiscard]] std::vector<Members> communities() const {
    std::map<std::uint32_t, Members> members;
    for (std::uint32_t i = 0; i < accounts.size(); ++i) members[community_of[i]].push_back(i);
    std::vector<Members> all;
    for (auto& [community, some] : members) all.push_back(std::move(some));
    std::ranges::sort(all, {}, [](const Members& some) { return some.front(); });
    return all;
  }
  Result<void> judge_in(JudgedCommunities& judged, std::span<const std::uint32_t> changed,
                        const Stop& stop = {}) const {
    return judged.update(calibration, communities(), accounts, {}, changed, stop);
  }
};

bool same(const Campaign& a, const Campaign& b) {
  return a.members == b.members && a.evidence == b.evidence && a.poh == b.poh && a.breadth_poh == b.breadth_poh &&
         a.suspects == b.suspects && a.reading.distance == b.reading.distance &&
         a.reading.effective_charts == b.reading.effective_charts && a.reading.requests == b.reading.requests;
}

void expect_as_from_scratch(const Example& example, const JudgedCommunities& judged) {
  std::size_t next = 0;
  for (const auto& members : example.communities()) {
    if (members.size() < example.calibration.options.members_min) continue;
    ASSERT_LT(next, judged.all().size());
    EXPECT_TRUE(same(judged.all()[next++].community, judge(example.calibration, example.accounts, members)));
  }
  EXPECT_EQ(next, judged.all().size());
}

TEST(JudgedCommunities, are_after_every_update_what_they_are_from_scratch_for_any_number_of_threads) {
  const int threads = omp_get_max_threads();
  for (const int some : {1, 3}) {
    omp_set_num_threads(some);
    Example example;
    auto& random = example.random;
    JudgedCommunities judged;
    std::vector<std::uint32_t> changed;
    for (int round = 0; round < 30; ++round) {
      ASSERT_TRUE(example.judge_in(judged, changed));
      expect_as_from_scratch(example, judged);
      changed.clear();
      for (std::uint64_t n = random.below(6); n > 0; --n) {  // of some rounds nothing changes
        const auto account = static_cast<std::uint32_t>(random.below(example.accounts.size()));
        if (random.below(3) == 0) {
          example.community_of[account] = static_cast<std::uint32_t>(random.below(26));
        } else {
          example.world.give(example.accounts[account], random.below(kExampleCharts), random);
          changed.push_back(account);
        }
      }
      if (round % 7 == 6) {
        example.accounts.push_back(example.world.account({1, 2}, 20, random));
        example.community_of.push_back(3);
        changed.push_back(static_cast<std::uint32_t>(example.accounts.size() - 1));
      }
    }
  }
  omp_set_num_threads(threads);
}

TEST(JudgedCommunities, are_read_where_something_has_changed_and_nowhere_else) {
  Example example;
  JudgedCommunities judged;
  ASSERT_TRUE(example.judge_in(judged, {}));
  EXPECT_TRUE(std::ranges::all_of(judged.all(), &JudgedCommunity::anew));
  const std::uint32_t account = judged.all()[2].community.members[1];
  example.world.give(example.accounts[account], 7, example.random);
  ASSERT_TRUE(example.judge_in(judged, {&account, 1}));
  for (std::size_t c = 0; c < judged.all().size(); ++c) EXPECT_EQ(judged.all()[c].anew, c == 2) << c;
}

TEST(JudgedCommunities, stay_as_they_were_when_an_update_is_told_to_stop) {
  Example example;
  JudgedCommunities judged;
  ASSERT_TRUE(example.judge_in(judged, {}));
  const std::vector<JudgedCommunity> before(judged.all().begin(), judged.all().end());
  const auto accounts = judged.accounts();
  std::vector<std::uint32_t> all(example.accounts.size());
  for (std::uint32_t i = 0; i < all.size(); ++i) {
    all[i] = i;
    example.world.give(example.accounts[i], 3, example.random);
  }
  std::atomic<int> asked = 0;
  const auto done = example.judge_in(judged, all, [&] { return ++asked > 3; });
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, ErrorCode::failed);
  ASSERT_EQ(judged.all().size(), before.size());
  EXPECT_EQ(judged.accounts(), accounts);
  for (std::size_t c = 0; c < before.size(); ++c) EXPECT_TRUE(same(judged.all()[c].community, before[c].community));
  ASSERT_TRUE(example.judge_in(judged, all));
  expect_as_from_scratch(example, judged);
}

}  // namespace
}  // namespace cms::fleet
