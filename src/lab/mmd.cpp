#include "lab/mmd.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <sstream>
#include <system_error>

#include "atlas/atlas.hpp"
#include "base/progress.hpp"
#include "lab/first_study_cells.hpp"
#include "lab/ground.hpp"
#include "lab/statistics.hpp"
#include "lab/window_tests.hpp"
#include "pipeline/parallel.hpp"
#include "score/calibration.hpp"

namespace cms::lab {
namespace {

using Values = std::array<double, kWindowDetectors.size()>;

// Bandwidths as factors of the median distance: those that the study's own runs list.
constexpr double kStudyBandwidths[] = {.5, 1, 2, 4};
// Chosen on the tune rows (docs/lab/mmd.md).
constexpr double kShrunkBandwidths[] = {1, 2};
constexpr std::uint32_t kNearest = 3;
const std::string kHonestFamily = "mea_benign_", kAttackFamily = "mea_meaeq_";
// Points of a window that the product's window can hold.
constexpr std::uint32_t kWindowLengthMax = 256;

double& at(Values& values, WindowDetector detector) {
  return values[static_cast<std::size_t>(detector)];
}

// One pair: what each row is to every detector. Row t of the tables is corpus row rows[t].
struct PairTables {
  std::vector<std::uint32_t> rows;
  std::vector<std::uint32_t> place;  // of a corpus row in the tables
  std::vector<std::uint32_t> reference, calibrate, test, attack;  // corpus rows
  Rows lengths;
  KernelTest mmd, shrunk_mmd;
  std::vector<double> nearest;
  std::optional<atlas::Atlas> atlas;  // nothing where the honest rows do not suffice; so are the two below
  KernelTest mmd_atlas;
  std::vector<Projected> projected;
};

// Without the attackers' texts that `known` has too; what of a text was read decides.
Result<ActivationSet> read_rows(const MmdOptions& options) {
  std::error_code ignored;
  if (!std::filesystem::is_directory(options.data, ignored)) {
    return fail(ErrorCode::bad_input,
                fmt::format("--data {}: no folder; all rows of the MMD study's pairs are needed: `tools/lab/capture "
                            "../shared/data FOLDER --part rows`",
                            options.data.string()));
  }
  CMS_TRY(set, read_ground(options.data));
  if (options.known.empty()) return set;
  CMS_TRY(known, read_ground(options.known));
  auto infos = set.rows;
  infos.insert(infos.end(), known.rows.begin(), known.rows.end());
  const auto limits = data_study_options(set.manifest, {}, 1).corpus;
  // Only texts are compared, so any point does.
  CMS_TRY(texts, make_corpus(infos, std::vector<float>(infos.size(), 1), 1, limits));
  std::vector<bool> left_out(texts.text_count);
  for (const auto& row : texts.rows) {
    if (row.source_row >= set.count()) left_out[row.text_id] = true;
  }
  ActivationSet kept;
  kept.manifest = set.manifest;
  for (const auto& row : texts.rows) {
    const bool attacks = texts.families[row.family].starts_with(kAttackFamily);
    if (row.source_row >= set.count() || (attacks && left_out[row.text_id])) continue;
    const auto vector = set.row(row.source_row);
    kept.values.insert(kept.values.end(), vector.begin(), vector.end());
    kept.rows.push_back(set.rows[row.source_row]);
  }
  return kept;
}

// People, and the families that span the manifold, in parts; every other family of distillers under test only.
Result<Split> split_rows(const Corpus& corpus, std::uint64_t seed) {
  SplitOptions options;
  options.seed = seed;
  options.fit = .35, options.calibrate = .40, options.test = .25;
  options.manifold = first_study_split({}, seed).manifold;
  options.unseen = distilling_families(corpus, options.manifold);
  CMS_TRY(split, split_corpus(corpus, options));
  CMS_CHECK(check_disjoint(corpus, split));
  return split;
}

Result<void> fit_atlas(const ActivationSet& set, const Corpus& corpus, const Split& split, Pool reference,
                       RowNumbers numbers, PairTables& tables) {
  const ActivationSet manifold[] = {rows_of(set, corpus, split.fit)}, benign[] = {rows_of(set, corpus, reference)};
  atlas::FitOptions options;
  options.chart_count = FirstStudyOptions{}.chart_count;
  CMS_TRY(atlas, atlas::fit(manifold, benign, options));
  Rows points(static_cast<Eigen::Index>(tables.rows.size()), atlas.rank);
  for (std::size_t t = 0; t < tables.rows.size(); ++t) {
    const auto raw = set.row(corpus.rows[tables.rows[t]].source_row);
    const auto point = atlas::project_point(atlas, raw);
    points.row(static_cast<Eigen::Index>(t)) = Eigen::Map<const Eigen::RowVectorXf>(point.data(), points.cols());
    tables.projected.push_back(atlas::project(atlas, raw));
  }
  tables.mmd_atlas = make_kernel_test(std::move(points), numbers, kStudyBandwidths);
  tables.atlas = std::move(atlas);
  return {};
}

// Characters and words of each row's text, as far as it was read; scaled to the reference.
Rows text_lengths(const ActivationSet& set, const Corpus& corpus, const PairTables& tables, RowNumbers reference) {
  constexpr double kHair = 1e-6;  // all texts may have as many words
  const auto read = data_study_options(set.manifest, {}, 1).corpus;
  Rows lengths(static_cast<Eigen::Index>(tables.rows.size()), 2);
  for (std::size_t t = 0; t < tables.rows.size(); ++t) {
    const auto text = set.rows[corpus.rows[tables.rows[t]].source_row].more.value("text", std::string());
    std::istringstream stream(text);
    std::uint32_t words = 0;
    std::size_t characters = 0;
    for (std::string word; words < read.words_max && stream >> word; ++words) {
      characters += word.size() + (words > 0 ? 1 : 0);
    }
    lengths(static_cast<Eigen::Index>(t), 0) = static_cast<float>(std::min<std::size_t>(characters, read.chars_max));
    lengths(static_cast<Eigen::Index>(t), 1) = static_cast<float>(words);
  }
  return shrunk_points(lengths, reference, kHair);
}

Result<PairTables> make_tables(const ActivationSet& set, const Corpus& corpus, const Split& split,
                               const std::string& pair, const MmdOptions& options) {
  PairTables tables;
  const std::string honest = kHonestFamily + pair, attack = kAttackFamily + pair;
  tables.reference = of_families(corpus, split.fit, {&honest, 1});
  const auto& reference = tables.reference;
  tables.calibrate = of_families(corpus, split.calibrate, {&honest, 1});
  tables.test = of_families(corpus, split.test, {&honest, 1});
  tables.attack = of_families(corpus, split.test, {&attack, 1});
  if (reference.size() < 2 || tables.attack.empty()) {
    return fail(ErrorCode::bad_input, fmt::format("no rows of {} and {}", honest, attack));
  }
  tables.place.resize(corpus.rows.size());
  for (const Pool rows : {Pool(reference), Pool(tables.calibrate), Pool(tables.test), Pool(tables.attack)}) {
    for (const auto row : rows) {
      tables.place[row] = static_cast<std::uint32_t>(tables.rows.size());
      tables.rows.push_back(row);
    }
  }
  Rows raws(static_cast<Eigen::Index>(tables.rows.size()), set.manifest.dimension);
  for (std::size_t t = 0; t < tables.rows.size(); ++t) {
    const auto raw = set.row(corpus.rows[tables.rows[t]].source_row);
    raws.row(static_cast<Eigen::Index>(t)) = Eigen::Map<const Eigen::RowVectorXf>(raw.data(), raws.cols());
  }
  std::vector<std::uint32_t> numbers;
  for (const auto row : reference) numbers.push_back(tables.place[row]);
  const auto differs = [&](std::uint32_t number) { return raws.row(number) != raws.row(numbers.front()); };
  if (std::none_of(numbers.begin(), numbers.end(), differs)) {
    return fail(ErrorCode::bad_input, fmt::format("all vectors of {} are the same", honest));
  }
  tables.lengths = text_lengths(set, corpus, tables, numbers);
  auto units = unit_rows(raws);
  tables.nearest = nearest_distances(units, numbers, kNearest);
  tables.shrunk_mmd = make_kernel_test(shrunk_points(units, numbers, options.ridge), numbers, kShrunkBandwidths);
  tables.mmd = make_kernel_test(std::move(units), numbers, kStudyBandwidths);
  if (reference.size() >= atlas::kBenignRowsMin) {
    CMS_CHECK(fit_atlas(set, corpus, split, reference, numbers, tables));
  }
  return tables;
}

std::size_t texts_in(const Corpus& corpus, Pool pool) {
  std::set<std::uint32_t> texts;
  for (const auto row : pool) texts.insert(corpus.rows[row].text_id);
  return texts.size();
}

// `window` rows, `attackers` of them from the attack, in any order, no text twice.
std::vector<std::uint32_t> draw_window(const Corpus& corpus, const PairTables& tables, Pool honest,
                                       std::uint32_t window, std::uint32_t attackers, Random& random) {
  UsedTexts used(corpus);
  std::vector<std::uint32_t> rows;
  const auto fill = [&](Pool pool, std::size_t until) {
    for (const auto row : draw(corpus, pool, 2 * std::size_t{window}, random)) {
      if (rows.size() < until && used.take(row)) rows.push_back(tables.place[row]);
    }
  };
  fill(tables.attack, attackers);
  fill(honest, window);
  random.shuffle(rows);
  return rows;
}

struct MeasuredWindow {
  Values values{};
  score::Trajectory trajectory;
};

// Each window by every detector but those that need a calibration; all but the channels see its first `seen` rows.
std::vector<MeasuredWindow> measure_windows(const PairTables& tables,
                                            std::span<const std::vector<std::uint32_t>> windows, std::uint32_t seen,
                                            const score::Options& score, const MmdOptions& options) {
  std::vector<MeasuredWindow> measured(windows.size());
  std::vector<pipeline::Scratch> scratches(options.threads);
  const std::uint32_t length = score.min_requests;
  pipeline::parallel_for(windows.size(), options.threads, [&](unsigned worker, std::size_t i) {
    const auto window = RowNumbers(windows[i]).first(std::min<std::size_t>(seen, windows[i].size()));
    auto& one = measured[i];
    at(one.values, WindowDetector::length) = mean_discrepancy(tables.lengths, window);
    at(one.values, WindowDetector::mmd) = kernel_discrepancy(tables.mmd, window);
    at(one.values, WindowDetector::nearest) = mean_over(tables.nearest, window);
    at(one.values, WindowDetector::shrunk_mean) = mean_discrepancy(tables.shrunk_mmd.points, window);
    at(one.values, WindowDetector::shrunk_mmd) = kernel_discrepancy(tables.shrunk_mmd, window);
    if (!tables.atlas) return;
    at(one.values, WindowDetector::mmd_atlas) = kernel_discrepancy(tables.mmd_atlas, window);
    std::vector<const Projected*> requests;
    for (const auto row : windows[i]) requests.push_back(&tables.projected[row]);
    one.trajectory = pipeline::trajectory(
        *tables.atlas, pipeline::window_options(*tables.atlas, std::min(length, kWindowLengthMax), length), score,
        requests, scratches[worker]);
    one.trajectory.account = fmt::format("calibrate-{}", i);
  });
  return measured;
}

// What calibration windows say of all: evidence of the channels, scales of half A, and what ranks of half B.
struct WindowCalibration {
  std::optional<score::Calibration> channels;
  Values means{}, deviations{};
  std::array<std::vector<double>, kWindowDetectors.size()> ranking;  // rising
};

// Fills in what the calibration is needed for.
void complete(const WindowCalibration& calibration, MeasuredWindow& window) {
  auto& values = window.values;
  const auto square = [&](WindowDetector detector) {
    const auto d = static_cast<std::size_t>(detector);
    const double deviation = (values[d] - calibration.means[d]) / calibration.deviations[d];
    return std::pow(std::max(0.0, deviation), 2);
  };
  const double together = square(WindowDetector::nearest) + square(WindowDetector::shrunk_mean);
  at(values, WindowDetector::together) = together;
  at(values, WindowDetector::together_channels) = together + square(WindowDetector::channels);
}

Result<WindowCalibration> calibrate_windows(std::vector<MeasuredWindow>& windows, bool channels,
                                            const score::Options& score) {
  WindowCalibration calibration;
  if (channels) {
    std::vector<score::Trajectory> trajectories;
    for (const auto& one : windows) trajectories.push_back(one.trajectory);
    CMS_TRY(made, score::calibrate(trajectories, score.min_requests, score));
    calibration.channels = std::move(made);
    for (auto& one : windows) {
      at(one.values, WindowDetector::channels) = fate_of(*calibration.channels, one.trajectory).evidence;
    }
  }
  const auto ranks = [](std::size_t i) { return score::in_ranking_half(fmt::format("calibrate-{}", i)); };
  for (std::size_t d = 0; d < kWindowDetectors.size(); ++d) {
    double count = 0, sum = 0, squares = 0;
    for (std::size_t i = 0; i < windows.size(); ++i) {
      if (ranks(i)) continue;
      count += 1, sum += windows[i].values[d];
    }
    const double mean = sum / std::max(1.0, count);
    for (std::size_t i = 0; i < windows.size(); ++i) {
      if (!ranks(i)) squares += std::pow(windows[i].values[d] - mean, 2);
    }
    calibration.means[d] = mean;
    calibration.deviations[d] = std::max(1e-12, std::sqrt(squares / std::max(1.0, count - 1)));
  }
  for (std::size_t i = 0; i < windows.size(); ++i) {
    complete(calibration, windows[i]);
    for (std::size_t d = 0; ranks(i) && d < kWindowDetectors.size(); ++d) {
      calibration.ranking[d].push_back(windows[i].values[d]);
    }
  }
  for (auto& values : calibration.ranking) std::sort(values.begin(), values.end());
  return calibration;
}

bool needs_atlas(std::size_t detector) {
  const auto kind = static_cast<WindowDetector>(detector);
  return kind == WindowDetector::mmd_atlas || kind == WindowDetector::channels ||
         kind == WindowDetector::together_channels;
}

MmdCell& cell_of(std::vector<MmdCell>& cells, const std::string& pair, std::uint32_t window, double share) {
  const auto found = std::find_if(cells.begin(), cells.end(), [&](const MmdCell& cell) {
    return cell.pair == pair && cell.window == window && cell.share == share;
  });
  return found != cells.end() ? *found : cells.emplace_back(MmdCell{pair, window, share, 0, {}, false});
}

// All shares of one pair and window under one seed.
Result<void> judge_pair(const Corpus& corpus, const PairTables& tables, const std::string& pair, std::uint32_t window,
                        const MmdOptions& options, Random& random, std::vector<MmdCell>& cells) {
  score::Options score;
  score.min_requests = window;  // one evaluation, at the window's end
  std::vector<std::vector<std::uint32_t>> drawn;
  const auto draw_many = [&](Pool honest, std::uint32_t attackers, std::uint32_t count, std::uint32_t seen) {
    drawn.clear();
    for (std::uint32_t w = 0; w < count; ++w) {
      drawn.push_back(draw_window(corpus, tables, honest, window, attackers, random));
    }
    return measure_windows(tables, drawn, seen, score, options);
  };
  auto ranking = draw_many(tables.calibrate, 0, options.calibration_windows,
                           calibration_length(window, tables.calibrate.size()));
  CMS_TRY(calibration, calibrate_windows(ranking, tables.atlas.has_value(), score));
  for (const double share : kWindowShares) {
    const auto attackers = static_cast<std::uint32_t>(std::lround(share * window));
    auto& cell = cell_of(cells, pair, window, share);
    const auto count = share > 0 ? options.attack_windows : options.honest_windows;
    for (auto& one : draw_many(tables.test, attackers, count, window)) {
      if (calibration.channels) {
        at(one.values, WindowDetector::channels) = fate_of(*calibration.channels, one.trajectory).evidence;
      }
      complete(calibration, one);
      ++cell.windows;
      for (std::size_t d = 0; d < kWindowDetectors.size(); ++d) {
        cell.lacks_atlas = cell.lacks_atlas || !tables.atlas;
        if (needs_atlas(d) && cell.lacks_atlas) {
          cell.flagged[d].reset();
          continue;
        }
        const bool flagged = conformal_p_value(calibration.ranking[d], one.values[d]) <= options.level;
        cell.flagged[d] = cell.flagged[d].value_or(0) + (flagged ? 1 : 0);
      }
    }
  }
  return {};
}

void note(const Corpus& corpus, const Split& split, const PairTables& tables, TextsUsed& texts) {
  if (tables.atlas) texts.add("atlas, beside the reference", corpus, split, split.fit);
  texts.add("reference", corpus, split, tables.reference);
  texts.add("windows that calibrate, drawn from", corpus, split, tables.calibrate);
  texts.add("honest requests under test, drawn from", corpus, split, tables.test);
  texts.add("attackers, drawn from", corpus, split, tables.attack);
}

}  // namespace

std::uint32_t calibration_length(std::uint32_t window, std::size_t pool) {
  const double length = 1 / (1.0 / window + 2.0 / static_cast<double>(std::max<std::size_t>(1, pool)));
  return std::max(2U, static_cast<std::uint32_t>(std::lround(length)));
}

Result<std::vector<MmdCell>> run_mmd(const MmdOptions& options, TextsUsed& texts) {
  // Half of them rank; the least p-value is 1 / (that many + 1).
  if (options.level * (options.calibration_windows / 2 + 1) < 1) {
    return fail(ErrorCode::usage, fmt::format("{} calibration windows cannot flag anything at level {}: {} are needed",
                                              options.calibration_windows, options.level,
                                              2 * static_cast<std::uint64_t>(std::ceil(1 / options.level))));
  }
  CMS_TRY(set, read_rows(options));
  std::vector<MmdCell> cells;
  Progress progress("testing windows", "pairs", options.seeds.size() * kWindowPairs.size());
  for (const auto seed : options.seeds) {
    CMS_TRY(corpus, make_corpus(set.rows, set.values, set.manifest.dimension,
                                data_study_options(set.manifest, {}, seed).corpus));
    CMS_TRY(split, split_rows(corpus, seed));
    Random random(seed);
    for (const auto& pair : kWindowPairs) {
      CMS_TRY(tables, make_tables(set, corpus, split, pair.name, options));
      note(corpus, split, tables, texts);
      const auto honest = std::min(tables.calibrate.size(), tables.test.size());
      for (const auto window : options.windows) {
        if (honest < 2 * std::size_t{window} || texts_in(corpus, tables.attack) < window) continue;
        CMS_CHECK(judge_pair(corpus, tables, pair.name, window, options, random, cells));
      }
      progress.advance();
    }
  }
  if (cells.empty()) {
    return fail(ErrorCode::bad_input, fmt::format("{}: too few rows of the pairs for any window",
                                                  options.data.string()));
  }
  return cells;
}

}  // namespace cms::lab
