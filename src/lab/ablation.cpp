#include "lab/ablation.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>

#include "base/progress.hpp"
#include "lab/first_study_cells.hpp"
#include "lab/ground.hpp"
#include "lab/statistics.hpp"
#include "pipeline/parallel.hpp"
#include "tap/activation_set.hpp"

namespace cms::lab {
namespace {

constexpr std::array<const char*, 8> kLayers = {"l3", "l7", "l11", "l15", "l19", "l23", "l27", "final"};
constexpr std::array<const char*, 2> kPoolings = {"mean", "last"};
constexpr std::array<std::uint32_t, 4> kRanks = {16, 32, 64, 128};
constexpr std::array<std::uint32_t, 4> kCharts = {64, 128, 256, 512};
constexpr std::array<std::uint32_t, 4> kWindows = {32, 64, 128, 256};

// What one configuration does otherwise.
struct Change {
  AblationBlock block = AblationBlock::layers;
  std::string name;
  bool product = false;
  std::uint32_t rank = 64;
  std::uint32_t window = 64;
  std::uint32_t charts = 256;
  std::optional<Measure> without;
};

std::vector<Change> changes_of(AblationBlock block) {
  std::vector<Change> changes;
  const Change product{block, "", true, 64, 64, 256, std::nullopt};
  const auto add = [&](auto member, auto values) {
    for (const auto value : values) {
      changes.push_back(product);
      changes.back().*member = value;
      changes.back().name = fmt::format("{} {}", kAblationBlocks[static_cast<std::size_t>(block)], value);
      changes.back().product = value == product.*member;
    }
  };
  if (block == AblationBlock::rank) add(&Change::rank, kRanks);
  if (block == AblationBlock::charts) add(&Change::charts, kCharts);
  if (block == AblationBlock::window) add(&Change::window, kWindows);
  if (block != AblationBlock::measures) return changes;
  changes.push_back(product);
  changes.back().name = "all measures";
  for (std::size_t m = 0; m < kMeasureCount; ++m) {
    const auto measure = static_cast<Measure>(m);
    if (!info(measure).scored()) continue;
    changes.push_back(product);
    changes.back().name = fmt::format("without {}", info(measure).name);
    changes.back().product = false;
    changes.back().without = measure;
  }
  return changes;
}

// One configuration's accounts, measured: what a calibration, and so a left out measure, can be tried on.
struct Sample {
  std::vector<Cell> cells;
  std::vector<std::vector<score::Trajectory>> accounts;  // of each cell
  std::vector<score::Trajectory> calibration;
  std::uint32_t horizon = 0;
};

// A mean over the seeds that have it.
struct Share {
  double sum = 0, seeds = 0;
  [[nodiscard]] double mean() const { return sum / std::max(1.0, seeds); }
};

// Sums over seeds of what a row says.
struct Tally {
  Change change;
  std::map<std::string, Share> honest;  // flagged, of each kind
  std::array<Share, kAblationGroups.size()> flagged{};
  double attackers = 0, area = 0, seeds = 0;
};

std::vector<score::Trajectory> trajectories_of(std::vector<Measured> measured) {
  std::vector<score::Trajectory> trajectories;
  for (auto& one : measured) trajectories.push_back(std::move(one.trajectory));
  return trajectories;
}

Result<Sample> measure(const Study& study, std::vector<Cell> cells, std::span<const ComposedAccount> honest,
                       std::uint32_t window, const FirstStudyOptions& options, TextsUsed& texts) {
  Sample sample;
  CMS_TRY(horizon, calibration_horizon(honest, options.score));
  sample.horizon = horizon;
  note_ground(study, honest, horizon, texts);
  note_cells(study, cells, texts);
  const MeasureOptions measure_options{options.score, window, horizon, options.threads};
  sample.calibration = trajectories_of(measure_accounts(study, honest, "calibrate", measure_options));
  for (const auto& cell : cells) {
    sample.accounts.push_back(trajectories_of(measure_accounts(study, cell.accounts, cell.name, measure_options)));
  }
  sample.cells = std::move(cells);
  return sample;
}

// As if it had not been made.
void leave_out(std::vector<score::Trajectory>& trajectories, Measure measure) {
  for (auto& trajectory : trajectories) {
    for (auto& observation : trajectory.observations) observation.reading.made.reset(static_cast<std::size_t>(measure));
  }
}

// The group of a cell of attackers, as an index into kAblationGroups.
std::size_t group_of(const std::string& cell) {
  std::string name = cell.ends_with("people's prompts") ? "broad, people" : "broad, sets";
  if (cell.starts_with("stream ")) name = "streams";
  if (cell.starts_with("clustered")) name = "clustered";
  if (cell.starts_with("diluted")) name = cell;
  const auto found = std::find(kAblationGroups.begin(), kAblationGroups.end(), name);
  return static_cast<std::size_t>(found - kAblationGroups.begin());
}

Result<void> judge(Sample sample, const FirstStudyOptions& options, Tally& tally) {
  if (tally.change.without) {
    leave_out(sample.calibration, *tally.change.without);
    for (auto& accounts : sample.accounts) leave_out(accounts, *tally.change.without);
  }
  CMS_TRY(calibration, score::calibrate(sample.calibration, sample.horizon, options.score));
  std::vector<std::vector<double>> evidence(sample.cells.size());
  std::vector<double> negatives, shares;
  for (std::size_t c = 0; c < sample.cells.size(); ++c) {
    double flagged = 0;
    for (const auto& account : sample.accounts[c]) {
      const auto fate = fate_of(calibration, account);
      evidence[c].push_back(fate.evidence);
      flagged += fate.poh_min <= kFlagged ? 1 : 0;
    }
    if (sample.cells[c].calibration_kind) negatives.insert(negatives.end(), evidence[c].begin(), evidence[c].end());
    shares.push_back(flagged / static_cast<double>(std::max<std::size_t>(1, evidence[c].size())));
  }
  std::array<double, kAblationGroups.size()> sums{}, counts{};
  double attackers = 0, area = 0, cells = 0;
  for (std::size_t c = 0; c < sample.cells.size(); ++c) {
    if (sample.accounts[c].empty()) continue;  // a pool that cannot fill an account
    if (sample.cells[c].honest) {
      auto& kind = tally.honest[sample.cells[c].name];
      kind.sum += shares[c], kind.seeds += 1;
      continue;
    }
    const auto group = group_of(sample.cells[c].name);
    sums[group] += shares[c], counts[group] += 1;
    attackers += shares[c], area += area_under_curve(evidence[c], negatives), cells += 1;
  }
  for (std::size_t g = 0; g < sums.size(); ++g) {
    if (counts[g] > 0) tally.flagged[g].sum += sums[g] / counts[g], tally.flagged[g].seeds += 1;
  }
  tally.attackers += attackers / std::max(1.0, cells);
  tally.area += area / std::max(1.0, cells);
  tally.seeds += 1;
  return {};
}

AblationRow row_of(const Tally& tally) {
  AblationRow row{tally.change.block, tally.change.name, tally.change.product, "", 0, {}, 0, 0};
  const double seeds = std::max(1.0, tally.seeds);
  for (const auto& [kind, share] : tally.honest) {
    if (!row.worst_kind.empty() && share.mean() <= row.honest_worst) continue;
    row.honest_worst = share.mean();
    row.worst_kind = kind;
  }
  for (std::size_t g = 0; g < row.flagged.size(); ++g) row.flagged[g] = tally.flagged[g].mean();
  row.attackers = tally.attackers / seeds;
  row.area = tally.area / seeds;
  return row;
}

FirstStudyOptions study_options(const AblationOptions& options) {
  FirstStudyOptions study;
  study.data = options.data;
  study.families = options.families;
  study.tune = options.tune;
  study.scale = options.scale;
  study.ranking_accounts = options.ranking_accounts;
  study.score = options.score;
  study.threads = options.threads;
  return study;
}

// The blocks on the shared activations. Changes that need no atlas or window of their own share a sample.
Result<void> run_shared(const AblationOptions& options, const ActivationSet& set, std::vector<Tally>& tallies,
                        Progress& progress, TextsUsed& texts) {
  const auto fixed = study_options(options);
  for (const auto seed : options.seeds) {
    std::optional<Sample> whole;
    for (auto& tally : tallies) {
      const bool as_product = tally.change.without || tally.change.product;
      if (!as_product || !whole) {
        auto fit = data_study_options(set.manifest, fixed, seed);
        fit.atlas.rank = tally.change.rank;
        fit.atlas.chart_count = tally.change.charts;
        CMS_TRY(study, make_study(set, fit));
        Random random(seed);
        const auto honest = calibration_accounts(study, fixed, random);
        CMS_TRY(sample, measure(study, first_study_cells(study, fixed, seed, random), honest,
                                tally.change.window, fixed, texts));
        if (!as_product) CMS_CHECK(judge(std::move(sample), fixed, tally));
        if (as_product) whole = std::move(sample);
      }
      if (as_product) CMS_CHECK(judge(*whole, fixed, tally));
      progress.advance();
    }
  }
  return {};
}

// Families of the layers' block: the atlas spans natinst_gpt3; cot_elicit and the MeaeQ rows attack; people are those
// of the calibrate part. No row of another family of distillers is read.
SplitOptions layer_split(const Corpus& corpus, std::uint64_t seed) {
  SplitOptions split;
  split.seed = seed;
  split.fit = .4;
  split.calibrate = .6;
  split.test = 0;
  split.manifold = {"natinst_gpt3"};
  split.unseen = distilling_families(corpus, split.manifold);
  return split;
}

CellPools layer_pools(const Study& study) {
  const std::vector<std::string> attackers = {"cot_elicit", "mea_meaeq_agnews", "mea_meaeq_hatespeech",
                                              "mea_meaeq_imdb", "mea_meaeq_sst2"};
  return {known_people(study, study.split.calibrate), {},
          of_families(study.corpus, study.split.test, attackers), attackers};
}

Result<void> run_layer(const AblationOptions& options, Tally& tally, TextsUsed& texts) {
  auto fixed = study_options(options);
  fixed.requests = options.layer_requests;
  std::vector<ActivationSet> sets;
  for (const auto* kind : {"human", "distill"}) {
    CMS_TRY(set, tap::read_set(options.layers / fmt::format("{}.{}.npy", kind, tally.change.name)));
    sets.push_back(std::move(set));
  }
  CMS_TRY(set, join(std::move(sets)));
  for (const auto seed : options.seeds) {
    auto fit = data_study_options(set.manifest, fixed, seed);
    fit.atlas.chart_count = 0;  // by the number of rows, the same in every layer
    CMS_TRY(corpus, make_corpus(set.rows, set.values, set.manifest.dimension, fit.corpus));
    fit.split = layer_split(corpus, seed);
    CMS_TRY(study, make_study(set, fit));
    Random random(seed);
    const auto honest = calibration_accounts(study, fixed, random);
    auto cells = compose_cells(study, fixed, layer_pools(study), random);
    CMS_TRY(sample, measure(study, std::move(cells), honest, tally.change.window, fixed, texts));
    CMS_CHECK(judge(std::move(sample), fixed, tally));
  }
  return {};
}

Result<std::vector<AblationBlock>> blocks_of(const AblationOptions& options) {
  std::vector<AblationBlock> blocks;
  for (const auto& name : options.blocks) {
    const auto found = std::find(kAblationBlocks.begin(), kAblationBlocks.end(), name);
    if (found == kAblationBlocks.end()) return fail(ErrorCode::usage, fmt::format("no block \"{}\"", name));
    blocks.push_back(static_cast<AblationBlock>(found - kAblationBlocks.begin()));
  }
  for (std::size_t b = 0; options.blocks.empty() && b < kAblationBlocks.size(); ++b) {
    blocks.push_back(static_cast<AblationBlock>(b));
  }
  return blocks;
}

}  // namespace

Result<std::vector<AblationRow>> run_ablation(const AblationOptions& options, TextsUsed& texts) {
  CMS_TRY(blocks, blocks_of(options));
  std::vector<Tally> layers, shared;
  for (const auto block : blocks) {
    for (auto& change : changes_of(block)) shared.push_back({std::move(change), {}, {}, 0, 0, 0});
    if (block != AblationBlock::layers || options.layers.empty()) continue;
    for (const auto* layer : kLayers) {
      for (const auto* pooling : kPoolings) {
        Change change;
        change.name = fmt::format("{}.{}", layer, pooling);
        change.product = change.name == "final.mean";
        layers.push_back({std::move(change), {}, {}, 0, 0, 0});
      }
    }
  }
  ActivationSet set;  // read first: what cannot be read is told before anything is measured
  if (!shared.empty()) {
    CMS_TRY(read, read_first_study(study_options(options)));
    set = std::move(read);
  }
  Progress progress("measuring", "configurations", layers.size() + shared.size() * options.seeds.size());
  TextsUsed of_layers;  // of a set of their own
  for (auto& tally : layers) {
    CMS_CHECK(run_layer(options, tally, of_layers));
    progress.advance();
  }
  texts.add_all("layers: ", of_layers);
  if (!shared.empty()) CMS_CHECK(run_shared(options, set, shared, progress, texts));
  std::vector<AblationRow> rows;
  for (const auto* tallies : {&layers, &shared}) {
    for (const auto& tally : *tallies) rows.push_back(row_of(tally));
  }
  return rows;
}

}  // namespace cms::lab
