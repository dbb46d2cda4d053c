#include "fleet/links.hpp"

#include <faiss/IndexFlat.h>
#include <faiss/IndexIVFFlat.h>

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <numeric>

namespace cms::fleet {
namespace {

constexpr std::size_t kCoordinates = kSignatureDimensions + 1;
constexpr std::size_t kCellsMin = 16;
constexpr std::size_t kExhaustiveBelow = 2'048;  // accounts; an inverted file would not pay
constexpr double kBreadthMax = 3;

std::vector<std::uint32_t> all_of(std::size_t count) {
  std::vector<std::uint32_t> all(count);
  std::iota(all.begin(), all.end(), 0U);
  return all;
}

// The few centres of cells that k-means needs are found on a sample: every so manyth account.
std::vector<std::uint32_t> sample_of(std::size_t count, std::size_t cells) {
  const std::size_t stride = std::max<std::size_t>(1, count / (64 * cells));
  std::vector<std::uint32_t> sample;
  for (std::size_t i = 0; i < count; i += stride) sample.push_back(static_cast<std::uint32_t>(i));
  return sample;
}

using Ids = std::vector<faiss::Index::idx_t>;

}  // namespace

Result<BreadthNorm> fit_breadth(std::span<const Signature> accounts) {
  std::vector<std::array<double, 2>> seen;
  for (const auto& account : accounts) {
    if (account.requests < kRequestsMin) continue;
    seen.push_back({std::log(chart_requests(account)), std::log(chart_count(charts_of(account)))});
  }
  if (seen.size() < 20) return fail(ErrorCode::bad_input, "breadth needs 20 honest accounts of 16 requests or more");
  const auto count = static_cast<Eigen::Index>(seen.size());
  Eigen::MatrixXd terms(count, 3);
  Eigen::VectorXd charts(count);
  for (Eigen::Index i = 0; i < count; ++i) {
    const double requests = seen[static_cast<std::size_t>(i)][0];
    terms.row(i) << 1, requests, requests * requests;
    charts(i) = seen[static_cast<std::size_t>(i)][1];
  }
  const Eigen::Vector3d fitted = terms.colPivHouseholderQr().solve(charts);
  BreadthNorm norm;
  for (Eigen::Index i = 0; i < 3; ++i) norm.coefficients[static_cast<std::size_t>(i)] = fitted(i);
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

double link_weight(double outlyingness, const LinkOptions& options, const Signature& a, const Signature& b) {
  return std::exp(outlyingness - std::max(0.0, distance_squared(a, b)) / options.distance_scale);
}

struct Neighbourhood::Index {
  faiss::IndexFlatL2 cells{kCoordinates};
  std::unique_ptr<faiss::IndexIVFFlat> inverted;  // none while there are few accounts
  faiss::IndexFlatL2 plain{kCoordinates};

  void search(std::span<const float> queries, std::size_t wanted, Ids& ids) const {
    const auto count = static_cast<faiss::Index::idx_t>(queries.size() / kCoordinates);
    std::vector<float> distances(static_cast<std::size_t>(count) * wanted);
    ids.assign(distances.size(), -1);
    const auto k = static_cast<faiss::Index::idx_t>(wanted);
    if (inverted) return inverted->search(count, queries.data(), k, distances.data(), ids.data());
    plain.search(count, queries.data(), k, distances.data(), ids.data());
  }
};

Neighbourhood::Neighbourhood(std::span<const Signature> accounts, Pohs pohs, const BreadthNorm& norm,
                             const LinkOptions& options)
    : index_(std::make_unique<Index>()), accounts_(accounts), pohs_(pohs),
      outlyingness_(outlyingness_of(norm, options, accounts, pohs)), norm_(norm), options_(options) {
  const auto all = all_of(accounts.size());
  const auto places = places_of(all);
  const auto count = static_cast<faiss::Index::idx_t>(all.size());
  if (all.size() < kExhaustiveBelow) {
    index_->plain.add(count, places.data());
    return;
  }
  const auto cells = std::max<std::size_t>(kCellsMin, static_cast<std::size_t>(std::sqrt(all.size())));
  index_->inverted = std::make_unique<faiss::IndexIVFFlat>(&index_->cells, kCoordinates, cells);
  auto& inverted = *index_->inverted;
  inverted.cp.seed = static_cast<int>(options.seed);
  inverted.cp.min_points_per_centroid = 1;
  inverted.cp.niter = 10;
  inverted.nprobe = options.probes;
  const auto sample = sample_of(all.size(), cells);
  const auto training = places_of(sample);
  inverted.train(static_cast<faiss::Index::idx_t>(sample.size()), training.data());
  inverted.set_direct_map_type(faiss::DirectMap::Array);
  inverted.add(count, places.data());
}

Neighbourhood::~Neighbourhood() = default;
Neighbourhood::Neighbourhood(Neighbourhood&&) noexcept = default;
Neighbourhood& Neighbourhood::operator=(Neighbourhood&&) noexcept = default;

std::vector<float> Neighbourhood::places_of(std::span<const std::uint32_t> some) const {
  std::vector<float> places;
  places.reserve(some.size() * kCoordinates);
  for (const auto account : some) {
    const auto mean = mean_point(accounts_[account]);
    places.insert(places.end(), mean.begin(), mean.end());
    places.push_back(static_cast<float>(options_.outlying_coordinate * outlyingness_[account]));
  }
  return places;
}

void Neighbourhood::changed(std::span<const std::uint32_t> accounts) {
  for (const auto account : accounts) {
    outlyingness_[account] = outlyingness_of(norm_, options_, accounts_[account], poh_of(pohs_, account));
  }
  const auto places = places_of(accounts);
  if (index_->inverted) {
    const Ids ids(accounts.begin(), accounts.end());
    index_->inverted->update_vectors(static_cast<int>(ids.size()), ids.data(), places.data());
    return;
  }
  for (std::size_t i = 0; i < accounts.size(); ++i) {
    std::copy_n(places.data() + i * kCoordinates, kCoordinates,
                index_->plain.get_xb() + std::size_t{accounts[i]} * kCoordinates);
  }
}

std::vector<Link> Neighbourhood::links_of(std::span<const std::uint32_t> accounts) const {
  const std::size_t wanted = std::min<std::size_t>(options_.neighbours + 1, accounts_.size());
  if (accounts.empty() || wanted < 2) return {};
  Ids ids;
  index_->search(places_of(accounts), wanted, ids);
  std::vector<Link> links;
  for (std::size_t i = 0; i < accounts.size(); ++i) {
    if (accounts_[accounts[i]].requests < kRequestsMin) continue;
    for (std::size_t k = 0; k < wanted; ++k) {
      const auto found = ids[i * wanted + k];
      if (found < 0 || found == accounts[i] || accounts_[static_cast<std::size_t>(found)].requests < kRequestsMin) {
        continue;
      }
      const auto other = static_cast<std::uint32_t>(found);
      links.push_back({std::min(accounts[i], other), std::max(accounts[i], other), 0});
    }
  }
  const auto before = [](const Link& x, const Link& y) { return std::pair(x.a, x.b) < std::pair(y.a, y.b); };
  std::sort(links.begin(), links.end(), before);
  links.erase(std::unique(links.begin(), links.end()), links.end());
  for (auto& link : links) {
    link.weight = link_weight(std::min(outlyingness_[link.a], outlyingness_[link.b]), options_, accounts_[link.a],
                              accounts_[link.b]);
  }
  return links;
}

std::vector<Link> Neighbourhood::links() const { return links_of(all_of(accounts_.size())); }

}  // namespace cms::fleet
