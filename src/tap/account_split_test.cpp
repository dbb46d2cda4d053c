#include "tap/account_split.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

namespace cms::tap {
namespace {

// `accounts` of 5 rows; every third text is one that all accounts send.
ActivationSet traffic(std::size_t accounts, bool texts = true) {
  ActivationSet set;
  set.manifest.dimension = 2;
  for (std::size_t i = 0; i < accounts * 5; ++i) {
    RowInfo row;
    row.account = fmt::format("account {}", i % accounts);
    row.time = static_cast<double>(i);
    const bool common = i % 3 == 0;
    if (texts) row.more = {{"text", common ? "hello" : fmt::format("text {}", i)}};
    set.rows.push_back(std::move(row));
    set.values.push_back(common ? -1.0F : static_cast<float>(i));
    set.values.push_back(0.5F);
  }
  return set;
}

std::set<std::string> accounts_of(const ActivationSet& set) {
  std::set<std::string> names;
  for (const auto& row : set.rows) names.insert(row.account);
  return names;
}

TEST(AccountSplit, counts_no_account_that_loses_all_its_texts) {
  auto set = traffic(100);
  const auto before = split_accounts(set, {});
  ASSERT_TRUE(before);
  const auto loser = *accounts_of(before->benign).begin();
  for (auto& row : set.rows) {
    if (row.account == loser) row.more["text"] = "hello";  // which those that calibrate say too
  }
  const auto after = split_accounts(set, {});
  ASSERT_TRUE(after);
  EXPECT_EQ(after->benign_accounts, before->benign_accounts - 1);
  EXPECT_EQ(after->benign_accounts, accounts_of(after->benign).size());
}

TEST(AccountSplit, leaves_every_account_in_one_part_and_no_text_in_two) {
  for (const bool texts : {true, false}) {
    const auto set = traffic(100, texts);
    const auto parts = split_accounts(set, {});
    ASSERT_TRUE(parts);
    std::set<float> known;
    for (std::size_t i = 0; i < parts->calibrate.count(); ++i) known.insert(parts->calibrate.row(i)[0]);
    for (std::size_t i = 0; i < parts->benign.count(); ++i) EXPECT_FALSE(known.contains(parts->benign.row(i)[0]));
    const auto benign = accounts_of(parts->benign), calibrate = accounts_of(parts->calibrate);
    for (const auto& name : benign) EXPECT_FALSE(calibrate.contains(name));
    EXPECT_EQ(parts->benign_accounts + parts->calibrate_accounts, 100u);
    EXPECT_EQ(parts->benign.count() + parts->calibrate.count() + parts->dropped, set.count());
    EXPECT_EQ(parts->calibrate.count(), 5 * parts->calibrate_accounts);  // nothing is dropped there
    EXPECT_GT(parts->dropped, 0u);
    EXPECT_NEAR(static_cast<double>(parts->calibrate_accounts), 70, 15);
  }
}

TEST(AccountSplit, puts_an_account_where_its_name_says_whatever_else_is_there) {
  const auto few = split_accounts(traffic(20), {}), many = split_accounts(traffic(200), {});
  ASSERT_TRUE(few && many);
  const auto there = accounts_of(many->calibrate);
  for (const auto& name : accounts_of(few->calibrate)) EXPECT_TRUE(there.contains(name)) << name;
  for (const auto& name : accounts_of(few->benign)) EXPECT_FALSE(there.contains(name)) << name;
  const auto other = split_accounts(traffic(200), {.seed = 2});
  EXPECT_NE(accounts_of(other->calibrate), there);
}

TEST(AccountSplit, refuses_what_cannot_be_split) {
  EXPECT_EQ(split_accounts(traffic(1), {}).error().code, ErrorCode::bad_input);
  EXPECT_EQ(split_accounts(traffic(9), {.calibrate = 1}).error().code, ErrorCode::usage);
  auto nameless = traffic(9);
  nameless.rows[7].account.clear();
  EXPECT_NE(split_accounts(nameless, {}).error().message.find("row 7"), std::string::npos);
}

}  // namespace
}  // namespace cms::tap
