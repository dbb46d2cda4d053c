// Who was idle for too long is erased, so many at a time, and never without an entry.
#include "serve/retention.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <rocksdb/db.h>

#include <memory>
#include <set>
#include <vector>

#include "pipeline/model_example.hpp"
#include "serve/serve_example.hpp"
#include "store/rows.hpp"
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
    if (done->erased == 0) break;
    EXPECT_LE(done->erased, 10U + 256U);
    erased += done->erased;
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

// Empties the last row of the last account of the store in this folder.
void damage_last(const std::filesystem::path& folder) {
  rocksdb::Options set;
  set.file_checksum_gen_factory = rocksdb::GetFileChecksumGenCrc32cFactory();
  rocksdb::DB* opened = nullptr;
  ASSERT_TRUE(rocksdb::DB::Open(set, folder, &opened).ok());
  const std::unique_ptr<rocksdb::DB> database(opened);
  const std::unique_ptr<rocksdb::Iterator> last(database->NewIterator({}));
  const auto table = store::table_row(store::Table::account);
  last->SeekForPrev(table + std::string(64, '\xff'));
  ASSERT_TRUE(last->Valid() && last->key().starts_with(table));
  ASSERT_TRUE(database->Put({}, last->key(), "").ok());
}

TEST(Retention, a_damaged_account_keeps_none_before_it_and_nobody_who_stays_is_entered) {
  const store::TestFolder folder;
  const auto options = store::test_options(folder.path);
  std::vector<store::Write> writes;
  for (int i = 0; i < 600; ++i) {
    const store::AccountName name{"acme", fmt::format("idle{}", i)};
    writes.push_back({name, store::test_record(name, 1, true)});
  }
  {
    auto store = store::Store::open(options, store::test_keys());
    ASSERT_TRUE(store && store->commit(writes, {}));
  }
  damage_last(folder.path);
  auto store = store::Store::open(options, store::test_keys());
  ASSERT_TRUE(store) << store.error().message;
  const auto model = pipeline::example_model();
  auto engine = pipeline::Engine::start(model, *store, {.shards = 1}, [] { return ServeWorld::kNow; });
  ASSERT_TRUE(engine);
  const TenantConfig tenant{.name = "acme", .key_file = {}, .key_environment = {}, .retention_days = 30};
  for (int call = 0; call < 3; ++call) {
    static_cast<void>(erase_idle({.store = *store, .engine = *engine, .now = ServeWorld::kNow}, tenant));
  }
  std::multiset<std::string> entered;
  const auto entries = store->audit("acme", 0, 100);
  for (const auto& entry : *entries) {
    const auto detail = nlohmann::json::parse(entry.detail);
    for (const auto& pseudonym : detail["pseudonyms"]) entered.insert(pseudonym.get<std::string>());
  }
  std::size_t gone = 0;
  for (const auto& write : writes) {
    const auto records = store->load(write.name);
    const bool is_gone = records && records->empty();
    gone += is_gone ? 1 : 0;
    EXPECT_EQ(entered.count(*store->pseudonym(write.name)), is_gone ? 1U : 0U) << write.name.account;
  }
  EXPECT_GE(gone, 512U);  // two pages
  EXPECT_LE(gone, 599U);
}

}  // namespace
}  // namespace cms::serve
