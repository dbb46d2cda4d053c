#include "pipeline/history.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

namespace cms::pipeline {

void take(History& history, const Score& score, double time) {
  if (!score.computed || score.requests % history.stride != 0) return;
  if (history.points.size() == kHistoryPoints) {
    // Those that lie on the doubled stride stay.
    history.stride *= 2;
    const auto between = [&](const HistoryPoint& point) { return point.requests % history.stride != 0; };
    history.points.erase(std::ranges::remove_if(history.points, between).begin(), history.points.end());
    // A damaged history may have none to lose.
    if (score.requests % history.stride != 0 || history.points.size() == kHistoryPoints) return;
  }
  const auto requests = std::min<std::uint64_t>(score.requests, std::numeric_limits<std::uint32_t>::max());
  history.points.push_back({time, static_cast<std::uint32_t>(requests), static_cast<float>(score.poh)});
}

void encode(const History& history, ByteWriter& out) {
  out.put(history.stride);
  out.put(static_cast<std::uint32_t>(history.points.size()));
  for (const auto& point : history.points) {
    out.put(point.time);
    out.put(point.requests);
    out.put(point.poh);
  }
}

Result<History> decode_history(ByteReader& in) {
  History history;
  history.stride = in.get<std::uint32_t>();
  const auto count = in.get<std::uint32_t>();
  bool valid = std::has_single_bit(history.stride) && count <= kHistoryPoints;
  for (std::uint32_t i = 0; valid && i < count; ++i) {
    HistoryPoint point;
    point.time = in.get<double>();
    point.requests = in.get<std::uint32_t>();
    point.poh = in.get<float>();
    valid = !in.failed() && std::isfinite(point.time) && point.poh >= 0 && point.poh <= 1 &&
            (history.points.empty() || history.points.back().requests <= point.requests);
    history.points.push_back(point);
  }
  if (!valid || in.failed()) return fail(ErrorCode::bad_input, "account record: damaged in its history");
  return history;
}

}  // namespace cms::pipeline
