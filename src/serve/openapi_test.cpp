#include "serve/openapi.hpp"

#include <gtest/gtest.h>

#include <set>

#include "base/files.hpp"
#include "serve/routes.hpp"
#include "serve/serve_example.hpp"

namespace cms::serve {
namespace {

using Json = nlohmann::ordered_json;

// What of `value` its schema does not allow: the keywords that openapi_schemas.cpp uses, no others. A description
// allows everything.
std::string mismatch(const Json& value, const Json& schema, const Json& all) {
  static const std::set<std::string> kKnown{"$ref",       "type",     "enum",  "anyOf",   "description",
                                            "properties", "required", "items", "pattern", "additionalProperties",
                                            "minLength",  "maxLength"};
  for (const auto& [keyword, ignored] : schema.items()) {
    if (!kKnown.contains(keyword)) return "a keyword the test does not know: " + keyword;
  }
  if (schema.contains("$ref")) {
    const auto name = schema["$ref"].get<std::string>();
    return mismatch(value, all.at(name.substr(name.rfind('/') + 1)), all);
  }
  if (schema.contains("anyOf")) {
    for (const auto& one : schema["anyOf"]) {
      if (mismatch(value, one, all).empty()) return "";
    }
    return "none of anyOf fits " + value.dump();
  }
  if (schema.contains("enum")) {
    for (const auto& one : schema["enum"]) {
      if (one == value) return "";
    }
    return value.dump() + " is not one of " + schema["enum"].dump();
  }
  if (schema.contains("type")) {
    const auto types = schema["type"].is_array() ? schema["type"] : Json::array({schema["type"]});
    bool fits = false;
    for (const auto& type : types) {
      fits |= (type == "object" && value.is_object()) || (type == "array" && value.is_array()) ||
              (type == "string" && value.is_string()) || (type == "integer" && value.is_number_integer()) ||
              (type == "number" && value.is_number()) || (type == "boolean" && value.is_boolean()) ||
              (type == "null" && value.is_null());
    }
    if (!fits) return value.dump() + " is no " + types.dump();
  }
  if (value.is_array() && schema.contains("items")) {
    for (const auto& one : value) {
      if (auto wrong = mismatch(one, schema["items"], all); !wrong.empty()) return wrong;
    }
  }
  if (!value.is_object()) return "";
  for (const auto& key : schema.value("required", Json::array())) {
    if (!value.contains(key.get<std::string>())) return "no key " + key.dump();
  }
  const auto more = schema.value("additionalProperties", Json(true));
  for (const auto& [key, one] : value.items()) {
    const auto known = schema.value("properties", Json::object());
    if (!known.contains(key) && more == false) return "a key nobody described: " + key;
    const auto wrong = known.contains(key) ? mismatch(one, known[key], all)
                                           : (more.is_object() ? mismatch(one, more, all) : std::string());
    if (!wrong.empty()) return key + ": " + wrong;
  }
  return "";
}

TEST(openapi, says_of_every_route_its_roles_and_answers) {
  const auto& document = openapi();
  std::size_t operations = 0;
  for (const auto& [path, methods] : document["paths"].items()) operations += methods.size();
  EXPECT_EQ(operations, routes().size());
  std::set<std::string> ids;
  for (const auto& route : routes()) {
    std::string method(name(route.method));
    std::ranges::transform(method, method.begin(), [](char c) { return static_cast<char>(std::tolower(c)); });
    const auto& operation = document["paths"][std::string(route.path)][method];
    EXPECT_TRUE(ids.insert(operation["operationId"]).second) << route.id;
    EXPECT_EQ(operation["x-roles"].empty(), route.access == Access::everyone) << route.id;
    EXPECT_TRUE(operation["responses"].contains(std::to_string(route.status))) << route.id;
    if (!route.schema.empty()) {
      EXPECT_TRUE(document["components"]["schemas"].contains(std::string(route.schema))) << route.id;
    }
  }
}

TEST(openapi, is_what_is_served_and_real_answers_are_of_its_shapes) {
  ServeWorld world("openapi");
  EXPECT_EQ(Json::parse(world.ask("GET", "/openapi.json").body), openapi());
  ASSERT_EQ(world.ingest("alice", 25).status, 200U);
  ASSERT_EQ(world.ingest("young", 2).status, 200U);
  world.make_campaign("member");
  const auto flagged = world.campaigns().picture("acme")->flagged;
  ASSERT_EQ(flagged.size(), 1U);
  const std::string account = "/v1/tenants/acme/accounts/alice", campaigns = "/v1/tenants/acme/campaigns";
  const auto json = world.as(Role::analyst) + "Content-Type: application/json\r\n";
  const auto bad_lines = world.lines("alice", 1) + "x\n";
  const auto in_order = world.tap_headers() + "Cms-Producer: tap\r\nCms-Epoch: 1\r\nCms-Sequence: 1\r\n";
  const std::vector<std::pair<std::string, Answer>> answers{
      {"Label", world.ask("PUT", account + "/labels", json, R"({"label":"honest"})")},
      {"Override", world.ask("PUT", account + "/override", json, R"({"action":"price","until":2e9,"why":"w"})")},
      {"Account", world.ask("GET", account, world.as(Role::reader))},
      {"Account", world.ask("GET", "/v1/tenants/acme/accounts/young", world.as(Role::reader))},
      {"AccountPage", world.ask("GET", "/v1/tenants/acme/accounts", world.as(Role::reader))},
      {"Decision", world.ask("GET", account + "/decision", world.as(Role::reader))},
      {"Decision", world.ask("GET", account + "x/decision", world.as(Role::reader))},
      {"Ingested", world.ask("POST", "/v1/tenants/acme/activations", world.tap_headers(), bad_lines)},
      {"Ingested", world.ask("POST", "/v1/tenants/acme/activations", in_order, world.lines("alice", 1))},
      {"Ingested", world.ask("POST", "/v1/tenants/acme/activations", in_order, world.lines("alice", 1))},  // again
      {"AuditPage", world.ask("GET", "/v1/tenants/acme/audit", world.as(Role::analyst))},
      {"WholeAuditPage", world.ask("GET", "/v1/audit", world.as(Role::analyst, "*"))},
      {"Atlas", world.ask("GET", "/v1/atlas", world.as(Role::reader))},
      {"GuardrailAnswer", world.ask("POST", "/v1/tenants/acme/gateway/litellm/beta/litellm_basic_guardrail_api", json,
                                    R"({"texts":["hello"]})")},
      {"Policy", world.ask("GET", "/v1/policy", world.as(Role::reader))},
      {"Policy", world.ask("POST", "/v1/policy/reload", world.as(Role::admin, "*"))},
      {"Snapshot", world.ask("POST", "/v1/store/snapshot", world.as(Role::admin, "*"))},
      {"Me", world.ask("GET", "/v1/me", world.as(Role::tap))},
      {"Overview", world.ask("GET", "/v1/tenants/acme/overview", world.as(Role::reader))},
      {"Queue", world.ask("GET", "/v1/tenants/acme/queue", world.as(Role::reader))},
      {"Decision", world.ask("GET", "/v1/tenants/acme/accounts/member1/decision", world.as(Role::reader))},
      {"Account", world.ask("GET", "/v1/tenants/acme/accounts/member1", world.as(Role::reader))},
      {"CampaignPage", world.ask("GET", campaigns, world.as(Role::reader))},
      {"CampaignPage", world.ask("GET", "/v1/tenants/other/campaigns", world.as(Role::reader, "other"))},
      {"Campaign", world.ask("GET", campaigns + "/" + flagged[0]->id, world.as(Role::reader))},
      {"Picture", world.ask("GET", account + "/picture", world.as(Role::reader))},
      {"Picture", world.ask("GET", "/v1/tenants/acme/accounts/young/picture", world.as(Role::reader))},
      {"Backtest", world.ask("POST", "/v1/tenants/acme/backtest", json, R"({"policy":"[policy]\nobserve = 1.0"})")},
      {"System", world.ask("GET", "/v1/system", world.as(Role::reader, "*"))},
      {"AtlasMap", world.ask("GET", "/v1/atlas/map", world.as(Role::reader))},
      {"Status", world.ask("GET", "/healthz")},
      {"Problem", world.ask("GET", "/nothing")}};
  std::set<std::string> seen;
  for (const auto& [schema, answer] : answers) {
    EXPECT_EQ(mismatch(Json::parse(answer.body), openapi()["components"]["schemas"][schema],
                       openapi()["components"]["schemas"]), "") << schema << ": " << answer.body;
    seen.insert(schema);
  }
  for (const auto& route : routes()) {
    EXPECT_TRUE(route.schema.empty() || seen.contains(std::string(route.schema))) << route.schema << " is not tested";
  }
}

TEST(openapi, the_page_of_the_api_names_every_endpoint_and_every_problem) {
  const char* root = std::getenv("CMS_SOURCE_DIR");
  if (root == nullptr) GTEST_SKIP() << "CMS_SOURCE_DIR is not set";
  const auto page = read_text_file(std::filesystem::path(root) / "docs/api.md").value();
  for (const auto& route : routes()) {
    std::string roles;
    for (const auto role : {Role::tap, Role::reader, Role::analyst, Role::admin}) {
      if (has(route.roles, role)) roles += (roles.empty() ? "" : ", ") + std::string(name(role));
    }
    if (route.access == Access::everyone) roles = "everyone";
    if (route.access == Access::all_tenants) roles += ", of all tenants";
    const auto line = fmt::format("| `{} {}` | {} |", name(route.method), route.path, roles);
    EXPECT_NE(page.find(line), std::string::npos) << "docs/api.md lacks: " << line;
  }
  for (const auto& one : problems()) {
    const auto line = fmt::format("| `{}` | {} |", one.slug, one.status);
    EXPECT_NE(page.find(line), std::string::npos) << "docs/api.md lacks: " << line;
  }
}

}  // namespace
}  // namespace cms::serve
