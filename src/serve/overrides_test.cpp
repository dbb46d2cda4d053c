#include "serve/overrides.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "serve/serve_example.hpp"
#include "store/injecting_env.hpp"
#include "store/spoilt_example.hpp"

namespace cms::serve {
namespace {

const store::AccountName kAlice{"acme", "alice"};
const std::string kKind(policy::kOverrideKind);
const std::vector<std::string> kTenants{"acme", "other"};

std::string limit_until(double until) {
  return policy::format_override({Action::limit, until, "ticket 1"});
}

void fill(Overrides& overrides) { overrides.fill(kTenants, {}); }

unsigned put(ServeWorld& world, double until = ServeWorld::kNow + 60) {
  return world.ask("PUT", "/v1/tenants/acme/accounts/alice/override",
                   world.as(Role::analyst) + "Content-Type: application/json\r\n", limit_until(until)).status;
}

std::string_view why(ServeWorld& world) { return world.gate().ask(kAlice).decision.why; }

TEST(Overrides, stay_in_force_while_the_disk_says_no) {
  const auto files = std::make_shared<store::InjectingFiles>();  // shared: so RocksDB wants it
  const auto environment = rocksdb::NewCompositeEnv(files);
  ServeWorld world("overrides_disk", {}, {}, {}, environment.get());
  ASSERT_EQ(world.ingest("alice", 20).status, 200U);
  ASSERT_EQ(put(world), 200U);
  files->kill();
  EXPECT_EQ(put(world, ServeWorld::kNow - 1), 503U);  // what could not be written changes nothing
  EXPECT_FALSE(world.store().document(kAlice, kKind));
  EXPECT_EQ(why(world), "override");
  EXPECT_EQ(world.ingest("alice", 3, 2).status, 503U);  // and the store is closed
  EXPECT_EQ(why(world), "override");
}

TEST(Overrides, are_answered_from_memory_and_change_with_what_analysts_do) {
  ServeWorld world("overrides_memory");
  ASSERT_EQ(world.ingest("alice", 3).status, 200U);
  fill(world.overrides());
  ASSERT_EQ(put(world), 200U);
  ASSERT_TRUE(world.store().put_document(kAlice, kKind, "").value());  // behind its back
  EXPECT_EQ(why(world), "override");
  world.now = ServeWorld::kNow + 60;
  EXPECT_NE(why(world), "override");  // it has ended
  ASSERT_EQ(put(world, ServeWorld::kNow + 120), 200U);
  EXPECT_EQ(why(world), "override");
  EXPECT_EQ(world.ask("DELETE", "/v1/tenants/acme/accounts/alice/override", world.as(Role::analyst)).status, 204U);
  EXPECT_NE(why(world), "override");
}

TEST(Overrides, go_with_the_account_that_is_erased_and_not_with_one_that_could_not_be) {
  ServeWorld world("overrides_erased");
  ASSERT_EQ(world.ingest("alice", 3).status, 200U);
  fill(world.overrides());
  ASSERT_EQ(put(world), 200U);
  world.overrides().forget(kAlice, false);
  EXPECT_EQ(why(world), "override");
  ASSERT_EQ(world.ask("DELETE", "/v1/tenants/acme/accounts/alice", world.as(Role::admin)).status, 204U);
  ASSERT_EQ(world.ingest("alice", 3).status, 200U);
  EXPECT_NE(why(world), "override");
  EXPECT_FALSE(world.overrides().put({"acme", "nobody"}, limit_until(1)).value());
  EXPECT_FALSE(world.overrides().of({"acme", "nobody"}));
}

TEST(Overrides, of_before_a_start_are_known_before_and_after_all_accounts_are_read) {
  ServeWorld world("overrides_start");
  ASSERT_EQ(world.ingest("alice", 3).status, 200U);
  ASSERT_EQ(world.ingest("bob", 3).status, 200U);
  ASSERT_EQ(put(world), 200U);
  Overrides started(world.store());
  EXPECT_EQ(started.of(kAlice)->why, "ticket 1");
  EXPECT_FALSE(started.of({"acme", "bob"}));
  fill(started);
  ASSERT_TRUE(world.store().put_document(kAlice, kKind, "").value());  // behind its back
  EXPECT_EQ(started.of(kAlice)->why, "ticket 1");
  EXPECT_FALSE(started.of({"acme", "bob"}));
  EXPECT_FALSE(started.of({"other", "alice"}));
}

TEST(Overrides, whose_document_is_damaged_count_as_none) {
  ServeWorld world("overrides_damaged");
  ASSERT_EQ(world.ingest("alice", 3).status, 200U);
  ASSERT_TRUE(world.store().put_document(kAlice, kKind, "{\"action\":7}").value());
  EXPECT_FALSE(world.overrides().of(kAlice));
  fill(world.overrides());
  EXPECT_FALSE(world.overrides().of(kAlice));
  EXPECT_FALSE(world.overrides().put(kAlice, "{\"action\":7}"));
  std::vector<std::string> told;
  const Overrides started(world.store(),
                          [&](const auto& name, const auto& why) { told.push_back(name.account + why); });
  EXPECT_FALSE(started.of(kAlice));
  ASSERT_EQ(told.size(), 1U);
  EXPECT_TRUE(told.front().starts_with("alice"));
  EXPECT_EQ(started.unread(), 1U);
}

// Of all tenants whatever can be read is; of the rest it is told once, and looked for when it is asked for.
TEST(Overrides, are_read_past_what_cannot_be_listed) {
  for (const std::string bad : {"a2", ""}) {
    for (const bool silently : {false, true}) {
      store::SpoiltStore spoilt;
      const std::string document = limit_until(ServeWorld::kNow);
      for (const auto& name : {store::AccountName{"acme", "a1"}, store::AccountName{"bell", "b1"}}) {
        ASSERT_TRUE(spoilt.store->put_document(name, kKind, document).value());
      }
      spoilt.open_again();
      spoilt.spoil(bad, silently);
      std::vector<std::string> told;
      Overrides overrides(*spoilt.store,
                          [&](const auto& name, const auto&) { told.push_back(name.tenant + name.account); });
      overrides.fill(std::vector<std::string>{"acme", "bell"}, {}, 1);
      EXPECT_EQ(std::ranges::count(told, "acme"), 1) << bad << silently;
      EXPECT_EQ(std::ranges::count(told, "bell"), 0);
      EXPECT_TRUE(overrides.of({"bell", "b1"})) << bad << silently;
      ASSERT_TRUE(spoilt.store->put_document({"bell", "b1"}, kKind, "").value());  // behind its back
      EXPECT_TRUE(overrides.of({"bell", "b1"})) << "it was not filled";
      spoilt.files->mend();
      EXPECT_TRUE(overrides.of({"acme", "a1"})) << bad << silently;
    }
  }
}

}  // namespace
}  // namespace cms::serve
