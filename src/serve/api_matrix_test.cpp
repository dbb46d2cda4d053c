// Every role at every endpoint of every tenant, out of the route table; and who is nobody.
#include <gtest/gtest.h>

#include <set>
#include <thread>

#include "serve/routes.hpp"
#include "serve/serve_example.hpp"

namespace cms::serve {
namespace {

// `campaign` is one of tenant acme's.
std::string filled(std::string_view path, const std::string& tenant, const std::string& account,
                   const std::string& campaign) {
  std::string text(path);
  for (const auto& [mark, value] : {std::pair<std::string, std::string>{"{tenant}", tenant}, {"{account}", account},
                                     {"{file}", "app-1.js"}, {"{campaign}", campaign}}) {
    if (const auto at = text.find(mark); at != std::string::npos) text.replace(at, mark.size(), value);
  }
  return text;
}

bool names_a_tenant(const Route& route) {
  return route.path.find("{tenant}") != std::string_view::npos;
}

// What makes a request of a route well-formed: its body, and a header for each type.
std::pair<std::string, std::string> body_for(const ServeWorld& world, const Route& route) {
  if (route.body_types.empty()) return {};
  const auto type = fmt::format("Content-Type: {}\r\nCms-Model: example/l1/mean\r\n", route.body_types[0]);
  if (route.id == "putLabel") return {type, R"({"label":"unclear"})"};
  if (route.id == "putOverride") return {type, R"({"action":"allow","until":1900000000,"why":"a test"})"};
  if (route.id == "litellmGuardrail") return {type, R"({"texts":["hello"]})"};
  if (route.id == "postBacktest") return {type, R"({"policy":"[policy]"})"};
  if (route.id == "postObservations") return {type, R"({"account":"alice","text":"hello"})"};
  return {type, world.lines("alice", 1)};
}

Answer ask(ServeWorld& world, const Route& route, const std::string& tenant, const std::string& who) {
  const auto [type, body] = body_for(world, route);
  const auto flagged = world.campaigns().picture("acme")->flagged;
  const auto campaign = flagged.empty() ? std::string(16, '0') : flagged.front()->id;
  Client client(world.server->port());
  client.send(request_text(name(route.method), filled(route.path, tenant, "alice", campaign), who + type, body));
  return client.read_answer();
}

// The roles that issue 7 gives each endpoint, written out once more: the table is what is tested.
std::set<std::string> expected_roles(std::string_view id) {
  if (id == "postBacktest") return {"analyst", "admin"};
  if (id.starts_with("post")) return {"tap", "admin"};
  if (id == "litellmGuardrail") return {"tap", "reader", "analyst", "admin"};
  if (id == "eraseAccount" || id == "reloadPolicy" || id == "snapshotStore") return {"admin"};
  if (id == "getMe") return {"tap", "reader", "analyst", "admin"};
  const std::set<std::string_view> review{"putLabel",       "deleteLabel", "putOverride",
                                          "deleteOverride", "getAudit",    "getWholeAudit"};
  if (review.contains(id)) return {"analyst", "admin"};
  return {"reader", "analyst", "admin"};
}

// A stream of events has no end; its reader is gone when this returns, and the server notices.
void let_readers_go(ServeWorld& world) {
  while (world.events.counters().subscribers > 0) std::this_thread::yield();
}

TEST(authority_matrix, every_role_may_do_what_is_written_and_nothing_else) {
  ServeWorld world("matrix");
  world.make_campaign("member");
  ASSERT_EQ(world.campaigns().picture("acme")->flagged.size(), 1U);
  for (const auto& route : routes()) {
    if (route.access == Access::everyone) continue;
    for (const auto role : {Role::tap, Role::reader, Role::analyst, Role::admin}) {
      const bool may = expected_roles(route.id).contains(std::string(name(role)));
      ASSERT_EQ(world.ingest("alice", 1).status, 200U);
      const auto own = ask(world, route, "acme", world.as(role, "acme"));
      const bool narrow = route.access == Access::all_tenants;
      EXPECT_EQ(own.status == 403, !may || narrow) << route.id << " as " << name(role) << ": " << own.status;
      let_readers_go(world);
      const auto of_all = ask(world, route, "acme", world.as(role, "*"));
      EXPECT_EQ(of_all.status == 403, !may) << route.id << " as " << name(role) << " of all: " << of_all.status;
      let_readers_go(world);
      EXPECT_NE(own.status, 401U);
      EXPECT_EQ(route.id == "getCampaign" && may && own.status != 200, false) << own.body;
      EXPECT_LT(of_all.status, 500U) << route.id << ": " << of_all.body;
      EXPECT_NE(of_all.status, 400U) << route.id << ": " << of_all.body;
    }
  }
}

TEST(authority_matrix, another_tenant_is_answered_like_one_that_is_not_there) {
  ServeWorld world("tenants");
  world.make_campaign("member");
  ASSERT_EQ(world.ingest("alice", 3).status, 200U);
  for (const auto& route : routes()) {
    if (!names_a_tenant(route)) continue;
    for (const auto role : {Role::tap, Role::reader, Role::analyst, Role::admin}) {
      auto foreign = ask(world, route, "acme", world.as(role, "other"));
      auto missing = ask(world, route, "nothere", world.as(role, "other"));
      EXPECT_TRUE(foreign.status == 404 || foreign.status == 403) << route.id << ": " << foreign.status;
      EXPECT_EQ(foreign.status, missing.status) << route.id;
      EXPECT_EQ(foreign.body, missing.body) << route.id;
      foreign.headers.erase("date");
      missing.headers.erase("date");
      EXPECT_EQ(foreign.headers, missing.headers) << route.id;
    }
  }
  EXPECT_EQ(world.ask("GET", "/v1/tenants/acme/accounts/alice", world.as(Role::reader)).status, 200U);
  const auto missing = world.ask("GET", "/v1/tenants/acme/accounts/nobody", world.as(Role::reader));
  EXPECT_EQ(missing.body, world.ask("GET", "/v1/tenants/acme/accounts/alice", world.as(Role::reader, "other")).body);
}

TEST(authority_matrix, without_a_valid_token_everything_but_open_endpoints_is_refused) {
  ServeWorld world("nobody");
  const auto token = world.token(Role::admin, "*");
  auto changed = token;
  changed.back() = changed.back() == '0' ? '1' : '0';
  const std::vector<std::string> wrong{"", "Authorization: Bearer \r\n", "Authorization: Bearer cms_\r\n",
                                       "Authorization: Bearer " + changed + "\r\n",
                                       "Authorization: Bearer " + token.substr(0, 40) + "\r\n",
                                       "Authorization: Basic " + token + "\r\n",
                                       "Authorization: Bearer " + token + "x\r\n"};
  for (const auto& route : routes()) {
    for (const auto& header : wrong) {
      world.now = world.now + 60;  // failures are forgiven meanwhile
      const auto answer = ask(world, route, "acme", header);
      if (route.access == Access::everyone) {
        EXPECT_EQ(answer.status, route.status) << route.id;
      } else {
        EXPECT_EQ(answer.status, 401U) << route.id << " with " << header;
        EXPECT_EQ(answer.headers.at("www-authenticate"), "Bearer realm=\"cms\"");
      }
    }
  }
  EXPECT_FALSE(world.engine().look_up({"acme", "alice"}, ServeWorld::kNow).value().has_value());
}

TEST(authority_matrix, failures_beyond_the_bound_are_slowed_and_valid_tokens_go_on) {
  ServeWorld world("failures");
  unsigned slowed = 0;
  for (int i = 0; i < 30; ++i) {
    const auto answer = world.ask("GET", "/v1/atlas", "Authorization: Bearer cms_0_0\r\n");
    slowed += answer.status == 429;
    if (answer.status != 429) continue;
    EXPECT_EQ(answer.headers.at("retry-after"), "10");
    EXPECT_EQ(answer.headers.at("connection"), "close");
  }
  EXPECT_EQ(slowed, 10U);
  EXPECT_EQ(world.ask("GET", "/v1/atlas", world.as(Role::reader)).status, 200U);
  world.now = world.now + 31;
  EXPECT_EQ(world.ask("GET", "/v1/atlas").status, 401U);
}

}  // namespace
}  // namespace cms::serve
