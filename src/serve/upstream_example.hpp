// For tests of the proxy: an inference server that does what a test says, on a thread for each connection.
//
// Threads: the script runs on several. Cost: a thread a connection.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <functional>
#include <list>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

namespace cms::serve {

// The server's end of one connection.
class Peer {
 public:
  explicit Peer(int socket) : socket_(socket) {
    const timeval patience{10, 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    const int at_once = 1;  // as inference servers do: a piece is not held back until the one before is acknowledged
    ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &at_once, sizeof(at_once));
  }
  ~Peer() { ::close(socket_); }
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;

  // A request's head, with its end; empty when the connection ended.
  std::string read_head() {
    while (buffer_.find("\r\n\r\n") == std::string::npos) {
      if (!receive()) return {};
    }
    return take(buffer_.find("\r\n\r\n") + 4);
  }
  std::string read(std::size_t bytes) {
    while (buffer_.size() < bytes && receive()) {
    }
    return take(std::min(bytes, buffer_.size()));
  }
  // The body that the head announces.
  std::string read_body(const std::string& head) {
    const auto at = head.find("Content-Length: ");
    if (at != std::string::npos) return read(std::stoul(head.substr(at + 16)));
    std::string body;
    if (head.find("Transfer-Encoding: chunked") == std::string::npos) return body;
    for (;;) {
      while (buffer_.find("\r\n") == std::string::npos) {
        if (!receive()) return body;
      }
      const auto bytes = std::stoul(take(buffer_.find("\r\n") + 2), nullptr, 16);
      body += read(bytes);
      read(2);
      if (bytes == 0) return body;
    }
  }
  // False when nobody takes it.
  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      const auto sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      sent_ += static_cast<std::size_t>(sent);
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }
  [[nodiscard]] std::size_t sent() const { return sent_; }
  // True when the other end closes within ten seconds.
  bool sees_end() { return !receive(); }
  void shut_down() { ::shutdown(socket_, SHUT_RDWR); }

 private:
  bool receive() {
    std::array<char, 65536> piece{};
    const auto bytes = ::recv(socket_, piece.data(), piece.size(), 0);
    if (bytes > 0) buffer_.append(piece.data(), static_cast<std::size_t>(bytes));
    return bytes > 0;
  }
  std::string take(std::size_t bytes) {
    auto taken = buffer_.substr(0, bytes);
    buffer_.erase(0, bytes);
    return taken;
  }

  int socket_;
  std::atomic<std::size_t> sent_{0};
  std::string buffer_;
};

// Accepts connections and runs the script on each until it returns.
class Upstream {
 public:
  // Port 0: any free one.
  explicit Upstream(std::function<void(Peer&)> script, std::uint16_t port = 0)
      : script_(std::move(script)), socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port);
    const int again = 1;
    ::setsockopt(socket_, SOL_SOCKET, SO_REUSEADDR, &again, sizeof(again));
    socklen_t size = sizeof(address);
    ::bind(socket_, reinterpret_cast<const sockaddr*>(&address), size);
    ::listen(socket_, 16);
    ::getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    acceptor_ = std::jthread([this] { accept_all(); });
  }
  ~Upstream() {
    ::shutdown(socket_, SHUT_RDWR);
    acceptor_.join();
    {
      const std::lock_guard lock(mutex_);
      for (auto& peer : peers_) peer.shut_down();
    }
    threads_.clear();
    ::close(socket_);
  }
  Upstream(const Upstream&) = delete;
  Upstream& operator=(const Upstream&) = delete;

  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] std::size_t connections() const { return connections_; }

 private:
  void accept_all() {
    for (;;) {
      const int connection = ::accept4(socket_, nullptr, nullptr, SOCK_CLOEXEC);
      if (connection < 0) return;
      ++connections_;
      const std::lock_guard lock(mutex_);
      auto& peer = peers_.emplace_back(connection);
      threads_.emplace_back([this, &peer] {
        script_(peer);
        peer.shut_down();
      });
    }
  }

  std::function<void(Peer&)> script_;
  int socket_;
  std::uint16_t port_ = 0;
  std::atomic<std::size_t> connections_{0};
  std::mutex mutex_;
  std::list<Peer> peers_;
  std::list<std::jthread> threads_;
  std::jthread acceptor_;
};

}  // namespace cms::serve
