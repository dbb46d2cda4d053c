#include "serve/api.hpp"

#include <gtest/gtest.h>

#include <future>

#include "serve/answer_example.hpp"
#include "store/injecting_env.hpp"
#include "tap/npy.hpp"

namespace cms::serve {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kAccount = "/v1/tenants/acme/accounts/alice";

TEST(api, what_was_ingested_is_scored_as_the_step_scores_it) {
  ServeWorld world("scored");
  const auto ingested = world.ingest("alice", 30);
  ASSERT_EQ(ingested.status, 200U) << ingested.body;
  EXPECT_EQ(body_of(ingested)["scored"], 30);
  EXPECT_EQ(body_of(ingested)["refused"], 0);

  auto state = pipeline::make_account(world.model());
  pipeline::Scratch scratch;
  const auto stream = pipeline::example_stream(world.model(), 1, 30);
  Score score;
  for (std::size_t i = 0; i < 30; ++i) {
    score = pipeline::step(world.model(), state, stream.row(i), ServeWorld::kNow - 1000 + double(i), scratch);
  }
  const auto account = body_of(world.ask("GET", kAccount, world.as(Role::reader)));
  EXPECT_EQ(account["requests"], 30);
  EXPECT_EQ(account["poh"], pipeline::score_at(world.model(), state, ServeWorld::kNow).poh);
  EXPECT_EQ(account["poh_min"], score.poh_min);
  EXPECT_EQ(account["stale"], false);
  EXPECT_TRUE(account["label"].is_null());
  EXPECT_FALSE(account["history"]["points"].empty());
}

TEST(api, an_unknown_account_is_allowed_and_said_to_be_unknown) {
  ServeWorld world("unknown");
  const auto answer = world.ask("GET", "/v1/tenants/acme/accounts/nobody/decision", world.as(Role::reader));
  EXPECT_EQ(answer.status, 200U);
  const auto body = body_of(answer);
  EXPECT_EQ(body["status"], "unknown");
  EXPECT_EQ(body["action"], "allow");
  EXPECT_EQ(body["stale"], false);
  expect_problem(world.ask("GET", "/v1/tenants/acme/accounts/nobody", world.as(Role::reader)), 404, "not-found");
}

TEST(api, names_of_accounts_are_percent_decoded_and_come_back_as_they_are) {
  ServeWorld world("names");
  ASSERT_EQ(world.ingest("a/b \\u00e4", 2).status, 200U);
  const auto answer = world.ask("GET", "/v1/tenants/acme/accounts/a%2Fb%20%C3%A4", world.as(Role::reader));
  ASSERT_EQ(answer.status, 200U) << answer.body;
  EXPECT_EQ(body_of(answer)["account"], "a/b \u00e4");
  for (const auto* wrong : {"%", "%f", "%zz", "%ff", "%00", "%ed%a0%80"}) {
    expect_problem(world.ask("GET", fmt::format("/v1/tenants/acme/accounts/{}", wrong), world.as(Role::reader)), 400,
                   "bad-request");
  }
  const auto long_name = std::string(257, 'a');
  expect_problem(world.ask("GET", "/v1/tenants/acme/accounts/" + long_name, world.as(Role::reader)), 400,
                 "bad-request");
}

TEST(api, pages_of_the_list_hold_every_account_once) {
  ServeWorld world("pages");
  for (int i = 0; i < 7; ++i) ASSERT_EQ(world.ingest(fmt::format("a{}", i), 1).status, 200U);
  std::map<std::string, int> seen;
  std::string target = "/v1/tenants/acme/accounts?limit=3";
  int pages = 0;
  for (; !target.empty() && pages < 9; ++pages) {
    const auto answer = world.ask("GET", target, world.as(Role::reader));
    ASSERT_EQ(answer.status, 200U) << answer.body;
    const auto page = body_of(answer);
    for (const auto& one : page["accounts"]) ++seen[one["account"]];
    const auto link = answer.headers.find("link");
    target.clear();
    if (link == answer.headers.end()) continue;
    EXPECT_TRUE(link->second.ends_with("; rel=\"next\""));
    target = link->second.substr(1, link->second.find('>') - 1);
  }
  EXPECT_GE(pages, 3);
  EXPECT_EQ(seen.size(), 7U);
  for (const auto& [account, times] : seen) EXPECT_EQ(times, 1) << account;
  expect_problem(world.ask("GET", "/v1/tenants/acme/accounts?limit=0", world.as(Role::reader)), 400, "bad-request");
  expect_problem(world.ask("GET", "/v1/tenants/acme/accounts?limit=1001", world.as(Role::reader)), 400, "bad-request");
  expect_problem(world.ask("GET", "/v1/tenants/acme/accounts?limit=2&limit=3", world.as(Role::reader)), 400,
                 "bad-request");
  expect_problem(world.ask("GET", "/v1/tenants/acme/accounts?cursor=xyz", world.as(Role::reader)), 400, "bad-request");
  // Found by schemathesis.
  expect_problem(world.ask("GET", "/v1/tenants/acme/accounts?cursor=00", world.as(Role::reader)), 400, "bad-request");
  expect_problem(world.ask("GET", "/v1/tenants/acme/audit?after=1&after=1", world.as(Role::analyst)), 400,
                 "bad-request");
}

TEST(api, an_etag_is_current_until_the_account_changes) {
  ServeWorld world("etags");
  ASSERT_EQ(world.ingest("alice", 3).status, 200U);
  const auto first = world.ask("GET", kAccount, world.as(Role::reader));
  const auto tag = first.headers.at("etag");
  EXPECT_TRUE(tag.starts_with("\""));
  const auto again = world.ask("GET", kAccount, world.as(Role::reader) + "If-None-Match: \"x\", W/" + tag + "\r\n");
  EXPECT_EQ(again.status, 304U);
  EXPECT_TRUE(again.body.empty());
  EXPECT_EQ(again.headers.at("etag"), tag);
  ASSERT_EQ(world.ingest("alice", 1, 2).status, 200U);
  EXPECT_EQ(world.ask("GET", kAccount, world.as(Role::reader) + "If-None-Match: " + tag + "\r\n").status, 200U);
  for (const auto* target : {"/v1/atlas", "/v1/policy", "/openapi.json"}) {
    const auto answer = world.ask("GET", target, world.as(Role::reader));
    EXPECT_EQ(answer.status, 200U) << target;
    const auto more = world.as(Role::reader) + "If-None-Match: " + answer.headers.at("etag") + "\r\n";
    EXPECT_EQ(world.ask("GET", target, more).status, 304U) << target;
  }
}

TEST(api, bad_lines_are_refused_one_by_one_and_the_rest_is_scored) {
  ServeWorld world("lines");
  const auto good = world.lines("alice", 1);
  std::string body = good + "{\"account\":\"alice\",\"vector\":[1,2]}\n" + "nonsense\n\n" +
                     "{\"account\":7,\"vector\":[]}\n" + "{\"account\":\"alice\",\"time\":\"now\",\"vector\":[1]}\n" +
                     "{\"account\":\"alice\",\"vector\":[1,null]}\n" + "{\"account\":\"alice\",\"vector\":[1e300]}\n" +
                     "{\"account\":\"\xff\",\"vector\":[1]}\n" + "[1]\n" + world.lines("bob", 1, 2);
  body.pop_back();  // a last line without its end counts
  const auto answer = world.ask("POST", "/v1/tenants/acme/activations", world.tap_headers(), body);
  ASSERT_EQ(answer.status, 200U) << answer.body;
  const auto result = body_of(answer);
  EXPECT_EQ(result["received"], 10);
  EXPECT_EQ(result["scored"], 2);
  EXPECT_EQ(result["refused"], 8);
  std::vector<std::string> refusals;
  for (const auto& one : result["refusals"]) refusals.push_back(one["refusal"]);
  EXPECT_EQ(refusals, (std::vector<std::string>{"dimension", "account", "account", "clock", "not_finite", "not_finite",
                                                "account", "account"}));
  EXPECT_EQ(result["refusals"][1]["why"], "line 3: not a JSON object");
  EXPECT_EQ(result["refusals"][2]["why"], "line 5: \"account\" must be a text");
}

TEST(api, a_body_without_any_item_is_refused_but_a_producers_takes_its_place_in_the_sequence) {
  ServeWorld world("no_items");
  const std::string target = "/v1/tenants/acme/activations";
  const auto expect_none = [](const Answer& answer) {
    expect_problem(answer, 400, "bad-request");
    EXPECT_TRUE(body_of(answer)["detail"].get<std::string>().starts_with("no items: ")) << answer.body;
  };
  for (const auto* body : {"", "\n", " \r\n\n"}) expect_none(world.ask("POST", target, world.tap_headers(), body));
  const auto stream = pipeline::example_stream(world.model(), 1, 1);
  const auto npy = tap::format_npy({}, stream.dimension, tap::Dtype::float32);
  const auto more = world.as(Role::tap) + "Cms-Model: example/l1/mean\r\nContent-Type: application/x-npy\r\n";
  expect_none(world.ask("POST", target + "?account=a", more, std::string(npy.begin(), npy.end())));
  const auto send = [&](int sequence, const std::string& body) {
    return world.ask("POST", target, world.tap_headers() + fmt::format("Cms-Producer: tap\r\nCms-Epoch: 1\r\n"
                                                                       "Cms-Sequence: {}\r\n", sequence), body);
  };
  const auto empty = send(1, "");
  ASSERT_EQ(empty.status, 200U) << empty.body;
  EXPECT_EQ(body_of(empty)["received"], 0);
  EXPECT_EQ(body_of(send(2, world.lines("alice", 1)))["status"], "done");
}

TEST(api, vectors_of_another_model_and_times_far_off_are_refused_by_item) {
  ServeWorld world("models");
  const auto more = world.as(Role::tap) + "Content-Type: application/x-ndjson\r\n";
  const auto other = world.ask("POST", "/v1/tenants/acme/activations", more + "Cms-Model: another/l1/mean\r\n",
                               world.lines("alice", 2));
  ASSERT_EQ(other.status, 200U);
  EXPECT_EQ(body_of(other)["refused"], 2);
  EXPECT_EQ(body_of(other)["refusals"][0]["refusal"], "model");
  for (const auto* rest : {"", "/l1/mean", "/l1/last"}) {
    const auto by_hash = world.ask("POST", "/v1/tenants/acme/activations",
                                   more + fmt::format("Cms-Model: {}{}\r\n", ServeWorld::kModelHash, rest),
                                   world.lines("bob", 1));
    EXPECT_EQ(body_of(by_hash)["scored"], std::string_view(rest) == "/l1/last" ? 0 : 1) << rest;
  }
  expect_problem(world.ask("POST", "/v1/tenants/acme/activations", more, world.lines("alice", 1)), 400, "bad-request");
  world.now = ServeWorld::kNow - 90'000;
  const auto late = world.ask("POST", "/v1/tenants/acme/activations", world.tap_headers(), world.lines("alice", 1));
  EXPECT_EQ(body_of(late)["refusals"][0]["refusal"], "clock");
  EXPECT_NE(body_of(late)["refusals"][0]["why"].get<std::string>().find("the daemon's clock"), std::string::npos);
}

TEST(api, a_batch_that_is_sent_again_is_a_duplicate_and_one_too_early_is_a_gap) {
  ServeWorld world("positions");
  const auto send = [&](int epoch, int sequence) {
    const auto more = fmt::format("Cms-Producer: tap%201\r\nCms-Epoch: {}\r\nCms-Sequence: {}\r\n", epoch, sequence);
    return world.ask("POST", "/v1/tenants/acme/activations", world.tap_headers() + more, world.lines("alice", 1));
  };
  EXPECT_EQ(body_of(send(5, 1))["status"], "done");
  EXPECT_EQ(body_of(send(5, 1))["status"], "duplicate");
  expect_problem(send(5, 3), 409, "out-of-order");
  EXPECT_EQ(body_of(send(6, 1))["status"], "done");
  expect_problem(send(5, 2), 409, "stale-epoch");
  EXPECT_EQ(body_of(world.ask("GET", kAccount, world.as(Role::reader)))["requests"], 2);
  expect_problem(send(6, 0), 400, "bad-request");
  expect_problem(world.ask("POST", "/v1/tenants/acme/activations", world.tap_headers() + "Cms-Epoch: 1\r\n",
                           world.lines("alice", 1)), 400, "bad-request");
}

TEST(api, rows_of_an_npy_body_belong_to_whom_the_request_names) {
  ServeWorld world("npy");
  const auto stream = pipeline::example_stream(world.model(), 3, 4);
  const auto npy = tap::format_npy(stream.values, stream.dimension, tap::Dtype::float32);
  const std::string body(npy.begin(), npy.end());
  const auto more = world.as(Role::tap) + "Cms-Model: example/l1/mean\r\nContent-Type: application/x-npy\r\n";
  const auto one = world.ask("POST", "/v1/tenants/acme/activations?account=carol+x", more, body);
  ASSERT_EQ(one.status, 200U) << one.body;
  EXPECT_EQ(body_of(one)["scored"], 4);
  const auto each = world.ask("POST", "/v1/tenants/acme/activations",
                              more + "Cms-Accounts: [\"carol x\",\"dan\",\"dan\",\"dan\"]\r\n", body);
  ASSERT_EQ(each.status, 200U) << each.body;
  EXPECT_EQ(body_of(world.ask("GET", "/v1/tenants/acme/accounts/carol%20x", world.as(Role::reader)))["requests"], 5);
  EXPECT_EQ(body_of(world.ask("GET", "/v1/tenants/acme/accounts/dan", world.as(Role::reader)))["requests"], 3);
  expect_problem(world.ask("POST", "/v1/tenants/acme/activations", more, body), 400, "bad-request");
  expect_problem(world.ask("POST", "/v1/tenants/acme/activations", more + "Cms-Accounts: [\"a\"]\r\n", body), 400,
                 "bad-request");
  expect_problem(world.ask("POST", "/v1/tenants/acme/activations?account=a", more, body.substr(0, 100)), 400,
                 "bad-request");
}

// The header of a .safetensors file: its length in 8 bytes, then JSON.
std::string safetensors(const std::string& header, std::string_view data) {
  std::string body(8, '\0');
  for (std::size_t i = 0; i < 8; ++i) body[i] = static_cast<char>(header.size() >> (8 * i) & 0xFF);
  return body.append(header).append(data);
}

TEST(api, rows_of_a_safetensors_body_are_those_of_the_tensor_that_the_request_names) {
  ServeWorld world("safetensors");
  const auto stream = pipeline::example_stream(world.model(), 3, 4);
  const std::string data(reinterpret_cast<const char*>(stream.values.data()), stream.values.size() * sizeof(float));
  const auto of = [&](const char* name, std::size_t first) {
    return fmt::format(R"("{}":{{"dtype":"F32","shape":[4,{}],"data_offsets":[{},{}]}})", name, stream.dimension, first,
                       first + data.size());
  };
  const auto more = world.as(Role::tap) + "Cms-Model: example/l1/mean\r\nContent-Type: application/x-safetensors\r\n";
  const std::string target = "/v1/tenants/acme/activations?account=carol";
  const auto one = world.ask("POST", target, more, safetensors("{" + of("hidden", 0) + "}", data));
  ASSERT_EQ(one.status, 200U) << one.body;
  EXPECT_EQ(body_of(one)["scored"], 4);
  const auto two = safetensors("{" + of("hidden", 0) + "," + of("other", data.size()) + "}", data + data);
  EXPECT_EQ(body_of(world.ask("POST", target + "&tensor=other", more, two))["scored"], 4);
  expect_problem(world.ask("POST", target, more, two), 400, "bad-request");
  expect_problem(world.ask("POST", target + "&tensor=none", more, two), 400, "bad-request");
  expect_problem(world.ask("POST", target, more, two.substr(0, 60)), 400, "bad-request");
  EXPECT_EQ(body_of(world.ask("GET", "/v1/tenants/acme/accounts/carol", world.as(Role::reader)))["requests"], 8);
}

TEST(api, what_is_sent_to_an_unknown_tenant_is_not_read_and_so_neither_received_nor_refused) {
  ServeWorld world("unknown_tenant");
  ASSERT_EQ(world.ingest("alice", 5).status, 200U);
  const auto headers =
      world.as(Role::tap, "*") + "Cms-Model: example/l1/mean\r\nContent-Type: application/x-ndjson\r\n";
  expect_problem(world.ask("POST", "/v1/tenants/nobody/activations", headers, world.lines("alice", 3)), 404,
                 "not-found");
  const auto counters = world.engine().counters();
  EXPECT_EQ(counters.received, 5U);
  EXPECT_EQ(counters.scored + counters.shed + counters.refused, 5U);
}

TEST(api, methods_types_and_sizes_that_are_not_taken_are_refused_as_http_says) {
  ServeWorld world("http", {.tenants = {}, .body_bytes_max = 5000, .items_max = 3});
  const auto wrong_method = world.ask("POST", kAccount, world.as(Role::admin), "{}");
  expect_problem(wrong_method, 405, "method-not-allowed");
  EXPECT_EQ(wrong_method.headers.at("allow"), "GET, HEAD, DELETE, OPTIONS");
  const auto options = world.ask("OPTIONS", "/v1/tenants/acme/activations");
  EXPECT_EQ(options.status, 204U);
  EXPECT_EQ(options.headers.at("allow"), "POST, OPTIONS");
  expect_problem(world.ask("GET", "/v1/atlas", world.as(Role::reader) + "Accept: text/html, image/*\r\n"), 406,
                 "not-acceptable");
  EXPECT_EQ(world.ask("GET", "/v1/atlas", world.as(Role::reader) + "Accept: text/html, application/*;q=0.1\r\n").status,
            200U);
  expect_problem(world.ask("GET", "/v1/atlas", world.as(Role::reader) + "Accept: application/json;q=0\r\n"), 406,
                 "not-acceptable");
  const auto type = world.as(Role::tap) + "Cms-Model: example/l1/mean\r\nContent-Type: text/plain\r\n";
  expect_problem(world.ask("POST", "/v1/tenants/acme/activations", type, "x"), 415, "unsupported-type");
  expect_problem(world.ask("POST", "/v1/tenants/acme/activations", world.tap_headers() + "Content-Encoding: gzip\r\n",
                           "x"), 415, "unsupported-type");
  expect_problem(world.ask("POST", "/v1/tenants/acme/activations", world.tap_headers(), std::string(6000, ' ')), 413,
                 "too-large");
  expect_problem(world.ask("POST", "/v1/tenants/acme/activations", world.tap_headers(), "a\nb\nc\nd\n"), 400,
                 "bad-request");
  expect_problem(world.ask("GET", "/v2"), 404, "not-found");
  const auto head = world.ask("HEAD", "/v1/atlas", world.as(Role::reader));
  EXPECT_EQ(head.status, 200U);
  EXPECT_TRUE(head.body.empty());
  EXPECT_EQ(head.headers.at("content-length"),
            std::to_string(world.ask("GET", "/v1/atlas", world.as(Role::reader)).body.size()));
  expect_problem(world.ask("POST", "/v1/tenants/acme/observations", world.tap_headers(), "{}"), 409, "observe-off");
}

TEST(api, allowances_of_other_tenants_are_not_shown) {
  ServeWorld world("allowances");
  auto policy = std::make_shared<policy::Policy>();
  policy->allowances = {{"acme", "bot", 1e10, Action::allow, "evaluation"},
                        {"other", "bot2", 1e10, Action::allow, "x"}};
  world.policy = policy;
  const auto own = body_of(world.ask("GET", "/v1/policy", world.as(Role::reader)))["allowances"];
  ASSERT_EQ(own.size(), 1U);
  EXPECT_EQ(own[0]["account"], "bot");
  EXPECT_EQ(body_of(world.ask("GET", "/v1/policy", world.as(Role::reader, "*")))["allowances"].size(), 2U);
}

TEST(api, health_and_readiness_need_no_token) {
  ServeWorld world("health");
  EXPECT_EQ(world.ask("GET", "/healthz").status, 200U);
  EXPECT_EQ(world.ask("GET", "/readyz").status, 200U);
  EXPECT_EQ(world.ask("GET", "/metrics", world.as(Role::reader, "*")).body, "cms_up 1\n");
}

TEST(api, while_the_disk_refuses_decisions_are_stale_and_nothing_is_taken) {
  const auto files = std::make_shared<store::InjectingFiles>();  // shared: so RocksDB wants it
  const auto environment = rocksdb::NewCompositeEnv(files);
  ServeWorld world("refusing", {}, {}, {}, environment.get());
  ASSERT_EQ(world.ingest("alice", 20).status, 200U);
  EXPECT_EQ(world.ask("GET", "/readyz").status, 200U);
  files->kill();
  const auto refused = world.ingest("alice", 3, 2);
  expect_problem(refused, 503, "store-unavailable");
  EXPECT_TRUE(refused.headers.contains("retry-after"));
  expect_problem(world.ask("GET", "/readyz"), 503, "not-ready");
  const auto decision = world.ask("GET", std::string(kAccount) + "/decision", world.as(Role::reader));
  EXPECT_EQ(decision.status, 200U);
  EXPECT_EQ(body_of(decision)["stale"], true);
  EXPECT_EQ(body_of(decision)["action"], "allow");
  EXPECT_TRUE(body_of(decision).contains("as_of"));
  const auto json = world.as(Role::analyst) + "Content-Type: application/json\r\n";
  expect_problem(world.ask("PUT", std::string(kAccount) + "/labels", json, R"({"label":"honest"})"), 503,
                 "store-unavailable");
  EXPECT_EQ(world.ask("GET", "/healthz").status, 200U);
}

TEST(api, a_stream_of_events_ends_in_time_so_that_its_reader_is_known_anew) {
  ServeWorld world("stream", {}, {.stream_s = .05, .heartbeat_s = .01});
  Client client(world.server->port());
  client.send(request_text("GET", "/v1/events", world.as(Role::reader)));
  EXPECT_EQ(client.read_answer().status, 200U);
  EXPECT_TRUE(client.read_rest().starts_with(":\n\n"));
}

TEST(api, events_go_on_after_the_last_one_that_was_seen) {
  ServeWorld world("events");
  world.events.publish("acme", "score", "{\"n\":1}");
  world.events.publish("other", "score", "{\"n\":2}");
  world.events.publish("acme", "score", "{\"n\":3}");
  Client client(world.server->port());
  client.send(request_text("GET", "/v1/events", world.as(Role::reader) + "Last-Event-ID: 7-1\r\n"));
  EXPECT_EQ(client.read_answer().headers.at("content-type"), "text/event-stream");
  EXPECT_EQ(client.read_until("\n\n"), "id: 7-2\nevent: score\ndata: {\"n\":3}\n\n");
  world.events.publish("acme", "score", "{\"n\":4}");
  EXPECT_EQ(client.read_until("\n\n"), "id: 7-3\nevent: score\ndata: {\"n\":4}\n\n");
  for (const auto role : {Role::reader, Role::analyst, Role::admin}) {
    for (const std::string tenant : {"other", "nothere"}) {
      expect_problem(world.ask("GET", "/v1/events?tenant=" + tenant, world.as(role)), 404, "not-found");
    }
  }
  world.events.close();
  EXPECT_EQ(client.read_rest(), "");
}

}  // namespace
}  // namespace cms::serve
