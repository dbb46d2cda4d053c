#include <fmt/format.h>

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>

#include "lab/report.hpp"
#include "lab/html_page.hpp"
#include "lab/report_assets.hpp"
#include "measure/homology/homology.hpp"
#include "pipeline/model.hpp"

namespace cms::lab {
namespace {

using nlohmann::json;

// A picture needs four digits; more would only make the file larger.
double rounded(double value) { return std::round(value * 1e4) / 1e4; }

// Centroids on their two leading principal directions, each signed so that its largest entry is positive.
std::vector<std::array<double, 2>> flat_map(const atlas::Atlas& atlas) {
  using Matrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  const Eigen::Map<const Matrix> stored(atlas.centroids.data(), atlas.chart_count(), atlas.rank);
  Eigen::MatrixXd centroids = stored.cast<double>();
  centroids.rowwise() -= centroids.colwise().mean().eval();
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(centroids.transpose() * centroids);
  std::vector<std::array<double, 2>> places(atlas.chart_count());
  for (int axis = 0; axis < 2; ++axis) {
    Eigen::VectorXd direction = solver.eigenvectors().col(atlas.rank - 1 - axis);
    Eigen::Index largest = 0;
    direction.cwiseAbs().maxCoeff(&largest);
    if (direction[largest] < 0) direction = -direction;
    const Eigen::VectorXd along = centroids * direction;
    for (std::size_t i = 0; i < places.size(); ++i) places[i][axis] = along[static_cast<Eigen::Index>(i)];
  }
  return places;
}

json charts_of(const atlas::Atlas& atlas) {
  const auto places = flat_map(atlas);
  json charts = json::array();
  for (std::size_t i = 0; i < places.size(); ++i) {
    charts.push_back({rounded(places[i][0]), rounded(places[i][1]), rounded(atlas.charts[i].benign_mass)});
  }
  return charts;
}

// Coverage of honest calibration accounts by requests: quantiles at -2, -1, 0, 1, 2 standard deviations of a normal
// law (2.3%, 16%, 50%, 84%, 97.7%), one entry an age bin: [first request of the bin, the five shares of charts].
json honest_band(const pipeline::Model& model) {
  const auto& calibration = model.calibration;
  json band = json::array();
  for (std::uint32_t n = calibration.options.min_requests; n <= calibration.horizon; ++n) {
    const auto bin = score::age_bin(n);
    if (bin >= calibration.tables.size()) break;
    if (n > calibration.options.min_requests && bin == score::age_bin(n - 1)) continue;
    const auto& knots = calibration.tables[bin][static_cast<std::size_t>(Measure::charts_horizon)].knots;
    json entry = {n};
    for (const std::size_t knot : {2, 6, 10, 14, 18}) {
      entry.push_back(rounded(double{knots[knot]} / model.atlas.chart_count()));
    }
    band.push_back(entry);
  }
  return band;
}

json bars_of(const std::vector<Bar>& bars) {
  json list = json::array();
  for (const auto& bar : bars) list.push_back({rounded(bar.birth), rounded(bar.death)});
  return list;
}

json account_of(const Report& report, const AccountReport& account) {
  json poh = json::array(), coverage = json::array();
  for (const auto& score : account.scores) {
    poh.push_back(score.computed ? json(score.poh) : json());
    coverage.push_back(rounded(score.coverage));
  }
  const auto& lowest = at_lowest(account);
  const auto request = [&](const std::optional<std::size_t>& index) {
    return index ? json(account.scores[*index].requests) : json();
  };
  return {{"account", account.account},
          {"kind", account.kind},
          {"attacker", account.attacker},
          {"fields", account.fields},
          {"poh", poh},
          {"coverage", coverage},
          {"charts", account.charts},
          {"poh_min", lowest.computed ? json(lowest.poh) : json()},
          {"requests_at_min", lowest.computed ? json(lowest.requests) : json()},
          {"action", name(policy::decide(report.ladder, lowest))},
          {"evidence", rounded(lowest.evidence)},
          {"reasons", lowest.reasons},
          {"noticed_at", request(account.noticed)},
          {"flagged_at", request(account.flagged)},
          {"h0", bars_of(account.diagrams.h0)},
          {"h1", bars_of(account.diagrams.h1)}};
}

json side_of(const Report& report, bool attackers) {
  const auto result = tally(report, attackers);
  return {{"accounts", result.accounts},
          {"noticed", result.noticed},
          {"flagged", result.flagged},
          {"median_noticed", result.median_noticed ? json(*result.median_noticed) : json()}};
}

// Evidence above which PoH is at most `a`: the smallest that fewer than a (N + 1) ranking accounts reach, the greatest
// over the groups. Null where the groups are too small to say.
json evidence_at(const score::Calibration& calibration, double a) {
  json result;
  for (const auto& [group, ranking] : calibration.rankings) {
    const auto count = ranking.greatest.size();
    const auto above = static_cast<std::size_t>(a * static_cast<double>(count + 1));
    if (above == 0 || above > count) continue;
    const double evidence = ranking.greatest[count - above];
    if (result.is_null() || result.get<double>() < evidence) result = rounded(evidence);
  }
  return result;
}

}  // namespace

json page_data(const Report& report, const pipeline::Model& model) {
  json channels = json::array();
  for (std::size_t c = 0; c < kChannelCount; ++c) channels.push_back(name(static_cast<Channel>(c)));
  std::size_t ranking_accounts = 0;
  for (const auto& [group, ranking] : model.calibration.rankings) ranking_accounts += ranking.greatest.size();
  json evidence = json::object();
  for (const double a : {report.ladder.price, kFlagged}) {
    evidence[fmt::format("{}", a)] = evidence_at(model.calibration, a);
  }
  json accounts = json::array();
  for (const auto& account : report.accounts) accounts.push_back(account_of(report, account));
  return {{"model", model.atlas.manifest.model_name},
          {"atlas", model.name},
          {"charts", charts_of(model.atlas)},
          {"ranking_accounts", ranking_accounts},
          {"horizon", model.calibration.horizon},
          {"min_requests", model.calibration.options.min_requests},
          {"window", model.window_length},
          {"thresholds", {{"observe", report.ladder.observe}, {"price", report.ladder.price}, {"flagged", kFlagged}}},
          {"evidence_at", evidence},
          {"channels", channels},
          {"honest_band", honest_band(model)},
          {"honest", side_of(report, false)},
          {"attackers", side_of(report, true)},
          {"agreement", report.agreement ? json(report.agreement->median) : json()},
          {"accounts", accounts}};
}

std::string page(const Report& report, const pipeline::Model& model) {
  return html_page({kReportHtml, kReportCss, std::string(kDrawJs) + kReportJs}, page_data(report, model));
}

}  // namespace cms::lab
