#include "serve/campaigns.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <thread>

#include "serve/campaigns_example.hpp"
#include "store/injecting_env.hpp"

namespace cms::serve {
namespace {

using Json = nlohmann::json;

Json get(ServeWorld& world, const std::string& path, const std::string& tenant = "acme") {
  const auto answer = world.ask("GET", path, world.as(Role::reader, tenant));
  EXPECT_EQ(answer.status, 200U) << path << ": " << answer.body;
  return Json::parse(answer.body, nullptr, false);
}

constexpr const char* kMember = "/v1/tenants/acme/accounts/member3";

TEST(Campaigns, members_meet_the_campaigns_action_wherever_they_are_asked_about_and_keep_their_poh) {
  ServeWorld world("campaigns");
  world.ingest("alice", 27, 9);
  const auto before = get(world, kMember + std::string("/decision"));
  EXPECT_EQ(before["campaign"], nullptr);
  world.make_campaign("member");
  const auto decision = get(world, kMember + std::string("/decision"));
  EXPECT_EQ(decision["action"], "limit");
  EXPECT_EQ(decision["why"], "campaign");
  EXPECT_EQ(decision["campaign"]["accounts"], 8);
  EXPECT_NE(decision["campaign"]["words"].get<std::string>().find("8 accounts cover"), std::string::npos);
  const auto account = get(world, kMember);
  EXPECT_EQ(account["action"], "limit");
  EXPECT_EQ(account["campaign"], decision["campaign"]);
  const auto alone = world.engine().look_up({"acme", "member3"}, world.now).value().value();
  EXPECT_EQ(account["poh"].is_null(), !alone.score.computed);
  if (alone.score.computed) {
    EXPECT_EQ(account["poh"], alone.score.poh);
  }
  EXPECT_EQ(world.gate().ask({"acme", "member3"}).decision.action, Action::limit);
  EXPECT_EQ(get(world, "/v1/tenants/acme/accounts/alice/decision")["campaign"], nullptr);
  EXPECT_EQ(get(world, "/v1/tenants/acme/overview")["actions"]["limit"], 8);
  // Who fell, fell by itself: a campaign makes nobody fall.
  const auto overview = get(world, "/v1/tenants/acme/overview");
  for (const auto& one : overview["fell"]) EXPECT_EQ(one["action"], "observe") << one;
  int limited = 0;
  const auto page = get(world, "/v1/tenants/acme/accounts");
  for (const auto& one : page["accounts"]) limited += one.contains("campaign");
  EXPECT_EQ(limited, 8);
}

TEST(Campaigns, shadow_an_override_an_allowance_and_the_policys_bound_go_before_it) {
  ServeWorld world("campaign_policy");
  world.make_campaign("member");
  const auto decision = [&] { return get(world, kMember + std::string("/decision")); };
  policy::Policy policy;
  policy.shadow = true;
  world.policy = std::make_shared<policy::Policy>(policy);
  EXPECT_EQ(decision()["action"], "allow");
  EXPECT_EQ(decision()["would_be"], "limit");
  EXPECT_EQ(decision()["campaign"]["accounts"], 8);
  policy = {};
  policy.campaign_at_most = Action::observe;
  world.policy = std::make_shared<policy::Policy>(policy);
  EXPECT_EQ(decision()["action"], "observe");
  policy = {};
  policy.allowances.push_back({"acme", "member3", ServeWorld::kNow + 1, Action::allow, "a test"});
  world.policy = std::make_shared<policy::Policy>(policy);
  EXPECT_EQ(decision()["why"], "allowance");
  world.policy = std::make_shared<policy::Policy>();
  world.ask("PUT", kMember + std::string("/override"),
            world.as(Role::analyst) + "Content-Type: application/json\r\n",
            R"({"action":"price","until":1900000000,"why":"a test"})");
  EXPECT_EQ(decision()["action"], "price");
  EXPECT_EQ(decision()["why"], "override");
}

TEST(Campaigns, are_listed_shown_paged_and_tagged_and_other_tenants_see_nothing) {
  ServeWorld world("campaign_pages");
  world.make_campaign("member");
  const auto page = get(world, "/v1/tenants/acme/campaigns");
  EXPECT_EQ(page["on"], true);
  EXPECT_EQ(page["accounts"], 8);
  EXPECT_EQ(page["judged_communities"], 1);
  ASSERT_EQ(page["campaigns"].size(), 1U);
  const auto& summary = page["campaigns"][0];
  EXPECT_EQ(summary["action"], "limit");
  const auto path = "/v1/tenants/acme/campaigns/" + summary["id"].get<std::string>();
  const auto whole = get(world, path);
  EXPECT_EQ(whole["campaign"], summary);
  EXPECT_EQ(whole["members"].size(), 8U);
  EXPECT_EQ(whole["members"][3]["account"], "member3");
  EXPECT_EQ(whole["ledger"]["charts"], whole["covered"].size());
  EXPECT_EQ(whole["graph"]["accounts"].size(), 8U);
  EXPECT_FALSE(whole["graph"]["links"].empty());
  std::vector<std::string> names;
  std::string cursor;
  for (int pages = 0; pages < 5; ++pages) {
    const auto part = get(world, path + "?limit=3&cursor=" + cursor);
    for (const auto& member : part["members"]) names.push_back(member["account"]);
    if (part["cursor"].is_null()) break;
    cursor = part["cursor"];
  }
  EXPECT_EQ(names, (std::vector<std::string>{"member0", "member1", "member2", "member3", "member4", "member5",
                                             "member6", "member7"}));
  const auto tag = world.ask("GET", path, world.as(Role::reader)).headers.at("etag");
  EXPECT_EQ(world.ask("GET", path, world.as(Role::reader) + "If-None-Match: " + tag + "\r\n").status, 304U);
  EXPECT_EQ(get(world, "/v1/tenants/other/campaigns", "other")["campaigns"], Json::array());
  const auto id = summary["id"].get<std::string>();
  EXPECT_EQ(world.ask("GET", "/v1/tenants/other/campaigns/" + id, world.as(Role::reader, "other")).status, 404U);
  EXPECT_EQ(world.ask("GET", path + "0", world.as(Role::reader)).status, 404U);
  for (const auto* query : {"?state=x", "?limit=0", "?limit=1001", "?cursor=zz", "?cursor=41", "?limit=1&limit=1"}) {
    EXPECT_EQ(world.ask("GET", std::string("/v1/tenants/acme/campaigns") + query, world.as(Role::reader)).status, 400U)
        << query;
  }
}

TEST(Campaigns, the_lists_tag_stays_while_updates_find_nothing_new) {
  ServeWorld world("campaign_tag");
  world.make_campaign("member");
  const auto ask = [&](const std::string& tag) {
    return world.ask("GET", "/v1/tenants/acme/campaigns", world.as(Role::reader) + "If-None-Match: " + tag + "\r\n");
  };
  const auto tag = ask("\"none\"").headers.at("etag");
  world.now = world.now + 30;
  world.campaigns().update(world.engine());
  EXPECT_EQ(get(world, "/v1/tenants/acme/campaigns")["time"], world.now.load());
  EXPECT_EQ(ask(tag).status, 304U);
  world.ingest("late", 27, 3);
  world.campaigns().update(world.engine());
  EXPECT_EQ(ask(tag).status, 200U);
}

TEST(Campaigns, pages_of_the_list_hold_each_campaign_once) {
  ServeWorld world("campaign_list");
  for (int c = 0; c < 3; ++c) {
    for (int i = 0; i < 6; ++i) world.ingest(fmt::format("group{}-{}", c, i), 27, 3 + 10 * c);
    world.now = world.now + 1;
    world.campaigns().set_filled();
    world.campaigns().update(world.engine());
  }
  const auto all = get(world, "/v1/tenants/acme/campaigns")["campaigns"];
  ASSERT_GE(all.size(), 2U);
  std::vector<Json> paged;
  std::string cursor;
  for (std::size_t pages = 0; pages <= all.size(); ++pages) {
    const auto page = get(world, "/v1/tenants/acme/campaigns?limit=1&cursor=" + cursor);
    EXPECT_EQ(page["total"], all.size());
    for (const auto& one : page["campaigns"]) paged.push_back(one);
    if (page["cursor"].is_null()) break;
    cursor = page["cursor"];
  }
  EXPECT_EQ(Json(paged), all);
}

TEST(Campaigns, hold_through_a_restart_from_the_first_moment_and_an_erased_member_is_gone) {
  ServeWorld world("campaign_restart");
  world.make_campaign("member");
  const auto id = world.campaigns().picture("acme")->flagged.at(0)->id;
  EXPECT_EQ(world.ask("DELETE", kMember, world.as(Role::admin)).status, 204U);
  world.campaigns().update(world.engine());
  Restarted again(world);
  const auto member = again.made.member({"acme", "member1"});
  ASSERT_NE(member, nullptr);
  EXPECT_EQ(member->id, id);
  EXPECT_EQ(member->accounts, 7U);
  EXPECT_FALSE(member->judged);
  EXPECT_EQ(again.made.member({"acme", "member3"}), nullptr);
  EXPECT_EQ(again.made.member({"other", "member1"}), nullptr);
  std::stop_source stop;
  std::jthread keeper([&] { again.made.keep(world.engine(), stop.get_token()); });
  while (again.made.counters().updates == 0) std::this_thread::yield();
  stop.request_stop();
  keeper.join();
  EXPECT_EQ(again.made.member({"acme", "member1"})->id, id);
  EXPECT_EQ(again.told, std::vector<std::string>());
  EXPECT_EQ(again.said, std::vector<std::string>());
}

TEST(Campaigns, an_erased_member_is_in_no_picture_when_the_erasure_is_done_and_in_no_document_after_the_next_update) {
  ServeWorld world("campaign_erased");
  world.make_campaign("member");
  const auto number = world.store().number({"acme", "member3"}).value();
  const auto kept = [&] {
    const auto document = world.store().tenant_document("acme", "campaigns").value().value();
    return fleet::decode_campaigns(document).value().campaigns.at(0).members;
  };
  EXPECT_TRUE(std::ranges::binary_search(kept(), number));
  EXPECT_EQ(world.ask("DELETE", kMember, world.as(Role::admin)).status, 204U);
  EXPECT_EQ(world.campaigns().member({"acme", "member3"}), nullptr);
  const auto campaign = world.campaigns().picture("acme")->flagged.at(0);
  EXPECT_EQ(campaign->accounts, 7U);
  EXPECT_EQ(campaign->members.size(), 7U);
  EXPECT_EQ(std::ranges::count(campaign->drawn, "member3"), 0);
  EXPECT_FALSE(campaign->links.empty());
  for (const auto& link : campaign->links) EXPECT_LT(std::max(link.a, link.b), 7U);
  world.campaigns().update(world.engine());  // within the minute in which nothing else is written
  EXPECT_FALSE(std::ranges::binary_search(kept(), number));
  EXPECT_EQ(kept().size(), 7U);
}

TEST(Campaigns, declared_automation_is_left_out_until_its_first_request_after_the_allowance_has_ended) {
  ServeWorld world("campaign_declared");
  world.make_campaign("member");
  policy::Policy policy;
  policy.allowances.push_back({"acme", "member3", ServeWorld::kNow + 1, Action::observe, "a test"});
  policy.allowances.push_back({"other", "member4", ServeWorld::kNow + 1, Action::observe, "another's"});
  world.policy = std::make_shared<policy::Policy>(policy);
  const auto members = [&] {
    world.campaigns().update(world.engine());
    std::set<std::string> names;
    for (const auto& [name, campaign] : world.campaigns().picture("acme")->members) names.insert(name);
    return names;
  };
  auto without = std::set<std::string>();
  for (int i = 0; i < 8; ++i) without.insert("member" + std::to_string(i));
  const auto all = without;
  without.erase("member3");
  EXPECT_EQ(members(), without);
  EXPECT_EQ(world.campaigns().counters().accounts, 7U);
  world.ingest("member3", 1, 3);
  EXPECT_EQ(members(), without);
  world.now = ServeWorld::kNow + 2;
  EXPECT_EQ(members(), without);
  world.ingest("member3", 1, 3);
  EXPECT_EQ(members(), all);
}

TEST(Campaigns, a_document_of_the_first_version_is_read_and_becomes_one_of_this) {
  ServeWorld world("campaign_version");
  world.make_campaign("member");
  const auto document = world.store().tenant_document("acme", "campaigns").value().value();
  auto campaigns = fleet::decode_campaigns(document).value().campaigns;
  auto& members = campaigns.at(0).members;
  members.clear();
  for (int i = 0; i < 8; ++i) {
    const auto pseudonym = world.store().pseudonym({"acme", "member" + std::to_string(i)}).value();
    members.push_back(std::stoull(pseudonym, nullptr, 16));
  }
  members.push_back(12345);  // of somebody who is gone
  std::ranges::sort(members);
  auto first = fleet::encode(campaigns);
  first[0] = 1;
  ASSERT_TRUE(world.store().put_tenant_document("acme", "campaigns",
                                                {reinterpret_cast<const char*>(first.data()), first.size()}));
  const Restarted again(world);
  for (int i = 0; i < 8; ++i) EXPECT_NE(again.made.member({"acme", "member" + std::to_string(i)}), nullptr);
  EXPECT_EQ(world.store().tenant_document("acme", "campaigns").value().value(), document);
  EXPECT_EQ(again.said, std::vector<std::string>());
}

TEST(Campaigns, nobody_is_judged_before_all_that_waited_when_the_store_was_read_has_been_taken_in) {
  ServeWorld world("campaign_backlog");
  world.make_campaign("member");
  Restarted again(world);
  const auto takes = [&](const std::string& account) {
    const pipeline::Change change{{"acme", account}, world.now, {}};
    again.made.take({&change, 1});
  };
  for (std::size_t i = 0; i < 2 * Campaigns::kReadsMax; ++i) takes("nobody" + std::to_string(i));
  for (int i = 0; i < 8; ++i) takes("member" + std::to_string(i));  // whom two updates do not reach
  again.made.set_filled();
  for (std::size_t i = 0; i < Campaigns::kReadsMax; ++i) takes("later" + std::to_string(i));
  for (int update = 0; update < 3; ++update) {
    again.made.update(world.engine());
    EXPECT_EQ(again.made.counters().filled, update == 2);
    EXPECT_EQ(again.made.picture("acme")->filled, update == 2);
    EXPECT_EQ(again.told, std::vector<std::string>());
    EXPECT_EQ(again.made.picture("acme")->flagged.at(0)->judged, update == 2);
  }
  EXPECT_GT(again.made.counters().waiting, 0U);
}

TEST(Campaigns, of_what_was_read_at_the_start_beyond_a_bound_the_names_wait_alone) {
  ServeWorld world("campaign_remembered");
  world.make_campaign("member");
  Restarted again(world);
  const auto trace = world.engine().trace({"acme", "member1"}).value().value();
  for (std::size_t i = 0; i < Campaigns::kRememberedMax; ++i) {
    EXPECT_TRUE(again.made.remember({"other", "account" + std::to_string(i)}, trace, again.made.erasures()));
  }
  EXPECT_EQ(again.made.counters().waiting, 0U);
  EXPECT_TRUE(again.made.remember({"acme", "member1"}, trace, again.made.erasures()));
  EXPECT_EQ(again.made.counters().waiting, 1U);
  EXPECT_EQ(again.made.counters().left_out, 0U);
}

TEST(Campaigns, what_was_read_at_the_start_does_not_replace_what_was_read_since) {
  ServeWorld world("campaign_stale");
  world.make_campaign("member");
  const auto distinct = [&] { return world.campaigns().picture("acme")->flagged.at(0)->distinct; };
  const auto before = world.engine().trace({"acme", "member1"}).value().value();
  world.ingest("member1", 40, 4);
  world.campaigns().update(world.engine());
  const auto now = distinct();
  EXPECT_TRUE(world.campaigns().remember({"acme", "member1"}, before, world.campaigns().erasures()));
  world.campaigns().update(world.engine());
  EXPECT_EQ(distinct(), now);
}

TEST(Campaigns, what_the_disk_refuses_is_told_once_and_written_when_it_takes_it) {
  const auto files = std::make_shared<store::InjectingFiles>();  // shared: so RocksDB wants it
  const auto environment = rocksdb::NewCompositeEnv(files);
  ServeWorld world("campaign_disk", {}, {}, {}, environment.get());
  for (int i = 0; i < 8; ++i) world.ingest("member" + std::to_string(i), 27, 3);
  Restarted again(world);
  const auto kept = [&] { return world.store().tenant_document("acme", "campaigns").value().has_value(); };
  again.made.set_filled();
  const auto changed = [&] {
    for (int i = 0; i < 8; ++i) {
      const pipeline::Change change{{"acme", "member" + std::to_string(i)}, world.now, {}};
      again.made.take({&change, 1});
    }
  };
  for (int update = 0; update < 3; ++update) {
    changed();
    files->fail_at(1, store::Fault::eio);
    again.made.update(world.engine());
    EXPECT_FALSE(kept());
    EXPECT_EQ(again.said.size(), 1U);
    EXPECT_EQ(again.told, std::vector<std::string>());  // nothing that a restart would not know
  }
  changed();
  again.made.update(world.engine());  // though a minute has not passed
  EXPECT_TRUE(kept());
  EXPECT_EQ(again.told.size(), 1U);
}

TEST(Campaigns, who_is_erased_after_the_last_update_is_not_in_what_is_left_at_the_end) {
  ServeWorld world("campaign_end");
  world.make_campaign("member");
  Restarted again(world);
  const auto number = world.store().number({"acme", "member3"}).value();
  again.made.forget({"acme", "member3"});
  again.made.finish();
  const auto document = world.store().tenant_document("acme", "campaigns").value().value();
  const auto members = fleet::decode_campaigns(document).value().campaigns.at(0).members;
  EXPECT_EQ(members.size(), 7U);
  EXPECT_FALSE(std::ranges::binary_search(members, number));
}

TEST(Campaigns, an_account_whose_erasure_failed_is_a_member_as_before_and_is_read_again) {
  ServeWorld world("campaign_failed_erasure");
  world.make_campaign("member");
  Restarted again(world);
  again.made.again({"acme", "member3"});
  EXPECT_NE(again.made.member({"acme", "member3"}), nullptr);
  EXPECT_EQ(again.made.counters().waiting, 1U);
  again.made.update(world.engine());
  EXPECT_EQ(again.made.counters().waiting, 0U);
  EXPECT_NE(again.made.member({"acme", "member3"}), nullptr);
}

TEST(Campaigns, a_document_that_cannot_be_read_stays_until_there_is_something_to_write) {
  ServeWorld world("campaign_unread");
  ASSERT_TRUE(world.store().put_tenant_document("acme", "campaigns", "of a later version"));
  Restarted again(world);
  EXPECT_EQ(again.said.size(), 1U);
  again.made.set_filled();
  again.made.update(world.engine());
  again.made.finish();
  const auto document = world.store().tenant_document("acme", "campaigns").value().value();
  EXPECT_EQ(std::string(document.begin(), document.end()), "of a later version");
}

TEST(Campaigns, are_told_once_when_they_begin_and_end_and_each_tenant_has_a_bound_of_its_own) {
  FleetOptions fleet;
  fleet.accounts_max = 8;
  ServeWorld world("campaign_bounds", {}, {}, {}, nullptr, fleet);
  world.make_campaign("member");
  world.ingest("late", 27, 3);
  world.campaigns().update(world.engine());
  const auto counters = world.campaigns().counters();
  EXPECT_EQ(counters.accounts, 8U);
  EXPECT_EQ(counters.flagged, 1U);
  EXPECT_EQ(counters.members, 8U);
  EXPECT_EQ(counters.waiting, 0U);
  EXPECT_EQ(counters.capped, 1U);
  EXPECT_GE(counters.left_out, 1U);
  EXPECT_EQ(get(world, "/v1/tenants/acme/campaigns")["capped"], true);
  EXPECT_EQ(get(world, "/v1/tenants/other/campaigns", "other")["capped"], false);
  ASSERT_EQ(world.told.size(), 1U);
  EXPECT_EQ(world.told[0].first, "acme");
  EXPECT_EQ(world.told[0].second.change, fleet::CampaignChange::flagged);
  world.now = world.now + 8 * 86'400;
  world.campaigns().update(world.engine());
  ASSERT_EQ(world.told.size(), 2U);
  EXPECT_EQ(world.told[1].second.change, fleet::CampaignChange::released);
  EXPECT_EQ(world.campaigns().counters().accounts, 0U);
  EXPECT_EQ(get(world, "/v1/tenants/acme/campaigns?state=released")["campaigns"][0]["accounts"], 8);
  EXPECT_FALSE(world.store().tenant_document("acme", "campaigns").value().has_value());
}

}  // namespace
}  // namespace cms::serve
