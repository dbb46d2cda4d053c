#include "pipeline/fit.hpp"

#include <fmt/format.h>

#include <atomic>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string_view>
#include <unordered_set>

#include "base/hash.hpp"
#include "pipeline/parallel.hpp"
#include "score/score.hpp"
#include "tap/activation_set.hpp"

namespace cms::pipeline {
namespace {

constexpr std::uint64_t kFolds = 5;

// One calibration account before measuring.
struct Source {
  const ActivationSet* set;
  tap::AccountRows account;
  std::string group;
};

// The kind of use an account names; all its rows must agree.
Result<std::string> group_of(const ActivationSet& set, const tap::AccountRows& account) {
  std::optional<std::string> group;
  for (const auto row : account.rows) {
    const auto& more = set.rows[row].more;
    const auto found = more.is_object() ? more.find("group") : more.end();
    const bool named = more.is_object() && found != more.end() && !found->is_null();
    if (named && !found->is_string()) {
      return fail(ErrorCode::bad_input, fmt::format("row {} (from 0): \"group\" must be a string", row));
    }
    const auto one = named ? found->get<std::string>() : std::string();
    if (group && *group != one) {
      return fail(ErrorCode::bad_input,
                  fmt::format("account \"{}\" is of two groups, \"{}\" and \"{}\"", account.account, *group, one));
    }
    group = one;
  }
  return group.value_or("");
}

Result<std::vector<Source>> sources_of(std::span<const ActivationSet> sets, const Manifest& manifest) {
  std::vector<Source> sources;
  std::set<std::string> names;
  for (const auto& set : sets) {
    CMS_CHECK(matches(manifest, set.manifest));
    auto accounts = tap::rows_by_account(set);
    if (!accounts) return fail_in("--calibrate", accounts.error());
    for (auto& account : *accounts) {
      // Seen twice, it would rank twice and promise more than there is.
      if (!names.insert(account.account).second) {
        return fail(
            ErrorCode::bad_input,
            fmt::format("--calibrate: account \"{}\" is in two sets; join them, or rename it", account.account));
      }
      auto group = group_of(set, account);
      if (!group) return fail_in("--calibrate", group.error());
      sources.push_back({&set, std::move(account), std::move(*group)});
    }
  }
  return sources;
}

// How many calibration rows are bit for bit in a set the atlas is fitted on: calibration must be other text.
std::size_t shared_rows(std::span<const ActivationSet> calibrate, std::span<const ActivationSet> manifold,
                        std::span<const ActivationSet> benign) {
  const auto key = [](std::span<const float> row) {
    return std::string_view(reinterpret_cast<const char*>(row.data()), row.size_bytes());
  };
  std::unordered_set<std::string_view> fitted;
  for (const auto& sets : {manifold, benign}) {
    for (const auto& set : sets) {
      for (std::size_t i = 0; i < set.count(); ++i) fitted.insert(key(set.row(i)));
    }
  }
  std::size_t shared = 0;
  for (const auto& set : calibrate) {
    for (std::size_t i = 0; i < set.count(); ++i) shared += fitted.contains(key(set.row(i))) ? 1 : 0;
  }
  return shared;
}

std::uint32_t length_of(const Source& source) {
  return static_cast<std::uint32_t>(source.account.rows.size());
}

score::Trajectory measure(const atlas::Atlas& atlas, const window::Options& window, const score::Options& options,
                          const Source& source, Scratch& scratch) {
  std::vector<Projected> projected(source.account.rows.size());
  project_rows(atlas, *source.set, source.account.rows, scratch, projected);
  std::vector<const Projected*> requests;
  for (const auto& one : projected) requests.push_back(&one);
  auto result = trajectory(atlas, window, options, requests, scratch);
  result.account = source.account.account;
  result.group = source.group;
  return result;
}

nlohmann::json provenance(std::span<const ActivationSet> manifold, std::span<const ActivationSet> benign,
                          const FitOptions& options, std::size_t accounts) {
  const auto rows = [](std::span<const ActivationSet> sets) {
    std::size_t count = 0;
    for (const auto& set : sets) count += set.count();
    return count;
  };
  return {{"manifold_rows", rows(manifold)},
          {"benign_rows", rows(benign)},
          {"calibration_accounts", accounts},
          {"seed", options.atlas.seed}};
}

std::vector<std::string> warnings_of(const score::Calibration& calibration) {
  std::vector<std::string> warnings;
  for (const auto& [group, ranking] : calibration.rankings) {
    if (ranking.greatest.size() >= score::kRankingForOnePercent) continue;
    warnings.push_back(fmt::format("{} ranking accounts{}: PoH below {:.3f} is extrapolated (.01 needs {})",
                                   ranking.greatest.size(), group.empty() ? "" : " in group " + group,
                                   1.0 / static_cast<double>(ranking.greatest.size() + 1),
                                   score::kRankingForOnePercent));
  }
  return warnings;
}

}  // namespace

void project_rows(const atlas::Atlas& atlas, const ActivationSet& set, std::span<const std::size_t> rows,
                  Scratch& scratch, std::span<Projected> projected) {
  constexpr std::size_t kTogether = 16;  // a copy that stays in the nearest cache
  for (std::size_t first = 0; first < rows.size(); first += kTogether) {
    const auto together = rows.subspan(first, std::min(kTogether, rows.size() - first));
    scratch.raws.clear();
    for (const auto row : together) {
      const auto raw = set.row(row);
      scratch.raws.insert(scratch.raws.end(), raw.begin(), raw.end());
    }
    atlas::project(atlas, scratch.raws, scratch.project, projected.subspan(first, together.size()));
  }
}

score::Trajectory trajectory(const atlas::Atlas& atlas, const window::Options& window, const score::Options& options,
                             std::span<const Projected* const> requests, Scratch& scratch) {
  score::Trajectory result;
  auto state = *window::make(window);
  Kept kept;
  Reading reading;
  window::load(state, scratch.matrix);
  for (const auto* request : requests) {
    const auto change = window::push(state, scratch.matrix, *request);
    if (!score::evaluates(options, state.requests, state.distinct, change.repeat)) {
      follow(state, change, scratch.matrix, kept, scratch);
      continue;
    }
    take_reading(atlas, state, change, kept, scratch, reading);
    result.observations.push_back(
        {static_cast<std::uint32_t>(state.requests), static_cast<std::uint32_t>(state.distinct), reading});
  }
  result.requests = static_cast<std::uint32_t>(requests.size());
  return result;
}

Result<HeldBack> hold_back(std::span<const score::Trajectory> trajectories, std::uint32_t horizon,
                           const score::Options& options) {
  HeldBack result;
  result.levels = {{.01, 0}, {.05, 0}, {.10, 0}, {.25, 0}};
  for (std::uint64_t fold = 0; fold < kFolds; ++fold) {
    std::vector<score::Trajectory> rest, kept;
    for (const auto& one : trajectories) {
      const bool keep = stable_hash("cms.fit.fold:" + one.account) % kFolds == fold;
      (keep ? kept : rest).push_back(one);
    }
    CMS_TRY(calibration, score::calibrate(rest, horizon, options));
    for (const auto& one : kept) {
      if (one.requests < horizon) continue;
      const double poh_min = score::rank(calibration, score::greatest_evidence(calibration, one)).poh;
      for (auto& level : result.levels) level.share += poh_min <= level.a ? 1 : 0;
      ++result.accounts;
    }
  }
  for (auto& level : result.levels) level.share /= std::max(1U, result.accounts);
  return result;
}

Result<Fitted> fit(std::span<const ActivationSet> manifold, std::span<const ActivationSet> benign,
                   std::span<const ActivationSet> calibrate, const FitOptions& options,
                   const std::function<void(std::size_t, std::size_t)>& advance) {
  if (manifold.empty() || calibrate.empty()) return fail(ErrorCode::usage, "fit needs --manifold and --calibrate sets");
  CMS_TRY(sources, sources_of(calibrate, manifold.front().manifest));
  std::vector<std::uint32_t> lengths;
  for (const auto& source : sources) lengths.push_back(length_of(source));
  CMS_TRY(horizon, score::choose_horizon(lengths, options.score));

  Fitted fitted;
  CMS_TRY(atlas, atlas::fit(manifold, benign, options.atlas));
  fitted.model.atlas = std::move(atlas);
  fitted.model.atlas.provenance = provenance(manifold, benign, options, sources.size()).dump();
  fitted.model.window_length = options.window_length;
  const auto window = window_options(fitted.model.atlas, options.window_length, horizon);
  CMS_CHECK(window::make(window));

  std::vector<score::Trajectory> trajectories(sources.size());
  std::vector<Scratch> scratches(std::max(1U, options.threads));
  std::atomic<std::size_t> done{0};
  parallel_for(sources.size(), static_cast<unsigned>(scratches.size()), [&](unsigned worker, std::size_t i) {
    trajectories[i] = measure(fitted.model.atlas, window, options.score, sources[i], scratches[worker]);
    const auto ready = ++done;
    if (worker == 0 && advance) advance(ready, sources.size());
  });
  CMS_TRY(calibration, score::calibrate(trajectories, horizon, options.score));
  fitted.model.calibration = std::move(calibration);
  fitted.calibration_accounts = static_cast<std::uint32_t>(sources.size());
  fitted.warnings = warnings_of(fitted.model.calibration);
  if (const auto shared = shared_rows(calibrate, manifold, benign); shared > 0) {
    fitted.warnings.push_back(
        fmt::format("{} calibration rows are also in --manifold or --benign: honest accounts look "
                    "nearer than strangers will; calibrate on other texts",
                    shared));
  }
  std::set<std::string> groups;
  for (const auto& source : sources) groups.insert(source.group);
  for (const auto& group : groups) {
    if (fitted.model.calibration.rankings.contains(group)) continue;
    fitted.warnings.push_back(fmt::format("group \"{}\" has no ranking account: nothing is promised to it", group));
  }
  // With few accounts the folds are too small to calibrate; then nothing is said of how well it holds.
  if (auto held_back = hold_back(trajectories, horizon, options.score)) {
    fitted.held_back = std::move(*held_back);
  } else {
    fitted.warnings.push_back("too few accounts to keep some back: how well calibration holds was not measured");
  }
  return fitted;
}

}  // namespace cms::pipeline
