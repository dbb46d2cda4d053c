#include "pipeline/score_line.hpp"

#include <algorithm>
#include <cmath>

#include "policy/policy.hpp"

namespace cms::pipeline {

using Json = nlohmann::ordered_json;

std::vector<Reason> reasons(const Score& score) {
  std::vector<Reason> result;
  for (std::size_t c = 0; c < kChannelCount; ++c) {
    if (score.reasons[c] > 0) result.push_back({static_cast<Channel>(c), score.reasons[c]});
  }
  std::stable_sort(result.begin(), result.end(), [](const auto& a, const auto& b) { return a.share > b.share; });
  return result;
}

Json score_line(std::string_view account, std::string_view atlas, const Score& score, std::optional<double> price) {
  const auto if_computed = [&](const Json& value) { return score.computed ? value : Json(nullptr); };
  Json channels = Json::array();
  for (const auto& reason : reasons(score)) {
    channels.push_back({{"channel", name(reason.channel)}, {"share", reason.share}});
  }
  Json line;
  line["account"] = account;
  line["atlas"] = atlas;
  line["status"] = score.computed ? "computed" : "not_computed";
  line["why"] = score.computed ? Json(nullptr) : Json(why(score));
  line["requests"] = score.requests;
  line["poh"] = if_computed(score.poh);
  line["poh_min"] = if_computed(score.poh_min);
  line["requests_at_min"] = if_computed(score.requests_at_min);
  line["extrapolated"] = if_computed(score.extrapolated);
  line["action"] = name(policy::decide(policy::Ladder{}, score));
  line["price"] = price ? Json(*price) : Json(nullptr);
  line["reasons"] = if_computed(channels);
  line["coverage"] = score.coverage;
  line["confidence"] = if_computed(score.confidence);
  line["completeness"] = if_computed(score.completeness);
  return line;
}

Json readings(const Reading& reading) {
  Json result = Json::object();
  for (std::size_t m = 0; m < kMeasureCount; ++m) {
    const auto measure = static_cast<Measure>(m);
    const bool made = reading.has(measure) && std::isfinite(reading[measure]);
    result[std::string(info(measure).name)] = made ? Json(reading[measure]) : Json(nullptr);
  }
  return result;
}

}  // namespace cms::pipeline
