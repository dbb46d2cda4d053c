#include "serve/missing_accounts.hpp"

#include <gtest/gtest.h>

namespace cms::serve {
namespace {

using Names = std::vector<std::string>;

constexpr double kPatience_s = MissingAccounts::kPatience_s, kAskAgain_s = MissingAccounts::kAskAgain_s;

TEST(MissingAccounts, are_waited_for_and_then_passed_over_once_each) {
  MissingAccounts missing;
  EXPECT_FALSE(missing.waits());
  EXPECT_TRUE(missing.miss("a", 100));
  EXPECT_TRUE(missing.waits());
  EXPECT_EQ(missing.pass_over(), Names());
  EXPECT_TRUE(missing.miss("b", 100 + kPatience_s / 2));
  EXPECT_EQ(missing.pass_over(), Names()) << "time alone says nothing: it has to have failed again";
  EXPECT_TRUE(missing.miss("a", 100 + kPatience_s));
  EXPECT_EQ(missing.pass_over(), Names{"a"});
  EXPECT_EQ(missing.pass_over(), Names());
  EXPECT_TRUE(missing.waits());
  EXPECT_TRUE(missing.miss("b", 100 + 2 * kPatience_s));
  EXPECT_EQ(missing.pass_over(), Names{"b"});
  EXPECT_FALSE(missing.waits());
}

TEST(MissingAccounts, are_asked_for_at_once_while_they_are_waited_for_and_rarely_when_they_are_passed_over) {
  MissingAccounts missing;
  missing.miss("a", 0);
  missing.miss("b", kPatience_s);
  EXPECT_EQ(missing.due(kPatience_s), (Names{"a", "b"}));
  missing.miss("a", kPatience_s);
  EXPECT_EQ(missing.pass_over(), Names{"a"});
  EXPECT_EQ(missing.due(kPatience_s + 1), Names{"b"});
  EXPECT_EQ(missing.due(kPatience_s + kAskAgain_s), (Names{"a", "b"}));
  missing.miss("a", kPatience_s + kAskAgain_s);
  EXPECT_EQ(missing.due(kPatience_s + kAskAgain_s), Names{"b"});
}

TEST(MissingAccounts, begin_anew_once_the_disk_has_given_them_and_are_forgotten_when_they_are_erased) {
  MissingAccounts missing;
  missing.miss("a", 0);
  missing.found("a");
  EXPECT_FALSE(missing.waits());
  missing.miss("a", kPatience_s);
  EXPECT_EQ(missing.pass_over(), Names());
  missing.miss("b", kPatience_s);
  missing.forget([](const auto& account) { return account == "a"; });
  EXPECT_EQ(missing.due(kPatience_s), Names{"b"});
}

}  // namespace
}  // namespace cms::serve
