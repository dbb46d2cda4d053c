// The score line: one account's score as `cms score --json` prints it and as machines read it.
//
// The keys, their order and what null means are a format: docs/formats/score-line.md. The same score always gives the
// same bytes, and no number in it is NaN or infinite. Threads: pure functions. Cost: some microseconds.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>
#include <vector>

#include "types/reading.hpp"
#include "types/score.hpp"

namespace cms::pipeline {

// The channels that carry evidence, greatest share first (equal ones in the order of the channels); empty when there
// is no evidence. Shares sum to 1.
struct Reason {
  Channel channel;
  double share;

  bool operator==(const Reason&) const = default;
};
std::vector<Reason> reasons(const Score& score);

// The line of `account` under the atlas of this name; the action is that of the default ladder. `account` is UTF-8.
// `price`: what its next request costs if it opens a new chart; null when it is not known.
nlohmann::ordered_json score_line(std::string_view account, std::string_view atlas, const Score& score,
                                  std::optional<double> price = std::nullopt);

// Every measure by name; null where it was not made.
nlohmann::ordered_json readings(const Reading& reading);

}  // namespace cms::pipeline
