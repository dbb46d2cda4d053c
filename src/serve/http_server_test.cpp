// The server alone, under a service that says what it was sent: whatever comes over the wire.
#include "serve/http_server.hpp"

#include <gtest/gtest.h>

#include <condition_variable>
#include <future>
#include <mutex>
#include <thread>

#include "serve/problem.hpp"
#include "serve/serve_example.hpp"

namespace cms::serve {
namespace {

// Answers with method, target and body; refuses the body of /refused unread; answers /later when it is told to.
class Echo {
 public:
  explicit Echo(HttpOptions options = {}) {
    options.listen = "127.0.0.1:0";
    Service service;
    service.admit = [](const Request& request) {
      Service::Admission admission{.body_bytes_max = 1000, .refusal = nullptr};
      if (request.target == "/refused") {
        admission.refusal = std::make_unique<Response>(problem(Problem::forbidden, "No."));
      }
      return admission;
    };
    service.serve = [this](Request request, Respond respond) {
      Response response;
      response.body = fmt::format("{} {} {}", name(request.method), request.target, request.body);
      if (request.target == "/large") response.body.assign(64 << 20, 'x');
      if (request.target != "/later") return respond(std::move(response));
      const std::lock_guard lock(mutex_);
      later_.push_back(std::move(respond));
      arrived_.notify_all();
    };
    server = std::make_unique<HttpServer>(HttpServer::start(options, std::move(service)).value());
  }

  void wait_for(std::size_t requests) {
    std::unique_lock lock(mutex_);
    arrived_.wait(lock, [&] { return later_.size() >= requests; });
  }
  void answer_later() {
    const std::lock_guard lock(mutex_);
    for (const auto& respond : later_) respond(Response{.body = "late"});
    later_.clear();
  }
  Answer ask(std::string_view text) {
    Client client(server->port());
    client.send(text);
    return client.read_answer();
  }

 private:
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::vector<Respond> later_;

 public:
  std::unique_ptr<HttpServer> server;  // goes first
};

TEST(http_server, requests_sent_ahead_are_answered_in_order_on_one_connection) {
  Echo echo;
  Client client(echo.server->port());
  std::string text;
  for (int i = 0; i < 50; ++i) text += request_text("POST", fmt::format("/{}", i), "", fmt::format("body {}", i));
  client.send(text);
  for (int i = 0; i < 50; ++i) EXPECT_EQ(client.read_answer().body, fmt::format("POST /{} body {}", i, i));
  EXPECT_EQ(echo.server->counters().accepted, 1U);
}

TEST(http_server, a_request_that_comes_byte_by_byte_is_answered) {
  Echo echo;
  Client client(echo.server->port());
  for (const char c : request_text("POST", "/x", "", "slow")) client.send(std::string(1, c));
  EXPECT_EQ(client.read_answer().body, "POST /x slow");
}

TEST(http_server, chunks_are_put_together_and_bounded) {
  Echo echo;
  const auto head = request_text("POST", "/x", "Transfer-Encoding: chunked\r\n");
  EXPECT_EQ(echo.ask(head + "3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n").body, "POST /x abcde");
  std::string endless = head;
  for (int i = 0; i < 30; ++i) endless += "64\r\n" + std::string(100, 'a') + "\r\n";
  EXPECT_EQ(echo.ask(endless).status, 413U);
}

TEST(http_server, a_half_closed_connection_gets_its_answer) {
  Echo echo;
  Client client(echo.server->port());
  client.send(request_text("GET", "/x"));
  client.half_close();
  EXPECT_EQ(client.read_answer().body, "GET /x ");
  EXPECT_EQ(client.read_rest(), "");
}

TEST(http_server, what_is_no_http_is_refused_and_the_connection_closed) {
  Echo echo;
  const std::vector<std::string> wrong{
      "\r\n\r\n\r\nnonsense\r\n\r\n", "GET\r\n\r\n", "GET / HTTP/1.1\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
      "GET / HTTP/3.0\r\nHost: a\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\nBad Name: x\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
      "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999999\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
      std::string("GET /\0 HTTP/1.1\r\nHost: a\r\n\r\n", 29), "\x16\x03\x01\x02", std::string(300, '\xff')};
  for (const auto& text : wrong) {
    Client client(echo.server->port());
    client.send(text);
    client.half_close();
    const auto answer = client.read_answer();
    if (answer.status != 0) {
      EXPECT_EQ(answer.status, 400U) << text;
      EXPECT_EQ(answer.headers.at("connection"), "close") << text;
    }
    EXPECT_EQ(client.read_rest(), "") << "a second answer to " << text;
  }
  EXPECT_EQ(echo.ask(request_text("GET", "/x")).status, 200U);
}

TEST(http_server, headers_beyond_the_bound_are_refused) {
  Echo echo({.header_bytes_max = 4096});
  EXPECT_EQ(echo.ask(request_text("GET", "/x", "X: " + std::string(3000, 'a') + "\r\n")).status, 200U);
  EXPECT_EQ(echo.ask(request_text("GET", "/x", "X: " + std::string(5000, 'a') + "\r\n")).status, 431U);
  EXPECT_EQ(echo.ask(request_text("GET", "/" + std::string(9000, 'a'))).status, 431U);
  std::string many;
  for (int i = 0; i < 2000; ++i) many += "A: b\r\n";
  EXPECT_EQ(echo.ask(request_text("GET", "/x", many)).status, 431U);
  EXPECT_EQ(echo.ask("GET " + std::string(1 << 20, 'a')).status, 431U);
}

TEST(http_server, a_body_that_is_not_wanted_is_not_waited_for) {
  Echo echo;
  const auto refused = echo.ask("POST /refused HTTP/1.1\r\nHost: a\r\nContent-Length: 500\r\n\r\n");
  EXPECT_EQ(refused.status, 403U);
  EXPECT_EQ(refused.headers.at("connection"), "close");
  EXPECT_EQ(echo.ask("POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 5000\r\n\r\n").status, 413U);
}

TEST(http_server, who_asks_first_is_told_to_go_on) {
  Echo echo;
  Client client(echo.server->port());
  client.send("POST /x HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  EXPECT_EQ(client.read_until("\r\n\r\n").substr(0, 12), "HTTP/1.1 100");
  client.send("ab");
  EXPECT_EQ(client.read_answer().body, "POST /x ab");
  EXPECT_EQ(echo.ask("POST /x HTTP/1.1\r\nHost: a\r\nExpect: gold\r\nContent-Length: 2\r\n\r\n").status, 417U);
}

TEST(http_server, bodies_under_way_together_are_bounded) {
  Echo echo({.bodies_bytes_max = 1500});
  Client first(echo.server->port());
  first.send("POST /x HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 1000\r\n\r\n");
  first.read_until("\r\n\r\n");
  EXPECT_EQ(echo.ask("POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n").status, 503U);
  first.send(std::string(1000, 'a'));
  EXPECT_EQ(first.read_answer().status, 200U);
  EXPECT_EQ(echo.ask(request_text("POST", "/x", "", std::string(1000, 'b'))).status, 200U);
}

TEST(http_server, connections_beyond_the_bound_are_closed) {
  Echo echo({.connections_max = 3});
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < 3; ++i) {
    clients.push_back(std::make_unique<Client>(echo.server->port()));
    clients.back()->send(request_text("GET", "/x"));
    EXPECT_EQ(clients.back()->read_answer().status, 200U);
  }
  Client fourth(echo.server->port());
  EXPECT_EQ(fourth.read_rest(), "");
  EXPECT_EQ(echo.server->counters().turned_away, 1U);
}

TEST(http_server, the_slow_are_closed) {
  Echo echo({.header_s = .05, .body_s = .05, .answer_s = .05, .idle_s = .05});
  Client idle(echo.server->port());
  EXPECT_EQ(idle.read_rest(), "");
  Client header(echo.server->port());
  header.send("GET / HT");
  EXPECT_EQ(header.read_rest(), "");
  Client body(echo.server->port());
  body.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nab");
  EXPECT_EQ(body.read_rest(), "");
  while (echo.server->counters().timeouts < 2) std::this_thread::yield();  // counted after they are closed
}

TEST(http_server, a_reader_who_does_not_read_is_cut_off_and_holds_up_nobody) {
  Echo echo({.threads = 1, .answer_s = .2});
  Client lazy(echo.server->port());
  lazy.send(request_text("GET", "/large"));
  while (echo.server->counters().timeouts == 0) EXPECT_EQ(echo.ask(request_text("GET", "/x")).status, 200U);
  EXPECT_LT(lazy.read_rest().size(), 64U << 20);
}

TEST(http_server, clients_that_hang_up_anywhere_do_no_harm) {
  Echo echo;
  const auto text = request_text("POST", "/x", "", "body") + request_text("GET", "/large");
  for (std::size_t bytes = 0; bytes <= text.size(); ++bytes) {
    Client client(echo.server->port());
    client.send(text.substr(0, bytes));
  }
  {
    Client gone(echo.server->port());
    gone.send(request_text("GET", "/later"));
    echo.wait_for(1);
  }
  echo.answer_later();
  EXPECT_EQ(echo.ask(request_text("GET", "/x")).status, 200U);
}

TEST(http_server, draining_answers_what_is_under_way_and_takes_no_more) {
  Echo echo;
  Client waiting(echo.server->port()), idle(echo.server->port());
  idle.send(request_text("GET", "/x"));
  idle.read_answer();
  waiting.send(request_text("GET", "/later"));
  echo.wait_for(1);
  auto drained = std::async(std::launch::async, [&] { echo.server->drain(30); });
  EXPECT_EQ(idle.read_rest(), "");
  echo.answer_later();
  const auto answer = waiting.read_answer();
  EXPECT_EQ(answer.body, "late");
  EXPECT_EQ(answer.headers.at("connection"), "close");
  EXPECT_EQ(waiting.read_rest(), "");
  drained.get();
  EXPECT_EQ(echo.server->counters().connections, 0U);
  EXPECT_THROW(Client(echo.server->port()), std::runtime_error);
}

TEST(http_server, http_1_0_is_answered_and_closed) {
  Echo echo;
  Client client(echo.server->port());
  client.send("GET /x HTTP/1.0\r\n\r\n");
  EXPECT_EQ(client.read_answer().status, 200U);
  EXPECT_EQ(client.read_rest(), "");
}

TEST(http_server, a_target_with_scheme_and_host_counts_by_its_path) {
  Echo echo;
  EXPECT_EQ(echo.ask(request_text("GET", "http://cms:8420/v1?x=1")).body, "GET /v1?x=1 ");
  EXPECT_EQ(echo.ask(request_text("GET", "http://cms:8420")).body, "GET / ");
}

TEST(http_server, addresses_that_are_none_are_refused) {
  for (const auto* listen : {"", "8420", "localhost:1", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:1x",
                             "::1:80", "[127.0.0.1]:80", "[::1%lo]:80"}) {
    const auto server = HttpServer::start({.listen = listen}, {});
    ASSERT_FALSE(server) << listen;
    EXPECT_EQ(server.error().code, ErrorCode::usage) << listen;
  }
  Echo echo;
  const auto taken = HttpServer::start({.listen = fmt::format("127.0.0.1:{}", echo.server->port())}, {});
  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.error().code, ErrorCode::failed);
}

}  // namespace
}  // namespace cms::serve
