#include "lab/mixtures.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/math/distributions/normal.hpp>
#include <cmath>
#include <nlohmann/json.hpp>
#include <numeric>

#include "atlas/layouts.hpp"
#include "base/directions.hpp"
#include "base/progress.hpp"
#include "lab/first_study_cells.hpp"
#include "lab/ground.hpp"
#include "lab/mixtures_ranked.hpp"
#include "lab/statistics.hpp"
#include "lab/two_populations.hpp"
#include "pipeline/parallel.hpp"

namespace cms::lab {
namespace {

constexpr std::array<const char*, kPopulationTests> kNames = {
    "e-detector (Shiryaev-Roberts), charts", "CUSUM, charts",
    "higher criticism, charts",              "higher criticism, strange",
    "higher criticism, strange and alone",   "Berk-Jones, charts",
    "Berk-Jones, strange",                   "Berk-Jones, strange and alone",
    "interval scan, charts",                 "interval scan, strange and alone",
    "dip, strangeness",                      "dip, first direction",
    "energy of halves",                      "scattered share of charts",
    "mean strange and alone"};

constexpr int kPowerRounds = 30;

// One account's requests, as the tests read them.
struct Requests {
  std::vector<std::uint16_t> charts;
  std::vector<double> surprisals;      // nats
  std::vector<double> isolations;      // chord to the nearest of two before and two after
  double energy = 0;
  std::vector<double> firsts;          // along the points' first direction
};
using PValues = std::vector<double>;   // one a request

std::vector<float> chords_of(const Study& study, std::span<const std::uint32_t> rows) {
  const auto n = rows.size();
  std::vector<float> distances(n * n);
  const auto product = [&](std::size_t i, std::size_t j) {
    const auto &a = study.projected[rows[i]].point, &b = study.projected[rows[j]].point;
    return std::inner_product(a.begin(), a.end(), b.begin(), std::int32_t{0});
  };
  std::vector<double> inverse(n);
  for (std::size_t i = 0; i < n; ++i) inverse[i] = inverse_length(product(i, i));
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      distances[i * n + j] = distances[j * n + i] = chord(product(i, j), inverse[i], inverse[j]);
    }
  }
  return distances;
}

// Coordinates along the direction of greatest variance, by power iteration.
std::vector<double> first_coordinates(const Study& study, std::span<const std::uint32_t> rows) {
  const auto rank = study.projected[rows[0]].point.size();
  std::vector<std::vector<double>> points;
  std::vector<double> mean(rank), direction(rank, 1), coordinates(rows.size());
  for (const auto row : rows) {
    const auto& point = study.projected[row].point;
    const double length = std::sqrt(std::inner_product(point.begin(), point.end(), point.begin(), 1e-9));
    auto& unit = points.emplace_back(point.begin(), point.end());
    for (std::size_t d = 0; d < rank; ++d) mean[d] += (unit[d] /= length) / static_cast<double>(rows.size());
  }
  for (int round = 0; round < kPowerRounds; ++round) {
    std::vector<double> next(rank);
    for (std::size_t i = 0; i < points.size(); ++i) {
      coordinates[i] = 0;
      for (std::size_t d = 0; d < rank; ++d) coordinates[i] += (points[i][d] - mean[d]) * direction[d];
      for (std::size_t d = 0; d < rank; ++d) next[d] += coordinates[i] * (points[i][d] - mean[d]);
    }
    const double length = std::sqrt(std::inner_product(next.begin(), next.end(), next.begin(), 1e-30));
    for (std::size_t d = 0; d < rank; ++d) direction[d] = next[d] / length;
  }
  return coordinates;
}

Requests requests_of(const Study& study, const ComposedAccount& account, std::uint32_t horizon) {
  const auto rows = std::span(account.rows).first(std::min<std::size_t>(account.rows.size(), horizon));
  const auto n = rows.size();
  const auto distances = chords_of(study, rows);
  Requests requests;
  for (std::size_t i = 0; i < n; ++i) {
    const auto& projected = study.projected[rows[i]];
    requests.charts.push_back(projected.chart);
    requests.surprisals.push_back(
        study.atlas.layouts.surprisals[atlas::surprisal_place(round_chord(projected.benign_knn))]);
    float nearest = 2;
    for (std::size_t j = i < 2 ? 0 : i - 2; j <= std::min(n - 1, i + 2); ++j) {
      if (j != i) nearest = std::min(nearest, distances[i * n + j]);
    }
    requests.isolations.push_back(nearest);
  }
  requests.energy = energy_of_halves(distances, n);
  requests.firsts = first_coordinates(study, rows);
  return requests;
}

// What single requests of the tables' half come to: p-values of others are ranks among them.
struct Norms {
  PredictiveLaw law;
  std::vector<double> ratios, surprisals, isolations, both;  // ascending
};

std::vector<double> ranked(std::span<const double> values, const std::vector<double>& among) {
  PValues p;
  for (const double value : values) p.push_back(conformal_p_value(among, value));
  return p;
}

// -log of the greater of both p-values: high where a request is strange and alone.
std::vector<double> strange_and_alone(const Requests& requests, const Norms& norms) {
  const auto a = ranked(requests.surprisals, norms.surprisals), b = ranked(requests.isolations, norms.isolations);
  std::vector<double> both;
  for (std::size_t i = 0; i < a.size(); ++i) both.push_back(-std::log(std::max(a[i], b[i])));
  return both;
}

Norms norms_of(std::span<const Requests> honest, std::size_t chart_count) {
  Norms norms;
  std::vector<std::vector<std::uint16_t>> charts;
  for (const auto& one : honest) charts.push_back(one.charts);
  norms.law = fit_predictive_law(charts, chart_count);
  const auto append = [](std::vector<double>& all, const std::vector<double>& some) {
    all.insert(all.end(), some.begin(), some.end());
  };
  for (const auto& one : honest) {
    append(norms.ratios, log_ratios(norms.law, one.charts));
    append(norms.surprisals, one.surprisals);
    append(norms.isolations, one.isolations);
  }
  for (auto* all : {&norms.ratios, &norms.surprisals, &norms.isolations}) std::sort(all->begin(), all->end());
  for (const auto& one : honest) append(norms.both, strange_and_alone(one, norms));
  std::sort(norms.both.begin(), norms.both.end());
  return norms;
}

std::vector<double> normal_scores(const PValues& p) {
  std::vector<double> scores;
  const boost::math::normal normal;
  for (const double one : p) scores.push_back(-boost::math::quantile(normal, std::min(one, 1 - 1e-6)));
  return scores;
}

// In the order of kNames.
std::array<double, kPopulationTests> tests_of(const Requests& requests, const Norms& norms) {
  const auto ratios = log_ratios(norms.law, requests.charts);
  const auto both = strange_and_alone(requests, norms);
  const auto p_charts = ranked(ratios, norms.ratios), p_strange = ranked(requests.surprisals, norms.surprisals),
             p_both = ranked(both, norms.both);
  return {shiryaev_roberts(ratios),
          cusum(ratios),
          higher_criticism(p_charts),
          higher_criticism(p_strange),
          higher_criticism(p_both),
          berk_jones(p_charts),
          berk_jones(p_strange),
          berk_jones(p_both),
          interval_scan(normal_scores(p_charts)),
          interval_scan(normal_scores(p_both)),
          dip(requests.surprisals),
          dip(requests.firsts),
          requests.energy,
          scattered_share(requests.charts),
          std::accumulate(both.begin(), both.end(), 0.0) / static_cast<double>(both.size())};
}

// Accounts that rank come in the order they were given, without those that make tables.
Result<TestedSeed> test_seed(const Study& study, std::span<const ComposedAccount> honest, std::span<const Cell> cells,
                             const FirstStudyOptions& options, MixturesResult& result) {
  CMS_TRY(horizon, calibration_horizon(honest, options.score));
  result.horizon = horizon;
  const MeasureOptions measure{options.score, 64, horizon, options.threads};
  const auto measured = measure_accounts(study, honest, "calibrate", measure);
  std::vector<score::Trajectory> trajectories;
  for (const auto& one : measured) trajectories.push_back(one.trajectory);
  CMS_TRY(calibration, score::calibrate(trajectories, horizon, options.score));

  const auto all_requests = [&](std::span<const ComposedAccount> accounts) {
    std::vector<Requests> all(accounts.size());
    pipeline::parallel_for(accounts.size(), options.threads,
                           [&](unsigned, std::size_t i) { all[i] = requests_of(study, accounts[i], horizon); });
    return all;
  };
  std::vector<Requests> tables, ranking;
  auto requests = all_requests(honest);
  for (std::size_t i = 0; i < honest.size(); ++i) {
    (ranks(trajectories[i], horizon) ? ranking : tables).push_back(std::move(requests[i]));
  }
  const auto norms = norms_of(tables, study.atlas.chart_count());
  result.laws.push_back(fmt::format("own charts {:.2f} (half-life {:g} requests), moves {:.2f}, base rate {:.2f}",
                                    norms.law.own, norms.law.half_life, norms.law.moved,
                                    1 - norms.law.own - norms.law.moved));
  TestedSeed tested;
  for (const auto& one : ranking) tested.ranking.push_back({tests_of(one, norms)});
  for (const auto& cell : cells) {
    const auto sent = all_requests(cell.accounts);
    const auto moved = measure_accounts(study, cell.accounts, cell.name, measure);
    auto& accounts = tested.cells.emplace_back(sent.size());
    pipeline::parallel_for(sent.size(), options.threads, [&](unsigned, std::size_t i) {
      const auto fate = fate_of(calibration, moved[i].trajectory);
      accounts[i] = {tests_of(sent[i], norms), fate.poh_min, fate.evidence};
    });
  }
  return tested;
}

std::string table(const MixturesResult& result, const std::string& title, double MixtureCell::* score,
                  std::array<double, kPopulationTests> MixtureCell::* values) {
  std::string text = fmt::format("\n{:<30} {:>6}", title, "score");
  for (std::size_t k = 0; k < kPopulationTests; ++k) text += fmt::format(" {:>5}", k + 1);
  text += '\n';
  for (const auto& cell : result.cells) {
    text += fmt::format("{:<30} {:>6.3f}", cell.name, cell.*score);
    for (const double value : cell.*values) text += fmt::format(" {:>5.3f}", value);
    text += '\n';
  }
  return text;
}

}  // namespace

Result<MixturesResult> run_mixtures(const FirstStudyOptions& options, TextsUsed& texts) {
  CMS_TRY(set, read_first_study(options));
  MixturesResult result;
  Progress progress("mixtures", "seeds", options.seeds.size());
  for (const auto seed : options.seeds) {
    CMS_TRY(study, make_study(set, data_study_options(set.manifest, options, seed)));
    CMS_CHECK(check_known(study.corpus, options.families));
    Random random(seed);
    const auto honest = calibration_accounts(study, options, random);
    const auto cells = first_study_cells(study, options, seed, random);
    if (result.cells.empty()) {
      for (const auto& cell : cells) result.cells.push_back({cell.name, cell.honest, cell.calibration_kind});
    }
    CMS_TRY(tested, test_seed(study, honest, cells, options, result));
    note_ground(study, honest, result.horizon, texts);
    note_cells(study, cells, texts);
    add_cells(tested, cells, 1 / static_cast<double>(options.seeds.size()), result);
    progress.advance(1);
  }
  std::erase_if(result.cells, [](const MixtureCell& cell) { return cell.accounts == 0; });
  return result;
}

std::string describe(const MixturesResult& result) {
  std::string text = fmt::format("mixtures: whole accounts of up to {} requests; share flagged, mean over seeds\n",
                                 result.horizon);
  for (std::size_t k = 0; k < kPopulationTests; ++k) text += fmt::format("{:>3} {}\n", k + 1, kNames[k]);
  for (const auto& law : result.laws) text += "what honest accounts ask next: " + law + '\n';
  text += table(result, "alone: flagged", &MixtureCell::score, &MixtureCell::alone);
  text += table(result, "score or it, at half the level", &MixtureCell::score, &MixtureCell::together);
  return text + table(result, "area under the curve", &MixtureCell::score_area, &MixtureCell::areas);
}

std::string goal_lines(const MixturesResult& result) {
  std::string text;
  for (const auto& cell : result.cells) {
    const auto line = [&](const std::string& what, double figure) {
      const nlohmann::json one = {
          {"what", fmt::format("mixtures: share flagged {}, {}", what, cell.name)}, {"figure", figure}, {"goal", "-"},
          {"holds", nullptr}};
      text += one.dump() + '\n';
    };
    line("by the score", cell.score);
    for (std::size_t k = 0; k < kPopulationTests; ++k) {
      line(fmt::format("by {} alone", kNames[k]), cell.alone[k]);
      line(fmt::format("by the score or {}", kNames[k]), cell.together[k]);
    }
  }
  return text;
}

}  // namespace cms::lab
