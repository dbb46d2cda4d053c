#include "serve/event_ring.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace cms::serve {
namespace {

constexpr std::size_t kPieceBytes = 64 << 10;

// The number in "RUN-NUMBER" of this run; nothing for anything else.
std::optional<std::uint64_t> number_of(std::string_view id, std::uint64_t run) {
  const auto prefix = fmt::format("{}-", run);
  if (!id.starts_with(prefix)) return std::nullopt;
  id.remove_prefix(prefix.size());
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(id.data(), id.data() + id.size(), number);
  if (error != std::errc() || end != id.data() + id.size()) return std::nullopt;
  return number;
}

}  // namespace

EventRing::Subscription::Subscription(EventRing& ring, std::string tenant, std::uint64_t after, bool lost)
    : ring_(ring), tenant_(std::move(tenant)), after_(after), lost_(lost) {}

EventRing::Subscription::~Subscription() {
  const std::lock_guard lock(ring_.mutex_);
  ring_.readers_.erase(this);
}

void EventRing::Subscription::on_more(std::function<void()> wake) {
  const std::lock_guard lock(ring_.mutex_);
  ring_.readers_[this] = std::move(wake);
}

EventRing::Subscription::Piece EventRing::Subscription::next() {
  const std::lock_guard lock(ring_.mutex_);
  Piece piece;
  const auto first = ring_.last_ - ring_.events_.size();  // events first + 1 to last_ are there
  if (after_ < first) {
    ++ring_.cut_off_;
    piece.ended = true;
    return piece;
  }
  if (lost_) piece.text = "event: lost\ndata: {}\n\n";
  lost_ = false;
  for (; after_ < ring_.last_ && piece.text.size() < kPieceBytes; ++after_) {
    const auto& event = ring_.events_[after_ - first];
    if (!tenant_.empty() && event.tenant != tenant_) continue;
    fmt::format_to(std::back_inserter(piece.text), "id: {}-{}\nevent: {}\ndata: {}\n\n", ring_.options_.run,
                   tenant_.empty() ? after_ + 1 : event.own_number, event.kind, event.data);
  }
  piece.ended = ring_.closed_ && after_ == ring_.last_;
  return piece;
}

void EventRing::wake_all() {
  for (const auto& [reader, wake] : readers_) {
    if (wake) wake();
  }
}

void EventRing::publish(std::string_view tenant, std::string_view kind, std::string_view data) {
  const std::lock_guard lock(mutex_);
  if (closed_) {
    ++late_;
    return;
  }
  const auto own = own_last_.try_emplace(std::string(tenant), 0).first;
  events_.push_back({++own->second, std::string(tenant), std::string(kind), std::string(data)});
  ++last_;
  if (events_.size() > options_.events_max) events_.pop_front();
  wake_all();
}

std::optional<std::uint64_t> EventRing::place_of(std::string_view tenant, std::string_view last_id) const {
  const auto first = last_ - events_.size();
  const auto seen = number_of(last_id, options_.run);
  if (!seen) return std::nullopt;
  if (tenant.empty()) return *seen < first || *seen > last_ ? std::nullopt : seen;
  const auto newest = own_last_.find(tenant);
  if (*seen > (newest == own_last_.end() ? 0 : newest->second)) return std::nullopt;
  for (std::uint64_t i = 0; i < events_.size(); ++i) {
    if (events_[i].tenant != tenant || events_[i].own_number < *seen) continue;
    if (events_[i].own_number == *seen) return first + i + 1;
    return events_[i].own_number == *seen + 1 ? std::optional(first + i) : std::nullopt;
  }
  return newest == own_last_.end() || newest->second == *seen ? std::optional(last_) : std::nullopt;
}

std::unique_ptr<EventRing::Subscription> EventRing::subscribe(std::string_view tenant, std::string_view last_id) {
  const std::lock_guard lock(mutex_);
  if (closed_ || readers_.size() >= options_.subscribers_max) return nullptr;
  const auto own = std::ranges::count_if(readers_, [&](const auto& one) { return one.first->tenant_ == tenant; });
  const auto own_max = std::max<std::size_t>(options_.subscribers_max / 2, 1);
  if (!tenant.empty() && static_cast<std::size_t>(own) >= own_max) return nullptr;
  auto after = last_;
  bool lost = false;
  if (!last_id.empty()) {
    const auto place = place_of(tenant, last_id);
    lost = !place;
    after = place.value_or(last_ - events_.size());
  }
  std::unique_ptr<Subscription> reader(new Subscription(*this, std::string(tenant), after, lost));
  readers_[reader.get()] = {};
  return reader;
}

void EventRing::close() {
  const std::lock_guard lock(mutex_);
  closed_ = true;
  wake_all();
}

EventRing::Counters EventRing::counters() const {
  const std::lock_guard lock(mutex_);
  return {last_, cut_off_, readers_.size(), late_};
}

}  // namespace cms::serve
