// cms fit: an atlas from activation sets, with how well its calibration holds.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <memory>
#include <optional>

#include "base/progress.hpp"
#include "command.hpp"
#include "describe.hpp"
#include "pipeline/fit.hpp"
#include "pipeline/parallel.hpp"
#include "tap/activation_set.hpp"

namespace {

using cms::ErrorCode;
using cms::Result;
using Json = nlohmann::ordered_json;
namespace pipeline = cms::pipeline;

struct Words {
  std::vector<std::string> manifold, benign, calibrate;
  std::string output;
  std::string assume_model;
  std::string sign_key;
  pipeline::FitOptions options;
  unsigned threads = 0;
  bool json = false;
};

// Sets of one model: the one that is known, or else that of the first set.
Result<std::vector<cms::ActivationSet>> read_sets(const std::vector<std::string>& names, const std::string& assume,
                                                  std::optional<cms::Manifest>& model) {
  std::vector<cms::ActivationSet> sets;
  for (const auto& name : names) {
    CMS_TRY(set, cms::tap::read_set(name, {.assume_model = assume, .tensor = {}}));
    if (!model) model = set.manifest;
    if (auto same = cms::matches(*model, set.manifest); !same) return fail_in(name, same.error());
    sets.push_back(std::move(set));
  }
  return sets;
}

// Says before the work what would fail after it.
Result<void> check_output(const std::filesystem::path& path) {
  std::error_code ignored;
  const auto folder = path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
  if (!std::filesystem::is_directory(folder, ignored)) {
    return cms::fail(ErrorCode::failed, fmt::format("cannot write {}: there is no folder {}", path.string(),
                                                    folder.string()));
  }
  if (std::filesystem::is_directory(path, ignored)) {
    return cms::fail(ErrorCode::failed, fmt::format("cannot write {}: it is a folder", path.string()));
  }
  return {};
}

// How many of n fresh accounts come to PoH <= a is beta-binomial when N accounts rank them: the rank of each is
// uniform, but all are ranked by the same N. P(X >= count); see docs/commands.md.
double chance_of_as_many(std::uint32_t count, std::uint32_t n, double alpha, double beta) {
  const auto log_beta = [](double a, double b) { return std::lgamma(a) + std::lgamma(b) - std::lgamma(a + b); };
  double sum = 0;
  for (std::uint32_t x = count; x <= n; ++x) {
    const double choose = -std::log(n + 1.0) - log_beta(n - x + 1.0, x + 1.0);
    sum += std::exp(choose + log_beta(x + alpha, n - x + beta) - log_beta(alpha, beta));
  }
  return std::min(1.0, sum);
}

std::size_t ranking_accounts(const pipeline::Model& model) {
  std::size_t count = 0;
  for (const auto& [group, ranking] : model.calibration.rankings) count += ranking.greatest.size();
  return count;
}

// One level of the promise: its share, and whether it holds; null where so few accounts promise nothing.
Json level_of(const pipeline::HeldBack& held_back, const pipeline::HeldBack::Level& level, std::size_t ranking) {
  constexpr double kChanceMin = 0.01;
  // Four fifths rank while a fifth is kept back.
  const double n = std::floor(0.8 * static_cast<double>(ranking));
  const double alpha = std::floor(level.a * (n + 1));
  const auto count = static_cast<std::uint32_t>(std::lround(level.share * held_back.accounts));
  Json holds = nullptr;
  if (alpha >= 1) holds = chance_of_as_many(count, held_back.accounts, alpha, n + 1 - alpha) >= kChanceMin;
  return {{"a", level.a}, {"share", level.share}, {"holds", holds}};
}

Json held_back_of(const pipeline::Fitted& fitted) {
  if (fitted.held_back.accounts == 0) return nullptr;
  Json levels = Json::array();
  for (const auto& level : fitted.held_back.levels) {
    levels.push_back(level_of(fitted.held_back, level, ranking_accounts(fitted.model)));
  }
  return {{"accounts", fitted.held_back.accounts}, {"levels", levels}};
}

std::string held_back_in_words(const Json& held_back) {
  if (held_back.is_null()) return "how well calibration holds was not measured\n";
  std::string text = fmt::format("{} honest accounts kept back in turn; those that ever came to PoH <= a:\n",
                                 held_back["accounts"].get<std::uint32_t>());
  std::string broken;
  for (const auto& level : held_back["levels"]) {
    const double a = level["a"].get<double>();
    const auto& holds = level["holds"];
    text += fmt::format("  a = {:.2f}: {:5.1f}%  {}\n", a, 100 * level["share"].get<double>(),
                        holds.is_null() ? "too few ranking accounts to promise anything here"
                        : holds.get<bool>() ? "holds"
                                            : "more than promised");
    if (holds.is_boolean() && !holds.get<bool>()) broken += fmt::format("{}{:.2f}", broken.empty() ? "" : ", ", a);
  }
  return text + (broken.empty() ? "calibration holds: no level is exceeded by more than chance allows\n"
                                : fmt::format("calibration does NOT hold at {}: these accounts are too few or too "
                                              "unlike one another; give more, or name their kinds with \"group\"\n",
                                              broken));
}

// Accounts too young to be evaluated once serve nothing; the others that do not rank make the age tables.
Result<std::size_t> young_accounts(const std::vector<cms::ActivationSet>& sets, std::uint32_t min_requests) {
  std::size_t young = 0;
  for (const auto& set : sets) {
    CMS_TRY(accounts, cms::tap::rows_by_account(set));
    for (const auto& account : accounts) young += account.rows.size() < min_requests ? 1 : 0;
  }
  return young;
}

Result<pipeline::Fitted> fit(const Words& words, Json& accounts) {
  std::optional<cms::Manifest> model;
  CMS_TRY(manifold, read_sets(words.manifold, words.assume_model, model));
  CMS_TRY(benign, read_sets(words.benign, words.assume_model, model));
  CMS_TRY(calibrate, read_sets(words.calibrate, words.assume_model, model));
  std::optional<cms::Progress> bar;
  std::size_t shown = 0;
  CMS_TRY(fitted, pipeline::fit(manifold, benign, calibrate, words.options, [&](std::size_t done, std::size_t total) {
            if (!bar) bar.emplace("calibrating", "accounts", total);
            if (done > shown) bar->advance(done - shown);
            shown = std::max(done, shown);
          }));
  if (bar && fitted.calibration_accounts > shown) bar->advance(fitted.calibration_accounts - shown);
  CMS_TRY(young, young_accounts(calibrate, words.options.score.min_requests));
  const auto ranking = ranking_accounts(fitted.model);
  accounts = {{"all", fitted.calibration_accounts},
              {"tables", fitted.calibration_accounts - ranking - young},
              {"ranking", ranking},
              {"too_young", young}};
  return std::move(fitted);
}

Result<void> run(Words words) {
  CMS_CHECK(check_output(words.output));
  words.options.threads = words.threads > 0 ? words.threads : pipeline::default_threads();
  Json accounts;
  CMS_TRY(fitted, fit(words, accounts));
  CMS_CHECK(pipeline::write_model(words.output, fitted.model, words.sign_key));
  auto description = describe(fitted.model);
  description["accounts"] = accounts;
  if (words.json) {
    description["file"] = words.output;
    description["held_back"] = held_back_of(fitted);
    description["warnings"] = fitted.warnings;
    fmt::print("{}\n", description.dump());
    return {};
  }
  fmt::print("{}\n{}", in_words(description), held_back_in_words(held_back_of(fitted)));
  for (const auto& warning : fitted.warnings) fmt::print(stderr, "cms: warning: {}\n", warning);
  fmt::print("wrote {}\n", words.output);
  return {};
}

}  // namespace

void add_fit(CLI::App& app, Run& chosen) {
  auto words = std::make_shared<Words>();
  auto& options = words->options;
  auto* command = app.add_subcommand("fit", "Learn an atlas of honest use from activation sets");
  command->add_option("--manifold", words->manifold, "Sets of texts that span what the model can do")->required();
  command->add_option("--benign", words->benign, "Sets of honest traffic, for densities")->required();
  command->add_option("--calibrate", words->calibrate,
                      "Sets of honest accounts, other texts than the others; \"group\" in a row names its kind of use")
      ->required();
  command->add_option("-o,--output", words->output, "The atlas file; an old one is replaced when all is done")
      ->required();
  command->add_option("--rank", options.atlas.rank, "Directions kept, a multiple of 8")
      ->check(CLI::Range(8, 4096))
      ->capture_default_str();
  command->add_option("--charts", options.atlas.chart_count, "Charts; 0 = a twentieth of the manifold's rows, 32..1024")
      ->check(CLI::Range(0, 65535))
      ->capture_default_str();
  command->add_option("--window", options.window_length, "Distinct requests of an account that are measured together")
      ->check(CLI::Range(pipeline::kPointsMin, cms::window::kLengthMax))
      ->capture_default_str();
  command->add_option("--stride", options.score.stride, "Requests between two evaluations")
      ->check(CLI::Range(1, 1024))
      ->capture_default_str();
  command->add_option("--seed", options.atlas.seed, "Of the clustering and the random projection")
      ->capture_default_str();
  command->add_option("--assume-model", words->assume_model, "NAME or NAME/LAYER/POOLING of sets without manifest");
  command->add_option("--sign-key", words->sign_key, "Ed25519 private key (PEM) to sign the atlas with");
  command->add_option("--threads", words->threads, "Threads; 0 = as many as the machine has")
      ->check(CLI::Range(0, 1024));
  command->add_flag("--json", words->json, "One JSON object instead of words");
  command->callback([words, &chosen] { chosen = [words] { return run(*words); }; });
}
