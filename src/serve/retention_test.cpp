// Who was idle for too long is erased, so many at a time, and never without an entry.
#include "serve/retention.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <vector>

#include "serve/serve_example.hpp"
#include "store/store_example.hpp"

namespace cms::serve {
namespace {

TEST(Retention, more_idle_accounts_than_one_call_takes_are_erased_by_the_next_ones_each_after_its_entry) {
  ServeWorld world("retention");
  ASSERT_EQ(world.ingest("alice", 3).status, 200U);  // lately
  std::vector<store::Write> writes;
  for (int i = 0; i < 600; ++i) {
    const store::AccountName name{"acme", fmt::format("idle{}", i)};
    writes.push_back({name, store::test_record(name, 1, true)});  // of 1970
  }
  ASSERT_TRUE(world.store().commit(writes, {}));
  const TenantConfig tenant{.name = "acme", .key_file = {}, .key_environment = {}, .retention_days = 30};
  const Retention some{world.store(), world.engine(), ServeWorld::kNow, 10};
  std::uint64_t erased = 0;
  std::size_t calls = 0;
  for (; calls < 10; ++calls) {
    const auto done = erase_idle(some, tenant);
    ASSERT_TRUE(done) << done.error().message;
    if (*done == 0) break;
    EXPECT_LE(*done, 10U + 256U);
    erased += *done;
  }
  EXPECT_EQ(erased, 600U);
  EXPECT_GE(calls, 3U);
  const auto left = world.store().list("acme", "", 1000);
  ASSERT_EQ(left->accounts.size(), 1U);
  EXPECT_EQ(left->accounts[0].account, "alice");
  std::size_t entered = 0;
  const auto entries = world.store().audit("acme", 0, 100);
  for (const auto& entry : *entries) entered += nlohmann::json::parse(entry.detail)["pseudonyms"].size();
  EXPECT_EQ(entered, 600U);
}

}  // namespace
}  // namespace cms::serve
