#include "lab/demo.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <functional>
#include <iterator>
#include <optional>
#include <span>
#include <string>
#include <system_error>
#include <utility>

#include "atlas/atlas.hpp"
#include "atlas/fit.hpp"
#include "base/files.hpp"
#include "base/hash.hpp"
#include "lab/attackers.hpp"
#include "lab/honest.hpp"
#include "lab/split.hpp"
#include "lab/study.hpp"
#include "tap/activation_set.hpp"
#include "tap/json_lines.hpp"

namespace cms::lab {
namespace {

using Composed = std::optional<ComposedAccount>;
using HonestKind = Composed (*)(const Corpus&, Pool, const HonestOptions&, Random&);
using AttackKind = Composed (*)(const Corpus&, Pool, const AttackOptions&, Random&);

constexpr std::array<HonestKind, 5> kHonestKinds = {single, mixed, power, batch, generalist};

// The parts of the demo, as pools of corpus rows.
struct Parts {
  Split split;  // its test part is the demo's
  std::vector<std::uint32_t> fit_people;
  std::vector<std::uint32_t> calibrate_people;
  std::vector<std::uint32_t> live_people;
  std::vector<std::uint32_t> live_distillers;
};

Result<Parts> parts_of(const ActivationSet& set, const Corpus& corpus) {
  CMS_TRY(split, annotated_split(set, corpus));
  const auto of = [&](Pool pool, Origin origin) {
    return of_origin(corpus, pool, origin);
  };
  Parts parts;
  parts.fit_people = of(split.fit, Origin::people);
  parts.calibrate_people = of(split.calibrate, Origin::people);
  parts.live_people = of(split.test, Origin::people);
  parts.live_distillers = of(split.test, Origin::distiller);
  parts.split = std::move(split);
  return parts;
}

// Gives the corpus its points in an atlas fitted on the fit rows; until then they were raw, where all texts are alike.
// Only the projection is read, so one chart will do.
Result<void> place_rows(const ActivationSet& set, const ActivationSet& manifold, const ActivationSet& benign,
                        Corpus& corpus) {
  const std::array manifolds = {manifold};
  const std::array benigns = {benign};
  CMS_TRY(atlas, atlas::fit(manifolds, benigns, atlas::FitOptions{.chart_count = 1}));
  corpus.rank = atlas.rank;
  corpus.points.clear();
  for (const auto& row : corpus.rows) {
    const auto point = atlas::project_point(atlas, set.row(row.source_row));
    corpus.points.insert(corpus.points.end(), point.begin(), point.end());
  }
  return {};
}

Result<std::vector<ComposedAccount>> calibration_accounts(const Corpus& corpus, Pool people,
                                                          const DemoOptions& options, Random& random) {
  HonestOptions honest;
  honest.length = {options.requests_max, options.requests_min};
  std::vector<ComposedAccount> accounts;
  for (const auto kind : kHonestKinds) {
    auto made = compose_many(options.calibration_per_kind, [&] { return kind(corpus, people, honest, random); });
    if (made.size() < options.calibration_per_kind) {
      return fail(ErrorCode::bad_input,
                  fmt::format("the rows of split \"calibrate\" give {} of {} honest accounts of one kind: capture more "
                              "prompts of people",
                              made.size(), options.calibration_per_kind));
    }
    std::move(made.begin(), made.end(), std::back_inserter(accounts));
  }
  return accounts;
}

// Composes the live accounts one by one; each has its own length.
class LiveAccounts {
 public:
  LiveAccounts(const Corpus& corpus, const Parts& parts, const DemoOptions& options, Random& random)
      : corpus_(corpus), parts_(parts), options_(options), random_(random) {}

  void add_honest(HonestKind kind, Pool pool) {
    HonestOptions honest;
    honest.length = length();
    add([&] { return kind(corpus_, pool, honest, random_); });
  }
  // `name` when the kind needs another than its own.
  void add_attacker(AttackKind kind, Pool pool, const char* name = nullptr) {
    AttackOptions attack;
    attack.length = length();
    add([&] {
      auto account = kind(corpus_, pool, attack, random_);
      if (account && name != nullptr) account->kind = name;
      return account;
    });
  }
  void add_diluted() {
    AttackOptions attack;
    attack.length = length();
    const DilutedPools pools{parts_.live_distillers, parts_.live_people};
    add([&] { return diluted(corpus_, pools, attack, random_); });
  }

  [[nodiscard]] Result<std::vector<ComposedAccount>> take() {
    if (complete_) return std::move(accounts_);
    return fail(ErrorCode::bad_input, "the rows of split \"demo\" are too few for its accounts: capture more prompts");
  }

 private:
  Length length() {
    const auto span = options_.requests_max - options_.requests_min + 1;
    return {options_.requests_min + static_cast<std::uint32_t>(random_.below(span)), options_.requests_min};
  }
  void add(const std::function<Composed()>& compose) {
    auto made = compose_many(1, compose);
    complete_ = complete_ && made.size() == 1;
    std::move(made.begin(), made.end(), std::back_inserter(accounts_));
  }

  const Corpus& corpus_;
  const Parts& parts_;
  const DemoOptions& options_;
  Random& random_;
  std::vector<ComposedAccount> accounts_;
  bool complete_ = true;
};

// Four people with one use each (of four different fields), two with two, two power users, a generalist, a batch job;
// and six attackers.
Result<std::vector<ComposedAccount>> live_accounts(const Corpus& corpus, const Parts& parts,
                                                   const DemoOptions& options, Random& random) {
  constexpr std::size_t kSingles = 4;
  const Pool people = parts.live_people;
  auto fields = families_with(corpus, people, options.requests_max);
  random.shuffle(fields);
  if (fields.size() <= kSingles) {
    return fail(ErrorCode::bad_input, fmt::format("{} fields hold {} texts of people in split \"demo\"; {} are needed",
                                                  fields.size(), options.requests_max, kSingles + 1));
  }
  const auto field = [&](std::size_t i) { return by_family(corpus, people)[fields[i]]; };
  LiveAccounts live(corpus, parts, options, random);
  for (std::size_t i = 0; i < kSingles; ++i) live.add_honest(single, field(i));
  for (int i = 0; i < 2; ++i) live.add_honest(mixed, people);
  for (int i = 0; i < 2; ++i) live.add_honest(power, people);
  live.add_honest(generalist, people);
  live.add_honest(batch, field(kSingles));
  live.add_attacker(naive, parts.live_distillers);
  live.add_attacker(systematic, parts.live_distillers);
  live.add_attacker(sorted, parts.live_distillers);
  live.add_attacker(clustered, parts.live_distillers);
  live.add_diluted();
  live.add_attacker(naive, people, "replayed");
  return live.take();
}

bool is_attacker(const ComposedAccount& account) {
  return std::find(account.from_attacker.begin(), account.from_attacker.end(), true) != account.from_attacker.end();
}

// The two sides are named apart, so that every table says what an account is.
ActivationSet live_set(const ActivationSet& set, const Corpus& corpus, std::span<const ComposedAccount> accounts,
                       Random& random) {
  const auto first = std::find_if(accounts.begin(), accounts.end(), is_attacker);
  const auto honest_count = static_cast<std::size_t>(first - accounts.begin());
  auto live = compose_set(set, corpus, accounts.first(honest_count), "honest-", random);
  const auto attackers = compose_set(set, corpus, accounts.subspan(honest_count), "attacker-", random);
  live.values.insert(live.values.end(), attackers.values.begin(), attackers.values.end());
  live.rows.insert(live.rows.end(), attackers.rows.begin(), attackers.rows.end());
  return live;
}

}  // namespace

Result<Demo> compose_demo(const ActivationSet& set, const DemoOptions& options) {
  if (options.requests_min == 0 || options.requests_min > options.requests_max) {
    return fail(ErrorCode::usage, "requests_min must be at least 1 and at most requests_max");
  }
  const CorpusOptions seen{.words_max = set.manifest.words_max, .chars_max = set.manifest.chars_max};
  CMS_TRY(corpus, make_corpus(set.rows, set.values, set.manifest.dimension, seen));
  CMS_TRY(parts, parts_of(set, corpus));
  Demo demo;
  demo.manifold = rows_of(set, corpus, parts.split.fit);
  demo.benign = rows_of(set, corpus, parts.fit_people);
  CMS_CHECK(place_rows(set, demo.manifold, demo.benign, corpus));

  Random live_random(stable_hash(fmt::format("cms.demo.live/{}", options.seed)));
  CMS_TRY(live, live_accounts(corpus, parts, options, live_random));
  demo.live = live_set(set, corpus, live, live_random);
  Random random(stable_hash(fmt::format("cms.demo.calibrate/{}", options.seed)));
  CMS_TRY(calibration, calibration_accounts(corpus, parts.calibrate_people, options, random));
  demo.calibrate = compose_set(set, corpus, calibration, "calibrate-", random);
  return demo;
}

Result<void> write_demo(const std::filesystem::path& folder, const Demo& demo) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) return fail(ErrorCode::failed, fmt::format("{}: {}", folder.string(), error.message()));
  CMS_CHECK(tap::write_set(folder / "manifold", demo.manifold, tap::Dtype::float16));
  CMS_CHECK(tap::write_set(folder / "benign", demo.benign, tap::Dtype::float16));
  CMS_CHECK(tap::write_set(folder / "calibrate", demo.calibrate, tap::Dtype::float16));
  CMS_CHECK(tap::write_set(folder / "expected", demo.live, tap::Dtype::float16));
  std::string prompts;
  for (auto row : demo.live.rows) {
    row.tokens_seen = 0;  // the capture counts them itself
    row.tokens_total = 0;
    prompts += tap::format_row_info(row);
  }
  return write_file(folder / "live.jsonl", prompts);
}

}  // namespace cms::lab
