// The dashboard's endpoints over a socket.
#include <gtest/gtest.h>

#include "serve/answer_example.hpp"

namespace cms::serve {
namespace {

using Json = nlohmann::ordered_json;

void expect_secured(const Answer& answer) {
  const auto& policy = answer.headers.at("content-security-policy");
  for (const auto* part : {"default-src 'none'", "script-src 'self'", "frame-ancestors 'none'", "base-uri 'none'"}) {
    EXPECT_NE(policy.find(part), std::string::npos) << part;
  }
  EXPECT_EQ(policy.find("unsafe"), std::string::npos);
  EXPECT_EQ(answer.headers.at("x-content-type-options"), "nosniff");
}

TEST(dashboard, the_root_leads_to_it_and_all_its_answers_are_secured) {
  ServeWorld world("root");
  const auto root = world.ask("GET", "/");
  EXPECT_EQ(root.status, 302U);
  EXPECT_EQ(root.headers.at("location"), "/dashboard/");
  expect_secured(root);
  EXPECT_EQ(world.ask("GET", "/dashboard").headers.at("location"), "/dashboard/");
  expect_secured(world.ask("GET", "/dashboard/"));
  expect_secured(world.ask("GET", "/dashboard/assets/app-1.js"));
  const auto missing = world.ask("GET", "/dashboard/assets/none.js");
  EXPECT_EQ(missing.status, 404U);
  expect_secured(missing);
  EXPECT_EQ(world.ask("GET", "/dashboard/other").status, 404U);
  EXPECT_EQ(world.ask("GET", "/dashboard/assets/..%2Findex.html").status, 404U);
  EXPECT_EQ(world.ask("POST", "/dashboard/").status, 405U);
}

TEST(dashboard, files_come_packed_to_those_who_read_it_and_plain_to_others) {
  ServeWorld world("coding");
  const auto asset = [&](const std::string& coding) {
    return world.ask("GET", "/dashboard/assets/app-1.js", coding.empty() ? "" : "Accept-Encoding: " + coding + "\r\n");
  };
  for (const auto* coding : {"gzip", "br, gzip;q=0.5", "*", "deflate, GZIP"}) {
    const auto packed = asset(coding);
    EXPECT_EQ(packed.body, "packed") << coding;
    EXPECT_EQ(packed.headers.at("content-encoding"), "gzip");
    EXPECT_EQ(packed.headers.at("vary"), "Accept-Encoding");
    EXPECT_EQ(packed.headers.at("etag"), "\"4567-gzip\"");
  }
  for (const auto* coding : {"", "br", "gzip;q=0", "*;q=0", "gzip;q=0, *"}) {
    const auto plain = asset(coding);
    EXPECT_EQ(plain.body, "let a = 1;") << coding;
    EXPECT_FALSE(plain.headers.contains("content-encoding"));
    EXPECT_EQ(plain.headers.at("etag"), "\"4567\"");
  }
  const auto page = world.ask("GET", "/dashboard/", "Accept-Encoding: gzip\r\n");
  EXPECT_EQ(page.body, "<p>page</p>");
  EXPECT_FALSE(page.headers.contains("content-encoding"));
}

TEST(dashboard, the_page_is_asked_for_anew_and_what_it_is_made_of_never) {
  ServeWorld world("caching");
  const auto page = world.ask("GET", "/dashboard/");
  EXPECT_EQ(page.headers.at("cache-control"), "no-cache");
  EXPECT_EQ(page.headers.at("content-type"), "text/html; charset=utf-8");
  const auto again = world.ask("GET", "/dashboard/", "If-None-Match: " + page.headers.at("etag") + "\r\n");
  EXPECT_EQ(again.status, 304U);
  EXPECT_TRUE(again.body.empty());
  const auto asset = world.ask("GET", "/dashboard/assets/app-1.js");
  EXPECT_EQ(asset.headers.at("cache-control"), "public, max-age=31536000, immutable");
  EXPECT_EQ(asset.headers.at("content-type"), "text/javascript; charset=utf-8");
  EXPECT_EQ(world.ask("GET", "/dashboard/assets/app-1.js", "Accept: text/css\r\n").status, 200U);
}

TEST(dashboard, a_caller_hears_who_it_is_and_of_its_own_tenants_alone) {
  ServeWorld world("me");
  const auto narrow = body_of(world.ask("GET", "/v1/me", world.as(Role::analyst, "other")));
  EXPECT_EQ(narrow["role"], "analyst");
  EXPECT_EQ(narrow["tenants"], Json::array({"other"}));
  EXPECT_EQ(narrow["all_tenants"], false);
  EXPECT_EQ(narrow["atlas"], world.model().name);
  const auto wide = body_of(world.ask("GET", "/v1/me", world.as(Role::admin, "*")));
  EXPECT_EQ(wide["tenants"], Json::array({"acme", "other"}));
  EXPECT_EQ(wide["all_tenants"], true);
}

TEST(dashboard, the_overview_is_of_what_was_made_durable) {
  ServeWorld world("overview");
  ASSERT_EQ(world.ingest("alice", 30).status, 200U);
  ASSERT_EQ(world.ingest("young", 2).status, 200U);
  const auto body = body_of(world.ask("GET", "/v1/tenants/acme/overview", world.as(Role::reader)));
  EXPECT_EQ(body["accounts"], 2);
  EXPECT_EQ(body["computed"], 1);
  EXPECT_EQ(body["minutes"].back()["requests"], 32);
  EXPECT_EQ(body["poh_edges"].size(), body["poh"].size() + 1);
  ASSERT_EQ(world.ask("DELETE", "/v1/tenants/acme/accounts/alice", world.as(Role::admin)).status, 204U);
  EXPECT_EQ(body_of(world.ask("GET", "/v1/tenants/acme/overview", world.as(Role::reader)))["accounts"], 1);
  EXPECT_EQ(body_of(world.ask("GET", "/v1/tenants/other/overview", world.as(Role::reader, "other")))["accounts"], 0);
}

TEST(dashboard, a_picture_is_of_the_account_as_it_stands) {
  ServeWorld world("picture");
  ASSERT_EQ(world.ingest("alice", 90).status, 200U);
  const std::string account = "/v1/tenants/acme/accounts/alice";
  const auto body = body_of(world.ask("GET", account + "/picture", world.as(Role::reader)));
  const auto whole = body_of(world.ask("GET", account, world.as(Role::reader)));
  EXPECT_EQ(body["requests"], 90);
  EXPECT_EQ(body["time"], whole["time"]);
  EXPECT_EQ(body["ledger"]["price_next"], whole["price"]);
  EXPECT_EQ(body["growth"]["points"].back()["charts"], whole["readings"]["charts_horizon"]);
  EXPECT_EQ(body["path"].size(), body["homology"]["h0"].size() + 1);
  EXPECT_EQ(body["ledger"]["charts"], body["visited"].size());
  EXPECT_EQ(body["homology"]["exact"], true);
  EXPECT_FALSE(body["growth"]["honest"].empty());
  EXPECT_EQ(world.ask("GET", "/v1/tenants/acme/accounts/nobody/picture", world.as(Role::reader)).status, 404U);
}

// A ladder under which every account with a score is at price or worse, however high its PoH.
std::shared_ptr<const policy::Policy> harsh() {
  auto policy = std::make_shared<policy::Policy>();
  policy->ladder = {1, 1, .01, .001};
  return policy;
}

TEST(dashboard, the_queue_holds_who_is_at_price_or_worse_lowest_first_until_labelled_honest) {
  ServeWorld world("queue");
  world.policy = harsh();
  for (const auto* account : {"a", "b", "c"}) ASSERT_EQ(world.ingest(account, 40, *account).status, 200U);
  ASSERT_EQ(world.ingest("young", 2).status, 200U);
  const auto queue = [&](const std::string& more = "") {
    return body_of(world.ask("GET", "/v1/tenants/acme/queue" + more, world.as(Role::reader)));
  };
  const auto all = queue();
  ASSERT_EQ(all["accounts"].size(), 3U);
  EXPECT_EQ(all["total"], 3);
  EXPECT_EQ(all["truncated"], false);
  for (std::size_t i = 0; i < 3; ++i) {
    const auto& one = all["accounts"][i];
    EXPECT_GE(one["poh"], all["accounts"][i > 0 ? i - 1 : 0]["poh"]);
    const auto path = "/v1/tenants/acme/accounts/" + one["account"].get<std::string>();
    const auto whole = body_of(world.ask("GET", path, world.as(Role::reader)));
    for (const auto* key : {"time", "requests", "poh", "reasons", "action"}) EXPECT_EQ(one[key], whole[key]) << key;
  }
  EXPECT_EQ(queue("?limit=1")["truncated"], true);
  EXPECT_EQ(queue("?limit=1")["accounts"][0], all["accounts"][0]);
  EXPECT_EQ(world.ask("GET", "/v1/tenants/acme/queue?limit=0", world.as(Role::reader)).status, 400U);
  EXPECT_EQ(world.ask("GET", "/v1/tenants/acme/queue?limit=2001", world.as(Role::reader)).status, 400U);
  EXPECT_EQ(queue("?limit=2000"), all);  // as many as are looked at

  const auto json = world.as(Role::analyst) + "Content-Type: application/json\r\n";
  const std::string a = "/v1/tenants/acme/accounts/a", b = "/v1/tenants/acme/accounts/b";
  ASSERT_EQ(world.ask("PUT", a + "/labels", json, R"({"label":"honest"})").status, 200U);
  ASSERT_EQ(world.ask("PUT", b + "/labels", json, R"({"label":"unclear"})").status, 200U);
  const auto rest = queue();
  ASSERT_EQ(rest["accounts"].size(), 2U);
  for (const auto& one : rest["accounts"]) EXPECT_EQ(one["label"].is_null(), one["account"] == "c");
  ASSERT_EQ(world.ask("PUT", b + "/override", json, R"({"action":"allow","until":2e9,"why":"known"})").status, 200U);
  ASSERT_EQ(queue()["accounts"].size(), 1U);
  ASSERT_EQ(world.ask("DELETE", "/v1/tenants/acme/accounts/c", world.as(Role::admin)).status, 204U);
  EXPECT_TRUE(queue()["accounts"].empty());
}

TEST(dashboard, in_shadow_the_queue_goes_by_what_would_be) {
  ServeWorld world("shadow");
  auto policy = std::make_shared<policy::Policy>(*harsh());
  policy->shadow = true;
  world.policy = policy;
  ASSERT_EQ(world.ingest("a", 40).status, 200U);
  const auto body = body_of(world.ask("GET", "/v1/tenants/acme/queue", world.as(Role::reader)));
  ASSERT_EQ(body["accounts"].size(), 1U);
  EXPECT_EQ(body["accounts"][0]["action"], "allow");
  EXPECT_NE(body["accounts"][0]["would_be"], "allow");
}

TEST(dashboard, in_shadow_the_list_and_the_account_say_what_would_be_too) {
  ServeWorld world("shadow_list");
  auto policy = std::make_shared<policy::Policy>(*harsh());
  policy->shadow = true;
  world.policy = policy;
  ASSERT_EQ(world.ingest("a", 40).status, 200U);
  const auto get = [&](const std::string& what) {
    return body_of(world.ask("GET", "/v1/tenants/acme/accounts" + what, world.as(Role::reader)));
  };
  const auto decision = get("/a/decision");
  ASSERT_NE(decision["would_be"], "allow");
  for (const auto& one : {get("")["accounts"][0], get("/a")}) {
    EXPECT_EQ(one["action"], "allow");
    EXPECT_EQ(one["would_be"], decision["would_be"]);
  }
}

TEST(dashboard, a_backtest_counts_before_and_after_and_changes_nothing) {
  ServeWorld world("backtest");
  for (const auto* account : {"a", "b"}) ASSERT_EQ(world.ingest(account, 40, *account).status, 200U);
  ASSERT_EQ(world.ingest("young", 2).status, 200U);
  const auto json = world.as(Role::analyst) + "Content-Type: application/json\r\n";
  ASSERT_EQ(world.ask("PUT", "/v1/tenants/acme/accounts/b/override", json,
                      R"({"action":"review","until":2e9,"why":"known"})").status, 200U);
  const auto before = world.ask("GET", "/v1/policy", world.as(Role::reader)).body;
  const auto answer = world.ask("POST", "/v1/tenants/acme/backtest", json,
                                R"({"policy":"[policy]\nobserve = 1.0\nprice = 1.0\nlimit = 1.0\nreview = 1e-9\n"})");
  ASSERT_EQ(answer.status, 200U) << answer.body;
  const auto body = body_of(answer);
  EXPECT_EQ(body["accounts"], 2);
  EXPECT_EQ(body["left_out"], 0);
  EXPECT_EQ(body["after"]["limit"], 1);
  EXPECT_EQ(body["after"]["review"], 1);  // by override, before and after
  EXPECT_EQ(body["before"]["review"], 1);
  ASSERT_EQ(body["changed"].size(), 1U);
  EXPECT_EQ(body["changed"][0]["account"], "a");
  EXPECT_EQ(body["changed"][0]["to"], "limit");
  EXPECT_EQ(body["truncated"], false);
  EXPECT_EQ(world.ask("GET", "/v1/policy", world.as(Role::reader)).body, before);
}

TEST(dashboard, a_backtest_says_what_is_wrong_with_its_policy) {
  ServeWorld world("wrong_policy");
  const auto json = world.as(Role::analyst) + "Content-Type: application/json\r\n";
  const std::pair<std::string, std::string> wrong[] = {
      {R"({"policy":"[policy]\nobserve = 7"})", "line 2, column 11"},
      {R"({"policy":"[policy]\nobserv = .1"})", "line 2, column"},
      {R"({"policy":"[policy]\njitter_key_file = '/etc/shadow'"})", "names no files"},
      {R"({"policy":7})", "the text as TOML"},
      {R"({"policy":"[policy]","more":1})", "the text as TOML"},
      {"[]", "object"},
      {"", ""}};
  for (const auto& [body, detail] : wrong) {
    const auto answer = world.ask("POST", "/v1/tenants/acme/backtest", json, body);
    EXPECT_EQ(answer.status, 400U) << body;
    EXPECT_NE(answer.body.find(detail), std::string::npos) << answer.body;
  }
  const auto large = R"({"policy":"[policy]\n)" + std::string(70'000, '#') + "\"}";
  EXPECT_EQ(world.ask("POST", "/v1/tenants/acme/backtest", json, large).status, 413U);
}

TEST(dashboard, the_system_tells_what_the_engine_counts) {
  ServeWorld world("system");
  ASSERT_EQ(world.ingest("alice", 30).status, 200U);
  const auto body = body_of(world.ask("GET", "/v1/system", world.as(Role::reader, "*")));
  EXPECT_EQ(body["engine"]["received"], 30);
  EXPECT_EQ(body["engine"]["scored"], 30);
  EXPECT_EQ(body["accounts_in_memory"], 1);
  EXPECT_EQ(body["durable"], true);
  EXPECT_EQ(body["scored_per_s"], .5);
  EXPECT_TRUE(body["latency_us"]["commit"]["p50"].is_null());
  EXPECT_EQ(body["latency_us"]["look_up"]["p99"], 2000);
}

TEST(dashboard, the_map_has_a_place_for_every_chart) {
  ServeWorld world("map");
  const auto answer = world.ask("GET", "/v1/atlas/map", world.as(Role::reader));
  const auto body = body_of(answer);
  ASSERT_EQ(body["charts"].size(), world.model().atlas.charts.size());
  for (const auto& chart : body["charts"]) {
    EXPECT_LE(std::abs(chart["x"].get<double>()), 1);
    EXPECT_LE(std::abs(chart["y"].get<double>()), 1);
  }
  const auto same = "If-None-Match: " + answer.headers.at("etag") + "\r\n";
  EXPECT_EQ(world.ask("GET", "/v1/atlas/map", world.as(Role::reader) + same).status, 304U);
}

}  // namespace
}  // namespace cms::serve
