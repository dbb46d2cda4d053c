// cms fleet: campaigns behind the accounts of a set, seen together.
#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "base/files.hpp"
#include "command.hpp"
#include "fleet/calibration_file.hpp"
#include "fleet/live.hpp"
#include "pipeline/campaign_ledger.hpp"
#include "pipeline/chart_map.hpp"
#include "pipeline/parallel.hpp"
#include "pipeline/signatures.hpp"
#include "policy/policy.hpp"
#include "score_inputs.hpp"
#include "serve/config.hpp"
#include "types/score.hpp"

namespace {

using cms::Result;
namespace fleet = cms::fleet;
namespace pipeline = cms::pipeline;

// How honest accounts are made a calibration.
struct FitWords {
  std::string honest;
  std::uint32_t looks = 4;
  pipeline::FleetsOptions fleets;
  fleet::CampaignOptions campaign;
};

struct Words {
  ScoreWords inputs;
  FitWords fit;
  std::string calibration;  // file; empty = made of honest accounts
  std::string output;       // of `cms fleet fit`
  std::string policy;       // file whose allowances are left out; empty = nobody is
  std::string tenant = "main";
  double level = cms::kFlagged;
  bool all = false;
  bool json = false;
  unsigned threads = 0;
};

// Accounts seen together; the kind of honest group is the key `group` of an account's first row.
struct Seen {
  std::vector<fleet::FleetLook> looks;
  std::vector<std::string> names, kinds;

  [[nodiscard]] const std::vector<fleet::Signature>& signatures() const { return looks.back().accounts; }
  [[nodiscard]] const std::vector<float>& pohs() const { return looks.back().pohs; }
};

// Accounts that nobody can be linked with yet would count towards the size of a fleet, and the daemon's has none.
void leave_out_young(ScoreInputs& inputs, std::vector<fleet::FleetLook>& looks) {
  std::vector<std::size_t> kept;
  for (std::size_t i = 0; i < inputs.accounts.size(); ++i) {
    if (fleet::linkable(looks.back().accounts[i])) kept.push_back(i);
  }
  const auto young = inputs.accounts.size() - kept.size();
  if (young == 0) return;
  fmt::print(stderr, "cms: {} accounts have fewer than {} distinct requests and are left out\n", young,
             fleet::kRequestsMin);
  const auto keep = [&](auto& some) {
    for (std::size_t i = 0; i < kept.size(); ++i) {
      if (kept[i] != i) some[i] = std::move(some[kept[i]]);
    }
    some.resize(kept.size());
  };
  keep(inputs.accounts);
  for (auto& look : looks) keep(look.accounts), keep(look.pohs);
}

Result<Seen> see(ScoreInputs& inputs, std::uint32_t looks, unsigned threads) {
  CMS_TRY(together, pipeline::see_together(inputs.model, inputs.set, inputs.accounts, looks, threads));
  leave_out_young(inputs, together);
  Seen seen{std::move(together), {}, {}};
  for (const auto& account : inputs.accounts) {
    seen.names.push_back(account.account);
    const auto& more = inputs.set.rows[account.rows.front()].more;
    const auto group = more.is_object() ? more.find("group") : more.end();
    seen.kinds.push_back(group != more.end() && group->is_string() ? group->get<std::string>() : std::string());
    if (const auto bytes = seen.kinds.back().size(); bytes > fleet::kKindBytesMax) {
      return cms::fail(cms::ErrorCode::bad_input, fmt::format("account {}: its \"group\" has {} bytes, at most {}",
                                                              account.account, bytes, fleet::kKindBytesMax));
    }
  }
  return seen;
}

nlohmann::json ledger_line(const ScoreInputs& inputs, const cms::policy::Ledger& ledger) {
  return {{"requests", ledger.requests},
          {"distinct", ledger.distinct},
          {"charts", ledger.covered()},
          {"coverage", static_cast<double>(ledger.covered()) / inputs.model.atlas.chart_count()},
          {"paid", ledger.paid()}};
}

nlohmann::json line_of(const fleet::CampaignCalibration& calibration, const Seen& seen, const ScoreInputs& inputs,
                       const fleet::Campaign& campaign, const cms::policy::Ledger& ledger, double level) {
  const auto names = [&](std::span<const std::uint32_t> accounts) {
    std::vector<std::string> some;
    for (const auto account : accounts) some.push_back(seen.names[account]);
    return some;
  };
  const auto& reading = campaign.reading;
  return {{"atlas", inputs.model.name},
          {"poh", campaign.poh},
          {"poh_min", fleet::campaign_poh_min(calibration)},
          {"evidence", campaign.evidence},
          {"communities", campaign.communities},
          {"accounts", names(campaign.members)},
          {"told", names(fleet::told(campaign, level))},
          {"suspects", names(campaign.suspects)},
          {"requests", reading.requests},
          {"coverage", static_cast<double>(reading.charts) / inputs.model.atlas.chart_count()},
          {"covered", fleet::chart_visits(seen.signatures(), campaign.members)},
          {"effective_charts", reading.effective_charts},
          {"expected_charts", fleet::expected_charts(calibration, reading)},
          {"distance", reading.distance},
          {"style", fleet::style_distance(seen.signatures(), campaign.members)},
          {"breadth", reading.breadth},
          {"overlap", reading.overlap},
          {"ledger", ledger_line(inputs, ledger)},
          {"reasons", fleet::reasons(calibration, campaign)}};
}

// The inputs without declared automation: accounts that the policy lets off by name at the set's last request.
Result<ScoreInputs> read_inputs(const Words& words, const std::string& set) {
  auto named = words.inputs;
  named.set = set;
  CMS_TRY(inputs, read_score_inputs(named));
  if (words.policy.empty()) return inputs;
  CMS_TRY(policy, cms::serve::read_policy(words.policy));
  double last = 0;
  for (const auto& row : inputs.set.rows) last = std::max(last, row.time);
  const auto declared = cms::policy::declared(policy, words.tenant, last);
  const auto out = std::erase_if(inputs.accounts, [&](const auto& one) { return declared.contains(one.account); });
  fmt::print(stderr, "cms: {} accounts of {} are declared in {} and left out\n", out, set, words.policy);
  return inputs;
}

// Also how many a fleet is seen together by.
unsigned use_threads(const Words& words) {
  const unsigned threads = words.threads > 0 ? words.threads : pipeline::default_threads();
  fleet::use_threads(threads);
  return threads;
}

struct Fitted {
  std::size_t accounts = 0;  // of the honest set
  fleet::NamedCalibration named;
};

Result<Fitted> fit(const Words& words) {
  CMS_TRY(inputs, read_inputs(words, words.fit.honest));
  CMS_TRY(honest, see(inputs, words.fit.looks, use_threads(words)));
  const auto fleets = pipeline::honest_fleets(honest.names, honest.kinds, honest.looks, words.fit.fleets);
  CMS_TRY(calibration, fleet::calibrate(fleets, words.fit.campaign));
  std::uint64_t smallest = honest.names.size();
  for (const auto& one : fleets) smallest = std::min<std::uint64_t>(smallest, one.accounts.size());
  return Fitted{honest.names.size(), {inputs.model.name, smallest, std::move(calibration)}};
}

void warn_where_nothing_is_reached(double poh_min, double level) {
  if (poh_min <= level) return;
  fmt::print(stderr,
             "cms: warning: nothing can be flagged: too few honest communities rank for a Campaign PoH below {:.4f}, "
             "and --level is {}; a set of more honest accounts has more\n",
             poh_min, level);
}

void warn_where_too_many(std::size_t accounts, const fleet::NamedCalibration& named) {
  if (accounts <= fleet::accounts_max(named)) return;
  fmt::print(stderr,
             "cms: warning: {} accounts are seen together, and the calibration is of fleets of {}: communities of "
             "larger fleets are larger and look like campaigns; some {:.0f} honest accounts make fleets large enough\n",
             accounts, named.accounts, 2.7 * static_cast<double>(accounts));
}

Result<void> run_fit(const Words& words) {
  CMS_TRY(fitted, fit(words));
  const auto& [atlas, fleet_accounts, calibration] = fitted.named;
  const double poh_min = fleet::campaign_poh_min(calibration);
  const auto accounts_max = fleet::accounts_max(fitted.named);
  CMS_CHECK(cms::write_file(words.output, fleet::encode(fitted.named)));
  std::size_t ranking = 0;
  nlohmann::ordered_json kinds = nlohmann::ordered_json::object();
  for (const auto& [kind, evidence] : calibration.rankings) {
    kinds[kind] = evidence.size();
    ranking += evidence.size();
  }
  if (words.json) {
    const nlohmann::ordered_json line = {{"atlas", atlas}, {"accounts", fitted.accounts},
                                         {"fleet_accounts", fleet_accounts}, {"accounts_max", accounts_max},
                                         {"ranking_communities", ranking}, {"kinds", kinds}, {"poh_min", poh_min},
                                         {"looks", calibration.looks}};
    fmt::print("{}\n", line.dump());
  } else {
    fmt::print("{}: {} honest accounts under atlas {}, in fleets of {}: for {} accounts at most; {} communities rank, "
               "at {} looks; the least Campaign PoH is {:.4f}\n",
               words.output, fitted.accounts, atlas, fleet_accounts, accounts_max, ranking, calibration.looks, poh_min);
  }
  warn_where_nothing_is_reached(poh_min, words.level);
  return {};
}

Result<fleet::NamedCalibration> calibration_for(const Words& words, const pipeline::Model& model) {
  if (!words.calibration.empty()) return pipeline::read_calibration(words.calibration, model);
  CMS_TRY(fitted, fit(words));
  return std::move(fitted.named);
}

// What an analyst reads of one.
std::string words_of(const fleet::CampaignCalibration& calibration, const Seen& seen, const ScoreInputs& inputs,
                     const pipeline::ChartMap& map, const fleet::Campaign& campaign, const cms::policy::Ledger& ledger,
                     double level) {
  const auto told = fleet::told(campaign, level);
  const auto whom = told.empty()                                ? "told of nobody"
                    : told.size() == campaign.members.size() ? "told of all"
                                                               : "told of the suspects alone, the others may be honest";
  auto text = fmt::format("Campaign PoH {:.4f}: {} Of late they have seen {:.0f}% of all charts, in all {:.0f}%; at "
                          "the atlas' prices their {} requests cost as much as {:.0f} ordinary ones.\n  {}:",
                          campaign.poh, fleet::reasons(calibration, campaign),
                          100.0 * campaign.reading.charts / inputs.model.atlas.chart_count(),
                          100.0 * ledger.covered() / inputs.model.atlas.chart_count(), ledger.requests, ledger.paid(),
                          whom);
  for (const auto member : told.empty() ? std::span(campaign.members) : told) text += " " + seen.names[member];
  if (campaign.poh > level) return text + "\n";
  std::vector<std::uint32_t> covered;
  for (const auto& [chart, members] : fleet::chart_visits(seen.signatures(), campaign.members)) {
    covered.push_back(chart);
  }
  return text + "\n  What they cover together, of the charts laid out flat (# all that lie there, + some, . none):\n" +
         pipeline::drawn(map, covered, "  ");
}

Result<void> run(const Words& words) {
  const unsigned threads = use_threads(words);
  if (words.inputs.set.empty() || words.inputs.atlas.empty()) {
    return cms::fail(cms::ErrorCode::usage, "a set and --atlas are needed; see `cms fleet --help`");
  }
  if (words.calibration.empty() == words.fit.honest.empty()) {
    return cms::fail(cms::ErrorCode::usage, "either --honest SET or --calibration FILE is needed, and not both");
  }
  CMS_TRY(inputs, read_inputs(words, words.inputs.set));
  CMS_TRY(named, calibration_for(words, inputs.model));
  const auto& calibration = named.calibration;
  const double poh_min = fleet::campaign_poh_min(calibration);
  warn_where_nothing_is_reached(poh_min, words.level);
  CMS_TRY(seen, see(inputs, 1, threads));
  warn_where_too_many(inputs.accounts.size(), named);
  CMS_TRY(campaigns, fleet::find_campaigns(calibration, seen.signatures(), words.level, seen.pohs()));
  const auto map = pipeline::chart_map(inputs.model.atlas);
  std::size_t shown = 0, communities = 0;  // before they were gathered
  for (const auto& campaign : campaigns) {
    communities += campaign.communities;
    if (!words.all && campaign.poh > words.level) continue;
    shown += campaign.communities;
    CMS_TRY(ledger,
            pipeline::campaign_ledger(inputs.model, inputs.set, inputs.accounts, campaign.members, {}, threads));
    if (words.json) {
      fmt::print("{}\n", line_of(calibration, seen, inputs, campaign, ledger, words.level).dump());
    } else {
      fmt::print("{}", words_of(calibration, seen, inputs, map, campaign, ledger, words.level));
    }
  }
  if (!words.json) {
    fmt::print("{} of {} communities of {} accounts {}; the least it can be is {:.4f}\n", shown, communities,
               seen.names.size(), words.all ? "shown" : fmt::format("have Campaign PoH <= {}", words.level), poh_min);
  }
  return {};
}

// How honest fleets are made: the options that are of `cms fleet fit`, and that a calibration has already.
std::vector<const CLI::Option*> add_fit_words(CLI::App& command, FitWords& words) {
  return {command.add_option("--fleets", words.fleets.fleets, "Random honest fleets made of them; half of them rank")
              ->check(CLI::Range(2, 400))  // more of the same accounts would know no more
              ->capture_default_str(),
          command.add_option("--looks", words.looks,
                             "At the honest set, each account cut in as many; communities rank by the most they "
                             "ever had")
              ->check(CLI::Range(1, 30))
              ->capture_default_str(),
          command.add_option("--seed", words.fleets.seed, "Of the honest fleets")->capture_default_str(),
          command.add_option("--neighbours", words.campaign.links.neighbours,
                             "Nearest accounts each account is linked to")
              ->check(CLI::Range(2, 1'000))
              ->capture_default_str(),
          command.add_option("--resolution", words.campaign.communities.resolution, "More makes smaller communities")
              ->check(number_within(0.01, 100))
              ->capture_default_str()};
}

void add_common_words(CLI::App& command, Words& words) {
  auto* policy = command.add_option("--policy", words.policy,
                                    "TOML file with a [policy] section: who is let off by name is left out");
  command.add_option("--tenant", words.tenant, "Whose accounts they are, for allowances")
      ->needs(policy)
      ->capture_default_str();
  command.add_flag("--json", words.json, "JSON lines instead of words");
  command.add_option("--threads", words.threads, "Threads; 0 = as many as the machine has")
      ->check(CLI::Range(0, 1024));
}

void add_fleet_fit(CLI::App& fleet, Run& chosen) {
  auto words = std::make_shared<Words>();
  auto* command = fleet.add_subcommand("fit", "What honest accounts look like together, as a file for --calibration "
                                              "and for the daemon");
  add_model_words(*command, words->inputs);
  command->add_option("--honest", words->fit.honest, "Activation set of honest accounts")->required();
  command->add_option("-o,--output", words->output, "The file")->required();
  command->add_option("--level", words->level, "Warn when no community could come to a Campaign PoH of this")
      ->check(number_within(0, 1))
      ->capture_default_str();
  add_fit_words(*command, words->fit);
  add_common_words(*command, *words);
  command->callback([words, &chosen] { chosen = [words] { return run_fit(*words); }; });
}

// A calibration was made with some already.
void refuse_words_beside_calibration(const CLI::App& command, std::span<const CLI::Option* const> fitting) {
  if (command.count("--calibration") == 0) return;
  for (const auto* option : fitting) {
    if (option->count() > 0) throw CLI::ExcludesError(option->get_name(), "--calibration");
  }
}

// What stands before `fit` is of `cms fleet SET`, and would be read by nobody.
void refuse_words_before_fit(const CLI::App& command) {
  for (const auto* option : command.get_options()) {
    if (option->count() == 0) continue;
    throw CLI::ValidationError(option->get_name(), "stands before `fit` and has no say there; write it after");
  }
}

}  // namespace

void add_fleet(CLI::App& app, Run& chosen) {
  auto words = std::make_shared<Words>();
  auto* command = app.add_subcommand("fleet", "Campaigns: accounts of a set that share out one extraction");
  add_score_words(*command, words->inputs, "Activation set whose rows have \"account\"");
  command->add_option("--honest", words->fit.honest, "Activation set of honest accounts, to rank communities among");
  command->add_option("--calibration", words->calibration, "Instead of --honest: file of `cms fleet fit`");
  command->add_option("--level", words->level, "Show communities whose Campaign PoH is at most this")
      ->check(number_within(0, 1))
      ->capture_default_str();
  command->add_flag("--all", words->all, "Show all communities, those of one campaign together");
  const auto fitting = add_fit_words(*command, words->fit);
  add_common_words(*command, *words);
  // `cms fleet fit` needs none of these words; `cms fleet SET` asks for them itself.
  for (const auto* needed : {"set", "--atlas"}) {
    auto* option = command->get_option(needed)->required(false);
    option->description(option->get_description() + "; needed, but for `cms fleet fit`");
  }
  add_fleet_fit(*command, chosen);
  command->callback([words, command, fitting, &chosen] {
    if (!command->get_subcommands().empty()) return refuse_words_before_fit(*command);
    refuse_words_beside_calibration(*command, fitting);
    chosen = [words] { return run(*words); };
  });
}
