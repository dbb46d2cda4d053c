#include "serve/tenant_fleet.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <iterator>

#include "base/hash.hpp"
#include "base/random.hpp"

namespace cms::serve {
namespace {

constexpr double kEpoch_s = 7 * 86'400.0;  // in which a sample of accounts stays the same

std::string id_text(std::uint64_t id) { return fmt::format("{:016x}", id); }

}  // namespace

TenantFleet::TenantFleet(const fleet::CampaignCalibration& calibration, const FleetOptions& options,
                         std::vector<fleet::TrackedCampaign> recalled, Names names)
    : calibration_(calibration), options_(options), tracked_(std::move(recalled)), names_(std::move(names)) {}

// By chance: what an account does has no part in who is seen, for calibrations are of random samples too. Nobody keeps
// a good place for ever.
std::uint64_t TenantFleet::rank_of(std::uint64_t key) const {
  return Random(fnv1a(key, static_cast<std::uint64_t>(epoch_))).bits();
}

void TenantFleet::find_seats() {
  seats_.clear();
  members_.clear();
  for (const auto& campaign : tracked_) members_.insert(campaign.members.begin(), campaign.members.end());
  for (std::uint32_t place = 0; place < slots_.size(); ++place) {
    const auto& slot = slots_[place];
    if (slot.account != nullptr && !members_.contains(slot.key)) seats_.push_back({rank_of(slot.key), place});
  }
  std::ranges::make_heap(seats_, {}, &Seat::rank);
  seats_found_ = true;
}

// Puts out whoever has the greatest rank, where the newcomer's is lower. Members of campaigns stay, and find room
// always.
bool TenantFleet::make_room(std::uint64_t key) {
  if (!seats_found_) find_seats();
  const bool member = members_.contains(key);
  const auto rank = rank_of(key);
  while (!seats_.empty()) {
    const auto [last_rank, place] = seats_.front();
    const auto& slot = slots_[place];
    const bool left = slot.account == nullptr || rank_of(slot.key) != last_rank;  // meanwhile, by another way
    if (!left && !member && rank >= last_rank) return false;
    std::ranges::pop_heap(seats_, {}, &Seat::rank);
    seats_.pop_back();
    if (left) continue;
    const auto entry = places_.find(*slot.account);
    free_place(place);
    places_.erase(entry);
    return true;
  }
  return member;
}

bool TenantFleet::put(const std::string& account, std::uint64_t key, const pipeline::Engine::Trace& now) {
  const bool room = places_.size() < options_.accounts_max || places_.contains(account);
  if (!room && !make_room(key)) return false;
  const auto [entry, fresh] = places_.try_emplace(account, 0);
  if (fresh) {
    if (free_.empty()) {
      free_.push_back(static_cast<std::uint32_t>(slots_.size()));
      slots_.emplace_back();
    }
    entry->second = free_.back();
    free_.pop_back();
    slots_[entry->second] = {&entry->first, key};
    by_key_[key] = entry->second;
    if (seats_found_ && !members_.contains(key)) {
      seats_.push_back({rank_of(key), entry->second});
      std::ranges::push_heap(seats_, {}, &Seat::rank);
    }
  }
  slots_[entry->second].time = now.time;
  slots_[entry->second].poh = now.poh;
  waiting_[entry->second] = now.signature;
  return room;
}

// An empty signature has no links.
void TenantFleet::free_place(std::uint32_t place) {
  by_key_.erase(slots_[place].key);
  slots_[place] = {};
  waiting_[place] = {};
  free_.push_back(place);
}

void TenantFleet::remove(const std::set<std::string>& accounts) {
  if (accounts.empty()) return;
  std::erase_if(names_, [&](const auto& entry) {
    const bool gone = accounts.contains(entry.second);
    if (gone) fleet::forget(tracked_, entry.first);
    return gone;
  });
  for (auto& one : released_) one = without(one, accounts);
  for (auto& [id, one] : pictures_) one = without(one, accounts);
  picture_ = without(picture_, accounts);
  for (const auto& account : accounts) {
    const auto found = places_.find(account);
    if (found != places_.end()) fleet::forget(tracked_, slots_[found->second].key);
  }
  leave_out(accounts);
}

void TenantFleet::leave_out(const std::set<std::string>& accounts) {
  for (const auto& account : accounts) {
    const auto found = places_.find(account);
    if (found == places_.end()) continue;
    free_place(found->second);
    places_.erase(found);
  }
}

void TenantFleet::remove_idle(double before) {
  std::erase_if(places_, [&](const auto& entry) {
    const bool idle = slots_[entry.second].time < before;
    if (idle) free_place(entry.second);
    return idle;
  });
}

std::vector<float> TenantFleet::own_pohs() const {
  std::vector<float> pohs;
  std::ranges::transform(slots_, std::back_inserter(pohs), &Place::poh);
  return pohs;
}

// Of all accounts anew, since it is to have as many cells as they ask for.
Result<void> TenantFleet::make_live(const fleet::Stop& stop) {
  std::vector<fleet::Signature> all(slots_.size());
  if (live_) std::ranges::copy(live_->accounts(), all.begin());
  for (const auto& [place, signature] : waiting_) all[place] = signature;
  live_.reset();
  made_of_ = all.size();
  fleet::LiveOptions options;
  options.links = calibration_.options.links;
  options.communities = calibration_.options.communities;
  const auto pohs = own_pohs();
  auto made = fleet::LiveFleet::make(std::move(all), fleet::pohs_for(calibration_, pohs), calibration_.breadth, options,
                                     stop);
  if (!made) {
    start_over(all);  // where make() leaves them when it fails
    return tl::make_unexpected(std::move(made).error());
  }
  live_ = std::move(*made);
  return {};
}

// After a failure there is no live fleet: everything that is known waits for the next update, which makes another.
void TenantFleet::start_over(std::span<const fleet::Signature> known) {
  for (std::uint32_t place = 0; place < known.size(); ++place) {
    if (slots_[place].account != nullptr) waiting_.try_emplace(place, known[place]);
  }
  live_.reset();
  judged_.clear();
}

// Brings the live fleet to what the accounts are now: whose signature or PoH is another. It is made anew when it has
// doubled, and everything judged anew then.
Result<std::vector<fleet::AccountChange>> TenantFleet::follow(double now, const fleet::Stop& stop) {
  std::vector<std::uint32_t> places;
  for (const auto& [place, signature] : waiting_) places.push_back(place);
  std::ranges::sort(places);
  std::vector<fleet::AccountChange> changed;
  const bool anew = !live_ || slots_.size() > 2 * made_of_;
  if (anew) {
    judged_.clear();
    CMS_CHECK(make_live(stop));
  } else {
    std::vector<fleet::Signature> signatures;
    std::vector<float> pohs;
    const auto known = live_->accounts();
    for (const auto place : places) {
      changed.push_back({place, place < known.size() ? known[place] : fleet::Signature{}});
      signatures.push_back(waiting_.at(place));
      pohs.push_back(slots_[place].poh);
    }
    CMS_CHECK(live_->update(places, signatures, fleet::pohs_for(calibration_, pohs), stop));
  }
  if (anew || now - rebuilt_ >= options_.rebuild_s) {
    CMS_CHECK(live_->rebuild(stop));
    rebuilt_ = now;
  }
  return changed;
}

std::vector<CampaignEvent> TenantFleet::track(double now) {
  std::vector<fleet::Sighting> sightings;
  for (const auto& one : judged_.all()) sightings.push_back(sighting_of(one.community));
  const auto there = [&](std::uint64_t key) { return by_key_.contains(key); };
  const auto update = fleet::track(tracked_, sightings, now, {.level = options_.level}, there);
  auto before = std::exchange(pictures_, {});
  for (std::size_t i = 0; i < tracked_.size(); ++i) {
    const auto& one = judged_.all()[update.seen[i]];
    const auto known = before.find(tracked_[i].id);
    const bool same = known != before.end() && !one.anew && known->second->judged &&
                      known->second->held_poh == tracked_[i].held_poh &&
                      known->second->accounts == tracked_[i].members.size();
    pictures_[tracked_[i].id] = same ? known->second : picture_of(tracked_[i], one.community);
  }
  std::vector<CampaignEvent> events;
  for (const auto& event : update.events) {
    if (event.change != fleet::CampaignChange::released) {
      events.push_back({event.change, now, pictures_.at(event.campaign.id)});
      continue;
    }
    const auto known = before.find(event.campaign.id);
    auto last = std::make_shared<CampaignPicture>(known != before.end() ? *known->second
                                                                        : *picture_of(event.campaign));
    last->until = now;
    last->poh = event.campaign.poh;
    last->held_poh = event.campaign.held_poh;
    cut(*last, kReleasedMembers);
    released_.push_front(last);
    if (released_.size() > kReleasedMax) released_.pop_back();
    events.push_back({event.change, now, std::move(last)});
  }
  names_.clear();
  return events;
}

// Members stay within reach of the borders that they came in by: of those of all_told(), or of kSuspect where they are
// suspects.
fleet::Sighting TenantFleet::sighting_of(const fleet::Campaign& community) const {
  constexpr double kRelease = fleet::TrackOptions{}.release;
  const bool whole = fleet::all_told(community, kRelease * options_.level, fleet::kTellAll / kRelease);
  fleet::Sighting sighting{{}, community.poh, false};
  for (const auto place : community.members) {
    sighting.members.push_back(slots_[place].key);
    const bool near = calibration_.suspects >= 0 && slots_[place].poh <= kRelease * fleet::kSuspect;
    if (whole || near) sighting.kept.push_back(slots_[place].key);
  }
  for (const auto place : fleet::told(community, options_.level)) sighting.told.push_back(slots_[place].key);
  for (auto* keys : {&sighting.members, &sighting.kept, &sighting.told}) std::ranges::sort(*keys);
  return sighting;
}

// A sample of the members, the same from update to update as their keys are random, and their links.
void TenantFleet::draw(CampaignPicture& picture, std::span<const std::uint32_t> members) const {
  std::vector<std::uint32_t> sample(members.begin(), members.end());
  if (sample.size() > kDrawnMax) {
    std::ranges::nth_element(sample, sample.begin() + kDrawnMax, {}, [&](auto place) { return slots_[place].key; });
    sample.resize(kDrawnMax);
    std::ranges::sort(sample);
  }
  for (const auto place : sample) picture.drawn.push_back(*slots_[place].account);
  picture.links = live_->links_among(sample);
  if (picture.links.size() > kLinksMax) {
    std::ranges::stable_sort(picture.links, std::greater(), &fleet::Link::weight);
    picture.links.resize(kLinksMax);
    std::ranges::sort(picture.links, {}, [](const auto& link) { return std::pair(link.a, link.b); });
  }
  for (auto& link : picture.links) {
    link.a = static_cast<std::uint32_t>(std::ranges::lower_bound(sample, link.a) - sample.begin());
    link.b = static_cast<std::uint32_t>(std::ranges::lower_bound(sample, link.b) - sample.begin());
  }
}

TenantFleet::Picture TenantFleet::picture_of(const fleet::TrackedCampaign& campaign,
                                             const fleet::Campaign& community) {
  auto picture = std::make_shared<CampaignPicture>();
  picture->id = id_text(campaign.id);
  picture->since = campaign.since;
  picture->poh = campaign.poh;
  picture->held_poh = campaign.held_poh;
  std::vector<std::uint32_t> members;
  for (const auto key : campaign.members) members.push_back(by_key_.at(key));
  std::ranges::sort(members);
  picture->accounts = static_cast<std::uint32_t>(members.size());
  picture->judged = true;
  picture->evidence = community.evidence;
  picture->reading = community.reading;
  picture->expected_charts = fleet::expected_charts(calibration_, community.reading);
  picture->honest_distance = calibration_.distance;
  picture->words = fleet::reasons(calibration_, community);
  const auto accounts = live_->accounts();
  picture->charts = fleet::chart_visits(accounts, members);
  for (const auto place : members) {
    const auto& signature = accounts[place];
    picture->distinct += signature.requests;
    picture->members.push_back({*slots_[place].account, slots_[place].time, signature.requests,
                                fleet::chart_count(fleet::charts_of(signature)),
                                fleet::breadth_of(calibration_.breadth, signature)});
  }
  std::ranges::sort(picture->members, {}, &CampaignPicture::Member::account);
  draw(*picture, members);
  return picture;
}

TenantFleet::Picture TenantFleet::picture_of(const fleet::TrackedCampaign& recalled) const {
  auto picture = std::make_shared<CampaignPicture>();
  picture->id = id_text(recalled.id);
  picture->since = recalled.since;
  picture->poh = recalled.poh;
  picture->held_poh = recalled.held_poh;
  picture->accounts = static_cast<std::uint32_t>(recalled.members.size());
  for (const auto key : recalled.members) {
    const auto place = by_key_.find(key);
    if (place != by_key_.end()) {
      const auto& slot = slots_[place->second];
      picture->members.push_back({*slot.account, slot.time, 0, 0, 0});
    } else if (const auto name = names_.find(key); name != names_.end()) {
      picture->members.push_back({name->second, 0, 0, 0, 0});
    }
  }
  std::ranges::sort(picture->members, {}, &CampaignPicture::Member::account);
  return picture;
}

void TenantFleet::make_picture(double now, bool filled) {
  auto picture = std::make_shared<FleetPicture>();
  for (const auto& campaign : tracked_) picture->flagged.push_back(pictures_.at(campaign.id));
  std::ranges::stable_sort(picture->flagged, [](const Picture& a, const Picture& b) {
    return a->poh != b->poh ? a->poh < b->poh : a->since < b->since;
  });
  for (const auto& one : picture->flagged) {
    for (const auto& member : one->members) picture->members.emplace(member.account, one);
  }
  picture->released.assign(released_.begin(), released_.end());
  picture->time = now;
  picture->filled = filled;
  picture->accounts = places_.size();
  picture->capped = places_.size() >= options_.accounts_max;
  picture->judged_accounts = judged_.accounts();
  picture->judged_communities = judged_.all().size();
  for (const auto& one : judged_.all()) picture->poh_least = std::min(picture->poh_least, one.community.poh);
  picture_ = std::move(picture);
}

// Without an account there is no fleet, and no campaign in it.
Result<void> TenantFleet::see(double now, const fleet::Stop& stop) {
  if (slots_.empty()) return {};
  auto done = follow(now, stop).and_then([&](const auto& changed) {
    return judged_.update(calibration_, live_->communities(), live_->accounts(), own_pohs(), changed, stop);
  });
  if (done) {
    waiting_.clear();
  } else if (live_) {
    start_over(live_->accounts());
  }
  return done;
}

Result<std::vector<CampaignEvent>> TenantFleet::update(double now, bool filled, const fleet::Stop& stop) {
  std::vector<CampaignEvent> events;
  if (!filled) {
    for (const auto& campaign : tracked_) pictures_[campaign.id] = picture_of(campaign);
  } else if (!live_ || !waiting_.empty() || now - rebuilt_ >= options_.rebuild_s) {
    CMS_CHECK(see(now, stop));
    events = track(now);
  }
  make_picture(now, filled);
  epoch_ = std::floor(now / kEpoch_s);
  seats_found_ = false;
  return events;
}

std::size_t TenantFleet::bytes() const {
  constexpr std::size_t kNode = 64;  // of a map, with a short name
  std::size_t sum = slots_.capacity() * sizeof(Place) + waiting_.size() * (kNode + sizeof(fleet::Signature)) +
                    places_.size() * 2 * kNode + seats_.capacity() * sizeof(Seat);
  if (live_ && !live_->accounts().empty()) {
    const auto accounts = live_->accounts();
    sum += live_->bytes() + accounts.size() * (sizeof(fleet::Signature) + fleet::bytes_apart(accounts.front()));
  }
  return sum + judged_.bytes();
}

}  // namespace cms::serve
