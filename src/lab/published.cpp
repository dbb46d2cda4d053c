#include "lab/published.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "base/progress.hpp"
#include "lab/attackers.hpp"
#include "lab/baselines.hpp"
#include "lab/ground.hpp"
#include "lab/honest.hpp"
#include "lab/statistics.hpp"
#include "pipeline/parallel.hpp"
#include "pipeline/reading.hpp"
#include "score/score.hpp"
#include "tap/prompts.hpp"
#include "types/score.hpp"

namespace cms::lab {
namespace {

constexpr std::uint32_t kDomainsMin = 5;
constexpr double kSessions = 200;     // of each kind and seed, for calibration and for the report
constexpr double kClusteredRuns = 40;  // of each similarity and seed
constexpr std::array kScorers = {Scorer::published, Scorer::label_free};

using HonestKind = std::optional<ComposedAccount> (*)(const Corpus&, Pool, const HonestOptions&, Random&);
using AttackKind = std::optional<ComposedAccount> (*)(const Corpus&, Pool, const AttackOptions&, Random&);
constexpr std::array<HonestKind, 3> kHonest = {single, mixed, power};
constexpr std::array<AttackKind, 3> kAttacks = {systematic, naive, adaptive};

// What sessions and attacks draw from: rows of people, in the domains that fill a session in both parts.
struct Domains {
  std::vector<std::uint32_t> calibrate, test;
};

Result<Domains> domains_of(const Corpus& corpus, const Split& split, std::uint32_t requests) {
  const auto calibrate = of_origin(corpus, split.calibrate, Origin::people);
  const auto test = of_origin(corpus, split.test, Origin::people);
  std::vector<std::string> names;
  const auto here = families_with(corpus, calibrate, requests);
  for (const auto family : families_with(corpus, test, requests)) {
    if (std::binary_search(here.begin(), here.end(), family)) names.push_back(corpus.families[family]);
  }
  if (names.size() < kDomainsMin) {
    return fail(ErrorCode::bad_input,
                fmt::format("{} fields hold {} texts of people in split \"calibrate\" and in \"demo\"; {} are needed",
                            names.size(), requests, kDomainsMin));
  }
  return Domains{of_families(corpus, calibrate, names), of_families(corpus, test, names)};
}

// One seed's ground.
struct Field {
  const ActivationSet& set;
  const PublishedOptions& options;
  Study study;
  Domains domains;
};

std::size_t scaled(double count, double scale) {
  return static_cast<std::size_t>(std::max(10.0, std::round(count * scale)));
}

Result<Field> make_field(const ActivationSet& set, const PublishedOptions& options, std::uint64_t seed) {
  Field field{set, options, {}, {}};
  StudyOptions study_options;
  study_options.annotated = true;
  study_options.corpus = {.words_max = set.manifest.words_max, .chars_max = set.manifest.chars_max};
  study_options.atlas.seed = seed;
  study_options.threads = options.threads;
  CMS_TRY(study, make_study(set, study_options));
  field.study = std::move(study);
  CMS_TRY(domains, domains_of(field.study.corpus, field.study.split, options.requests));
  field.domains = std::move(domains);
  return field;
}

// A score in one window, calibrated on honest sessions.
struct Instrument {
  Scorer scorer = Scorer::published;
  std::uint32_t window = 0;
  score::Calibration calibration;  // of the label-free score
  std::vector<double> ranking;     // the published score of the calibration sessions, ascending
};

struct Verdict {
  double value = 0;  // higher for extraction
  double poh = 1;    // lowest
  bool flagged = false;
};

std::vector<double> published_scores(const Field& field, std::uint32_t window,
                                     std::span<const ComposedAccount> accounts) {
  std::vector<double> scores(accounts.size());
  pipeline::parallel_for(accounts.size(), field.options.threads, [&](unsigned, std::size_t i) {
    const auto& rows = accounts[i].rows;
    Rows raws(rows.size(), field.set.manifest.dimension);
    for (std::size_t r = 0; r < rows.size(); ++r) {
      const auto raw = field.set.row(field.study.corpus.rows[rows[r]].source_row);
      raws.row(static_cast<Eigen::Index>(r)) = Eigen::Map<const Eigen::RowVectorXf>(raw.data(), raws.cols());
    }
    scores[i] = published_score(raws, window, std::max(1U, window / 5));
  });
  return scores;
}

std::vector<Measured> measured(const Field& field, std::uint32_t window, std::span<const ComposedAccount> accounts,
                               const std::string& prefix) {
  return measure_accounts(field.study, accounts, prefix,
                          {field.options.score, window, field.options.requests, field.options.threads});
}

Result<Instrument> make_instrument(const Field& field, Scorer scorer, std::uint32_t window,
                                   std::span<const ComposedAccount> honest) {
  Instrument instrument{scorer, window, {}, {}};
  if (scorer == Scorer::published) {
    instrument.ranking = published_scores(field, window, honest);
    std::sort(instrument.ranking.begin(), instrument.ranking.end());
    return instrument;
  }
  std::vector<score::Trajectory> trajectories;
  for (auto& one : measured(field, window, honest, "calibrate")) trajectories.push_back(std::move(one.trajectory));
  CMS_TRY(calibration, score::calibrate(trajectories, field.options.requests, field.options.score));
  instrument.calibration = std::move(calibration);
  return instrument;
}

std::vector<Verdict> judge(const Field& field, const Instrument& instrument,
                           std::span<const ComposedAccount> accounts) {
  std::vector<Verdict> verdicts;
  if (instrument.scorer == Scorer::published) {
    for (const double value : published_scores(field, instrument.window, accounts)) {
      verdicts.push_back({value, 1 - value, conformal_p_value(instrument.ranking, value) <= kFlagged});
    }
    return verdicts;
  }
  for (const auto& one : measured(field, instrument.window, accounts, "test")) {
    const double evidence = score::greatest_evidence(instrument.calibration, one.trajectory);
    const double poh = score::rank(instrument.calibration, evidence).poh;
    verdicts.push_back({evidence, poh, poh <= kFlagged});
  }
  return verdicts;
}

std::vector<double> values_of(std::span<const Verdict> verdicts) {
  std::vector<double> values;
  for (const auto& one : verdicts) values.push_back(one.value);
  return values;
}

// What one instrument says of all sessions; `negatives` are its values of the honest ones.
struct Told {
  std::vector<PublishedCell> cells;
  std::vector<double> negatives;
  std::array<std::vector<double>, kHonest.size()> negatives_by_kind;
};

PublishedCell cell_of(const std::string& kind, bool honest, std::span<const Verdict> verdicts,
                      const Told& told) {
  PublishedCell cell;
  cell.kind = kind;
  cell.honest = honest;
  cell.sessions = static_cast<std::uint32_t>(verdicts.size());
  const auto values = values_of(verdicts);
  cell.area = area_under_curve(values, told.negatives);
  for (std::size_t k = 0; k < cell.area_against.size(); ++k) {
    cell.area_against[k] = area_under_curve(values, told.negatives_by_kind[k]);
  }
  for (std::size_t i = 0; i < kFalseRates.size(); ++i) {
    cell.above[i] = caught_at(values, told.negatives, kFalseRates[i]);
  }
  for (const auto& one : verdicts) {
    cell.flagged += (one.flagged ? 1.0 : 0.0) / static_cast<double>(verdicts.size());
    cell.poh += one.poh / static_cast<double>(verdicts.size());
  }
  return cell;
}

Told tell(const Field& field, const Instrument& instrument, std::span<const PublishedSessions> sessions,
          Progress& progress) {
  std::vector<std::vector<Verdict>> verdicts;
  std::vector<Verdict> attacks;
  Told told;
  for (const auto& one : sessions) {
    auto& judged = verdicts.emplace_back(judge(field, instrument, one.accounts));
    progress.advance(judged.size());
    const auto values = values_of(judged);
    if (one.honest) {
      told.negatives.insert(told.negatives.end(), values.begin(), values.end());
      told.negatives_by_kind.at(verdicts.size() - 1) = values;
    }
    if (!one.honest) attacks.insert(attacks.end(), judged.begin(), judged.end());
  }
  for (std::size_t i = 0; i < sessions.size(); ++i) {
    told.cells.push_back(cell_of(sessions[i].kind, sessions[i].honest, verdicts[i], told));
  }
  told.cells.push_back(cell_of("all attacks", false, attacks, told));
  return told;
}

// Mean cosine of all pairs of each `window` requests in a row, the mean over these.
double mean_mutual(const Corpus& corpus, Pool rows, std::uint32_t window) {
  double sum = 0, count = 0;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    for (std::size_t j = i + 1; j < std::min(rows.size(), i + window); ++j) {
      sum += cosine(corpus, rows[i], rows[j]);
      count += 1;
    }
  }
  return count > 0 ? sum / count : 0;
}

struct ClusteredRun {
  std::vector<std::uint32_t> rows;
  std::vector<double> coverage;  // after each request
};

// Each run has its own half of the rows, the same at every similarity.
std::vector<std::vector<ClusteredRun>> clustered_runs(const Field& field, const Yardstick& yardstick, Random& random) {
  const auto& options = field.options;
  std::vector<std::vector<std::uint32_t>> halves(scaled(kClusteredRuns, options.scale));
  for (auto& half : halves) half = draw(field.study.corpus, field.domains.test, field.domains.test.size() / 2, random);
  const auto count = halves.size();
  std::vector<std::vector<ClusteredRun>> runs(options.similarities.size(), std::vector<ClusteredRun>(count));
  pipeline::parallel_for(runs.size() * count, options.threads, [&](unsigned, std::size_t task) {
    const auto level = task / count, run = task % count;
    auto& one = runs[level][run];
    one.rows = farthest_alike(field.study.corpus, halves[run], halves[run].size(), options.similarities[level],
                              AttackOptions{}.together);
    one.coverage = coverage_of(yardstick, one.rows);
  });
  return runs;
}

ClusteringCell cell_of(const Field& field, double similarity, std::span<const ClusteredRun> runs) {
  ClusteringCell cell;
  cell.similarity = similarity;
  cell.runs = static_cast<std::uint32_t>(runs.size());
  const auto n = static_cast<double>(runs.size());
  for (const auto& run : runs) {
    const auto session = std::min<std::size_t>(field.options.requests, run.rows.size());
    cell.mutual += mean_mutual(field.study.corpus, std::span(run.rows).first(session), kPublishedWindow) / n;
    cell.coverage += run.coverage[session - 1] / n;
  }
  for (std::size_t c = 0; c < kCoverages.size(); ++c) {
    std::vector<std::uint32_t> needs;
    for (const auto& run : runs) needs.push_back(requests_until(run.coverage, kCoverages[c]));
    cell.requests[c] = median_need(std::move(needs));
  }
  return cell;
}

CoverageCell coverage_cell(const Field& field, const Yardstick& yardstick, const PublishedSessions& sessions) {
  CoverageCell cell;
  cell.kind = sessions.kind;
  for (const auto& account : sessions.accounts) {
    const auto n = static_cast<double>(sessions.accounts.size());
    cell.mutual += mean_mutual(field.study.corpus, account.rows, kPublishedWindow) / n;
    cell.coverage += coverage_of(yardstick, account.rows).back() / n;
  }
  return cell;
}

struct Judged {
  Instrument instrument;
  std::vector<double> negatives;
};

void sweep_clustering(const Field& field, const Yardstick& yardstick, std::uint64_t seed,
                      std::span<const Judged> judges, Random& random, PublishedResult& result) {
  const auto& options = field.options;
  const auto runs = clustered_runs(field, yardstick, random);
  Progress progress(fmt::format("clustering, seed {}", seed), "similarities", runs.size());
  for (std::size_t level = 0; level < runs.size(); ++level) {
    auto cell = cell_of(field, options.similarities[level], runs[level]);
    cell.seed = seed;
    std::vector<ComposedAccount> sessions;
    for (const auto& run : runs[level]) {
      const auto length = std::min<std::size_t>(options.requests, run.rows.size());
      const auto end = run.rows.begin() + static_cast<std::ptrdiff_t>(length);
      sessions.push_back(account_of("clustered", {run.rows.begin(), end}, true));
    }
    for (const auto& one : judges) {
      const auto scorer = static_cast<std::size_t>(one.instrument.scorer);
      const auto values = values_of(judge(field, one.instrument, sessions));
      cell.area[scorer] = area_under_curve(values, one.negatives);
      cell.caught[scorer] = caught_at(values, one.negatives, kFalseRates.front());
    }
    result.clustering.push_back(cell);
    progress.advance(1);
  }
}

PublishedGround ground_of(const Field& field, std::size_t calibration_sessions) {
  PublishedGround ground;
  const auto& split = field.study.split;
  ground.model = field.set.manifest.model_name;
  ground.dimension = field.set.manifest.dimension;
  ground.texts_fit = static_cast<std::uint32_t>(split.fit.size());
  ground.texts_calibrate = static_cast<std::uint32_t>(field.domains.calibrate.size());
  ground.texts_test = static_cast<std::uint32_t>(field.domains.test.size());
  ground.domains = static_cast<std::uint32_t>(families_with(field.study.corpus, field.domains.test, 1).size());
  ground.calibration_sessions = static_cast<std::uint32_t>(calibration_sessions);
  ground.disjoint_sessions = ground.texts_calibrate / field.options.requests;
  return ground;
}

void note(const Field& field, std::span<const ComposedAccount> honest, std::span<const PublishedSessions> sessions,
          TextsUsed& texts) {
  texts.add("atlas", field.study, field.study.split.fit);
  texts.add("sessions that calibrate", field.study, honest);
  texts.add("yardstick", field.study, field.study.split.calibrate);
  for (const auto& one : sessions) {
    texts.add(one.honest ? "honest sessions under test" : "attackers", field.study, one.accounts);
  }
  texts.add("clustered attackers, to choose from", field.study, field.domains.test);
}

Result<void> run_seed(const ActivationSet& set, const PublishedOptions& options, std::uint64_t seed,
                      PublishedResult& result, TextsUsed& texts) {
  CMS_TRY(field, make_field(set, options, seed));
  Random random(seed);
  std::vector<ComposedAccount> honest;
  for (auto& one : published_sessions(field.study.corpus, field.domains.calibrate, options, false, random)) {
    std::move(one.accounts.begin(), one.accounts.end(), std::back_inserter(honest));
  }
  const auto sessions = published_sessions(field.study.corpus, field.domains.test, options, true, random);
  if (sessions.size() != kHonest.size() + kAttacks.size()) {
    return fail(ErrorCode::bad_input, "split \"demo\" is too small for one kind of sessions: capture more prompts");
  }
  std::size_t total = honest.size();
  for (const auto& one : sessions) total += one.accounts.size();
  result.ground = ground_of(field, honest.size());
  note(field, honest, sessions, texts);

  std::vector<Judged> judges;
  {
    const auto measured_by_us = std::count_if(options.windows.begin(), options.windows.end(),
                                              [](std::uint32_t window) { return window >= pipeline::kPointsMin; });
    Progress progress(fmt::format("published experiment, seed {}", seed), "sessions",
                      total * (options.windows.size() + static_cast<std::size_t>(measured_by_us)));
    for (const auto window : options.windows) {
      for (const auto scorer : kScorers) {
        if (scorer == Scorer::label_free && window < pipeline::kPointsMin) continue;
        CMS_TRY(instrument, make_instrument(field, scorer, window, honest));
        progress.advance(honest.size());
        auto told = tell(field, instrument, sessions, progress);
        for (auto& cell : told.cells) {
          cell.scorer = scorer;
          cell.window = window;
          cell.seed = seed;
          result.cells.push_back(std::move(cell));
        }
        if (scorer == Scorer::label_free) {
          result.ground.ranking_sessions =
              static_cast<std::uint32_t>(instrument.calibration.rankings.begin()->second.greatest.size());
        }
        if (window == kPublishedWindow) judges.push_back({std::move(instrument), std::move(told.negatives)});
      }
    }
  }
  CMS_TRY(yardstick, make_yardstick(field.study, set, field.domains.test, seed));
  for (const auto& one : sessions) {
    result.coverage.push_back(coverage_cell(field, yardstick, one));
    result.coverage.back().seed = seed;
  }
  sweep_clustering(field, yardstick, seed, judges, random, result);
  return {};
}

}  // namespace

std::vector<PublishedSessions> published_sessions(const Corpus& corpus, Pool pool, const PublishedOptions& options,
                                                  bool attacks, Random& random) {
  const auto count = scaled(kSessions, options.scale);
  HonestOptions honest;
  honest.length = {options.requests, options.requests};
  AttackOptions attack;
  attack.length = honest.length;
  std::vector<PublishedSessions> sessions;
  const auto add = [&](bool is_honest, const auto& one) {
    auto accounts = compose_many(count, one);
    if (!accounts.empty()) sessions.push_back({accounts.front().kind, is_honest, std::move(accounts)});
  };
  for (const auto kind : kHonest) add(true, [&] { return kind(corpus, pool, honest, random); });
  if (!attacks) return sessions;
  for (const auto kind : kAttacks) add(false, [&] { return kind(corpus, pool, attack, random); });
  return sessions;
}

double median_need(std::vector<std::uint32_t> needs) {
  constexpr auto kNever = std::numeric_limits<std::uint32_t>::max();
  std::replace(needs.begin(), needs.end(), 0U, kNever);
  std::vector<double> values(needs.begin(), needs.end());
  const double median = upper_median(std::move(values));
  return median < kNever ? median : 0;
}

double cost_multiplier(double clustered, double unclustered) {
  return clustered > 0 && unclustered > 0 ? clustered / unclustered : 0;
}

Result<void> check_probes(const PublishedOptions& options) {
  CMS_TRY(prompts, tap::read_prompts(options.prompts));
  ActivationSet places;  // all at one place: only who they are matters here
  places.manifest.dimension = 1;
  places.values.assign(prompts.infos.size(), 1);
  places.rows = std::move(prompts.infos);
  CMS_TRY(corpus, make_corpus(places.rows, places.values, 1, {}));
  CMS_TRY(split, annotated_split(places, corpus));
  if (split.fit.size() < atlas::kManifoldRowsMin) {
    return fail(ErrorCode::bad_input, fmt::format("{}: split \"fit\" has {} prompts, an atlas needs {}",
                                                  options.prompts.string(), split.fit.size(), atlas::kManifoldRowsMin));
  }
  CMS_CHECK(domains_of(corpus, split, options.requests));
  return {};
}

Result<PublishedResult> run_published(const PublishedOptions& options, TextsUsed& texts) {
  const auto& windows = options.windows;
  if (std::find(windows.begin(), windows.end(), kPublishedWindow) == windows.end()) {
    return fail(ErrorCode::usage, fmt::format("the windows must have {}: the published figures are for it",
                                              kPublishedWindow));
  }
  if (options.similarities.empty() || options.similarities.front() != -1) {
    return fail(ErrorCode::usage, "the first similarity must be -1: the attack that does not cluster");
  }
  if (options.set.empty() && !options.model.empty()) CMS_CHECK(check_probes(options));
  CMS_TRY(set, probe_activations(options));
  PublishedResult result;
  for (const auto seed : options.seeds) CMS_CHECK(run_seed(set, options, seed, result, texts));
  return result;
}

}  // namespace cms::lab
