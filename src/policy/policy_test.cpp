#include "policy/policy.hpp"

#include <gtest/gtest.h>

namespace cms::policy {
namespace {

Action at(double poh) {
  Score score;
  score.computed = true;
  score.poh = poh;
  return decide(Ladder{}, score);
}

TEST(Policy, each_rung_begins_exactly_at_its_threshold) {
  EXPECT_EQ(at(1), Action::allow);
  EXPECT_EQ(at(0.1001), Action::allow);
  EXPECT_EQ(at(0.10), Action::observe);
  EXPECT_EQ(at(0.05), Action::price);
  EXPECT_EQ(at(0.01), Action::limit);
  EXPECT_EQ(at(0.0011), Action::limit);
  EXPECT_EQ(at(0.001), Action::review);
  EXPECT_EQ(at(0), Action::review);
}

TEST(Policy, nobody_is_acted_upon_before_anything_is_known) {
  Score score;
  score.poh = 0;
  EXPECT_EQ(decide(Ladder{}, score), Action::allow);
}

}  // namespace
}  // namespace cms::policy
