#include "tap/model_file.hpp"

#include <fmt/format.h>
#include <llama.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <system_error>

#include "base/files.hpp"
#include "base/hash.hpp"
#include "tap/llama_library.hpp"

namespace cms::tap {
namespace {

using Path = std::filesystem::path;

constexpr const char* kDefaultSource = "SmolLM2-135M-Instruct.Q4_1.gguf";

bool is_there(const Path& path) {
  std::error_code ignored;
  return std::filesystem::is_regular_file(path, ignored);
}

// llama.cpp says only that it failed: what of ours is wrong must be found out before.
Result<void> check_gguf(const Path& path) {
  std::ifstream file(path, std::ios::binary);
  char magic[4] = {};
  if (!file || !is_there(path)) return fail(ErrorCode::bad_input, fmt::format("cannot read {}", path.string()));
  if (!file.read(magic, sizeof(magic)) || std::string_view(magic, 4) != "GGUF") {
    return fail(ErrorCode::bad_input, fmt::format("{} is not a GGUF file", path.string()));
  }
  return {};
}

Result<void> check_writable(const Path& target) {
  std::error_code error;
  if (target.has_parent_path()) std::filesystem::create_directories(target.parent_path(), error);
  if (!error && std::ofstream(target, std::ios::binary)) return {};
  return fail(ErrorCode::failed, fmt::format("cannot write {}", target.string()));
}

// A dry run reads all there is to read: what fails only afterwards is the machine's fault, not the file's.
Result<void> quantise(const Path& source, const Path& target, llama_model_quantize_params parameters) {
  for (const bool dry : {true, false}) {
    parameters.dry_run = dry;
    if (llama_model_quantize(source.c_str(), target.c_str(), &parameters) == 0) continue;
    return fail(dry ? ErrorCode::bad_input : ErrorCode::failed,
                fmt::format("llama.cpp could not requantise {} to {}: {}", source.string(), target.string(),
                            llama_complaint()));
  }
  return {};
}

}  // namespace

Result<Path> model_folder() {
  const char* cache = std::getenv("XDG_CACHE_HOME");
  if (cache != nullptr && *cache != '\0') return Path(cache) / "cms" / "models";
  const char* home = std::getenv("HOME");
  if (home != nullptr && *home != '\0') return Path(home) / ".cache" / "cms" / "models";
  return fail(ErrorCode::failed, "neither XDG_CACHE_HOME nor HOME is set, so there is no cache folder for models");
}

Result<Path> default_source() {
  CMS_TRY(folder, model_folder());
  return folder / kDefaultSource;
}

Result<Path> prepared_path(const Path& source) {
  CMS_TRY(folder, model_folder());
  CMS_TRY(hash, sha256_file(source));
  return folder / fmt::format("{}-{}.Q4_0.gguf", source.stem().string(), hash.substr(0, 16));
}

Result<Path> default_model() {
  CMS_TRY(source, default_source());
  if (is_there(source)) {
    CMS_TRY(prepared, prepared_path(source));
    if (is_there(prepared)) return prepared;
  }
  return fail(ErrorCode::bad_input, "no model is given and none is prepared: run `cms model prepare` once, or give a "
                                    "GGUF file with --model");
}

Result<void> prepare_model(const Path& source, const Path& target, bool fresh) {
  CMS_CHECK(check_gguf(source));
  if (!fresh && is_there(target)) return {};
  const Path temporary = fmt::format("{}.{}.new", target.string(), ::getpid());
  CMS_CHECK(check_writable(temporary));
  start_llama();
  auto parameters = llama_model_quantize_default_params();
  parameters.ftype = LLAMA_FTYPE_MOSTLY_Q4_0;
  parameters.allow_requantize = true;
  parameters.pure = true;
  auto result = quantise(source, temporary, parameters);
  if (result) result = replace_file(temporary, target);
  if (!result) {
    std::error_code ignored;
    std::filesystem::remove(temporary, ignored);
  }
  return result;
}

}  // namespace cms::tap
