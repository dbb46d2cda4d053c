#include "lab/fleet.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <iterator>
#include <numeric>
#include <set>

#include "base/progress.hpp"
#include "fleet/looks.hpp"
#include "lab/baselines.hpp"
#include "lab/first_study_cells.hpp"
#include "lab/fleet_hidden.hpp"
#include "lab/fleet_together.hpp"
#include "lab/ground.hpp"
#include "lab/school.hpp"
#include "lab/statistics.hpp"
#include "pipeline/parallel.hpp"
#include "pipeline/signatures.hpp"
#include "pipeline/tariff.hpp"
#include "types/score.hpp"

namespace cms::lab {
namespace {

using Clock = std::chrono::steady_clock;
using Names = std::vector<std::string>;

constexpr std::uint32_t kAccountsJudgedAlone = 100;  // of a campaign, by PoH and baselines
constexpr std::uint32_t kHonestAlone = 300;          // that set the baselines' thresholds
constexpr std::uint32_t kPairs = 20'000;
constexpr std::uint32_t kExamined = 300;             // texts that students of campaigns are judged on
constexpr std::size_t kRecalledFleets = 10;          // seen together, for the recall of links
constexpr std::uint64_t kCalibrating = 1, kTesting = 2;  // purposes of fleets
constexpr std::size_t kPrada = 0, kMmd = 1;          // the baselines that accounts are judged by alone

const Names kTuneSets = {"natinst_gpt3",   "cot_elicit",     "mea_meaeq_agnews", "mea_meaeq_hatespeech",
                         "mea_meaeq_imdb", "mea_meaeq_sst2", "chatdoctor5k"};

// The rows a seed works with. Honest accounts whose own texts calibrated what judges them stand better than others:
// among fleets of the calibrate part four times fewer were suspects than among those under test. So fleets that
// calibrate are of one half of the test part's people, those under test of the other. Tuning has the calibrate part for
// both.
struct Parts {
  std::vector<std::uint32_t> calibrate, people, sets;
};

Parts parts_of(const Study& study, bool tune, std::uint64_t seed) {
  const auto& corpus = study.corpus;
  if (tune) {
    const auto people = known_people(study, study.split.calibrate);
    return {people, people, of_families(corpus, all_rows(corpus), kTuneSets)};
  }
  const auto halves = apart(corpus, known_people(study, study.split.test), 2, seed);
  return {halves[0], halves[1], instruction_sets(study)};
}

// What accounts ask for themselves, each row once.
std::vector<std::uint32_t> extracted_rows(std::span<const ComposedAccount> accounts) {
  std::set<std::uint32_t> rows;
  for (const auto& account : accounts) {
    for (std::size_t i = 0; i < account.rows.size(); ++i) {
      if (account.from_attacker[i]) rows.insert(account.rows[i]);
    }
  }
  return {rows.begin(), rows.end()};
}

School school_of(const Ground& ground, const ActivationSet& set, std::uint64_t seed) {
  Random random(seed + 43);
  return make_school(ground, set, kExamined, random);
}

// An honest fleet as every look finds it, the last one at its end.
struct SeenFleet {
  ComposedFleet composed;
  std::vector<fleet::FleetLook> looks;

  [[nodiscard]] const std::vector<fleet::Signature>& signatures() const { return looks.back().accounts; }
  [[nodiscard]] const std::vector<float>& pohs() const { return looks.back().pohs; }
};

class SeedRun {
 public:
  SeedRun(const FleetStudyOptions& options, const ActivationSet& set, const Ground& ground, std::uint64_t seed,
          TextsUsed& texts)
      : options_(options), set_(set), ground_(ground), study_(ground.study), texts_(texts), seed_(seed),
        parts_(parts_of(ground.study, options.tune, seed)), school_(school_of(ground, set, seed)),
        tariff_(pipeline::tariff(ground.model)) {}

  Result<void> run(FleetResult& result) {
    CMS_CHECK(calibrate(result));
    for (const auto& [kind, all] : calibration_.rankings) result.ranked.push_back(static_cast<unsigned>(all.size()));
    tests_ = fleets(parts_.people, options_.test_fleets, "test", kTesting);
    for (const auto& test : tests_) {
      texts_.add("fleets under test", study_, test.composed.accounts);
      CMS_CHECK(judge_honest(test, result));
    }
    Random random(seed_ + 40);
    result.honest_shared_texts += shared_texts(study_.corpus, tests_[0].composed.accounts, 2'000, random) /
                                  static_cast<double>(options_.seeds.size());
    set_thresholds();
    std::vector<CampaignRow> rows;
    Progress progress(fmt::format("hiding campaigns, seed {}", seed_), "campaigns", std::size(kHidden));
    for (std::size_t h = 0; h < std::size(kHidden); ++h) {
      CMS_TRY(row, hide(kHidden[h], tests_[h % tests_.size()], seed_ + 50 + h, result));
      rows.push_back(std::move(row));
      progress.advance(1);
    }
    result.campaigns.push_back(std::move(rows));
    if (!options_.costs) return {};
    return add_costs(result);
  }

 private:
  fleet::Signature signature_of(const ComposedAccount& account) const {
    pipeline::SignatureMaker maker(study_.atlas, window::Options{}.length, options_.signature);
    for (const auto row : account.rows) maker.take(study_.projected[row]);
    return maker.signature();
  }

  void see(const ComposedAccount& account, std::vector<fleet::FleetLook>& looks) const {
    pipeline::SignatureMaker maker(study_.atlas, window::Options{}.length, options_.signature);
    const auto poh = poh_of(ground_, account.rows);
    std::size_t next = 0;
    for (std::size_t look = 0; look < looks.size(); ++look) {
      const auto end = fleet::sent_at(look, looks.size(), account.rows.size());
      for (; next < end; ++next) maker.take(study_.projected[account.rows[next]]);
      looks[look].accounts.push_back(maker.signature());
      looks[look].pohs.push_back(static_cast<float>(poh[next - 1]));
    }
  }

  // Fleets number f of purpose p have chance of their own.
  std::vector<SeenFleet> fleets(Pool people, std::uint32_t count, const char* what, std::uint64_t purpose) const {
    std::vector<SeenFleet> made(count);
    Progress progress(fmt::format("composing {} fleets, seed {}", what, seed_), "fleets", count);
    pipeline::parallel_for(count, options_.threads, [&](unsigned worker, std::size_t f) {
      Random random(seed_ * 1'000'003 + purpose * 1'009 + f);
      made[f].composed = honest_fleet(study_.corpus, people, options_.fleet, random);
      made[f].looks.resize(purpose == kCalibrating && f % 2 == 0 ? 1 : options_.looks);  // those fix the evidence
      for (const auto& account : made[f].composed.accounts) see(account, made[f].looks);
      if (worker == 0) progress.advance(std::max(1U, options_.threads));
    });
    return made;
  }

  Result<void> calibrate(FleetResult& result) {
    auto seen = fleets(parts_.calibrate, options_.calibration_fleets, "calibration", kCalibrating);
    std::vector<fleet::HonestFleet> honest;
    // Where kinds do not rank for themselves all communities rank together: a few of one kind would not reach .01.
    for (auto& one : seen) {
      texts_.add("fleets that calibrate", study_, one.composed.accounts);
      auto kinds = one.composed.kinds_of_accounts();
      if (!options_.by_kind) kinds.assign(kinds.size(), {});
      auto last = std::move(one.looks.back());
      one.looks.pop_back();
      honest.push_back({std::move(last.accounts), std::move(kinds), std::move(last.pohs), std::move(one.looks)});
    }
    CMS_TRY(calibration, fleet::calibrate(honest, options_.campaign));
    calibration_ = std::move(calibration);
    if (!result.recalls.empty()) return {};
    auto together = honest.front().accounts;
    auto pohs = honest.front().pohs;
    result.recalls.push_back(link_recall(together, pohs, calibration_.breadth, options_.campaign.links));
    for (std::size_t f = 1; f < std::min(kRecalledFleets, honest.size()); ++f) {
      together.insert(together.end(), honest[f].accounts.begin(), honest[f].accounts.end());
      pohs.insert(pohs.end(), honest[f].pohs.begin(), honest[f].pohs.end());
    }
    result.recalls.push_back(link_recall(together, pohs, calibration_.breadth, options_.campaign.links));
    return {};
  }

  Result<SeenTogether> look(std::span<const fleet::Signature> accounts, fleet::Pohs pohs) const {
    auto links = fleet::find_links(accounts, pohs, calibration_.breadth, options_.campaign.links);
    CMS_TRY(communities, fleet::find_campaigns(calibration_, accounts, links, pohs));
    auto campaigns = fleet::gather(calibration_, accounts, links, communities, kFlagged, pohs);
    return SeenTogether{std::move(links), std::move(communities), std::move(campaigns)};
  }

  // Communities that are flagged at any look, each followed over all of them; `last` are those of the last look.
  Result<void> judge_ever(const SeenFleet& test, std::span<const fleet::Campaign> last, FleetResult& result) const {
    std::vector<std::vector<fleet::Campaign>> looks;
    for (const auto& earlier : std::span(test.looks).first(test.looks.size() - 1)) {
      CMS_TRY(communities, fleet::find_campaigns(calibration_, earlier.accounts, 0, earlier.pohs));
      looks.push_back(std::move(communities));
    }
    looks.emplace_back(last.begin(), last.end());
    for (const auto& least : fleet::least_standings(static_cast<std::uint32_t>(test.signatures().size()), looks)) {
      result.honest_communities_followed += 1;
      if (least.poh <= kFlagged) result.honest_ever_told.push_back({least.evidence, 1});
    }
    return {};
  }

  Result<void> judge_honest(const SeenFleet& test, FleetResult& result) const {
    const auto start = Clock::now();
    CMS_TRY(seen, look(test.signatures(), test.pohs()));
    result.look_seconds = std::chrono::duration<double>(Clock::now() - start).count();
    const auto& [links, communities, campaigns] = seen;
    result.looks = options_.looks;
    CMS_CHECK(judge_ever(test, communities, result));
    result.honest_communities += communities.size();
    for (const auto& one : flagged_by_evidence(seen)) {
      result.honest_told.push_back({one.evidence, static_cast<double>(one.campaign->communities)});
    }
    if (result.campaigns.empty()) {
      for (const auto& one : communities) result.sight.communities.push_back(dot_of(one, CommunityDot::Side::honest));
      result.sight.coefficients = calibration_.coefficients;
      result.sight.scale = calibration_.scale;
      result.sight.breadth_flagged = breadth_unflagged(calibration_, kFlagged);
    }
    const auto flags = fleet::flagged(campaigns, test.signatures().size(), kFlagged);
    result.honest_accounts += flags.size();
    result.honest_accounts_flagged += static_cast<std::uint64_t>(std::ranges::count(flags, true));
    std::ranges::move(groups_of(test.composed, flags), std::back_inserter(result.groups));
    return {};
  }

  std::array<double, 2> baselines_of(const ComposedAccount& account) const {
    const auto rows = account_rows(study_, set_, account.rows);
    return {prada(rows.raws), benign_mmd(rows.points, rows.benign_kernels, study_.atlas.bandwidth,
                                         study_.atlas.reference_self)};
  }

  // Conformal at 1%: at most so many honest accounts lie at or above what is flagged.
  void set_thresholds() {
    Random random(seed_ + 41);
    auto options = options_.fleet;
    options.accounts = kHonestAlone;
    options.grouped = 0;
    const auto honest = honest_fleet(study_.corpus, parts_.calibrate, options, random).accounts;
    texts_.add("thresholds of baselines", study_, honest);
    std::vector<std::array<double, 2>> scores(honest.size());
    pipeline::parallel_for(honest.size(), options_.threads,
                           [&](unsigned, std::size_t a) { scores[a] = baselines_of(honest[a]); });
    for (const auto baseline : {kPrada, kMmd}) {
      std::vector<double> values;
      for (const auto& score : scores) values.push_back(score[baseline]);
      std::sort(values.rbegin(), values.rend());
      const auto allowed = static_cast<std::size_t>(kFlagged * static_cast<double>(values.size() + 1));
      thresholds_[baseline] = values[std::max<std::size_t>(1, allowed) - 1];
    }
  }

  void judge_alone(std::span<const ComposedAccount> accounts, CampaignRow& row) const {
    const std::size_t count = std::min<std::size_t>(kAccountsJudgedAlone, accounts.size());
    std::vector<std::array<bool, 3>> hits(count);
    pipeline::parallel_for(count, options_.threads, [&](unsigned, std::size_t a) {
      const auto scores = baselines_of(accounts[a]);
      hits[a] = {standing_of(ground_, accounts[a].rows).first_flag > 0, scores[kPrada] > thresholds_[kPrada],
                 scores[kMmd] > thresholds_[kMmd]};
    });
    for (const auto& hit : hits) {
      row.best_account += hit[0] ? 1.0 / static_cast<double>(count) : 0;
      row.prada += hit[1] ? 1.0 / static_cast<double>(count) : 0;
      row.mmd += hit[2] ? 1.0 / static_cast<double>(count) : 0;
    }
  }

  // How well pairs of accounts from `first` on stand out among pairs of honest ones.
  void judge_pairs(std::span<const fleet::Signature> all, fleet::Pohs pohs, std::size_t first,
                   CampaignRow& row) const {
    Random random(seed_ + 42);
    const auto& links = options_.campaign.links;
    const auto outlyingness = [&](std::size_t a) {
      return fleet::outlyingness_of(calibration_.breadth, links, all[a], pohs[a]);
    };
    const auto values = [&](std::size_t from, std::size_t count, bool weigh) {
      std::vector<double> made;
      for (std::uint32_t p = 0; p < kPairs; ++p) {
        const auto a = random.below(count), b = (a + 1 + random.below(count - 1)) % count;
        const auto &one = all[from + a], &other = all[from + b];
        made.push_back(weigh ? fleet::link_weight(std::min(outlyingness(from + a), outlyingness(from + b)), links, one,
                                                  other)
                             : -fleet::distance_squared(one, other));
      }
      return made;
    };
    const auto members = all.size() - first;
    row.pairs_area = area_under_curve(values(first, members, false), values(0, first, false));
    row.links_area = area_under_curve(values(first, members, true), values(0, first, true));
  }

  Result<CampaignRow> hide(const Hidden& hidden, const SeenFleet& test, std::uint64_t seed,
                           FleetResult& result) const {
    Random random(seed);
    const auto& stream = hidden.replayed ? parts_.people : parts_.sets;
    auto shape = hidden.shape;
    // One that is as large as the whole fleet stays so; others have a tenth of it at most.
    const auto accounts_max = shape.accounts < FleetOptions{}.accounts ? options_.fleet.accounts / 10
                                                                         : options_.fleet.accounts;
    shape.accounts = std::min(shape.accounts, std::max(10U, accounts_max));
    const auto accounts = campaign(study_.corpus, {stream, parts_.people}, shape, random);
    CampaignRow row;
    row.name = fmt::format("{}, {} x {}", hidden.name, shape.accounts, shape.requests);
    if (shape.accounts == hidden.shape.accounts) row.goal = hidden.goal;  // goals are of campaigns of full size
    row.accounts = static_cast<std::uint32_t>(accounts.size());
    if (accounts.size() < 2) return row;
    auto signatures = test.signatures();
    auto pohs = test.pohs();
    pohs.resize(test.pohs().size() + accounts.size());
    std::vector<double> paid(accounts.size());
    pipeline::parallel_for(accounts.size(), options_.threads, [&](unsigned, std::size_t a) {
      const auto poh = poh_of(ground_, accounts[a].rows);
      pohs[test.pohs().size() + a] = static_cast<float>(poh.back());
      paid[a] = paid_of(ground_, tariff_, accounts[a].rows, poh);
    });
    std::size_t requests = 0;
    for (std::size_t a = 0; a < accounts.size(); ++a) {
      signatures.push_back(signature_of(accounts[a]));
      requests += accounts[a].rows.size();
      row.suspects += pohs[test.pohs().size() + a] <= fleet::kSuspect ? 1.0 / static_cast<double>(accounts.size()) : 0;
    }
    row.requests = static_cast<double>(requests) / static_cast<double>(accounts.size());
    row.paid = std::accumulate(paid.begin(), paid.end(), 0.0) / static_cast<double>(requests);
    const auto extracted = extracted_rows(accounts);
    row.coverage = coverage_of(ground_.yardstick, extracted).back();
    texts_.add("campaigns", study_, accounts);
    if (!options_.tune) {
      texts_.add("examination of students", study_, school_.examination.rows);
      row.fidelity = school_.fidelity_of(extracted);
    }
    row.shared_texts = shared_texts(study_.corpus, accounts, 1'000, random);
    CMS_TRY(seen, look(signatures, pohs));
    judge_together(seen, signatures, test.composed, row);
    if (result.campaigns.empty()) {
      const SeenCampaign shown{row.name, signatures, seen.links, seen.communities, test.signatures().size()};
      CMS_CHECK(look_at(shown, hidden.pictured, result.sight));
    }
    judge_pairs(signatures, pohs, test.signatures().size(), row);
    judge_alone(accounts, row);
    return row;
  }

  // Puts the campaign's community, and where asked for a picture of the fleet, into what is seen of the first seed.
  Result<void> look_at(const SeenCampaign& seen, bool pictured, FleetSight& sight) const {
    using enum CommunityDot::Side;
    const auto most = campaign_community(seen);
    if (most != nullptr) sight.communities.push_back(dot_of(*most, most->poh <= kFlagged ? found : missed));
    if (!pictured || most == nullptr) return {};
    CMS_TRY(picture, picture_of(seen, pipeline::chart_map(study_.atlas), kFlagged));
    sight.campaigns.push_back(std::move(picture));
    return {};
  }

  // What campaigns pay among the first test fleet, by a yardstick within their reach.
  Result<void> add_costs(FleetResult& result) const {
    auto pool = parts_.sets;
    pool.insert(pool.end(), parts_.people.begin(), parts_.people.end());
    texts_.add("campaigns that pay, to choose from", study_, pool);
    CMS_TRY(yardstick, make_yardstick(study_, set_, pool, seed_));
    const auto look = look_among(calibration_, {tests_.front().signatures(), tests_.front().pohs()}, kFlagged);
    CMS_TRY(costs, fleet_costs(ground_, yardstick, {parts_.sets, parts_.people}, look, seed_));
    result.costs.push_back(std::move(costs));
    return {};
  }

  const FleetStudyOptions& options_;
  const ActivationSet& set_;
  const Ground& ground_;
  const Study& study_;
  TextsUsed& texts_;
  std::uint64_t seed_;
  Parts parts_;
  School school_;
  policy::Tariff tariff_;
  fleet::CampaignCalibration calibration_;
  std::vector<SeenFleet> tests_;
  std::array<double, 2> thresholds_{};
};

}  // namespace

Result<FleetResult> run_fleet(const FleetStudyOptions& options, TextsUsed& texts) {
  CMS_TRY(set, read_ground(options.data, options.families));
  FleetResult result;
  result.seeds = options.seeds;
  result.update_accounts = options.update_accounts;
  result.update_changed = std::min(options.update_changed, options.update_accounts);
  if (options.update_accounts > 0) {
    CMS_TRY(seconds, time_update(options.update_accounts, result.update_changed, options.campaign, 1));
    result.update_seconds = seconds;
  }
  for (const auto seed : options.seeds) {
    GroundOptions standing{options.score, options.ranking_accounts, 1, options.threads, options.families};
    standing.jobs_declared = options.fleet.jobs_declared;
    CMS_TRY(ground, make_ground(set, standing, seed, texts));
    CMS_CHECK(SeedRun(options, set, ground, seed, texts).run(result));
  }
  return result;
}

}  // namespace cms::lab
