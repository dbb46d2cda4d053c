#include "types/score.hpp"

#include <fmt/format.h>

namespace cms {

std::string_view name(Action action) {
  constexpr std::array<std::string_view, 5> kNames = {"allow", "observe", "price", "limit", "review"};
  return kNames[static_cast<std::size_t>(action)];
}

std::string why(const Score& score) {
  if (score.computed) return {};
  return fmt::format("needs {} requests, has {}", score.requests_needed, score.requests);
}

}  // namespace cms
