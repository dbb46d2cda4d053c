#include "serve/url.hpp"
#include "serve/webhook_message.hpp"

#include <gtest/gtest.h>

#include "serve/event_example.hpp"

namespace cms::serve {
namespace {

constexpr auto kSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
constexpr auto kId = "msg_p5jXN8AQM9LWM0D4loKWxJek";
constexpr auto kSignature = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

TEST(WebhookMessage, the_published_vector_of_standard_webhooks_is_signed_as_published) {
  const auto keys = parse_webhook_secrets(kSecret);
  ASSERT_TRUE(keys);
  EXPECT_EQ(webhook_signature(*keys, kId, 1614265330, R"({"test": 2432232314})"), kSignature);
}

TEST(WebhookMessage, two_secrets_sign_side_by_side) {
  const std::string other = "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
  const auto keys = parse_webhook_secrets(other + "  " + kSecret + "\n");
  ASSERT_TRUE(keys);
  ASSERT_EQ(keys->size(), 2U);
  const auto signature = webhook_signature(*keys, kId, 1614265330, R"({"test": 2432232314})");
  EXPECT_EQ(signature.substr(signature.find(' ') + 1), kSignature);
  EXPECT_NE(signature.substr(0, signature.find(' ')), kSignature);
}

TEST(WebhookMessage, what_is_no_secret_is_refused_and_never_repeated) {
  for (const std::string text : {"", " ", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_", "whsec_dG9vIHNob3J0",
                                 "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS!", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS",
                                 "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaL===", "whsec_=fKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
                                 "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw other"}) {
    const auto keys = parse_webhook_secrets(text);
    ASSERT_FALSE(keys) << text;
    EXPECT_EQ(keys.error().code, ErrorCode::bad_input);
    EXPECT_EQ(keys.error().message.find("MfKQ"), std::string::npos);
  }
  const std::string longest(88, 'A');
  EXPECT_FALSE(parse_webhook_secrets("whsec_" + longest));  // 66 bytes
}

TEST(WebhookMessage, the_body_is_type_timestamp_and_the_event) {
  const auto event = example_event();
  const auto body = nlohmann::json::parse(webhook_body(event));
  EXPECT_EQ(body["type"], "cms.action_changed");
  EXPECT_EQ(body["timestamp"], "2023-11-14T22:13:20.250Z");
  const auto read = parse_event(body["data"]);
  ASSERT_TRUE(read);
  EXPECT_EQ(*read, event);
  EXPECT_EQ(body.size(), 3U);
}

TEST(WebhookMessage, urls_are_taken_apart) {
  const auto check = [](std::string_view text, const Url& expected, std::string_view shown) {
    const auto url = parse_url(text);
    ASSERT_TRUE(url) << text << url.error().message;
    EXPECT_EQ(*url, expected) << text;
    EXPECT_EQ(url->shown(), shown);
  };
  check("http://a.example", {false, "a.example", "80", "/"}, "http://a.example");
  check("https://a.example/b/c?d=e", {true, "a.example", "443", "/b/c?d=e"}, "https://a.example");
  check("https://a.example?d", {true, "a.example", "443", "/?d"}, "https://a.example");
  check("http://127.0.0.1:8080/x", {false, "127.0.0.1", "8080", "/x"}, "http://127.0.0.1:8080");
  check("https://[::1]:8443/x", {true, "::1", "8443", "/x"}, "https://[::1]:8443");
  check("https://[::1]", {true, "::1", "443", "/"}, "https://[::1]");
}

TEST(WebhookMessage, what_is_no_url_of_a_webhook_is_refused) {
  for (const auto* text : {"", "a.example", "ftp://a.example", "http://", "http:///path", "http://user:word@a.example/",
                           "http://a.example/#part", "http://a.example:0/", "http://a.example:65536/",
                           "http://a.example:x/", "http://a.example:/", "http://[::1/", "http://[::1]x/",
                           "http://a.example/a b", "http://a.example/\r\nHost: b", "http://\xC3\xA4.example/"}) {
    const auto url = parse_url(text);
    ASSERT_FALSE(url) << text;
    EXPECT_EQ(url.error().code, ErrorCode::bad_input);
  }
}

TEST(WebhookMessage, who_hears_of_an_action_hears_of_its_beginning_and_its_end) {
  const std::vector<Action> limit = {Action::limit};
  auto event = example_event();
  EXPECT_TRUE(is_wanted(event, "", limit));
  event.before = Action::limit;
  event.action = Action::allow;
  EXPECT_TRUE(is_wanted(event, "", limit));
  event.before = Action::observe;
  EXPECT_FALSE(is_wanted(event, "", limit));
  EXPECT_TRUE(is_wanted(event, "", {}));
  event.kind = EventKind::score;
  EXPECT_FALSE(is_wanted(event, "", {}));
  event.kind = EventKind::store_failed;
  EXPECT_TRUE(is_wanted(event, "", limit));
}

TEST(WebhookMessage, who_hears_of_one_tenant_hears_of_the_whole_daemon_too_and_of_no_other_tenant) {
  auto event = example_event();
  EXPECT_TRUE(is_wanted(event, "acme", {}));
  EXPECT_FALSE(is_wanted(event, "other", {}));
  event.kind = EventKind::campaign;
  EXPECT_TRUE(is_wanted(event, "acme", {}));
  EXPECT_FALSE(is_wanted(event, "other", {}));
  event.kind = EventKind::store_failed;
  event.tenant.clear();
  EXPECT_TRUE(is_wanted(event, "other", {}));
}

}  // namespace
}  // namespace cms::serve
