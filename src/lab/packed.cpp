#include "lab/packed.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/progress.hpp"
#include "lab/attackers.hpp"
#include "lab/first_study_cells.hpp"
#include "lab/ground.hpp"
#include "lab/packed_accounts.hpp"
#include "lab/packed_tap.hpp"
#include "lab/packed_vectors.hpp"
#include "pipeline/fit.hpp"
#include "pipeline/parallel.hpp"

namespace cms::lab {
namespace {

// The distance that `novel` asks for was chosen on the calibration part, among .8, .9, 1.0 and 1.1.
const std::vector<TapSetting> kTaps = {
    {"first", Cut::first, {{Choice::all, 0}}},
    {"segments", Cut::segments, {{Choice::all, 0}}},
    {"lines", Cut::lines, {{Choice::all, 0}}},
    {"keyed", Cut::lines, {{Choice::keyed, 0}}},
    {"last", Cut::lines, {{Choice::last, 0}}},
    {"odd", Cut::lines, {{Choice::odd, 0}}},
    {"farthest", Cut::lines, {{Choice::farthest, 0}}},
    {"novel", Cut::lines, {{Choice::novel, 1.1}}},
    {"lines and odd", Cut::lines, {{Choice::all, 0}, {Choice::odd, 0}}},
    {"lines and farthest", Cut::lines, {{Choice::all, 0}, {Choice::farthest, 0}}},
    {"lines and novel", Cut::lines, {{Choice::all, 0}, {Choice::novel, 1.1}}},
};

constexpr const char* kCalibrate = "calibrate";

struct Kind {
  std::string name;
  bool honest = false;
  std::optional<double> goal;
  std::vector<TextAccount> accounts;
  std::size_t dropped = 0;  // came out too short
};

// What one seed stands on.
struct Stage {
  Study study;
  std::vector<Kind> kinds;  // the first calibrates
};

constexpr double kCaught = .90;  // goal of the packed and wrapped attacks

// Of `asked` requests an account has at least so many: what an honest one has, or all where fewer are asked. A short
// one goes unflagged for being short, which says nothing of the tap.
std::size_t least_of(std::size_t asked) { return std::min<std::size_t>(asked, Length{}.requests_min); }

void add_attacks(Stage& stage, const Texts& texts, const PackedOptions& options, Random& random, TextsUsed& used) {
  const auto& split = stage.study.split;
  const auto people =
      of_origin(stage.study.corpus, options.tune ? split.calibrate : split.test, Origin::people);
  auto questions = questions_of(texts, options.tune || options.replay ? people : instruction_sets(stage.study));
  const auto single = packed(texts, questions, 1);
  used.add("questions of attackers, drawn from", stage.study, questions);
  auto others = people;  // a text that is asked is no preamble too
  std::erase_if(others, [&](std::uint32_t row) { return std::ranges::find(questions, row) != questions.end(); });
  used.add("preambles, drawn from", stage.study, others);
  if (questions.size() > options.packed_pool) questions.resize(options.packed_pool);
  const auto attack = [&](const std::string& name, std::optional<double> goal, std::size_t least, const auto& compose) {
    Kind kind{name, false, goal, {}, 0};
    for (std::uint32_t a = 0; a < options.accounts; ++a) kind.accounts.push_back(compose());
    kind.dropped = drop_short(kind.accounts, std::max<std::size_t>(least, 1));
    stage.kinds.push_back(std::move(kind));
  };
  const auto wrap = [&](const TextAccount& requests, std::uint32_t half_segments, std::size_t count) {
    return wrapped(drawn(requests, count, random), preambles(texts, others, half_segments, count, random));
  };
  // All ask as many questions, and are held to as many.
  const auto least = least_of(options.questions);
  attack("unpacked", {}, least, [&] { return drawn(single, options.questions, random); });
  for (const std::uint32_t count : {5U, 10U, 20U}) {
    const auto requests = packed(texts, questions, count);
    attack(fmt::format("packed {}", count), kCaught, least / count,
           [&] { return drawn(requests, options.questions / count, random); });
  }
  attack("wrapper, the same", kCaught, least, [&] {
    const auto one = preambles(texts, others, 2, 1, random);
    const std::vector<std::string> same(one.empty() ? 0 : options.questions, one.empty() ? "" : one.front());
    return wrapped(drawn(single, options.questions, random), same);
  });
  for (const std::uint32_t segments : {1U, 2U, 4U, 8U}) {
    attack(fmt::format("wrapper of {}", segments), kCaught, least,
           [&] { return wrap(single, 2 * segments, options.questions); });
  }
  const auto tens = packed(texts, questions, 10);
  const auto asked = options.questions / 10;
  attack("packed 10, wrapper of 1", kCaught, least_of(asked), [&] { return wrap(tens, 2, asked); });
}

Result<Stage> make_stage(const ActivationSet& set, const PackedOptions& options, std::uint64_t seed, TextsUsed& used) {
  FirstStudyOptions first;
  first.families = options.families;
  first.requests = options.requests;
  first.ranking_accounts = options.ranking_accounts;
  first.threads = options.threads;
  CMS_TRY(study, make_study(set, data_study_options(set.manifest, first, seed)));
  Stage stage{std::move(study), {}};
  const auto texts = texts_of(set, stage.study.corpus);
  Random random(seed);
  const auto add = [&](Kind kind, const std::vector<ComposedAccount>& accounts) {
    for (const auto& account : accounts) kind.accounts.push_back(as_texts(texts, account));
    stage.kinds.push_back(std::move(kind));
  };
  const auto calibrate = calibration_accounts(stage.study, first, random);
  // How long those are that rank is for each tap to say.
  note_ground(stage.study, calibrate, 0, used);
  add({kCalibrate, true, {}, {}, 0}, calibrate);
  first.scale = options.scale;
  if (options.tune) first.tune = options.data;  // honest accounts of the calibration part
  const auto cells = honest_cells(stage.study, first, seed, random);
  note_cells(stage.study, cells, used);
  for (const auto& cell : cells) {
    add({cell.name, true, cell.goal, {}, 0}, cell.accounts);
  }
  add_attacks(stage, texts, options, random, used);
  return stage;
}

std::vector<std::string> all_sequences(const Stage& stage, const std::vector<TapSetting>& settings) {
  std::vector<std::string> sequences;
  for (auto setting = settings.begin(); setting != settings.end(); ++setting) {
    const bool cut_before =
        std::any_of(settings.begin(), setting, [&](const TapSetting& earlier) { return earlier.cut == setting->cut; });
    if (cut_before) continue;
    for (const auto& kind : stage.kinds) {
      for (const auto& account : kind.accounts) {
        for (const auto& request : account) {
          for (auto& one : sequences_of(request.text, setting->cut)) sequences.push_back(std::move(one));
        }
      }
    }
  }
  return sequences;
}

// What a tap reads of one account.
struct Read {
  std::vector<std::vector<std::uint32_t>> requests;  // the vectors of each
  double sequences = 0, words = 0;
};

Read read_account(const TextAccount& account, const TapSetting& setting, const SequenceVectors& vectors) {
  Read read;
  const bool one = setting.views.size() == 1 && setting.views.front().choice == Choice::keyed;
  for (const auto& request : account) {
    read.requests.emplace_back();
    double words = 0;
    for (const auto& sequence : sequences_of(request.text, setting.cut)) {
      read.requests.back().push_back(vectors.places.at(sequence));
      words += static_cast<double>(std::ranges::count(sequence, ' ')) + 1;
    }
    // By chance means that only the one is read.
    const auto sequences = static_cast<double>(read.requests.back().size());
    read.sequences += one ? 1 : sequences;
    read.words += one ? words / sequences : words;
  }
  return read;
}

using Points = std::vector<ShownPoint>;  // of one account in one view

score::Trajectory trajectory_of(const Study& study, const Points& shown, std::span<const Projected> projected,
                                const score::Options& options, std::uint32_t horizon, pipeline::Scratch& scratch) {
  std::vector<const Projected*> points;
  for (const auto& point : shown) points.push_back(&projected[point.vector]);
  const auto window = pipeline::window_options(study.atlas, 64, horizon);
  return pipeline::trajectory(study.atlas, window, options, points, scratch);
}

// The request that brought an account to `level` in a view, from 1; 0 = never.
std::uint32_t flagging_request(const score::Calibration& calibration, const score::Trajectory& trajectory,
                               const Points& shown, double level) {
  const auto fate = fate_of(calibration, trajectory, level);
  return fate.first_flag == 0 ? 0 : shown[fate.first_flag - 1].request + 1;
}

// As the product chooses it, from the points that calibration accounts show in this view: the promise is per horizon,
// and a request may be several points.
Result<std::uint32_t> horizon_of(std::span<const Points> calibrate, const score::Options& options) {
  std::vector<std::uint32_t> lengths;
  for (const auto& points : calibrate) lengths.push_back(static_cast<std::uint32_t>(points.size()));
  return score::choose_horizon(lengths, options);
}

void count(const TextAccount& account, const Read& read, std::uint32_t flagged_by, PackedCell& cell) {
  ++cell.accounts;
  cell.requests += static_cast<double>(account.size());
  cell.sent.push_back(static_cast<double>(account.size()));
  cell.sequences += read.sequences;
  cell.words += read.words;
  if (flagged_by == 0) return;
  ++cell.flagged;
  double questions = 0;
  for (std::uint32_t r = 0; r < flagged_by; ++r) questions += account[r].questions;
  cell.flag_requests.push_back(flagged_by);
  cell.flag_questions.push_back(questions);
}

void note_horizons(std::span<const double> horizons, PackedCell& cell) {
  cell.horizons.resize(horizons.size());
  cell.seeds += 1;
  for (std::size_t v = 0; v < horizons.size(); ++v) {
    cell.horizons[v] += (horizons[v] - cell.horizons[v]) / static_cast<double>(cell.seeds);
  }
}

// The cell of a kind under a tap, made where it is missing.
PackedCell& cell_of(std::vector<PackedCell>& cells, const TapSetting& setting, const Kind& kind) {
  for (auto& cell : cells) {
    if (cell.tap == setting.name && cell.name == kind.name) return cell;
  }
  PackedCell cell;
  cell.tap = setting.name, cell.name = kind.name, cell.honest = kind.honest, cell.goal = kind.goal;
  return cells.emplace_back(std::move(cell));
}

Result<void> judge(const Stage& stage, const TapSetting& setting, const SequenceVectors& vectors,
                   std::span<const Projected> projected, const PackedOptions& options, std::uint64_t seed,
                   std::vector<PackedCell>& cells) {
  const double level = kFlagged / static_cast<double>(setting.views.size());
  std::vector<const TextAccount*> accounts;
  for (const auto& kind : stage.kinds) {
    for (const auto& account : kind.accounts) accounts.push_back(&account);
  }
  std::vector<Read> read;
  for (const auto* account : accounts) read.push_back(read_account(*account, setting, vectors));
  std::vector<std::uint32_t> flagged_by(accounts.size());  // the earliest request over the views
  std::vector<double> points(accounts.size());
  std::vector<pipeline::Scratch> scratches(options.threads);
  Progress progress(fmt::format("{}, seed {}", setting.name, seed), "accounts", accounts.size() * setting.views.size());
  std::vector<double> horizons;
  const std::size_t calibrate = stage.kinds.front().accounts.size();
  for (const auto& view : setting.views) {
    std::vector<Points> shown(accounts.size());
    pipeline::parallel_for(accounts.size(), options.threads, [&](unsigned, std::size_t i) {
      Random random(seed * 1'000'003 + i);
      shown[i] = show(read[i].requests, view, projected, random);
      points[i] += static_cast<double>(shown[i].size());
    });
    CMS_TRY(horizon, horizon_of(std::span(shown).first(calibrate), options.score));
    horizons.push_back(horizon);
    std::vector<score::Trajectory> trajectories(accounts.size());
    pipeline::parallel_for(accounts.size(), options.threads, [&](unsigned worker, std::size_t i) {
      trajectories[i] = trajectory_of(stage.study, shown[i], projected, options.score, horizon, scratches[worker]);
      trajectories[i].account = fmt::format("{}-{}", kCalibrate, i);
      if (worker == 0) progress.advance(options.threads);
    });
    CMS_TRY(calibration, score::calibrate(std::span(trajectories).first(calibrate), horizon, options.score));
    for (std::size_t i = calibrate; i < accounts.size(); ++i) {
      const auto by = flagging_request(calibration, trajectories[i], shown[i], level);
      if (by > 0 && (flagged_by[i] == 0 || by < flagged_by[i])) flagged_by[i] = by;
    }
  }
  std::size_t next = stage.kinds.front().accounts.size();
  for (const auto& kind : std::span(stage.kinds).subspan(1)) {
    auto& cell = cell_of(cells, setting, kind);
    cell.dropped += kind.dropped;
    note_horizons(horizons, cell);
    for (const auto& account : kind.accounts) {
      count(account, read[next], flagged_by[next], cell);
      cell.points += points[next];
      ++next;
    }
  }
  return {};
}

std::vector<Projected> project_all(const atlas::Atlas& atlas, const ActivationSet& set) {
  std::vector<Projected> projected(set.count());
  std::vector<std::size_t> rows(set.count());
  for (std::size_t i = 0; i < rows.size(); ++i) rows[i] = i;
  pipeline::Scratch scratch;
  pipeline::project_rows(atlas, set, rows, scratch, projected);
  return projected;
}

Result<std::vector<TapSetting>> settings_of(const PackedOptions& options) {
  if (options.taps.empty()) return kTaps;
  std::vector<TapSetting> settings;
  for (const auto& name : options.taps) {
    const auto found = std::ranges::find(kTaps, name, &TapSetting::name);
    if (found == kTaps.end()) return fail(ErrorCode::usage, fmt::format("no tap \"{}\"", name));
    settings.push_back(*found);
  }
  return settings;
}

}  // namespace

Result<std::vector<PackedCell>> run_packed(const PackedOptions& options, TextsUsed& texts) {
  CMS_TRY(settings, settings_of(options));
  CMS_TRY(set, read_ground(options.data, options.families));
  CMS_TRY(vectors, open_sequences(set, options.work));
  std::vector<PackedCell> cells;
  for (const auto seed : options.seeds) {
    CMS_TRY(stage, make_stage(set, options, seed, texts));
    CMS_CHECK(read_missing(vectors, all_sequences(stage, settings), options.model, options.work, options.threads));
    const auto projected = project_all(stage.study.atlas, vectors.set);
    for (const auto& setting : settings) {
      CMS_CHECK(judge(stage, setting, vectors, projected, options, seed, cells));
    }
  }
  return cells;
}

}  // namespace cms::lab
