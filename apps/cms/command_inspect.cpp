// cms inspect: what a file holds. Its content tells what it is, not its name.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <memory>

#include "base/files.hpp"
#include "command.hpp"
#include "describe.hpp"
#include "pipeline/signatures.hpp"
#include "pipeline/step.hpp"
#include "tap/activation_set.hpp"

namespace {

using cms::ErrorCode;
using cms::Result;
using Json = nlohmann::ordered_json;

struct Words {
  std::string file;
  std::string assume_model;
  bool json = false;
};

// The first bytes of a file, enough to know what it is; fewer when it is shorter or is not there.
cms::Bytes beginning(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  std::array<char, 32> first{};
  in.read(first.data(), first.size());
  return {first.begin(), first.begin() + std::max<std::streamsize>(0, in.gcount())};
}

Result<Json> look_at(const Words& words) {
  constexpr std::string_view kAtlas = "CMSATLAS";
  const auto first = beginning(words.file);
  if (first.size() >= kAtlas.size() && std::equal(kAtlas.begin(), kAtlas.end(), first.begin())) {
    CMS_TRY(model, cms::pipeline::read_model(words.file));
    return describe(model);
  }
  if (cms::pipeline::is_state(first)) {
    CMS_TRY(bytes, cms::read_file(words.file));
    auto state = describe_state(bytes);
    if (!state) return fail_in(words.file, state.error());
    return state;
  }
  if (cms::fleet::is_calibration(first)) {
    CMS_TRY(named, cms::pipeline::read_calibration(words.file));
    return describe(named);
  }
  const auto ending = std::filesystem::path(words.file).extension();
  const bool set_ending = ending == ".npy" || ending == ".safetensors" || ending == ".ndjson";
  std::error_code ignored;
  if (!set_ending && std::filesystem::is_regular_file(words.file, ignored)) {
    return cms::fail(ErrorCode::bad_input, fmt::format("{} is no atlas, no calibration of fleets, no account's "
                                                       "state and no activation set (.npy, .safetensors, .ndjson)",
                                                       words.file));
  }
  CMS_TRY(set, cms::tap::read_set(words.file, {.assume_model = words.assume_model, .tensor = {}}));
  return describe(set);
}

// A name from a file may be no UTF-8.
std::string text_of(const Json& description) {
  return description.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Result<void> run(const Words& words) {
  CMS_TRY(description, look_at(words));
  fmt::print("{}", words.json ? text_of(description) + "\n" : in_words(description));
  return {};
}

}  // namespace

void add_inspect(CLI::App& app, Run& chosen) {
  auto words = std::make_shared<Words>();
  auto* command = app.add_subcommand("inspect", "What an atlas, a fleet's calibration, an activation set or an "
                                                "account's state holds");
  command->add_option("file", words->file, "The file, or the name of an activation set")->required();
  command->add_option("--assume-model", words->assume_model, "NAME or NAME/LAYER/POOLING of a set without manifest");
  command->add_flag("--json", words->json, "One JSON object instead of words");
  command->callback([words, &chosen] { chosen = [words] { return run(*words); }; });
}
