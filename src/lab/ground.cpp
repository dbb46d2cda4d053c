#include "lab/ground.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <system_error>

#include "atlas/atlas.hpp"
#include "lab/first_study_cells.hpp"
#include "lab/packed_tap.hpp"
#include "pipeline/step.hpp"
#include "tap/activation_set.hpp"
#include "types/score.hpp"

namespace cms::lab {
namespace {

constexpr std::uint32_t kYardstickCharts = 256;

bool is_folder(const std::filesystem::path& data) {
  std::error_code ignored;
  return std::filesystem::is_directory(data, ignored);
}

Result<ActivationSet> read_shared(const std::filesystem::path& name) {
  // They were made so (the README beside them); a manifest is not there.
  tap::ReadOptions read;
  read.assume_model = "smollm2-135m-q4_0/final/mean";
  CMS_TRY(set, tap::read_set(name.string() + ".npy", read));
  set.manifest.words_max = kSegment.words_max;
  set.manifest.chars_max = kSegment.chars_max;
  return set;
}

// The corpus of a set of which only names are looked at, so that any point does.
Result<Corpus> named_rows(const ActivationSet& set) {
  return make_corpus(set.rows, std::vector<float>(set.count(), 1), 1, {});
}

// People's rows of a family that distillers wrote too would go wherever theirs go.
Result<void> tell_writers_apart(ActivationSet& set) {
  CMS_TRY(corpus, named_rows(set));
  std::vector<bool> peoples(corpus.families.size());
  for (const auto& row : corpus.rows) {
    if (row.origin == Origin::people) peoples[row.family] = true;
  }
  for (const auto& row : corpus.rows) {
    if (row.origin == Origin::people || !peoples[row.family]) continue;
    set.rows[row.source_row].more["family"] = corpus.families[row.family] + " (distillers)";
  }
  return {};
}

Result<ActivationSet> read_own(const std::filesystem::path& data) {
  auto set = tap::read_set(data);
  if (!set) {
    return fail(set.error().code, fmt::format("--data {}: no folder with activations/{{human,distill}}, so a set: {}",
                                              data.string(), set.error().message));
  }
  if (set->manifest.segments_max > 1) {
    return fail(ErrorCode::bad_input, fmt::format("{}: experiments take sets of one row a text; this one was captured "
                                                  "with --segments {}", data.string(), set->manifest.segments_max));
  }
  if (auto apart = tell_writers_apart(*set); !apart) {
    return fail(apart.error().code, fmt::format("{}: {}", data.string(), apart.error().message));
  }
  return set;
}

Result<pipeline::Model> calibrated(const Study& study, const FirstStudyOptions& study_options,
                                   const GroundOptions& options, Random& random, TextsUsed& texts) {
  const auto honest = calibration_accounts(study, study_options, random);
  CMS_TRY(horizon, calibration_horizon(honest, options.score));
  note_ground(study, honest, horizon, texts);
  const auto measured = measure_accounts(study, honest, "calibrate", {options.score, 64, horizon, options.threads});
  std::vector<score::Trajectory> trajectories;
  for (const auto& one : measured) trajectories.push_back(one.trajectory);
  CMS_TRY(calibration, score::calibrate(trajectories, horizon, options.score));
  pipeline::Model model;
  model.atlas = study.atlas;
  model.calibration = std::move(calibration);
  return model;
}

}  // namespace

std::vector<std::filesystem::path> data_sets(const std::filesystem::path& data) {
  if (is_folder(data)) return {data / "activations" / "human", data / "activations" / "distill"};
  const auto ending = data.extension();
  const bool ends = ending == ".npy" || ending == ".safetensors" || ending == ".ndjson";
  return {ends ? data.parent_path() / data.stem() : data};
}

Result<std::vector<ActivationSet>> read_data(const std::filesystem::path& data) {
  std::vector<ActivationSet> sets;
  if (!is_folder(data)) {
    CMS_TRY(set, read_own(data));
    sets.push_back(std::move(set));
    return sets;
  }
  for (const auto& name : data_sets(data)) {
    CMS_TRY(set, read_shared(name));
    sets.push_back(std::move(set));
  }
  return sets;
}

StudyOptions data_study_options(const Manifest& manifest, const FirstStudyOptions& options, std::uint64_t seed) {
  StudyOptions study_options;
  study_options.split = first_study_split(options, seed);
  study_options.families = options.parts();
  study_options.corpus.words_max = manifest.words_max;
  study_options.corpus.chars_max = manifest.chars_max;
  study_options.atlas.rank = options.rank;
  study_options.atlas.chart_count = options.chart_count;
  study_options.atlas.seed = seed;
  study_options.threads = options.threads;
  return study_options;
}

Result<ActivationSet> read_ground(const std::filesystem::path& data, const Families& families) {
  CMS_TRY(sets, read_data(data));
  CMS_TRY(set, join(std::move(sets)));
  CMS_CHECK(merge_families(set, families));
  return set;
}

Result<void> merge_families(ActivationSet& set, const Families& families) {
  if (families.merged.empty()) return {};
  CMS_TRY(corpus, named_rows(set));
  const auto rows = by_family(corpus, all_rows(corpus));
  for (const auto& [whole, parts] : families.merged) {
    std::set<Origin> origins;
    const bool there = std::ranges::find(corpus.families, whole) != corpus.families.end();
    if (there && std::ranges::find(parts, whole) == parts.end()) {
      return fail(ErrorCode::bad_input,
                  fmt::format("\"{}\" of [merged] is a family of the data, and none of its parts", whole));
    }
    for (const auto& part : parts) {
      const auto found = std::ranges::find(corpus.families, part);
      if (found == corpus.families.end()) return fail(ErrorCode::bad_input, no_family(part));
      for (const auto row : rows[static_cast<std::size_t>(found - corpus.families.begin())]) {
        auto& more = set.rows[corpus.rows[row].source_row].more;
        more["family"] = whole;
        // Two families may number their conversations alike.
        const auto talk = more.find("conversation");
        if (talk != more.end() && !talk->is_null()) *talk = fmt::format("{}: {}", part, talk->dump());
        origins.insert(corpus.rows[row].origin);
      }
    }
    if (origins.size() > 1) {
      return fail(ErrorCode::bad_input,
                  fmt::format("\"{}\" is merged of people's families and of distillers'", whole));
    }
  }
  return {};
}

Result<Ground> make_ground(const ActivationSet& set, const GroundOptions& options, std::uint64_t seed,
                           TextsUsed& texts) {
  Ground ground;
  ground.options.score = options.score;
  ground.options.families = options.families;
  ground.options.jobs_declared = options.jobs_declared;
  ground.options.ranking_accounts = options.ranking_accounts;
  ground.options.threads = options.threads;
  Random random(seed);
  CMS_TRY(study, make_study(set, data_study_options(set.manifest, ground.options, seed)));
  CMS_CHECK(check_known(study.corpus, options.families));
  ground.study = std::move(study);
  CMS_TRY(yardstick, make_yardstick(ground.study, set, ground.study.split.test, seed));
  ground.yardstick = std::move(yardstick);
  texts.add("yardstick", ground.study, ground.study.split.calibrate);
  CMS_TRY(model, calibrated(ground.study, ground.options, options, random, texts));
  ground.model = std::move(model);
  ground.options.scale = options.scale;
  return ground;
}

Result<Yardstick> make_yardstick(const Study& study, const ActivationSet& set, std::span<const std::uint32_t> pool,
                                 std::uint64_t seed) {
  const ActivationSet part[] = {rows_of(set, study.corpus, study.split.calibrate)};
  atlas::FitOptions options;
  options.seed = seed + 1'000;
  options.chart_count = kYardstickCharts;
  CMS_TRY(atlas, atlas::fit(part, part, options));
  Yardstick yardstick;
  atlas::ProjectScratch scratch;
  Projected projected;
  for (const auto& row : study.corpus.rows) {
    atlas::project(atlas, set.row(row.source_row), scratch, projected);
    yardstick.charts.push_back(projected.chart);
  }
  std::vector<double> counts(atlas.chart_count());
  std::vector<bool> within_reach(counts.size());
  for (const auto row : pool) within_reach[yardstick.charts[row]] = true;
  double total = 0;
  for (const auto row : study.split.calibrate) {
    if (within_reach[yardstick.charts[row]]) counts[yardstick.charts[row]] += 1, total += 1;
  }
  for (const double count : counts) yardstick.mass.push_back(count / total);
  return yardstick;
}

std::vector<double> coverage_of(const Yardstick& yardstick, std::span<const std::uint32_t> rows) {
  std::vector<bool> seen(yardstick.mass.size());
  std::vector<double> coverage;
  double sum = 0;
  for (const auto row : rows) {
    const auto chart = yardstick.charts[row];
    if (!seen[chart]) sum += yardstick.mass[chart];
    seen[chart] = true;
    coverage.push_back(sum);
  }
  return coverage;
}

std::uint32_t requests_until(std::span<const double> coverage, double share) {
  const auto reached = std::find_if(coverage.begin(), coverage.end(), [share](double one) { return one >= share; });
  return reached == coverage.end() ? 0 : static_cast<std::uint32_t>(reached - coverage.begin() + 1);
}

std::vector<double> poh_of(const Ground& ground, std::span<const std::uint32_t> rows) {
  auto state = pipeline::make_account(ground.model);
  pipeline::Scratch scratch;
  std::vector<double> poh;
  for (const auto row : rows) {
    pipeline::advance(ground.model, state, ground.study.projected[row], 0, scratch);
    poh.push_back(pipeline::score_at(ground.model, state, 0).poh);
  }
  return poh;
}

double paid_of(const Ground& ground, const policy::Tariff& tariff, std::span<const std::uint32_t> rows,
               std::span<const double> poh) {
  auto ledger = policy::make_ledger(ground.study.atlas.chart_count()).value();
  std::set<std::uint32_t> asked;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const auto chart = ground.study.projected[rows[i]].chart;
    policy::charge(tariff, ledger, chart, !asked.insert(rows[i]).second, {.computed = true, .poh = poh[i]});
  }
  return ledger.paid();
}

Standing standing_of(const Ground& ground, std::span<const std::uint32_t> rows) {
  Standing standing;
  const auto poh = poh_of(ground, rows);
  for (std::size_t i = 0; i < poh.size(); ++i) {
    standing.poh_min = std::min(standing.poh_min, poh[i]);
    if (poh[i] <= kFlagged && standing.first_flag == 0) standing.first_flag = static_cast<std::uint32_t>(i + 1);
  }
  return standing;
}

}  // namespace cms::lab
