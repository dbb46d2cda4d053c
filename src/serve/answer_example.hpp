// For tests: what an answer of the API says. Threads: pure.
#pragma once

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "serve/serve_example.hpp"

namespace cms::serve {

// The body; a failure of the test where it is no JSON.
inline nlohmann::ordered_json body_of(const Answer& answer) {
  auto body = nlohmann::ordered_json::parse(answer.body, nullptr, false);
  EXPECT_FALSE(body.is_discarded()) << answer.body;
  return body;
}

// That it is this problem, and says more of it.
inline void expect_problem(const Answer& answer, unsigned status, const std::string& slug) {
  EXPECT_EQ(answer.status, status) << answer.body;
  EXPECT_EQ(answer.headers.at("content-type"), "application/problem+json");
  const auto body = body_of(answer);
  EXPECT_EQ(body["type"], "urn:cms:problem:" + slug);
  EXPECT_EQ(body["status"], status);
  EXPECT_FALSE(body["detail"].get<std::string>().empty());
}

}  // namespace cms::serve
