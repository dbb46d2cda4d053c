#include "lab/economics.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <map>
#include <set>

#include "base/progress.hpp"
#include "lab/attackers.hpp"
#include "lab/first_study_cells.hpp"
#include "lab/honest.hpp"
#include "lab/school.hpp"
#include "pipeline/parallel.hpp"

namespace cms::lab {
namespace {

constexpr std::array<double, 5> kBudgets = {50, 100, 200, 400, 800};
constexpr double kBuyersFloor = .01;
constexpr std::uint32_t kPatience = 400;  // requests a patient attacker waits for something new
constexpr std::uint32_t kTeams = 20;      // of each size
constexpr std::uint32_t kOldBilled = 30;  // old honest accounts of a kind that are billed
constexpr std::uint32_t kOwnCharts = 1'024;  // of an attacker who does not know the yardstick

using Rows32 = std::vector<std::uint32_t>;

// One seed's material.
struct Market {
  const Ground& ground;
  const EconomicsOptions& options;
  std::uint64_t seed = 0;
  Rows32 pool;    // of attackers
  Rows32 people;  // of honest accounts
  PriceGround prices;
  Rules rules{};
  std::vector<Honest> honest;   // of ordinary length
  std::set<std::string> known;  // kinds of these that calibration knows
  std::vector<Honest> old;      // of up to long_requests
  Yardstick own;                // of an attacker who does not know the ground's
};

// Cells around texts drawn from the pool: what an attacker can make of the atlas' space by itself. Each is worth the
// share of the pool in it.
Yardstick own_charts(const Market& market) {
  const auto& corpus = market.ground.study.corpus;
  Random random(market.seed + 8);
  const auto centres = draw(corpus, market.pool, kOwnCharts, random);
  Yardstick own{std::vector<std::uint16_t>(corpus.rows.size()), std::vector<double>(centres.size())};
  pipeline::parallel_for(corpus.rows.size(), market.options.threads, [&](unsigned, std::size_t row) {
    float nearest = -2;
    for (std::size_t c = 0; c < centres.size(); ++c) {
      const float near = cosine(corpus, static_cast<std::uint32_t>(row), centres[c]);
      if (near > nearest) nearest = near, own.charts[row] = static_cast<std::uint16_t>(c);
    }
  });
  for (const auto row : market.pool) own.mass[own.charts[row]] += 1 / static_cast<double>(market.pool.size());
  return own;
}

struct Halves {
  std::vector<ComposedAccount> a, b;
};

// The accounts that calibrated the ground, composed anew, by the half they are in.
Halves calibration_halves(const Ground& ground, const EconomicsOptions& options, std::uint64_t seed) {
  auto study_options = ground.options;
  study_options.scale = 1;
  study_options.ranking_accounts = options.ranking_accounts;
  Random random(seed);
  Halves halves;
  const auto all = calibration_accounts(ground.study, study_options, random);
  for (std::size_t i = 0; i < all.size(); ++i) {
    (score::in_ranking_half(fmt::format("calibrate-{}", i)) ? halves.b : halves.a).push_back(all[i]);
  }
  return halves;
}

// Puts the kinds that calibration knows into `known`.
std::vector<ComposedAccount> honest_accounts(const Ground& ground, std::uint64_t seed, std::set<std::string>& known) {
  Random random(seed + 1);
  std::vector<ComposedAccount> accounts;
  for (auto& cell : honest_cells(ground.study, ground.options, seed, random)) {
    for (auto& account : cell.accounts) {
      if (cell.calibration_kind) known.insert(cell.name);
      account.kind = cell.name;
      accounts.push_back(std::move(account));
    }
  }
  return accounts;
}

// Old accounts, generalists and power users in turn.
std::vector<ComposedAccount> old_accounts(const Market& market) {
  HonestOptions honest;
  honest.length = {market.options.long_requests, std::min(400U, market.options.long_requests)};
  Random random(market.seed + 3);
  const auto& corpus = market.ground.study.corpus;
  bool general = false;
  return compose_many(market.options.long_accounts, [&] {
    general = !general;
    return (general ? generalist : power)(corpus, market.people, honest, random);
  });
}

void note(const Market& market, const Halves& halves, TextsUsed& texts) {
  const auto& study = market.ground.study;
  texts.add("price rules", study, halves.a);
  texts.add("price rules", study, halves.b);
  texts.add("attackers, to choose from", study, market.pool);
  for (const auto& one : market.honest) {
    texts.add(use_of(one.kind, true), study, one.rows);
    texts.add("scales at equal surcharge", study, one.rows);
  }
  for (const auto& one : market.old) texts.add("old honest accounts", study, one.rows);
}

Result<Market> make_market(const Ground& ground, const EconomicsOptions& options, std::uint64_t seed,
                           TextsUsed& texts) {
  Market market{ground, options, seed, {}, {}, {}, {}, {}, {}, {}, {}};
  const auto& study = ground.study;
  market.pool = options.tune ? study.split.calibrate : study.split.test;
  market.people = of_origin(study.corpus, market.pool, Origin::people);
  const auto halves = calibration_halves(ground, options, seed);
  market.prices = make_price_ground(ground, halves.a, options.threads);
  const auto half_b = with_poh(ground, halves.b, options.threads);
  const Charged fitted{&market.prices, half_b};
  pipeline::parallel_for(kRuleCount, options.threads, [&](unsigned, std::size_t r) {
    market.rules[r] = rule_of(static_cast<RuleKind>(r), {&fitted, 1});
  });
  if (options.tune) {
    market.honest = half_b;
    for (const auto& account : half_b) market.known.insert(account.kind);
  } else {
    market.honest = with_poh(ground, honest_accounts(ground, seed, market.known), options.threads);
  }
  const auto is_known = [&](const Honest& one) { return market.known.contains(one.kind); };
  if (std::ranges::none_of(market.honest, is_known)) {
    return fail(ErrorCode::bad_input, "of the people's texts of the test part no honest account could be composed: "
                                      "several families with some 300 texts each are needed");
  }
  for (const auto& account : old_accounts(market)) market.old.push_back({account.kind, account.rows, {}});
  market.own = own_charts(market);
  note(market, halves, texts);
  return market;
}

// --- attacks -------------------------------------------------------------------------------------------------------

std::vector<WhiteBoxOptions> one_account_ways(const Market& market, double floor) {
  WhiteBoxOptions base;
  base.floor = floor;
  base.accounts_max = 1;
  base.requests_max = market.options.requests_max;
  base.coverage_max = kReached + 1e-9;
  std::vector<WhiteBoxOptions> ways;
  for (const std::uint32_t pace : {0U, 1U, 3U}) {
    ways.push_back(base);
    ways.back().pace = pace;
    if (floor <= 0) break;
  }
  base.patient = true;
  base.idle_max = kPatience;
  if (floor > 0) ways.push_back(base);
  base.prices = &market.prices;
  // A price that it never exceeds: 1 waits for the allowance; 3 buys what the waiting is not worth.
  using enum RuleKind;
  for (const auto& [kind, most] : {std::pair(charts, 1.0), {charts, 3.0}, {mass, 1.0}, {rank, 1.0}, {b4b_charts, 3.0},
                                   {proof_of_work, 1.5}}) {
    ways.push_back(base);
    ways.back().rule = market.rules[static_cast<std::size_t>(kind)];
    ways.back().price_max = most;
  }
  return ways;
}

std::vector<WhiteBoxOptions> many_account_ways(const Market& market, double floor) {
  WhiteBoxOptions base;
  base.floor = floor;
  base.requests_max = market.options.requests_max;
  base.coverage_max = kReached + 1e-9;
  std::vector<WhiteBoxOptions> ways;
  for (const std::uint32_t length : {0U, 128U, 64U, 32U, 15U, 8U}) {
    ways.push_back(base);
    ways.back().account_requests = length;
    auto planning = ways.back();
    planning.prices = &market.prices;
    planning.rule = market.rules[static_cast<std::size_t>(RuleKind::charts)];
    planning.price_max = 1;
    ways.push_back(planning);
    if (length != 64 && length != 15) continue;
    planning.one_purse = planning.patient = true;
    planning.idle_max = kPatience;
    ways.push_back(planning);
  }
  return ways;
}

// Streams in their published order, as long as a run may be.
std::vector<std::pair<std::string, Rows32>> streams(const Market& market) {
  const auto& corpus = market.ground.study.corpus;
  const std::size_t most = market.options.requests_max;
  Random random(market.seed + 4);
  const auto drawn = draw(corpus, market.pool, most, random);
  const auto sample = draw(corpus, market.pool, 4 * most, random);
  AttackOptions options;
  options.length = {static_cast<std::uint32_t>(most), 1};
  Random chance(market.seed + 7);
  const auto replay = clustered(corpus, market.people, options, chance);
  return {{"naive", drawn},
          {"systematic", farthest_first(corpus, sample, std::min(most, sample.size()))},
          {"sorted", nearest_neighbour_order(corpus, drawn)},
          {kClusteredPeople, replay ? replay->rows : Rows32{}}};
}

struct Run {
  std::string attacker;
  WhiteBoxRun run;
  bool one_account = false;
};

// Of attackers who know the yardstick, or of those who have charts of their own: these with one account.
std::vector<Run> white_box_runs(const Market& market, bool blind) {
  std::vector<WhiteBoxOptions> ways;
  for (const double floor : market.options.floors) {
    for (const auto& way : one_account_ways(market, floor)) ways.push_back(way);
    if (floor <= 0 || blind) continue;
    for (const auto& way : many_account_ways(market, floor)) ways.push_back(way);
  }
  const auto& ground = market.ground;
  const auto& wanted = blind ? market.own : ground.yardstick;
  const Prize prize{wanted.charts, wanted.mass, market.pool, blind ? &ground.yardstick : nullptr};
  std::vector<Run> runs(ways.size());
  Progress progress(fmt::format("{} attackers, seed {}", blind ? "blind" : "white-box", market.seed), "attackers",
                    ways.size());
  pipeline::parallel_for(ways.size(), market.options.threads, [&](unsigned, std::size_t w) {
    const auto run = run_white_box(ground.study, ground.model, prize, ways[w], Random(market.seed));
    runs[w] = {fmt::format("{}, {}", blind ? kBlind : "white-box", ways[w].prices == nullptr ? "greedy" : "planning"),
               run, ways[w].accounts_max == 1};
    progress.advance(1);
  });
  return runs;
}

std::vector<Run> stream_runs(const Market& market) {
  struct Way {
    std::string attacker;
    const Rows32* order;
    StreamOptions options;
  };
  const auto orders = streams(market);
  std::vector<Way> ways;
  for (const auto& [attacker, order] : orders) {
    for (const double floor : market.options.floors) {
      ways.push_back({attacker, &order, {floor, 0, 1}});
      if (floor > 0) ways.push_back({attacker, &order, {floor, 0, 0}});
    }
    ways.push_back({attacker, &order, {0, 15, 0}});
  }
  std::vector<Run> runs(ways.size());
  Progress progress(fmt::format("streams, seed {}", market.seed), "streams", ways.size());
  pipeline::parallel_for(ways.size(), market.options.threads, [&](unsigned, std::size_t w) {
    runs[w] = {ways[w].attacker, run_stream(market.ground, *ways[w].order, ways[w].options),
               ways[w].options.accounts_max == 1};
    progress.advance(1);
  });
  return runs;
}

// The fastest hundredth of old accounts, each alone, and of young ones, one after another.
std::vector<Run> mimicry_runs(const Market& market) {
  std::vector<std::pair<std::uint32_t, std::size_t>> by_speed;
  for (std::size_t i = 0; i < market.old.size(); ++i) {
    by_speed.emplace_back(requests_to_reach(market.ground, market.old[i].rows), i);
  }
  std::sort(by_speed.begin(), by_speed.end());
  by_speed.resize(std::min(by_speed.size(), (market.old.size() + 99) / 100));
  std::vector<Run> runs;
  for (const auto& [requests, i] : by_speed) {
    runs.push_back({"honest mimicry", run_stream(market.ground, market.old[i].rows, {0, 0, 1}), true});
  }
  for (const std::uint32_t requests : {8U, 15U, 32U, 64U, 150U}) {
    Random random(market.seed + 5);
    runs.push_back({"honest mimicry", replay_fastest(market.ground, market.honest, requests, random), false});
  }
  return runs;
}

// --- honest accounts -----------------------------------------------------------------------------------------------

// Old accounts of each kind with their PoH, which only those that are billed need.
std::vector<Honest> billed_old(const Market& market) {
  std::map<std::string, std::uint32_t> counts;
  std::vector<ComposedAccount> chosen;
  for (const auto& account : market.old) {
    if (counts[account.kind]++ >= kOldBilled) continue;
    chosen.push_back(account_of("old " + account.kind, account.rows, false));
  }
  return with_poh(market.ground, chosen, market.options.threads);
}

// What teams of honest accounts of the kinds that calibration knows pay under one ledger.
Bill team_bill(const Market& market, std::uint32_t members) {
  Bill bill{fmt::format("team of {}", members), 0, {}};
  Random random(market.seed + 6);
  for (std::uint32_t t = 0; t < kTeams; ++t) {
    const auto together = draw_team(market.honest, market.known, {members, market.ground.options.requests}, random);
    bill.requests = std::max(bill.requests, static_cast<std::uint32_t>(together.rows.size()));
    PerRule surcharges{};
    for (std::size_t r = 0; r < kRuleCount; ++r) {
      surcharges[r] = surcharge(market.prices, market.rules[r], together, together.rows.size());
    }
    bill.surcharges.push_back(surcharges);
  }
  return bill;
}

std::uint32_t median_honest(const Market& market) {
  std::vector<double> reached;
  for (const auto& account : market.old) {
    if (account.kind != "generalist") continue;
    reached.push_back(requests_to_reach(market.ground, account.rows));
  }
  return static_cast<std::uint32_t>(quantile(reached, .5));
}

// --- students ------------------------------------------------------------------------------------------------------

// The rows of one run that a budget buys under a rule.
std::size_t affordable(const Market& market, const Rule& rule, const WhiteBoxRun& run, double budget) {
  auto purse = make_purse(market.prices);
  double paid = 0;
  for (std::size_t i = 0; i < run.rows.size(); ++i) {
    if (run.poh[i] < kBuyersFloor) return i;
    const double charged = price(market.prices, rule, purse, run.rows[i], run.poh[i]);
    paid += charged;
    if (paid > budget) return i;
    pay(market.prices, purse, run.rows[i], charged);
  }
  return run.rows.size();
}

Bought buy(const Market& market, const School& school, std::span<const Run> runs, RuleKind kind, double budget) {
  Bought bought{kind, budget, 0, {}};
  std::span<const std::uint32_t> best;
  for (const auto& run : runs) {
    if (!run.one_account || !run.attacker.starts_with("white-box")) continue;
    const auto count = affordable(market, market.rules[static_cast<std::size_t>(kind)], run.run, budget);
    if (count == 0) continue;
    const auto rows = std::span(run.run.rows).first(count);
    const double coverage = coverage_of(market.ground.yardstick, rows).back();
    if (coverage > bought.coverage) bought.coverage = coverage, best = rows;
  }
  if (!best.empty()) bought.fidelity = school.fidelity_of(best);
  return bought;
}

void teach(const Market& market, const School& school, std::span<const Run> runs, EconomicsSeed& result) {
  for (std::size_t r = 0; r < kRuleCount; ++r) {
    for (const double budget : kBudgets) result.bought.push_back({static_cast<RuleKind>(r), budget, 0, {}});
  }
  std::map<std::string, const Run*> shortest;
  for (std::size_t i = 0; i < runs.size(); ++i) {
    const auto& attack = result.attacks[i];
    if (!attack.reached || !runs[i].one_account) continue;
    auto& best = shortest[attack.attacker];
    if (best == nullptr || attack.requests < result.attacks[static_cast<std::size_t>(best - runs.data())].requests) {
      best = &runs[i];
    }
  }
  for (const auto& [attacker, run] : shortest) {
    result.learnt.push_back({attacker, result.attacks[static_cast<std::size_t>(run - runs.data())].requests, {}});
  }
  Progress progress(fmt::format("students, seed {}", market.seed), "students", result.bought.size());
  pipeline::parallel_for(result.bought.size() + result.learnt.size(), market.options.threads,
                         [&](unsigned, std::size_t i) {
    if (i < result.bought.size()) {
      result.bought[i] = buy(market, school, runs, result.bought[i].rule, result.bought[i].budget);
      progress.advance(1);
    } else {
      auto& learnt = result.learnt[i - result.bought.size()];
      learnt.fidelity = school.fidelity_of(std::span(shortest[learnt.attacker]->run.rows).first(learnt.requests));
    }
  });
}

// Leaves in `kept` whom it charged.
Result<EconomicsSeed> run_seed(const ActivationSet& set, const EconomicsOptions& options, std::uint64_t seed,
                               Kept& kept, TextsUsed& texts) {
  const GroundOptions standing{options.score, options.ranking_accounts, options.scale, options.threads,
                               options.families};
  CMS_TRY(ground, make_ground(set, standing, seed, texts));
  CMS_TRY(market, make_market(ground, options, seed, texts));
  EconomicsSeed result;
  result.rules = market.rules;
  auto runs = white_box_runs(market, false);
  const auto first_blind = runs.size();
  for (auto& run : white_box_runs(market, true)) runs.push_back(std::move(run));
  for (auto& run : stream_runs(market)) runs.push_back(std::move(run));
  for (auto& run : mimicry_runs(market)) runs.push_back(std::move(run));
  result.attacks.resize(runs.size());
  pipeline::parallel_for(runs.size(), options.threads, [&](unsigned, std::size_t i) {
    result.attacks[i] = judge(ground, market.prices, market.rules, runs[i].attacker, runs[i].run);
  });
  const auto requests_of = [](const Attack& attack) { return attack.reached ? double(attack.requests) : 0.0; };
  result.unwatched = requests_of(result.attacks.front());
  result.unwatched_blind = requests_of(result.attacks[first_blind]);
  const auto bill = [&](std::span<const Honest> honest, std::uint32_t requests) {
    for (auto& one : bills_of(market.prices, market.rules, honest, requests)) result.bills.push_back(std::move(one));
  };
  auto old = billed_old(market);
  for (const std::uint32_t requests : {100U, ground.options.requests}) bill(market.honest, requests);
  bill(old, options.long_requests);
  for (const std::uint32_t members : {4U, 16U}) result.teams.push_back(team_bill(market, members));
  result.median_honest = median_honest(market);
  Random random(seed + 2);
  const auto school = make_school(ground, set, options.examination, random);
  texts.add("examination of students", ground.study, school.examination.rows);
  teach(market, school, runs, result);
  kept = {std::move(market.prices), std::move(market.honest), ground.options.requests,
             std::move(old),           options.long_requests,    {}};
  for (auto& run : runs) kept.runs.push_back(std::move(run.run));
  return result;
}

}  // namespace

std::vector<EconomicsSeed> at_equal_surcharge(std::span<const EconomicsSeed> seeds, std::span<const Kept> kept,
                                              unsigned threads) {
  std::vector<Charged> honest;
  for (const auto& of_seed : kept) honest.push_back({&of_seed.prices, of_seed.honest});
  Rules rules{};
  pipeline::parallel_for(kRuleCount, threads, [&](unsigned, std::size_t r) {
    rules[r] = fit_scale(static_cast<RuleKind>(r), honest);
  });
  std::vector<EconomicsSeed> equal(seeds.size());
  for (std::size_t s = 0; s < seeds.size(); ++s) {
    const auto& of_seed = kept[s];
    auto& made = equal[s];
    made.rules = rules;
    made.unwatched = seeds[s].unwatched;
    made.unwatched_blind = seeds[s].unwatched_blind;
    made.attacks = seeds[s].attacks;
    pipeline::parallel_for(made.attacks.size(), threads, [&](unsigned, std::size_t i) {
      charge(of_seed.prices, rules, of_seed.runs[i], made.attacks[i]);
    });
    made.bills = bills_of(of_seed.prices, rules, of_seed.honest, of_seed.requests);
    for (auto& bill : bills_of(of_seed.prices, rules, of_seed.old, of_seed.old_requests)) {
      made.bills.push_back(std::move(bill));
    }
  }
  return equal;
}

Cost cost_of(const EconomicsSeed& seed, const CostQuestion& question) {
  const bool blind = question.attacker.starts_with(kBlind);
  const double unwatched = blind ? seed.unwatched_blind : seed.unwatched;
  if (unwatched <= 0) return {};
  double least = std::numeric_limits<double>::infinity(), bound = 0;
  const auto rule = static_cast<std::size_t>(question.rule);
  for (const auto& attack : seed.attacks) {
    const bool asked = attack.attacker.starts_with(question.attacker) &&
                       attack.attacker.starts_with(kBlind) == blind;
    const bool few = question.accounts_max == 0 || attack.accounts <= question.accounts_max;
    if (!asked || !few || attack.poh_min < question.floor || attack.requests == 0) continue;
    const double paid = question.as_one ? attack.paid_as_one[rule] : attack.paid[rule];
    const double cost = paid + attack.accounts * question.account_cost;
    if (attack.reached) least = std::min(least, cost);
    if (!attack.reached) bound = std::max(bound, cost);
  }
  const bool reached = least < std::numeric_limits<double>::infinity();
  return {(reached ? least : bound) / (unwatched + question.account_cost), reached};
}

Result<EconomicsResult> run_economics(const EconomicsOptions& options, TextsUsed& texts) {
  // The first attack of all is the unwatched minimum that every cost is held against.
  const auto& floors = options.floors;
  const auto is_watched = [](double floor) { return floor > 0 && floor <= 1; };
  const bool valid =
      !floors.empty() && floors.front() == 0 && std::all_of(floors.begin() + 1, floors.end(), is_watched);
  if (!valid) return fail(ErrorCode::usage, "floors are 0 and then numbers above 0, at most 1");
  CMS_TRY(set, read_ground(options.data, options.families));
  EconomicsResult result;
  result.floors = options.floors;
  result.tune = options.tune;
  std::vector<Kept> kept(options.seeds.size());
  for (std::size_t s = 0; s < options.seeds.size(); ++s) {
    CMS_TRY(one, run_seed(set, options, options.seeds[s], kept[s], texts));
    result.seeds.push_back(std::move(one));
  }
  result.equal = at_equal_surcharge(result.seeds, kept, options.threads);
  return result;
}

}  // namespace cms::lab
