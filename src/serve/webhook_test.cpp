#include "serve/webhook.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "base/files.hpp"
#include "serve/event_example.hpp"
#include "serve/webhook_message.hpp"
#include "serve/webhook_receiver_example.hpp"

namespace cms::serve {
namespace {

constexpr auto kSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
constexpr std::int64_t kNow = 1'700'000'001;

WebhookOptions quick() {
  WebhookOptions options;
  options.timeout_s = 0.2;
  options.retry_first_s = 0.01;
  options.retry_max_s = 0.05;
  return options;
}

WebhookTarget target_at(std::uint16_t port, const std::string& scheme = "http", const std::string& host = "127.0.0.1") {
  return {fmt::format("{}://{}:{}/hooks/secret-path?token=secret-token", scheme, host, port), kSecret, {}, {}};
}

Event numbered(std::uint64_t number) {
  auto event = example_event();
  event.id = event_id(event.time, number);
  event.requests = number;
  return event;
}

// What was told, from another thread.
struct Told {
  std::mutex mutex;
  std::condition_variable more;
  std::vector<std::string> words;

  Webhooks::Report report() {
    return [this](const std::string& text) {
      {
        const std::lock_guard lock(mutex);
        words.push_back(text);
      }
      more.notify_all();
    };
  }
  std::vector<std::string> wait(std::size_t count) {
    std::unique_lock lock(mutex);
    more.wait(lock, [&] { return words.size() >= count; });
    return words;
  }
};

Result<Webhooks> started(const std::vector<WebhookTarget>& targets, const WebhookOptions& options, Told& told) {
  return Webhooks::start(targets, options, [] { return static_cast<double>(kNow) + 0.9; }, told.report());
}

// The counters once `done` holds for them; ctest's time limit ends what never comes.
template <typename Done>
WebhookCounters counters_once(const Webhooks& webhooks, const Done& done, std::size_t target = 0) {
  while (true) {
    const auto counters = webhooks.counters()[target];
    if (done(counters)) return counters;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));  // leaves the core to who is waited for
  }
}

auto delivered(std::uint64_t count) {
  return [count](const WebhookCounters& counters) { return counters.delivered >= count; };
}

TEST(Webhook, an_event_arrives_signed_with_its_identifier_and_time) {
  Receiver receiver;
  Told told;
  auto webhooks = started({target_at(receiver.port())}, quick(), told);
  ASSERT_TRUE(webhooks) << webhooks.error().message;
  const auto event = numbered(1);
  webhooks->send(event);
  const auto request = receiver.requests(1)[0];
  EXPECT_EQ(request.method_string(), "POST");
  EXPECT_EQ(request.target(), "/hooks/secret-path?token=secret-token");
  EXPECT_EQ(request["Host"], fmt::format("127.0.0.1:{}", receiver.port()));
  EXPECT_EQ(request["Content-Type"], "application/json");
  EXPECT_EQ(request["webhook-id"], event.id);
  EXPECT_EQ(request["webhook-timestamp"], "1700000001");
  EXPECT_EQ(request.body(), webhook_body(event));
  const auto keys = parse_webhook_secrets(kSecret);
  EXPECT_EQ(request["webhook-signature"], webhook_signature(*keys, event.id, kNow, request.body()));
  const auto counters = counters_once(*webhooks, delivered(1));
  EXPECT_EQ(counters.attempts, 1U);
  EXPECT_EQ(counters.failures, 0U);
  EXPECT_FALSE(counters.failing);
}

TEST(Webhook, whatever_goes_wrong_the_event_is_sent_again_with_the_same_identifier) {
  for (const auto reply : {Reply::fail, Reply::redirect, Reply::hang, Reply::close, Reply::part_of_a_header,
                           Reply::endless_header}) {
    Receiver receiver({reply, reply});
    Told told;
    auto webhooks = started({target_at(receiver.port())}, quick(), told);
    ASSERT_TRUE(webhooks);
    webhooks->send(numbered(1));
    const auto counters = counters_once(*webhooks, delivered(1));
    EXPECT_EQ(counters.attempts, 3U) << static_cast<int>(reply);
    EXPECT_EQ(counters.failures, 2U);
    for (const auto& request : receiver.requests(1)) {
      EXPECT_EQ(request["webhook-id"], numbered(1).id);
      EXPECT_EQ(request.body(), webhook_body(numbered(1)));
    }
    const auto words = told.wait(2);
    EXPECT_NE(words[0].find("fails"), std::string::npos) << words[0];
    EXPECT_NE(words[1].find("answers again"), std::string::npos) << words[1];
  }
}

TEST(Webhook, the_body_of_an_answer_is_not_waited_for) {
  Receiver receiver({Reply::endless_body});
  Told told;
  auto webhooks = started({target_at(receiver.port())}, quick(), told);
  ASSERT_TRUE(webhooks);
  webhooks->send(numbered(1));
  EXPECT_EQ(counters_once(*webhooks, delivered(1)).attempts, 1U);
}

TEST(Webhook, events_arrive_in_order_through_failures) {
  Receiver receiver({Reply::ok, Reply::fail, Reply::close, Reply::ok, Reply::fail});
  Told told;
  auto webhooks = started({target_at(receiver.port())}, quick(), told);
  ASSERT_TRUE(webhooks);
  for (std::uint64_t i = 0; i < 20; ++i) webhooks->send(numbered(i));
  counters_once(*webhooks, delivered(20));
  std::vector<std::string> distinct;
  for (const auto& request : receiver.requests(20)) {
    const std::string id(request["webhook-id"]);
    if (distinct.empty() || distinct.back() != id) distinct.push_back(id);
  }
  ASSERT_EQ(distinct.size(), 20U);
  for (std::uint64_t i = 0; i < 20; ++i) EXPECT_EQ(distinct[i], numbered(i).id);
}

TEST(Webhook, a_target_that_hangs_delays_no_other) {
  Receiver hanging(std::vector<Reply>(100, Reply::hang));
  Receiver quick_one;
  Told told;
  auto options = quick();
  options.timeout_s = 30;
  options.drain_s = 0.01;
  auto webhooks = started({target_at(hanging.port()), target_at(quick_one.port())}, options, told);
  ASSERT_TRUE(webhooks);
  for (std::uint64_t i = 0; i < 10; ++i) webhooks->send(numbered(i));
  counters_once(*webhooks, delivered(10), 1);
  hanging.requests(1);
  EXPECT_EQ(webhooks->counters()[0].queued, 10U);
}

TEST(Webhook, a_dead_target_is_given_up_after_the_stated_time) {
  std::uint16_t port = 0;
  {
    const Receiver gone;
    port = gone.port();
  }
  Told told;
  auto options = quick();
  options.give_up_s = 0.1;
  auto webhooks = started({target_at(port)}, options, told);
  ASSERT_TRUE(webhooks);
  webhooks->send(numbered(1));
  const auto counters = counters_once(*webhooks, [](const auto& c) { return c.given_up == 1; });
  EXPECT_GE(counters.attempts, 3U);
  EXPECT_TRUE(counters.failing);
  EXPECT_EQ(counters.queued, 0U);
  const auto words = told.wait(2);
  EXPECT_NE(words[1].find(numbered(1).id), std::string::npos) << words[1];
}

TEST(Webhook, a_target_that_comes_back_gets_the_next_event_though_it_waited_too_long) {
  Receiver receiver({Reply::hang, Reply::ok, Reply::ok});
  Told told;
  auto options = quick();
  options.give_up_s = 0.05;
  auto webhooks = started({target_at(receiver.port())}, options, told);
  ASSERT_TRUE(webhooks);
  for (std::uint64_t i = 0; i < 3; ++i) webhooks->send(numbered(i));
  const auto counters = counters_once(*webhooks, delivered(2));
  EXPECT_EQ(counters.given_up, 1U);
}

TEST(Webhook, a_target_that_is_gone_gets_nothing_more) {
  Receiver receiver({Reply::gone});
  Told told;
  auto webhooks = started({target_at(receiver.port())}, quick(), told);
  ASSERT_TRUE(webhooks);
  for (std::uint64_t i = 0; i < 3; ++i) webhooks->send(numbered(i));
  auto counters = counters_once(*webhooks, [](const auto& c) { return c.given_up + c.dropped == 3; });
  EXPECT_TRUE(counters.ended);
  webhooks->send(numbered(4));
  counters = webhooks->counters()[0];
  EXPECT_EQ(counters.attempts, 1U);
  EXPECT_EQ(counters.given_up, 1U);
  EXPECT_EQ(counters.dropped, 3U);
}

TEST(Webhook, beyond_the_queue_events_are_dropped_and_counted) {
  Receiver receiver(std::vector<Reply>(100, Reply::fail));
  Told told;
  auto options = quick();
  options.queue_events = 5;
  auto webhooks = started({target_at(receiver.port())}, options, told);
  ASSERT_TRUE(webhooks);
  for (std::uint64_t i = 0; i < 8; ++i) webhooks->send(numbered(i));
  const auto counters = webhooks->counters()[0];
  EXPECT_EQ(counters.queued, 5U);
  EXPECT_EQ(counters.dropped, 3U);
}

TEST(Webhook, closing_sends_what_was_never_tried_and_waits_for_nobody) {
  Receiver receiver;
  Receiver hanging(std::vector<Reply>(100, Reply::hang));
  Told told;
  auto options = quick();
  options.timeout_s = 1000;
  options.drain_s = 0.3;
  {
    auto webhooks = started({target_at(receiver.port()), target_at(hanging.port())}, options, told);
    ASSERT_TRUE(webhooks);
    for (std::uint64_t i = 0; i < 5; ++i) webhooks->send(numbered(i));
  }
  EXPECT_EQ(receiver.requests(5).size(), 5U);
}

TEST(Webhook, nothing_that_is_told_or_counted_holds_secret_path_or_query) {
  Receiver receiver({Reply::fail, Reply::ok, Reply::gone});
  Told told;
  auto webhooks = started({target_at(receiver.port())}, quick(), told);
  ASSERT_TRUE(webhooks);
  webhooks->send(numbered(1));
  counters_once(*webhooks, delivered(1));
  webhooks->send(numbered(2));
  auto words = told.wait(4);
  words.push_back(webhooks->counters()[0].target);
  for (const auto& text : words) EXPECT_EQ(text.find("secret"), std::string::npos) << text;
}

TEST(Webhook, a_wrong_target_is_refused_by_its_number_without_its_secret) {
  Told told;
  const auto good = target_at(1);
  for (auto [change, named] : std::vector<std::pair<std::function<void(WebhookTarget&)>, std::string>>{
           {[](auto& t) { t.url = "ftp://a"; }, "URL"}, {[](auto& t) { t.secret = "whsec_leak"; }, "whsec_"},
           {[](auto& t) { t.actions = {"limit", "block"}; }, "block"},
           {[](auto& t) { t.authorities = "/nowhere/ca.pem"; }, "/nowhere/ca.pem"}}) {
    auto wrong = good;
    change(wrong);
    const auto webhooks = started({good, wrong}, quick(), told);
    ASSERT_FALSE(webhooks);
    EXPECT_EQ(webhooks.error().code, ErrorCode::bad_input);
    EXPECT_NE(webhooks.error().message.find("webhook 2"), std::string::npos) << webhooks.error().message;
    EXPECT_NE(webhooks.error().message.find(named), std::string::npos) << webhooks.error().message;
    EXPECT_EQ(webhooks.error().message.find("leak"), std::string::npos);
  }
}

TEST(Webhook, the_pause_doubles_to_its_bound_and_is_jittered_below) {
  WebhookOptions options;
  EXPECT_EQ(webhook_pause(options, 1, 0), 0.5);
  EXPECT_EQ(webhook_pause(options, 2, 0), 1.0);
  for (std::uint32_t failures = 1; failures < 2'000; ++failures) {
    const double full = std::min(300.0, std::pow(2.0, failures - 1.0));
    EXPECT_EQ(webhook_pause(options, failures, 0), full / 2);
    EXPECT_LT(webhook_pause(options, failures, 0.999), full);
  }
}

class WebhookTls : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = (std::filesystem::temp_directory_path() / "cms-webhook-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder = name;
    options = quick();
    options.timeout_s = 5;
    options.give_up_s = 0;
  }
  void TearDown() override { std::filesystem::remove_all(folder); }

  // A target that trusts what is in a file of this name, which is this certificate.
  WebhookTarget trusting(const std::string& name, const ExampleCertificate& trusted) const {
    auto target = target_at(1, "https");
    target.authorities = folder / name;
    EXPECT_TRUE(write_file(target.authorities, trusted.certificate));
    return target;
  }
  // How one event fares at a server with `served` where `trusted` is trusted.
  WebhookCounters sent(const ExampleCertificate& served, const ExampleCertificate& trusted, const std::string& host) {
    auto target = trusting("ca.pem", trusted);
    Receiver receiver({}, &served);
    target.url = target_at(receiver.port(), "https", host).url;
    auto webhooks = started({target}, options, told);
    EXPECT_TRUE(webhooks);
    webhooks->send(numbered(1));
    return counters_once(*webhooks, [](const auto& c) { return c.delivered + c.given_up == 1; });
  }

  std::filesystem::path folder;
  WebhookOptions options;
  Told told;
};

TEST_F(WebhookTls, a_trusted_certificate_of_that_name_or_address_is_sent_to) {
  const ExampleCertificate local("DNS:localhost"), address("IP:127.0.0.1");
  EXPECT_EQ(sent(local, local, "localhost").delivered, 1U);
  EXPECT_EQ(sent(address, address, "127.0.0.1").delivered, 1U);
}

TEST_F(WebhookTls, each_target_has_authorities_of_its_own) {
  const ExampleCertificate local("DNS:localhost"), stranger("DNS:localhost");
  Receiver receiver({}, &local);
  auto trusts = trusting("local.pem", local), distrusts = trusting("stranger.pem", stranger);
  trusts.url = distrusts.url = target_at(receiver.port(), "https", "localhost").url;
  auto webhooks = started({distrusts, trusts}, options, told);
  ASSERT_TRUE(webhooks);
  webhooks->send(numbered(1));
  const auto over = [](const auto& c) { return c.delivered + c.given_up == 1; };
  EXPECT_EQ(counters_once(*webhooks, over, 0).given_up, 1U);
  EXPECT_EQ(counters_once(*webhooks, over, 1).delivered, 1U);
}

TEST_F(WebhookTls, a_certificate_of_another_name_or_of_nobody_trusted_gets_nothing) {
  const ExampleCertificate other("DNS:other.example"), local("DNS:localhost"), stranger("DNS:localhost");
  EXPECT_EQ(sent(other, other, "localhost").given_up, 1U);
  EXPECT_EQ(sent(local, local, "127.0.0.1").given_up, 1U);
  EXPECT_EQ(sent(stranger, local, "localhost").given_up, 1U);
}

}  // namespace
}  // namespace cms::serve
