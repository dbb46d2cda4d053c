#include "serve/gateway.hpp"

#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <future>
#include <nlohmann/json.hpp>
#include <set>

#include "envoy_ext_authz.grpc.pb.h"
#include "pipeline/admission.hpp"
#include "serve/caller.hpp"
#include "serve/grpc_example.hpp"
#include "serve/routes.hpp"
#include "store/injecting_env.hpp"

namespace cms::serve {
namespace {

namespace envoy = ::envoy::service::auth::v3;

constexpr std::string_view kAuth = "/v1/tenants/acme/gateway/auth";
constexpr std::string_view kLitellm = "/v1/tenants/acme/gateway/litellm/beta/litellm_basic_guardrail_api";

std::string account_of_sk(ServeWorld& world, std::string_view key) {
  return account_of_key(world.store(), "acme", key).value();
}

// An account whose action an analyst has fixed, with its allowance used up.
void use_up(ServeWorld& world, const std::string& account, std::string_view action) {
  ASSERT_EQ(world.ingest(account, 3).status, 200U);
  const auto body = fmt::format(R"({{"action":"{}","until":{},"why":"test"}})", action, ServeWorld::kNow + 1e6);
  ASSERT_EQ(world.ask("PUT", "/v1/tenants/acme/accounts/" + account + "/override",
                      world.as(Role::analyst) + "Content-Type: application/json\r\n", body).status, 200U);
  while (world.gate().ask({"acme", account}).pass) {
  }
}

// As a gateway that hands on the client's headers.
std::string handing_on(const ServeWorld& world, std::string_view client) {
  return fmt::format("X-CMS-Token: {}\r\n{}", world.token(Role::reader, "acme"), client);
}

TEST(gateway_auth, lets_an_unknown_account_through_and_says_its_tier) {
  ServeWorld world("auth_unknown");
  for (const auto* method : {"GET", "POST", "HEAD"}) {
    const auto answer = world.ask(method, kAuth, world.as(Role::reader) + "X-CMS-Account: nobody\r\n");
    EXPECT_EQ(answer.status, 200U) << method;
    EXPECT_EQ(answer.headers.at("x-cms-tier"), "allow");
    EXPECT_EQ(answer.headers.at("x-cms-decision"), "pass");
    EXPECT_EQ(answer.headers.at("x-cms-account"), "nobody");
    EXPECT_EQ(answer.headers.at("cache-control"), "no-store");
    EXPECT_EQ(answer.body, "");
  }
  const auto nobody = world.ask("GET", kAuth, world.as(Role::reader));
  EXPECT_EQ(nobody.status, 200U);
  EXPECT_FALSE(nobody.headers.contains("x-cms-account"));
}

TEST(gateway_auth, answers_who_has_to_wait_so_that_each_gateway_understands) {
  ServeWorld world("auth_wait");
  use_up(world, "fast", "limit");
  const auto who = world.as(Role::reader) + "X-CMS-Account: fast\r\n";
  const auto nginx = world.ask("GET", kAuth, who);
  EXPECT_EQ(nginx.status, 403U);
  EXPECT_EQ(nginx.headers.at("x-cms-tier"), "limit");
  EXPECT_EQ(nginx.headers.at("x-cms-decision"), "wait");
  EXPECT_GE(std::stoi(nginx.headers.at("x-cms-retry-after")), 10);
  const auto forward = world.ask("GET", std::string(kAuth) + "?mode=forward", who);
  EXPECT_EQ(forward.status, 429U);
  EXPECT_EQ(forward.headers.at("content-type"), "application/problem+json");
  EXPECT_GE(std::stoi(forward.headers.at("retry-after")), 10);
  for (const auto& [name, value] : forward.headers) EXPECT_FALSE(name.starts_with("x-cms")) << name;
  EXPECT_EQ(nlohmann::json::parse(forward.body)["status"], 429);
  EXPECT_EQ(forward.body.find("limit"), std::string::npos);
  EXPECT_EQ(world.ask("GET", std::string(kAuth) + "?mode=other", who).status, 400U);
}

TEST(gateway_auth, says_that_it_may_be_old_while_the_store_refuses_and_never_to_the_client) {
  const auto files = std::make_shared<store::InjectingFiles>();  // shared: so RocksDB wants it
  const auto environment = rocksdb::NewCompositeEnv(files);
  ServeWorld world("auth_stale", {.litellm_account = "team"}, {}, {}, environment.get());
  use_up(world, "fast", "limit");
  ASSERT_EQ(world.ingest("alice", 5).status, 200U);
  const auto ask = [&](const std::string& account, const std::string& query = "") {
    return world.ask("GET", std::string(kAuth) + query, world.as(Role::reader) + "X-CMS-Account: " + account + "\r\n");
  };
  const auto litellm = [&] {
    return world.ask("POST", kLitellm, world.as(Role::reader) + "Content-Type: application/json\r\n",
                     R"({"request_data":{"user_api_key_team_id":"alice"}})");
  };
  for (const auto& answer : {ask("alice"), ask("fast"), litellm()}) {
    EXPECT_FALSE(answer.headers.contains("x-cms-stale"));
  }
  files->kill();
  ASSERT_EQ(world.ingest("alice", 3, 2).status, 503U);
  for (const auto& answer : {ask("alice"), ask("fast"), litellm()}) EXPECT_EQ(answer.headers.at("x-cms-stale"), "true");
  const auto told = ask("fast", "?mode=forward");
  EXPECT_EQ(told.status, 429U);
  EXPECT_FALSE(told.headers.contains("x-cms-stale"));
}

TEST(gateway_auth, takes_the_account_from_what_the_gateway_says_alone) {
  ServeWorld world("auth_whose");
  const auto alice = account_of_sk(world, "sk-alice");
  const auto whose = [&](std::string_view query, const std::string& more) {
    const auto answer = world.ask("GET", fmt::format("{}?{}", kAuth, query), more);
    EXPECT_EQ(answer.status, 200U) << answer.body;
    return answer.headers.contains("x-cms-account") ? answer.headers.at("x-cms-account") : "";
  };
  EXPECT_EQ(whose("", world.as(Role::reader) + "X-CMS-Api-Key: Bearer sk-alice\r\n"), alice);
  EXPECT_EQ(whose("", world.as(Role::reader) + "X-CMS-Api-Key: sk-alice\r\n"), alice);
  EXPECT_EQ(whose("", world.as(Role::reader) + "X-CMS-Account: a\r\nX-CMS-Api-Key: sk-alice\r\n"), "a");
  EXPECT_EQ(whose("", world.as(Role::reader) + "x-api-key: sk-alice\r\n"), "");
  const std::string client = "Authorization: Bearer sk-alice\r\nX-CMS-Account: forged\r\n"
                             "X-User: u7\r\nX-Key: sk-bob\r\n";
  EXPECT_EQ(whose("", handing_on(world, client)), alice);
  EXPECT_EQ(whose("", handing_on(world, "x-api-key: sk-alice,sk-bob\r\n")), alice);
  EXPECT_EQ(whose("", world.as(Role::reader) + "X-CMS-Api-Key: Bearer sk-alice, Bearer sk-bob\r\n"), alice);
  EXPECT_EQ(whose("account_header=X-User", handing_on(world, client)), "u7");
  EXPECT_EQ(whose("account_header=X-Team&key_header=X-Key", handing_on(world, client)), account_of_sk(world, "sk-bob"));
  EXPECT_EQ(whose("account_header=X-Team", handing_on(world, client)), "");
  EXPECT_EQ(whose("", handing_on(world, "X-CMS-Account: forged\r\nX-CMS-Api-Key: forged\r\n")), "");
  EXPECT_EQ(world.ask("GET", kAuth, "X-CMS-Token: cms_0_0\r\n" + client).status, 401U);
}

// An override of the account, too, is found by the name that is answered.
TEST(gateway_auth, decides_a_name_that_is_none_as_an_account_of_its_own) {
  ServeWorld world("auth_long");
  const std::string endless(4000, 'a'), no_text = "\xff";
  const auto account = account_of_name(world.store(), "acme", endless).value();
  use_up(world, account, "limit");
  const auto ask = [&](const std::string& name) {
    return world.ask("GET", kAuth, world.as(Role::reader) + "X-CMS-Account: " + name + "\r\n");
  };
  const auto answer = ask(endless);
  EXPECT_EQ(answer.status, 403U);
  EXPECT_EQ(answer.headers.at("x-cms-account"), account);
  EXPECT_EQ(ask(endless + "b").status, 200U);
  EXPECT_EQ(ask(no_text).headers.at("x-cms-account"), account_of_name(world.store(), "acme", no_text).value());
}

TEST(gateway_litellm, blocks_who_has_to_wait_and_nobody_else) {
  ServeWorld world("litellm");
  use_up(world, account_of_sk(world, "hash-of-a-key"), "review");
  const auto as = world.as(Role::reader) + "Content-Type: application/json\r\n";
  const auto ask = [&](std::string_view key, std::string_view type) {
    return world.ask("POST", kLitellm, as,
                     fmt::format(R"({{"input_type":"{}","texts":["hello"],"structured_messages":null,
                                      "request_data":{{"user_api_key_hash":"{}","user_api_key_team_id":"t"}}}})",
                                 type, key));
  };
  const auto blocked = nlohmann::json::parse(ask("hash-of-a-key", "request").body);
  EXPECT_EQ(blocked["action"], "BLOCKED");
  EXPECT_EQ(blocked["blocked_reason"].get<std::string>().find("review"), std::string::npos);
  for (const auto& answer : {ask("hash-of-a-key", "response"), ask("another", "request")}) {
    EXPECT_EQ(answer.status, 200U);
    EXPECT_EQ(answer.body, "{\"action\":\"NONE\"}\n");
  }
  for (const auto* strange : {"{}", R"({"request_data":7,"texts":{}})",
                              R"({"request_data":{"user_api_key_hash":null}})",
                              R"({"input_type":"request","structured_messages":[1,{"role":"user","content":[2]}]})"}) {
    EXPECT_EQ(world.ask("POST", kLitellm, as, strange).body, "{\"action\":\"NONE\"}\n") << strange;
  }
  for (const auto* bad : {"", "[]", "{\"a\":", "\xff"}) {
    EXPECT_EQ(world.ask("POST", kLitellm, as, bad).status, 400U) << bad;
  }
}

TEST(gateway_litellm, blocks_whoever_has_to_wait_however_long_the_text_is) {
  ServeWorld world("litellm_long");
  use_up(world, account_of_sk(world, "hash-of-a-key"), "review");
  const auto answer = world.ask("POST", kLitellm, world.as(Role::tap) + "Content-Type: application/json\r\n",
                                fmt::format(R"({{"input_type":"request","texts":["{}"],
                                                 "request_data":{{"user_api_key_hash":"hash-of-a-key"}}}})",
                                            std::string(3'000'000, 'x')));
  EXPECT_EQ(answer.status, 200U);
  EXPECT_EQ(nlohmann::json::parse(answer.body)["action"], "BLOCKED");
}

// Copies and prints of such a body would recurse once a level.
TEST(gateway_litellm, answers_a_body_that_is_nested_100000_deep_and_one_of_a_million_values) {
  ServeWorld world("litellm_deep");
  use_up(world, account_of_sk(world, "hash-of-a-key"), "review");
  const std::string deep = std::string(100'000, '[') + std::string(100'000, ']');
  std::string full = "[[]";
  for (int i = 0; i < 1'000'000; ++i) full += ",[]";
  for (const auto& inner : {deep, full + "]"}) {
    for (const auto* key : {"structured_messages", "texts"}) {
      for (const auto role : {Role::tap, Role::reader}) {
        const auto ask = [&](const char* who) {
          return world.ask("POST", kLitellm, world.as(role) + "Content-Type: application/json\r\n",
                           fmt::format(R"({{"{}":{},"request_data":{{"user_api_key_hash":"{}"}}}})", key, inner, who));
        };
        EXPECT_EQ(nlohmann::json::parse(ask("hash-of-a-key").body)["action"], "BLOCKED") << key;
        EXPECT_EQ(ask("another").body, "{\"action\":\"NONE\"}\n") << key;
      }
    }
  }
}

TEST(gateway_litellm, takes_the_account_that_the_configuration_says) {
  ServeWorld world("litellm_team", {.litellm_account = "team"});
  use_up(world, "red", "review");
  const auto answer = world.ask("POST", kLitellm, world.as(Role::tap) + "Content-Type: application/json\r\n",
                                R"({"request_data":{"user_api_key_hash":"x","user_api_key_team_id":"red"}})");
  EXPECT_EQ(nlohmann::json::parse(answer.body)["action"], "BLOCKED");
}

std::string by_end_user(std::string_view name, std::size_t text_bytes = 5) {
  return fmt::format(R"({{"texts":["{}"],"request_data":{{"user_api_key_end_user_id":"{}"}}}})",
                     std::string(text_bytes, 'x'), name);
}

TEST(gateway_litellm, bounds_the_names_that_clients_choose_and_lets_nobody_past_by_one) {
  ServeWorld world("litellm_names", {.litellm_account = "end_user"});
  std::vector<std::string> read;
  world.read = [&](store::AccountName name, std::string) { read.push_back(std::move(name.account)); };
  const std::string endless(1'000'000, 'a');
  use_up(world, account_of_name(world.store(), "acme", endless).value(), "review");
  const auto action = [&](std::string_view name) -> std::string {
    const auto answer = world.ask("POST", kLitellm, world.as(Role::tap) + "Content-Type: application/json\r\n",
                                  by_end_user(name));
    return nlohmann::json::parse(answer.body)["action"];
  };
  EXPECT_EQ(action(endless), "BLOCKED");
  const std::string longest(256, 'b');
  for (const auto& name : {endless + "b", longest, longest + "b", std::string("a\xff"), std::string("a\\u0000")}) {
    EXPECT_EQ(action(name), "NONE");
  }
  ASSERT_EQ(read.size(), 5U);
  EXPECT_EQ(read[1], longest);
  for (const auto& name : read) EXPECT_TRUE(pipeline::is_account_name(name)) << name;
  EXPECT_EQ((std::set<std::string>(read.begin(), read.end()).size()), 5U);
  EXPECT_EQ(action(""), "NONE");
  EXPECT_EQ(read.size(), 5U);
}

TEST(gateway_litellm, a_small_question_does_not_wait_for_a_large_one) {
  ServeWorld world("litellm_large", {.litellm_account = "end_user"});
  std::promise<void> reading, go_on;
  world.read = [&](const store::AccountName& name, const std::string&) {
    if (name.account != "large") return;
    reading.set_value();
    go_on.get_future().wait();
  };
  const auto as = world.as(Role::tap) + "Content-Type: application/json\r\n";
  Client large(world.server->port());
  large.send(request_text("POST", kLitellm, as, by_end_user("large", kSmallBody)));
  EXPECT_EQ(reading.get_future().wait_for(std::chrono::seconds(60)), std::future_status::ready);
  EXPECT_EQ(world.ask("POST", kLitellm, as, by_end_user("small")).body, "{\"action\":\"NONE\"}\n");
  go_on.set_value();
  EXPECT_EQ(large.read_answer().status, 200U);
}

// The daemon's gRPC over the world, and a client of Envoy's service.
class ExtAuthz : public ::testing::Test {
 protected:
  ExtAuthz() {
    server_.emplace(start_grpc(world_).value());
    stub_ = envoy::Authorization::NewStub(grpc::CreateChannel(fmt::format("127.0.0.1:{}", server_->port()),
                                                              grpc::InsecureChannelCredentials()));
  }

  grpc::Status check(const std::string& token, const std::map<std::string, std::string>& headers,
                     const std::map<std::string, std::string>& extensions = {}) {
    envoy::CheckRequest request;
    auto& attributes = *request.mutable_attributes();
    attributes.mutable_request()->mutable_http()->mutable_headers()->insert(headers.begin(), headers.end());
    attributes.mutable_context_extensions()->insert(extensions.begin(), extensions.end());
    return check_whole(token, request);
  }
  grpc::Status check_whole(const std::string& token, const envoy::CheckRequest& request) {
    grpc::ClientContext context;
    if (!token.empty()) context.AddMetadata("authorization", "Bearer " + token);
    response_.Clear();
    return stub_->Check(&context, request, &response_);
  }
  std::string header(const google::protobuf::RepeatedPtrField<envoy::HeaderValueOption>& all, std::string_view name) {
    for (const auto& one : all) {
      if (one.header().key() == name) return one.header().value();
    }
    return "";
  }

  std::shared_ptr<store::InjectingFiles> files_ = std::make_shared<store::InjectingFiles>();  // so RocksDB wants it
  std::unique_ptr<rocksdb::Env> environment_ = rocksdb::NewCompositeEnv(files_);
  ServeWorld world_{"ext_authz", {}, {}, {}, environment_.get()};
  std::optional<GrpcServer> server_;
  std::unique_ptr<envoy::Authorization::Stub> stub_;
  envoy::CheckResponse response_;
};

TEST_F(ExtAuthz, lets_an_unknown_key_through_with_headers_in_place_of_the_clients) {
  ASSERT_TRUE(check(world_.token(Role::reader, "acme"), {{"authorization", "Bearer sk-alice"}}).ok());
  EXPECT_EQ(response_.status().code(), 0);
  EXPECT_EQ(header(response_.ok_response().headers(), "x-cms-tier"), "allow");
  EXPECT_EQ(header(response_.ok_response().headers(), "x-cms-decision"), "pass");
  for (const auto& one : response_.ok_response().headers()) EXPECT_EQ(one.append_action(), 2);
  ASSERT_TRUE(check_whole(world_.token(Role::reader, "acme"), envoy::CheckRequest()).ok());
  EXPECT_EQ(response_.status().code(), 0);
}

TEST_F(ExtAuthz, says_that_it_may_be_old_while_the_store_refuses_and_takes_a_clients_own_word_for_it_away) {
  const auto& token = world_.token(Role::reader, "acme");
  ASSERT_EQ(world_.ingest("alice", 5).status, 200U);
  ASSERT_TRUE(check(token, {{"authorization", "Bearer sk-alice"}}).ok());
  EXPECT_EQ(header(response_.ok_response().headers(), "x-cms-stale"), "");
  ASSERT_EQ(response_.ok_response().headers_to_remove_size(), 1);
  EXPECT_EQ(response_.ok_response().headers_to_remove(0), "x-cms-stale");
  files_->kill();
  ASSERT_EQ(world_.ingest("alice", 3, 2).status, 503U);
  ASSERT_TRUE(check(token, {{"authorization", "Bearer sk-alice"}}).ok());
  EXPECT_EQ(header(response_.ok_response().headers(), "x-cms-stale"), "true");
  EXPECT_EQ(response_.ok_response().headers_to_remove_size(), 0);
}

TEST_F(ExtAuthz, answers_429_for_who_has_to_wait) {
  use_up(world_, account_of_sk(world_, "sk-alice"), "limit");
  ASSERT_TRUE(check(world_.token(Role::reader, "acme"), {{"authorization", "Bearer sk-alice"}}).ok());
  EXPECT_EQ(response_.status().code(), grpc::StatusCode::PERMISSION_DENIED);
  const auto& denied = response_.denied_response();
  EXPECT_EQ(denied.status().code(), 429);
  EXPECT_GE(std::stoi(header(denied.headers(), "retry-after")), 10);
  EXPECT_EQ(header(denied.headers(), "content-type"), "application/problem+json");
  EXPECT_EQ(denied.body().find("limit"), std::string::npos);
}

TEST_F(ExtAuthz, takes_the_account_from_the_header_that_the_route_names_however_headers_are_sent) {
  use_up(world_, "u7", "review");
  const auto& token = world_.token(Role::reader, "acme");
  ASSERT_TRUE(check(token, {{"x-user", "u7"}}).ok());
  EXPECT_EQ(response_.status().code(), 0);
  ASSERT_TRUE(check(token, {{"x-user", "u7"}}, {{"account_header", "X-User"}}).ok());
  EXPECT_NE(response_.status().code(), 0);
  envoy::CheckRequest raw;
  (*raw.mutable_attributes()->mutable_context_extensions())["account_header"] = "X-User";
  auto& one = *raw.mutable_attributes()->mutable_request()->mutable_http()->mutable_header_map()->add_headers();
  one.set_key("x-user");
  one.set_raw_value("u7");
  ASSERT_TRUE(check_whole(token, raw).ok());
  EXPECT_NE(response_.status().code(), 0);
}

TEST_F(ExtAuthz, lets_nobody_past_by_bytes_that_are_no_text) {
  use_up(world_, account_of_sk(world_, "sk-alice"), "limit");
  use_up(world_, account_of_name(world_.store(), "acme", "\xff").value(), "limit");
  const auto& token = world_.token(Role::reader, "acme");
  ASSERT_TRUE(check(token, {{"authorization", "Bearer sk-alice\xa0"}}).ok());
  EXPECT_NE(response_.status().code(), 0);
  ASSERT_TRUE(check(token, {{"x-user", "\xff"}, {"", "other"}}, {{"account_header", "X-User"}}).ok());
  EXPECT_NE(response_.status().code(), 0);
}

TEST_F(ExtAuthz, is_for_readers_of_the_tenant_that_token_or_route_names) {
  using Code = grpc::StatusCode;
  EXPECT_EQ(check("", {}).error_code(), Code::UNAUTHENTICATED);
  EXPECT_EQ(check("cms_0_0", {}).error_code(), Code::UNAUTHENTICATED);
  EXPECT_EQ(check(world_.token(Role::tap, "acme"), {}).error_code(), Code::PERMISSION_DENIED);
  EXPECT_EQ(check(world_.token(Role::reader, "*"), {}).error_code(), Code::NOT_FOUND);
  EXPECT_EQ(check(world_.token(Role::reader, "*"), {}, {{"tenant", "acme"}}).error_code(), Code::OK);
  EXPECT_EQ(check(world_.token(Role::reader, "other"), {}, {{"tenant", "acme"}}).error_code(), Code::NOT_FOUND);
  EXPECT_EQ(check(world_.token(Role::analyst, "acme"), {}).error_code(), Code::OK);
  EXPECT_EQ(check(world_.token(Role::admin, "acme"), {}).error_code(), Code::OK);
  EXPECT_EQ(check(world_.token(Role::admin, "other"), {}, {{"tenant", "acme"}}).error_code(), Code::NOT_FOUND);
}

}  // namespace
}  // namespace cms::serve
