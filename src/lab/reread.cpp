#include "lab/reread.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <system_error>

#include "base/hash.hpp"
#include "base/progress.hpp"
#include "lab/ground.hpp"
#include "tap/activation_set.hpp"
#include "tap/capture.hpp"

namespace cms::lab {
namespace {

using Path = std::filesystem::path;

// One set, read where it is not there.
Result<ActivationSet> kept_or_read(const Path& asked, const Manifest& manifest, const Rereading& by) {
  const auto kind = asked.filename().string();
  tap::CaptureOptions options;
  options.model = by.model;
  options.prompts = asked.string() + ".jsonl";
  options.name = by.folder / kind;
  options.tap.readouts = {{std::nullopt, by.pooling}};
  options.tap.limits = {.words_max = manifest.words_max, .chars_max = manifest.chars_max};
  options.tap.threads = by.threads;
  const auto name = tap::set_names(options).front();
  std::error_code ignored;
  if (!std::filesystem::exists(Path(name.string() + ".npy"), ignored)) {
    std::filesystem::create_directories(by.folder, ignored);
    CMS_CHECK(tap::capture(options, told_progress(fmt::format("reading {} with {}", kind, by.model.stem().string()),
                                                  "texts")));
  }
  return tap::read_set(name);
}

bool same_texts(const ActivationSet& a, const ActivationSet& b) {
  const auto text = [](const RowInfo& row) { return row.more.value("text", std::string()); };
  return std::ranges::equal(a.rows, b.rows, {}, text, text);
}

}  // namespace

Result<std::vector<ActivationSet>> reread(const Path& data, const Rereading& by) {
  CMS_TRY(asked, read_data(data));
  const auto names = data_sets(data);
  CMS_TRY(hash, sha256_file(by.model));
  const auto readout = tap::Readout{std::nullopt, by.pooling}.suffix();
  std::vector<ActivationSet> sets;
  for (std::size_t k = 0; k < asked.size(); ++k) {
    CMS_TRY(set, kept_or_read(names[k], asked[k].manifest, by));
    const auto& manifest = set.manifest;
    const bool same_model = manifest.model_hash == hash && manifest.layer + "." + manifest.pooling == readout;
    if (!same_model || !same_texts(set, asked[k])) {
      return fail(ErrorCode::refused,
                  fmt::format("what {} keeps of {} is not {} of {} over {}'s texts: move it away, or take its model",
                              by.folder.string(), names[k].filename().string(), readout, by.model.string(),
                              data.string()));
    }
    // Families go by the names that read_data gave them.
    for (std::size_t i = 0; i < set.count(); ++i) set.rows[i].more = std::move(asked[k].rows[i].more);
    sets.push_back(std::move(set));
  }
  return sets;
}

}  // namespace cms::lab
