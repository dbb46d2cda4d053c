#include "pipeline/admission.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <tuple>
#include <utility>

#include "base/random.hpp"
#include "tap/text.hpp"

namespace cms::pipeline {
namespace {

constexpr std::size_t kAccountBytesMax = 256;

}  // namespace

std::string_view name(Refusal refusal) {
  constexpr std::array<std::string_view, kRefusalCount> kNames = {
      "none", "shed", "overload", "model", "dimension", "not_finite", "account", "clock", "tenant", "store", "text"};
  return kNames[static_cast<std::size_t>(refusal)];
}

bool is_account_name(std::string_view name) {
  return !name.empty() && name.size() <= kAccountBytesMax && name.find('\0') == std::string_view::npos &&
         tap::is_utf8(name);
}

Refusal check(const Item& item, std::size_t dimension, double now, const EngineOptions& options) {
  if (item.refusal != Refusal::none) return item.refusal;
  if (!is_account_name(item.account)) return Refusal::account;
  const double ahead = item.time - now;
  if (!(ahead <= options.clock_ahead_s && ahead >= -options.clock_behind_s)) return Refusal::clock;
  if (item.activation.size() != dimension) return Refusal::dimension;
  // All are looked at, without a branch, so that several are at once.
  constexpr std::uint32_t kMagnitude = 0x7FFFFFFF, kInfinity = 0x7F800000;
  std::uint32_t largest = 0;
  for (const float value : item.activation) {
    largest = std::max(largest, std::bit_cast<std::uint32_t>(value) & kMagnitude);
  }
  return largest < kInfinity ? Refusal::none : Refusal::not_finite;
}

std::uint32_t rung_of(std::uint64_t queued, std::uint64_t capacity) {
  if (queued * 100 >= capacity * 85) return 3;
  if (queued * 100 >= capacity * 70) return 2;
  return queued * 100 >= capacity * 50 ? 1 : 0;
}

bool is_left_out(std::uint64_t batch, std::uint64_t place) {
  return Random(batch << 20U ^ place).below(kLeftOutOneOf) == 0;  // a batch of a million would repeat draws
}

Effort effort_at(std::uint32_t rung, const Model& model, const AccountState& state) {
  // One more at each point of the grid.
  const auto evaluation = state.window.distinct / model.calibration.options.stride;
  const bool full = rung == 0 || (rung == 1 && evaluation % kH1Every == 0);
  return full ? Effort::full : Effort::without_h1;
}

void count(Counters& counters, const Batch& batch, const Outcome& outcome) {
  ++counters.batches;
  counters.duplicates += outcome.status == Outcome::Status::duplicate ? 1 : 0;
  if (outcome.status != Outcome::Status::done && outcome.status != Outcome::Status::refused) return;
  const bool done = outcome.status == Outcome::Status::done;
  counters.received += batch.items.size();
  for (std::size_t i = 0; i < batch.items.size(); ++i) {
    const auto refusal = done ? outcome.refusals[i] : outcome.refusals.front();
    ++counters.by_refusal[static_cast<std::size_t>(refusal)];
    if (refusal == Refusal::none) {
      ++counters.scored;
    } else if (refusal == Refusal::shed) {
      ++counters.shed;
    } else {
      ++counters.refused;
    }
  }
}

void Producers::start(std::span<const store::Position> positions) {
  auto before = std::exchange(by_tenant_, {});
  for (const auto& it : positions) {
    by_tenant_[it.tenant][it.producer] = {it.epoch, it.sequence, before[it.tenant][it.producer].turn};
  }
}

void Producers::forget_oldest(const std::string& tenant, Known& known, std::vector<store::Position>& forgotten) {
  std::vector<Known::iterator> oldest;
  for (auto it = known.begin(); it != known.end(); ++it) oldest.push_back(it);
  const auto going = static_cast<std::ptrdiff_t>(known.size() - kProducersMax * 9 / 10);
  std::ranges::nth_element(oldest, oldest.begin() + going, {}, [](const auto& it) {
    return std::tie(it->second.turn, it->second.epoch, it->first);
  });
  for (const auto& it : std::span(oldest).first(static_cast<std::size_t>(going))) {
    forgotten.push_back({tenant, it->first, it->second.epoch, 0});
    known.erase(it);
  }
}

bool Producers::place(const std::string& tenant, const BatchPosition& position, Outcome& outcome,
                      std::vector<store::Position>& forgotten) {
  if (position.producer.empty()) return true;
  auto& known = by_tenant_[tenant];
  const auto found = known.find(position.producer);
  const At at = found == known.end() ? At{} : found->second;
  const bool newer = position.epoch > at.epoch;
  outcome.expected = (newer ? 0 : at.sequence) + 1;
  if (position.epoch < at.epoch) {
    outcome.status = Outcome::Status::stale;
  } else if (position.sequence > 0 && position.sequence < outcome.expected) {
    outcome.status = Outcome::Status::duplicate;
  } else if (position.sequence != outcome.expected) {
    outcome.status = Outcome::Status::gap;  // a sequence of 0 was never set: it cannot have been durable
  } else {
    if (found == known.end() && known.size() >= kProducersMax) forget_oldest(tenant, known, forgotten);
    known[position.producer] = {position.epoch, position.sequence, ++turn_};
    ++outcome.expected;
    return true;
  }
  return false;
}

}  // namespace cms::pipeline
