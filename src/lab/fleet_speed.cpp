// How good the fleet's approximate neighbours are, and how fast a live fleet is.
#include <algorithm>
#include <chrono>
#include <set>
#include <utility>

#include "base/random.hpp"
#include "fleet/crowd_example.hpp"
#include "fleet/judged.hpp"
#include "fleet/live.hpp"
#include "lab/fleet.hpp"

namespace cms::lab {
namespace {

constexpr std::size_t kRecallAsked = 1'000;  // accounts
constexpr std::size_t kFleets = 24, kFleetAccounts = 2'500;  // that calibrate
constexpr std::size_t kUpdates = 120, kTimed = 16;  // the last: changes add up over some hundred updates

}  // namespace

LinkRecall link_recall(std::span<const fleet::Signature> accounts, fleet::Pohs pohs, const fleet::BreadthNorm& norm,
                       const fleet::LinkOptions& options) {
  auto all_cells = options;
  all_cells.probes = static_cast<std::uint32_t>(accounts.size());
  std::vector<std::uint32_t> asked;
  const std::size_t stride = std::max<std::size_t>(1, accounts.size() / kRecallAsked);
  for (std::size_t a = 0; a < accounts.size(); a += stride) asked.push_back(static_cast<std::uint32_t>(a));
  const auto exact = fleet::find_links(accounts, pohs, norm, all_cells, asked);
  const auto near = fleet::find_links(accounts, pohs, norm, options, asked);
  double weight = 0, proposed_weight = 0;
  std::size_t proposed_count = 0;
  for (const auto& link : exact) {
    const bool proposed = std::binary_search(near.begin(), near.end(), link, [](const auto& x, const auto& y) {
      return std::pair(x.a, x.b) < std::pair(y.a, y.b);
    });
    weight += link.weight;
    proposed_weight += proposed ? link.weight : 0;
    proposed_count += proposed ? 1 : 0;
  }
  if (exact.empty()) return {static_cast<std::uint32_t>(accounts.size()), 1, 1};
  return {static_cast<std::uint32_t>(accounts.size()),
          static_cast<double>(proposed_count) / static_cast<double>(exact.size()), proposed_weight / weight};
}

Result<double> time_update(std::uint32_t accounts, std::uint32_t changed, const fleet::CampaignOptions& options,
                           std::uint64_t seed) {
  Random random(seed);
  const fleet::Texts texts(random);
  auto [signatures, subjects] = fleet::make_crowd(texts, accounts, random);
  CMS_TRY(calibration, fleet::calibration_of_crowd(texts, kFleets, kFleetAccounts, options));
  fleet::LiveOptions live_options;
  live_options.links = calibration.options.links;
  live_options.communities = calibration.options.communities;
  CMS_TRY(live, fleet::LiveFleet::make(signatures, {}, calibration.breadth, live_options));
  CMS_CHECK(live.rebuild());
  fleet::JudgedCommunities judged;
  CMS_CHECK(judged.update(calibration, live.communities(), live.accounts(), {}, {}));
  std::vector<double> seconds;
  for (std::size_t update = 0; update < kUpdates; ++update) {
    std::set<std::uint32_t> some;
    while (some.size() < changed) some.insert(static_cast<std::uint32_t>(random.below(accounts)));
    const std::vector<std::uint32_t> ids(some.begin(), some.end());
    std::vector<fleet::Signature> now;
    std::vector<fleet::AccountChange> changes;
    for (const auto id : ids) {
      changes.push_back({id, signatures[id]});
      texts.give(signatures[id], subjects[id][random.below(subjects[id].size())], random);
      now.push_back(signatures[id]);
    }
    const auto start = std::chrono::steady_clock::now();
    CMS_CHECK(live.update(ids, now, {}));
    CMS_CHECK(judged.update(calibration, live.communities(), live.accounts(), {}, changes));
    seconds.push_back(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  }
  const std::span last(seconds.end() - kTimed, kTimed);
  std::ranges::nth_element(last, last.begin() + kTimed / 2);
  return last[kTimed / 2];
}

}  // namespace cms::lab
