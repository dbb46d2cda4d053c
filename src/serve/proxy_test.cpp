#include <gtest/gtest.h>

#include <condition_variable>
#include <random>

#include "serve/proxy_example.hpp"

namespace cms::serve {
namespace {

using namespace std::chrono_literals;
using Fixture = ProxyFixture;

std::string noise(std::size_t bytes, std::uint32_t seed) {
  std::mt19937 chance(seed);
  std::string text(bytes, '\0');
  for (auto& c : text) c = static_cast<char>(chance());
  return text;
}

TEST(Proxy, passes_bodies_of_every_size_and_framing_byte_for_byte) {
  Upstream upstream([](Peer& peer) {
    for (;;) {
      const auto head = peer.read_head();
      if (head.empty()) return;
      const auto body = peer.read_body(head);
      peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunked(body, 7777));
    }
  });
  Fixture fixture("proxy_bytes", upstream.port());
  Client client(fixture.proxy->port());
  std::uint32_t seed = 0;
  for (const std::size_t bytes : {0, 1, 16383, 16384, 16385, 100'000, 3'000'000}) {
    const auto body = noise(bytes, ++seed);
    client.send(fmt::format("POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n", bytes) + body);
    client.read_until("\r\n\r\n");
    EXPECT_TRUE(unchunked(client) == body) << bytes;
    client.send("POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + chunked(body, 1000));
    client.read_until("\r\n\r\n");
    EXPECT_TRUE(unchunked(client) == body) << bytes << " in chunks";
  }
  EXPECT_EQ(upstream.connections(), 1u);
}

TEST(Proxy, passes_each_piece_as_soon_as_it_is_there) {
  std::mutex mutex;
  std::condition_variable seen;
  int pieces_seen = 0;
  Upstream upstream([&](Peer& peer) {
    peer.read_head();
    peer.send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n");
    for (int piece = 0; piece < 20; ++piece) {
      std::unique_lock lock(mutex);
      // The next piece is sent when the one before has reached the client, and not earlier.
      if (!seen.wait_for(lock, 5s, [&] { return pieces_seen == piece; })) return;
      peer.send(fmt::format("a\r\ndata: {:02}\n\n\r\n", piece));
    }
    peer.send("0\r\n\r\n");
  });
  Fixture fixture("proxy_pieces", upstream.port());
  Client client(fixture.proxy->port());
  client.send(request_text("GET", "/stream"));
  ASSERT_NE(client.read_until("\r\n\r\n").find("text/event-stream"), std::string::npos);
  for (int piece = 0; piece < 20; ++piece) {
    EXPECT_EQ(client.read_until("\n\n\r\n"), fmt::format("a\r\ndata: {:02}\n\n\r\n", piece));
    const std::lock_guard lock(mutex);
    pieces_seen = piece + 1;
    seen.notify_all();
  }
  EXPECT_EQ(client.read_until("0\r\n\r\n"), "0\r\n\r\n");
}

TEST(Proxy, says_that_the_server_is_down_and_serves_again_when_it_is_back) {
  std::uint16_t port = 0;
  {
    const Upstream gone(echo);
    port = gone.port();
  }
  Fixture fixture("proxy_down", port);
  const auto answer = fixture.ask(request_text("POST", "/", "", "body"));
  EXPECT_EQ(answer.status, 502u);
  EXPECT_NE(answer.body.find("upstream_unavailable"), std::string::npos);
  EXPECT_EQ(fixture.proxy->counters().upstream_failures, 1u);
}

TEST(Proxy, gives_up_on_a_server_that_does_not_answer) {
  Upstream upstream([](Peer& peer) {
    peer.read_head();
    peer.sees_end();
  });
  Fixture fixture("proxy_late", upstream.port(), {.upstream_s = .2});
  const auto answer = fixture.ask(request_text("GET", "/"));
  EXPECT_EQ(answer.status, 504u);
}

TEST(Proxy, shows_an_answer_that_broke_off_as_broken) {
  Upstream upstream([](Peer& peer) {
    peer.read_head();
    peer.send("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhalf");
  });
  Fixture fixture("proxy_broken", upstream.port());
  const auto answer = fixture.ask(request_text("GET", "/"));
  EXPECT_EQ(answer.status, 200u);
  EXPECT_FALSE(answer.whole);
  EXPECT_TRUE(fixture.comes([](const auto& seen) { return seen.upstream_failures == 1; }));
}

TEST(Proxy, ends_a_generation_that_nobody_reads_any_more) {
  std::atomic<int> ended{0};
  Upstream upstream([&ended](Peer& peer) {
    peer.read_head();
    ended += peer.sees_end() ? 1 : 0;
  });
  Fixture fixture("proxy_hangup", upstream.port());
  { 
    Client client(fixture.proxy->port());
    client.send(request_text("GET", "/slow"));
    while (upstream.connections() == 0) std::this_thread::sleep_for(1ms);
    std::this_thread::sleep_for(20ms);
  }
  EXPECT_TRUE(fixture.comes([&](const auto& seen) { return seen.hung_up == 1 && ended == 1; }));
}

TEST(Proxy, holds_no_more_than_a_piece_of_what_a_slow_reader_does_not_take) {
  static constexpr std::size_t kBytes = 64 << 20;
  std::atomic<std::size_t> sent{0};
  Upstream upstream([&sent](Peer& peer) {
    peer.read_head();
    peer.send(fmt::format("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", kBytes));
    const std::string piece(1 << 16, 'x');
    while (sent < kBytes && peer.send(piece)) sent += piece.size();
  });
  Fixture fixture("proxy_slow", upstream.port());
  Client client(fixture.proxy->port());
  client.send(request_text("GET", "/"));
  std::size_t before = 1;
  for (; sent != before; std::this_thread::sleep_for(200ms)) before = sent;
  EXPECT_LT(sent, kBytes / 4);  // what the kernel's buffers hold
  const auto answer = client.read_answer();
  EXPECT_EQ(answer.body.size(), kBytes);
}

TEST(Proxy, takes_no_bytes_that_came_unasked_for_the_next_answer) {
  std::atomic<int> asked{0};
  Upstream upstream([&asked](Peer& peer) {
    while (!peer.read_head().empty()) {
      ++asked;
      peer.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nmineHTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nstolen");
    }
  });
  Fixture fixture("proxy_unasked", upstream.port());
  Client client(fixture.proxy->port());
  for (int i = 0; i < 3; ++i) {
    client.send(request_text("GET", "/"));
    EXPECT_EQ(client.read_answer().body, "mine");
  }
  EXPECT_EQ(asked, 3);
  EXPECT_EQ(upstream.connections(), 3u);
}

TEST(Proxy, ends_a_generation_also_where_something_was_sent_ahead) {
  std::atomic<int> ended{0};
  Upstream upstream([&ended](Peer& peer) {
    peer.read_head();
    ended += peer.sees_end() ? 1 : 0;
  });
  Fixture fixture("proxy_ahead_gone", upstream.port());
  {
    Client client(fixture.proxy->port());
    client.send(request_text("GET", "/slow") + "G");
    while (upstream.connections() == 0) std::this_thread::sleep_for(1ms);
    std::this_thread::sleep_for(300ms);
  }
  EXPECT_TRUE(fixture.comes([&](const auto& seen) { return seen.hung_up == 1 && ended == 1; }));
}

TEST(Proxy, answers_what_is_no_request_and_goes_on) {
  Upstream upstream(echo);
  Fixture fixture("proxy_malformed", upstream.port());
  for (const std::string text : {"nonsense\r\n\r\n", "GET / HTTP/1.1\r\n\r\n",
                                 "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
                                 "GET / HTTP/1.1\r\nHost: a\r\nX-API-Key: b\r\nx-api-key: c\r\n\r\n",
                                 "CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n",
                                 "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n",
                                 "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
                                 "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx"}) {
    EXPECT_EQ(fixture.ask(text).status, 400u) << text;
  }
  EXPECT_EQ(upstream.connections(), 0u);
  EXPECT_EQ(fixture.ask(request_text("POST", "/", "", "fine")).body, "fine");
  // A body that breaks off, and a head that is cut: the client is gone, and nothing else is.
  Client(fixture.proxy->port()).send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhalf");
  Client(fixture.proxy->port()).send("POST / HT");
  EXPECT_TRUE(fixture.comes([](const auto& seen) { return seen.hung_up == 1; }));
  EXPECT_EQ(fixture.ask(request_text("POST", "/", "", "fine")).body, "fine");
}

TEST(Proxy, survives_any_bytes) {
  Upstream upstream(echo);
  Fixture fixture("proxy_noise", upstream.port());
  const auto whole = request_text("POST", "/v1/chat/completions", "Authorization: Bearer sk\r\n", R"({"prompt":"x"})");
  std::mt19937 chance(3);
  for (int i = 0; i < 300; ++i) {
    auto text = whole;
    for (int change = 0; change < 3; ++change) text[chance() % text.size()] = static_cast<char>(chance());
    Client client(fixture.proxy->port());
    client.send(text);
    client.half_close();
    client.read_rest();
  }
  EXPECT_EQ(fixture.ask(whole).body, R"({"prompt":"x"})");
}

TEST(Proxy, connects_anew_where_the_server_has_closed) {
  Upstream upstream([](Peer& peer) {
    const auto head = peer.read_head();
    const auto body = peer.read_body(head);
    peer.send(fmt::format("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{}", body.size(), body));
  });
  Fixture fixture("proxy_anew", upstream.port());
  Client client(fixture.proxy->port());
  for (int i = 0; i < 5; ++i) {
    client.send(request_text("POST", "/", "", "again"));
    EXPECT_EQ(client.read_answer().body, "again");
    std::this_thread::sleep_for(20ms);  // the server's end has to arrive
  }
  EXPECT_EQ(upstream.connections(), 5u);
}

TEST(Proxy, keeps_answers_without_a_body_as_they_are) {
  Upstream upstream([](Peer& peer) {
    for (;;) {
      const auto head = peer.read_head();
      if (head.empty()) return;
      if (head.starts_with("HEAD")) {
        peer.send("HTTP/1.1 200 OK\r\nContent-Length: 12345\r\n\r\n");
      } else if (head.find("/304") != std::string::npos) {
        peer.send("HTTP/1.1 304 Not Modified\r\nETag: \"a\"\r\n\r\n");
      } else {
        peer.send("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n");
      }
    }
  });
  Fixture fixture("proxy_bodiless", upstream.port());
  Client client(fixture.proxy->port());
  client.send(request_text("HEAD", "/"));
  const auto head = client.read_answer(true);
  EXPECT_EQ(head.headers.at("content-length"), "12345");
  client.send(request_text("GET", "/304"));
  const auto unchanged = client.read_answer();
  EXPECT_EQ(unchanged.status, 304u);
  EXPECT_EQ(unchanged.headers.at("etag"), "\"a\"");
  client.send(request_text("DELETE", "/"));
  EXPECT_EQ(client.read_answer().status, 204u);
  EXPECT_EQ(upstream.connections(), 1u);
}

TEST(Proxy, answers_requests_that_were_sent_ahead_in_their_order) {
  Upstream upstream(echo);
  Fixture fixture("proxy_ahead", upstream.port());
  Client client(fixture.proxy->port());
  std::string all;
  for (int i = 0; i < 20; ++i) all += request_text("POST", "/", "", fmt::format("number {}", i));
  client.send(all);
  for (int i = 0; i < 20; ++i) EXPECT_EQ(client.read_answer().body, fmt::format("number {}", i));
}

TEST(Proxy, tells_a_client_that_asks_to_go_on) {
  Upstream upstream(echo);
  Fixture fixture("proxy_expect", upstream.port());
  Client client(fixture.proxy->port());
  client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(client.read_until("\r\n\r\n").substr(0, 12), "HTTP/1.1 100");
  client.send("body");
  EXPECT_EQ(client.read_answer().body, "body");
}

TEST(Proxy, ends_an_answer_without_length_as_the_server_does) {
  Upstream upstream([](Peer& peer) {
    peer.read_head();
    peer.send("HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\nall there is");
  });
  Fixture fixture("proxy_endless", upstream.port());
  Client modern(fixture.proxy->port());
  modern.send(request_text("GET", "/"));
  modern.read_until("\r\n\r\n");
  EXPECT_EQ(unchunked(modern), "all there is");
  Client old(fixture.proxy->port());
  old.send("GET / HTTP/1.0\r\n\r\n");
  EXPECT_TRUE(old.read_rest().ends_with("\r\n\r\nall there is"));
}

TEST(Proxy, drains) {
  Upstream upstream([](Peer& peer) {
    peer.read_head();
    std::this_thread::sleep_for(200ms);
    peer.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ndone");
  });
  Fixture fixture("proxy_drains", upstream.port());
  Client idle(fixture.proxy->port()), busy(fixture.proxy->port());
  busy.send(request_text("GET", "/"));
  while (upstream.connections() == 0) std::this_thread::sleep_for(1ms);
  fixture.proxy->drain(5);
  const auto answer = busy.read_answer();
  EXPECT_EQ(answer.body, "done");
  EXPECT_EQ(answer.headers.at("connection"), "close");
  EXPECT_EQ(idle.read_rest(), "");
}

}  // namespace
}  // namespace cms::serve
