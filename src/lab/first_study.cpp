#include "lab/first_study.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <iterator>
#include <limits>

#include "base/progress.hpp"
#include "lab/first_study_measured.hpp"
#include "lab/ground.hpp"
#include "lab/statistics.hpp"
#include "pipeline/parallel.hpp"
#include "score/score.hpp"
#include "tap/activation_set.hpp"

namespace cms::lab {

Result<Judged> judge(std::span<const score::Trajectory> honest, std::span<const MeasuredCell> cells,
                     std::uint32_t horizon, const score::Options& options) {
  CMS_TRY(calibration, score::calibrate(honest, horizon, options));
  std::vector<std::vector<Fate>> fates(cells.size());
  std::vector<double> negatives;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    for (const auto& account : cells[i].accounts) {
      fates[i].push_back(fate_of(calibration, account.trajectory));
      if (cells[i].cell->calibration_kind) negatives.push_back(fates[i].back().evidence);
    }
  }
  Judged judged;
  for (const auto& cell : fates) {
    std::vector<double> evidence, first_flags;
    for (const auto& fate : cell) {
      evidence.push_back(fate.evidence);
      if (fate.poh_min <= kFlagged) first_flags.push_back(fate.first_flag);
    }
    const auto count = static_cast<double>(std::max<std::size_t>(1, cell.size()));
    judged.verdicts.push_back({static_cast<double>(first_flags.size()) / count, area_under_curve(evidence, negatives)});
    judged.median_first_flag.push_back(upper_median(std::move(first_flags)));
  }
  judged.fates = std::move(fates);
  return judged;
}

namespace {

constexpr std::size_t kColluding = 10;

std::vector<Configuration> all_configurations(const std::array<double, kChannelCount>& weights) {
  std::vector<Configuration> configurations = {{"all", weights}};
  for (std::size_t c = 0; c < kChannelCount; ++c) {
    Configuration alone{fmt::format("{}", name(static_cast<Channel>(c))), {}};
    alone.weights[c] = 1;
    configurations.push_back(alone);
  }
  for (std::size_t c = 0; c < kChannelCount; ++c) {
    Configuration without{fmt::format("without {}", name(static_cast<Channel>(c))), weights};
    without.weights[c] = 0;
    configurations.push_back(without);
  }
  return configurations;
}

using Trivial = double (*)(const Measured&);

// What anybody can count. Each is given its best direction: high, low, or far from the honest mean.
constexpr std::array<std::pair<const char*, Trivial>, 3> kRivals = {{
    {"distinct texts", [](const Measured& one) { return one.distinct_texts; }},
    {"account length", [](const Measured& one) { return static_cast<double>(one.trajectory.requests); }},
    {"mean text length", [](const Measured& one) { return one.mean_text_length; }},
}};

// Share of `values` above what at most 1% of honest calibration accounts exceed (conformal, as PoH is).
Verdict judge_rival(std::vector<double> honest, const std::vector<double>& values,
                    const std::vector<double>& negatives) {
  std::sort(honest.begin(), honest.end());
  double flagged = 0;
  for (const double value : values) {
    flagged += conformal_p_value(honest, value) <= kFlagged ? 1 : 0;
  }
  return {flagged / static_cast<double>(std::max<std::size_t>(1, values.size())), area_under_curve(values, negatives)};
}

// The least threshold at which a rival keeps every honest goal on the cells themselves: more than it could know.
double fair_threshold(std::span<const MeasuredCell> cells, const std::vector<std::vector<double>>& values) {
  double threshold = -std::numeric_limits<double>::infinity();
  for (std::size_t i = 0; i < cells.size(); ++i) {
    const auto& cell = *cells[i].cell;
    if (!cell.honest || !cell.goal || values[i].empty()) continue;
    auto rising = values[i];
    std::sort(rising.begin(), rising.end());
    const auto allowed = static_cast<std::size_t>(*cell.goal * static_cast<double>(rising.size()));
    threshold = std::max(threshold, rising[rising.size() - 1 - std::min(allowed, rising.size() - 1)]);
  }
  return threshold;
}

// All cells of one rival, from its value of every account.
std::vector<Verdict> judge_values(const std::vector<double>& honest, std::span<const MeasuredCell> cells,
                                  const std::vector<std::vector<double>>& values) {
  std::vector<double> negatives;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    if (cells[i].cell->calibration_kind) negatives.insert(negatives.end(), values[i].begin(), values[i].end());
  }
  const double threshold = fair_threshold(cells, values);
  std::vector<Verdict> outcomes;
  for (const auto& cell : values) {
    outcomes.push_back(judge_rival(honest, cell, negatives));
    const auto above = std::count_if(cell.begin(), cell.end(), [&](double value) { return value > threshold; });
    outcomes.back().matched = static_cast<double>(above) / static_cast<double>(std::max<std::size_t>(1, cell.size()));
  }
  return outcomes;
}

std::vector<Verdict> judge_trivial(Trivial trivial, std::span<const Measured> honest,
                                   std::span<const MeasuredCell> cells) {
  double mean = 0;
  for (const auto& one : honest) mean += trivial(one) / static_cast<double>(honest.size());
  std::vector<Verdict> best(cells.size(), Verdict{0, 0, 0});
  for (int direction = 0; direction < 3; ++direction) {
    const auto score = [&](const Measured& one) {
      const double value = trivial(one);
      return direction == 0 ? value : direction == 1 ? -value : std::abs(value - mean);
    };
    std::vector<double> reference;
    for (const auto& one : honest) reference.push_back(score(one));
    std::vector<std::vector<double>> values(cells.size());
    for (std::size_t i = 0; i < cells.size(); ++i) {
      for (const auto& one : cells[i].accounts) values[i].push_back(score(one));
    }
    const auto outcomes = judge_values(reference, cells, values);
    for (std::size_t i = 0; i < cells.size(); ++i) {
      best[i].flagged = std::max(best[i].flagged, outcomes[i].flagged);
      best[i].area = std::max(best[i].area, outcomes[i].area);
      best[i].matched = std::max(best[i].matched, outcomes[i].matched);
    }
  }
  return best;
}

// A baseline has its direction from its authors: high is extraction.
std::vector<Verdict> judge_baseline(std::size_t baseline, std::span<const BaselineScores> honest,
                                    std::span<const MeasuredCell> cells) {
  const auto values_of = [&](std::span<const BaselineScores> accounts) {
    std::vector<double> values;
    for (const auto& one : accounts) values.push_back(one[baseline]);
    return values;
  };
  std::vector<std::vector<double>> values;
  for (const auto& cell : cells) values.push_back(values_of(cell.baselines));
  return judge_values(values_of(honest), cells, values);
}

// Area under the curve of single requests, each judged alone, against the requests of honest accounts.
std::vector<double> request_areas(std::span<const MeasuredCell> cells) {
  std::vector<double> negatives, areas;
  for (const auto& cell : cells) {
    if (cell.cell->calibration_kind) negatives.insert(negatives.end(), cell.logits.begin(), cell.logits.end());
  }
  for (const auto& cell : cells) areas.push_back(area_under_curve(cell.logits, negatives));
  return areas;
}

// Area under the curve of accounts seen together against honest accounts seen together.
std::vector<double> united_areas(std::span<const MeasuredCell> cells) {
  std::vector<double> negatives, areas;
  for (const auto& cell : cells) {
    if (cell.cell->calibration_kind) negatives.insert(negatives.end(), cell.united.begin(), cell.united.end());
  }
  for (const auto& cell : cells) areas.push_back(area_under_curve(cell.united, negatives));
  return areas;
}

Result<void> write_readings(const std::filesystem::path& path, const std::string& cell,
                            std::span<const Measured> accounts) {
  std::ofstream out(path, std::ios::app);
  for (const auto& account : accounts) {
    for (const auto& observation : account.trajectory.observations) {
      nlohmann::json line = {
          {"cell", cell}, {"account", account.trajectory.account}, {"requests", observation.requests}};
      for (std::size_t m = 0; m < kMeasureCount; ++m) {
        const auto measure = static_cast<Measure>(m);
        if (observation.reading.has(measure)) line[std::string(info(measure).name)] = observation.reading[measure];
      }
      out << line.dump() << '\n';
    }
  }
  out.flush();
  if (!out) return fail(ErrorCode::failed, fmt::format("cannot write {}", path.string()));
  return {};
}

// The distillers of the tune set, as one family. Same model, captured by ourselves; the shared sets only name theirs.
Result<ActivationSet> own_distillers(const std::filesystem::path& path, const Manifest& manifest) {
  CMS_TRY(set, tap::read_set(path));
  ActivationSet kept;
  kept.manifest = manifest;
  for (std::size_t i = 0; i < set.count(); ++i) {
    auto row = set.rows[i];
    if (row.more.value("kind", std::string()) != "distiller") continue;
    row.more["family"] = kOwnDistillers;
    row.more.erase("field");
    const auto vector = set.row(i);
    kept.values.insert(kept.values.end(), vector.begin(), vector.end());
    kept.rows.push_back(std::move(row));
  }
  return kept;
}

// What baselines of one seed are measured on.
struct Material {
  const ActivationSet& set;
  const Study& study;
  BaselineFits fits;
  unsigned threads;

  [[nodiscard]] std::vector<BaselineScores> baselines(std::span<const ComposedAccount> accounts) const {
    std::vector<BaselineScores> scores(accounts.size());
    pipeline::parallel_for(accounts.size(), threads, [&](unsigned, std::size_t i) {
      scores[i] = measure_baselines(study, set, fits, accounts[i].rows);
    });
    return scores;
  }
  [[nodiscard]] std::vector<double> logits(std::span<const ComposedAccount> accounts) const {
    std::vector<double> all;
    for (const auto& account : accounts) {
      for (const auto row : account.rows) all.push_back(fits.per_request.logits[row]);
    }
    return all;
  }
  [[nodiscard]] std::vector<Likeness> likeness(std::span<const ComposedAccount> accounts) const {
    std::vector<Likeness> all(accounts.size());
    pipeline::parallel_for(accounts.size(), threads, [&](unsigned, std::size_t i) {
      all[i] = likeness_of(study.corpus, accounts[i].rows);
    });
    return all;
  }
  [[nodiscard]] std::vector<double> united(std::span<const ComposedAccount> accounts) const {
    std::vector<double> coverages;
    for (std::size_t first = 0; first + kColluding <= accounts.size(); first += kColluding) {
      std::vector<std::uint32_t> rows;
      for (const auto& account : accounts.subspan(first, kColluding)) {
        rows.insert(rows.end(), account.rows.begin(), account.rows.end());
      }
      coverages.push_back(united_coverage(study, fits, rows));
    }
    return coverages;
  }
};

std::map<std::string, double> ranking_mix(std::span<const ComposedAccount> honest, std::span<const Measured> measured,
                                          std::uint32_t horizon) {
  std::map<std::string, double> mix;
  double rank = 0;
  for (std::size_t i = 0; i < honest.size(); ++i) {
    if (honest[i].rows.size() < horizon || !score::in_ranking_half(measured[i].trajectory.account)) continue;
    ++mix[honest[i].kind];
    ++rank;
  }
  for (auto& [kind, share] : mix) share /= rank;
  return mix;
}

// What a seed used; the trained score leaves the families of whom it is tried on out.
void note(const Study& study, std::span<const ComposedAccount> honest, const Sample& sample, TextsUsed& texts) {
  note_ground(study, honest, sample.horizon, texts);
  texts.add("baselines, the classifier of single requests", study, study.split.fit);
  for (const auto& cell : sample.cells) {
    if (trains(cell)) texts.add("trained score, attackers of other families", study, cell.accounts);
  }
  for (const auto& cell : sample.training_cells) texts.add("trained score, replays", study, cell.accounts);
  note_cells(study, sample.cells, texts);
}

Result<Sample> measure_seed(const ActivationSet& set, const FirstStudyOptions& options, std::uint64_t seed,
                            TextsUsed& texts) {
  CMS_TRY(study, make_study(set, data_study_options(set.manifest, options, seed)));
  CMS_CHECK(check_known(study.corpus, options.families));
  Random random(seed);
  Sample sample;
  const auto honest = calibration_accounts(study, options, random);
  sample.cells = first_study_cells(study, options, seed, random);
  auto evasive = evasive_cells(study, options, random);
  std::ranges::move(evasive, std::back_inserter(sample.cells));
  auto all_alike = alike_cells(study, options, random);
  std::ranges::move(all_alike, std::back_inserter(sample.cells));
  std::size_t total = honest.size();
  for (const auto& cell : sample.cells) total += cell.accounts.size();
  CMS_TRY(horizon, calibration_horizon(honest, options.score));
  sample.horizon = horizon;

  Progress progress(fmt::format("measuring, seed {}", seed), "accounts", total);
  const MeasureOptions measure{options.score, 64, horizon, options.threads};
  CMS_TRY(fits, fit_baselines(study, set));
  const Material material{set, study, std::move(fits), options.threads};
  sample.calibration = measure_accounts(study, honest, "calibrate", measure);
  for (std::size_t i = 0; options.by_kind && i < honest.size(); ++i) {
    sample.calibration[i].trajectory.group = honest[i].kind;
  }
  if (!options.by_kind) sample.ranking_mix = ranking_mix(honest, sample.calibration, horizon);
  sample.calibration_baselines = material.baselines(honest);
  progress.advance(honest.size());
  for (const auto& cell : sample.cells) {
    sample.measured.push_back({&cell, measure_accounts(study, cell.accounts, cell.name, measure),
                               material.baselines(cell.accounts), material.logits(cell.accounts),
                               material.united(cell.accounts), material.likeness(cell.accounts)});
    progress.advance(cell.accounts.size());
  }
  Random training(seed + 7);
  sample.training_cells = training_cells(study, options, training);
  for (const auto& cell : sample.training_cells) {
    const auto name = "training " + cell.name;
    sample.training.push_back({&cell, measure_accounts(study, cell.accounts, name, measure), {}, {}, {}, {}});
  }
  for (const auto& one : sample.calibration) sample.trajectories.push_back(one.trajectory);
  note(study, honest, sample, texts);
  return sample;
}

Result<void> judge_seed(const Sample& sample, const FirstStudyOptions& options, FirstStudyResult& result) {
  std::vector<Result<Judged>> judged(result.configurations.size(), fail(ErrorCode::failed, "not judged"));
  pipeline::parallel_for(judged.size(), options.threads, [&](unsigned, std::size_t k) {
    auto score_options = options.score;
    score_options.weights = result.configurations[k].weights;
    judged[k] = judge(sample.trajectories, sample.measured, sample.horizon, score_options);
  });
  for (const auto& one : judged) {
    if (!one) return tl::make_unexpected(one.error());
  }
  std::vector<std::vector<Verdict>> rivals;
  for (const auto& rival : kRivals) rivals.push_back(judge_trivial(rival.second, sample.calibration, sample.measured));
  for (std::size_t b = 0; b < kBaselines.size(); ++b) {
    rivals.push_back(judge_baseline(b, sample.calibration_baselines, sample.measured));
  }
  CMS_TRY(trained, judge_trained(sample, options.score, judged[0]->fates, options.threads));
  result.mixes.insert(result.mixes.end(), trained.mixes.begin(), trained.mixes.end());
  for (const auto& cell : sample.measured) {
    if (sample.ranking_mix.contains(cell.cell->name)) {
      result.mix_accounts += static_cast<std::uint32_t>(cell.accounts.size());
    }
  }
  const auto areas = request_areas(sample.measured);
  const auto united = united_areas(sample.measured);
  for (std::size_t i = 0; i < sample.cells.size(); ++i) {
    auto& cell = result.cells[i];
    cell.request_areas.push_back(areas[i]);
    cell.trained.push_back(trained.verdicts[i].trained);
    cell.combined.push_back(trained.verdicts[i].combined);
    cell.united_areas.push_back(united[i]);
    cell.accounts.push_back(static_cast<std::uint32_t>(sample.measured[i].accounts.size()));
    cell.median_first_flag.push_back(judged[0]->median_first_flag[i]);
    cell.fates.insert(cell.fates.end(), judged[0]->fates[i].begin(), judged[0]->fates[i].end());
    const auto& likeness = sample.measured[i].likeness;
    cell.likeness.insert(cell.likeness.end(), likeness.begin(), likeness.end());
    auto& configurations = cell.configurations.emplace_back();
    for (const auto& one : judged) configurations.push_back(one->verdicts[i]);
    auto& outcomes = cell.rivals.emplace_back();
    for (const auto& rival : rivals) outcomes.push_back(rival[i]);
  }
  return {};
}

}  // namespace

Result<ActivationSet> read_first_study(const FirstStudyOptions& options) {
  CMS_TRY(sets, read_data(options.data));
  if (!options.tune.empty()) {
    if (options.families.tune.instruction_sets.empty() && options.families.tune.streams.empty()) {
      return fail(ErrorCode::bad_input, "--tune: [tune] of --families names nobody who attacks");
    }
    CMS_TRY(own, own_distillers(options.tune, sets.front().manifest));
    sets.push_back(std::move(own));
  }
  CMS_TRY(set, join(std::move(sets)));
  CMS_CHECK(merge_families(set, options.families));
  return set;
}

namespace {

// A pool that is empty, or cannot fill an account, says nothing of who is flagged.
void leave_out_empty(FirstStudyResult& result) {
  std::erase_if(result.cells, [&](const CellResult& cell) {
    const bool empty = std::ranges::all_of(cell.accounts, [](std::uint32_t count) { return count == 0; });
    if (empty) result.left_out.push_back(cell.name);
    return empty;
  });
}

}  // namespace

Result<FirstStudyResult> run_first_study(const FirstStudyOptions& options, TextsUsed& texts) {
  CMS_CHECK(check_shares(options.shares));
  CMS_TRY(set, read_first_study(options));

  FirstStudyResult result;
  result.configurations = all_configurations(options.score.weights);
  result.stride = options.score.stride;
  result.goals = options.goals;
  for (const auto& rival : kRivals) result.rivals.emplace_back(rival.first);
  for (const auto* baseline : kBaselines) result.rivals.emplace_back(baseline);
  for (const auto seed : options.seeds) {
    CMS_TRY(sample, measure_seed(set, options, seed, texts));
    result.horizon = sample.horizon;
    if (result.cells.empty()) {
      for (const auto& cell : sample.cells) {
        auto& added = result.cells.emplace_back();
        added.name = cell.name;
        added.honest = cell.honest;
        added.calibration_kind = cell.calibration_kind;
        added.goal = cell.goal;
        added.similarity = cell.similarity;
      }
    }
    if (!options.readings.empty() && seed == options.seeds.front()) {
      CMS_CHECK(write_readings(options.readings, "calibrate", sample.calibration));
      for (const auto& cell : sample.measured)
        CMS_CHECK(write_readings(options.readings, cell.cell->name, cell.accounts));
    }
    CMS_CHECK(judge_seed(sample, options, result));
  }
  leave_out_empty(result);
  return result;
}

}  // namespace cms::lab
