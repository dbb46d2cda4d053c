#include "serve/campaigns.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <thread>

#include "serve/serve_example.hpp"

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
  EXPECT_EQ(get(world, "/v1/tenants/acme/overview")["fell"], Json::array());
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

TEST(Campaigns, hold_through_a_restart_and_an_erased_member_is_gone) {
  ServeWorld world("campaign_restart");
  world.make_campaign("member");
  const auto id = world.campaigns().picture("acme")->flagged.at(0)->id;
  EXPECT_EQ(world.ask("DELETE", kMember, world.as(Role::admin)).status, 204U);
  world.campaigns().update(world.engine());
  EXPECT_EQ(world.campaigns().member({"acme", "member3"}), nullptr);
  EXPECT_EQ(world.campaigns().picture("acme")->flagged.at(0)->accounts, 7U);
  const std::vector<std::string> tenants{"acme", "other"};
  Campaigns again({}, ServeWorld::suspicious(), world.store(), tenants, [&] { return world.now.load(); },
                  {[](const auto&, const auto&) { FAIL() << "nothing has changed"; }, [](const auto&) {},
                   [](const auto&, auto) {}});
  std::stop_source stopped;
  stopped.request_stop();
  again.keep(world.engine(), stopped.get_token());
  EXPECT_EQ(again.member({"acme", "member1"}), nullptr);  // stopped before it had looked for names
  std::stop_source stop;
  std::jthread keeper([&] { again.keep(world.engine(), stop.get_token()); });
  while (again.counters().updates == 0) std::this_thread::yield();
  stop.request_stop();
  keeper.join();
  const auto member = again.member({"acme", "member1"});
  ASSERT_NE(member, nullptr);
  EXPECT_EQ(member->id, id);
  EXPECT_FALSE(member->judged);
  EXPECT_EQ(again.member({"acme", "member3"}), nullptr);
  EXPECT_EQ(again.member({"other", "member1"}), nullptr);
}

TEST(Campaigns, are_told_once_when_they_begin_and_end_and_beyond_the_bound_accounts_are_left_out) {
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
  EXPECT_TRUE(counters.capped);
  EXPECT_GE(counters.left_out, 1U);
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
