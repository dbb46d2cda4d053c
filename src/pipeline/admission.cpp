#include "pipeline/admission.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "tap/text.hpp"

namespace cms::pipeline {
namespace {

constexpr std::size_t kAccountBytesMax = 256;

}  // namespace

std::string_view name(Refusal refusal) {
  constexpr std::array<std::string_view, kRefusalCount> kNames = {
      "none", "shed", "overload", "model", "dimension", "not_finite", "account", "clock", "tenant", "store"};
  return kNames[static_cast<std::size_t>(refusal)];
}

Refusal check(const Item& item, std::size_t dimension, double now, const EngineOptions& options) {
  if (item.refusal != Refusal::none) return item.refusal;
  if (item.account.empty() || item.account.size() > kAccountBytesMax || item.account.find('\0') != std::string::npos ||
      !tap::is_utf8(item.account)) {
    return Refusal::account;
  }
  const double ahead = item.time - now;
  if (!(ahead <= options.clock_ahead_s && ahead >= -options.clock_behind_s)) return Refusal::clock;
  if (item.activation.size() != dimension) return Refusal::dimension;
  const bool finite = std::ranges::all_of(item.activation, [](float value) { return std::isfinite(value); });
  return finite ? Refusal::none : Refusal::not_finite;
}

void Producers::start(std::span<const store::Position> positions) {
  at_.clear();
  for (const auto& it : positions) at_[{it.tenant, it.producer}] = {it.epoch, it.sequence};
}

bool Producers::place(const std::string& tenant, const BatchPosition& position, Outcome& outcome) {
  if (position.producer.empty()) return true;
  auto& at = at_[{tenant, position.producer}];
  const bool newer = position.epoch > at.epoch;
  outcome.expected = (newer ? 0 : at.sequence) + 1;
  if (position.epoch < at.epoch) {
    outcome.status = Outcome::Status::stale;
  } else if (position.sequence < outcome.expected) {
    outcome.status = Outcome::Status::duplicate;
  } else if (position.sequence > outcome.expected) {
    outcome.status = Outcome::Status::gap;
  } else {
    at = {position.epoch, position.sequence};
    ++outcome.expected;
    return true;
  }
  return false;
}

}  // namespace cms::pipeline
