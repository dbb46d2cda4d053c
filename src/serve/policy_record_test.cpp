#include "serve/policy_record.hpp"

#include <gtest/gtest.h>

#include <set>

#include "store/store_example.hpp"

namespace cms::serve {
namespace {

class PolicyRecord : public testing::Test {
 protected:
  PolicyRecord() : store_(store::Store::open(store::test_options(folder_.path / "store"), store::test_keys()).value()) {
    other_.ladder.observe = .2;
  }
  bool changed(const std::vector<std::string>& tenants, const policy::Policy& policy) {
    return record_policy(store_, tenants, policy, "test", 1).value();
  }
  std::size_t entries() const { return store_.audit("", 0, 100)->size(); }

  store::TestFolder folder_;
  store::Store store_;
  policy::Policy first_, other_;
  std::vector<std::string> both_ = {"acme", "bell"}, one_ = {"acme"};
};

TEST_F(PolicyRecord, the_first_is_entered_and_no_change_and_the_same_again_is_neither) {
  EXPECT_FALSE(changed(both_, first_));
  EXPECT_EQ(entries(), 1U);
  EXPECT_FALSE(changed(both_, first_));
  EXPECT_EQ(entries(), 1U);
}

TEST_F(PolicyRecord, another_is_entered_and_a_change_and_the_first_again_too) {
  EXPECT_FALSE(changed(both_, first_));
  EXPECT_TRUE(changed(both_, other_));
  EXPECT_EQ(entries(), 2U);
  EXPECT_TRUE(changed(both_, first_));
  const auto all = *store_.audit("", 0, 100);
  ASSERT_EQ(all.size(), 3U);
  EXPECT_NE(all[1].detail.find(policy_digest(other_)), std::string::npos) << all[1].detail;
  EXPECT_NE(all[2].detail.find(policy_digest(first_)), std::string::npos) << all[2].detail;
  EXPECT_NE(all[2].detail.find("\"by\":\"test\""), std::string::npos) << all[2].detail;
}

TEST_F(PolicyRecord, a_tenant_that_comes_or_comes_back_is_no_change) {
  EXPECT_FALSE(changed(one_, first_));
  EXPECT_FALSE(changed(both_, first_));  // it came
  EXPECT_EQ(entries(), 1U);
  EXPECT_TRUE(changed(one_, other_));    // the other one is gone
  EXPECT_FALSE(changed(both_, other_));  // and back, with what it had
  EXPECT_EQ(entries(), 2U);
}

TEST(PolicyDigest, is_another_for_whatever_a_policy_says) {
  const policy::Policy plain;
  std::vector<policy::Policy> all(7);
  all[0].ladder.review = .002;
  all[1].shadow = true;
  all[2].jitter = .1;
  all[3].jitter_key[31] = 1;
  all[4].campaign_at_most = Action::price;
  all[5].allowances.push_back({"acme", "a", 1, Action::allow, "why"});
  all[6].allowances.push_back({"acme", "a", 2, Action::allow, "why"});
  std::set<std::string> seen{policy_digest(plain)};
  for (const auto& one : all) EXPECT_TRUE(seen.insert(policy_digest(one)).second);
  EXPECT_EQ(policy_digest(plain), policy_digest({}));
}

}  // namespace
}  // namespace cms::serve
