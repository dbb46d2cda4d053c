#include "types/score.hpp"

namespace cms {

std::string_view name(Action action) {
  constexpr std::array<std::string_view, 5> kNames = {"allow", "observe", "price", "limit", "review"};
  return kNames[static_cast<std::size_t>(action)];
}

}  // namespace cms
