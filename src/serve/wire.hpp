// A connection to either side of the proxy: TCP, with TLS or without, behind one face.
//
// Threads: one strand. Cost: that of the stream, and a branch. Library: Boost.Beast and Asio, whose AsyncStream it is.
#pragma once

#include <utility>  // Asio 1.74 needs it and does not name it

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <variant>

namespace cms::serve {

class Wire {
 public:
  using Plain = boost::beast::tcp_stream;
  using Error = boost::beast::error_code;
  using executor_type = Plain::executor_type;

  explicit Wire(Plain stream) : stream_(std::in_place_type<Plain>, std::move(stream)) {}
  // With TLS. The context is kept.
  Wire(Plain stream, std::shared_ptr<boost::asio::ssl::context> tls)
      : tls_(std::move(tls)), stream_(std::in_place_type<Secure>, std::move(stream), *tls_) {}

  executor_type get_executor() { return socket().get_executor(); }

  // What Asio and Beast ask of a stream.
  template <typename Buffers, typename Token>
  BOOST_ASIO_INITFN_RESULT_TYPE(Token, void(Error, std::size_t))
  async_read_some(const Buffers& buffers, Token&& token) {
    if (auto* plain = std::get_if<Plain>(&stream_)) return plain->async_read_some(buffers, std::forward<Token>(token));
    return std::get<Secure>(stream_).async_read_some(buffers, std::forward<Token>(token));
  }
  template <typename Buffers, typename Token>
  BOOST_ASIO_INITFN_RESULT_TYPE(Token, void(Error, std::size_t))
  async_write_some(const Buffers& buffers, Token&& token) {
    if (auto* plain = std::get_if<Plain>(&stream_)) return plain->async_write_some(buffers, std::forward<Token>(token));
    return std::get<Secure>(stream_).async_write_some(buffers, std::forward<Token>(token));
  }

  // Nothing to do without TLS. An error where the other end does not speak it.
  boost::asio::awaitable<Error> shake_hands(boost::asio::ssl::stream_base::handshake_type side) {
    Error error;
    if (auto* secure = std::get_if<Secure>(&stream_)) {
      co_await secure->async_handshake(side, boost::asio::redirect_error(boost::asio::use_awaitable, error));
    }
    co_return error;
  }
  boost::asio::awaitable<void> shut_down() {
    Error error;
    if (auto* secure = std::get_if<Secure>(&stream_)) {
      co_await secure->async_shutdown(boost::asio::redirect_error(boost::asio::use_awaitable, error));
    }
    socket().socket().shutdown(boost::asio::ip::tcp::socket::shutdown_send, error);
  }

  // Below TLS.
  Plain& socket() {
    if (auto* plain = std::get_if<Plain>(&stream_)) return *plain;
    return std::get<Secure>(stream_).next_layer();
  }
  SSL* native() {
    auto* secure = std::get_if<Secure>(&stream_);
    return secure == nullptr ? nullptr : secure->native_handle();
  }

  // For what begins after it, together.
  void expires_after(double seconds) {
    socket().expires_after(std::chrono::milliseconds(static_cast<std::int64_t>(seconds * 1000)));
  }

 private:
  using Secure = boost::beast::ssl_stream<Plain>;
  std::shared_ptr<boost::asio::ssl::context> tls_;  // before the stream that refers to it
  std::variant<Plain, Secure> stream_;
};

}  // namespace cms::serve
