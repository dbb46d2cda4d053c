// A block that cannot be read, by a bad sector or a flipped bit, is the matter of who lies in it.
#include "store/spoilt_example.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace cms::store {
namespace {

const AccountName kBad{"acme", "a2"};

TEST(Spoilt, accounts_are_listed_past_a_block_that_cannot_be_read) {
  for (const bool silently : {false, true}) {
    for (const std::size_t limit : {1U, 3U, 100U}) {
      SpoiltStore world;
      world.spoil(kBad.account, silently);
      const auto listed = whole_list(*world.store, limit);
      ASSERT_TRUE(listed) << listed.error().message;
      EXPECT_EQ(listed->passed_over, 1U) << limit;
      std::set<std::string> names;
      int sound = 0;
      for (const auto& one : listed->accounts) {
        EXPECT_TRUE(names.insert(one.account).second) << one.account << " comes twice";
        EXPECT_EQ(one.records, one.unread ? 0U : std::uint64_t{SpoiltStore::kRecords}) << one.account;
        sound += one.unread ? 0 : 1;
      }
      EXPECT_FALSE(names.contains(kBad.account));
      EXPECT_GE(sound, SpoiltStore::kAccounts - 3);
      for (int i = 0; i < SpoiltStore::kAccounts; ++i) {
        const auto account = fmt::format("a{}", i);
        EXPECT_TRUE(!world.store->load({"acme", account}) || names.contains(account)) << account;
      }
    }
  }
}

TEST(Spoilt, an_account_whose_last_records_cannot_be_read_is_not_listed_as_one_that_has_none) {
  for (const bool silently : {false, true}) {
    int unread = 0;
    for (int i = 0; i < SpoiltStore::kAccounts; ++i) {
      SpoiltStore world;
      world.spoil(fmt::format("a{}", i), silently);
      const auto listed = whole_list(*world.store, 100);
      ASSERT_TRUE(listed) << listed.error().message;
      for (const auto& one : listed->accounts) {
        EXPECT_TRUE(one.unread || one.records == SpoiltStore::kRecords) << one.account;
        unread += one.unread ? 1 : 0;
      }
    }
    EXPECT_GT(unread, 0) << "no block had rows of two accounts: the test tells nothing";
  }
}

TEST(Spoilt, a_list_of_which_nothing_can_be_read_says_so_and_ends) {
  SpoiltStore world;
  world.spoil("", false);
  const auto failed = whole_list(*world.store, 3);
  ASSERT_FALSE(failed) << "a disk that says no to everything has no accounts passed over";
  EXPECT_EQ(failed.error().code, ErrorCode::failed);
  world.spoil("", true);
  for (const std::size_t limit : {1U, 100U}) {
    const auto listed = whole_list(*world.store, limit);
    ASSERT_TRUE(listed) << listed.error().message;
    EXPECT_EQ(listed->passed_over, 1U);
    EXPECT_LE(listed->accounts.size(), 1U);  // one begins in a block of another tenant's
  }
  world.files->mend();
  EXPECT_EQ(whole_list(*world.store, 5)->accounts.size(), std::size_t{SpoiltStore::kAccounts});
}

TEST(Spoilt, new_accounts_that_would_lie_in_the_block_are_taken_in) {
  for (const bool silently : {false, true}) {
    SpoiltStore world;
    world.spoil(kBad.account, silently);
    int taken = 0;
    for (int i = 0; i < 200; ++i) {
      const AccountName name{"acme", fmt::format("new {}", i)};
      const Write write{name, test_record(name, 1, false)};
      taken += world.store->commit({&write, 1}, {}) ? 1 : 0;
    }
    EXPECT_GE(taken, 197);  // the filter is wrong about one in a hundred, of those that would lie there
  }
}

TEST(Spoilt, an_account_that_cannot_be_read_is_not_erased_and_says_so_until_the_disk_gives_it_again) {
  for (const bool silently : {false, true}) {
    SpoiltStore world;
    world.spoil(kBad.account, silently);
    const auto refused = world.store->erase(kBad);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, silently ? ErrorCode::bad_input : ErrorCode::failed);
    EXPECT_TRUE(world.store->erase({"acme", "a7"}).value());
    world.files->mend();
    EXPECT_TRUE(world.store->erase(kBad).value());
  }
}

}  // namespace
}  // namespace cms::store
