// Bytes over a connection of the HTTP server, which then is closed for writing: whatever comes, it answers HTTP/1.1 or
// nothing, closes, and goes on answering others.
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <string>

#include "serve/http_server.hpp"
#include "serve/routes.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace cms {
namespace {

serve::Service service() {
  serve::Service service;
  service.admit = [](const serve::Request& request) {
    const auto target = serve::parse_target(request.target);
    if (target) serve::match(*target);
    return serve::Service::Admission{.body_bytes_max = 4096, .refusal = nullptr};
  };
  service.serve = [](serve::Request request, const serve::Respond& respond) {
    serve::Response response;
    response.body = request.body;
    respond(std::move(response));
  };
  return service;
}

std::uint16_t port() {
  static const auto server = [] {
    auto started = serve::HttpServer::start({.listen = "127.0.0.1:0", .threads = 1}, service());
    fuzz::expect(started.has_value(), "a server starts");
    return std::move(*started);
  }();
  return server.port();
}

// Everything that comes back for these bytes.
std::string exchange(const std::uint8_t* data, std::size_t size) {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port());
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  // Closed without waiting: thousands of connections a second leave nothing behind.
  const linger none{1, 0};
  ::setsockopt(socket, SOL_SOCKET, SO_LINGER, &none, sizeof(none));
  fuzz::expect(::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0,
               "the server takes connections");
  for (std::size_t sent = 0; sent < size;) {
    const auto bytes = ::send(socket, data + sent, size - sent, MSG_NOSIGNAL);
    if (bytes <= 0) break;
    sent += static_cast<std::size_t>(bytes);
  }
  ::shutdown(socket, SHUT_WR);
  std::string answer;
  char piece[4096];
  const auto receive = [&] { return ::recv(socket, piece, sizeof(piece), 0); };
  for (auto bytes = receive(); bytes > 0; bytes = receive()) answer.append(piece, static_cast<std::size_t>(bytes));
  ::close(socket);
  return answer;
}

Bytes bytes_of(std::string_view text) {
  return {text.begin(), text.end()};
}

}  // namespace

std::vector<Bytes> fuzz::seeds() {
  return {bytes_of("GET /v1/tenants/acme/accounts/a%2Fb/decision?x=1 HTTP/1.1\r\nHost: cms\r\nAccept: */*\r\n\r\n"),
          bytes_of("POST /v1/tenants/acme/activations HTTP/1.1\r\nHost: cms\r\nContent-Length: 5\r\n\r\nabcde"
                   "GET / HTTP/1.1\r\nHost: cms\r\nConnection: close\r\n\r\n"),
          bytes_of("PUT /x HTTP/1.1\r\nHost: cms\r\nTransfer-Encoding: chunked\r\n\r\n"
                   "3;a=b\r\nabc\r\n0\r\nX: y\r\n\r\n"),
          bytes_of("HEAD http://cms/healthz HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\nx")};
}

}  // namespace cms

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace cms;
  const auto answer = exchange(data, size);
  fuzz::expect(answer.empty() || answer.starts_with("HTTP/1."), "an answer is HTTP");
  fuzz::accepted += answer.find(" 200 OK\r\n") != std::string::npos;
  return 0;
}
