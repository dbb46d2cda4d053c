#include "fleet/calibration_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/hash.hpp"

namespace cms::fleet {
namespace {

constexpr std::string_view kMagic = "CMSFLEET";
constexpr std::uint32_t kKindsMax = 4096;
constexpr std::size_t kAtlasBytesMax = 64;
constexpr double kFactorMax = 1e6;  // so that no coordinate, distance or weight made with it overflows a float
constexpr double kStrengthMax = 1e9;  // of an account, and 1 over the least: sums and quotients stay far from any bound
constexpr std::uint64_t kAccountsMax = std::uint64_t{1} << 32;

bool finite(std::initializer_list<double> values) {
  return std::all_of(values.begin(), values.end(), [](double value) { return std::isfinite(value); });
}

void encode_options(const CampaignOptions& options, ByteWriter& out) {
  out.put(options.links.neighbours);
  out.put(options.links.distance_scale);
  out.put(options.links.outlying_coordinate);
  out.put(options.links.poh_decade);
  out.put(options.links.probes);
  out.put(options.links.seed);
  out.put(options.communities.resolution);
  out.put(options.communities.iterations);
  out.put(options.communities.seed);
  out.put(options.communities.null.mean);
  out.put(options.communities.null.strength);
  out.put(options.members_min);
}

CampaignOptions decode_options(ByteReader& in) {
  CampaignOptions options;
  options.links.neighbours = in.get<std::uint32_t>();
  options.links.distance_scale = in.get<double>();
  options.links.outlying_coordinate = in.get<double>();
  options.links.poh_decade = in.get<double>();
  options.links.probes = in.get<std::uint32_t>();
  options.links.seed = in.get<std::uint64_t>();
  options.communities.resolution = in.get<double>();
  options.communities.iterations = in.get<std::uint32_t>();
  options.communities.seed = in.get<std::uint64_t>();
  options.communities.null.mean = in.get<double>();
  options.communities.null.strength = in.get<double>();
  options.members_min = in.get<std::uint32_t>();
  return options;
}

bool is_sound(const NullModel& null) {
  if (null.mean == 0) return null.strength == 0;
  const auto within = [](double value) { return value >= 1 / kStrengthMax && value <= kStrengthMax; };
  return within(null.mean) && within(null.strength);
}

bool is_sound(const CampaignOptions& options) {
  const auto& [links, communities, members_min] = options;
  return links.neighbours >= 2 && links.neighbours <= 1'000 && links.probes >= 1 && links.probes <= 65'536 &&
         finite({links.distance_scale, links.outlying_coordinate, links.poh_decade, communities.resolution}) &&
         links.distance_scale >= 1e-6 && links.distance_scale <= kFactorMax && links.outlying_coordinate >= 0 &&
         links.outlying_coordinate <= kFactorMax && links.poh_decade >= 0 && links.poh_decade <= kFactorMax &&
         communities.resolution > 0 && communities.resolution <= kFactorMax &&
         communities.iterations >= 1 && communities.iterations <= 1'000 && is_sound(communities.null) &&
         members_min <= 1'000'000;
}

using Rankings = std::map<std::string, std::vector<double>>;

bool is_sound(const Rankings& rankings) {
  return std::ranges::all_of(rankings, [](const auto& kind) {
    const auto& evidence = kind.second;
    return kind.first.size() <= kKindBytesMax && evidence.size() >= kRankingCommunitiesMin &&
           std::ranges::is_sorted(evidence) &&
           std::ranges::all_of(evidence, [](double value) { return std::isfinite(value); });
  });
}

// There is a second ranking of the same communities where suspects are known.
bool is_pair(const Rankings& rankings, const Rankings& of_breadth, bool suspects) {
  if (!suspects) return of_breadth.empty();
  return std::ranges::equal(rankings, of_breadth, [](const auto& a, const auto& b) {
    return a.first == b.first && a.second.size() == b.second.size();
  });
}

void encode_rankings(const Rankings& rankings, ByteWriter& out) {
  out.put(static_cast<std::uint32_t>(rankings.size()));
  for (const auto& [kind, evidence] : rankings) {
    out.put_string(kind);
    out.put_array<double>(evidence);
  }
}

Rankings decode_rankings(ByteReader& in) {
  Rankings rankings;
  const auto kinds = std::min(in.get<std::uint32_t>(), kKindsMax);
  for (std::uint32_t k = 0; k < kinds && !in.failed(); ++k) {
    auto kind = in.get_string();
    rankings[std::move(kind)] = in.get_array<double>();
  }
  return rankings;
}

bool is_sound(const Tail& tail) {
  return finite({tail.from, tail.law.scale, tail.law.shape}) && tail.law.scale > 0 && tail.law.shape >= 0 &&
         tail.law.shape <= kTailShapeMax;
}

bool is_sound(const CampaignCalibration& calibration) {
  const auto& [a, b, c] = calibration.breadth.coefficients;
  const auto& [constant, slope] = calibration.coefficients;
  return calibration.looks >= 1 && is_sound(calibration.options) &&
         finite({a, b, c, calibration.breadth.scale, constant, slope, calibration.scale, calibration.distance,
                 calibration.suspects, calibration.suspects_spread}) &&
         is_sound(calibration.breadth_tail) && is_sound(calibration.suspicion_tail) &&
         calibration.suspects <= 1 && calibration.suspects_spread > 0 &&
         calibration.breadth.scale > 0 && calibration.scale > 0 && !calibration.rankings.empty() &&
         is_sound(calibration.rankings) && is_sound(calibration.breadth_rankings) &&
         is_pair(calibration.rankings, calibration.breadth_rankings, calibration.suspects >= 0);
}

NamedCalibration decode_body(ByteReader& in) {
  NamedCalibration named;
  auto& calibration = named.calibration;
  named.atlas = in.get_string();
  named.accounts = in.get<std::uint64_t>();
  calibration.looks = in.get<std::uint32_t>();
  calibration.options = decode_options(in);
  for (double& value : calibration.breadth.coefficients) value = in.get<double>();
  calibration.breadth.scale = in.get<double>();
  for (double& value : calibration.coefficients) value = in.get<double>();
  calibration.scale = in.get<double>();
  calibration.distance = in.get<double>();
  calibration.suspects = in.get<double>();
  calibration.suspects_spread = in.get<double>();
  for (auto* tail : {&calibration.breadth_tail, &calibration.suspicion_tail}) {
    tail->from = in.get<double>();
    tail->law.scale = in.get<double>();
    tail->law.shape = in.get<double>();
  }
  calibration.rankings = decode_rankings(in);
  calibration.breadth_rankings = decode_rankings(in);
  return named;
}

}  // namespace

Bytes encode(const NamedCalibration& named) {
  const auto& calibration = named.calibration;
  ByteWriter out;
  out.put_letters(kMagic);
  out.put(kCalibrationVersion);
  out.put_string(named.atlas);
  out.put(named.accounts);
  out.put(calibration.looks);
  encode_options(calibration.options, out);
  for (const double value : calibration.breadth.coefficients) out.put(value);
  out.put(calibration.breadth.scale);
  for (const double value : calibration.coefficients) out.put(value);
  out.put(calibration.scale);
  out.put(calibration.distance);
  out.put(calibration.suspects);
  out.put(calibration.suspects_spread);
  for (const auto& tail : {calibration.breadth_tail, calibration.suspicion_tail}) {
    out.put(tail.from);
    out.put(tail.law.scale);
    out.put(tail.law.shape);
  }
  encode_rankings(calibration.rankings, out);
  encode_rankings(calibration.breadth_rankings, out);
  for (const auto byte : sha256(out.bytes())) out.put(byte);
  return out.take();
}

std::uint64_t accounts_max(const NamedCalibration& named) {
  return static_cast<std::uint64_t>(kFleetGrowthMax * static_cast<double>(named.accounts));
}

bool is_calibration(std::span<const std::uint8_t> content) {
  return content.size() >= kMagic.size() && std::equal(kMagic.begin(), kMagic.end(), content.begin());
}

Result<NamedCalibration> decode_calibration(std::span<const std::uint8_t> content) {
  constexpr std::size_t kHash = sizeof(Digest);
  if (!is_calibration(content) || content.size() < kMagic.size() + 4 + kHash) {
    return fail(ErrorCode::bad_input, "not a fleet's calibration (it must begin with CMSFLEET); make one with "
                                      "`cms fleet fit`");
  }
  const auto body = content.first(content.size() - kHash);
  const auto computed = sha256(body);
  ByteReader in(body.subspan(kMagic.size()));
  const auto version = in.get<std::uint32_t>();
  if (!std::equal(computed.begin(), computed.end(), content.last(kHash).begin())) {
    return fail(ErrorCode::bad_input, "the fleet's calibration is damaged or cut short (its SHA-256 differs); restore "
                                      "it or run `cms fleet fit` again");
  }
  if (version != kCalibrationVersion) {
    return fail(ErrorCode::bad_input,
                fmt::format("fleet's calibration of version {} (this program reads {}); run `cms fleet fit` again",
                            version, kCalibrationVersion));
  }
  auto named = decode_body(in);
  // Kinds that came twice, out of order or beyond the most would not come back as they were.
  const bool whole = in.finished() && named.atlas.size() <= kAtlasBytesMax && named.accounts > 0 &&
                     named.accounts <= kAccountsMax && is_sound(named.calibration) &&
                     std::ranges::equal(encode(named), content);
  if (!whole) return fail(ErrorCode::bad_input, "the fleet's calibration is malformed; run `cms fleet fit` again");
  return named;
}

}  // namespace cms::fleet
