// Whose request it is, and what of its head goes on.
#include <gtest/gtest.h>

#include "serve/proxy_example.hpp"
#include "store/injecting_env.hpp"

namespace cms::serve {
namespace {

using Fixture = ProxyFixture;

constexpr std::string_view kAsk = "/v1/chat/completions";

TEST(Proxy, takes_out_what_is_of_one_connection_and_what_is_ours) {
  std::string head;
  Upstream upstream([&head](Peer& peer) {
    head = peer.read_head();
    peer.send("HTTP/1.1 200 Fine\r\nContent-Length: 2\r\nX-CMS-Tier: secret\r\nConnection: X-Hop\r\nX-Hop: 1\r\n"
              "Set-Cookie: a=1\r\nSet-Cookie: b=2\r\n\r\nok");
  });
  Fixture fixture("proxy_heads", upstream.port(), {.upstream = "/base/"});
  Client client(fixture.proxy->port());
  client.send(request_text("GET", "/v1/models?x=%20", "Authorization: Bearer sk-1\r\nx-cms-tier: allow\r\n"
                           "Connection: keep-alive, X-Mine\r\nX-Mine: 1\r\nX-Other: 2\r\nTE: trailers\r\n"
                           "X-Forwarded-For: 9.9.9.9\r\n"));
  const auto answer = client.read_until("\r\n\r\nok");
  const auto has = [](const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; };
  EXPECT_TRUE(has(head, "GET /base/v1/models?x=%20 HTTP/1.1\r\n")) << head;
  EXPECT_TRUE(has(head, fmt::format("Host: 127.0.0.1:{}\r\n", upstream.port())));
  EXPECT_TRUE(has(head, "Authorization: Bearer sk-1\r\n"));
  EXPECT_TRUE(has(head, "X-Other: 2\r\n"));
  EXPECT_TRUE(has(head, "X-Forwarded-For: 9.9.9.9, 127.0.0.1\r\n"));
  EXPECT_TRUE(has(head, "X-Forwarded-Host: cms\r\n"));
  EXPECT_TRUE(has(head, "X-CMS-Tier: allow\r\n"));  // ours: an unknown account is allowed
  EXPECT_EQ(head.find("cms-tier"), std::string::npos);
  EXPECT_FALSE(has(head, "X-Mine") || has(head, "\r\nTE:"));
  EXPECT_TRUE(has(answer, "HTTP/1.1 200 Fine\r\n")) << answer;
  EXPECT_TRUE(has(answer, "Set-Cookie: a=1\r\nSet-Cookie: b=2\r\n"));
  EXPECT_FALSE(has(answer, "CMS") || has(answer, "X-Hop"));
}

TEST(Proxy, tells_the_server_alone_that_a_tier_may_be_old_while_the_store_refuses) {
  const auto files = std::make_shared<store::InjectingFiles>();  // shared: so RocksDB wants it
  const auto environment = rocksdb::NewCompositeEnv(files);
  std::string head;
  Upstream upstream([&head](Peer& peer) {
    head = peer.read_head();
    peer.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX-CMS-Stale: true\r\n\r\n");
  });
  Fixture fixture("proxy_stale", upstream.port(), {.account_header = "X-Account"}, {}, environment.get());
  const auto ask = [&] { return fixture.ask(request_text("GET", "/", "X-Account: alice\r\nX-CMS-Stale: forged\r\n")); };
  ASSERT_EQ(fixture.world.ingest("alice", 5).status, 200U);
  ASSERT_EQ(ask().status, 200U);
  EXPECT_EQ(head.find("X-CMS-Stale"), std::string::npos) << head;
  files->kill();
  ASSERT_EQ(fixture.world.ingest("alice", 3, 2).status, 503U);
  const auto answer = ask();
  EXPECT_EQ(answer.status, 200U);
  EXPECT_FALSE(answer.headers.contains("x-cms-stale"));
  EXPECT_NE(head.find("X-CMS-Stale: true\r\n"), std::string::npos) << head;
}

TEST(Proxy, holds_a_limited_account_back_and_nobody_else) {
  std::atomic<int> asked{0};
  Upstream upstream([&asked](Peer& peer) {
    while (!peer.read_head().empty()) {
      ++asked;
      peer.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    }
  });
  Fixture fixture("proxy_limit", upstream.port(), {.account_header = "X-Account"}, {.limit_per_minute = 2});
  auto& world = fixture.world;
  ASSERT_EQ(world.ingest("fast", 3).status, 200u);
  ASSERT_EQ(world.ask("PUT", "/v1/tenants/acme/accounts/fast/override",
                      world.as(Role::analyst) + "Content-Type: application/json\r\n",
                      fmt::format(R"({{"action":"limit","until":{},"why":"test"}})", ServeWorld::kNow + 1e6)).status,
            200u);
  std::map<unsigned, int> statuses;
  for (int i = 0; i < 10; ++i) {
    const auto answer = fixture.ask(request_text("GET", "/", "X-Account: fast\r\n"));
    ++statuses[answer.status];
    if (answer.status != 429) continue;
    EXPECT_GE(std::stoi(answer.headers.at("retry-after")), 30);
    EXPECT_NE(answer.body.find("rate_limit_exceeded"), std::string::npos);
    EXPECT_EQ(answer.body.find("cms"), std::string::npos);
  }
  EXPECT_EQ(statuses, (std::map<unsigned, int>{{200, 2}, {429, 8}}));
  EXPECT_EQ(fixture.ask(request_text("GET", "/", "X-Account: calm\r\n")).status, 200u);
  EXPECT_EQ(asked, 3);
  EXPECT_TRUE(fixture.comes([](const auto& seen) { return seen.limited == 8 && seen.answered == 3; }));
}

TEST(Proxy, gives_the_tap_what_was_asked_once_the_server_has_taken_it) {
  Upstream upstream([](Peer& peer) {
    for (;;) {
      const auto head = peer.read_head();
      if (head.empty()) return;
      peer.read_body(head);
      const bool known = head.find("Bearer sk-known") != std::string::npos;
      peer.send(fmt::format("HTTP/1.1 {}\r\nContent-Length: 0\r\n\r\n", known ? "200 OK" : "401 Unauthorized"));
    }
  });
  Fixture fixture("proxy_reads", upstream.port(), {.prompt_bytes_max = 50});
  const std::string known = "Authorization: Bearer sk-known\r\n";
  fixture.ask(request_text("POST", kAsk, known, R"({"prompt":"one"})"));
  fixture.ask(request_text("POST", kAsk, "Authorization: Bearer sk-other\r\n", R"({"prompt":"two"})"));
  fixture.ask(request_text("POST", kAsk, known, std::string(51, 'x')));
  fixture.ask(request_text("POST", "/health", known, R"({"prompt":"no question to a model"})"));
  fixture.ask(fmt::format("POST {} HTTP/1.1\r\nHost: x\r\n", kAsk) + known + "Transfer-Encoding: chunked\r\n\r\n" +
              chunked(R"({"prompt":"three"})", 3));
  fixture.ask(request_text("GET", kAsk, known));
  const auto account = account_of_key(fixture.world.store(), "acme", "sk-known").value();
  EXPECT_EQ(fixture.read(), (std::vector<std::pair<std::string, std::string>>{{account, R"({"prompt":"one"})"},
                                                                              {account, R"({"prompt":"three"})"}}));
  EXPECT_EQ(fixture.proxy->counters().oversized, 1u);
}

TEST(Proxy, goes_by_the_key_that_the_server_checks) {
  Upstream upstream(echo);
  Fixture fixture("proxy_key", upstream.port(), {.key_header = "x-api-key"});
  for (const auto* made_up : {"one", "two"}) {
    const auto keys = fmt::format("Authorization: Bearer {}\r\nx-api-key: sk\r\n", made_up);
    fixture.ask(request_text("POST", kAsk, keys, "{}"));
  }
  const auto account = account_of_key(fixture.world.store(), "acme", "sk").value();
  EXPECT_EQ(fixture.read(), (std::vector<std::pair<std::string, std::string>>{{account, "{}"}, {account, "{}"}}));
}

TEST(Proxy, names_the_account_by_what_the_server_sees) {
  std::string head;
  Upstream upstream([&head](Peer& peer) {
    head = peer.read_head();
    peer.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  });
  Fixture fixture("proxy_sees", upstream.port());
  const auto account = account_of_key(fixture.world.store(), "acme", "sk").value();
  for (const std::string shown : {"x-api-key: sk\r\n", "Authorization: Bearer \tsk\xa0\r\n", "api-key: sk\r\n",
                                  "Authorization: Bearer decoy\r\nConnection: authorization\r\nx-api-key: sk\r\n"}) {
    EXPECT_EQ(fixture.ask(request_text("GET", "/", shown)).status, 200u) << shown;
    EXPECT_NE(head.find("X-CMS-Account: " + account + "\r\n"), std::string::npos) << shown << head;
  }
  EXPECT_EQ(fixture.ask(request_text("GET", "/", "Authorization: Bearer decoy\r\nx-api-key: sk\r\n")).status, 400u);
}

TEST(Proxy, takes_our_headers_out_however_they_are_spelt_and_keeps_every_address) {
  std::string head;
  Upstream upstream([&head](Peer& peer) {
    head = peer.read_head();
    peer.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  });
  Fixture fixture("proxy_spelt", upstream.port());
  fixture.ask(request_text("GET", "/", "X_CMS_Tier: allow\r\nx-CMS_account: me\r\nX-Forwarded-For: 6.6.6.6\r\n"
                           "X-Forwarded-For: 203.0.113.7\r\n"));
  EXPECT_EQ(head.find("CMS_"), std::string::npos) << head;
  EXPECT_NE(head.find("X-Forwarded-For: 6.6.6.6, 203.0.113.7, 127.0.0.1\r\n"), std::string::npos) << head;
}

TEST(Proxy, does_not_reach_beyond_the_path_of_the_upstream) {
  Upstream upstream(echo);
  Fixture fixture("proxy_beyond", upstream.port(), {.upstream = "/api"});
  for (const auto* target : {"/../admin", "/a/%2e%2e/%2E%2e/admin", "zz", "*", "/./x"}) {
    EXPECT_EQ(fixture.ask(request_text("GET", target)).status, 400u) << target;
  }
  EXPECT_EQ(upstream.connections(), 0u);
  EXPECT_EQ(fixture.ask(request_text("GET", "/a..b/c")).status, 200u);
}

TEST(Proxy, turns_redirections_to_the_server_into_its_own) {
  std::string location;
  Upstream upstream([&location](Peer& peer) {
    while (!peer.read_head().empty()) {
      peer.send(fmt::format("HTTP/1.1 307 Moved\r\nLocation: {}\r\nContent-Length: 0\r\n\r\n", location));
    }
  });
  Fixture fixture("proxy_moved", upstream.port(), {.upstream = "/api"});
  const auto inside = fmt::format("http://127.0.0.1:{}", upstream.port());
  for (const auto& [from, to] : std::map<std::string, std::string>{
           {inside + "/api/v1/models?x=1", "http://cms/v1/models?x=1"},
           {inside, "http://cms/"},
           {inside + "0/elsewhere", inside + "0/elsewhere"},
           {"https://example.org/a", "https://example.org/a"},
           {"/v1/models", "/v1/models"}}) {
    location = from;
    EXPECT_EQ(fixture.ask(request_text("GET", "/")).headers.at("location"), to);
  }
}

}  // namespace
}  // namespace cms::serve
