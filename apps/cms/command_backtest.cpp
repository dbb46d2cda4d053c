// cms backtest and cms replay: a policy over past traffic, before it goes live.
#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <memory>
#include <nlohmann/json.hpp>

#include "base/progress.hpp"
#include "command.hpp"
#include "pipeline/backtest.hpp"
#include "pipeline/parallel.hpp"
#include "pipeline/score_line.hpp"
#include "score_inputs.hpp"
#include "serve/config.hpp"
#include "serve/held_policy.hpp"
#include "terminal.hpp"

namespace {

using cms::Action;
using cms::Result;
using Json = nlohmann::ordered_json;
namespace pipeline = cms::pipeline;
namespace policy = cms::policy;

constexpr Action kActions[] = {Action::allow, Action::observe, Action::price, Action::limit, Action::review};
static_assert(std::size(kActions) == pipeline::kActionCount);

struct Words {
  ScoreWords inputs;
  std::string policy;
  std::string against;
  std::string tenant = "main";
  std::string key;
  std::size_t top = 20;
  bool json = false;
  unsigned threads = 0;
};

std::string dumped(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n"; }

// What stands between `words` and the library: inputs, policies, a progress bar.
struct Work {
  ScoreInputs inputs;
  std::vector<std::string> files;
  std::vector<policy::Policy> policies;
};

// Sets the tenant's own jitter key, where it counts; without it nothing is jittered, and that is said.
Result<void> find_key(const Words& words, policy::Policy& policy) {
  if (policy.jitter_key || !(policy.jitter > 0)) return {};
  if (words.key.empty()) {
    fmt::print(stderr, "cms: thresholds are taken as they are written; the daemon lowers each account's by up to {:g} "
                       "of it, as this does with the tenant's --key\n", policy.jitter);
    policy.jitter = 0;
    return {};
  }
  CMS_TRY(key, cms::store::read_key(words.key));
  policy.own_jitter_keys[words.tenant] = cms::serve::jitter_key_of(key);
  return {};
}

Result<Work> prepare(const Words& words) {
  Work work;
  // Policies first: they are read in no time, and what is wrong with them is known before the set is read.
  for (const auto& file : {words.policy, words.against}) {
    if (file.empty()) continue;
    CMS_TRY(one, cms::serve::read_policy(file));
    CMS_CHECK(find_key(words, one));
    work.files.push_back(file);
    work.policies.push_back(std::move(one));
  }
  CMS_TRY(inputs, read_score_inputs(words.inputs));
  work.inputs = std::move(inputs);
  return work;
}

// Calls run(traffic) with a bar that shows how far it is. A template because what it returns differs.
template <typename Called>
auto with_bar(const Words& words, const Work& work, const std::string& what, const Called& called) {
  cms::Progress bar(what, "accounts", work.inputs.accounts.size());
  std::size_t shown = 0;
  const auto told = [&](std::size_t done) {
    bar.advance(done - shown);
    shown = done;
  };
  const unsigned threads = words.threads > 0 ? words.threads : pipeline::default_threads();
  const auto& [model, set, accounts] = work.inputs;
  return called(pipeline::Traffic{model, set, accounts, words.tenant, threads, told});
}

// --- backtest as JSON ----------------------------------------------------------------------------------------------

Json by_action(const pipeline::ByAction& counts) {
  Json json;
  for (const auto action : kActions) json[std::string(name(action))] = counts[static_cast<std::size_t>(action)];
  return json;
}

Json policy_json(const Work& work, const std::vector<pipeline::AccountOutcome>& outcomes, std::size_t p) {
  const auto& ladder = work.policies[p].ladder;
  Json json;
  json["file"] = work.files[p];
  json["shadow"] = work.policies[p].shadow;
  json["ladder"] = Json{{"observe", ladder.observe}, {"price", ladder.price}, {"limit", ladder.limit},
                        {"review", ladder.review}};
  json["jitter"] = work.policies[p].jitter;
  json["groups"] = Json::array();
  for (const auto& tally : pipeline::tally(outcomes, p)) {
    Json group;
    group["group"] = tally.group.empty() ? Json(nullptr) : Json(tally.group);
    group["accounts"] = by_action(tally.accounts);
    group["requests"] = by_action(tally.requests);
    group["let_off"] = tally.let_off;
    json["groups"].push_back(std::move(group));
  }
  return json;
}

Json changed_json(const pipeline::AccountOutcome& outcome) {
  Json json;
  json["account"] = outcome.account;
  json["group"] = outcome.group.empty() ? Json(nullptr) : Json(outcome.group);
  json["action"] = name(outcome.policies[0].harshest);
  json["at_request"] = outcome.policies[0].at_request;
  json["against"] = name(outcome.policies[1].harshest);
  json["against_at_request"] = outcome.policies[1].at_request;
  json["poh_min"] = outcome.lowest.computed ? Json(outcome.lowest.poh) : Json(nullptr);
  json["reasons"] = Json::array();
  for (const auto& reason : pipeline::reasons(outcome.lowest)) {
    json["reasons"].push_back({{"channel", name(reason.channel)}, {"share", reason.share}});
  }
  return json;
}

void print_json(const Words& words, const Work& work, const std::vector<pipeline::AccountOutcome>& outcomes) {
  Json json;
  json["atlas"] = work.inputs.model.name;
  json["tenant"] = words.tenant;
  json["accounts"] = outcomes.size();
  json["requests"] = work.inputs.set.count();
  json["policies"] = Json::array();
  for (std::size_t p = 0; p < work.policies.size(); ++p) json["policies"].push_back(policy_json(work, outcomes, p));
  if (work.policies.size() == 2) {
    const auto moved = pipeline::changed(outcomes);
    json["changed"] = moved.size();
    json["changes"] = Json::array();
    for (std::size_t i = 0; i < std::min(moved.size(), words.top); ++i) {
      json["changes"].push_back(changed_json(outcomes[moved[i]]));
    }
  }
  fmt::print("{}", dumped(json));
}

// --- backtest as a table -------------------------------------------------------------------------------------------

std::uint64_t sum(const pipeline::ByAction& counts) {
  std::uint64_t total = 0;
  for (const auto count : counts) total += count;
  return total;
}

std::string counts_text(const pipeline::ByAction& counts) {
  std::string text;
  const auto total = sum(counts);
  for (std::size_t a = 1; a < counts.size(); ++a) {
    const double share = total == 0 ? 0 : static_cast<double>(counts[a]) / static_cast<double>(total);
    text += fmt::format(" {:>8} {:>6.3f}", counts[a], share);
  }
  return text;
}

void print_policy(const Work& work, const std::vector<pipeline::AccountOutcome>& outcomes, std::size_t p) {
  const auto& one = work.policies[p];
  fmt::print("{}{}: observe {}, price {}, limit {}, review {}{}\n", p == 0 ? "" : "against ", work.files[p],
             one.ladder.observe, one.ladder.price, one.ladder.limit, one.ladder.review,
             one.jitter > 0 ? fmt::format(", jitter {}", one.jitter) : "");
  if (one.shadow) fmt::print("in shadow: it acts on nobody, this is what it would do\n");
  fmt::print("{:<24} {:>9}", "", "all");
  for (const auto action : kActions) {
    if (action != Action::allow) fmt::print(" {:>8} {:>6}", name(action), "share");
  }
  fmt::print("\n");
  for (const auto& tally : pipeline::tally(outcomes, p)) {
    const auto title = tally.group.empty() ? std::string("accounts, at some time") : "  " + tally.group;
    fmt::print("{} {:>9}{}\n", column(title, 24), sum(tally.accounts), counts_text(tally.accounts));
    if (tally.group.empty()) {
      fmt::print("{} {:>9}{}\n", column("requests", 24), sum(tally.requests), counts_text(tally.requests));
    }
    if (tally.group.empty() && tally.let_off > 0) {
      fmt::print("{} {:>9}\n", column("accounts let off", 24), tally.let_off);
    }
  }
}

void print_table(const Words& words, const Work& work, const std::vector<pipeline::AccountOutcome>& outcomes) {
  for (std::size_t p = 0; p < work.policies.size(); ++p) {
    if (p > 0) fmt::print("\n");
    print_policy(work, outcomes, p);
  }
  if (work.policies.size() < 2) return;
  const auto moved = pipeline::changed(outcomes);
  const auto cut = moved.size() > words.top ? fmt::format(", the {} that move farthest:", words.top) : std::string(":");
  fmt::print("\n{} of {} accounts meet another action{}\n", moved.size(), outcomes.size(), moved.empty() ? "." : cut);
  for (std::size_t i = 0; i < std::min(moved.size(), words.top); ++i) {
    const auto& one = outcomes[moved[i]];
    fmt::print("{} {} {:>7} instead of {:<7} lowest PoH {:<7} {}\n", column(one.account, 24), column(one.group, 12),
               name(one.policies[0].harshest), name(one.policies[1].harshest), poh_text(one.lowest),
               reasons_text(one.lowest, 3));
  }
}

Result<void> run_backtest(const Words& words) {
  CMS_TRY(work, prepare(words));
  const auto outcomes = with_bar(words, work, "replaying", [&](const pipeline::Traffic& traffic) {
    return pipeline::backtest(traffic, work.policies);
  });
  if (words.json) print_json(words, work, outcomes);
  else print_table(words, work, outcomes);
  return {};
}

// --- replay --------------------------------------------------------------------------------------------------------

Result<void> run_replay(const Words& words) {
  CMS_TRY(work, prepare(words));
  const auto decided = with_bar(words, work, "replaying", [&](const pipeline::Traffic& traffic) {
    return pipeline::replay(traffic, work.policies.front());
  });
  for (std::size_t row = 0; row < decided.size(); ++row) {
    const auto& [score, decision] = decided[row];
    Json line;
    line["row"] = row;
    line["account"] = work.inputs.set.rows[row].account;
    line["time"] = work.inputs.set.rows[row].time;
    line["requests"] = score.requests;
    line["poh"] = score.computed ? Json(score.poh) : Json(nullptr);
    line["action"] = name(decision.action);
    line["would_be"] = name(decision.would_be);
    line["why"] = decision.why;
    fmt::print("{}", dumped(line));
  }
  return {};
}

void add_words(CLI::App& command, Words& words) {
  add_score_words(command, words.inputs, "Activation set whose rows have \"account\" and \"time\"");
  command.add_option("--policy", words.policy, "TOML file with a [policy] section; a whole cms.toml will do")
      ->required();
  command.add_option("--tenant", words.tenant, "Whose accounts they are, for allowances and jitter")
      ->capture_default_str();
  command.add_option("--key", words.key, "The tenant's key file: thresholds are then jittered as in its daemon");
  command.add_option("--threads", words.threads, "Threads; 0 = as many as the machine has")
      ->check(CLI::Range(0, 1024));
}

}  // namespace

void add_backtest(CLI::App& app, Run& chosen) {
  auto words = std::make_shared<Words>();
  auto* command = app.add_subcommand("backtest", "How many accounts and requests of past traffic a policy would meet");
  add_words(*command, *words);
  command->add_option("--against", words->against, "A second policy: which accounts change their action between them");
  command->add_option("--top", words->top, "Accounts that change their action to show")
      ->capture_default_str()->check(CLI::Range(0, 1'000'000));
  command->add_flag("--json", words->json, "One JSON object instead of tables");
  command->callback([words, &chosen] { chosen = [words] { return run_backtest(*words); }; });
}

void add_replay(CLI::App& app, Run& chosen) {
  auto words = std::make_shared<Words>();
  auto* command = app.add_subcommand("replay", "What a policy decides at every request of past traffic, as JSON lines");
  add_words(*command, *words);
  command->callback([words, &chosen] { chosen = [words] { return run_replay(*words); }; });
}
