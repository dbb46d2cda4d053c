#include "serve/gate.hpp"

#include <gtest/gtest.h>

#include "pipeline/admission.hpp"
#include "serve/caller.hpp"
#include "serve/serve_example.hpp"
#include "store/injecting_env.hpp"

namespace cms::serve {
namespace {

Gate make_gate(ServeWorld& world, const GateOptions& options = {}) {
  return Gate(world.engine(), world.overrides(), [&world] { return world.policy; },
              [&world] { return world.now.load(); }, options);
}

// An account whose action an analyst has fixed.
void fix(ServeWorld& world, const std::string& account, std::string_view action) {
  ASSERT_EQ(world.ingest(account, 3).status, 200u);
  const auto body = fmt::format(R"({{"action":"{}","until":{},"why":"test"}})", action, ServeWorld::kNow + 1e6);
  const auto answer = world.ask("PUT", "/v1/tenants/acme/accounts/" + account + "/override",
                                world.as(Role::analyst) + "Content-Type: application/json\r\n", body);
  ASSERT_EQ(answer.status, 200u) << answer.body;
}

TEST(Gate, lets_through_whoever_is_unknown_or_below_limit) {
  ServeWorld world("gate_unknown");
  auto gate = make_gate(world);
  EXPECT_EQ(gate.ask({"acme", "nobody"}).status, "unknown");
  fix(world, "dear", "price");
  for (int i = 0; i < 100; ++i) {
    EXPECT_TRUE(gate.ask({"acme", "nobody"}).pass);
    EXPECT_TRUE(gate.ask({"acme", "dear"}).pass);
  }
  EXPECT_EQ(gate.ask({"acme", "dear"}).decision.action, Action::price);
}

TEST(Gate, lets_through_names_that_no_account_has_and_asks_the_disk_for_none_of_them) {
  ServeWorld world("gate_names");
  auto gate = make_gate(world, {.fail_open = false});
  for (const auto& name : {std::string(), std::string(257, 'x'), std::string("a\0b", 3), std::string("\xff")}) {
    const auto verdict = gate.ask({"acme", name});
    EXPECT_TRUE(verdict.pass && !verdict.stale) << name;
    EXPECT_EQ(verdict.status, "unknown") << name;
  }
  EXPECT_EQ(world.overrides().unread(), 0U);
}

TEST(Gate, lets_through_a_minutes_worth_and_then_as_time_goes) {
  ServeWorld world("gate_limit");
  auto gate = make_gate(world, {.limit_per_minute = 6});
  fix(world, "fast", "limit");
  for (int i = 0; i < 6; ++i) EXPECT_TRUE(gate.ask({"acme", "fast"}).pass) << i;
  const auto verdict = gate.ask({"acme", "fast"});
  EXPECT_FALSE(verdict.pass);
  EXPECT_GE(verdict.retry_after_s, 10);
  EXPECT_LE(verdict.retry_after_s, 12.5);
  world.now = ServeWorld::kNow + verdict.retry_after_s;  // who does as told passes
  EXPECT_TRUE(gate.ask({"acme", "fast"}).pass);
  EXPECT_FALSE(gate.ask({"acme", "fast"}).pass);
}

TEST(Gate, lets_through_no_more_than_the_rate_over_hours_however_often_it_is_asked) {
  ServeWorld world("gate_hours");
  auto gate = make_gate(world, {.review_per_minute = 2});
  fix(world, "keen", "review");
  int passed = 0;
  for (int second = 0; second < 7200; ++second) {
    world.now = ServeWorld::kNow + second;
    passed += gate.ask({"acme", "keen"}).pass ? 1 : 0;
  }
  EXPECT_GE(passed, 240);
  EXPECT_LE(passed, 242);
}

TEST(Gate, blocks_only_where_the_rate_is_none) {
  ServeWorld world("gate_block");
  auto gate = make_gate(world, {.review_per_minute = 0});
  fix(world, "out", "review");
  EXPECT_FALSE(gate.ask({"acme", "out"}).pass);
  EXPECT_GE(gate.ask({"acme", "out"}).retry_after_s, 3600);
}

TEST(Gate, remembers_a_bounded_number_of_accounts) {
  ServeWorld world("gate_bounded");
  auto gate = make_gate(world, {.limit_per_minute = 1, .accounts_max = 2});
  for (const auto* account : {"a", "b", "c"}) {
    fix(world, account, "limit");
    EXPECT_TRUE(gate.ask({"acme", account}).pass) << account;
    world.now = world.now + 1;
  }
  // The one that was asked for longest ago has been forgotten, the others not.
  EXPECT_FALSE(gate.ask({"acme", "c"}).pass);
  EXPECT_FALSE(gate.ask({"acme", "b"}).pass);
}

TEST(Gate, acts_on_nobody_in_shadow) {
  ServeWorld world("gate_shadow");
  auto shadow = std::make_shared<policy::Policy>();
  shadow->shadow = true;
  world.policy = shadow;
  auto gate = make_gate(world, {.limit_per_minute = 0});
  fix(world, "seen", "limit");
  const auto verdict = gate.ask({"acme", "seen"});
  EXPECT_TRUE(verdict.pass);
  EXPECT_EQ(verdict.decision.would_be, Action::limit);
}

// The disk dies in the middle of an account's requests; what it did until then is limited.
class DeadDisk : public testing::Test {
 protected:
  DeadDisk() {
    auto strict = std::make_shared<policy::Policy>();
    strict->ladder = {1, 1, 1, 0};  // whoever has a score is limited
    world_.policy = strict;
    EXPECT_EQ(world_.ingest("alice", 20).status, 200u);
    EXPECT_EQ(gate_.ask({"acme", "alice"}).decision.action, Action::limit);
    files_->kill();
    EXPECT_EQ(world_.ingest("alice", 3, 2).status, 503u);
  }

  std::shared_ptr<store::InjectingFiles> files_ = std::make_shared<store::InjectingFiles>();  // so RocksDB wants it
  std::unique_ptr<rocksdb::Env> environment_ = rocksdb::NewCompositeEnv(files_);
  ServeWorld world_{"gate_disk", {}, {}, {}, environment_.get()};
  Gate gate_ = make_gate(world_);
};

TEST_F(DeadDisk, leaves_decisions_as_they_were_known_also_of_whose_requests_were_refused) {
  const auto verdict = gate_.ask({"acme", "alice"});
  EXPECT_EQ(verdict.status, "computed");
  EXPECT_EQ(verdict.decision.action, Action::limit);
  EXPECT_TRUE(verdict.stale);
  const auto decision = nlohmann::json::parse(
      world_.ask("GET", "/v1/tenants/acme/accounts/alice/decision", world_.as(Role::reader)).body);
  EXPECT_EQ(decision["action"], "limit");
  EXPECT_EQ(decision["stale"], true);
  EXPECT_GT(decision["as_of"], 0.);
}

TEST_F(DeadDisk, lets_accounts_through_that_cannot_be_read_and_on_demand_does_not) {
  const auto open = gate_.ask({"acme", "nobody"});
  EXPECT_EQ(open.status, "unavailable");
  EXPECT_TRUE(open.pass);
  EXPECT_TRUE(open.stale);
  auto closed = make_gate(world_, {.fail_open = false});
  const auto verdict = closed.ask({"acme", "nobody"});
  EXPECT_FALSE(verdict.pass);
  EXPECT_GE(verdict.retry_after_s, 5);
  EXPECT_EQ(verdict.decision.action, Action::allow);
  EXPECT_TRUE(closed.ask({"acme", "alice"}).pass) << "its allowance is not used up";
}

TEST(Gate, fails_closed_neither_in_shadow_nor_against_what_an_analyst_or_an_allowance_says) {
  const auto files = std::make_shared<store::InjectingFiles>();
  const auto environment = rocksdb::NewCompositeEnv(files);
  ServeWorld world("gate_closed", {}, {}, {.shards = 1, .memory_bytes = 1}, environment.get());
  fix(world, "dear", "allow");
  fix(world, "foe", "limit");
  for (int i = 0; i < 200; ++i) {  // others, who sent later, put them out of memory
    ASSERT_EQ(world.ingest("other" + std::to_string(i), 6).status, 200u);
  }
  files->kill();
  ASSERT_EQ(world.ingest("other", 1).status, 503u);
  auto gate = make_gate(world, {.limit_per_minute = 0, .fail_open = false});
  const auto dear = gate.ask({"acme", "dear"}), foe = gate.ask({"acme", "foe"});
  EXPECT_EQ(dear.status, "unavailable");
  EXPECT_TRUE(dear.pass);
  EXPECT_EQ(foe.status, "unavailable");
  EXPECT_EQ(foe.decision.action, Action::limit);
  EXPECT_FALSE(foe.pass);
  EXPECT_FALSE(gate.ask({"acme", "nobody"}).pass);
  auto allowing = std::make_shared<policy::Policy>();
  allowing->allowances.push_back({"acme", "nobody", ServeWorld::kNow + 60, Action::allow, "a nightly evaluation"});
  world.policy = allowing;
  EXPECT_TRUE(gate.ask({"acme", "nobody"}).pass);
  auto shadow = std::make_shared<policy::Policy>();
  shadow->shadow = true;
  world.policy = shadow;
  for (const auto* account : {"dear", "foe", "nobody"}) EXPECT_TRUE(gate.ask({"acme", account}).pass) << account;
}

TEST(Caller, finds_the_key_where_clients_put_it) {
  EXPECT_EQ(api_key_of({{"authorization", "Bearer  sk-1"}}), "sk-1");
  EXPECT_EQ(api_key_of({{"X-Api-Key", "sk-2"}}), "sk-2");
  EXPECT_EQ(api_key_of({{"api-key", "sk-3"}}), "sk-3");
  EXPECT_EQ(api_key_of({{"Authorization", "Basic dTpw"}, {"x-api-key", "sk-4"}}), "sk-4");
  EXPECT_EQ(api_key_of({{"Authorization", "Bearer "}}), "");
  EXPECT_EQ(api_key_of({}), "");
  EXPECT_EQ(api_key_of({{"Authorization", "Bearer \tsk-5\xa0 "}}), "sk-5");
  EXPECT_EQ(api_key_of({{"x-api-key", " sk-6\x0b"}}), "sk-6");
  EXPECT_EQ(api_key_of({{"Authorization", "Bearersk-7"}}), "");
}

TEST(Caller, tells_when_there_are_several_keys) {
  EXPECT_FALSE(shows_several_keys({}));
  EXPECT_FALSE(shows_several_keys({{"Authorization", "Bearer sk"}, {"x-api-key", "sk"}}));
  EXPECT_FALSE(shows_several_keys({{"Authorization", "Basic dTpw"}, {"x-api-key", "sk"}}));
  EXPECT_TRUE(shows_several_keys({{"Authorization", "Bearer decoy"}, {"x-api-key", "sk"}}));
  EXPECT_TRUE(shows_several_keys({{"api-key", "sk"}, {"API-Key", "sk"}}));
}

TEST(Caller, names_an_account_that_does_not_tell_the_key) {
  ServeWorld world("caller_names");
  const auto account = account_of_key(world.store(), "acme", "sk-secret");
  ASSERT_TRUE(account);
  EXPECT_EQ(account->size(), 20u);
  EXPECT_TRUE(account->starts_with("key-"));
  EXPECT_EQ(*account_of_key(world.store(), "acme", "sk-secret"), *account);
  EXPECT_NE(*account_of_key(world.store(), "acme", "sk-secres"), *account);
  EXPECT_NE(account_of_key(world.store(), "other", "sk-secret")->substr(4), account->substr(4));
  EXPECT_NE(account_of_address(world.store(), "acme", "sk-secret")->substr(8), account->substr(4));
}

TEST(Caller, takes_keys_that_are_no_text) {
  ServeWorld world("caller_bytes");
  EXPECT_TRUE(account_of_key(world.store(), "acme", "\xff\xfe\x01"));
  EXPECT_FALSE(account_of_key(world.store(), "acme", ""));
  EXPECT_TRUE(account_of_key(world.store(), "acme", std::string(100'000, 'k'))) << "nobody would be let past";
  EXPECT_FALSE(account_of_key(world.store(), "nobody", "sk"));
}

TEST(Caller, knows_a_name_by_what_the_engine_takes) {
  const std::vector<std::pair<std::string, bool>> names{
      {"", false},         {"a", true},         {std::string(256, 'a'), true}, {std::string(257, 'a'), false},
      {"a b/\n", true},    {"\u00e4", true},    {"\xff", false},               {"\xed\xa0\x80", false},
      {std::string("a\0b", 3), false}};
  for (const auto& [name, is_one] : names) {
    EXPECT_EQ(pipeline::is_account_name(name), is_one) << name;
    const pipeline::Item item{name, ServeWorld::kNow, {1}, pipeline::Refusal::none};
    EXPECT_EQ(pipeline::check(item, 1, ServeWorld::kNow, {}) == pipeline::Refusal::none, is_one) << name;
  }
}

TEST(Caller, makes_an_account_of_a_name_that_is_none) {
  ServeWorld world("caller_names_none");
  const auto named = [&](const std::string& name) { return account_of_name(world.store(), "acme", name); };
  EXPECT_EQ(*named("alice"), "alice");
  const std::string endless(5000, 'a');
  EXPECT_EQ(named(endless)->size(), 21U);
  EXPECT_TRUE(named(endless)->starts_with("name-"));
  EXPECT_EQ(*named(endless), *named(endless));
  EXPECT_NE(*named(endless), *named(endless + "a"));
  EXPECT_NE(named(endless)->substr(5), account_of_name(world.store(), "other", endless)->substr(5));
  EXPECT_TRUE(pipeline::is_account_name(*named("\xff")));
  EXPECT_FALSE(named(""));
  EXPECT_FALSE(account_of_name(world.store(), "nobody", endless));
}

}  // namespace
}  // namespace cms::serve
