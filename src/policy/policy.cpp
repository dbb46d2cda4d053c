#include "policy/policy.hpp"

namespace cms::policy {

Action decide(const Ladder& ladder, const Score& score) {
  if (!score.computed) return Action::allow;
  if (score.poh <= ladder.review) return Action::review;
  if (score.poh <= ladder.limit) return Action::limit;
  if (score.poh <= ladder.price) return Action::price;
  if (score.poh <= ladder.observe) return Action::observe;
  return Action::allow;
}

}  // namespace cms::policy
