// How long a gateway waits for the daemon's answer: one connection, one question after the other, over HTTP and gRPC;
// and how long a byte takes to another thread and back over loopback, which is what the machine itself is good for.
// Prints {"echo_us": [...], "http_us": [...], "grpc_us": [...]}, every time that was measured.
#include <arpa/inet.h>
#include <fmt/format.h>
#include <grpcpp/grpcpp.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <array>
#include <chrono>
#include <cstdio>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "envoy_ext_authz.grpc.pb.h"

namespace {

struct Options {
  std::uint16_t http = 0, grpc = 0;
  std::string tenant, token;
  std::vector<std::string> keys;  // of clients, asked for in turn
  std::size_t count = 2000;
};

using Ask = std::function<bool(const std::string& key)>;

// The first tenth warms up and is left out. Empty when an answer was none.
std::vector<double> times_us(const Options& options, const Ask& ask) {
  using Clock = std::chrono::steady_clock;
  std::vector<double> times;
  for (std::size_t i = 0; i < options.count + options.count / 10; ++i) {
    const auto before = Clock::now();
    if (!ask(options.keys[i % options.keys.size()])) return {};
    const std::chrono::duration<double, std::micro> took = Clock::now() - before;
    if (i >= options.count / 10) times.push_back(took.count());
  }
  return times;
}

// A keep-alive connection; answers have a Content-Length of 0.
bool ask_http(int socket, const Options& options, const std::string& key) {
  const auto text = fmt::format("GET /v1/tenants/{}/gateway/auth HTTP/1.1\r\nHost: cms\r\nAuthorization: Bearer {}\r\n"
                                "X-CMS-Api-Key: Bearer {}\r\n\r\n", options.tenant, options.token, key);
  if (::send(socket, text.data(), text.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(text.size())) return false;
  std::string answer;
  std::array<char, 4096> piece{};
  while (!answer.ends_with("\r\n\r\n")) {
    const auto bytes = ::recv(socket, piece.data(), piece.size(), 0);
    if (bytes <= 0) return false;
    answer.append(piece.data(), static_cast<std::size_t>(bytes));
  }
  return answer.starts_with("HTTP/1.1 200") || answer.starts_with("HTTP/1.1 403");
}

// Times of an exchange on a new connection to this port.
std::vector<double> socket_us(const Options& options, std::uint16_t port,
                              const std::function<bool(int, const std::string&)>& ask) {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int yes = 1;
  ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  std::vector<double> times;
  if (::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) {
    times = times_us(options, [&](const std::string& key) { return ask(socket, key); });
  }
  ::close(socket);
  return times;
}

std::vector<double> http_us(const Options& options) {
  return socket_us(options, options.http,
                   [&](int socket, const std::string& key) { return ask_http(socket, options, key); });
}

std::vector<double> echo_us(const Options& options) {
  const int listening = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  ::bind(listening, reinterpret_cast<const sockaddr*>(&address), size);
  ::listen(listening, 1);
  ::getsockname(listening, reinterpret_cast<sockaddr*>(&address), &size);
  std::jthread echo([listening] {
    const int peer = ::accept(listening, nullptr, nullptr);
    for (char byte = 0; ::recv(peer, &byte, 1, 0) == 1 && ::send(peer, &byte, 1, MSG_NOSIGNAL) == 1;) {
    }
    ::close(peer);
  });
  auto times = socket_us(options, ntohs(address.sin_port), [](int socket, const std::string&) {
    char byte = 0;
    return ::send(socket, &byte, 1, MSG_NOSIGNAL) == 1 && ::recv(socket, &byte, 1, 0) == 1;
  });
  ::close(listening);
  return times;
}

std::vector<double> grpc_us(const Options& options) {
  namespace envoy = ::envoy::service::auth::v3;
  const auto stub = envoy::Authorization::NewStub(
      grpc::CreateChannel(fmt::format("127.0.0.1:{}", options.grpc), grpc::InsecureChannelCredentials()));
  return times_us(options, [&](const std::string& key) {
    envoy::CheckRequest request;
    auto& attributes = *request.mutable_attributes();
    (*attributes.mutable_context_extensions())["tenant"] = options.tenant;
    (*attributes.mutable_request()->mutable_http()->mutable_headers())["authorization"] = "Bearer " + key;
    grpc::ClientContext context;
    context.AddMetadata("authorization", "Bearer " + options.token);
    envoy::CheckResponse response;
    return stub->Check(&context, request, &response).ok();
  });
}

}  // namespace

int main(int count, char** words) {
  Options options;
  CLI::App app("How long a gateway waits for the daemon's answer");
  app.add_option("--http", options.http)->required();
  app.add_option("--grpc", options.grpc)->required();
  app.add_option("--tenant", options.tenant)->required();
  app.add_option("--token", options.token)->required();
  app.add_option("--key", options.keys)->required();
  app.add_option("--count", options.count);
  CLI11_PARSE(app, count, words);
  const auto echo = echo_us(options), http = http_us(options), grpc = grpc_us(options);
  fmt::print("{{\"echo_us\": [{:.1f}], \"http_us\": [{:.1f}], \"grpc_us\": [{:.1f}]}}\n", fmt::join(echo, ", "),
             fmt::join(http, ", "), fmt::join(grpc, ", "));
  return http.empty() || grpc.empty() ? 1 : 0;
}
