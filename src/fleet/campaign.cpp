#include "fleet/campaign.hpp"

#include <fmt/format.h>

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>

#include "fleet/looks.hpp"

namespace cms::fleet {
namespace {

double spread_of(const CommunityReading& reading) { return std::sqrt(std::max(0.0, reading.distance)); }

double log_expected(const CampaignCalibration& calibration, const CommunityReading& reading) {
  return calibration.coefficients[0] + calibration.coefficients[1] * spread_of(reading);
}

struct Judged {
  CommunityReading reading;
  std::vector<std::uint32_t> members;
};

Result<std::vector<Judged>> communities_of(std::span<const Signature> accounts, std::span<const Link> links,
                                           const BreadthNorm& norm, const CampaignOptions& options,
                                           Pohs pohs) {
  CMS_TRY(found, find_communities(static_cast<std::uint32_t>(accounts.size()), links, options.communities));
  std::vector<Judged> judged;
  for (auto& members : found) {
    if (members.size() < std::max(2U, options.members_min)) continue;
    judged.push_back({read_community(accounts, members, norm, pohs), std::move(members)});
  }
  return judged;
}

std::string kind_of(const HonestFleet& fleet, std::span<const std::uint32_t> members) {
  std::map<std::string, std::size_t> counts;
  for (const auto member : members) ++counts[fleet.kinds[member]];
  return std::max_element(counts.begin(), counts.end(), [](const auto& a, const auto& b) {
           return a.second < b.second;
         })->first;
}

Result<void> fit_evidence(std::span<const CommunityReading> readings, CampaignCalibration& calibration) {
  if (readings.size() < kRankingCommunitiesMin) {
    return fail(ErrorCode::bad_input, fmt::format("{} honest communities are too few to say what they cover: {} needed",
                                                  readings.size(), kRankingCommunitiesMin));
  }
  const auto count = static_cast<Eigen::Index>(readings.size());
  Eigen::MatrixXd terms(count, 2);
  Eigen::VectorXd charts(count);
  std::vector<double> distances;
  for (Eigen::Index i = 0; i < count; ++i) {
    const auto& reading = readings[static_cast<std::size_t>(i)];
    terms.row(i) << 1, spread_of(reading);
    charts(i) = std::log(std::max(1.0, reading.effective_charts));
    distances.push_back(reading.distance);
  }
  const Eigen::Vector2d fitted = terms.colPivHouseholderQr().solve(charts);
  calibration.coefficients = {fitted(0), fitted(1)};
  calibration.scale = std::max(.01, std::sqrt((charts - terms * fitted).squaredNorm() / static_cast<double>(count)));
  std::nth_element(distances.begin(), distances.begin() + count / 2, distances.end());
  calibration.distance = distances[static_cast<std::size_t>(count / 2)];
  return {};
}

double stabilised(double share) { return std::asin(std::sqrt(std::clamp(share, 0.0, 1.0))); }

// Stabilised share of suspects above that of honest communities. Requires a reading that knows its suspects.
double suspects_above(const CampaignCalibration& calibration, const CommunityReading& reading) {
  return stabilised(static_cast<double>(*reading.suspects) / reading.accounts) - stabilised(calibration.suspects);
}

// Chance alone gives a community of n the variance 1 / (4 n); what there is beyond it is the spread. Requires readings
// that know their suspects.
void fit_suspects(std::span<const CommunityReading> readings, CampaignCalibration& calibration) {
  double suspects = 0, accounts = 0;
  for (const auto& reading : readings) {
    suspects += *reading.suspects;
    accounts += reading.accounts;
  }
  calibration.suspects = suspects / accounts;
  double beyond = 0;
  for (const auto& reading : readings) {
    beyond += std::pow(suspects_above(calibration, reading), 2) - 1 / (4.0 * reading.accounts);
  }
  calibration.suspects_spread = std::sqrt(std::max(1e-4, beyond / static_cast<double>(readings.size())));
}

// Requires kRankingCommunitiesMin values.
Tail fit_tail(std::vector<double> values) {
  std::ranges::sort(values);
  const auto first = static_cast<std::size_t>((1 - kTailShare) * static_cast<double>(values.size()));
  std::vector<double> excesses;
  for (std::size_t i = first; i < values.size(); ++i) excesses.push_back(values[i] - values[first]);
  Tail tail{values[first], fit_pareto(excesses, kTailShapeMax)};
  tail.law.scale = std::max(.05, tail.law.scale);  // where honest communities are all alike
  return tail;
}

void fit_tails(std::span<const CommunityReading> readings, CampaignCalibration& calibration) {
  std::vector<double> breadths, suspicions;
  for (const auto& reading : readings) {
    breadths.push_back(evidence_of_breadth(calibration, reading));
    if (calibration.suspects >= 0) suspicions.push_back(evidence_of_suspicion(calibration, reading));
  }
  calibration.breadth_tail = fit_tail(std::move(breadths));
  if (!suspicions.empty()) calibration.suspicion_tail = fit_tail(std::move(suspicions));
}

double nats(const Tail& tail, double value) {
  const double excess = value - tail.from;
  return (excess > 0 ? log_rarity(tail.law, excess) : excess / tail.law.scale) - std::log(kTailShare);
}

// Kinds that are too rare to rank for themselves rank together; too rare together, with the largest kind.
void gather_rare(std::map<std::string, std::vector<double>>& rankings) {
  auto rare = std::move(rankings[""]);
  rankings.erase("");
  for (auto kind = rankings.begin(); kind != rankings.end();) {
    if (kind->second.size() >= kRankingCommunitiesMin) {
      ++kind;
      continue;
    }
    rare.insert(rare.end(), kind->second.begin(), kind->second.end());
    kind = rankings.erase(kind);
  }
  if (rare.size() >= kRankingCommunitiesMin || rankings.empty()) {
    rankings[""] = std::move(rare);
  } else {
    auto& largest = std::max_element(rankings.begin(), rankings.end(), [](const auto& a, const auto& b) {
                      return a.second.size() < b.second.size();
                    })->second;
    largest.insert(largest.end(), rare.begin(), rare.end());
  }
  for (auto& [kind, evidence] : rankings) std::sort(evidence.begin(), evidence.end());
}

Result<void> check_honest(std::span<const HonestFleet> fleets) {
  for (std::size_t f = 0; f < fleets.size(); ++f) {
    const auto& fleet = fleets[f];
    const auto accounts = fleet.accounts.size();
    if (fleet.kinds.size() != accounts) {
      return fail(ErrorCode::bad_input, fmt::format("honest fleet {}: as many kinds as accounts are needed", f));
    }
    if (!fleet.pohs.empty() && fleet.pohs.size() != accounts) {
      return fail(ErrorCode::bad_input, fmt::format("honest fleet {}: PoH of every account is needed, or of none", f));
    }
    for (const auto& look : fleet.earlier) {
      if (look.accounts.size() == accounts && look.pohs.size() == fleet.pohs.size()) continue;
      return fail(ErrorCode::bad_input, fmt::format("honest fleet {}: each look needs the same accounts, and their PoH "
                                                    "where the last has it", f));
    }
  }
  return {};
}

Result<std::vector<Judged>> judged_at(std::span<const Signature> accounts, Pohs pohs, const BreadthNorm& norm,
                                      const CampaignOptions& options) {
  const auto links = find_links(accounts, pohs, norm, options.links);
  return communities_of(accounts, links, norm, options, pohs);
}

// Communities of the fleets that fix, with the null model of these, which `options` has from then on.
Result<std::vector<CommunityReading>> fixed_by(std::span<const HonestFleet> fleets, bool known,
                                               const BreadthNorm& norm, CampaignOptions& options) {
  const auto pohs_of = [&](const HonestFleet& fleet) { return known ? Pohs(fleet.pohs) : Pohs(); };
  std::vector<std::vector<Link>> links;
  for (std::size_t f = 0; f < fleets.size(); f += 2) {
    links.push_back(find_links(fleets[f].accounts, pohs_of(fleets[f]), norm, options.links));
  }
  options.communities.null = fit_null(links);
  std::vector<CommunityReading> readings;
  for (std::size_t f = 0; f < fleets.size(); f += 2) {
    CMS_TRY(judged, communities_of(fleets[f].accounts, links[f / 2], norm, options, pohs_of(fleets[f])));
    for (const auto& one : judged) readings.push_back(one.reading);
  }
  return readings;
}

// One community through the looks of its fleet, of the kind that it was at the last of them.
struct Life {
  std::string kind;
  std::vector<CommunityReading> readings;
};

// Of a ranking fleet; `looks` rises to how many of its looks had a community.
Result<std::vector<Life>> lives_of(const HonestFleet& fleet, bool known, const BreadthNorm& norm,
                                   const CampaignOptions& options, std::uint32_t& looks) {
  std::vector<std::vector<Members>> members;
  std::vector<std::vector<CommunityReading>> readings;
  const auto add = [&](std::span<const Signature> accounts, Pohs pohs) -> Result<void> {
    CMS_TRY(judged, judged_at(accounts, known ? pohs : Pohs(), norm, options));
    members.emplace_back();
    readings.emplace_back();
    for (auto& one : judged) {
      members.back().push_back(std::move(one.members));
      readings.back().push_back(one.reading);
    }
    return {};
  };
  for (const auto& look : fleet.earlier) CMS_CHECK(add(look.accounts, look.pohs));
  CMS_CHECK(add(fleet.accounts, fleet.pohs));
  const auto followed = follow_communities(static_cast<std::uint32_t>(fleet.accounts.size()), members);
  std::vector<Life> lives(followed.count);
  for (std::size_t look = members.size(); look-- > 0;) {
    for (std::size_t c = 0; c < members[look].size(); ++c) {
      auto& life = lives[followed.numbers[look][c]];
      if (life.readings.empty()) life.kind = kind_of(fleet, members[look][c]);
      life.readings.push_back(readings[look][c]);
    }
  }
  const auto had = std::ranges::count_if(members, [](const auto& look) { return !look.empty(); });
  looks = std::max(looks, static_cast<std::uint32_t>(had));
  return lives;
}

// The most that the readings have of one kind of evidence.
template <typename Evidence>
double most_of(const CampaignCalibration& calibration, const Life& one, Evidence evidence) {
  double most = -std::numeric_limits<double>::infinity();
  for (const auto& reading : one.readings) most = std::max(most, evidence(calibration, reading));
  return most;
}

}  // namespace

Result<CampaignCalibration> calibrate(std::span<const HonestFleet> fleets, const CampaignOptions& options) {
  CMS_CHECK(check_honest(fleets));
  CampaignCalibration calibration;
  calibration.options = options;
  std::vector<Signature> fixing;
  for (std::size_t f = 0; f < fleets.size(); f += 2) {
    fixing.insert(fixing.end(), fleets[f].accounts.begin(), fleets[f].accounts.end());
  }
  CMS_TRY(breadth, fit_breadth(fixing));
  calibration.breadth = breadth;
  // Where those of one fleet are not known, its communities would rank too low beside those of the others.
  const bool known = std::ranges::none_of(fleets, [](const HonestFleet& fleet) { return fleet.pohs.empty(); });
  CMS_TRY(fixed, fixed_by(fleets, known, breadth, calibration.options));
  std::vector<Life> ranking;
  for (std::size_t f = 1; f < fleets.size(); f += 2) {
    CMS_TRY(lives, lives_of(fleets[f], known, breadth, calibration.options, calibration.looks));
    std::ranges::move(lives, std::back_inserter(ranking));
  }
  CMS_CHECK(fit_evidence(fixed, calibration));
  if (known) fit_suspects(fixed, calibration);
  fit_tails(fixed, calibration);
  if (ranking.size() < kRankingCommunitiesMin) {
    return fail(ErrorCode::bad_input, fmt::format("{} honest communities are too few to rank: {} needed",
                                                  ranking.size(), kRankingCommunitiesMin));
  }
  for (const auto& one : ranking) {
    calibration.rankings[one.kind].push_back(most_of(calibration, one, evidence_of));
    if (calibration.suspects < 0) continue;
    calibration.breadth_rankings[one.kind].push_back(most_of(calibration, one, evidence_of_breadth));
  }
  gather_rare(calibration.rankings);
  if (calibration.suspects >= 0) gather_rare(calibration.breadth_rankings);
  return calibration;
}

double expected_charts(const CampaignCalibration& calibration, const CommunityReading& reading) {
  return std::exp(log_expected(calibration, reading));
}

double evidence_of_breadth(const CampaignCalibration& calibration, const CommunityReading& reading) {
  return (std::log(std::max(1.0, reading.effective_charts)) - log_expected(calibration, reading)) / calibration.scale;
}

double evidence_of_suspicion(const CampaignCalibration& calibration, const CommunityReading& reading) {
  if (calibration.suspects < 0 || !reading.suspects) return -std::numeric_limits<double>::infinity();
  const double variance = 1 / (4.0 * reading.accounts) + calibration.suspects_spread * calibration.suspects_spread;
  return suspects_above(calibration, reading) / std::sqrt(variance);
}

double evidence_of(const CampaignCalibration& calibration, const CommunityReading& reading) {
  return std::max(nats(calibration.breadth_tail, evidence_of_breadth(calibration, reading)),
                  nats(calibration.suspicion_tail, evidence_of_suspicion(calibration, reading)));
}

double breadth_as_rare_as(const CampaignCalibration& calibration, double evidence) {
  const auto& [from, law] = calibration.breadth_tail;
  const double rarity = evidence + std::log(kTailShare);
  return from + (rarity > 0 ? excess_of(law, rarity) : rarity * law.scale);
}

namespace {

double rank_among(const std::map<std::string, std::vector<double>>& rankings, double evidence) {
  double greatest = 0;
  for (const auto& [kind, ranked] : rankings) {
    const auto above = ranked.end() - std::lower_bound(ranked.begin(), ranked.end(), evidence);
    greatest = std::max(greatest, static_cast<double>(1 + above) / static_cast<double>(ranked.size() + 1));
  }
  return greatest;
}

}  // namespace

double campaign_poh(const CampaignCalibration& calibration, double evidence) {
  return rank_among(calibration.rankings, evidence);
}

double campaign_poh_min(const CampaignCalibration& calibration) {
  return campaign_poh(calibration, std::numeric_limits<double>::infinity());
}

namespace {

Campaign ranked(const CampaignCalibration& calibration, const CommunityReading& reading,
                std::vector<std::uint32_t> members, Pohs pohs) {
  Campaign campaign{std::move(members), reading, evidence_of(calibration, reading)};
  campaign.poh = campaign_poh(calibration, campaign.evidence);
  const bool known = !calibration.breadth_rankings.empty();
  campaign.breadth_poh = known ? rank_among(calibration.breadth_rankings, evidence_of_breadth(calibration, reading))
                               : campaign.poh;  // breadth is all there is
  if (pohs.empty()) return campaign;
  std::ranges::copy_if(campaign.members, std::back_inserter(campaign.suspects),
                       [&](std::uint32_t member) { return pohs[member] <= kSuspect; });
  return campaign;
}

}  // namespace

bool all_told(const Campaign& campaign, double level, double share) {
  if (campaign.breadth_poh <= level) return true;
  return static_cast<double>(campaign.suspects.size()) >= share * static_cast<double>(campaign.members.size());
}

std::span<const std::uint32_t> told(const Campaign& campaign, double level) {
  if (campaign.poh > level) return {};
  return all_told(campaign, level) ? campaign.members : campaign.suspects;
}

Pohs pohs_for(const CampaignCalibration& calibration, Pohs pohs) { return calibration.suspects < 0 ? Pohs() : pohs; }

Campaign judge(const CampaignCalibration& calibration, std::span<const Signature> accounts,
               std::vector<std::uint32_t> members, Pohs pohs) {
  const auto sums = sums_of(accounts, members, calibration.breadth);
  return judge(calibration, sums, std::move(members), pohs);
}

Campaign judge(const CampaignCalibration& calibration, const CommunitySums& sums, std::vector<std::uint32_t> members,
               Pohs pohs) {
  pohs = pohs_for(calibration, pohs);
  auto reading = sums.reading();
  reading.suspects = suspects_among(members, pohs);
  return ranked(calibration, reading, std::move(members), pohs);
}

namespace {

// As pohs_for(). Errors: `bad_input` where the calibration needs them and they are not there.
Result<Pohs> pohs_needed(const CampaignCalibration& calibration, std::size_t accounts, Pohs pohs) {
  if (calibration.suspects >= 0 && pohs.size() != accounts) {
    return fail(ErrorCode::bad_input, "the calibration knows how its accounts stand by themselves: the own PoH of "
                                      "every account is needed");
  }
  return pohs_for(calibration, pohs);
}

}  // namespace

Result<std::vector<Campaign>> find_campaigns(const CampaignCalibration& calibration,
                                             std::span<const Signature> accounts, std::span<const Link> links,
                                             Pohs told_pohs) {
  CMS_TRY(pohs, pohs_needed(calibration, accounts.size(), told_pohs));
  CMS_TRY(judged, communities_of(accounts, links, calibration.breadth, calibration.options, pohs));
  std::vector<Campaign> campaigns;
  for (auto& one : judged) campaigns.push_back(ranked(calibration, one.reading, std::move(one.members), pohs));
  std::stable_sort(campaigns.begin(), campaigns.end(),
                   [](const Campaign& a, const Campaign& b) { return a.evidence > b.evidence; });
  return campaigns;
}

Result<std::vector<Campaign>> find_campaigns(const CampaignCalibration& calibration,
                                             std::span<const Signature> accounts, double level, Pohs told_pohs) {
  CMS_TRY(pohs, pohs_needed(calibration, accounts.size(), told_pohs));
  const auto links = find_links(accounts, pohs, calibration.breadth, calibration.options.links);
  CMS_TRY(campaigns, find_campaigns(calibration, accounts, links, pohs));
  return gather(calibration, accounts, links, std::move(campaigns), level, pohs);
}

std::vector<bool> flagged(std::span<const Campaign> campaigns, std::size_t accounts, double level) {
  std::vector<bool> flags(accounts);
  for (const auto& campaign : campaigns) {
    for (const auto member : told(campaign, level)) flags[member] = true;
  }
  return flags;
}

std::string reasons(const CampaignCalibration& calibration, const Campaign& campaign) {
  const auto& reading = campaign.reading;
  std::string suspects;
  if (reading.suspects && calibration.suspects >= 0) {
    suspects = fmt::format(" {} of them are suspects by themselves (own PoH <= {}); of honest groups {:.1f}%.",
                           *reading.suspects, kSuspect, 100 * calibration.suspects);
  }
  const bool broad = nats(calibration.breadth_tail, evidence_of_breadth(calibration, reading)) >= campaign.evidence;
  const auto parts = campaign.communities < 2
                         ? std::string()
                         : fmt::format(" They are {} communities of one stream.", campaign.communities);
  // Beyond this a tail that was fitted on some hundred communities says no more than that none is like this one.
  constexpr double kNatsShown = 20;
  const auto nats_shown = campaign.evidence > kNatsShown ? fmt::format("more than {:.0f}", kNatsShown)
                                                         : fmt::format("{:.1f}", campaign.evidence);
  const auto evidence = fmt::format(" The evidence, {} nats, is {}.", nats_shown,
                                    broad ? "what they cover together" : "how many of them are suspects");
  return fmt::format(
      "{} accounts cover {} charts together with {} requests, as evenly as {:.0f}; honest groups as like one another "
      "cover {:.0f}. Two members are {:.3f} apart (0 = one stream; honest groups {:.3f}), "
      "and each is {:+.1f} deviations broader than honest accounts of its age.",
      reading.accounts, reading.charts, reading.requests, reading.effective_charts,
      expected_charts(calibration, reading), std::max(0.0, reading.distance), calibration.distance, reading.breadth) +
         suspects + parts + evidence;
}

}  // namespace cms::fleet
