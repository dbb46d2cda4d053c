// cms split: a log of honest traffic into what `cms fit` takes as --benign and --calibrate.
#include <fmt/format.h>

#include <filesystem>
#include <memory>

#include "command.hpp"
#include "tap/account_split.hpp"
#include "tap/activation_set.hpp"

namespace {

using cms::Result;
namespace tap = cms::tap;

struct Words {
  std::string set, folder, assume_model;
  tap::AccountSplitOptions options;
  bool json = false;
};

Result<void> split(const Words& words) {
  CMS_TRY(set, tap::read_set(words.set, {.assume_model = words.assume_model, .tensor = {}}));
  auto parts = tap::split_accounts(set, words.options);
  if (!parts) return fail_in(words.set, parts.error());
  const std::filesystem::path folder = words.folder;
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) return cms::fail(cms::ErrorCode::failed, fmt::format("cannot make {}: {}", words.folder, error.message()));
  CMS_CHECK(tap::write_set(folder / "benign", parts->benign, tap::Dtype::float16));
  CMS_CHECK(tap::write_set(folder / "calibrate", parts->calibrate, tap::Dtype::float16));
  if (words.json) {
    const nlohmann::ordered_json said{{"benign_accounts", parts->benign_accounts},
                                      {"benign_rows", parts->benign.count()},
                                      {"calibrate_accounts", parts->calibrate_accounts},
                                      {"calibrate_rows", parts->calibrate.count()},
                                      {"dropped_rows", parts->dropped}};
    fmt::print("{}\n", said.dump());
    return {};
  }
  fmt::print("{}: {} accounts, {} rows\n{}: {} accounts, {} rows\n", (folder / "benign").string(),
             parts->benign_accounts, parts->benign.count(), (folder / "calibrate").string(), parts->calibrate_accounts,
             parts->calibrate.count());
  if (parts->dropped > 0) fmt::print("{} rows left out, whose texts the calibration has too\n", parts->dropped);
  return {};
}

}  // namespace

void add_split(CLI::App& app, Run& chosen) {
  auto words = std::make_shared<Words>();
  auto* command = app.add_subcommand("split", "Cut honest traffic into the sets that `cms fit` calibrates with");
  command->add_option("set", words->set, "Activation set of honest traffic whose rows have \"account\"")->required();
  command->add_option("-o,--output", words->folder, "Folder for benign and calibrate; made when missing")->required();
  command->add_option("--calibrate", words->options.calibrate, "Share of the accounts that calibrate")
      ->capture_default_str();
  command->add_option("--seed", words->options.seed, "Of which account goes where")->capture_default_str();
  command->add_option("--assume-model", words->assume_model,
                      "NAME or NAME/LAYER/POOLING of a set that has no manifest");
  command->add_flag("--json", words->json, "One JSON object instead of words");
  command->callback([words, &chosen] { chosen = [words] { return split(*words); }; });
}
