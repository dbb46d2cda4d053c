#include "lab/study.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <span>

#include "atlas/atlas.hpp"
#include "pipeline/model.hpp"
#include "pipeline/parallel.hpp"
#include "score/score.hpp"

namespace cms::lab {
namespace {

void project_rows(const ActivationSet& set, Study& study, unsigned threads) {
  const std::size_t count = study.corpus.rows.size();
  study.projected.resize(count);
  study.corpus.rank = study.atlas.rank;
  study.corpus.points.assign(count * study.atlas.rank, 0.0F);
  std::vector<std::size_t> rows;
  for (const auto& row : study.corpus.rows) rows.push_back(row.source_row);
  constexpr std::size_t kTogether = 64;
  std::vector<pipeline::Scratch> scratches(std::max(1U, threads));
  pipeline::parallel_for((count + kTogether - 1) / kTogether, threads, [&](unsigned worker, std::size_t part) {
    const std::size_t first = part * kTogether, together = std::min(kTogether, count - first);
    pipeline::project_rows(study.atlas, set, std::span(rows).subspan(first, together), scratches[worker],
                           std::span(study.projected).subspan(first, together));
    for (std::size_t i = first; i < first + together; ++i) {
      const auto point = atlas::project_point(study.atlas, set.row(rows[i]));
      std::copy(point.begin(), point.end(),
                study.corpus.points.begin() + static_cast<std::ptrdiff_t>(i * study.atlas.rank));
    }
  });
}

double text_length(const RowInfo& row, std::uint32_t chars_max) {
  const auto length = static_cast<double>(row.more.value("text", std::string()).size());
  return chars_max > 0 ? std::min(length, static_cast<double>(chars_max)) : length;
}

}  // namespace

Result<ActivationSet> join(std::vector<ActivationSet> sets) {
  if (sets.empty()) return fail(ErrorCode::usage, "no activation sets given");
  ActivationSet all = std::move(sets.front());
  for (std::size_t s = 1; s < sets.size(); ++s) {
    CMS_CHECK(matches(all.manifest, sets[s].manifest));
    all.values.insert(all.values.end(), sets[s].values.begin(), sets[s].values.end());
    std::move(sets[s].rows.begin(), sets[s].rows.end(), std::back_inserter(all.rows));
  }
  return all;
}

ActivationSet rows_of(const ActivationSet& set, const Corpus& corpus, std::span<const std::uint32_t> pool) {
  ActivationSet part;
  part.manifest = set.manifest;
  for (const auto row : pool) {
    const auto source = corpus.rows[row].source_row;
    const auto vector = set.row(source);
    part.values.insert(part.values.end(), vector.begin(), vector.end());
    part.rows.push_back(set.rows[source]);
  }
  return part;
}

Result<Split> annotated_split(const ActivationSet& set, const Corpus& corpus) {
  Split split;
  for (std::uint32_t i = 0; i < corpus.rows.size(); ++i) {
    const auto& more = set.rows[corpus.rows[i].source_row].more;
    const auto found = more.find("split");
    const auto part = found != more.end() && found->is_string() ? found->get<std::string>() : "";
    if (part == "fit") {
      split.fit.push_back(i);
    } else if (part == "calibrate") {
      split.calibrate.push_back(i);
    } else if (part == "demo") {
      split.test.push_back(i);
    } else {
      return fail(ErrorCode::bad_input,
                  fmt::format("row {}: \"split\" must be \"fit\", \"calibrate\" or \"demo\"", i));
    }
  }
  if (auto disjoint = check_disjoint(corpus, split); !disjoint) {
    return fail(ErrorCode::bad_input, disjoint.error().message);
  }
  return split;
}

Result<Study> make_study(const ActivationSet& set, const StudyOptions& options) {
  Study study;
  study.families = options.families;
  CMS_TRY(corpus, make_corpus(set.rows, set.values, set.manifest.dimension, options.corpus));
  study.corpus = std::move(corpus);
  CMS_TRY(split, options.annotated ? annotated_split(set, study.corpus) : split_corpus(study.corpus, options.split));
  CMS_CHECK(check_disjoint(study.corpus, split));
  study.split = std::move(split);

  const auto people = of_origin(study.corpus, study.split.fit, Origin::people);
  const ActivationSet manifold[] = {rows_of(set, study.corpus, study.split.fit)};
  const ActivationSet benign[] = {rows_of(set, study.corpus, people)};
  CMS_TRY(atlas, atlas::fit(manifold, benign, options.atlas));
  study.atlas = std::move(atlas);
  project_rows(set, study, options.threads);
  for (const auto& row : study.corpus.rows) {
    study.text_lengths.push_back(text_length(set.rows[row.source_row], options.corpus.chars_max));
  }
  return study;
}

std::vector<Measured> measure_accounts(const Study& study, std::span<const ComposedAccount> accounts,
                                       const std::string& prefix, const MeasureOptions& options) {
  const auto window = pipeline::window_options(study.atlas, options.window_length, options.horizon);
  std::vector<Measured> measured(accounts.size());
  std::vector<pipeline::Scratch> scratches(options.threads);
  pipeline::parallel_for(accounts.size(), options.threads, [&](unsigned worker, std::size_t i) {
    std::vector<const Projected*> requests;
    std::set<std::uint32_t> texts;
    double length = 0;
    for (const auto row : accounts[i].rows) {
      requests.push_back(&study.projected[row]);
      texts.insert(study.corpus.rows[row].text_id);
      length += study.text_lengths[row];
    }
    auto& one = measured[i];
    one.trajectory = pipeline::trajectory(study.atlas, window, options.score, requests, scratches[worker]);
    one.trajectory.account = fmt::format("{}-{}", prefix, i);
    const auto count = static_cast<double>(requests.size());
    one.distinct_texts = static_cast<double>(texts.size()) / count;
    one.mean_text_length = length / count;
  });
  return measured;
}

Fate fate_of(const score::Calibration& calibration, const score::Trajectory& trajectory, double level) {
  score::State state;
  Fate fate;
  for (const auto& observation : trajectory.observations) {
    score::update(calibration, state, observation, 0);
    fate.evidence = std::max(fate.evidence, score::standing(calibration, state));
    if (state.poh_min <= level && fate.first_flag == 0) {
      fate.first_flag = static_cast<std::uint32_t>(observation.requests);
    }
  }
  fate.poh_min = state.poh_min;
  return fate;
}

}  // namespace cms::lab
