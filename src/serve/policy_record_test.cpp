#include "serve/policy_record.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <set>

#include "store/injecting_env.hpp"
#include "store/store_example.hpp"

namespace cms::serve {
namespace {

class PolicyRecord : public testing::Test {
 protected:
  PolicyRecord() : store_(store::Store::open(store::test_options(folder_.path / "store"), store::test_keys()).value()) {
    other_.ladder.observe = .2;
  }
  bool changed(const policy::Policy& policy) { return record_policy(store_, policy, config_, "test", 1).value(); }
  std::size_t entries() const { return store_.audit("", 0, 100)->size(); }

  store::TestFolder folder_;
  store::Store store_;
  policy::Policy first_, other_;
  Config config_;
};

TEST_F(PolicyRecord, the_first_is_entered_and_no_change_and_the_same_again_is_neither) {
  EXPECT_FALSE(changed(first_));
  EXPECT_EQ(entries(), 1U);
  EXPECT_FALSE(changed(first_));
  EXPECT_EQ(entries(), 1U);
}

TEST_F(PolicyRecord, another_is_entered_and_a_change_and_the_first_again_too) {
  EXPECT_FALSE(changed(first_));
  EXPECT_TRUE(changed(other_));
  EXPECT_EQ(entries(), 2U);
  EXPECT_TRUE(changed(first_));
  const auto all = *store_.audit("", 0, 100);
  ASSERT_EQ(all.size(), 3U);
  EXPECT_NE(all[1].detail.find(policy_digest(other_, config_)), std::string::npos) << all[1].detail;
  EXPECT_NE(all[2].detail.find(policy_digest(first_, config_)), std::string::npos) << all[2].detail;
  EXPECT_NE(all[2].detail.find("\"by\":\"test\""), std::string::npos) << all[2].detail;
}

TEST_F(PolicyRecord, what_others_enter_meanwhile_is_no_policy) {
  EXPECT_FALSE(changed(first_));
  const auto enter = [&](const char* tenant, const char* action, const char* detail) {
    ASSERT_TRUE(store_.append_audit({.number = 0, .time = 1, .tenant = tenant, .actor = "somebody", .action = action,
                                     .detail = detail, .hash = ""}));
  };
  enter("*", "policy", "{}");  // asked for it to be read again
  enter("*", "policy", "no JSON");
  const auto deep = R"({"digest":)" + std::string(100'000, '[') + std::string(100'000, ']') + "}";
  enter("*", "policy", deep.c_str());  // somebody who could write the file
  enter("acme", "label", R"({"digest":"x"})");
  EXPECT_FALSE(changed(first_));
  EXPECT_EQ(entries(), 5U);
}

// Tenants once remembered it, and one that was away meanwhile another than the others.
TEST(PolicyRecordRestart, a_return_to_what_a_tenant_that_was_away_had_last_is_a_change) {
  const store::TestFolder folder;
  const auto all = store::test_keys();
  const store::KeyRing one{*all.begin()};
  policy::Policy first, other;
  other.ladder.observe = .2;
  const auto start_with = [&](const store::KeyRing& keys, const policy::Policy& policy) {
    auto store = store::Store::open(store::test_options(folder.path / "store"), keys).value();
    return record_policy(store, policy, {}, "start", 1).value();
  };
  EXPECT_FALSE(start_with(all, first));
  EXPECT_TRUE(start_with(one, other));
  EXPECT_FALSE(start_with(all, other));  // a tenant that comes back is no change
  EXPECT_TRUE(start_with(one, first));
  EXPECT_TRUE(start_with(all, other));
}

TEST(PolicyRecordFaults, a_change_is_in_the_audit_log_whatever_file_operation_fails_once_it_could_be_recorded) {
  policy::Policy first, other;
  other.ladder.observe = .2;
  std::size_t failures = 0;
  for (std::uint64_t operation = 1;; ++operation) {
    const store::TestFolder folder;
    const auto files = std::make_shared<store::InjectingFiles>();  // shared: so RocksDB wants it
    const auto environment = rocksdb::NewCompositeEnv(files);
    auto options = store::test_options(folder.path / "store");
    options.environment = environment.get();
    auto store = store::Store::open(options, store::test_keys()).value();
    ASSERT_TRUE(record_policy(store, first, {}, "test", 1));
    files->fail_at(operation, store::Fault::eio);
    auto done = record_policy(store, other, {}, "test", 2);
    if (files->failed().empty()) break;  // there are no more
    failures += done ? 0 : 1;
    for (int again = 0; again < 5 && !done; ++again) done = record_policy(store, other, {}, "test", 3);
    ASSERT_TRUE(done) << files->failed();
    const auto digest = policy_digest(other, {});
    const auto entries = *store.audit("", 0, 100);
    EXPECT_TRUE(std::ranges::any_of(entries, [&](const auto& one) {
      return one.detail.find(digest) != std::string::npos;
    })) << files->failed();
    EXPECT_FALSE(*record_policy(store, other, {}, "test", 4));
    EXPECT_EQ(store.audit("", 0, 100)->size(), entries.size());
  }
  EXPECT_GE(failures, 1U);
}

TEST(PolicyDigest, is_another_for_whatever_a_policy_says) {
  const policy::Policy plain;
  std::vector<policy::Policy> all(7);
  all[0].ladder.review = .002;
  all[1].shadow = true;
  all[2].jitter = .2;
  all[3].jitter_key.emplace()[31] = 1;
  all[4].campaign_at_most = Action::price;
  all[5].allowances.push_back({"acme", "a", 1, Action::allow, "why"});
  all[6].allowances.push_back({"acme", "a", 2, Action::allow, "why"});
  const Config config;
  std::set<std::string> seen{policy_digest(plain, config)};
  for (const auto& one : all) EXPECT_TRUE(seen.insert(policy_digest(one, config)).second);
  EXPECT_EQ(policy_digest(plain, config), policy_digest({}, {}));
}

TEST(PolicyDigest, is_another_for_whatever_else_decides_what_limited_accounts_may) {
  std::vector<Config> all(5);
  all[0].gate.limit_per_minute = 7;
  all[1].gate.review_per_minute = 2;
  all[2].gate.fail_open = false;
  all[3].fleet.calibration = "fleet.cms";
  all[4].fleet.calibration = "fleet.cms";
  all[4].fleet.level = .02;
  std::set<std::string> seen{policy_digest({}, {})};
  for (const auto& one : all) EXPECT_TRUE(seen.insert(policy_digest({}, one)).second);
  Config off;
  off.fleet.level = .02;  // of no fleet
  EXPECT_TRUE(seen.contains(policy_digest({}, off)));
}

}  // namespace
}  // namespace cms::serve
