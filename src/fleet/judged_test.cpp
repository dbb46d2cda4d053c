#include "fleet/judged.hpp"

#include <gtest/gtest.h>
#include <omp.h>

#include <algorithm>
#include <atomic>
#include <map>

#include "fleet/campaign_example.hpp"

namespace cms::fleet {
namespace {

// A fleet whose communities are told by who is in which, so that any change can be made: three that are large enough
// for their sums to be kept, and small ones.
struct Example {
  ExampleWorld world{41};
  Random random{42};
  CampaignCalibration calibration = *calibrate(honest_fleets(world, 16, random), small_options());
  std::vector<Signature> accounts;
  std::vector<std::uint32_t> community_of;

  Example() {
    for (std::uint32_t i = 0; i < 1'400; ++i) add(i < 1'000 ? i % 3 : static_cast<std::uint32_t>(random.below(24)));
  }
  void add(std::uint32_t community) {
    accounts.push_back(world.account(ExampleWorld::some(6, random), 30, random));
    community_of.push_back(community);
  }
  // One account asks once more, or becomes nobody.
  AccountChange change() {
    AccountChange changed{static_cast<std::uint32_t>(random.below(accounts.size())), {}};
    changed.before = accounts[changed.account];
    if (random.below(5) == 0) {
      accounts[changed.account] = {};
      community_of[changed.account] = 1'000 + changed.account;  // alone
    } else {
      world.give(accounts[changed.account], random.below(kExampleCharts), random);
    }
    return changed;
  }
  [[nodiscard]] std::vector<Members> communities() const {
    std::map<std::uint32_t, Members> members;
    for (std::uint32_t i = 0; i < accounts.size(); ++i) members[community_of[i]].push_back(i);
    std::vector<Members> all;
    for (auto& [community, some] : members) all.push_back(std::move(some));
    std::ranges::sort(all, {}, [](const Members& some) { return some.front(); });
    return all;
  }
  Result<void> judge_in(JudgedCommunities& judged, std::span<const AccountChange> changed,
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
    std::vector<AccountChange> changed;
    for (int round = 0; round < 40; ++round) {
      ASSERT_TRUE(example.judge_in(judged, changed));
      expect_as_from_scratch(example, judged);
      std::map<std::uint32_t, AccountChange> once;
      const auto many = round % 10 == 9 ? 900 : random.below(12);  // of some rounds nothing changes, of some most
      for (std::uint64_t n = 0; n < many; ++n) {
        auto one = example.change();
        once.try_emplace(one.account, std::move(one));
      }
      for (std::uint64_t n = random.below(4); n > 0; --n) {
        example.community_of[random.below(example.accounts.size())] = static_cast<std::uint32_t>(random.below(26));
      }
      if (round == 20) {  // two large ones become one
        for (auto& community : example.community_of) community = community == 1 ? 0 : community;
      }
      if (round % 7 == 6) {
        example.add(2);
        once[static_cast<std::uint32_t>(example.accounts.size() - 1)] = {
            static_cast<std::uint32_t>(example.accounts.size() - 1), {}};
      }
      changed.clear();
      for (auto& [account, one] : once) changed.push_back(std::move(one));
    }
  }
  omp_set_num_threads(threads);
}

TEST(JudgedCommunities, are_read_where_something_has_changed_and_nowhere_else) {
  Example example;
  JudgedCommunities judged;
  ASSERT_TRUE(example.judge_in(judged, {}));
  EXPECT_TRUE(std::ranges::all_of(judged.all(), &JudgedCommunity::anew));
  const auto account = judged.all()[2].community.members[1];
  const AccountChange changed{account, example.accounts[account]};
  example.world.give(example.accounts[changed.account], 7, example.random);
  ASSERT_TRUE(example.judge_in(judged, {&changed, 1}));
  for (std::size_t c = 0; c < judged.all().size(); ++c) EXPECT_EQ(judged.all()[c].anew, c == 2) << c;
}

TEST(JudgedCommunities, stay_as_they_were_when_an_update_is_told_to_stop) {
  Example example;
  JudgedCommunities judged;
  ASSERT_TRUE(example.judge_in(judged, {}));
  const std::vector<JudgedCommunity> before(judged.all().begin(), judged.all().end());
  const auto accounts = judged.accounts();
  std::vector<AccountChange> all;
  for (std::uint32_t i = 0; i < example.accounts.size(); ++i) {
    all.push_back({i, example.accounts[i]});
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
