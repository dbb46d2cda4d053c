#include "serve/proxy_session.hpp"

#include <fmt/format.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <boost/asio.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/beast/http.hpp>
#include <limits>
#include <optional>

#include "serve/asked.hpp"
#include "serve/caller.hpp"
#include "serve/client_watch.hpp"
#include "serve/gateway.hpp"
#include "serve/held_bytes.hpp"
#include "serve/http_session.hpp"
#include "serve/wire.hpp"

namespace cms::serve {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using Error = beast::error_code;
using Steady = std::chrono::steady_clock;
using RequestParser = http::request_parser<http::buffer_body>;
using AnswerParser = http::response_parser<http::buffer_body>;
template <typename T>
using Awaitable = asio::awaitable<T>;

constexpr std::size_t kPieceBytes = 16 << 10;
constexpr std::uint32_t kHeadBytesMax = 64 << 10;
constexpr double kHandshake_s = 10, kHead_s = 10, kConnect_s = 10;
constexpr double kIdle_s = 75;    // of a client between requests
constexpr double kPiece_s = 60;   // for a client to send a piece, or to take one
constexpr double kRest_s = 3;     // after which an idle connection to the server is not used: its end may be under way
constexpr std::uint64_t kCopiesBytesMax = 64ULL << 20;  // of all requests under way together
constexpr auto kNoBound = std::numeric_limits<std::uint64_t>::max();

auto into(Error& error) { return asio::redirect_error(asio::use_awaitable, error); }

// Beast asks for the next piece of a body by an error.
void take_need(Error& error) {
  if (error == http::error::need_buffer) error = {};
}

template <bool kIsRequest>
void put_headers(http::message<kIsRequest, http::buffer_body>& out, const Headers& headers) {
  for (const auto& [key, value] : headers) out.insert(key, value);
}

class ProxySession final : public Connection {
 public:
  ProxySession(ProxyShared& shared, Wire client)
      : shared_(shared), client_(std::move(client)), client_buffer_(kHeadBytesMax + kPieceBytes),
        server_buffer_(kHeadBytesMax + kPieceBytes) {}

  asio::any_io_executor executor() override { return client_.get_executor(); }
  void close_if_idle() override {
    if (idle_) close();
  }
  void close() override {
    client_.socket().close();
    if (server_) server_->socket().close();
    if (stop_connecting_) stop_connecting_();
  }

  Awaitable<void> run() override {
    Error error;
    auto& socket = client_.socket().socket();
    const auto peer = socket.remote_endpoint(error);
    if (error) co_return;
    peer_ = peer.address().to_string();
    socket.set_option(asio::ip::tcp::no_delay(true), error);
    client_.expires_after(kHandshake_s);
    error = co_await client_.shake_hands(asio::ssl::stream_base::server);
    if (error) co_return;
    bool again = true;
    while (again) again = co_await relay_one();
    client_.expires_after(1);
    co_await client_.shut_down();
    // A socket that is closed over unread bytes takes back what was written.
    const auto space = asio::buffer(piece_);
    for (std::size_t taken = 0; !error && taken < (1U << 20);) {
      taken += co_await client_.socket().async_read_some(space, into(error));
    }
    close();
  }

 private:
  // What is known of a request while it goes through.
  struct Passing {
    Request head = {};
    Headers headers = {};        // of it, those that go on
    std::string account = {};
    std::string_view tier = {};  // the action in force
    bool stale = false;          // which may be older than the account's last requests
    unsigned version = 11;       // that the client speaks
    bool keep_alive = true;
    bool sent = false;           // whole
    bool copied = false;         // `copy` is the whole body
    std::string copy = {};
    HeldBytes held;              // what it holds of the bound of all copies
  };

  Awaitable<bool> relay_one();
  Awaitable<bool> wait_for_request();
  Awaitable<bool> pass(RequestParser& parser, Passing& passing);
  Awaitable<Error> connect();
  Awaitable<bool> send_request(RequestParser& parser, Passing& passing);
  Awaitable<Error> read_head(std::optional<AnswerParser>& answer, bool is_head);
  Awaitable<bool> send_answer(AnswerParser& answer, Passing& passing);
  template <typename Parser>
  Awaitable<std::size_t> read_piece(Wire& from, beast::flat_buffer& buffer, Parser& parser, double patience_s,
                                    Error& error);
  Awaitable<bool> answer_self(Response response, unsigned version, bool keep_alive, bool head = false);
  Awaitable<bool> fail_upstream(const Error& error, const Passing& passing);
  [[nodiscard]] std::string account_of(const Headers& headers) const;
  void build(http::request<http::buffer_body>& out, const RequestParser& parser, const Passing& passing) const;
  bool is_server_fit();

  void watch_client() {
    watch_.emplace(client_.socket().socket(), [this] {
      if (server_) server_->socket().close();
    });
  }
  bool end_watch() {
    const bool gone = watch_ && watch_->end();
    watch_.reset();
    return gone;
  }

  ProxyShared& shared_;
  Wire client_;
  std::optional<Wire> server_;
  std::function<void()> stop_connecting_;  // while there is no connection to the server yet
  Steady::time_point server_used_{};
  beast::flat_buffer client_buffer_, server_buffer_;
  std::array<char, kPieceBytes> piece_{};
  std::string peer_;
  std::optional<ClientWatch> watch_;  // while the server thinks
  bool idle_ = false;
  bool served_ = false;
};

Awaitable<bool> ProxySession::wait_for_request() {
  if (client_buffer_.size() > 0) co_return true;
  if (shared_.draining) co_return false;
  Error error;
  idle_ = true;
  client_.expires_after(served_ ? kIdle_s : kHead_s);
  const auto space = client_buffer_.prepare(kPieceBytes);
  const auto bytes = co_await client_.async_read_some(space, into(error));
  idle_ = false;
  client_buffer_.commit(bytes);
  co_return !error;
}

// One request and its answer. False when the connection is to be closed.
Awaitable<bool> ProxySession::relay_one() {
  const bool waited = co_await wait_for_request();
  if (!waited) co_return false;
  RequestParser parser;
  parser.header_limit(kHeadBytesMax);
  parser.body_limit(kNoBound);
  parser.eager(true);
  Error error;
  client_.expires_after(kHead_s);
  co_await http::async_read_header(client_, client_buffer_, parser, into(error));
  if (error) {
    if (error.category() != make_error_code(http::error::bad_method).category() ||
        error == http::error::end_of_stream) {
      co_return false;  // the connection is gone
    }
    ++shared_.malformed;
    co_return co_await answer_self(api_error(400, "The request is not valid HTTP/1.1.", "invalid_request_error",
                                             "malformed_request"), 11, false);
  }
  ++shared_.requests;
  served_ = true;
  Passing passing{.held = HeldBytes(shared_.copies_bytes)};
  passing.head = head_of(parser.get());
  passing.version = parser.get().version();
  passing.keep_alive = parser.keep_alive();
  passing.headers = forwarded(passing.head.headers);
  if (const auto wrong = head_problem(passing.head, passing.version, parser.chunked());
      wrong || parser.get().method() == http::verb::connect ||
      !may_pass(shared_, passing.head.target, passing.headers)) {
    ++shared_.malformed;
    co_return co_await answer_self(api_error(400, "The request's head cannot be passed on.", "invalid_request_error",
                                             "malformed_request"), 11, false);
  }
  // By what the server will see: what is of this connection alone tells nothing.
  passing.account = account_of(passing.headers);
  const auto verdict = shared_.parts.gate->ask({shared_.options.tenant, passing.account});
  if (!verdict.pass) {
    ++shared_.limited;
    auto refusal = api_error(429, "Rate limit reached. Please try again later.", "rate_limit_error",
                             "rate_limit_exceeded");
    refusal.headers.emplace_back("Retry-After", std::to_string(retry_after_s(verdict)));
    co_return co_await answer_self(std::move(refusal), passing.version, passing.keep_alive && parser.is_done(),
                                   passing.head.method == Method::head);
  }
  passing.tier = name(verdict.decision.action);
  passing.stale = verdict.stale;
  co_return co_await pass(parser, passing);
}

std::string ProxySession::account_of(const Headers& headers) const {
  const auto& options = shared_.options;
  const auto& store = *shared_.parts.store;
  if (auto account = serve::account_of(store, options.tenant, headers,
                                       {options.account_header, options.key_header})) {
    return std::move(*account);
  }
  return account_of_address(store, options.tenant, peer_).value_or("address-unknown");
}

Awaitable<bool> ProxySession::pass(RequestParser& parser, Passing& passing) {
  const Error unconnected = co_await connect();
  if (unconnected) co_return co_await fail_upstream(unconnected, passing);
  const bool client_there = co_await send_request(parser, passing);
  if (!client_there) {
    ++shared_.hung_up;
    server_.reset();
    co_return false;
  }
  watch_client();
  std::optional<AnswerParser> answer;
  const Error error = co_await read_head(answer, passing.head.method == Method::head);
  if (error) {
    server_.reset();
    if (!end_watch()) co_return co_await fail_upstream(error, passing);
    ++shared_.hung_up;
    co_return false;
  }
  const unsigned status = answer->get().result_int();
  if (passing.copied && status / 100 == 2) shared_.parts.read(passing.account, std::move(passing.copy));
  passing.copy = {};
  passing.held.give_back();
  co_return co_await send_answer(*answer, passing);
}

// Whether the connection that is there can be used for another request.
bool ProxySession::is_server_fit() {
  if (!server_ || server_buffer_.size() > 0) return false;  // what came unasked is nobody's answer
  if (Steady::now() - server_used_ > std::chrono::duration<double>(kRest_s)) return false;
  char byte = 0;
  const auto seen = ::recv(server_->socket().socket().native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return seen < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
}

Awaitable<Error> ProxySession::connect() {
  Error error;
  if (is_server_fit()) co_return error;
  server_.reset();
  server_buffer_.clear();
  const auto& upstream = shared_.upstream;
  asio::ip::tcp::resolver resolver(client_.get_executor());
  beast::tcp_stream stream(client_.get_executor());
  stop_connecting_ = [&] {
    resolver.cancel();
    stream.close();
  };
  const auto where = co_await resolver.async_resolve(upstream.host, upstream.port, into(error));
  if (!error) {
    stream.expires_after(std::chrono::milliseconds(static_cast<std::int64_t>(kConnect_s * 1000)));
    co_await stream.async_connect(where, into(error));
  }
  stop_connecting_ = nullptr;
  if (error) co_return error;
  stream.socket().set_option(asio::ip::tcp::no_delay(true), error);
  if (!shared_.upstream_tls) {
    server_.emplace(std::move(stream));
    co_return Error();
  }
  server_.emplace(std::move(stream), shared_.upstream_tls);
  SSL_set_tlsext_host_name(server_->native(), upstream.host.c_str());
  SSL_set1_host(server_->native(), upstream.host.c_str());
  server_->expires_after(kConnect_s);
  error = co_await server_->shake_hands(asio::ssl::stream_base::client);
  if (error) server_.reset();
  co_return error;
}

void ProxySession::build(http::request<http::buffer_body>& out, const RequestParser& parser,
                         const Passing& passing) const {
  const auto& head = passing.head;
  out.version(11);
  out.method_string(parser.get().method_string());
  const auto& base = shared_.upstream.target;
  out.target(base == "/" ? head.target : base + (base.ends_with('/') ? head.target.substr(1) : head.target));
  put_headers(out, passing.headers);
  out.set(http::field::host, shared_.upstream.authority());
  std::string seen_by;  // the addresses before ours, in order, however many lines they came in
  for (const auto& [key, value] : passing.headers) {
    if (same_word(key, "X-Forwarded-For")) seen_by += value + ", ";
  }
  out.set("X-Forwarded-For", seen_by + peer_);
  if (head.header_count("X-Forwarded-Proto") == 0) {
    out.set("X-Forwarded-Proto", shared_.options.tls.certificate.empty() ? "http" : "https");
  }
  if (head.header_count("X-Forwarded-Host") == 0) out.set("X-Forwarded-Host", std::string(head.header("Host")));
  out.set("X-CMS-Account", passing.account);
  out.set("X-CMS-Tier", beast::string_view(passing.tier.data(), passing.tier.size()));
  if (passing.stale) out.set("X-CMS-Stale", "true");
  if (parser.chunked()) {
    out.chunked(true);
  } else if (const auto length = parser.content_length()) {
    out.content_length(*length);
  }
}

// A piece of a body into piece_; 0 bytes at its end.
template <typename Parser>
Awaitable<std::size_t> ProxySession::read_piece(Wire& from, beast::flat_buffer& buffer, Parser& parser,
                                                double patience_s, Error& error) {
  std::size_t bytes = 0;
  while (bytes == 0 && !parser.is_done() && !error) {
    auto& body = parser.get().body();
    body.data = piece_.data();
    body.size = piece_.size();
    from.expires_after(patience_s);
    co_await http::async_read_some(from, buffer, parser, into(error));
    take_need(error);
    bytes = piece_.size() - body.size;
  }
  co_return bytes;
}

// False when the client went. What the server does not take any more is left unsent: it has answered, most likely.
Awaitable<bool> ProxySession::send_request(RequestParser& parser, Passing& passing) {
  Error error;
  if (!passing.head.header("Expect").empty() && passing.version == 11 && !parser.is_done()) {
    http::response<http::empty_body> go_on(http::status::continue_, 11);
    co_await http::async_write(client_, go_on, into(error));
    if (error) co_return false;
  }
  http::request<http::buffer_body> out;
  build(out, parser, passing);
  http::request_serializer<http::buffer_body> serializer(out);
  bool reads = !parser.is_done() && shared_.parts.read && passing.head.method == Method::post &&
               asks(passing.head.target);
  const bool asked = reads;
  for (bool more = true; more;) {
    const auto bytes = co_await read_piece(client_, client_buffer_, parser, kPiece_s, error);
    if (error) co_return false;
    if (reads) {
      reads = passing.copy.size() + bytes <= shared_.options.prompt_bytes_max &&
              passing.held.take(bytes, kCopiesBytesMax);
      if (reads) passing.copy.append(piece_.data(), bytes);
    }
    if (!reads && !passing.copy.empty()) {
      passing.copy = {};
      passing.held.give_back();
    }
    more = !parser.is_done();
    out.body() = {bytes > 0 ? piece_.data() : nullptr, bytes, more};
    server_->expires_after(kPiece_s);
    co_await http::async_write(*server_, serializer, into(error));
    take_need(error);
    if (error) co_return true;
  }
  if (asked && !reads) ++shared_.oversized;
  passing.sent = true;
  passing.copied = reads;
  co_return true;
}

// Interim answers (1xx) are of the connection alone, and go no further.
Awaitable<Error> ProxySession::read_head(std::optional<AnswerParser>& answer, bool is_head) {
  Error error;
  do {
    answer.emplace();
    answer->header_limit(kHeadBytesMax);
    answer->body_limit(kNoBound);
    answer->eager(true);
    if (is_head) answer->skip(true);
    server_->expires_after(shared_.options.upstream_s);
    co_await http::async_read_header(*server_, server_buffer_, *answer, into(error));
  } while (!error && answer->get().result_int() / 100 == 1);
  co_return error;
}

// True when the connection goes on.
Awaitable<bool> ProxySession::send_answer(AnswerParser& answer, Passing& passing) {
  Error error, server_error;
  const auto& from = answer.get();
  http::response<http::buffer_body> out;
  out.version(passing.version);
  out.result(from.result_int());
  out.reason(from.reason());
  Headers headers;
  for (const auto& field : from) {
    headers.emplace_back(std::string(field.name_string()), std::string(field.value()));
    auto& value = headers.back().second;
    if (field.name() == http::field::location) value = outside(shared_, value, passing.head);
  }
  put_headers(out, forwarded(headers));
  bool goes_on = passing.keep_alive && passing.sent && !shared_.draining;
  if (const auto length = from.find(http::field::content_length); length != from.end()) {
    out.set(http::field::content_length, length->value());
  } else if (!answer.is_done()) {
    if (passing.version == 11) out.chunked(true);
    goes_on = goes_on && passing.version == 11;
  }
  out.keep_alive(goes_on);
  http::response_serializer<http::buffer_body> serializer(out);
  if (!answer.is_done() && server_buffer_.size() == 0) {
    out.body() = {nullptr, 0, true};
    client_.expires_after(kPiece_s);
    co_await http::async_write_header(client_, serializer, into(error));
  }
  bool more = true;
  while (more && !error) {
    const auto bytes = co_await read_piece(*server_, server_buffer_, answer, shared_.options.upstream_s, server_error);
    if (server_error) break;
    more = !answer.is_done();
    out.body() = {bytes > 0 ? piece_.data() : nullptr, bytes, more};
    client_.expires_after(kPiece_s);
    co_await http::async_write(client_, serializer, into(error));
    take_need(error);
  }
  const bool gone = end_watch() || error;
  const bool whole = !more && !error;
  server_used_ = Steady::now();
  if (gone || !whole || !answer.keep_alive() || !passing.sent) server_.reset();
  if (whole) {
    ++shared_.answered;
  } else if (gone) {
    ++shared_.hung_up;
  } else {
    // The client sees it by an answer that is not whole: the connection ends in the middle of it.
    ++shared_.upstream_failures;
    if (shared_.parts.upstream_failed) shared_.parts.upstream_failed("an answer broke off: " + server_error.message());
    client_.socket().close();
  }
  co_return whole && !gone && goes_on;
}

Awaitable<bool> ProxySession::fail_upstream(const Error& error, const Passing& passing) {
  ++shared_.upstream_failures;
  if (shared_.parts.upstream_failed) shared_.parts.upstream_failed(error.message());
  const bool late = error == beast::error::timeout;
  // Made before: g++ 12 destroys what a choice inside a co_await has made twice.
  Response response = late ? api_error(504, "The model server did not answer in time.", "server_error",
                                       "upstream_timeout")
                           : api_error(502, "The model server is not available.", "server_error",
                                       "upstream_unavailable");
  co_return co_await answer_self(std::move(response), passing.version, passing.keep_alive && passing.sent,
                                 passing.head.method == Method::head);
}

// True when the connection goes on.
Awaitable<bool> ProxySession::answer_self(Response response, unsigned version, bool keep_alive, bool head) {
  http::response<http::string_body> message;
  message.version(version);
  message.result(response.status);
  for (const auto& [key, value] : response.headers) message.insert(key, value);
  message.set(http::field::content_type, response.type);
  message.keep_alive(keep_alive && !shared_.draining);
  message.content_length(response.body.size());
  if (!head) message.body() = std::move(response.body);
  Error error;
  client_.expires_after(kPiece_s);
  co_await http::async_write(client_, message, into(error));
  co_return !error && keep_alive && !shared_.draining;
}

}  // namespace

std::shared_ptr<Connection> make_proxy_connection(ProxyShared& shared, asio::ip::tcp::socket socket,
                                                  std::shared_ptr<asio::ssl::context> tls) {
  beast::tcp_stream stream(std::move(socket));
  if (!tls) return std::make_shared<ProxySession>(shared, Wire(std::move(stream)));
  return std::make_shared<ProxySession>(shared, Wire(std::move(stream), std::move(tls)));
}

}  // namespace cms::serve
