#include "fleet/links.hpp"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <iterator>
#include <numeric>

namespace cms::fleet {
namespace {

constexpr double kBreadthMax = 3;

Place place_at(std::span<const float, kSignatureDimensions> point, double outlyingness, const LinkOptions& options) {
  Place place{};
  std::ranges::copy(point, place.begin());
  place.back() = static_cast<float>(options.outlying_coordinate * outlyingness);
  return place;
}

// Of those `asked`, by their place in `places`, to the nearest there; numbers[i] is the account at places[i].
void propose(std::span<const Place> places, std::span<const std::uint32_t> numbers,
             std::span<const std::uint32_t> asked, const LinkOptions& options, std::vector<Link>& links) {
  if (asked.empty()) return;
  const Cells cells(places, {.probes = options.probes, .seed = options.seed});
  const auto found = cells.scan(asked, options.neighbours, false);
  for (std::size_t i = 0; i < asked.size(); ++i) {
    for (const auto& near : found[i].nearest) links.push_back({numbers[asked[i]], numbers[near.account], 0});
  }
}

void propose_by_style(std::span<const Signature> accounts, std::span<const double> outlyingness,
                      std::span<const std::uint32_t> some, const LinkOptions& options, std::vector<Link>& links) {
  std::vector<bool> wanted(accounts.size());
  for (const auto i : some) wanted[i] = true;
  std::vector<Place> places;
  std::vector<std::uint32_t> numbers, asked;
  for (std::uint32_t i = 0; i < accounts.size(); ++i) {
    if (!linkable(accounts[i]) || !linked_by_style(options, outlyingness[i])) continue;
    if (wanted[i]) asked.push_back(static_cast<std::uint32_t>(numbers.size()));
    numbers.push_back(i);
    places.push_back(place_at(style_direction(accounts[i]), outlyingness[i], options));
  }
  propose(places, numbers, asked, options, links);
}

std::vector<std::uint32_t> numbers_to(std::size_t count) {
  std::vector<std::uint32_t> all(count);
  std::iota(all.begin(), all.end(), 0U);
  return all;
}

}  // namespace

Result<BreadthNorm> fit_breadth(std::span<const Signature> accounts) {
  std::vector<std::array<double, 2>> seen;
  for (const auto& account : accounts) {
    if (!linkable(account) || chart_count(charts_of(account)) == 0) continue;
    seen.push_back({std::log(chart_requests(account)), std::log(chart_count(charts_of(account)))});
  }
  if (seen.size() < 20) return fail(ErrorCode::bad_input, "breadth needs 20 honest accounts of 16 requests or more");
  const auto count = static_cast<Eigen::Index>(seen.size());
  double mean = 0;
  for (const auto& [requests, charts] : seen) mean += requests / static_cast<double>(count);
  Eigen::MatrixXd terms(count, 3);
  Eigen::VectorXd charts(count);
  for (Eigen::Index i = 0; i < count; ++i) {
    const double requests = seen[static_cast<std::size_t>(i)][0] - mean;
    terms.row(i) << 1, requests, requests * requests;
    charts(i) = seen[static_cast<std::size_t>(i)][1];
  }
  // About the mean, and of least norm, so that accounts of one age fit a constant and no parabola through nothing.
  const Eigen::Vector3d fitted = terms.completeOrthogonalDecomposition().solve(charts);
  BreadthNorm norm;
  norm.coefficients = {fitted(0) - mean * fitted(1) + mean * mean * fitted(2), fitted(1) - 2 * mean * fitted(2),
                       fitted(2)};
  const double squares = (charts - terms * fitted).squaredNorm();
  norm.scale = std::max(.01, std::sqrt(squares / static_cast<double>(count)));
  return norm;
}

double breadth_of(const BreadthNorm& norm, const Signature& account) {
  const auto charts = chart_count(charts_of(account));
  if (charts == 0) return -kBreadthMax;
  const double requests = std::log(chart_requests(account));
  const auto& [constant, slope, bend] = norm.coefficients;
  const double expected = constant + slope * requests + bend * requests * requests;
  return std::clamp((std::log(charts) - expected) / norm.scale, -kBreadthMax, kBreadthMax);
}

double outlyingness_of(const BreadthNorm& norm, const LinkOptions& options, const Signature& account, float poh) {
  const double decades = -std::log10(std::clamp(poh, kPohLeast, 1.0F));
  return std::min(kOutlyingnessMax, breadth_of(norm, account) + options.poh_decade * decades);
}

std::vector<double> outlyingness_of(const BreadthNorm& norm, const LinkOptions& options,
                                    std::span<const Signature> accounts, Pohs pohs) {
  std::vector<double> all(accounts.size());
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = outlyingness_of(norm, options, accounts[i], poh_of(pohs, i));
  return all;
}

double style_evidence(const Signature& a, const Signature& b) {
  const auto one = style_direction(a), other = style_direction(b);
  double cosine = 0;
  for (std::size_t d = 0; d < one.size(); ++d) cosine += static_cast<double>(one[d]) * other[d];
  return cosine > 0 ? cosine * cosine * (kSignatureDimensions - 1) / 2 : 0;  // less the mean centre's direction
}

double link_weight(double outlyingness, const LinkOptions& options, const Signature& a, const Signature& b) {
  double apart = std::max(0.0, distance_squared(a, b)) / options.distance_scale;
  if (linked_by_style(options, outlyingness)) {
    apart = std::min(apart, std::max(0.0, options.style - style_evidence(a, b)));
  }
  const double weight = std::exp(outlyingness - apart);
  return kWeightUnit * std::round(weight / kWeightUnit);
}

void weigh_links(std::vector<Link>& proposed, std::span<const Signature> accounts,
                 std::span<const double> outlyingness, const LinkOptions& options) {
  std::erase_if(proposed, [&](const Link& link) { return !linkable(accounts[link.a]) || !linkable(accounts[link.b]); });
  for (auto& link : proposed) link = {std::min(link.a, link.b), std::max(link.a, link.b), 0};
  std::ranges::sort(proposed, {}, [](const Link& link) { return std::pair(link.a, link.b); });
  proposed.erase(std::unique(proposed.begin(), proposed.end()), proposed.end());
  for (auto& link : proposed) {
    link.weight = link_weight(std::min(outlyingness[link.a], outlyingness[link.b]), options, accounts[link.a],
                              accounts[link.b]);
  }
  std::erase_if(proposed, [](const Link& link) { return link.weight == 0; });
}

Place place_of(const Signature& account, double outlyingness, const LinkOptions& options) {
  if (linkable(account)) return place_at(mean_point(account), outlyingness, options);
  Place place{};
  place.front() = kOutOfReach;
  return place;
}

std::vector<Link> find_links(std::span<const Signature> accounts, Pohs pohs, const BreadthNorm& norm,
                             const LinkOptions& options, std::span<const std::uint32_t> some) {
  if (some.empty()) return {};
  const auto outlyingness = outlyingness_of(norm, options, accounts, pohs);
  std::vector<Place> places;
  for (std::size_t i = 0; i < accounts.size(); ++i) places.push_back(place_of(accounts[i], outlyingness[i], options));
  std::vector<std::uint32_t> asked;  // who is not linkable would look through all others who are not
  std::ranges::copy_if(some, std::back_inserter(asked), [&](std::uint32_t i) { return linkable(accounts[i]); });
  std::vector<Link> links;
  propose(places, numbers_to(accounts.size()), asked, options, links);
  if (options.style > 0) propose_by_style(accounts, outlyingness, asked, options, links);
  weigh_links(links, accounts, outlyingness, options);
  return links;
}

std::vector<Link> find_links(std::span<const Signature> accounts, Pohs pohs, const BreadthNorm& norm,
                             const LinkOptions& options) {
  return find_links(accounts, pohs, norm, options, numbers_to(accounts.size()));
}

}  // namespace cms::fleet
