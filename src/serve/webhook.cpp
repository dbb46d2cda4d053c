#include "serve/webhook.hpp"

#include <fmt/format.h>
#include <openssl/crypto.h>

#include <algorithm>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>
#include <chrono>
#include <cmath>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>

#include "base/random.hpp"
#include "serve/url.hpp"
#include "serve/webhook_message.hpp"

namespace cms::serve {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
namespace ssl = asio::ssl;
using Steady = std::chrono::steady_clock;
using Request = http::request<http::string_body>;
using ErrorNumber = beast::error_code;

constexpr std::size_t kAnswerBytesMax = 16 << 10;  // of a header; the body is not read

Steady::duration duration(double seconds) {
  return std::chrono::duration_cast<Steady::duration>(std::chrono::duration<double>(std::min(seconds, 1e9)));
}

auto into(ErrorNumber& error) { return asio::redirect_error(asio::use_awaitable, error); }

// What came of one attempt: the status of the answer, or why there was none.
struct Answer {
  unsigned status = 0;
  std::string why;

  [[nodiscard]] bool is_success() const { return status >= 200 && status < 300; }
  [[nodiscard]] bool is_gone() const { return status == 410; }
};

template <typename Stream>
asio::awaitable<Answer> exchange(Stream& stream, const Request& request) {
  ErrorNumber error;
  co_await http::async_write(stream, request, into(error));
  if (error) co_return Answer{0, error.message()};
  beast::flat_buffer buffer(kAnswerBytesMax);
  http::response_parser<http::empty_body> parser;
  parser.skip(true);
  co_await http::async_read_header(stream, buffer, parser, into(error));
  if (error) co_return Answer{0, error.message()};
  const unsigned status = parser.get().result_int();
  co_return Answer{status, fmt::format("it answered {}", status)};
}

struct Message {
  std::string id;
  std::string body;
  Steady::time_point queued;
};

struct Target {
  Url url;
  std::vector<Bytes> keys;
  std::string tenant;
  std::vector<Action> actions;
  ssl::context tls{ssl::context::tls_client};  // with the authorities that it is verified with

  // Under the mutex of the state.
  std::deque<Message> queue;  // the first is the one that is under way
  WebhookCounters counters;

  // Of the thread.
  asio::steady_timer timer;
  bool idle = false;              // waits for an event, not for the next attempt
  std::function<void()> cancel;   // ends the attempt that is under way
  std::uint32_t failures = 0;     // in a row

  explicit Target(asio::io_context& io) : timer(io) {}
  Target(const Target&) = delete;
  Target& operator=(const Target&) = delete;
  ~Target() {
    for (auto& key : keys) OPENSSL_cleanse(key.data(), key.size());
  }
};

Request request_of(const Target& target, const Message& message, std::int64_t now) {
  Request request(http::verb::post, target.url.target, 11);
  request.set(http::field::host, target.url.authority());
  request.set(http::field::user_agent, "cms");
  request.set(http::field::content_type, "application/json");
  request.set(http::field::connection, "close");
  request.set("webhook-id", message.id);
  request.set("webhook-timestamp", std::to_string(now));
  request.set("webhook-signature", webhook_signature(target.keys, message.id, now, message.body));
  request.body() = message.body;
  request.prepare_payload();
  return request;
}

Result<std::vector<Action>> parse_actions(const std::vector<std::string>& words) {
  std::vector<Action> actions;
  for (const auto& word : words) {
    std::size_t a = 0;
    while (a <= static_cast<std::size_t>(Action::review) && name(static_cast<Action>(a)) != word) ++a;
    if (a > static_cast<std::size_t>(Action::review)) {
      return fail(ErrorCode::bad_input,
                  fmt::format("\"{}\" is no action; there are allow, observe, price, limit, review", word));
    }
    actions.push_back(static_cast<Action>(a));
  }
  return actions;
}

Result<void> load_authorities(ssl::context& tls, const std::filesystem::path& path) {
  ErrorNumber error;
  if (path.empty()) {
    tls.set_default_verify_paths(error);
  } else {
    tls.load_verify_file(path.string(), error);
  }
  tls.set_verify_mode(ssl::verify_peer);
  if (!error) return {};
  return fail(ErrorCode::bad_input,
              fmt::format("cannot read the certificate authorities {}: {}", path.string(), error.message()));
}

}  // namespace

double webhook_pause(const WebhookOptions& options, std::uint32_t failures, double uniform) {
  const double doubled = options.retry_first_s * std::exp2(std::min(failures, 60U) - 1.0);
  return std::min(options.retry_max_s, doubled) * (0.5 + 0.5 * uniform);
}

struct Webhooks::State {
  WebhookOptions options;
  Clock clock;
  Report report;

  mutable std::mutex mutex;
  std::condition_variable changed;
  bool stopping = false;    // no event is tried twice any more
  bool aborting = false;    // nor once
  std::size_t running = 0;  // targets

  asio::io_context io{1};
  Random random{0};
  std::vector<std::unique_ptr<Target>> targets;
  std::jthread thread;  // last: it uses all of the above

  void tell(const std::string& words) const {
    if (report) report(words);
  }

  bool is(const bool& flag) const {
    const std::lock_guard lock(mutex);
    return flag;
  }

  asio::awaitable<Answer> attempt_plain(Target& target, const Request& request,
                                        const asio::ip::tcp::resolver::results_type& where) {
    beast::tcp_stream stream(io);
    target.cancel = [&stream] { stream.close(); };
    stream.expires_after(duration(options.timeout_s));
    ErrorNumber error;
    co_await stream.async_connect(where, into(error));
    if (error) co_return Answer{0, error.message()};
    Answer answer = co_await exchange(stream, request);
    co_return answer;
  }

  asio::awaitable<Answer> attempt_tls(Target& target, const Request& request,
                                      const asio::ip::tcp::resolver::results_type& where) {
    beast::ssl_stream<beast::tcp_stream> stream(io, target.tls);
    target.cancel = [&stream] { beast::get_lowest_layer(stream).close(); };
    beast::get_lowest_layer(stream).expires_after(duration(options.timeout_s));
    stream.set_verify_callback(ssl::host_name_verification(target.url.host));
    ErrorNumber error;
    asio::ip::make_address(target.url.host, error);
    // RFC 6066: the server's name is told, an address is not.
    if (error) SSL_set_tlsext_host_name(stream.native_handle(), target.url.host.c_str());
    co_await beast::get_lowest_layer(stream).async_connect(where, into(error));
    if (error) co_return Answer{0, error.message()};
    co_await stream.async_handshake(ssl::stream_base::client, into(error));
    if (error) co_return Answer{0, error.message()};
    Answer answer = co_await exchange(stream, request);
    co_return answer;
  }

  asio::awaitable<Answer> attempt(Target& target, const Message& message) {
    const Request request = request_of(target, message, static_cast<std::int64_t>(std::floor(clock())));
    asio::ip::tcp::resolver resolver(io);
    target.cancel = [&resolver] { resolver.cancel(); };
    ErrorNumber error;
    const auto where = co_await resolver.async_resolve(target.url.host, target.url.port, into(error));
    Answer answer{0, error.message()};
    if (!error && target.url.tls) answer = co_await attempt_tls(target, request, where);
    if (!error && !target.url.tls) answer = co_await attempt_plain(target, request, where);
    target.cancel = {};
    co_return answer;
  }

  // Counts the answer and tells what is new about the target.
  void enter(Target& target, const Answer& answer) {
    const bool was_failing = target.failures > 0;
    target.failures = answer.is_success() ? 0 : target.failures + 1;
    {
      const std::lock_guard lock(mutex);
      ++target.counters.attempts;
      if (!answer.is_success()) ++target.counters.failures;
      target.counters.failing = !answer.is_success();
      target.counters.ended |= answer.is_gone();
      if (aborting) return;
    }
    const auto name = target.url.shown();
    if (answer.is_gone()) {
      tell(fmt::format("webhook {} is gone (410) and gets no more events until the daemon starts again", name));
    } else if (!answer.is_success() && !was_failing) {
      tell(fmt::format("webhook {} fails, events wait for it: {}", name, answer.why));
    } else if (answer.is_success() && was_failing) {
      tell(fmt::format("webhook {} answers again", name));
    }
  }

  // True when the event was delivered.
  asio::awaitable<bool> deliver(Target& target, const Message& message) {
    while (true) {
      const Answer answer = co_await attempt(target, message);
      enter(target, answer);
      if (answer.is_success()) co_return true;
      const auto left = message.queued + duration(options.give_up_s) - Steady::now();
      if (answer.is_gone() || is(stopping) || left <= Steady::duration::zero()) co_return false;
      const auto pause = duration(webhook_pause(options, target.failures, random.uniform()));
      target.timer.expires_after(std::min(pause, left));
      ErrorNumber error;
      co_await target.timer.async_wait(into(error));
      if (is(stopping)) co_return false;
    }
  }

  // The event to be sent next; nothing when the target has none or has ended.
  std::optional<Message> first(Target& target) {
    const std::lock_guard lock(mutex);
    if (target.counters.ended || aborting) {
      target.counters.dropped += target.queue.size();
      target.queue.clear();
    }
    if (target.queue.empty()) return std::nullopt;
    return target.queue.front();
  }

  asio::awaitable<void> run(Target& target) {
    while (true) {
      const auto message = first(target);
      if (!message) {
        if (is(stopping)) co_return;
        target.idle = true;
        target.timer.expires_at(Steady::time_point::max());
        ErrorNumber error;
        co_await target.timer.async_wait(into(error));
        target.idle = false;
        continue;
      }
      const bool delivered = co_await deliver(target, *message);
      {
        const std::lock_guard lock(mutex);
        target.queue.pop_front();
        ++(delivered ? target.counters.delivered : target.counters.given_up);
        if (delivered || aborting) continue;
      }
      tell(fmt::format("webhook {}: event {} was given up", target.url.shown(), message->id));
    }
  }

  void start() {
    running = targets.size();
    for (auto& target : targets) {
      asio::co_spawn(io, run(*target), [this](const std::exception_ptr&) {
        {
          const std::lock_guard lock(mutex);
          --running;
        }
        changed.notify_all();
      });
    }
    thread = std::jthread([this] { io.run(); });
  }

  void stop() {
    std::unique_lock lock(mutex);
    stopping = true;
    asio::post(io, [this] {
      for (auto& target : targets) target->timer.cancel();
    });
    if (!changed.wait_for(lock, duration(options.drain_s), [this] { return running == 0; })) {
      aborting = true;
      asio::post(io, [this] {
        for (auto& target : targets) {
          if (target->cancel) target->cancel();
        }
      });
    }
    lock.unlock();
    if (thread.joinable()) thread.join();
  }
};

Webhooks::Webhooks(std::unique_ptr<State> state) : state_(std::move(state)) {}
Webhooks::Webhooks(Webhooks&&) noexcept = default;
Webhooks& Webhooks::operator=(Webhooks&& other) noexcept {
  std::swap(state_, other.state_);
  return *this;
}
Webhooks::~Webhooks() {
  if (state_) state_->stop();
}

Result<Webhooks> Webhooks::start(const std::vector<WebhookTarget>& targets, const WebhookOptions& options, Clock clock,
                                 Report report) {
  auto state = std::make_unique<State>();
  state->options = options;
  state->clock = std::move(clock);
  state->report = std::move(report);
  state->random = Random(options.seed);
  for (const auto& given : targets) {
    const auto where = fmt::format("webhook {}", state->targets.size() + 1);
    auto url = parse_url(given.url);
    if (!url) return fail_in(where, url.error());
    auto keys = parse_webhook_secrets(given.secret);
    if (!keys) return fail_in(where, keys.error());
    auto actions = parse_actions(given.actions);
    if (!actions) return fail_in(where, actions.error());
    auto target = std::make_unique<Target>(state->io);
    if (auto read = load_authorities(target->tls, given.authorities); !read) return fail_in(where, read.error());
    target->url = std::move(*url);
    target->keys = std::move(*keys);
    target->tenant = given.tenant;
    target->actions = std::move(*actions);
    target->counters.target = target->url.shown();
    state->targets.push_back(std::move(target));
  }
  state->start();
  return Webhooks(std::move(state));
}

void Webhooks::send(const Event& event) {
  const Message message{event.id, webhook_body(event), Steady::now()};
  for (auto& target : state_->targets) {
    if (!is_wanted(event, target->tenant, target->actions)) continue;
    const std::lock_guard lock(state_->mutex);
    if (target->counters.ended || target->queue.size() >= state_->options.queue_events) {
      ++target->counters.dropped;
    } else {
      target->queue.push_back(message);
    }
  }
  asio::post(state_->io, [state = state_.get()] {
    for (auto& target : state->targets) {
      if (target->idle) target->timer.cancel();
    }
  });
}

std::vector<WebhookCounters> Webhooks::counters() const {
  const std::lock_guard lock(state_->mutex);
  std::vector<WebhookCounters> result;
  for (const auto& target : state_->targets) {
    result.push_back(target->counters);
    result.back().queued = target->queue.size();
  }
  return result;
}

}  // namespace cms::serve
