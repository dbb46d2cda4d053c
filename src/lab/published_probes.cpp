// The activations of the published experiment: where they come from.
#include <fmt/format.h>

#include "base/hash.hpp"
#include "base/progress.hpp"
#include "lab/published.hpp"
#include "tap/activation_set.hpp"
#include "tap/capture.hpp"
#include "tap/model_file.hpp"
#include "tap/prompts.hpp"

namespace cms::lab {
namespace {

using Path = std::filesystem::path;

// ~/.cache/cms/probes/MODEL-HASH: one set a model file.
Result<Path> cached_name(const Path& model, const std::string& model_hash) {
  CMS_TRY(folder, tap::model_folder());
  return folder.parent_path() / "probes" / fmt::format("{}-{}", model.stem().string(), model_hash.substr(0, 16));
}

bool is_there(const Path& name) {
  std::error_code ignored;
  return std::filesystem::is_regular_file(name.string() + ".npy", ignored);
}

// The set is of this model file and of these prompts, line by line.
bool fits(const ActivationSet& set, const std::string& model_hash, const tap::Prompts& prompts) {
  const auto& manifest = set.manifest;
  if (manifest.model_hash != model_hash || manifest.layer != "final" || manifest.pooling != "mean") return false;
  if (manifest.template_name != "none" || set.count() != prompts.infos.size()) return false;
  for (std::size_t i = 0; i < set.count(); ++i) {
    if (set.rows[i].more != prompts.infos[i].more) return false;
  }
  return true;
}

Result<void> capture_to(const Path& name, const PublishedOptions& options) {
  std::error_code error;
  if (name.has_parent_path()) std::filesystem::create_directories(name.parent_path(), error);
  if (error) return fail(ErrorCode::failed, fmt::format("{}: {}", name.parent_path().string(), error.message()));
  tap::CaptureOptions capture;
  capture.model = options.model;
  capture.prompts = options.prompts;
  capture.name = name;
  capture.tap.threads = options.threads;
  capture.program_version = options.program_version;
  return tap::capture(capture, told_progress("capturing", "prompts"));
}

}  // namespace

Result<ActivationSet> probe_activations(const PublishedOptions& options) {
  if (!options.set.empty()) return tap::read_set(options.set);
  if (options.model.empty()) return fail(ErrorCode::usage, "give --model GGUF, or --set with its activations");
  CMS_TRY(prompts, tap::read_prompts(options.prompts));
  CMS_TRY(model_hash, sha256_file(options.model));
  Path name = options.capture;
  if (name.empty()) {
    CMS_TRY(cached, cached_name(options.model, model_hash));
    name = cached;
  }
  if (is_there(name)) {
    CMS_TRY(set, tap::read_set(name));
    if (fits(set, model_hash, prompts)) return set;
    // Our own cache may be replaced; what the user named may not.
    if (!options.capture.empty()) {
      return fail(ErrorCode::refused, fmt::format("{} holds the activations of another model or of other prompts; "
                                                  "give --capture another name", name.string()));
    }
  }
  CMS_CHECK(capture_to(name, options));
  return tap::read_set(name);
}

}  // namespace cms::lab
