// What the proxy costs: the same requests to a replayed inference server directly and through the proxy, in turn.
//   cms_proxy_load --upstream PORT --proxy PORT [--requests N] [--clients N] [--per-second N] [--gap-us N]
// This program's server answers on PORT with a stream of pieces that depends on the request alone, a gap after each as
// a model leaves it (2,000 us by default; 0 = eight writes without a gap, the hardest case). Prints one JSON
// object: quantiles of the time to the first byte and to the end of an answer, both ways and of the pairs' differences,
// failures, and answers whose bytes differ.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cmath>
#include <nlohmann/json.hpp>
#include <thread>
#include <vector>

#include "base/hash.hpp"
#include "serve/serve_example.hpp"
#include "serve/upstream_example.hpp"

namespace {

using namespace std::chrono_literals;
using Steady = std::chrono::steady_clock;
using cms::serve::Client;

struct Options {
  std::uint16_t upstream = 0, proxy = 0;
  std::size_t requests = 2000, clients = 4;
  double per_second = 20;
  std::uint32_t gap_us = 2000;
};

// 40 pieces, each a chunk, as servers of language models send them.
std::string answer_to(std::string_view body) {
  const auto digest = cms::sha256({reinterpret_cast<const std::uint8_t*>(body.data()), body.size()});
  const auto id = cms::to_hex(digest).substr(0, 16);
  std::string text;
  for (int piece = 0; piece < 40; ++piece) {
    const auto event = fmt::format(
        "data: {{\"id\":\"{}\",\"object\":\"chat.completion.chunk\",\"choices\":[{{\"index\":0,\"delta\":"
        "{{\"content\":\" word{}\"}},\"finish_reason\":null}}]}}\n\n", id, piece);
    text += fmt::format("{:x}\r\n{}\r\n", event.size(), event);
  }
  return text + "e\r\ndata: [DONE]\n\n\r\n0\r\n\r\n";
}

void send_with_gaps(cms::serve::Peer& peer, std::string_view text, std::uint32_t gap_us) {
  while (!text.empty()) {
    const auto end = std::min(text.size(), text.find("\n\n\r\n") + 4);
    peer.send(text.substr(0, end));
    text.remove_prefix(end);
    if (!text.empty()) std::this_thread::sleep_for(std::chrono::microseconds(gap_us));
  }
}

void serve(cms::serve::Peer& peer, std::uint32_t gap_us) {
  for (;;) {
    const auto head = peer.read_head();
    if (head.empty()) return;
    const auto text = answer_to(peer.read_body(head));
    peer.send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n");
    if (gap_us > 0) {
      send_with_gaps(peer, text, gap_us);
      continue;
    }
    const std::size_t part = text.size() / 8 + 1;
    for (std::size_t at = 0; at < text.size(); at += part) peer.send(std::string_view(text).substr(at, part));
  }
}

struct Seen {
  double first_us = 0, whole_us = 0;
  bool failed = true;
  std::string body;
};

// Bytes of an answer in chunks, unframed: what the client's application has of it.
Seen ask(Client& client, const std::string& request) {
  Seen seen;
  const auto started = Steady::now();
  const auto since = [&] { return std::chrono::duration<double, std::micro>(Steady::now() - started).count(); };
  client.send(request);
  const auto head = client.read_until("\r\n\r\n");
  seen.first_us = since();
  if (!head.starts_with("HTTP/1.1 200")) return seen;
  for (;;) {
    const auto line = client.read_until("\r\n");
    if (line.size() < 3) return seen;
    const auto bytes = std::stoul(line, nullptr, 16);
    seen.body += client.read_bytes(bytes + 2).substr(0, bytes);
    if (bytes == 0) break;
  }
  seen.whole_us = since();
  seen.failed = false;
  return seen;
}

struct Figures {
  std::vector<double> direct_first, direct_whole, proxy_first, proxy_whole, more_first, more_whole;
  std::size_t failed = 0, differ = 0;
};

std::string request_of(std::size_t client, std::size_t number) {
  const auto body = fmt::format(
      "{{\"model\":\"small\",\"stream\":true,\"messages\":[{{\"role\":\"user\",\"content\":\"Question {} of client {}: "
      "how would you explain the difference between weather and climate to a friend who asks number {}?\"}}]}}",
      number, client, number * 7919 % 1000);
  const auto head =
      fmt::format("Authorization: Bearer sk-client-{}\r\nContent-Type: application/json\r\n", client);
  return cms::serve::request_text("POST", "/v1/chat/completions", head, body);
}

Figures drive(const Options& options, std::size_t number) {
  Figures figures;
  Client direct(options.upstream), proxied(options.proxy);
  const auto gap = std::chrono::duration<double>(static_cast<double>(options.clients) / options.per_second);
  auto next = Steady::now() + gap * (static_cast<double>(number) / static_cast<double>(options.clients));
  for (std::size_t i = 0; i < options.requests / options.clients; ++i) {
    std::this_thread::sleep_until(next);
    next += std::chrono::duration_cast<Steady::duration>(gap);
    const auto request = request_of(number, i);
    Seen with, without;
    if (i % 2 == 0) without = ask(direct, request);
    with = ask(proxied, request);
    if (i % 2 != 0) without = ask(direct, request);
    figures.failed += with.failed ? 1 : 0;
    figures.differ += with.body != without.body ? 1 : 0;
    if (with.failed || without.failed) break;  // the connection is in no state to go on
    figures.direct_first.push_back(without.first_us);
    figures.direct_whole.push_back(without.whole_us);
    figures.proxy_first.push_back(with.first_us);
    figures.proxy_whole.push_back(with.whole_us);
    figures.more_first.push_back(with.first_us - without.first_us);
    figures.more_whole.push_back(with.whole_us - without.whole_us);
  }
  return figures;
}

double quantile(std::vector<double> values, double q) {
  if (values.empty()) return NAN;
  std::ranges::sort(values);
  return values[std::min(values.size() - 1, static_cast<std::size_t>(q * static_cast<double>(values.size())))];
}

nlohmann::ordered_json quantiles(const std::vector<Figures>& all, std::vector<double> Figures::* which) {
  std::vector<double> values;
  for (const auto& one : all) values.insert(values.end(), (one.*which).begin(), (one.*which).end());
  return {{"p50_us", quantile(values, .5)}, {"p99_us", quantile(values, .99)}};
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app("The cost of the proxy against a replayed inference server.");
  app.add_option("--upstream", options.upstream, "port this program serves on, where the proxy finds it")->required();
  app.add_option("--proxy", options.proxy, "port of the proxy")->required();
  app.add_option("--requests", options.requests, "pairs of requests");
  app.add_option("--clients", options.clients, "at once, each with an account of its own");
  app.add_option("--per-second", options.per_second, "pairs of requests a second, all clients together");
  app.add_option("--gap-us", options.gap_us, "between two pieces of an answer");
  CLI11_PARSE(app, argc, argv);
  cms::serve::Upstream upstream([gap_us = options.gap_us](cms::serve::Peer& peer) { serve(peer, gap_us); },
                                options.upstream);
  std::vector<Figures> all(options.clients);
  {
    std::vector<std::jthread> clients;
    for (std::size_t i = 0; i < options.clients; ++i) {
      clients.emplace_back([&, i] { all[i] = drive(options, i); });
    }
  }
  std::size_t failed = 0, differ = 0, pairs = 0;
  for (const auto& one : all) {
    failed += one.failed;
    differ += one.differ;
    pairs += one.more_whole.size();
  }
  const nlohmann::ordered_json result{{"pairs", pairs},
                                      {"failed", failed},
                                      {"differ", differ},
                                      {"direct_first", quantiles(all, &Figures::direct_first)},
                                      {"direct_whole", quantiles(all, &Figures::direct_whole)},
                                      {"proxy_first", quantiles(all, &Figures::proxy_first)},
                                      {"proxy_whole", quantiles(all, &Figures::proxy_whole)},
                                      {"more_first", quantiles(all, &Figures::more_first)},
                                      {"more_whole", quantiles(all, &Figures::more_whole)}};
  fmt::print("{}\n", result.dump());
  return 0;
}
