#include "serve/http_session.hpp"

#include <fmt/format.h>
#include <openssl/x509v3.h>

#include <boost/asio.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/beast.hpp>
#include <boost/beast/ssl.hpp>
#include <chrono>
#include <ctime>
#include <limits>

#include "serve/held_bytes.hpp"
#include "serve/problem.hpp"

namespace cms::serve {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using Error = beast::error_code;
using Parser = http::request_parser<http::string_body>;
template <typename T>
using Awaitable = asio::awaitable<T>;

std::chrono::milliseconds milliseconds(double seconds) {
  return std::chrono::milliseconds(static_cast<std::int64_t>(seconds * 1000));
}

std::string view(beast::string_view text) {
  return {text.data(), text.size()};
}

Method method_of(http::verb verb) {
  switch (verb) {
    case http::verb::get: return Method::get;
    case http::verb::head: return Method::head;
    case http::verb::post: return Method::post;
    case http::verb::put: return Method::put;
    case http::verb::delete_: return Method::del;
    case http::verb::options: return Method::options;
    default: return Method::other;
  }
}

// "http://host/path" is what proxies send; only the path counts here (RFC 9112, 3.2.2).
std::string origin_form(std::string target) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!same_word(std::string_view(target).substr(0, scheme.size()), scheme)) continue;
    const auto path = target.find_first_of("/?", scheme.size());
    if (path == std::string::npos) return "/";
    return target[path] == '/' ? target.substr(path) : "/" + target.substr(path);
  }
  return target;
}

std::string date() {
  const auto now = std::time(nullptr);
  std::tm parts{};
  ::gmtime_r(&now, &parts);
  char text[40] = {};
  std::strftime(text, sizeof(text), "%a, %d %b %Y %H:%M:%S GMT", &parts);
  return text;
}

// The common name of the certificate that the handshake has verified; empty when there is none, or one that is cut
// short by a NUL or given twice.
std::string subject_of(SSL* native) {
  X509* certificate = SSL_get0_peer_certificate(native);
  if (certificate == nullptr || SSL_get_verify_result(native) != X509_V_OK) return {};
  auto* subject = X509_get_subject_name(certificate);
  const int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
  if (at < 0 || X509_NAME_get_index_by_NID(subject, NID_commonName, at) >= 0) return {};
  unsigned char* text = nullptr;
  const int size = ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
  if (size < 0) return {};
  std::string name(reinterpret_cast<const char*>(text), static_cast<std::size_t>(size));
  OPENSSL_free(text);
  return name.find('\0') == std::string::npos ? name : std::string();
}

// Where a stream of events waits. Shared, because a wake that was posted may arrive after the stream has ended.
struct Pause {
  explicit Pause(const asio::any_io_executor& executor) : timer(executor) {}
  asio::steady_timer timer;  // this and the next two are touched on the connection's strand alone
  bool gone = false;         // the reader has closed, or sent what nobody reads here
  std::array<char, 1> unread{};
  std::atomic<bool> woken{false};
};

template <typename Stream>
class Session final : public Connection {
 public:
  static constexpr bool kTls = !std::is_same_v<Stream, beast::tcp_stream>;

  Session(Shared& shared, Stream stream, std::shared_ptr<asio::ssl::context> tls)
      : shared_(shared), tls_(std::move(tls)), stream_(std::move(stream)),
        buffer_(shared.options.header_bytes_max + (64U << 10)) {}

  asio::any_io_executor executor() override { return stream_.get_executor(); }
  void close_if_idle() override {
    if (idle_) socket().close();
    if (pause_) pause_->timer.cancel();
  }
  void close() override {
    socket().close();
    closed_ = true;
    if (pause_) pause_->timer.cancel();
  }

  Awaitable<void> run() override {
    Error error;
    const auto peer = socket().socket().remote_endpoint(error);
    if (error) co_return;
    peer_ = peer.address().to_string();
    socket().socket().set_option(asio::ip::tcp::no_delay(true), error);
    if constexpr (kTls) {
      socket().expires_after(milliseconds(shared_.options.handshake_s));
      co_await stream_.async_handshake(asio::ssl::stream_base::server,
                                       asio::redirect_error(asio::use_awaitable, error));
      if (error) ++shared_.handshake_failures;
      if (error) co_return;
      subject_ = subject_of(stream_.native_handle());
    }
    bool again = true;
    while (again) again = co_await serve_one();
    co_await say_goodbye();
  }

 private:
  beast::tcp_stream& socket() { return beast::get_lowest_layer(stream_); }

  // One request and its answer. False when the connection is to be closed.
  Awaitable<bool> serve_one() {
    Error error;
    if (buffer_.size() == 0) {
      idle_ = true;
      if (shared_.draining) co_return false;
      socket().expires_after(milliseconds(served_ ? shared_.options.idle_s : shared_.options.header_s));
      const auto space = buffer_.prepare(4096);
      const std::size_t bytes =
          co_await stream_.async_read_some(space, asio::redirect_error(asio::use_awaitable, error));
      idle_ = false;
      if (error) co_return false;
      buffer_.commit(bytes);
    }
    Parser parser;
    parser.header_limit(shared_.options.header_bytes_max);
    // Until it is known who asks. Without a bound Beast 1.74 takes every length for too large.
    parser.body_limit(std::numeric_limits<std::uint64_t>::max());
    socket().expires_after(milliseconds(shared_.options.header_s));
    co_await http::async_read_header(stream_, buffer_, parser, asio::redirect_error(asio::use_awaitable, error));
    if (error) {
      co_await refuse(error);
      co_return false;
    }
    ++shared_.requests;
    served_ = true;
    Request request = request_of(parser);
    HeldBytes held(shared_.bodies_bytes);
    std::unique_ptr<Response> response = admit(parser, request, held);
    if (response) {
      const bool unread = !parser.is_done();
      response->close |= unread;
    } else {
      const bool whole = co_await read_body(parser, request);
      if (!whole) co_return false;
      response = std::make_unique<Response>(co_await answer(std::move(request)));
      held.give_back();
    }
    response->close |= !parser.keep_alive() || shared_.draining;
    co_return co_await write(*response, parser.get().method() == http::verb::head, parser.get().version());
  }

  Request request_of(const Parser& parser) {
    Request request = head_of(parser.get());
    request.has_body = !parser.is_done();
    if (const auto length = parser.content_length()) request.content_bytes = *length;
    request.peer = peer_;
    request.subject = subject_;
    return request;
  }

  // The answer where none needs the body; otherwise the parser is ready to read it.
  std::unique_ptr<Response> admit(Parser& parser, const Request& request, HeldBytes& held) {
    if (auto wrong = head_problem(request, parser.get().version(), parser.chunked())) {
      ++shared_.malformed;
      return wrong;
    }
    auto admission = shared_.service.admit(request);
    if (admission.refusal) return std::move(admission.refusal);
    if (request.content_bytes > admission.body_bytes_max) return too_large(admission.body_bytes_max);
    parser.body_limit(admission.body_bytes_max);
    body_bytes_max_ = admission.body_bytes_max;
    const bool announced = parser.content_length().has_value();
    const auto bytes = announced ? request.content_bytes : admission.body_bytes_max;
    if (request.has_body && !held.take(bytes, shared_.options.bodies_bytes_max)) {
      return std::make_unique<Response>(problem(Problem::overloaded, "Too many bodies at once; try again later."));
    }
    return nullptr;
  }

  static std::unique_ptr<Response> too_large(std::uint64_t most) {
    auto response = std::make_unique<Response>(
        problem(Problem::too_large, fmt::format("A body may have {} bytes here; send it in parts.", most)));
    response->close = true;
    return response;
  }

  // False when it did not come whole; the peer has its answer then.
  Awaitable<bool> read_body(Parser& parser, Request& request) {
    Error error;
    if (request.has_body && parser.get().version() == 11 && !request.header("Expect").empty()) {
      http::response<http::empty_body> go_on(http::status::continue_, 11);
      co_await http::async_write(stream_, go_on, asio::redirect_error(asio::use_awaitable, error));
      if (error) co_return false;
    }
    if (!parser.is_done()) {
      socket().expires_after(milliseconds(shared_.options.body_s));
      co_await http::async_read(stream_, buffer_, parser, asio::redirect_error(asio::use_awaitable, error));
    }
    if (error) {
      co_await refuse(error);
      co_return false;
    }
    request.body = std::move(parser.get().body());
    co_return true;
  }

  // Hands the request over and waits, without a thread, for what comes back.
  Awaitable<Response> answer(Request request) {
    const auto initiate = [this, &request](auto handler) {
      using Handler = decltype(handler);
      // Shared, because std::function must be able to copy what it holds.
      auto kept = std::make_shared<Handler>(std::move(handler));
      shared_.service.serve(std::move(request), [kept](Response response) {
        auto executor = asio::get_associated_executor(*kept);
        asio::post(executor, [kept, response = std::move(response)]() mutable {
          auto resume = std::move(*kept);
          resume(std::move(response));
        });
      });
    };
    co_return co_await asio::async_initiate<const asio::use_awaitable_t<>, void(Response)>(initiate,
                                                                                           asio::use_awaitable);
  }

  // Answers what could not be read, where there is somebody to read the answer.
  Awaitable<void> refuse(Error error) {
    if (error == http::error::end_of_stream || error == asio::ssl::error::stream_truncated) co_return;
    if (error.category() != make_error_code(http::error::bad_method).category() && error != beast::error::timeout) {
      co_return;  // the connection is gone
    }
    Response response;
    if (error == beast::error::timeout) {
      ++shared_.timeouts;
      co_return;  // the stream is closed by then
    }
    ++shared_.malformed;
    if (error == http::error::body_limit) {
      response = std::move(*too_large(body_bytes_max_));
    } else if (error == http::error::header_limit || error == http::error::buffer_overflow) {
      response = problem(Problem::header_too_large, fmt::format("A header may have {} bytes.",
                                                                shared_.options.header_bytes_max));
    } else if (error == http::error::partial_message) {
      response = problem(Problem::bad_request, "The connection ended inside the request.");
    } else {
      response = problem(Problem::bad_request, fmt::format("This is not HTTP/1.1: {}.", error.message()));
    }
    response.close = true;
    co_await write(response, false, 11);
  }

  // True when the connection goes on.
  Awaitable<bool> write(Response& response, bool head, unsigned version) {
    ++shared_.by_class[std::min<std::size_t>(response.status / 100 - 1, 4)];
    http::response<http::string_body> message;
    message.version(version);
    message.result(response.status);
    message.keep_alive(!response.close);
    message.set(http::field::date, date());
    for (const auto& [key, value] : response.headers) message.insert(key, value);
    if (response.events && !head) co_return co_await write_events(std::move(response.events), message);
    const bool bodiless = response.status == 204 || response.status == 304;
    if (!bodiless) {
      message.set(http::field::content_type, response.type);
      if (!response.events) message.content_length(response.body.size());
      if (!head) message.body() = std::move(response.body);
    }
    Error error;
    socket().expires_after(milliseconds(shared_.options.answer_s));
    co_await http::async_write(stream_, message, asio::redirect_error(asio::use_awaitable, error));
    if (error == beast::error::timeout) ++shared_.timeouts;
    co_return !error && !response.close;
  }

  Awaitable<bool> send(const std::string& text, Error& error) {
    socket().expires_after(milliseconds(shared_.options.answer_s));
    const auto bytes = asio::buffer(text);
    co_await asio::async_write(stream_, bytes, asio::redirect_error(asio::use_awaitable, error));
    co_return !error;
  }

  // Events until either end has enough. The length is not known, so the end of the stream is that of the connection.
  Awaitable<bool> write_events(std::unique_ptr<EventRing::Subscription> events,
                               http::response<http::string_body>& message) {
    Error error;
    message.keep_alive(false);
    message.set(http::field::content_type, "text/event-stream");
    message.set(http::field::cache_control, "no-store");
    http::response_serializer<http::string_body> serializer(message);
    co_await http::async_write_header(stream_, serializer, asio::redirect_error(asio::use_awaitable, error));
    pause_ = std::make_shared<Pause>(stream_.get_executor());
    events->on_more([pause = pause_, executor = stream_.get_executor()] {
      if (!pause->woken.exchange(true)) asio::post(executor, [pause] { pause->timer.cancel(); });
    });
    // A reader that goes is noticed by reading, which has no end of its own; what is written has one.
    socket().expires_never();
    stream_.async_read_some(asio::buffer(pause_->unread), [pause = pause_](Error, std::size_t) {
      pause->gone = true;
      pause->timer.cancel();
    });
    const auto end = std::chrono::steady_clock::now() + milliseconds(shared_.options.stream_s);
    bool more = !error;
    while (more && !closed_ && !pause_->gone) {
      pause_->timer.expires_after(milliseconds(shared_.options.heartbeat_s));
      pause_->woken = false;
      const auto piece = events->next();
      if (!piece.text.empty()) {
        more = co_await send(piece.text, error);
      } else if (!piece.ended && !shared_.draining) {
        co_await pause_->timer.async_wait(asio::redirect_error(asio::use_awaitable, error));
        if (!error) more = co_await send(":\n\n", error);
      }
      more = more && !piece.ended && !shared_.draining && std::chrono::steady_clock::now() < end;
    }
    if (!pause_->gone) socket().cancel();
    while (!pause_->gone) {
      pause_->timer.expires_after(std::chrono::seconds(1));
      co_await pause_->timer.async_wait(asio::redirect_error(asio::use_awaitable, error));
    }
    co_return false;
  }

  // Ends TLS, and reads a little of what is still coming: a socket that is closed over unread bytes takes back what was
  // written, the answer that says why among it.
  Awaitable<void> say_goodbye() {
    Error error;
    socket().expires_after(std::chrono::seconds(1));
    if constexpr (kTls) co_await stream_.async_shutdown(asio::redirect_error(asio::use_awaitable, error));
    socket().socket().shutdown(asio::ip::tcp::socket::shutdown_send, error);
    std::array<char, 4096> rest{};
    const auto space = asio::buffer(rest);
    for (std::size_t taken = 0; !error && taken < (1U << 20);) {
      taken += co_await socket().async_read_some(space, asio::redirect_error(asio::use_awaitable, error));
    }
    socket().close();
  }

  Shared& shared_;
  std::shared_ptr<asio::ssl::context> tls_;
  Stream stream_;
  beast::flat_buffer buffer_;
  std::string peer_, subject_;
  std::uint64_t body_bytes_max_ = 0;
  bool idle_ = false, closed_ = false, served_ = false;
  std::shared_ptr<Pause> pause_;  // of a stream of events
};

}  // namespace

Request head_of(const http::request_header<>& message) {
  Request request;
  request.method = method_of(message.method());
  request.target = origin_form(view(message.target()));
  for (const auto& field : message) request.headers.emplace_back(view(field.name_string()), view(field.value()));
  return request;
}

std::unique_ptr<Response> head_problem(const Request& request, unsigned version, bool chunked) {
  const auto refuse = [](Problem which, std::string_view detail) {
    auto response = std::make_unique<Response>(problem(which, detail));
    response->close = true;
    return response;
  };
  if (version != 11 && version != 10) {
    return refuse(Problem::bad_request, "Only HTTP/1.1 and HTTP/1.0 are spoken here.");
  }
  const auto hosts = request.header_count("Host");
  if (hosts > 1 || (hosts == 0 && version == 11)) {
    return refuse(Problem::bad_request, "A request needs exactly one Host header.");
  }
  const auto coding = request.header("Transfer-Encoding");
  if (!coding.empty() && (!chunked || !same_word(coding, "chunked"))) {
    return refuse(Problem::bad_request, "The only transfer coding that is read here is chunked.");
  }
  const auto expectation = request.header("Expect");
  if (!expectation.empty() && !same_word(expectation, "100-continue")) {
    return refuse(Problem::expectation_failed, "The only expectation that is met here is 100-continue.");
  }
  return nullptr;
}

std::shared_ptr<Connection> make_connection(Shared& shared, asio::ip::tcp::socket socket,
                                            std::shared_ptr<asio::ssl::context> tls) {
  if (!tls) return std::make_shared<Session<beast::tcp_stream>>(shared, beast::tcp_stream(std::move(socket)), nullptr);
  beast::ssl_stream<beast::tcp_stream> stream(std::move(socket), *tls);
  return std::make_shared<Session<beast::ssl_stream<beast::tcp_stream>>>(shared, std::move(stream), std::move(tls));
}

}  // namespace cms::serve
