// What people decide about an account over the API, and the log of it.
#include <gtest/gtest.h>

#include <set>

#include "serve/answer_example.hpp"

namespace cms::serve {
namespace {

constexpr std::string_view kAccount = "/v1/tenants/acme/accounts/alice";

TEST(api_review, labels_and_overrides_change_what_is_answered_and_are_in_the_audit_log) {
  ServeWorld world("review");
  ASSERT_EQ(world.ingest("alice", 20).status, 200U);
  const auto json = world.as(Role::analyst) + "Content-Type: application/json\r\n";
  const std::string account(kAccount);
  EXPECT_EQ(world.ask("PUT", account + "/labels", json, R"({"label":"honest","why":"known"})").status, 200U);
  EXPECT_EQ(world.ask("PUT", account + "/override", json,
                      fmt::format(R"({{"action":"limit","until":{},"why":"ticket 1"}})", ServeWorld::kNow + 60)).status,
            200U);
  const auto decision = body_of(world.ask("GET", account + "/decision", world.as(Role::reader)));
  EXPECT_EQ(decision["action"], "limit");
  EXPECT_EQ(decision["why"], "override");
  const auto shown = body_of(world.ask("GET", account, world.as(Role::reader)));
  EXPECT_EQ(shown["label"]["label"], "honest");
  EXPECT_EQ(shown["override"]["action"], "limit");
  world.now = ServeWorld::kNow + 61;
  EXPECT_NE(body_of(world.ask("GET", account + "/decision", world.as(Role::reader)))["why"], "override");
  EXPECT_EQ(world.ask("DELETE", account + "/override", world.as(Role::analyst)).status, 204U);
  expect_problem(world.ask("DELETE", account + "/override", world.as(Role::analyst)), 404, "not-found");
  expect_problem(world.ask("PUT", account + "/labels", json, R"({"label":"guilty"})"), 400, "bad-request");
  expect_problem(world.ask("PUT", account + "/labels", json, R"({"label":"honest","x":1})"), 400, "bad-request");
  expect_problem(world.ask("PUT", "/v1/tenants/acme/accounts/nobody/labels", json, R"({"label":"honest"})"), 404,
                 "not-found");

  const auto log = body_of(world.ask("GET", "/v1/tenants/acme/audit", world.as(Role::analyst)))["entries"];
  ASSERT_EQ(log.size(), 3U);
  EXPECT_EQ(log[0]["action"], "label");
  EXPECT_EQ(log[1]["action"], "override");
  EXPECT_EQ(log[2]["detail"]["action"], nullptr);
  const auto pseudonym = world.store().pseudonym({"acme", "alice"}).value();
  for (const auto& entry : log) EXPECT_EQ(entry["detail"]["account"], pseudonym);
  EXPECT_EQ(log.dump().find("alice"), std::string::npos);
  const auto second = body_of(world.ask("GET", "/v1/tenants/acme/audit?after=1&limit=1", world.as(Role::analyst)));
  ASSERT_EQ(second["entries"].size(), 1U);
  EXPECT_EQ(second["entries"][0]["number"], 2);
  EXPECT_TRUE(world.store().verify_audit().has_value());
  EXPECT_EQ(world.reviewed.size(), 3U);  // what was refused is told nobody
  EXPECT_TRUE(world.reviewed[0].starts_with("label alice honest, by ")) << world.reviewed[0];
  EXPECT_TRUE(world.reviewed[1].starts_with("override alice limit until ")) << world.reviewed[1];
  EXPECT_TRUE(world.reviewed[2].starts_with("override alice taken away, by ")) << world.reviewed[2];
}

TEST(api_review, an_override_ends_in_the_year_9999_at_the_latest_and_one_in_the_store_that_does_not_still_holds) {
  ServeWorld world("until");
  ASSERT_EQ(world.ingest("alice", 20).status, 200U);
  const auto json = world.as(Role::analyst) + "Content-Type: application/json\r\n";
  const auto of = [](const char* until) { return fmt::format(R"({{"action":"limit","until":{},"why":"w"}})", until); };
  const auto target = std::string(kAccount) + "/override";
  for (const auto* until : {"253402300799.5", "253402300800", "1e18"}) {
    const auto refused = world.ask("PUT", target, json, of(until));
    expect_problem(refused, 400, "bad-request");
    EXPECT_NE(refused.body.find("at most 253402300799, the end of the year 9999"), std::string::npos) << refused.body;
  }
  EXPECT_EQ(world.reviewed.size(), 0U);
  ASSERT_EQ(world.ask("PUT", target, json, of("253402300799")).status, 200U);
  const auto& said = world.reviewed[0];
  EXPECT_TRUE(said.starts_with("override alice limit until 9999-12-31T23:59:59.000Z")) << said;
  ASSERT_TRUE(world.overrides().put({"acme", "alice"}, of("1e18")).value());
  EXPECT_EQ(body_of(world.ask("GET", kAccount, world.as(Role::reader)))["override"]["until"], 1e18);
  EXPECT_EQ(body_of(world.ask("GET", std::string(kAccount) + "/decision", world.as(Role::reader)))["why"], "override");
}

TEST(api_review, a_label_or_an_override_that_cannot_be_read_is_told_and_not_shown_as_none) {
  for (const std::string& kind : {std::string("label"), std::string(policy::kOverrideKind)}) {
    ServeWorld world("damaged_" + kind);
    ASSERT_EQ(world.ingest("alice", 3).status, 200U);
    ASSERT_EQ(world.ask("GET", kAccount, world.as(Role::reader)).status, 200U);
    ASSERT_TRUE(world.store().put_document({"acme", "alice"}, kind, "{\"").value());
    expect_problem(world.ask("GET", kAccount, world.as(Role::reader)), 500, "damaged");
    ASSERT_TRUE(world.store().put_document({"acme", "alice"}, kind, "").value());
    EXPECT_EQ(world.ask("GET", kAccount, world.as(Role::reader)).status, 200U);
  }
}

TEST(api_review, a_detail_stands_in_the_audit_log_byte_by_byte_as_it_was_hashed) {
  ServeWorld world("audit_bytes");
  ASSERT_EQ(world.ingest("alice", 5).status, 200U);
  const auto json = world.as(Role::analyst) + "Content-Type: application/json\r\n";
  const std::string account(kAccount);
  ASSERT_EQ(world.ask("PUT", account + "/labels", json, R"({"label":"unclear"})").status, 200U);
  const auto until = fmt::format(R"({{"action":"limit","until":{},"why":"third"}})", ServeWorld::kNow + 1000 + 1. / 3);
  ASSERT_EQ(world.ask("PUT", account + "/override", json, until).status, 200U);
  const nlohmann::json sorted = {{"zone", 1}, {"by", "SIGHUP"}};  // others write with their keys in order
  ASSERT_TRUE(world.store().append_audit({.number = 0, .time = 1, .tenant = "acme", .actor = "cms", .action = "reload",
                                          .detail = sorted.dump(), .hash = ""}));
  const auto answer = world.ask("GET", "/v1/audit", world.as(Role::analyst, "*"));
  const auto entries = world.store().audit("", 0, 100);
  ASSERT_EQ(entries->size(), 3U);
  for (const auto& entry : *entries) {
    const auto text = fmt::format(R"("detail":{},"hash":"{}")", entry.detail, entry.hash);
    EXPECT_NE(answer.body.find(text), std::string::npos) << text << " is not in " << answer.body;
  }
}

TEST(api_review, the_audit_log_of_a_tenant_is_the_same_byte_by_byte_whatever_others_do_between) {
  std::set<std::string> pages;
  for (const int others : {0, 3}) {
    ServeWorld world("own_audit");
    const auto enter = [&](const std::string& tenant, int n) {
      ASSERT_TRUE(world.store().append_audit({.number = 0, .time = 1, .tenant = tenant, .actor = "ops",
                                              .action = "label", .detail = std::to_string(n), .hash = ""}));
    };
    for (int n = 0; n < 5; ++n) {
      for (int other = 0; other < others; ++other) enter(other == 0 ? "*" : "other", other);
      enter("acme", n);
    }
    std::string all;
    for (std::string target = "/v1/tenants/acme/audit?limit=2"; !target.empty();) {
      const auto page = world.ask("GET", target, world.as(Role::analyst));
      ASSERT_EQ(page.status, 200U) << page.body;
      const auto link = page.headers.find("link");
      target = link == page.headers.end() ? "" : link->second.substr(1, link->second.find('>') - 1);
      all += page.body + target + "\n";
    }
    EXPECT_EQ(world.ask("GET", "/v1/tenants/acme/audit?after=5", world.as(Role::analyst)).status, 200U);
    EXPECT_EQ(world.ask("GET", "/v1/tenants/acme/audit?after=6", world.as(Role::analyst)).status, 400U)
        << "a number of the whole log, maybe";
    EXPECT_EQ(all.find("hash"), std::string::npos);
    EXPECT_NE(all.find(R"("number":5,)"), std::string::npos) << all;
    pages.insert(all);
  }
  EXPECT_EQ(pages.size(), 1U);
}

TEST(api_review, what_is_of_no_tenant_is_in_the_whole_audit_log_which_is_one_chain_without_a_gap) {
  ServeWorld world("whole_audit");
  ASSERT_EQ(world.ingest("alice", 5).status, 200U);
  const auto json = world.as(Role::analyst) + "Content-Type: application/json\r\n";
  ASSERT_EQ(world.ask("PUT", std::string(kAccount) + "/labels", json, R"({"label":"unclear"})").status, 200U);
  ASSERT_EQ(world.ask("POST", "/v1/policy/reload", world.as(Role::admin, "*")).status, 200U);
  ASSERT_EQ(world.ask("POST", "/v1/store/snapshot", world.as(Role::admin, "*")).status, 201U);
  const auto answer = world.ask("GET", "/v1/audit?limit=2", world.as(Role::analyst, "*"));
  const auto link = answer.headers.find("link");
  ASSERT_NE(link, answer.headers.end());
  EXPECT_EQ(link->second, "</v1/audit?after=2&limit=2>; rel=\"next\"");
  const auto next = world.ask("GET", link->second.substr(1, link->second.find('>') - 1), world.as(Role::analyst, "*"));
  auto entries = body_of(answer)["entries"];
  const auto more = body_of(next)["entries"];
  entries.insert(entries.end(), more.begin(), more.end());
  ASSERT_EQ(entries.size(), 3U) << next.body;
  const std::vector<std::pair<std::string, std::string>> expected{
      {"acme", "label"}, {"*", "policy"}, {"*", "snapshot"}};
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(entries[i]["number"], i + 1);
    EXPECT_EQ(entries[i]["tenant"], expected[i].first);
    EXPECT_EQ(entries[i]["action"], expected[i].second);
  }
  EXPECT_EQ(entries.back()["hash"], world.store().audit("", 0, 100)->back().hash);
  expect_problem(world.ask("GET", "/v1/audit", world.as(Role::admin)), 403, "forbidden");
}

TEST(api_review, a_snapshot_is_answered_by_its_absolute_path_wherever_the_daemon_was_started) {
  ServeWorld world("snapshot_path");
  const auto answer = world.ask("POST", "/v1/store/snapshot", world.as(Role::admin, "*"));
  ASSERT_EQ(answer.status, 201U);
  const std::filesystem::path path = body_of(answer)["path"].get<std::string>();
  EXPECT_TRUE(path.is_absolute()) << path;
  EXPECT_TRUE(std::filesystem::equivalent(path.parent_path(), world.folder() / "snapshots")) << path;
}

TEST(api_review, an_erased_account_is_gone_and_the_log_says_so) {
  ServeWorld world("erased");
  ASSERT_EQ(world.ingest("alice", 5).status, 200U);
  EXPECT_EQ(world.ask("DELETE", kAccount, world.as(Role::admin)).status, 204U);
  expect_problem(world.ask("GET", kAccount, world.as(Role::reader)), 404, "not-found");
  expect_problem(world.ask("DELETE", kAccount, world.as(Role::admin)), 404, "not-found");
  const auto log = body_of(world.ask("GET", "/v1/tenants/acme/audit", world.as(Role::analyst)))["entries"];
  ASSERT_EQ(log.size(), 1U);
  EXPECT_EQ(log[0]["action"], "erase");
}

}  // namespace
}  // namespace cms::serve
