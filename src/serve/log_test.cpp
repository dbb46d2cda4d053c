#include "serve/log.hpp"

#include <gtest/gtest.h>

#include <sstream>
#include <thread>

#include "serve/rfc3339.hpp"

namespace cms::serve {
namespace {

class LogTest : public ::testing::Test {
 protected:
  Log log() {
    auto made = Log::to(out, options, [this] { return now; });
    EXPECT_TRUE(made);
    return std::move(*made);
  }
  std::vector<std::string> lines() const {
    std::vector<std::string> result;
    std::istringstream in(out.str());
    for (std::string line; std::getline(in, line);) result.push_back(line);
    return result;
  }

  std::ostringstream out;
  LogOptions options;
  double now = 1'700'000'000.25;
};

TEST_F(LogTest, a_line_of_text_is_exactly_these_bytes) {
  log().write(Level::warning, Scope::store, "commit_failed", "no space left", {{"tenant", "acme"}, {"items", 3}});
  EXPECT_EQ(out.str(), "2023-11-14T22:13:20.250Z warning store commit_failed: no space left tenant=\"acme\" items=3\n");
}

TEST_F(LogTest, a_line_of_json_is_exactly_these_bytes) {
  options.json = true;
  log().write(Level::error, Scope::tap, "model", "a \"quoted\"\nline", {{"items", 3}});
  EXPECT_EQ(out.str(), R"({"time":"2023-11-14T22:13:20.250Z","level":"error","scope":"tap","kind":"model",)"
                       R"("text":"a \"quoted\"\nline","items":3})" "\n");
}

TEST_F(LogTest, what_comes_from_outside_cannot_make_a_line_of_its_own) {
  for (const bool json : {false, true}) {
    options.json = json;
    out.str("");
    log().write(Level::error, Scope::serve, "bad", "one\ntwo\r\x1b[31m\x7f {} %v", {{"a\nb", "c\nd"}, {"e", "\xff"}});
    EXPECT_EQ(lines().size(), 1U);
    EXPECT_EQ(out.str().find('\x1b'), std::string::npos);
    EXPECT_NE(out.str().find("{} %v"), std::string::npos);
  }
}

TEST_F(LogTest, more_cannot_take_the_place_of_what_every_line_has) {
  options.json = true;
  log().write(Level::error, Scope::serve, "bad", "text", {{"level", "info"}});
  EXPECT_EQ(nlohmann::json::parse(out.str())["level"], "error");
}

TEST_F(LogTest, milder_messages_than_the_level_are_left_out) {
  for (const std::string level : {"debug", "info", "warning", "error"}) {
    options.level = level;
    out.str("");
    auto made = log();
    for (const auto one : {Level::debug, Level::info, Level::warning, Level::error}) {
      made.write(one, Scope::serve, "kind", "text");
    }
    EXPECT_EQ(lines().size(), level == "debug" ? 4U : level == "info" ? 3U : level == "warning" ? 2U : 1U);
  }
  options.level = "loud";
  const auto refused = Log::to(out, options, [] { return 0.0; });
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("loud"), std::string::npos);
}

TEST_F(LogTest, a_kind_that_floods_is_held_to_its_burst_and_the_next_line_says_how_many_were_left_out) {
  options.burst = 3;
  options.window_s = 10;
  auto made = log();
  for (int i = 0; i < 1'000; ++i) made.write(Level::warning, Scope::store, "flood", "text");
  made.write(Level::warning, Scope::store, "other", "text");
  made.write(Level::warning, Scope::serve, "flood", "text");
  EXPECT_EQ(lines().size(), 5U);
  EXPECT_EQ(made.counters().left_out, 997U);
  EXPECT_EQ(made.counters().warnings, 1'002U);
  now += 10;
  made.write(Level::warning, Scope::store, "flood", "text");
  made.write(Level::warning, Scope::store, "flood", "text");
  ASSERT_EQ(lines().size(), 7U);
  EXPECT_NE(lines()[5].find("(997 like this were left out)"), std::string::npos);
  EXPECT_EQ(lines()[6].find("left out"), std::string::npos);
}

TEST_F(LogTest, a_clock_that_goes_back_does_not_silence_the_log) {
  options.burst = 1;
  auto made = log();
  made.write(Level::info, Scope::serve, "kind", "text");
  now -= 1e6;
  made.write(Level::info, Scope::serve, "kind", "text");
  EXPECT_EQ(lines().size(), 2U);
}

TEST_F(LogTest, lines_of_many_threads_are_whole) {
  options.json = true;
  options.burst = 100'000;
  auto made = log();
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&] {
        for (int i = 0; i < 500; ++i) made.write(Level::info, Scope::pipeline, "kind", std::string(100, 'x'));
      });
    }
  }
  const auto all = lines();
  EXPECT_EQ(all.size(), 2'000U);
  for (const auto& line : all) EXPECT_TRUE(nlohmann::json::accept(line));
}

TEST(Rfc3339, known_times_and_what_is_none) {
  EXPECT_EQ(rfc3339(0), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(rfc3339(951782400), "2000-02-29T00:00:00.000Z");
  EXPECT_EQ(rfc3339(1'700'000'000.25), "2023-11-14T22:13:20.250Z");
  EXPECT_EQ(rfc3339(253402300799.5), "9999-12-31T23:59:59.500Z");
  for (const double none : {-1.0, 1e300, -HUGE_VAL, HUGE_VAL, std::nan("")}) EXPECT_EQ(rfc3339(none), rfc3339(0));
}

}  // namespace
}  // namespace cms::serve
