// What a fleet looks like with a campaign hidden in it: communities, the accounts around the campaign, what it covers.
//
// Nothing here decides anything. Equal fleets give equal pictures. Threads: as graph_layout.hpp. Cost: a look at the
// fleet, and layouts of some hundred dots.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "fleet/campaign.hpp"
#include "lab/outcome.hpp"
#include "pipeline/chart_map.hpp"

namespace cms::lab {

// Accounts from `honest` on are the campaign's.
struct SeenCampaign {
  std::string name;
  std::span<const fleet::Signature> accounts;
  std::span<const fleet::Link> links;
  std::span<const fleet::Campaign> communities;  // as find_campaigns gives them
  std::size_t honest = 0;
};

// Groups of dots, in the order of fleet_plots.cpp.
enum class CommunityKind : std::uint8_t { campaign, honest_flagged, honest };
enum class AccountKind : std::uint8_t { member, member_elsewhere, honest_inside, honest_outside };

struct FleetPicture {
  std::string campaign;
  Graph communities;  // a dot is a community, its area is by its accounts; linked to the three it has most links to
  Graph accounts;     // of the community that holds most members, other members, and the accounts linked to it most
  // A dot is a chart: group 0 where the community has been, its area by the share of members, 1 elsewhere. The other
  // is the honest community nearest in size.
  Graph covered, covered_honest;
  std::uint32_t members = 0, members_honest = 0;  // accounts of these communities
};
// The community that holds most members, nothing where none holds one.
const fleet::Campaign* campaign_community(const SeenCampaign& seen);
// Requires a community that holds a member. Errors: as lay_out.
Result<FleetPicture> picture_of(const SeenCampaign& seen, const pipeline::ChartMap& map, double level);

// A community among what honest ones cover: how far its members are apart, and how many charts they cover evenly.
struct CommunityDot {
  enum class Side : std::uint8_t { honest, found, missed } side = Side::honest;
  double spread = 0;  // root of the mean distance
  double charts = 0;  // effective
};

CommunityDot dot_of(const fleet::Campaign& community, CommunityDot::Side side);

// What one seed looked like.
struct FleetSight {
  std::vector<FleetPicture> campaigns;
  std::vector<CommunityDot> communities;
  std::array<double, 2> coefficients{};  // of the calibration: expected log charts
  double scale = 1;
  double breadth_flagged = 0;  // flagged above it
};
// The greatest evidence of breadth, in scales, that is not flagged at `level`; infinity where none would be.
double breadth_unflagged(const fleet::CampaignCalibration& calibration, double level);

}  // namespace cms::lab
