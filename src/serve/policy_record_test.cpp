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

// The change is entered before any tenant remembers it, so that no failure between two of them loses it.
TEST(PolicyRecordFaults, a_change_is_in_the_audit_log_whatever_file_operation_fails_once_it_could_be_recorded) {
  const std::vector<std::string> tenants = {"acme", "bell"};
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
    ASSERT_TRUE(record_policy(store, tenants, first, "test", 1));
    files->fail_at(operation, store::Fault::eio);
    auto done = record_policy(store, tenants, other, "test", 2);
    if (files->failed().empty()) break;  // there are no more
    failures += done ? 0 : 1;
    for (int again = 0; again < 5 && !done; ++again) done = record_policy(store, tenants, other, "test", 3);
    ASSERT_TRUE(done) << files->failed();
    const auto digest = policy_digest(other);
    const auto entries = *store.audit("", 0, 100);
    EXPECT_TRUE(std::ranges::any_of(entries, [&](const auto& one) {
      return one.detail.find(digest) != std::string::npos;
    })) << files->failed();
    for (const auto& tenant : tenants) EXPECT_TRUE(*store.tenant_document(tenant, "policy")) << files->failed();
    EXPECT_FALSE(*record_policy(store, tenants, other, "test", 4));
    EXPECT_EQ(store.audit("", 0, 100)->size(), entries.size());
  }
  EXPECT_GE(failures, 3U);  // the audit log's and each tenant's own write
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
  std::set<std::string> seen{policy_digest(plain)};
  for (const auto& one : all) EXPECT_TRUE(seen.insert(policy_digest(one)).second);
  EXPECT_EQ(policy_digest(plain), policy_digest({}));
}

}  // namespace
}  // namespace cms::serve
