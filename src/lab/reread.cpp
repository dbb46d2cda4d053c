#include "lab/reread.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <system_error>

#include "base/hash.hpp"
#include "base/progress.hpp"
#include "lab/ground.hpp"
#include "lab/packed_tap.hpp"
#include "tap/activation_set.hpp"
#include "tap/capture.hpp"

namespace cms::lab {
namespace {

using Path = std::filesystem::path;

// One kind, read where it is not there.
Result<ActivationSet> kept_or_read(const Path& data, const std::string& kind, const Rereading& by) {
  tap::CaptureOptions options;
  options.model = by.model;
  options.prompts = data / "activations" / (kind + ".jsonl");
  options.name = by.folder / kind;
  options.tap.readouts = {{std::nullopt, by.pooling}};
  options.tap.limits = kSegment;
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
  CMS_TRY(asked, read_shared(data));
  CMS_TRY(hash, sha256_file(by.model));
  const std::string pooling = by.pooling == tap::Pooling::last ? "last" : "mean";
  std::vector<ActivationSet> sets;
  for (std::size_t k = 0; k < asked.size(); ++k) {
    CMS_TRY(set, kept_or_read(data, kSharedKinds[k], by));
    const auto& manifest = set.manifest;
    if (manifest.model_hash != hash || manifest.pooling != pooling || manifest.layer != "final" ||
        !same_texts(set, asked[k])) {
      return fail(ErrorCode::refused,
                  fmt::format("what {} keeps of {} is not {}, pooling {}, over the texts of {}: move it away, or take "
                              "its model",
                              by.folder.string(), kSharedKinds[k], by.model.string(), pooling, data.string()));
    }
    sets.push_back(std::move(set));
  }
  return sets;
}

}  // namespace cms::lab
